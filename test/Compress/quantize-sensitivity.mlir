// The budget pays for one of two equal weights in 8 bits: the one that the
// model's outputs depend on more, whichever that is.
// RUN: split-file %s %t
// RUN: slim-opt %t/model.mlir -quantize="budget=7 formats=int8,int4 min-elements=0 scale-type=f16 sensitivity=%t/first.json" | FileCheck %s --check-prefix=FIRST
// RUN: slim-opt %t/model.mlir -quantize="budget=7 formats=int8,int4 min-elements=0 scale-type=f16 sensitivity=%t/second.json" | FileCheck %s --check-prefix=SECOND
// RUN: not slim-opt %t/model.mlir -quantize="budget=7 formats=int8,int4 min-elements=0 sensitivity=%t/half.json" 2>&1 | FileCheck %s --check-prefix=HALF
// RUN: not slim-opt %t/model.mlir -quantize="budget=7 formats=int8,int4 min-elements=0 sensitivity=%t/model.mlir" 2>&1 | FileCheck %s --check-prefix=OTHER
// RUN: not slim-opt %t/model.mlir -quantize="budget=7 formats=int8,int4 min-elements=0 sensitivity=%t/damaged.json" 2>&1 | FileCheck %s --check-prefix=DAMAGED
// RUN: not slim-opt %t/model.mlir -quantize="min-elements=0 sensitivity=%t/first.json" 2>&1 | FileCheck %s --check-prefix=BUDGET

// FIRST-DAG: slim.weight @a : tensor<4x16xi8>
// FIRST-DAG: slim.weight @b : tensor<4x16xi4>
// SECOND-DAG: slim.weight @a : tensor<4x16xi4>
// SECOND-DAG: slim.weight @b : tensor<4x16xi8>
// HALF: error: quantize: option 'sensitivity': the file has no weight 'b': measure with the same filters as the plan is made
// OTHER: error: quantize: option 'sensitivity': '{{.*}}model.mlir':
// DAMAGED: error: quantize: option 'sensitivity': '{{.*}}damaged.json': weight 'b' has no loss or no relative error
// BUDGET: error: quantize: option 'sensitivity' needs a budget to be divided

//--- model.mlir
module {
  slim.weight @a : tensor<4x16xf32> = dense<[[0.1, 0.9, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]]> : tensor<4x16xf32>
  slim.weight @b : tensor<4x16xf32> = dense<[[0.1, 0.9, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]]> : tensor<4x16xf32>
  func.func @main(%x: tensor<2x16xf32>, %y: tensor<2x16xf32>) -> tensor<2x4xf32> {
    %a = slim.get_weight @a : tensor<4x16xf32>
    %b = slim.get_weight @b : tensor<4x16xf32>
    %0 = slim.linear %x, %a : (tensor<2x16xf32>, tensor<4x16xf32>) -> tensor<2x4xf32>
    %1 = slim.linear %y, %b : (tensor<2x16xf32>, tensor<4x16xf32>) -> tensor<2x4xf32>
    %2 = slim.add %0, %1 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
    return %2 : tensor<2x4xf32>
  }
}

//--- first.json
{"format": "slim-sensitivity", "method": "hessian", "weights": {
  "a": {"loss": 0.02, "relative_error": 0.05},
  "b": {"loss": 0.01, "relative_error": 0.05}}}

//--- second.json
{"format": "slim-sensitivity", "method": "hessian", "weights": {
  "a": {"loss": 0.02, "relative_error": 0.1},
  "b": {"loss": 0.01, "relative_error": 0.05}}}

//--- half.json
{"format": "slim-sensitivity", "method": "hessian", "weights": {
  "a": {"loss": 0.02, "relative_error": 0.05}}}

//--- damaged.json
{"format": "slim-sensitivity", "method": "hessian", "weights": {
  "a": {"loss": 0.02, "relative_error": 0.05},
  "b": {"loss": -1.0, "relative_error": 0.05}}}
