// RUN: %python %S/../Compress/Inputs/write_samples.py %t.npz x=6,4,3
// RUN: not slim-opt %s -measure-sensitivity="data=%t.npz" 2>&1 | FileCheck %s --check-prefix=OUTPUT
// RUN: not slim-opt %s -measure-sensitivity="data=%t.npz output=%t.out" 2>&1 | FileCheck %s --check-prefix=PASSES
// RUN: not slim-opt %s -measure-sensitivity="data=%t.npz output=%t.out method=magic" 2>&1 | FileCheck %s --check-prefix=METHOD
// RUN: not slim-opt %s -measure-sensitivity="data=%t.npz output=%t.out method=fisher passes=quantize" 2>&1 | FileCheck %s --check-prefix=BOTH
// RUN: not slim-opt %s -measure-sensitivity="data=%t.npz output=%t.out method=fisher size=2" 2>&1 | FileCheck %s --check-prefix=SIZE
// RUN: not slim-opt %s -measure-sensitivity="data=%t.npz output=%t.out method=fisher draws=0" 2>&1 | FileCheck %s --check-prefix=DRAWS
// RUN: not slim-opt %s -measure-sensitivity="data=%t.npz output=%t.out method=fisher include=(" 2>&1 | FileCheck %s --check-prefix=REGEX
// RUN: not slim-opt %s -measure-sensitivity="data=%t.npz output=%t.out method=fisher" 2>&1 | FileCheck %s --check-prefix=NOTHING
// RUN: not slim-opt %s -pass-pipeline='builtin.module(measure-sensitivity{data=%t.npz output=%t.out min-elements=0 passes={quantise}})' 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not ls %t.out

// OUTPUT: error: measure-sensitivity: option 'output' must name the file that the sensitivities go to
// PASSES: error: measure-sensitivity: option 'passes' must be the pipeline that changes weights
// METHOD: error: measure-sensitivity: option 'method' must be output, hessian or fisher, not 'magic'
// BOTH: error: measure-sensitivity: option 'passes' needs method=output
// SIZE: error: measure-sensitivity: option 'size' must be above 0 and below 1
// DRAWS: error: measure-sensitivity: option 'draws' must be at least 1
// REGEX: error: measure-sensitivity: '(' is not a regular expression
// NOTHING: error: measure-sensitivity: there is no f32 weight that could be changed
// UNKNOWN: error: measure-sensitivity: option 'passes': {{.*}}'quantise'
module {
  slim.weight @a : tensor<4x3xf32> = dense<[[1.0, 0.5, 0.0], [0.25, -1.0, 0.5], [0.0, 0.0, 1.0], [-0.5, 0.5, 0.5]]> : tensor<4x3xf32>
  func.func @main(%x: tensor<4x3xf32> {slim.name = "x"}) -> tensor<4x4xf32> {
    %a = slim.get_weight @a : tensor<4x3xf32>
    %0 = slim.linear %x, %a : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x4xf32>
    return %0 : tensor<4x4xf32>
  }
}
