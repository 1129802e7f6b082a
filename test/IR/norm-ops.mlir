// Every op of SlimNormOps.td, through text, the generic form and bytecode.
// RUN: slim-opt %s | slim-opt | FileCheck %s
// RUN: slim-opt %s --mlir-print-op-generic | slim-opt | FileCheck %s
// RUN: slim-opt %s --emit-bytecode | slim-opt | FileCheck %s

// CHECK-LABEL: func.func @batch_norm(
// CHECK: slim.batch_norm %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {epsilon = 9.99999974E-6 : f32} : (tensor<?x8x?x?xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8x?x?xf32>
func.func @batch_norm(%x: tensor<?x8x?x?xf32>, %s: tensor<8xf32>, %b: tensor<8xf32>, %m: tensor<8xf32>, %v: tensor<8xf32>) -> (tensor<?x8x?x?xf32>) {
  %y = slim.batch_norm %x, %s, %b, %m, %v {epsilon = 1.0e-5 : f32} : (tensor<?x8x?x?xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8x?x?xf32>
  return %y : tensor<?x8x?x?xf32>
}

// CHECK-LABEL: func.func @group_norm(
// CHECK: slim.group_norm %{{.*}}, %{{.*}}, %{{.*}} {epsilon = 9.99999974E-6 : f32, groups = 4 : i64} : (tensor<?x8x?x?xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8x?x?xf32>
func.func @group_norm(%x: tensor<?x8x?x?xf32>, %s: tensor<8xf32>, %b: tensor<8xf32>) -> (tensor<?x8x?x?xf32>) {
  %y = slim.group_norm %x, %s, %b {groups = 4, epsilon = 1.0e-5 : f32} : (tensor<?x8x?x?xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8x?x?xf32>
  return %y : tensor<?x8x?x?xf32>
}

// CHECK-LABEL: func.func @local_response_norm(
// CHECK: slim.local_response_norm %{{.*}} {alpha = 9.99999974E-5 : f32, beta = 7.500000e-01 : f32, bias = 1.000000e+00 : f32, size = 5 : i64} : (tensor<?x8x?x?xf32>) -> tensor<?x8x?x?xf32>
func.func @local_response_norm(%x: tensor<?x8x?x?xf32>) -> (tensor<?x8x?x?xf32>) {
  %y = slim.local_response_norm %x {size = 5, alpha = 1.0e-4 : f32, beta = 0.75 : f32, bias = 1.0 : f32} : (tensor<?x8x?x?xf32>) -> tensor<?x8x?x?xf32>
  return %y : tensor<?x8x?x?xf32>
}

// CHECK-LABEL: func.func @layer_norm(
// CHECK: slim.layer_norm %{{.*}} scale %{{.*}} bias %{{.*}} {axis = 2 : i64, epsilon = 9.99999996E-13 : f32} : (tensor<?x?x384xf32>, tensor<384xf32>, tensor<384xf32>) -> (tensor<?x?x384xf32>, tensor<?x?x1xf32>, tensor<?x?x1xf32>)
func.func @layer_norm(%x: tensor<?x?x384xf32>, %s: tensor<384xf32>, %b: tensor<384xf32>) -> (tensor<?x?x384xf32>, tensor<?x?x1xf32>, tensor<?x?x1xf32>) {
  %y, %mean, %inv = slim.layer_norm %x scale %s bias %b {axis = 2, epsilon = 1.0e-12 : f32} : (tensor<?x?x384xf32>, tensor<384xf32>, tensor<384xf32>) -> (tensor<?x?x384xf32>, tensor<?x?x1xf32>, tensor<?x?x1xf32>)
  return %y, %mean, %inv : tensor<?x?x384xf32>, tensor<?x?x1xf32>, tensor<?x?x1xf32>
}

// CHECK-LABEL: func.func @log_softmax(
// CHECK: slim.log_softmax %{{.*}} {axis = 1 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @log_softmax(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.log_softmax %x {axis = 1} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @rms_norm(
// CHECK: slim.rms_norm %{{.*}}, %{{.*}} {axis = 2 : i64, epsilon = 9.99999974E-6 : f32} : (tensor<?x?x576xf32>, tensor<576xf32>) -> tensor<?x?x576xf32>
func.func @rms_norm(%x: tensor<?x?x576xf32>, %s: tensor<576xf32>) -> (tensor<?x?x576xf32>) {
  %y = slim.rms_norm %x, %s {axis = 2, epsilon = 1.0e-5 : f32} : (tensor<?x?x576xf32>, tensor<576xf32>) -> tensor<?x?x576xf32>
  return %y : tensor<?x?x576xf32>
}

// CHECK-LABEL: func.func @softmax(
// CHECK: slim.softmax %{{.*}} {axis = 1 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @softmax(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.softmax %x {axis = 1} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
