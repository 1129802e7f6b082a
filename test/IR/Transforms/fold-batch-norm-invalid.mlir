// RUN: not slim-opt %s -slim-fold-batch-norm 2>&1 | FileCheck %s

// Data that the module promises must be there.
// CHECK: error: {{.*}}no-such-file.safetensors
slim.weight @w : tensor<2x1x1xf32> = #slim.external<"no-such-file.safetensors", 0>
slim.weight @one : tensor<2xf32> = dense<1.0> : tensor<2xf32>

func.func @f(%x: tensor<1x1x4xf32>) -> tensor<1x2x4xf32> {
  %w = slim.get_weight @w : tensor<2x1x1xf32>
  %o = slim.get_weight @one : tensor<2xf32>
  %0 = slim.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>,
      dilations = array<i64: 1>}
    : (tensor<1x1x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4xf32>
  %1 = slim.batch_norm %0, %o, %o, %o, %o {epsilon = 0.0 : f32}
    : (tensor<1x2x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
       tensor<2xf32>) -> tensor<1x2x4xf32>
  return %1 : tensor<1x2x4xf32>
}
