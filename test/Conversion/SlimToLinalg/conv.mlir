// RUN: slim-opt --convert-slim-to-linalg --canonicalize --cse --split-input-file %s | FileCheck %s

// One reduction over channels and kernel; the bias after the sum.
// CHECK-DAG: #[[X:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d4, d2 * 2 + d5, d3 * 2 + d6)>
// CHECK-DAG: #[[W:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d1, d4, d5, d6)>
// CHECK-DAG: #[[Y:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1, d2, d3)>
// CHECK-LABEL: func.func @conv
// CHECK: %[[PADDED:.*]] = tensor.insert_slice %{{.*}}[0, 0, 1, 1] [1, 3, 224, 224]
// CHECK: %[[ZEROS:.*]] = linalg.fill
// CHECK: linalg.generic {indexing_maps = [#[[X]], #[[W]], #[[Y]]], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%[[PADDED]], %{{.*}} : tensor<1x3x226x226xf32>, tensor<32x3x3x3xf32>) outs(%[[ZEROS]] : tensor<1x32x112x112xf32>)
// CHECK: arith.mulf %{{.*}} fastmath<reassoc,contract>
// CHECK: arith.addf %{{.*}} fastmath<reassoc,contract>
// CHECK: linalg.generic
// CHECK-SAME: iterator_types = ["parallel", "parallel", "parallel", "parallel"]
// CHECK: arith.addf
func.func @conv(%x: tensor<1x3x224x224xf32>, %w: tensor<32x3x3x3xf32>, %b: tensor<32xf32>) -> tensor<1x32x112x112xf32> {
  %y = slim.conv %x, %w, %b {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1}
    : (tensor<1x3x224x224xf32>, tensor<32x3x3x3xf32>, tensor<32xf32>) -> tensor<1x32x112x112xf32>
  return %y : tensor<1x32x112x112xf32>
}

// -----

// No loop over a kernel of one element.
// CHECK-DAG: #[[X:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d4, d2, d3)>
// CHECK-DAG: #[[W:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d1, d4)>
// CHECK-LABEL: func.func @pointwise
// CHECK: tensor.collapse_shape %{{.*}} : tensor<32x8x1x1xf32> into tensor<32x8xf32>
// CHECK: linalg.generic {indexing_maps = [#[[X]], #[[W]], #{{.*}}]
func.func @pointwise(%x: tensor<?x8x?x?xf32>, %w: tensor<32x8x1x1xf32>) -> tensor<?x32x?x?xf32> {
  %y = slim.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
    : (tensor<?x8x?x?xf32>, tensor<32x8x1x1xf32>) -> tensor<?x32x?x?xf32>
  return %y : tensor<?x32x?x?xf32>
}

// -----

// No loop over the channel and the filter of a group.
// CHECK-DAG: #[[X:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2 + d4, d3 + d5)>
// CHECK-DAG: #[[W:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d1, d4, d5)>
// CHECK-LABEL: func.func @depthwise
// CHECK: linalg.generic {indexing_maps = [#[[X]], #[[W]], #{{.*}}], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]}
func.func @depthwise(%x: tensor<?x8x20x20xf32>, %w: tensor<8x1x3x3xf32>, %b: tensor<8xf32>) -> tensor<?x8x20x20xf32> {
  %y = slim.conv %x, %w, %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 8}
    : (tensor<?x8x20x20xf32>, tensor<8x1x3x3xf32>, tensor<8xf32>) -> tensor<?x8x20x20xf32>
  return %y : tensor<?x8x20x20xf32>
}

// -----

// A loop over the groups; one spatial dimension.
// CHECK-DAG: #[[X:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d4, d3 + d5)>
// CHECK-DAG: #[[W:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d1, d2, d4, d5)>
// CHECK-LABEL: func.func @grouped
// CHECK: linalg.generic {indexing_maps = [#[[X]], #[[W]], #{{.*}}], {{.*}} ins(%{{.*}}, %{{.*}} : tensor<1x2x2x10xf32>, tensor<2x3x2x3xf32>)
// CHECK: tensor.collapse_shape %{{.*}} : tensor<1x2x3x8xf32> into tensor<1x6x8xf32>
func.func @grouped(%x: tensor<1x4x10xf32>, %w: tensor<6x2x3xf32>) -> tensor<1x6x8xf32> {
  %y = slim.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 2}
    : (tensor<1x4x10xf32>, tensor<6x2x3xf32>) -> tensor<1x6x8xf32>
  return %y : tensor<1x6x8xf32>
}

// -----

