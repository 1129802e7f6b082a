// RUN: slim-opt %s | slim-opt | FileCheck %s
// RUN: slim-opt %s --emit-bytecode | slim-opt | FileCheck %s

// CHECK-LABEL: func @softmax
func.func @softmax(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  // CHECK: slim.softmax %{{.*}} {axis = 1 : i64}
  %0 = slim.softmax %x {axis = 1 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  // CHECK: slim.log_softmax %{{.*}} {axis = 0 : i64}
  %1 = slim.log_softmax %x {axis = 0 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0, %1 : tensor<?x4xf32>, tensor<?x4xf32>
}

// CHECK-LABEL: func @layer_norm
func.func @layer_norm(%x: tensor<?x?x384xf32>, %s: tensor<384xf32>)
    -> (tensor<?x?x384xf32>, tensor<?x?x1xf32>, tensor<?x?x1xf32>) {
  // CHECK: slim.layer_norm %{{.*}} scale %{{.*}} bias %{{.*}} {axis = 2 : i64, epsilon = 9.99999996E-13 : f32}
  %y, %mean, %inv = slim.layer_norm %x scale %s bias %s
      {axis = 2 : i64, epsilon = 1.0e-12 : f32}
    : (tensor<?x?x384xf32>, tensor<384xf32>, tensor<384xf32>)
    -> (tensor<?x?x384xf32>, tensor<?x?x1xf32>, tensor<?x?x1xf32>)
  // CHECK: slim.layer_norm %{{[a-z0-9]*}} bias %{{.*}} {axis
  %z:3 = slim.layer_norm %x bias %s {axis = 1 : i64, epsilon = 0.0 : f32}
    : (tensor<?x?x384xf32>, tensor<384xf32>)
    -> (tensor<?x?x384xf32>, tensor<?x1x1xf32>, tensor<?x1x1xf32>)
  return %y, %mean, %inv : tensor<?x?x384xf32>, tensor<?x?x1xf32>, tensor<?x?x1xf32>
}

// The statistics of half precision are f32; those of f64 are f64.
// CHECK-LABEL: func @layer_norm_types
func.func @layer_norm_types(%x: tensor<2x8xf16>, %z: tensor<2x8xf64>)
    -> (tensor<2x1xf32>, tensor<2x1xf64>) {
  %0:3 = slim.layer_norm %x {axis = 1 : i64, epsilon = 1.0e-5 : f32}
    : (tensor<2x8xf16>) -> (tensor<2x8xf16>, tensor<2x1xf32>, tensor<2x1xf32>)
  %1:3 = slim.layer_norm %z {axis = 1 : i64, epsilon = 1.0e-5 : f32}
    : (tensor<2x8xf64>) -> (tensor<2x8xf64>, tensor<2x1xf64>, tensor<2x1xf64>)
  return %0#1, %1#2 : tensor<2x1xf32>, tensor<2x1xf64>
}

// CHECK-LABEL: func @rms_norm
func.func @rms_norm(%x: tensor<?x?x576xf32>, %s: tensor<576xf32>,
                    %t: tensor<?x1xf32>) -> (tensor<?x?x576xf32>, tensor<?x?x576xf32>) {
  %0 = slim.rms_norm %x, %s {axis = 2 : i64, epsilon = 1.0e-5 : f32}
    : (tensor<?x?x576xf32>, tensor<576xf32>) -> tensor<?x?x576xf32>
  %1 = slim.rms_norm %x, %t {axis = 1 : i64, epsilon = 1.0e-5 : f32}
    : (tensor<?x?x576xf32>, tensor<?x1xf32>) -> tensor<?x?x576xf32>
  return %0, %1 : tensor<?x?x576xf32>, tensor<?x?x576xf32>
}

// CHECK-LABEL: func @channelwise
func.func @channelwise(%x: tensor<?x8x?x?xf32>, %s: tensor<8xf32>) -> tensor<?x8x?x?xf32> {
  // CHECK: slim.batch_norm
  %0 = slim.batch_norm %x, %s, %s, %s, %s {epsilon = 1.0e-5 : f32}
    : (tensor<?x8x?x?xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>,
       tensor<8xf32>) -> tensor<?x8x?x?xf32>
  // CHECK: slim.group_norm
  %1 = slim.group_norm %0, %s, %s {groups = 4 : i64, epsilon = 1.0e-5 : f32}
    : (tensor<?x8x?x?xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8x?x?xf32>
  %2 = slim.group_norm %1, %s, %s {groups = 0 : i64, epsilon = 1.0e-5 : f32}
    : (tensor<?x8x?x?xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8x?x?xf32>
  // CHECK: slim.local_response_norm
  %3 = slim.local_response_norm %2 {size = 5 : i64, alpha = 1.0e-4 : f32,
      beta = 0.75 : f32, bias = 1.0 : f32}
    : (tensor<?x8x?x?xf32>) -> tensor<?x8x?x?xf32>
  return %3 : tensor<?x8x?x?xf32>
}
