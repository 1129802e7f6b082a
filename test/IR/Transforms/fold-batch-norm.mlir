// RUN: slim-opt %s -slim-fold-batch-norm -split-input-file | FileCheck %s

// With s = scale / sqrt(variance + epsilon) = [2, 0.5]: w' = s w and
// b' = s (b - mean) + bias.

// CHECK-DAG: slim.weight @conv.weight : tensor<2x1x2xf32> = dense<{{\[\[}}[2.000000e+00, 4.000000e+00]], {{\[\[}}1.500000e+00, 2.000000e+00]]]>
// CHECK-DAG: slim.weight @conv.bias : tensor<2xf32> = dense<[1.900000e+01, 4.450000e+01]>
// CHECK-NOT: slim.weight
slim.weight @conv.weight : tensor<2x1x2xf32> = dense<[[[1.0, 2.0]], [[3.0, 4.0]]]> : tensor<2x1x2xf32>
slim.weight @conv.bias : tensor<2xf32> = dense<[5.0, 10.0]> : tensor<2xf32>
slim.weight @bn.weight : tensor<2xf32> = dense<[4.0, 1.0]> : tensor<2xf32>
slim.weight @bn.bias : tensor<2xf32> = dense<[11.0, 40.0]> : tensor<2xf32>
slim.weight @bn.mean : tensor<2xf32> = dense<[1.0, 1.0]> : tensor<2xf32>

// CHECK-LABEL: func @conv
// CHECK-SAME: %[[X:[a-z0-9]+]]
func.func @conv(%x: tensor<1x1x?xf32>) -> tensor<1x2x?xf32> {
  %w = slim.get_weight @conv.weight : tensor<2x1x2xf32>
  %b = slim.get_weight @conv.bias : tensor<2xf32>
  %s = slim.get_weight @bn.weight : tensor<2xf32>
  %t = slim.get_weight @bn.bias : tensor<2xf32>
  %m = slim.get_weight @bn.mean : tensor<2xf32>
  %v = slim.constant dense<3.0> : tensor<2xf32>
  // CHECK: %[[W:.*]] = slim.get_weight @conv.weight
  // CHECK: %[[B:.*]] = slim.get_weight @conv.bias
  // CHECK: %[[Y:.*]] = slim.conv %[[X]], %[[W]], %[[B]] {{.*}}strides = array<i64: 3>
  // CHECK: return %[[Y]]
  %0 = slim.conv %x, %w, %b {strides = array<i64: 3>, pads = array<i64: 0, 0>,
      dilations = array<i64: 1>}
    : (tensor<1x1x?xf32>, tensor<2x1x2xf32>, tensor<2xf32>) -> tensor<1x2x?xf32>
  %1 = slim.batch_norm %0, %s, %t, %m, %v {epsilon = 1.0 : f32}
    : (tensor<1x2x?xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
       tensor<2xf32>) -> tensor<1x2x?xf32>
  return %1 : tensor<1x2x?xf32>
}

// -----

// Two functions share the layer: they share the folded one. A third one reads
// the weight as it was.

// CHECK-DAG: slim.weight @w : tensor<1x2xf32> = dense<[{{\[}}1.000000e+00, 2.000000e+00]]>
// CHECK-DAG: slim.weight @w.folded : tensor<1x2xf32> = dense<[{{\[}}3.000000e+00, 6.000000e+00]]>
// CHECK-DAG: slim.weight @w.bias : tensor<1xf32> = dense<7.000000e+00>
// CHECK-NOT: slim.weight
slim.weight @w : tensor<1x2xf32> = dense<[[1.0, 2.0]]> : tensor<1x2xf32>
slim.weight @three : tensor<1xf32> = dense<3.0> : tensor<1xf32>

// CHECK-LABEL: func @first
func.func @first(%x: tensor<4x2xf32>) -> tensor<4x1xf32> {
  %w = slim.get_weight @w : tensor<1x2xf32>
  %s = slim.get_weight @three : tensor<1xf32>
  %t = slim.constant dense<7.0> : tensor<1xf32>
  %m = slim.constant dense<0.0> : tensor<1xf32>
  %v = slim.constant dense<1.0> : tensor<1xf32>
  // CHECK-DAG: slim.get_weight @w.folded
  // CHECK-DAG: slim.get_weight @w.bias
  // CHECK: slim.linear
  // CHECK-NOT: slim.batch_norm
  %0 = slim.linear %x, %w : (tensor<4x2xf32>, tensor<1x2xf32>) -> tensor<4x1xf32>
  %1 = slim.batch_norm %0, %s, %t, %m, %v {epsilon = 0.0 : f32}
    : (tensor<4x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>,
       tensor<1xf32>) -> tensor<4x1xf32>
  return %1 : tensor<4x1xf32>
}

// CHECK-LABEL: func @second
func.func @second(%x: tensor<?x2xf32>) -> tensor<?x1xf32> {
  %w = slim.get_weight @w : tensor<1x2xf32>
  %s = slim.get_weight @three : tensor<1xf32>
  %t = slim.constant dense<7.0> : tensor<1xf32>
  %m = slim.constant dense<0.0> : tensor<1xf32>
  %v = slim.constant dense<1.0> : tensor<1xf32>
  // CHECK-DAG: slim.get_weight @w.folded
  // CHECK-DAG: slim.get_weight @w.bias
  // CHECK: slim.linear
  // CHECK-NOT: slim.batch_norm
  %0 = slim.linear %x, %w : (tensor<?x2xf32>, tensor<1x2xf32>) -> tensor<?x1xf32>
  %1 = slim.batch_norm %0, %s, %t, %m, %v {epsilon = 0.0 : f32}
    : (tensor<?x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>,
       tensor<1xf32>) -> tensor<?x1xf32>
  return %1 : tensor<?x1xf32>
}

