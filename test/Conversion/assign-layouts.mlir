// RUN: slim-opt %s --split-input-file --pass-pipeline='builtin.module(convert-slim-to-linalg,canonicalize,cse,canonicalize,slim-fuse-elementwise,func.func(slim-assign-layouts),canonicalize,cse)' | FileCheck %s
// RUN: slim-opt %s --split-input-file --pass-pipeline='builtin.module(convert-slim-to-linalg,canonicalize,cse,canonicalize,slim-fuse-elementwise,func.func(slim-assign-layouts{order=channels-first}),canonicalize,cse)' | FileCheck %s --check-prefix=FIRST

// Convolutions, an elementwise chain, a residual: transposes at the function's
// borders only, the channels innermost in every reduction.
// CHECK-DAG: #[[X:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1 + d4, d2 + d5, d6)>
// CHECK-DAG: #[[W:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d3, d6, d4, d5)>
// CHECK-DAG: #[[Y:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1, d2, d3)>
// CHECK-DAG: #[[ID:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
// CHECK-DAG: #[[CHANNEL:.*]] = affine_map<(d0, d1, d2, d3) -> (d3)>
// CHECK-LABEL: func.func @residual(
// CHECK: linalg.transpose ins(%{{.*}} : tensor<?x8x?x?xf32>) outs(%{{.*}} : tensor<?x?x?x8xf32>) permutation = [0, 2, 3, 1]
// CHECK: tensor.insert_slice %{{.*}}[0, 1, 1, 0]
// CHECK-NOT: linalg.transpose
// CHECK: linalg.generic {indexing_maps = [#[[X]], #[[W]], #[[Y]]], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
// CHECK-SAME: tensor<8x8x3x3xf32>
// CHECK: linalg.generic {indexing_maps = [#[[ID]], #[[CHANNEL]], #[[ID]], #[[ID]]]
// CHECK: arith.select
// CHECK: linalg.transpose
// CHECK: return
// FIRST-LABEL: func.func @residual(
// FIRST-NOT: linalg.transpose
// FIRST: return
func.func @residual(%x: tensor<?x8x?x?xf32>, %w: tensor<8x8x3x3xf32>, %b: tensor<8xf32>) -> tensor<?x8x?x?xf32> {
  %0 = slim.conv %x, %w, %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1}
    : (tensor<?x8x?x?xf32>, tensor<8x8x3x3xf32>, tensor<8xf32>) -> tensor<?x8x?x?xf32>
  %1 = slim.add %0, %x : (tensor<?x8x?x?xf32>, tensor<?x8x?x?xf32>) -> tensor<?x8x?x?xf32>
  %2 = slim.relu %1 : (tensor<?x8x?x?xf32>) -> tensor<?x8x?x?xf32>
  return %2 : tensor<?x8x?x?xf32>
}

// -----

