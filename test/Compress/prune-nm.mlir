// RUN: slim-opt %s -split-input-file -prune-nm="min-elements=0" | FileCheck %s

// Positions: 0b1101 = 1, 3 in the first chunk and 0b0100 = 0, 1 in the second.

// CHECK-LABEL: module
// CHECK-SAME: bytes_after = 34 : i64, bytes_before = 64 : i64, message = "2:4 in the rows of a 2x8 matrix"
// CHECK-SAME: relative_error = 0.29126{{[0-9]*}} : f64
// CHECK-SAME: sparsity = 5.000000e-01 : f64
// CHECK: slim.weight @w : tensor<2x4xf32> = dense<{{\[\[}}-2.000000e+00, 3.000000e+00, 1.000000e+00, 1.000000e+00], [4.000000e+00, 3.000000e+00, 0.000000e+00, -7.000000e+00]]>
// CHECK: slim.weight @w.positions : tensor<2x1xui8> = dense<{{\[\[}}77], [196]]>
// CHECK-LABEL: func @linear
// CHECK: %[[V:.*]] = slim.get_weight @w : tensor<2x4xf32>
// CHECK: %[[P:.*]] = slim.get_weight @w.positions : tensor<2x1xui8>
// CHECK: %[[W:.*]] = slim.sparse_decode %[[V]], %[[P]] {m = 4 : i64, n = 2 : i64} : (tensor<2x4xf32>, tensor<2x1xui8>) -> tensor<2x8xf32>
// CHECK: slim.linear %{{.*}}, %[[W]]
module {
  slim.weight @w : tensor<2x8xf32> = dense<[[1.0, -2.0, 0.5, 3.0, 1.0, 1.0, 1.0, 1.0], [4.0, 3.0, 2.0, 1.0, 0.0, 0.0, 0.0, -7.0]]> : tensor<2x8xf32>
  func.func @linear(%x: tensor<?x8xf32>) -> tensor<?x2xf32> {
    %w = slim.get_weight @w : tensor<2x8xf32>
    %y = slim.linear %x, %w : (tensor<?x8xf32>, tensor<2x8xf32>) -> tensor<?x2xf32>
    return %y : tensor<?x2xf32>
  }
}

// -----

// A matrix that is stored input by output is pruned along its columns.

// CHECK: slim.weight @w : tensor<2x2xf32> = dense<{{\[\[}}-2.000000e+00, 3.000000e+00], [7.000000e+00, 6.000000e+00]]>
// CHECK: slim.weight @w.positions : tensor<2x1xui8> = dense<{{\[\[}}13], [8]]>
// CHECK-LABEL: func @transposed
// CHECK: %[[D:.*]] = slim.sparse_decode {{.*}} -> tensor<2x4xf32>
// CHECK: %[[W:.*]] = slim.reshape_decode %[[D]] {permutation = array<i64: 1, 0>, shape = array<i64: 4, 2>} : (tensor<2x4xf32>) -> tensor<4x2xf32>
// CHECK: slim.linear %{{.*}}, %[[W]] {transposed = true}
module {
  slim.weight @w : tensor<4x2xf32> = dense<[[1.0, 7.0], [-2.0, 0.0], [0.5, 6.0], [3.0, 0.0]]> : tensor<4x2xf32>
  func.func @transposed(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
    %w = slim.get_weight @w : tensor<4x2xf32>
    %y = slim.linear %x, %w {transposed = true} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    return %y : tensor<?x2xf32>
  }
}

// -----

// A convolution's filter is flattened; a transposed one's is permuted as well:
// column c, k of output channel f is element c, f, k.

// CHECK: slim.weight @conv : tensor<1x4xf32> = dense<{{\[\[}}3.000000e+00, 4.000000e+00, 8.000000e+00, 7.000000e+00]]>
// CHECK: slim.weight @conv.positions : tensor<1x1xui8> = dense<78>
// CHECK: slim.weight @up : tensor<2x2xf32> = dense<{{\[\[}}2.000000e+00, 5.000000e+00], [4.000000e+00, 8.000000e+00]]>
// CHECK: slim.weight @up.positions : tensor<2x1xui8> = dense<{{\[\[}}9], [13]]>
// CHECK: slim.sparse_decode {{.*}} -> tensor<1x8xf32>
// CHECK: slim.reshape_decode %{{.*}} {permutation = array<i64: 0, 1>, shape = array<i64: 1, 2, 2, 2>}
// CHECK: slim.sparse_decode {{.*}} -> tensor<2x4xf32>
// CHECK: slim.reshape_decode %{{.*}} {permutation = array<i64: 0, 1>, shape = array<i64: 2, 2, 1, 2>}
// CHECK: slim.reshape_decode %{{.*}} {permutation = array<i64: 1, 0, 2, 3>, shape = array<i64: 2, 2, 1, 2>}
module {
  slim.weight @conv : tensor<1x2x2x2xf32> = dense<[[[[1.0, 2.0], [3.0, 4.0]], [[8.0, 7.0], [6.0, 5.0]]]]> : tensor<1x2x2x2xf32>
  slim.weight @up : tensor<2x2x1x2xf32> = dense<[[[[1.0, 2.0]], [[3.0, 4.0]]], [[[5.0, -1.0]], [[0.0, 8.0]]]]> : tensor<2x2x1x2xf32>
  func.func @convolutions(%x: tensor<1x2x4x4xf32>) -> (tensor<1x1x3x3xf32>, tensor<1x2x4x5xf32>) {
    %f = slim.get_weight @conv : tensor<1x2x2x2xf32>
    %y = slim.conv %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1} : (tensor<1x2x4x4xf32>, tensor<1x2x2x2xf32>) -> tensor<1x1x3x3xf32>
    %u = slim.get_weight @up : tensor<2x2x1x2xf32>
    %z = slim.conv_transpose %x, %u {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 0>, groups = 1} : (tensor<1x2x4x4xf32>, tensor<2x2x1x2xf32>) -> tensor<1x2x4x5xf32>
    return %y, %z : tensor<1x1x3x3xf32>, tensor<1x2x4x5xf32>
  }
}

// -----

// CHECK: message = "its reduction extent 6 is not a multiple of 4"
// CHECK-SAME: weight = "six"
// CHECK-SAME: message = "its consumer sums over no dimension of it"
// CHECK-SAME: weight = "table"
// CHECK-NOT: slim.sparse_decode
module {
  slim.weight @six : tensor<1x6xf32> = dense<1.0> : tensor<1x6xf32>
  slim.weight @table : tensor<2x4xf32> = dense<1.0> : tensor<2x4xf32>
  func.func @skipped(%x: tensor<?x6xf32>, %i: tensor<?xi64>) -> (tensor<?x1xf32>, tensor<?x4xf32>) {
    %0 = slim.get_weight @six : tensor<1x6xf32>
    %1 = slim.linear %x, %0 : (tensor<?x6xf32>, tensor<1x6xf32>) -> tensor<?x1xf32>
    %2 = slim.get_weight @table : tensor<2x4xf32>
    %3 = slim.embedding %i, %2 : (tensor<?xi64>, tensor<2x4xf32>) -> tensor<?x4xf32>
    return %1, %3 : tensor<?x1xf32>, tensor<?x4xf32>
  }
}
