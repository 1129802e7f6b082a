// RUN: slim-opt %s | slim-opt | FileCheck %s
// RUN: slim-opt %s --emit-bytecode | slim-opt | FileCheck %s

// CHECK-LABEL: func @max_pool
func.func @max_pool(%x: tensor<?x8x112x?xi8>) -> tensor<?x8x56x?xi8> {
  // CHECK: slim.max_pool
  %y = slim.max_pool %x {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>,
      pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
    : (tensor<?x8x112x?xi8>) -> tensor<?x8x56x?xi8>
  return %y : tensor<?x8x56x?xi8>
}

// Rounding up: the last window may stick out of the input ...
// CHECK-LABEL: func @ceil_mode
func.func @ceil_mode(%x: tensor<1x1x4xf32>) -> (tensor<1x1x1xf32>, tensor<1x1x2xf32>) {
  %0 = slim.avg_pool %x {kernel = array<i64: 3>, strides = array<i64: 2>,
      pads = array<i64: 0, 0>, dilations = array<i64: 1>}
    : (tensor<1x1x4xf32>) -> tensor<1x1x1xf32>
  %1 = slim.avg_pool %x {kernel = array<i64: 3>, strides = array<i64: 2>,
      pads = array<i64: 0, 0>, dilations = array<i64: 1>, ceil_mode = true}
    : (tensor<1x1x4xf32>) -> tensor<1x1x2xf32>
  return %0, %1 : tensor<1x1x1xf32>, tensor<1x1x2xf32>
}

// ... but not begin in the padding behind it: of the three positions 0, 2, 4 of
// a padded extent of 5 the last does.
// CHECK-LABEL: func @ceil_mode_padding
func.func @ceil_mode_padding(%x: tensor<1x1x3xf32>) -> tensor<1x1x2xf32> {
  %y = slim.max_pool %x {kernel = array<i64: 2>, strides = array<i64: 2>,
      pads = array<i64: 1, 1>, dilations = array<i64: 1>, ceil_mode = true}
    : (tensor<1x1x3xf32>) -> tensor<1x1x2xf32>
  return %y : tensor<1x1x2xf32>
}

// CHECK-LABEL: func @resize_sizes
func.func @resize_sizes(%x: tensor<1x8x20x?xf32>) -> tensor<1x8x30x40xf32> {
  %s = slim.constant dense<[30, 40]> : tensor<2xi64>
  // CHECK: slim.resize %{{.*}} sizes %{{.*}} {axes = array<i64: 2, 3>, coordinates = #slim.coordinate_mode<asymmetric>, mode = #slim.resize_mode<nearest>, nearest = #slim.nearest_mode<floor>}
  %y = slim.resize %x sizes %s {axes = array<i64: 2, 3>,
      mode = #slim.resize_mode<nearest>,
      coordinates = #slim.coordinate_mode<asymmetric>,
      nearest = #slim.nearest_mode<floor>}
    : (tensor<1x8x20x?xf32>, tensor<2xi64>) -> tensor<1x8x30x40xf32>
  return %y : tensor<1x8x30x40xf32>
}

// The scaled extent is rounded down.
// CHECK-LABEL: func @resize_scales
func.func @resize_scales(%x: tensor<1x8x5x?xui8>) -> tensor<1x8x7x?xui8> {
  %s = slim.constant dense<[1.5, 2.0]> : tensor<2xf32>
  // CHECK: slim.resize %{{.*}} scales
  %y = slim.resize %x scales %s {axes = array<i64: 2, 3>,
      mode = #slim.resize_mode<linear>,
      coordinates = #slim.coordinate_mode<half_pixel>}
    : (tensor<1x8x5x?xui8>, tensor<2xf32>) -> tensor<1x8x7x?xui8>
  return %y : tensor<1x8x7x?xui8>
}
