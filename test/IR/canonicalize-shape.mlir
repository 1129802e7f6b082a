// RUN: slim-opt %s -canonicalize -split-input-file | FileCheck %s

// CHECK-LABEL: func @neutral
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x4xf32>, %[[I:[a-z0-9]+]]: tensor<3xi64>
func.func @neutral(%x: tensor<?x4xf32>, %i: tensor<3xi64>)
    -> (tensor<?x4xf32>, tensor<?x4xf32>, tensor<3xi64>) {
  %zero = slim.constant dense<0.0> : tensor<f32>
  %one = slim.constant dense<1.0> : tensor<1x1xf32>
  %ones = slim.constant dense<1> : tensor<3xi64>
  %0 = slim.add %x, %zero : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %1 = slim.mul %one, %x : (tensor<1x1xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %2 = slim.mul %i, %ones : (tensor<3xi64>, tensor<3xi64>) -> tensor<3xi64>
  // CHECK: return %[[X]], %[[X]], %[[I]]
  return %0, %1, %2 : tensor<?x4xf32>, tensor<?x4xf32>, tensor<3xi64>
}

// -----

// Broadcasting may change the shape.
// CHECK-LABEL: func @not_neutral
func.func @not_neutral(%x: tensor<?x4xf32>, %y: tensor<4xf32>)
    -> (tensor<3x4xf32>, tensor<1x4xf32>, tensor<?x4xf32>) {
  %zeros = slim.constant dense<0.0> : tensor<3x1xf32>
  %one = slim.constant dense<1.0> : tensor<1x1xf32>
  %two = slim.constant dense<2.0> : tensor<f32>
  // CHECK: slim.add
  %0 = slim.add %x, %zeros : (tensor<?x4xf32>, tensor<3x1xf32>) -> tensor<3x4xf32>
  // CHECK: slim.mul
  %1 = slim.mul %y, %one : (tensor<4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  // CHECK: slim.mul
  %2 = slim.mul %x, %two : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  return %0, %1, %2 : tensor<3x4xf32>, tensor<1x4xf32>, tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func @transpose_chain
func.func @transpose_chain(%x: tensor<?x3x4xf32>) -> (tensor<?x3x4xf32>, tensor<3x4x?xf32>) {
  %0 = slim.transpose %x {permutation = array<i64: 2, 0, 1>}
    : (tensor<?x3x4xf32>) -> tensor<4x?x3xf32>
  %1 = slim.transpose %0 {permutation = array<i64: 1, 2, 0>}
    : (tensor<4x?x3xf32>) -> tensor<?x3x4xf32>
  // CHECK: slim.transpose %{{.*}} {permutation = array<i64: 1, 2, 0>}
  // CHECK-NOT: slim.transpose
  %2 = slim.transpose %0 {permutation = array<i64: 2, 0, 1>}
    : (tensor<4x?x3xf32>) -> tensor<3x4x?xf32>
  return %1, %2 : tensor<?x3x4xf32>, tensor<3x4x?xf32>
}

// -----

// CHECK-LABEL: func @reshape_chain
// CHECK-SAME: %[[X:[a-z0-9]+]]
func.func @reshape_chain(%x: tensor<?x6xf32>, %s: tensor<3xi64>) -> tensor<?x2xf32> {
  %0 = slim.reshape %x, %s : (tensor<?x6xf32>, tensor<3xi64>) -> tensor<?x?x?xf32>
  %c = slim.constant dense<[-1, 2]> : tensor<2xi64>
  // CHECK: %[[C:.*]] = slim.constant dense<[-1, 2]>
  // CHECK: %[[Y:.*]] = slim.reshape %[[X]], %[[C]] : (tensor<?x6xf32>, tensor<2xi64>) -> tensor<?x2xf32>
  // CHECK: return %[[Y]]
  %1 = slim.reshape %0, %c : (tensor<?x?x?xf32>, tensor<2xi64>) -> tensor<?x2xf32>
  return %1 : tensor<?x2xf32>
}

// -----

// An extent of 0 speaks of the shape in between.
// CHECK-LABEL: func @reshape_chain_copy
func.func @reshape_chain_copy(%x: tensor<?x?xf32>, %s: tensor<3xi64>) -> tensor<?x?xf32> {
  // CHECK: slim.reshape
  %0 = slim.reshape %x, %s : (tensor<?x?xf32>, tensor<3xi64>) -> tensor<?x?x?xf32>
  %c = slim.constant dense<[0, -1]> : tensor<2xi64>
  // CHECK: slim.reshape
  %1 = slim.reshape %0, %c : (tensor<?x?x?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %1 : tensor<?x?xf32>
}

// -----

// CHECK-LABEL: func @reshape_computed
func.func @reshape_computed(%x: tensor<?x6xf32>, %s: tensor<3xi64>) -> (tensor<?x3x2xf32>, tensor<?x?x2xf32>) {
  // CHECK: %[[C:.*]] = slim.constant dense<[-1, 3, 2]>
  // CHECK: slim.reshape %{{.*}}, %[[C]]
  %0 = slim.reshape %x, %s : (tensor<?x6xf32>, tensor<3xi64>) -> tensor<?x3x2xf32>
  // CHECK: slim.reshape %{{.*}}, %arg1
  %1 = slim.reshape %x, %s : (tensor<?x6xf32>, tensor<3xi64>) -> tensor<?x?x2xf32>
  return %0, %1 : tensor<?x3x2xf32>, tensor<?x?x2xf32>
}

// -----

// CHECK-LABEL: func @reshape_identity
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x6xf32>, %[[Y:[a-z0-9]+]]: tensor<?x?xf32>
func.func @reshape_identity(%x: tensor<?x6xf32>, %y: tensor<?x?xf32>, %s: tensor<2xi64>)
    -> (tensor<?x6xf32>, tensor<?x?xf32>) {
  // CHECK: %[[Z:.*]] = slim.reshape %[[Y]]
  %0 = slim.reshape %x, %s : (tensor<?x6xf32>, tensor<2xi64>) -> tensor<?x6xf32>
  %1 = slim.reshape %y, %s : (tensor<?x?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  // CHECK: return %[[X]], %[[Z]]
  return %0, %1 : tensor<?x6xf32>, tensor<?x?xf32>
}

// -----

// CHECK-LABEL: func @gather_of_shape
func.func @gather_of_shape(%x: tensor<?x3x?x?xf32>) -> (tensor<i64>, tensor<2xi64>, tensor<2xi64>) {
  %s = slim.shape %x {start = 0 : i64, end = 4 : i64} : (tensor<?x3x?x?xf32>) -> tensor<4xi64>
  %last = slim.constant dense<-1> : tensor<i64>
  %pair = slim.constant dense<[2, 3]> : tensor<2xi64>
  %swapped = slim.constant dense<[3, 2]> : tensor<2xi64>
  // CHECK-DAG: %[[L:.*]] = slim.shape %{{.*}} {end = 4 : i64, start = 3 : i64}
  // CHECK-DAG: %[[S:.*]] = slim.squeeze %[[L]]
  %0 = slim.gather %s, %last {axis = 0 : i64} : (tensor<4xi64>, tensor<i64>) -> tensor<i64>
  // CHECK-DAG: %[[P:.*]] = slim.shape %{{.*}} {end = 4 : i64, start = 2 : i64}
  %1 = slim.gather %s, %pair {axis = 0 : i64} : (tensor<4xi64>, tensor<2xi64>) -> tensor<2xi64>
  // CHECK-DAG: %[[G:.*]] = slim.gather
  %2 = slim.gather %s, %swapped {axis = 0 : i64} : (tensor<4xi64>, tensor<2xi64>) -> tensor<2xi64>
  // CHECK: return %[[S]], %[[P]], %[[G]]
  return %0, %1, %2 : tensor<i64>, tensor<2xi64>, tensor<2xi64>
}
