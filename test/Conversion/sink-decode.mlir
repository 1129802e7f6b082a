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

// A scale of the whole table stays.
// CHECK-LABEL: func @whole
// CHECK-SAME: %[[S:[a-z0-9]*]]: tensor<1x1xf32>
// CHECK: %[[Q:.*]] = slim.embedding %{{.*}} -> tensor<?x8xi8>
// CHECK: slim.dequantize %[[Q]], %[[S]] {block = array<i64: 0, 0>}
func.func @whole(%i: tensor<?xi64>, %q: tensor<100x8xi8>, %s: tensor<1x1xf32>) -> tensor<?x8xf32> {
  %w = slim.dequantize %q, %s {block = array<i64: 0, 0>} : (tensor<100x8xi8>, tensor<1x1xf32>) -> tensor<100x8xf32>
  %y = slim.embedding %i, %w : (tensor<?xi64>, tensor<100x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func @columns
// CHECK: %[[Q:.*]] = slim.embedding %{{.*}} -> tensor<?x?x8xi8>
// CHECK: %[[S:.*]] = slim.reshape_decode %{{.*}} {permutation = array<i64: 0, 1>, shape = array<i64: 1, 1, 2>}
// CHECK: slim.dequantize %[[Q]], %[[S]] {block = array<i64: 0, 0, 4>}
func.func @columns(%i: tensor<?x?xi64>, %q: tensor<100x8xi8>, %s: tensor<1x2xf32>) -> tensor<?x?x8xf32> {
  %w = slim.dequantize %q, %s {block = array<i64: 0, 4>} : (tensor<100x8xi8>, tensor<1x2xf32>) -> tensor<100x8xf32>
  %y = slim.embedding %i, %w : (tensor<?x?xi64>, tensor<100x8xf32>) -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// Blocks of several rows do not say which row they are of.
// CHECK-LABEL: func @blocks
// CHECK: %[[W:.*]] = slim.dequantize
// CHECK: slim.embedding %{{.*}}, %[[W]]
func.func @blocks(%i: tensor<?xi64>, %q: tensor<100x8xi8>, %s: tensor<50x1xf32>) -> tensor<?x8xf32> {
  %w = slim.dequantize %q, %s {block = array<i64: 2, 0>} : (tensor<100x8xi8>, tensor<50x1xf32>) -> tensor<100x8xf32>
  %y = slim.embedding %i, %w : (tensor<?xi64>, tensor<100x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// Codes are looked up in the table of numbers after they are looked up by row.
// CHECK-LABEL: func @codebook
// CHECK: %[[Q:.*]] = slim.embedding %{{.*}} -> tensor<?x8xui4>
// CHECK: slim.codebook_decode %[[Q]], %{{.*}} : (tensor<?x8xui4>, tensor<16xf32>) -> tensor<?x8xf32>
func.func @codebook(%i: tensor<?xi64>, %q: tensor<100x8xui4>, %t: tensor<16xf32>) -> tensor<?x8xf32> {
  %w = slim.codebook_decode %q, %t : (tensor<100x8xui4>, tensor<16xf32>) -> tensor<100x8xf32>
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
