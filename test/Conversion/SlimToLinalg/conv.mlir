// RUN: slim-opt --convert-slim-to-linalg --canonicalize --cse --split-input-file %s | FileCheck %s

// One sample: no loop. Patches as columns, the bias as the product's initial
// value.
// CHECK: #[[WINDOW:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d3 * 2 + d1, d4 * 2 + d2)>
// CHECK-LABEL: func.func @conv
// CHECK-NOT: scf.for
// CHECK: tensor.insert_slice %{{.*}}[0, 0, 1, 1] [1, 3, 224, 224]
// CHECK: linalg.generic {indexing_maps = [#[[WINDOW]]
// CHECK: %[[COLUMNS:.*]] = tensor.collapse_shape %{{.*}} : tensor<3x3x3x112x112xf32> into tensor<27x12544xf32>
// CHECK: %[[BIAS:.*]] = linalg.broadcast
// CHECK: linalg.matmul ins(%{{.*}}, %[[COLUMNS]] : tensor<32x27xf32>, tensor<27x12544xf32>) outs(%[[BIAS]]
func.func @conv(%x: tensor<1x3x224x224xf32>, %w: tensor<32x3x3x3xf32>, %b: tensor<32xf32>) -> tensor<1x32x112x112xf32> {
  %y = slim.conv %x, %w, %b {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1}
    : (tensor<1x3x224x224xf32>, tensor<32x3x3x3xf32>, tensor<32xf32>) -> tensor<1x32x112x112xf32>
  return %y : tensor<1x32x112x112xf32>
}

// -----

// A pointwise convolution's input is the matrix; a loop over the samples.
// CHECK-LABEL: func.func @pointwise
// CHECK: tensor.collapse_shape
// CHECK: scf.for
// CHECK: linalg.matmul ins(%{{.*}}, %{{.*}} : tensor<32x8xf32>, tensor<8x?xf32>)
// CHECK: tensor.insert_slice
func.func @pointwise(%x: tensor<?x8x?x?xf32>, %w: tensor<32x8x1x1xf32>) -> tensor<?x32x?x?xf32> {
  %y = slim.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
    : (tensor<?x8x?x?xf32>, tensor<32x8x1x1xf32>) -> tensor<?x32x?x?xf32>
  return %y : tensor<?x32x?x?xf32>
}

// -----

// Parallel loops only, with the nine products written out.
// CHECK-LABEL: func.func @depthwise
// CHECK: linalg.generic
// CHECK-SAME: iterator_types = ["parallel", "parallel", "parallel", "parallel"]
// CHECK-COUNT-9: arith.mulf %{{.*}} fastmath<contract>
// CHECK-NOT: arith.mulf
func.func @depthwise(%x: tensor<?x8x20x20xf32>, %w: tensor<8x1x3x3xf32>, %b: tensor<8xf32>) -> tensor<?x8x20x20xf32> {
  %y = slim.conv %x, %w, %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 8}
    : (tensor<?x8x20x20xf32>, tensor<8x1x3x3xf32>, tensor<8xf32>) -> tensor<?x8x20x20xf32>
  return %y : tensor<?x8x20x20xf32>
}

// -----

// A loop over the groups; one spatial dimension.
// CHECK-LABEL: func.func @grouped
// CHECK: scf.for %{{.*}} = %c0 to %c2
// CHECK: linalg.matmul ins(%{{.*}}, %{{.*}} : tensor<3x6xf32>, tensor<6x8xf32>)
func.func @grouped(%x: tensor<1x4x10xf32>, %w: tensor<6x2x3xf32>) -> tensor<1x6x8xf32> {
  %y = slim.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 2}
    : (tensor<1x4x10xf32>, tensor<6x2x3xf32>) -> tensor<1x6x8xf32>
  return %y : tensor<1x6x8xf32>
}

// -----

// Bytes stay bytes until they are multiplied, and each is extended by its own
// signedness.
// CHECK-LABEL: func.func @integers
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<6x36xi8>, tensor<36x16xi8>) outs(%{{.*}} : tensor<6x16xi32>)
// CHECK: arith.extsi %{{.*}} : i8 to i32
// CHECK: arith.extui %{{.*}} : i8 to i32
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

// Windows side by side: a product and a permutation.
// CHECK-LABEL: func.func @conv_transpose_tiles
// CHECK: linalg.matmul ins(%{{.*}}, %{{.*}} : tensor<48x24xf32>, tensor<24x6400xf32>)
// CHECK: linalg.generic
// CHECK: arith.addf
// CHECK: tensor.collapse_shape %{{.*}} : tensor<12x80x2x80x2xf32> into tensor<12x160x160xf32>
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
