// RUN: slim-opt %s | slim-opt | FileCheck %s
// RUN: slim-opt %s --emit-bytecode | slim-opt | FileCheck %s

// CHECK-LABEL: func @conv
func.func @conv(%x: tensor<?x3x224x?xf32>, %w: tensor<32x3x3x3xf32>,
                %b: tensor<32xf32>) -> tensor<?x32x112x?xf32> {
  // CHECK: slim.conv %{{.*}}, %{{.*}}, %{{.*}} {dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}
  %y = slim.conv %x, %w, %b {strides = array<i64: 2, 2>,
      pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<?x3x224x?xf32>, tensor<32x3x3x3xf32>, tensor<32xf32>)
    -> tensor<?x32x112x?xf32>
  return %y : tensor<?x32x112x?xf32>
}

// CHECK-LABEL: func @conv_depthwise_1d
func.func @conv_depthwise_1d(%x: tensor<1x8x100xf32>, %w: tensor<16x1x5xf32>)
    -> tensor<1x16x92xf32> {
  %y = slim.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>,
      dilations = array<i64: 2>, groups = 8 : i64}
    : (tensor<1x8x100xf32>, tensor<16x1x5xf32>) -> tensor<1x16x92xf32>
  return %y : tensor<1x16x92xf32>
}

// CHECK-LABEL: func @conv_3d_integers
func.func @conv_3d_integers(%x: tensor<1x2x4x5x6xui8>, %w: tensor<3x2x2x2x2xi8>)
    -> tensor<1x3x3x4x5xi32> {
  %y = slim.conv %x, %w {strides = array<i64: 1, 1, 1>,
      pads = array<i64: 0, 0, 0, 0, 0, 0>, dilations = array<i64: 1, 1, 1>}
    : (tensor<1x2x4x5x6xui8>, tensor<3x2x2x2x2xi8>) -> tensor<1x3x3x4x5xi32>
  return %y : tensor<1x3x3x4x5xi32>
}

// A kernel that exceeds the input by less than a stride has no position; an
// empty batch is legal.
// CHECK-LABEL: func @conv_empty
func.func @conv_empty(%x: tensor<0x1x2xf32>, %w: tensor<1x1x3xf32>)
    -> tensor<0x1x0xf32> {
  %y = slim.conv %x, %w {strides = array<i64: 2>, pads = array<i64: 0, 0>,
      dilations = array<i64: 1>}
    : (tensor<0x1x2xf32>, tensor<1x1x3xf32>) -> tensor<0x1x0xf32>
  return %y : tensor<0x1x0xf32>
}

// CHECK-LABEL: func @conv_transpose
func.func @conv_transpose(%x: tensor<?x24x80x?xf32>, %w: tensor<24x6x2x3xf32>,
                          %b: tensor<12xf32>) -> tensor<?x12x160x?xf32> {
  // CHECK: slim.conv_transpose
  %y = slim.conv_transpose %x, %w, %b {strides = array<i64: 2, 2>,
      pads = array<i64: 0, 1, 0, 1>, dilations = array<i64: 1, 1>,
      output_padding = array<i64: 0, 1>, groups = 2 : i64}
    : (tensor<?x24x80x?xf32>, tensor<24x6x2x3xf32>, tensor<12xf32>)
    -> tensor<?x12x160x?xf32>
  return %y : tensor<?x12x160x?xf32>
}

// CHECK-LABEL: func @im2col
func.func @im2col(%x: tensor<1x8x10x10xf32>, %y: tensor<?x8x10x10xf32>)
    -> (tensor<100x72xf32>, tensor<?x72xf32>) {
  // CHECK: slim.im2col
  %r = slim.im2col %x {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>,
      pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
    : (tensor<1x8x10x10xf32>) -> tensor<100x72xf32>
  %s = slim.im2col %y {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>,
      pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
    : (tensor<?x8x10x10xf32>) -> tensor<?x72xf32>
  return %r, %s : tensor<100x72xf32>, tensor<?x72xf32>
}
