// RUN: slim-opt %s -split-input-file -pass-pipeline='builtin.module(prune-structured{ratio=0.5 align=1 list-channels=true})' | FileCheck %s

// Neurons 0 and 2 matter least, by what both weights have of them.

// CHECK-LABEL: module
// CHECK-SAME: message = "keeps 2 of 4 channels along dimension 0"
// CHECK-SAME: removed_channels = {"0" = array<i64: 0, 2>}
// CHECK-SAME: weight = "up"
slim.weight @up : tensor<4x2xf32> = dense<[[0.1, 0.2], [3.0, 4.0], [0.5, 0.5], [1.0, 2.0]]> : tensor<4x2xf32>
slim.weight @up.bias : tensor<4xf32> = dense<[9.0, 1.0, 9.0, 2.0]> : tensor<4xf32>
slim.weight @down : tensor<2x4xf32> = dense<[[0.1, 5.0, 0.2, 1.0], [0.1, 6.0, 0.2, 1.0]]> : tensor<2x4xf32>
// CHECK: slim.weight @up : tensor<2x2xf32> = dense<{{\[}}[3.000000e+00, 4.000000e+00], [1.000000e+00, 2.000000e+00]]>
// CHECK: slim.weight @up.bias : tensor<2xf32> = dense<[1.000000e+00, 2.000000e+00]>
// CHECK: slim.weight @down : tensor<2x2xf32> = dense<{{\[}}[5.000000e+00, 1.000000e+00], [6.000000e+00, 1.000000e+00]]>
func.func @neurons(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %up = slim.get_weight @up : tensor<4x2xf32>
  %bias = slim.get_weight @up.bias : tensor<4xf32>
  %down = slim.get_weight @down : tensor<2x4xf32>
  // CHECK: slim.linear %{{.*}}, %{{.*}}, %{{.*}} : (tensor<?x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %0 = slim.linear %x, %up, %bias : (tensor<?x2xf32>, tensor<4x2xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  // CHECK: slim.relu %{{.*}} : (tensor<?x2xf32>) -> tensor<?x2xf32>
  %1 = slim.relu %0 : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %2 = slim.linear %1, %down : (tensor<?x4xf32>, tensor<2x4xf32>) -> tensor<?x2xf32>
  return %2 : tensor<?x2xf32>
}

// -----

// A head of two elements goes, with its key and its queries; the shapes that
// ops are given follow.

// CHECK-LABEL: func.func @heads
slim.weight @q : tensor<8x4xf32> = dense<1.0> : tensor<8x4xf32>
slim.weight @k : tensor<4x4xf32> = dense<[[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0], [2.0, 2.0, 2.0, 2.0], [1.0, 1.0, 1.0, 1.0]]> : tensor<4x4xf32>
slim.weight @v : tensor<4x4xf32> = dense<1.0> : tensor<4x4xf32>
slim.weight @o : tensor<4x8xf32> = dense<1.0> : tensor<4x8xf32>
func.func @heads(%x: tensor<1x?x4xf32>) -> tensor<1x?x4xf32> {
  %q = slim.get_weight @q : tensor<8x4xf32>
  %k = slim.get_weight @k : tensor<4x4xf32>
  %v = slim.get_weight @v : tensor<4x4xf32>
  %o = slim.get_weight @o : tensor<4x8xf32>
  %four = slim.constant dense<[1, -1, 4, 2]> : tensor<4xi64>
  %two = slim.constant dense<[1, -1, 2, 2]> : tensor<4xi64>
  %whole = slim.constant dense<[0, 0, 8]> : tensor<3xi64>
  %0 = slim.linear %x, %q : (tensor<1x?x4xf32>, tensor<8x4xf32>) -> tensor<1x?x8xf32>
  // CHECK: linear
  // CHECK: %[[QUERIES:.*]] = slim.constant dense<[1, -1, 2, 2]>
  // CHECK: slim.reshape %{{.*}}, %[[QUERIES]] : (tensor<1x?x4xf32>, tensor<4xi64>) -> tensor<1x?x2x2xf32>
  %1 = slim.reshape %0, %four : (tensor<1x?x8xf32>, tensor<4xi64>) -> tensor<1x?x4x2xf32>
  %2 = slim.transpose %1 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<1x?x4x2xf32>) -> tensor<1x4x?x2xf32>
  %3 = slim.linear %x, %k : (tensor<1x?x4xf32>, tensor<4x4xf32>) -> tensor<1x?x4xf32>
  // CHECK: linear
  // CHECK: %[[KEYS:.*]] = slim.constant dense<[1, -1, 1, 2]>
  // CHECK: slim.reshape %{{.*}}, %[[KEYS]] : (tensor<1x?x2xf32>, tensor<4xi64>) -> tensor<1x?x1x2xf32>
  %4 = slim.reshape %3, %two : (tensor<1x?x4xf32>, tensor<4xi64>) -> tensor<1x?x2x2xf32>
  %5 = slim.transpose %4 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x2xf32>) -> tensor<1x2x?x2xf32>
  %6 = slim.linear %x, %v : (tensor<1x?x4xf32>, tensor<4x4xf32>) -> tensor<1x?x4xf32>
  %7 = slim.reshape %6, %two : (tensor<1x?x4xf32>, tensor<4xi64>) -> tensor<1x?x2x2xf32>
  %8 = slim.transpose %7 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x2xf32>) -> tensor<1x2x?x2xf32>
  // CHECK: slim.attention {{.*}} -> tensor<1x2x?x2xf32>
  %9 = slim.attention %2, %5, %8 : (tensor<1x4x?x2xf32>, tensor<1x2x?x2xf32>, tensor<1x2x?x2xf32>) -> tensor<1x4x?x2xf32>
  %10 = slim.transpose %9 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<1x4x?x2xf32>) -> tensor<1x?x4x2xf32>
  // CHECK: %[[WIDTH:.*]] = slim.constant dense<[0, 0, 4]>
  // CHECK: slim.reshape %{{.*}}, %[[WIDTH]] : (tensor<1x?x2x2xf32>, tensor<3xi64>) -> tensor<1x?x4xf32>
  %11 = slim.reshape %10, %whole : (tensor<1x?x4x2xf32>, tensor<3xi64>) -> tensor<1x?x8xf32>
  %12 = slim.linear %11, %o : (tensor<1x?x8xf32>, tensor<4x8xf32>) -> tensor<1x?x4xf32>
  return %12 : tensor<1x?x4xf32>
}