// Depthwise, squeeze and excitation, a pool, and global pooling into a linear
// layer: one transpose.
// CHECK-LABEL: func.func @head(
// CHECK: linalg.transpose
// CHECK-NOT: linalg.transpose
// CHECK: return
func.func @head(%x: tensor<?x16x16x16xf32>, %d: tensor<16x1x3x3xf32>, %s: tensor<16x16x1x1xf32>, %l: tensor<10x16xf32>) -> tensor<?x10xf32> {
  %0 = slim.conv %x, %d {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 16}
    : (tensor<?x16x16x16xf32>, tensor<16x1x3x3xf32>) -> tensor<?x16x16x16xf32>
  %1 = slim.reduce_mean %0 {axes = array<i64: 2, 3>, keep_dims = true} : (tensor<?x16x16x16xf32>) -> tensor<?x16x1x1xf32>
  %2 = slim.conv %1, %s {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
    : (tensor<?x16x1x1xf32>, tensor<16x16x1x1xf32>) -> tensor<?x16x1x1xf32>
  %3 = slim.sigmoid %2 : (tensor<?x16x1x1xf32>) -> tensor<?x16x1x1xf32>
  %4 = slim.mul %0, %3 : (tensor<?x16x16x16xf32>, tensor<?x16x1x1xf32>) -> tensor<?x16x16x16xf32>
  %5 = slim.max_pool %4 {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
    : (tensor<?x16x16x16xf32>) -> tensor<?x16x8x8xf32>
  %6 = slim.reduce_mean %5 {axes = array<i64: 2, 3>, keep_dims = true} : (tensor<?x16x8x8xf32>) -> tensor<?x16x1x1xf32>
  %7 = slim.flatten %6 {axis = 1} : (tensor<?x16x1x1xf32>) -> tensor<?x16xf32>
  %8 = slim.linear %7, %l : (tensor<?x16xf32>, tensor<10x16xf32>) -> tensor<?x10xf32>
  return %8 : tensor<?x10xf32>
}

// -----

// Parts of images: concatenation along channels, resampling by table and by
// repetition, a slice.
// CHECK-LABEL: func.func @parts(
// CHECK-COUNT-1: linalg.transpose
// CHECK-NOT: linalg.transpose
// CHECK: tensor.extract %{{.*}} : tensor<1x20x20x8xf32>
// CHECK: tensor.insert_slice %{{.*}}[0, 0, 0, 0] [1, 30, 30, 8]
// CHECK: tensor.insert_slice %{{.*}}[0, 0, 0, 8] [1, 30, 30, 8]
// CHECK: tensor.extract_slice %{{.*}}[0, 0, 0, 3] [1, 30, 30, 6]
// CHECK: linalg.transpose
// CHECK-NOT: linalg.transpose
// CHECK: return
func.func @parts(%x: tensor<1x8x20x20xf32>, %w: tensor<8x8x1x1xf32>) -> tensor<1x6x30x30xf32> {
  %0 = slim.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
    : (tensor<1x8x20x20xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x20x20xf32>
  %s = slim.constant dense<[30, 30]> : tensor<2xi64>
  %1 = slim.resize %0 sizes %s {axes = array<i64: 2, 3>, mode = #slim.resize_mode<nearest>, coordinates = #slim.coordinate_mode<asymmetric>, nearest = #slim.nearest_mode<floor>}
    : (tensor<1x8x20x20xf32>, tensor<2xi64>) -> tensor<1x8x30x30xf32>
  %2 = slim.relu %1 : (tensor<1x8x30x30xf32>) -> tensor<1x8x30x30xf32>
  %3 = slim.concat %1, %2 {axis = 1} : (tensor<1x8x30x30xf32>, tensor<1x8x30x30xf32>) -> tensor<1x16x30x30xf32>
  %a = slim.constant dense<3> : tensor<1xi64>
  %b = slim.constant dense<9> : tensor<1xi64>
  %c = slim.constant dense<1> : tensor<1xi64>
  %4 = slim.slice %3, %a, %b, %c {axes = array<i64: 1>} : (tensor<1x16x30x30xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x6x30x30xf32>
  return %4 : tensor<1x6x30x30xf32>
}

// -----

// The model's own transpose is what the order is already.
// CHECK-LABEL: func.func @tokens(
// CHECK-COUNT-1: linalg.transpose
// CHECK-NOT: linalg.transpose
// CHECK: return
func.func @tokens(%x: tensor<2x8x6x5xf32>, %w: tensor<4x8x1x1xf32>) -> tensor<2x30x4xf32> {
  %0 = slim.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
    : (tensor<2x8x6x5xf32>, tensor<4x8x1x1xf32>) -> tensor<2x4x6x5xf32>
  %s = slim.constant dense<[2, 4, 30]> : tensor<3xi64>
  %1 = slim.reshape %0, %s : (tensor<2x4x6x5xf32>, tensor<3xi64>) -> tensor<2x4x30xf32>
  %2 = slim.transpose %1 {permutation = array<i64: 0, 2, 1>} : (tensor<2x4x30xf32>) -> tensor<2x30x4xf32>
  return %2 : tensor<2x30x4xf32>
}

// -----

// A reshape that merges channels and space needs the old order.
// CHECK-LABEL: func.func @flat(
// CHECK: linalg.generic
// CHECK: %[[OLD:.*]] = linalg.transpose ins(%{{.*}} : tensor<2x6x5x4xf32>)
// CHECK: tensor.collapse_shape
func.func @flat(%x: tensor<2x8x6x5xf32>, %w: tensor<4x8x1x1xf32>) -> tensor<2x120xf32> {
  %0 = slim.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
    : (tensor<2x8x6x5xf32>, tensor<4x8x1x1xf32>) -> tensor<2x4x6x5xf32>
  %1 = slim.flatten %0 {axis = 1} : (tensor<2x4x6x5xf32>) -> tensor<2x120xf32>
  return %1 : tensor<2x120xf32>
}

// -----

// Products of matrices, batched or not, are no images.
// CHECK-LABEL: func.func @products(
// CHECK-NOT: linalg.transpose
// CHECK: linalg.batch_matmul
// CHECK-NOT: linalg.transpose
func.func @products(%q: tensor<4x8x16xf32>, %k: tensor<4x16x8xf32>, %w: tensor<32x8xf32>) -> tensor<4x8x32xf32> {
  %0 = slim.matmul %q, %k : (tensor<4x8x16xf32>, tensor<4x16x8xf32>) -> tensor<4x8x8xf32>
  %1 = slim.linear %0, %w : (tensor<4x8x8xf32>, tensor<32x8xf32>) -> tensor<4x8x32xf32>
  return %1 : tensor<4x8x32xf32>
}

// -----

// Groups lie before their channels; a dimension asked for is found again.
// CHECK-DAG: #[[X:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1 + d4, d2, d5)>
// CHECK-DAG: #[[W:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d2, d3, d5, d4)>
// CHECK-LABEL: func.func @groups(
// CHECK: linalg.generic {indexing_maps = [#[[X]], #[[W]], #{{.*}}]
// CHECK-SAME: ins(%{{.*}}, %{{.*}} : tensor<1x?x2x2xf32>, tensor<2x3x2x3xf32>)
func.func @groups(%x: tensor<1x4x?xf32>, %w: tensor<6x2x3xf32>) -> tensor<1x6x?xf32> {
  %y = slim.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 2}
    : (tensor<1x4x?xf32>, tensor<6x2x3xf32>) -> tensor<1x6x?xf32>
  return %y : tensor<1x6x?xf32>
}

// -----

// What only the run can tell is told in the new order, too.
// CHECK-LABEL: func.func @branch(
// CHECK: scf.if %{{.*}} -> (tensor<1x?x?x8xf32>)
// CHECK: } else {
// CHECK-NEXT: scf.yield %{{.*}} : tensor<1x?x?x8xf32>
func.func @branch(%x: tensor<1x8x?x?xf32>, %y: tensor<1x8x?x?xf32>, %w: tensor<8x8x1x1xf32>) -> tensor<1x8x?x?xf32> {
  %0 = slim.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
    : (tensor<1x8x?x?xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x?x?xf32>
  %1 = slim.conv %y, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
    : (tensor<1x8x?x?xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x?x?xf32>
  %2 = slim.add %0, %1 : (tensor<1x8x?x?xf32>, tensor<1x8x?x?xf32>) -> tensor<1x8x?x?xf32>
  return %2 : tensor<1x8x?x?xf32>
}

// -----

// The windows of a transposed convolution are put side by side with their
// channels last, as what follows wishes them: nothing is transposed to the
// original order between the two convolutions.
// CHECK-LABEL: func.func @windows(
// CHECK: linalg.transpose ins(%arg0
// CHECK: %[[P:.*]] = linalg.generic
// CHECK-NOT: linalg.transpose
// CHECK: %[[R:.*]] = linalg.generic {{.*}} ins(%[[P]] : tensor<1x5x7x2x2x6xf32>)
// CHECK: linalg.transpose ins(%[[R]] : tensor<1x5x7x2x2x6xf32>) outs({{.*}}) permutation = [0, 1, 3, 2, 4, 5]
// CHECK-NEXT: tensor.collapse_shape {{.*}} : tensor<1x5x2x7x2x6xf32> into tensor<1x10x14x6xf32>
// CHECK-NOT: linalg.transpose
// CHECK: linalg.generic {{.*}}"reduction", "reduction", "reduction"
// CHECK: linalg.transpose {{.*}} permutation = [0, 3, 1, 2]
// CHECK-NEXT: return
func.func @windows(%x: tensor<1x8x5x7xf32>, %w: tensor<8x6x2x2xf32>, %v: tensor<4x6x3x3xf32>) -> tensor<1x4x8x12xf32> {
  %y = slim.conv_transpose %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x8x5x7xf32>, tensor<8x6x2x2xf32>) -> tensor<1x6x10x14xf32>
  %r = slim.relu %y : (tensor<1x6x10x14xf32>) -> tensor<1x6x10x14xf32>
  %z = slim.conv %r, %v {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (tensor<1x6x10x14xf32>, tensor<4x6x3x3xf32>) -> tensor<1x4x8x12xf32>
  return %z : tensor<1x4x8x12xf32>
}