// CHECK-LABEL: func @third
func.func @third(%x: tensor<4x2xf32>) -> tensor<4x1xf32> {
  // CHECK: slim.get_weight @w :
  %w = slim.get_weight @w : tensor<1x2xf32>
  %0 = slim.linear %x, %w : (tensor<4x2xf32>, tensor<1x2xf32>) -> tensor<4x1xf32>
  return %0 : tensor<4x1xf32>
}

// -----

// The output channels of a grouped transposed convolution: dimension 1 of the
// weight, and for each group again. Then arithmetic by channel: all three fold.

// CHECK-DAG: slim.weight @up : tensor<2x2x1xf32> = dense<{{\[\[}}[1.000000e+00], [2.000000e+00]], {{\[\[}}3.000000e+00], [4.000000e+00]]]>
// CHECK-DAG: slim.weight @up.bias : tensor<4xf32> = dense<[9.000000e+00, 8.000000e+00, 7.000000e+00, 6.000000e+00]>
slim.weight @up : tensor<2x2x1xf32> = dense<1.0> : tensor<2x2x1xf32>

// CHECK-LABEL: func @conv_transpose
func.func @conv_transpose(%x: tensor<1x2x4xf32>) -> tensor<1x4x4xf32> {
  %w = slim.get_weight @up : tensor<2x2x1xf32>
  %s = slim.constant dense<[[1.0], [2.0], [3.0], [4.0]]> : tensor<4x1xf32>
  %t = slim.constant dense<10.0> : tensor<1x4x1xf32>
  %u = slim.constant dense<[[1.0], [2.0], [3.0], [4.0]]> : tensor<4x1xf32>
  %0 = slim.conv_transpose %x, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>,
      dilations = array<i64: 1>, output_padding = array<i64: 0>, groups = 2 : i64}
    : (tensor<1x2x4xf32>, tensor<2x2x1xf32>) -> tensor<1x4x4xf32>
  // CHECK: %[[Y:.*]] = slim.conv_transpose
  // CHECK: return %[[Y]]
  %1 = slim.mul %s, %0 : (tensor<4x1xf32>, tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  %2 = slim.add %1, %t : (tensor<1x4x4xf32>, tensor<1x4x1xf32>) -> tensor<1x4x4xf32>
  %3 = slim.sub %2, %u : (tensor<1x4x4xf32>, tensor<4x1xf32>) -> tensor<1x4x4xf32>
  return %3 : tensor<1x4x4xf32>
}

// -----

// Nothing folds without a layer before, into a layer that has another user,
// without data, or into a compressed weight.

slim.weight @w : tensor<2x1x1xf32> = dense<1.0> : tensor<2x1x1xf32>
slim.weight @q : tensor<2x1x1xi8> = dense<1> : tensor<2x1x1xi8>
slim.weight @one : tensor<2xf32> = dense<1.0> : tensor<2xf32>
slim.weight @nothing : tensor<2xf32>

// CHECK-LABEL: func @negative
func.func @negative(%x: tensor<1x1x4xf32>, %y: tensor<1x2x4xf32>)
    -> (tensor<1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>,
        tensor<1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>) {
  %w = slim.get_weight @w : tensor<2x1x1xf32>
  %q = slim.get_weight @q : tensor<2x1x1xi8>
  %o = slim.get_weight @one : tensor<2xf32>
  %n = slim.get_weight @nothing : tensor<2xf32>
  // CHECK: slim.batch_norm
  %0 = slim.batch_norm %y, %o, %o, %o, %o {epsilon = 0.0 : f32}
    : (tensor<1x2x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
       tensor<2xf32>) -> tensor<1x2x4xf32>
  %1 = slim.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>,
      dilations = array<i64: 1>}
    : (tensor<1x1x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4xf32>
  // CHECK: slim.batch_norm
  %2 = slim.batch_norm %1, %o, %o, %o, %o {epsilon = 0.0 : f32}
    : (tensor<1x2x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
       tensor<2xf32>) -> tensor<1x2x4xf32>
  %3 = slim.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>,
      dilations = array<i64: 1>}
    : (tensor<1x1x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4xf32>
  // CHECK: slim.batch_norm
  %4 = slim.batch_norm %3, %n, %o, %o, %o {epsilon = 0.0 : f32}
    : (tensor<1x2x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
       tensor<2xf32>) -> tensor<1x2x4xf32>
  %scale = slim.constant dense<0.5> : tensor<1x1x1xf32>
  %d = slim.dequantize %q, %scale {block = array<i64: 0, 0, 0>}
    : (tensor<2x1x1xi8>, tensor<1x1x1xf32>) -> tensor<2x1x1xf32>
  %5 = slim.conv %x, %d {strides = array<i64: 1>, pads = array<i64: 0, 0>,
      dilations = array<i64: 1>}
    : (tensor<1x1x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4xf32>
  // CHECK: slim.batch_norm
  %6 = slim.batch_norm %5, %o, %o, %o, %o {epsilon = 0.0 : f32}
    : (tensor<1x2x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
       tensor<2xf32>) -> tensor<1x2x4xf32>
  // A scale of another dimension than the channels'.
  %7 = slim.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>,
      dilations = array<i64: 1>}
    : (tensor<1x1x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4xf32>
  %c = slim.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  // CHECK: slim.mul
  %8 = slim.mul %7, %c : (tensor<1x2x4xf32>, tensor<4xf32>) -> tensor<1x2x4xf32>
  // CHECK: slim.sub
  %9 = slim.sub %c, %8 : (tensor<4xf32>, tensor<1x2x4xf32>) -> tensor<1x2x4xf32>
  return %0, %1, %2, %4, %6, %9
    : tensor<1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>,
      tensor<1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>
}
