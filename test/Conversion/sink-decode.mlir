// RUN: slim-opt %s --slim-sink-decode | FileCheck %s

// CHECK-LABEL: func @rows
// CHECK: %[[V:.*]] = slim.embedding %{{.*}}, %{{.*}} : (tensor<?x?xi64>, tensor<100x8xi8>) -> tensor<?x?x8xi8>
// CHECK: %[[S:.*]] = slim.embedding %{{.*}}, %{{.*}} : (tensor<?x?xi64>, tensor<100x1xf32>) -> tensor<?x?x1xf32>
// CHECK: slim.dequantize %[[V]], %[[S]] {block = array<i64: 1, 1, 0>}
func.func @rows(%i: tensor<?x?xi64>, %q: tensor<100x8xi8>, %s: tensor<100x1xf32>) -> tensor<?x?x8xf32> {
  %w = slim.dequantize %q, %s {block = array<i64: 1, 0>} : (tensor<100x8xi8>, tensor<100x1xf32>) -> tensor<100x8xf32>
  %y = slim.embedding %i, %w : (tensor<?x?xi64>, tensor<100x8xf32>) -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// A scale for the whole table has no rows to look up.
// CHECK-LABEL: func @whole
// CHECK: %[[W:.*]] = slim.dequantize
// CHECK: slim.embedding %{{.*}}, %[[W]]
func.func @whole(%i: tensor<?xi64>, %q: tensor<100x8xi8>, %s: tensor<1x1xf32>) -> tensor<?x8xf32> {
  %w = slim.dequantize %q, %s {block = array<i64: 0, 0>} : (tensor<100x8xi8>, tensor<1x1xf32>) -> tensor<100x8xf32>
  %y = slim.embedding %i, %w : (tensor<?xi64>, tensor<100x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// Rows are converted after they are looked up.
// CHECK-LABEL: func @cast
// CHECK-SAME: (%[[I:.*]]: tensor<?xi64>, %[[T:.*]]: tensor<100x8xbf16>)
// CHECK: %[[E:.*]] = slim.embedding %[[I]], %[[T]] : (tensor<?xi64>, tensor<100x8xbf16>) -> tensor<?x8xbf16>
// CHECK: slim.cast %[[E]] {to = f32}
func.func @cast(%i: tensor<?xi64>, %t: tensor<100x8xbf16>) -> tensor<?x8xf32> {
  %w = slim.cast %t {to = f32} : (tensor<100x8xbf16>) -> tensor<100x8xf32>
  %y = slim.embedding %i, %w : (tensor<?xi64>, tensor<100x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
