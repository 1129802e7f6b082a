// RUN: %python %S/../Compress/Inputs/write_samples.py %t.npz x=6,4,3
// RUN: %python %S/../Compress/Inputs/write_samples.py %t.wrong.npz x=6,4,5
// RUN: not slim-opt %s -calibrate 2>&1 | FileCheck %s --check-prefix=OUTPUT
// RUN: not slim-opt %s -calibrate="output=%t.out" 2>&1 | FileCheck %s --check-prefix=DATA
// RUN: not slim-opt %s -calibrate="output=%t.out data=%t.missing.npz" 2>&1 | FileCheck %s --check-prefix=MISSING
// RUN: not slim-opt %s -calibrate="output=%t.out data=%t.wrong.npz" 2>&1 | FileCheck %s --check-prefix=WRONG
// RUN: not slim-opt %s -calibrate="output=%t.out data=%t.npz token-bits=16" 2>&1 | FileCheck %s --check-prefix=BITS
// RUN: not slim-opt %s -calibrate="output=%t.out data=%t.npz samples=-1" 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: not slim-opt %s -calibrate="output=%t.out data=%t.npz histogram-bins=0" 2>&1 | FileCheck %s --check-prefix=BINS
// RUN: not slim-opt %s -calibrate="output=%t.out data=%t.npz entry=other" 2>&1 | FileCheck %s --check-prefix=ENTRY
// RUN: not slim-opt %s -calibrate="output=%t.none/out data=%t.npz" 2>&1 | FileCheck %s --check-prefix=DIRECTORY
// RUN: not slim-opt %s -pass-pipeline='builtin.module(measure-sensitivity{output=%t.none/out data=%t.npz passes={quantize}})' 2>&1 | FileCheck %s --check-prefix=DIRECTORY
// RUN: not ls %t.out
// RUN: not slim-opt %s -compress-sequentially="data=%t.npz" 2>&1 | FileCheck %s --check-prefix=PASSES
// RUN: not slim-opt %s -pass-pipeline='builtin.module(compress-sequentially{data=%t.npz passes={quantise}})' 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not slim-opt %s -pass-pipeline='builtin.module(compress-sequentially{data=%t.npz passes={canonicalize}})' 2>&1 | FileCheck %s --check-prefix=OTHER
// RUN: not slim-opt %s -pass-pipeline='builtin.module(compress-sequentially{data=%t.npz passes={quantize{format=int5 min-elements=1}}})' 2>&1 | FileCheck %s --check-prefix=INNER

// OUTPUT: error: calibrate: option 'output' must name the file that the statistics go to
// DATA: error: calibrate: option 'data' must name a file of samples
// MISSING: error: {{.*}}missing.npz
// WRONG: error: {{.*}}wrong.npz{{.*}}'x'
// BITS: error: calibrate: option 'token-bits' must be 32 or 64, not 16
// NEGATIVE: error: calibrate: options 'samples' and 'sequence-length' must not be negative
// BINS: error: calibrate: option 'histogram-bins' must be at least 1
// DIRECTORY: error: {{.*}}: cannot write '{{.*}}.none/out': there is no directory '{{.*}}.none'
// ENTRY: error: {{.*}}other
// PASSES: error: compress-sequentially: option 'passes' must be a pipeline of compression passes
// UNKNOWN: error: compress-sequentially: option 'passes': {{.*}}'quantise'
// OTHER: error: compress-sequentially: option 'passes': 'canonicalize' is no compression pass: it has no option 'include'
// INNER: error: quantize: unknown format 'int5'
module {
  slim.weight @a : tensor<4x3xf32> = dense<[[1.0, 0.5, 0.0], [0.25, -1.0, 0.5], [0.0, 0.0, 1.0], [-0.5, 0.5, 0.5]]> : tensor<4x3xf32>
  func.func @main(%x: tensor<4x3xf32> {slim.name = "x"}) -> tensor<4x4xf32> {
    %a = slim.get_weight @a : tensor<4x3xf32>
    %0 = slim.linear %x, %a : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x4xf32>
    return %0 : tensor<4x4xf32>
  }
}
