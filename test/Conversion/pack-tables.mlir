// Tables of elements of less than a byte, of which rows are looked up.
// RUN: slim-opt %s --slim-pack-tables | FileCheck %s

// CHECK: slim.weight @odd.packed : tensor<2x3xui8> = dense<{{\[\[}}65, 82, 3], [150, 167, 8]]>
// CHECK-NOT: @odd :
slim.weight @odd : tensor<2x5xi4> = dense<[[1, 2, 3, 4, 5], [6, 7, -8, -7, -6]]> : tensor<2x5xi4>
// CHECK: slim.weight @shared : tensor<2x4xi2>
// CHECK: slim.weight @shared.packed : tensor<2x1xui8> = dense<{{\[\[}}228], [27]]>
slim.weight @shared : tensor<2x4xi2> = dense<[[0, 1, -2, -1], [-1, -2, 1, 0]]> : tensor<2x4xi2>
// CHECK-NOT: packed
// CHECK: slim.weight @narrow : tensor<2x1xi4>
slim.weight @narrow : tensor<2x1xi4> = dense<[[1], [2]]> : tensor<2x1xi4>
// CHECK-NOT: packed
// CHECK: slim.weight @empty : tensor<2x4xi4>
slim.weight @empty : tensor<2x4xi4>
// CHECK-NOT: packed
// CHECK: slim.weight @bytes : tensor<2x2xi8>
slim.weight @bytes : tensor<2x2xi8> = dense<1> : tensor<2x2xi8>

// CHECK-LABEL: func @rows
// CHECK: %[[P:.*]] = slim.get_weight @odd.packed : tensor<2x3xui8>
// CHECK: %[[B:.*]] = slim.embedding %{{.*}}, %[[P]] : (tensor<?x?xi64>, tensor<2x3xui8>) -> tensor<?x?x3xui8>
// CHECK: slim.unpack_bits %[[B]] {extent = 5 : i64, to = i4} : (tensor<?x?x3xui8>) -> tensor<?x?x5xi4>
func.func @rows(%i: tensor<?x?xi64>) -> tensor<?x?x5xi4> {
  %w = slim.get_weight @odd : tensor<2x5xi4>
  %y = slim.embedding %i, %w : (tensor<?x?xi64>, tensor<2x5xi4>) -> tensor<?x?x5xi4>
  return %y : tensor<?x?x5xi4>
}

// What reads all of a table keeps it.
// CHECK-LABEL: func @both
// CHECK: %[[W:.*]] = slim.get_weight @shared : tensor<2x4xi2>
// CHECK: slim.unpack_bits
// CHECK: return %[[W]]
func.func @both(%i: tensor<?xi64>) -> (tensor<2x4xi2>, tensor<?x4xi2>) {
  %w = slim.get_weight @shared : tensor<2x4xi2>
  %y = slim.embedding %i, %w : (tensor<?xi64>, tensor<2x4xi2>) -> tensor<?x4xi2>
  return %w, %y : tensor<2x4xi2>, tensor<?x4xi2>
}

// CHECK-LABEL: func @unchanged
// CHECK-NOT: slim.unpack_bits
func.func @unchanged(%i: tensor<?xi64>) -> (tensor<?x1xi4>, tensor<?x4xi4>, tensor<?x2xi8>) {
  %u = slim.get_weight @narrow : tensor<2x1xi4>
  %v = slim.get_weight @empty : tensor<2x4xi4>
  %w = slim.get_weight @bytes : tensor<2x2xi8>
  %x = slim.embedding %i, %u : (tensor<?xi64>, tensor<2x1xi4>) -> tensor<?x1xi4>
  %y = slim.embedding %i, %v : (tensor<?xi64>, tensor<2x4xi4>) -> tensor<?x4xi4>
  %z = slim.embedding %i, %w : (tensor<?xi64>, tensor<2x2xi8>) -> tensor<?x2xi8>
  return %x, %y, %z : tensor<?x1xi4>, tensor<?x4xi4>, tensor<?x2xi8>
}
