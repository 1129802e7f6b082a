// What has no form in the convention, and modules without weights.
// RUN: rm -rf %t && split-file %s %t
// RUN: not slim-export --format=compressed-tensors %t/none.mlir -o %t/out 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not slim-export --format=compressed-tensors %t/data.mlir -o %t/out 2>&1 | FileCheck %s --check-prefix=DATA
// RUN: not ls %t/out
// RUN: not slim-export --format=compressed-tensors %t/table.mlir -o %t/none/out 2>&1 | FileCheck %s --check-prefix=PATH
// RUN: slim-export --format=compressed-tensors %t/table.mlir -o %t/out 2>&1 | FileCheck %s --check-prefix=TABLE
// RUN: ls %t/out/config.json %t/out/model.safetensors

//--- none.mlir
// NONE: slim-export: error: {{.*}}has no weights to export
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}

//--- data.mlir
// DATA: slim-export: error: {{.*}}'slim.weight' op{{.*}}no data
// DATA-NOT: {{error|ERROR}}
slim.weight @w : tensor<4xf32>
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %w = slim.get_weight @w : tensor<4xf32>
  %r = slim.add %x, %w : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

//--- table.mlir
// PATH: slim-export: error: {{.*}}cannot write to '{{.*}}none/out'
// TABLE: slim-export: warning: {{.*}}weight 'table' is exported as decoded numbers: only products have a quantized form
slim.weight @table : tensor<2x2xi8> = dense<[[1, 2], [3, 4]]> : tensor<2x2xi8>
slim.weight @scale : tensor<2x1xf32> = dense<[[1.0], [2.0]]> : tensor<2x1xf32>
func.func @main(%x: tensor<3xi64>) -> tensor<3x2xf32> {
  %t = slim.get_weight @table : tensor<2x2xi8>
  %s = slim.get_weight @scale : tensor<2x1xf32>
  %w = slim.dequantize %t, %s {block = array<i64: 1, 0>} : (tensor<2x2xi8>, tensor<2x1xf32>) -> tensor<2x2xf32>
  %r = slim.embedding %x, %w : (tensor<3xi64>, tensor<2x2xf32>) -> tensor<3x2xf32>
  return %r : tensor<3x2xf32>
}
