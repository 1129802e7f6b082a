// RUN: slim-opt --convert-slim-to-linalg --canonicalize --cse --split-input-file %s | FileCheck %s

// Rows are copied as a whole, after a check of all indices.
// CHECK-LABEL: func.func @embedding
// CHECK: %[[OK:.*]] = linalg.generic {{.*}}"reduction"
// CHECK: arith.andi
// CHECK: %[[BIT:.*]] = tensor.extract %[[OK]][]
// CHECK: cf.assert %[[BIT]], "embedding: an index is out of range"
// CHECK: scf.for
// CHECK: tensor.extract_slice %{{.*}}[%{{.*}}, 0] [1, 384] [1, 1]
// CHECK: tensor.insert_slice
func.func @embedding(%ids: tensor<?x?xi64>, %w: tensor<30522x384xf32>) -> tensor<?x?x384xf32> {
  %y = slim.embedding %ids, %w : (tensor<?x?xi64>, tensor<30522x384xf32>) -> tensor<?x?x384xf32>
  return %y : tensor<?x?x384xf32>
}

// -----

// A constant index within bounds needs no check and is a slice.
// CHECK-LABEL: func.func @gather_one
// CHECK-NOT: cf.assert
// CHECK: tensor.extract_slice %{{.*}}[0, 7, 0] [%{{.*}}, 1, 4] [1, 1, 1]
func.func @gather_one(%x: tensor<?x8x4xf32>) -> tensor<?x4xf32> {
  %i = slim.constant dense<-1> : tensor<i64>
  %y = slim.gather %x, %i {axis = 1} : (tensor<?x8x4xf32>, tensor<i64>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func.func @gather
// CHECK: cf.assert %{{.*}}, "gather: an index is out of range"
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel"]
// CHECK: tensor.extract
func.func @gather(%x: tensor<4x?xf32>, %i: tensor<?xi32>) -> tensor<4x?xf32> {
  %y = slim.gather %x, %i {axis = 1} : (tensor<4x?xf32>, tensor<?xi32>) -> tensor<4x?xf32>
  return %y : tensor<4x?xf32>
}

// -----

// CHECK-LABEL: func.func @gather_elements
// CHECK: cf.assert %{{.*}}, "gather_elements: an index is out of range"
// CHECK: tensor.extract
func.func @gather_elements(%x: tensor<4x8xf32>, %i: tensor<4x2xi64>) -> tensor<4x2xf32> {
  %y = slim.gather_elements %x, %i {axis = 1} : (tensor<4x8xf32>, tensor<4x2xi64>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// -----

// CHECK-LABEL: func.func @gather_nd
// CHECK-COUNT-2: cf.assert %{{.*}}, "gather_nd: an index is out of range"
// CHECK: tensor.extract
func.func @gather_nd(%x: tensor<4x8x2xf32>, %i: tensor<5x2xi64>) -> tensor<5x2xf32> {
  %y = slim.gather_nd %x, %i {batch_dims = 0} : (tensor<4x8x2xf32>, tensor<5x2xi64>) -> tensor<5x2xf32>
  return %y : tensor<5x2xf32>
}

// -----

// CHECK-LABEL: func.func @scatter_elements
// CHECK: cf.assert
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %arg0)
// CHECK: scf.for
// CHECK: tensor.extract
// CHECK: arith.maxui
// CHECK: tensor.insert
func.func @scatter_elements(%x: tensor<4x8xui8>, %i: tensor<4x2xi64>, %u: tensor<4x2xui8>) -> tensor<4x8xui8> {
  %y = slim.scatter_elements %x, %i, %u {axis = 1, mode = #slim.scatter_mode<max>} : (tensor<4x8xui8>, tensor<4x2xi64>, tensor<4x2xui8>) -> tensor<4x8xui8>
  return %y : tensor<4x8xui8>
}

// -----

// Whole slices are written.
// CHECK-LABEL: func.func @scatter_nd
// CHECK: scf.for {{.*}} iter_args(%[[T:.*]] = %arg0)
// CHECK: tensor.extract_slice %arg2
// CHECK: tensor.extract_slice %[[T]]
// CHECK: arith.addf
// CHECK: tensor.insert_slice %{{.*}} into %[[T]]
func.func @scatter_nd(%x: tensor<4x8xf32>, %i: tensor<5x1xi64>, %u: tensor<5x8xf32>) -> tensor<4x8xf32> {
  %y = slim.scatter_nd %x, %i, %u {mode = #slim.scatter_mode<add>} : (tensor<4x8xf32>, tensor<5x1xi64>, tensor<5x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func.func @one_hot
// CHECK: cf.assert %{{.*}}, "one_hot: the depth is negative"
// CHECK: linalg.index 1
// CHECK: arith.select
func.func @one_hot(%i: tensor<?xi64>, %d: tensor<i64>, %off: tensor<f32>, %on: tensor<f32>) -> tensor<?x?xf32> {
  %y = slim.one_hot %i, %d, %off, %on {axis = 1} : (tensor<?xi64>, tensor<i64>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// -----

// CHECK-LABEL: func.func @non_zero
// CHECK: %[[COUNT:.*]] = scf.for
// CHECK: tensor.empty(%[[COUNT]]) : tensor<2x?xi64>
// CHECK: scf.if
// CHECK-COUNT-2: tensor.insert
func.func @non_zero(%x: tensor<?x8xf32>) -> tensor<2x?xi64> {
  %y = slim.non_zero %x : (tensor<?x8xf32>) -> tensor<2x?xi64>
  return %y : tensor<2x?xi64>
}
