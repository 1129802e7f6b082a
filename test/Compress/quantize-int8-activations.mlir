// RUN: slim-opt %s -split-input-file -quantize-int8="min-elements=0 activations=dynamic" | FileCheck %s

// A row of the input is quantized by itself; both linear ops read the codes'
// numbers, and a table of embeddings stays one.
// CHECK: integer_products = 2 : i64
// CHECK-SAME: message = "8-bit codes with 4 scales, activations quantized by row"
// CHECK-LABEL: func @linear
// CHECK: %[[Q:.*]], %[[S:.*]], %[[Z:.*]] = slim.dynamic_quantize %arg0 {per_row = true} : (tensor<2x?x4xf32>) -> (tensor<2x?x4xui8>, tensor<2x?x1xf32>, tensor<2x?x1xui8>)
// CHECK: %[[X:.*]] = slim.dequantize %[[Q]], %[[S]], %[[Z]] {block = array<i64: 1, 1, 0>}
// CHECK: slim.linear %[[X]], %{{.*}}, %arg2
// CHECK: %[[X2:.*]] = slim.dequantize {{.*}} {block = array<i64: 1, 1, 0>}
// CHECK: slim.linear %[[X2]]
// CHECK: slim.embedding %arg1, %{{.*}} -> tensor<?x4xf32>
module {
  slim.weight @w : tensor<4x4xf32> = dense<[[0.1, -0.2, 0.3, 4.0], [1.5, 2.5, -3.5, 1.0], [0.0, 0.0, 0.0, 3.0], [-0.05, 0.001, 127.0, 1.0]]> : tensor<4x4xf32>
  func.func @linear(%x: tensor<2x?x4xf32>, %i: tensor<?xi64>, %b: tensor<4xf32>)
      -> (tensor<2x?x4xf32>, tensor<2x?x4xf32>, tensor<?x4xf32>) {
    %w = slim.get_weight @w : tensor<4x4xf32>
    %y = slim.linear %x, %w, %b : (tensor<2x?x4xf32>, tensor<4x4xf32>, tensor<4xf32>) -> tensor<2x?x4xf32>
    %z = slim.linear %y, %w : (tensor<2x?x4xf32>, tensor<4x4xf32>) -> tensor<2x?x4xf32>
    %e = slim.embedding %i, %w : (tensor<?xi64>, tensor<4x4xf32>) -> tensor<?x4xf32>
    return %y, %z, %e : tensor<2x?x4xf32>, tensor<2x?x4xf32>, tensor<?x4xf32>
  }
}

// -----

// A convolution's input stays as it is.
// CHECK-LABEL: func @conv
// CHECK-NOT: slim.dynamic_quantize
// CHECK: slim.conv %arg0
module {
  slim.weight @w : tensor<2x2x3xf32> = dense<0.5> : tensor<2x2x3xf32>
  func.func @conv(%x: tensor<1x2x8xf32>) -> tensor<1x2x6xf32> {
    %w = slim.get_weight @w : tensor<2x2x3xf32>
    %y = slim.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>, dilations = array<i64: 1>}
      : (tensor<1x2x8xf32>, tensor<2x2x3xf32>) -> tensor<1x2x6xf32>
    return %y : tensor<1x2x6xf32>
  }
}
