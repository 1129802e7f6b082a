// RUN: slim-opt %s -split-input-file -convert-slim-to-linalg -canonicalize -cse -canonicalize | FileCheck %s

// The extents of a reshape whose shape the model computes are those of the
// argument, so that nothing is left to check.
// CHECK-LABEL: func.func @split_heads
// CHECK-SAME: %[[X:.*]]: tensor<?x?x384xf32>
func.func @split_heads(%x: tensor<?x?x384xf32>) -> tensor<?x?x12x32xf32> {
  // CHECK-DAG: %[[B:.*]] = tensor.dim %[[X]], %c0
  // CHECK-DAG: %[[S:.*]] = tensor.dim %[[X]], %c1
  // CHECK-NOT: cf.assert
  // CHECK: tensor.expand_shape
  // CHECK-SAME: output_shape [%[[B]], %[[S]], 12, 32]
  %shape = slim.shape %x {start = 0, end = 3}
    : (tensor<?x?x384xf32>) -> tensor<3xi64>
  %starts = slim.constant dense<0> : tensor<1xi64>
  %ends = slim.constant dense<2> : tensor<1xi64>
  %steps = slim.constant dense<1> : tensor<1xi64>
  %lead = slim.slice %shape, %starts, %ends, %steps {axes = array<i64: 0>}
    : (tensor<3xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>)
    -> tensor<2xi64>
  %heads = slim.constant dense<[12, 32]> : tensor<2xi64>
  %new = slim.concat %lead, %heads {axis = 0}
    : (tensor<2xi64>, tensor<2xi64>) -> tensor<4xi64>
  %y = slim.reshape %x, %new
    : (tensor<?x?x384xf32>, tensor<4xi64>) -> tensor<?x?x12x32xf32>
  return %y : tensor<?x?x12x32xf32>
}

// -----

// Arithmetic on extents happens on indices.
// CHECK-LABEL: func.func @compute
// CHECK-SAME: %[[X:.*]]: tensor<?x?xf32>, %[[V:.*]]: tensor<f32>
func.func @compute(%x: tensor<?x?xf32>, %v: tensor<f32>) -> tensor<?xf32> {
  // CHECK-DAG: %[[A:.*]] = tensor.dim %[[X]], %c0
  // CHECK-DAG: %[[B:.*]] = tensor.dim %[[X]], %c1
  // CHECK-DAG: %[[P:.*]] = arith.muli %[[A]], %[[B]] : index
  // CHECK-DAG: %[[N:.*]] = arith.addi %[[P]], %c5 : index
  // CHECK: tensor.empty(%[[N]])
  %shape = slim.shape %x {start = 0, end = 2}
    : (tensor<?x?xf32>) -> tensor<2xi64>
  %count = slim.reduce_prod %shape {axes = array<i64: 0>, keep_dims = true}
    : (tensor<2xi64>) -> tensor<1xi64>
  %five = slim.constant dense<5> : tensor<1xi64>
  %more = slim.add %count, %five
    : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %y = slim.fill %more, %v : (tensor<1xi64>, tensor<f32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// Scalars of any type that come from extents stay scalars.
// CHECK-LABEL: func.func @scale
// CHECK-NOT: linalg.generic
// CHECK: arith.sitofp
// CHECK: math.sqrt
// CHECK: tensor.from_elements
func.func @scale(%x: tensor<?x4xf32>) -> tensor<f32> {
  %shape = slim.shape %x {start = 0, end = 1}
    : (tensor<?x4xf32>) -> tensor<1xi64>
  %n = slim.squeeze %shape {axes = array<i64: 0>}
    : (tensor<1xi64>) -> tensor<i64>
  %f = slim.cast %n {to = f32} : (tensor<i64>) -> tensor<f32>
  %s = slim.sqrt %f : (tensor<f32>) -> tensor<f32>
  return %s : tensor<f32>
}

// -----

// CHECK-LABEL: func.func @gather
// CHECK-SAME: %[[X:.*]]: tensor<4x?xf32>
// CHECK: %[[D:.*]] = tensor.dim %[[X]], %c1
// CHECK: %[[I:.*]] = arith.index_cast %[[D]]
// CHECK: tensor.from_elements %[[I]], %c4_i64 : tensor<2xi64>
func.func @gather(%x: tensor<4x?xf32>) -> tensor<2xi64> {
  %shape = slim.shape %x {start = 0, end = 2}
    : (tensor<4x?xf32>) -> tensor<2xi64>
  %indices = slim.constant dense<[-1, 0]> : tensor<2xi64>
  %y = slim.gather %shape, %indices {axis = 0}
    : (tensor<2xi64>, tensor<2xi64>) -> tensor<2xi64>
  return %y : tensor<2xi64>
}