// -----

// A residual block with a depthwise convolution, whose groups are its channels,
// behind a concatenation of which one part is cut.

// CHECK-LABEL: func.func @blocks
slim.weight @a : tensor<4x3x1x1xf32> = dense<[[[[1.0]], [[1.0]], [[1.0]]], [[[2.0]], [[2.0]], [[2.0]]], [[[3.0]], [[3.0]], [[3.0]]], [[[0.5]], [[0.5]], [[0.5]]]]> : tensor<4x3x1x1xf32>
slim.weight @depthwise : tensor<4x1x3x3xf32> = dense<1.0> : tensor<4x1x3x3xf32>
slim.weight @b : tensor<4x4x1x1xf32> = dense<1.0> : tensor<4x4x1x1xf32>
slim.weight @c : tensor<2x7x1x1xf32> = dense<1.0> : tensor<2x7x1x1xf32>
func.func @blocks(%x: tensor<?x3x8x8xf32>) -> tensor<?x2x8x8xf32> {
  %a = slim.get_weight @a : tensor<4x3x1x1xf32>
  %depthwise = slim.get_weight @depthwise : tensor<4x1x3x3xf32>
  %b = slim.get_weight @b : tensor<4x4x1x1xf32>
  %c = slim.get_weight @c : tensor<2x7x1x1xf32>
  // CHECK: slim.conv {{.*}} -> tensor<?x2x8x8xf32>
  %0 = slim.conv %x, %a {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<?x3x8x8xf32>, tensor<4x3x1x1xf32>) -> tensor<?x4x8x8xf32>
  // CHECK: slim.conv {{.*}}groups = 2 : i64{{.*}} : (tensor<?x2x8x8xf32>, tensor<2x1x3x3xf32>) -> tensor<?x2x8x8xf32>
  %1 = slim.conv %0, %depthwise {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 4 : i64} : (tensor<?x4x8x8xf32>, tensor<4x1x3x3xf32>) -> tensor<?x4x8x8xf32>
  // CHECK: slim.conv {{.*}} : (tensor<?x2x8x8xf32>, tensor<2x2x1x1xf32>) -> tensor<?x2x8x8xf32>
  %2 = slim.conv %1, %b {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<?x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<?x4x8x8xf32>
  %3 = slim.add %0, %2 : (tensor<?x4x8x8xf32>, tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>
  // CHECK: slim.concat {{.*}} : (tensor<?x2x8x8xf32>, tensor<?x3x8x8xf32>) -> tensor<?x5x8x8xf32>
  %4 = slim.concat %3, %x {axis = 1 : i64} : (tensor<?x4x8x8xf32>, tensor<?x3x8x8xf32>) -> tensor<?x7x8x8xf32>
  // CHECK: slim.conv {{.*}} : (tensor<?x5x8x8xf32>, tensor<2x5x1x1xf32>) -> tensor<?x2x8x8xf32>
  %5 = slim.conv %4, %c {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<?x7x8x8xf32>, tensor<2x7x1x1xf32>) -> tensor<?x2x8x8xf32>
  return %5 : tensor<?x2x8x8xf32>
}

// -----

// Nothing may go: the width is the result's, and a norm takes its statistics.

// CHECK: weight = "emb"
// CHECK-LABEL: func.func @norm
slim.weight @in : tensor<4x2xf32> = dense<1.0> : tensor<4x2xf32>
slim.weight @out : tensor<2x4xf32> = dense<1.0> : tensor<2x4xf32>
slim.weight @emb : tensor<4x2xf32> = dense<1.0> : tensor<4x2xf32>
func.func @norm(%x: tensor<?x2xf32>, %i: tensor<?xi64>) -> (tensor<?x2xf32>, tensor<?x2xf32>) {
  %in = slim.get_weight @in : tensor<4x2xf32>
  %out = slim.get_weight @out : tensor<2x4xf32>
  %emb = slim.get_weight @emb : tensor<4x2xf32>
  // CHECK: tensor<4x2xf32>) -> tensor<?x4xf32>
  %0 = slim.linear %x, %in : (tensor<?x2xf32>, tensor<4x2xf32>) -> tensor<?x4xf32>
  %1, %mean, %deviation = slim.layer_norm %0 {axis = 1 : i64, epsilon = 1.0e-5 : f32} : (tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x1xf32>, tensor<?x1xf32>)
  %2 = slim.linear %1, %out : (tensor<?x4xf32>, tensor<2x4xf32>) -> tensor<?x2xf32>
  %3 = slim.embedding %i, %emb : (tensor<?xi64>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %2, %3 : tensor<?x2xf32>, tensor<?x2xf32>
}
