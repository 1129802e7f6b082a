// RUN: slim-opt --convert-slim-to-linalg --canonicalize --cse --split-input-file %s | FileCheck %s

// CHECK-LABEL: func.func @max_pool
// CHECK: linalg.fill ins(%{{.*}} : f32)
// CHECK: linalg.generic
// CHECK-SAME: iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]
// CHECK: arith.cmpf ogt
func.func @max_pool(%x: tensor<?x8x112x112xf32>) -> tensor<?x8x56x56xf32> {
  %y = slim.max_pool %x {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
    : (tensor<?x8x112x112xf32>) -> tensor<?x8x56x56xf32>
  return %y : tensor<?x8x56x56xf32>
}

// -----

// The least unsigned value is 0.
// CHECK-LABEL: func.func @max_pool_of_bytes
// CHECK: linalg.fill ins(%c0_i8 : i8)
// CHECK: arith.maxui
func.func @max_pool_of_bytes(%x: tensor<1x1x5x5xui8>) -> tensor<1x1x5x5xui8> {
  %y = slim.max_pool %x {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
    : (tensor<1x1x5x5xui8>) -> tensor<1x1x5x5xui8>
  return %y : tensor<1x1x5x5xui8>
}

// -----

// The last window reaches beyond the input.
// CHECK-LABEL: func.func @ceil
// CHECK: tensor.insert_slice %{{.*}}[0, 0, 0] [1, 1, 6] [1, 1, 1] : tensor<1x1x6xf32> into tensor<1x1x7xf32>
func.func @ceil(%x: tensor<1x1x6xf32>) -> tensor<1x1x3xf32> {
  %y = slim.max_pool %x {kernel = array<i64: 3>, strides = array<i64: 2>, pads = array<i64: 0, 0>, dilations = array<i64: 1>, ceil_mode = true}
    : (tensor<1x1x6xf32>) -> tensor<1x1x3xf32>
  return %y : tensor<1x1x3xf32>
}

// -----

// CHECK-LABEL: func.func @avg_pool
// CHECK: %[[N:.*]] = arith.constant 4.000000e+00
// CHECK: arith.divf %{{.*}}, %[[N]]
func.func @avg_pool(%x: tensor<?x8x56x56xf32>) -> tensor<?x8x28x28xf32> {
  %y = slim.avg_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
    : (tensor<?x8x56x56xf32>) -> tensor<?x8x28x28xf32>
  return %y : tensor<?x8x28x28xf32>
}

// -----

// The number of elements depends on the position.
// CHECK-LABEL: func.func @avg_pool_of_padded
// CHECK: iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]
// CHECK: arith.sitofp
// CHECK: arith.divf
func.func @avg_pool_of_padded(%x: tensor<1x8x?x?xf32>) -> tensor<1x8x?x?xf32> {
  %y = slim.avg_pool %x {kernel = array<i64: 7, 7>, strides = array<i64: 1, 1>, pads = array<i64: 3, 3, 3, 3>, dilations = array<i64: 1, 1>}
    : (tensor<1x8x?x?xf32>) -> tensor<1x8x?x?xf32>
  return %y : tensor<1x8x?x?xf32>
}