// Each operand is extended by its own signedness, one element at a time.
// CHECK-LABEL: func.func @integers
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<1x4x6x6xi8>, tensor<6x4x3x3xi8>) outs(%{{.*}} : tensor<1x6x4x4xi32>)
// CHECK-DAG: arith.extui %{{.*}} : i8 to i32
// CHECK-DAG: arith.extsi %{{.*}} : i8 to i32
// CHECK: arith.muli
// CHECK: arith.addi
// CHECK-NOT: linalg.generic
func.func @integers(%x: tensor<1x4x6x6xui8>, %w: tensor<6x4x3x3xi8>) -> tensor<1x6x4x4xi32> {
  %y = slim.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
    : (tensor<1x4x6x6xui8>, tensor<6x4x3x3xi8>) -> tensor<1x6x4x4xi32>
  return %y : tensor<1x6x4x4xi32>
}

// -----

// CHECK-LABEL: func.func @open_extents
// CHECK: cf.assert %{{.*}}, "conv: a window is larger than the padded input"
// CHECK: cf.assert %{{.*}}, "conv: the input's channels do not match the weight's"
func.func @open_extents(%x: tensor<1x?x?x?xf32>, %w: tensor<6x4x3x3xf32>) -> tensor<1x6x?x?xf32> {
  %y = slim.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 2, 2>}
    : (tensor<1x?x?x?xf32>, tensor<6x4x3x3xf32>) -> tensor<1x6x?x?xf32>
  return %y : tensor<1x6x?x?xf32>
}

// -----

// CHECK-LABEL: func.func @im2col
// CHECK: linalg.generic
// CHECK: tensor.collapse_shape %{{.*}} : tensor<1x10x10x8x3x3xf32> into tensor<100x72xf32>
func.func @im2col(%x: tensor<1x8x10x10xf32>) -> tensor<100x72xf32> {
  %r = slim.im2col %x {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
    : (tensor<1x8x10x10xf32>) -> tensor<100x72xf32>
  return %r : tensor<100x72xf32>
}

// -----

// Windows side by side: one product, and a permutation.
// CHECK-DAG: #[[X:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d6, d4, d5)>
// CHECK-DAG: #[[W:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d6, d3, d1, d2)>
// CHECK-LABEL: func.func @conv_transpose_tiles
// CHECK-NOT: scf.for
// CHECK: linalg.generic {indexing_maps = [#[[X]], #[[W]], #{{.*}}]
// CHECK: linalg.generic
// CHECK: tensor.collapse_shape %{{.*}} : tensor<1x12x80x2x80x2xf32> into tensor<1x12x160x160xf32>
// CHECK: linalg.generic
// CHECK: arith.addf
// CHECK-NOT: scf.for
func.func @conv_transpose_tiles(%x: tensor<1x24x80x80xf32>, %w: tensor<24x12x2x2xf32>, %b: tensor<12xf32>) -> tensor<1x12x160x160xf32> {
  %y = slim.conv_transpose %x, %w, %b {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 0>, groups = 1}
    : (tensor<1x24x80x80xf32>, tensor<24x12x2x2xf32>, tensor<12xf32>) -> tensor<1x12x160x160xf32>
  return %y : tensor<1x12x160x160xf32>
}

// -----

// Overlapping windows are added up, one element of the kernel at a time.
// CHECK-LABEL: func.func @conv_transpose
// CHECK: linalg.matmul
// CHECK: scf.for
// CHECK: scf.for
// CHECK: tensor.extract_slice %{{.*}}[0, %{{.*}}, %{{.*}}] [2, 3, 3] [1, 2, 2]
// CHECK: arith.addf
// CHECK: tensor.extract_slice %{{.*}}[0, 0, 1, 1] [1, 2, 6, 6]
func.func @conv_transpose(%x: tensor<1x1x3x3xf32>, %w: tensor<1x2x3x3xf32>) -> tensor<1x2x6x6xf32> {
  %y = slim.conv_transpose %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, output_padding = array<i64: 1, 1>}
    : (tensor<1x1x3x3xf32>, tensor<1x2x3x3xf32>) -> tensor<1x2x6x6xf32>
  return %y : tensor<1x2x6x6xf32>
}

// -----

// The image is padded as it is stored, and widened where it is multiplied.
// CHECK-LABEL: func.func @stored_factors
// CHECK-NOT: arith.extf
// CHECK: tensor.insert_slice %{{.*}} : tensor<1x3x8x8xbf16> into tensor<1x3x10x10xbf16>
// CHECK-NOT: arith.extf
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<1x3x10x10xbf16>, tensor<4x3x3x3xbf16>) outs(%{{.*}} : tensor<1x4x8x8xf32>)
// CHECK: arith.extf
// CHECK: arith.extf
// CHECK: arith.mulf
func.func @stored_factors(%x: tensor<1x3x8x8xbf16>, %w: tensor<4x3x3x3xbf16>) -> tensor<1x4x8x8xf32> {
  %f = slim.cast %x {to = f32} : (tensor<1x3x8x8xbf16>) -> tensor<1x3x8x8xf32>
  %g = slim.cast %w {to = f32} : (tensor<4x3x3x3xbf16>) -> tensor<4x3x3x3xf32>
  %y = slim.conv %f, %g {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1}
    : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x8x8xf32>
  return %y : tensor<1x4x8x8xf32>
}
