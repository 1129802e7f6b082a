// RUN: slim-opt --convert-slim-to-linalg --canonicalize --cse --split-input-file %s | FileCheck %s

// Doubling repeats elements.
// CHECK: #[[MAP:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d4)>
// CHECK-LABEL: func.func @double
// CHECK: linalg.generic {indexing_maps = [#[[MAP]]
// CHECK: tensor.collapse_shape %{{.*}} : tensor<1x8x20x2x20x2xf32> into tensor<1x8x40x40xf32>
func.func @double(%x: tensor<1x8x20x20xf32>) -> tensor<1x8x40x40xf32> {
  %s = slim.constant dense<40> : tensor<2xi64>
  %y = slim.resize %x sizes %s {axes = array<i64: 2, 3>, mode = #slim.resize_mode<nearest>, coordinates = #slim.coordinate_mode<asymmetric>, nearest = #slim.nearest_mode<floor>}
    : (tensor<1x8x20x20xf32>, tensor<2xi64>) -> tensor<1x8x40x40xf32>
  return %y : tensor<1x8x40x40xf32>
}

// -----

// CHECK-LABEL: func.func @nearest
// CHECK: math.ceil
// CHECK: tensor.extract
func.func @nearest(%x: tensor<1x1x?x?xf32>, %s: tensor<2xf32>) -> tensor<1x1x?x?xf32> {
  %y = slim.resize %x scales %s {axes = array<i64: 2, 3>, mode = #slim.resize_mode<nearest>, coordinates = #slim.coordinate_mode<half_pixel>}
    : (tensor<1x1x?x?xf32>, tensor<2xf32>) -> tensor<1x1x?x?xf32>
  return %y : tensor<1x1x?x?xf32>
}

// -----

// An axis at a time, two taps each.
// CHECK-LABEL: func.func @linear
// CHECK-COUNT-2: tensor.extract %arg0
// CHECK: %[[ROWS:.*]] = linalg.generic
// CHECK-COUNT-2: tensor.extract
// CHECK-NOT: tensor.extract
func.func @linear(%x: tensor<1x2x4x5xf32>) -> tensor<1x2x8x10xf32> {
  %s = slim.constant dense<[8, 10]> : tensor<2xi64>
  %y = slim.resize %x sizes %s {axes = array<i64: 2, 3>, mode = #slim.resize_mode<linear>, coordinates = #slim.coordinate_mode<align_corners>}
    : (tensor<1x2x4x5xf32>, tensor<2xi64>) -> tensor<1x2x8x10xf32>
  return %y : tensor<1x2x8x10xf32>
}

// -----

// Shrinking by an unknown factor takes an unknown number of taps.
// CHECK-LABEL: func.func @antialias
// CHECK: "reduction"
// CHECK: arith.divf
func.func @antialias(%x: tensor<1x1x?xf32>, %s: tensor<1xf32>) -> tensor<1x1x?xf32> {
  %y = slim.resize %x scales %s {axes = array<i64: 2>, mode = #slim.resize_mode<cubic>, coordinates = #slim.coordinate_mode<half_pixel>, antialias = true}
    : (tensor<1x1x?xf32>, tensor<1xf32>) -> tensor<1x1x?xf32>
  return %y : tensor<1x1x?xf32>
}
