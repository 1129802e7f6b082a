// RUN: slim-opt %s -split-input-file -slim-split-activations | FileCheck %s
// RUN: slim-opt %s -split-input-file -slim-split-activations="block-rows=8 corrects-signs" | FileCheck %s --check-prefix=SIGNS

// Three digits of every row, one product of bytes, and what puts them together.
slim.weight @q : tensor<128x64xi4> = dense<1> : tensor<128x64xi4>
slim.weight @s : tensor<128x2xf32> = dense<1.0> : tensor<128x2xf32>
// CHECK-LABEL: func.func @groups
// CHECK-SAME: %[[X:.*]]: tensor<?x64xf32>, %[[B:.*]]: tensor<128xf32>
// CHECK: %[[W:.*]] = slim.dequantize
// CHECK: %[[A:.*]] = slim.abs %[[X]]
// CHECK: %[[M:.*]] = slim.reduce_max %[[A]] {axes = array<i64: 1>, keep_dims = true} : (tensor<?x64xf32>) -> tensor<?x1xf32>
// CHECK: %[[D:.*]] = slim.quantize {{.*}} -> tensor<?x3x64xui8>
// CHECK: %[[F:.*]] = slim.cast %[[D]] {to = f32}
// CHECK: %[[P:.*]] = slim.linear %[[F]], %[[W]] : (tensor<?x3x64xf32>, tensor<128x64xf32>) -> tensor<?x3x128xf32>
// 128 times the sums of the weight, which are 64: 8192.
// CHECK: slim.constant dense<"0x000000460000004600000046{{.*}}tensor<3x128xf32>
// CHECK: slim.reduce_sum %{{.*}} {axes = array<i64: 1>} : (tensor<?x3x128xf32>) -> tensor<?x128xf32>
// CHECK: %[[Y:.*]] = slim.add %{{.*}}, %[[B]]
// CHECK: return %[[Y]]
func.func @groups(%x: tensor<?x64xf32>, %b: tensor<128xf32>) -> tensor<?x128xf32> {
  %q = slim.get_weight @q : tensor<128x64xi4>
  %s = slim.get_weight @s : tensor<128x2xf32>
  %w = slim.dequantize %q, %s {block = array<i64: 1, 32>} : (tensor<128x64xi4>, tensor<128x2xf32>) -> tensor<128x64xf32>
  %y = slim.linear %x, %w, %b : (tensor<?x64xf32>, tensor<128x64xf32>, tensor<128xf32>) -> tensor<?x128xf32>
  return %y : tensor<?x128xf32>
}

// -----

// A weight as ONNX stores it.
slim.weight @q : tensor<64x128xi8> = dense<1> : tensor<64x128xi8>
slim.weight @s : tensor<1x128xf32> = dense<1.0> : tensor<1x128xf32>
// CHECK-LABEL: func.func @transposed
// CHECK: slim.linear %{{.*}} {transposed = true} : (tensor<2x5x3x64xf32>, tensor<64x128xf32>) -> tensor<2x5x3x128xf32>
// CHECK: slim.constant dense<"0x000000460000004600000046{{.*}}tensor<3x128xf32>
func.func @transposed(%x: tensor<2x5x64xf32>) -> tensor<2x5x128xf32> {
  %q = slim.get_weight @q : tensor<64x128xi8>
  %s = slim.get_weight @s : tensor<1x128xf32>
  %w = slim.dequantize %q, %s {block = array<i64: 0, 1>} : (tensor<64x128xi8>, tensor<1x128xf32>) -> tensor<64x128xf32>
  %y = slim.linear %x, %w {transposed = true} : (tensor<2x5x64xf32>, tensor<64x128xf32>) -> tensor<2x5x128xf32>
  return %y : tensor<2x5x128xf32>
}

// -----

// An input whose extents are all open.
slim.weight @q : tensor<64x128xi8> = dense<1> : tensor<64x128xi8>
slim.weight @s : tensor<1x128xf32> = dense<1.0> : tensor<1x128xf32>
// CHECK-LABEL: func.func @open
// CHECK: slim.linear %{{.*}} {transposed = true} : (tensor<?x?x3x?xf32>, tensor<64x128xf32>) -> tensor<?x?x3x128xf32>
// CHECK: slim.constant dense<"0x000000460000004600000046{{.*}}tensor<3x128xf32>
func.func @open(%x: tensor<?x?x?xf32>) -> tensor<?x?x128xf32> {
  %q = slim.get_weight @q : tensor<64x128xi8>
  %s = slim.get_weight @s : tensor<1x128xf32>
  %w = slim.dequantize %q, %s {block = array<i64: 0, 1>} : (tensor<64x128xi8>, tensor<1x128xf32>) -> tensor<64x128xf32>
  %y = slim.linear %x, %w {transposed = true} : (tensor<?x?x?xf32>, tensor<64x128xf32>) -> tensor<?x?x128xf32>
  return %y : tensor<?x?x128xf32>
}

// -----

// Groups that no number of instructions sums stay.
slim.weight @q : tensor<128x60xi4> = dense<1> : tensor<128x60xi4>
slim.weight @s : tensor<128x3xf32> = dense<1.0> : tensor<128x3xf32>
// CHECK-LABEL: func.func @odd_groups
// CHECK-NOT: slim.quantize
// CHECK: slim.linear %{{.*}} : (tensor<?x60xf32>, tensor<128x60xf32>)
func.func @odd_groups(%x: tensor<?x60xf32>) -> tensor<?x128xf32> {
  %q = slim.get_weight @q : tensor<128x60xi4>
  %s = slim.get_weight @s : tensor<128x3xf32>
  %w = slim.dequantize %q, %s {block = array<i64: 1, 20>} : (tensor<128x60xi4>, tensor<128x3xf32>) -> tensor<128x60xf32>
  %y = slim.linear %x, %w : (tensor<?x60xf32>, tensor<128x60xf32>) -> tensor<?x128xf32>
  return %y : tensor<?x128xf32>
}

// -----

// Unsigned bytes of both sides have no product; with signed ones, zero points
// are taken off the sums.
slim.weight @q : tensor<128x64xui8> = dense<1> : tensor<128x64xui8>
slim.weight @s : tensor<128x1xf32> = dense<1.0> : tensor<128x1xf32>
slim.weight @z : tensor<128x1xui8> = dense<1> : tensor<128x1xui8>
// CHECK-LABEL: func.func @zero_points
// CHECK-NOT: slim.quantize
func.func @zero_points(%x: tensor<?x64xf32>) -> tensor<?x128xf32> {
  %q = slim.get_weight @q : tensor<128x64xui8>
  %s = slim.get_weight @s : tensor<128x1xf32>
  %z = slim.get_weight @z : tensor<128x1xui8>
  %w = slim.dequantize %q, %s, %z {block = array<i64: 1, 0>} : (tensor<128x64xui8>, tensor<128x1xf32>, tensor<128x1xui8>) -> tensor<128x64xf32>
  %y = slim.linear %x, %w : (tensor<?x64xf32>, tensor<128x64xf32>) -> tensor<?x128xf32>
  return %y : tensor<?x128xf32>
}

// -----

slim.weight @q : tensor<128x64xi8> = dense<1> : tensor<128x64xi8>
slim.weight @s : tensor<128x1xf32> = dense<1.0> : tensor<128x1xf32>
slim.weight @z : tensor<128x1xi8> = dense<1> : tensor<128x1xi8>
// CHECK-LABEL: func.func @signed_zero_points
// CHECK: slim.linear %{{.*}} : (tensor<?x3x64xf32>, tensor<128x64xf32>)
func.func @signed_zero_points(%x: tensor<?x64xf32>) -> tensor<?x128xf32> {
  %q = slim.get_weight @q : tensor<128x64xi8>
  %s = slim.get_weight @s : tensor<128x1xf32>
  %z = slim.get_weight @z : tensor<128x1xi8>
  %w = slim.dequantize %q, %s, %z {block = array<i64: 1, 0>} : (tensor<128x64xi8>, tensor<128x1xf32>, tensor<128x1xi8>) -> tensor<128x64xf32>
  %y = slim.linear %x, %w : (tensor<?x64xf32>, tensor<128x64xf32>) -> tensor<?x128xf32>
  return %y : tensor<?x128xf32>
}

// -----

// Twice the values of E2M1 are integers; their scales are floats of 8 bits,
// which may have a scale of their own.
slim.weight @q : tensor<128x64xf4E2M1FN> = dense<1.0> : tensor<128x64xf4E2M1FN>
slim.weight @s : tensor<128x4xf8E4M3FN> = dense<1.0> : tensor<128x4xf8E4M3FN>
slim.weight @t : tensor<1x1xf32> = dense<1.0> : tensor<1x1xf32>
// CHECK-LABEL: func.func @small_floats
// CHECK: slim.linear %{{.*}} : (tensor<?x3x64xf32>, tensor<128x64xf32>)
func.func @small_floats(%x: tensor<?x64xf32>) -> tensor<?x128xf32> {
  %q = slim.get_weight @q : tensor<128x64xf4E2M1FN>
  %s = slim.get_weight @s : tensor<128x4xf8E4M3FN>
  %t = slim.get_weight @t : tensor<1x1xf32>
  %u = slim.dequantize %s, %t {block = array<i64: 0, 0>} : (tensor<128x4xf8E4M3FN>, tensor<1x1xf32>) -> tensor<128x4xf32>
  %w = slim.dequantize %q, %u {block = array<i64: 1, 16>} : (tensor<128x64xf4E2M1FN>, tensor<128x4xf32>) -> tensor<128x64xf32>
  %y = slim.linear %x, %w : (tensor<?x64xf32>, tensor<128x64xf32>) -> tensor<?x128xf32>
  return %y : tensor<?x128xf32>
}

// -----

// Codes of 3 bits have no products of bytes.
slim.weight @q : tensor<128x64xi3> = dense<1> : tensor<128x64xi3>
slim.weight @s : tensor<128x1xf32> = dense<1.0> : tensor<128x1xf32>
// CHECK-LABEL: func.func @three_bits
// CHECK-NOT: slim.quantize
func.func @three_bits(%x: tensor<?x64xf32>) -> tensor<?x128xf32> {
  %q = slim.get_weight @q : tensor<128x64xi3>
  %s = slim.get_weight @s : tensor<128x1xf32>
  %w = slim.dequantize %q, %s {block = array<i64: 1, 0>} : (tensor<128x64xi3>, tensor<128x1xf32>) -> tensor<128x64xf32>
  %y = slim.linear %x, %w : (tensor<?x64xf32>, tensor<128x64xf32>) -> tensor<?x128xf32>
  return %y : tensor<?x128xf32>
}

// -----

// Scales in 16 and 8 bits do.
slim.weight @q : tensor<128x64xi4> = dense<1> : tensor<128x64xi4>
slim.weight @s : tensor<128x1xf16> = dense<1.0> : tensor<128x1xf16>
slim.weight @t : tensor<128x1xf8E4M3FN> = dense<1.0> : tensor<128x1xf8E4M3FN>
// CHECK-LABEL: func.func @small_scales
// CHECK-COUNT-2: slim.linear %{{.*}} : (tensor<?x3x64xf32>, tensor<128x64xf32>)
func.func @small_scales(%x: tensor<?x64xf32>) -> (tensor<?x128xf32>, tensor<?x128xf32>) {
  %q = slim.get_weight @q : tensor<128x64xi4>
  %s = slim.get_weight @s : tensor<128x1xf16>
  %t = slim.get_weight @t : tensor<128x1xf8E4M3FN>
  %s32 = slim.cast %s {to = f32} : (tensor<128x1xf16>) -> tensor<128x1xf32>
  %t32 = slim.cast %t {to = f32} : (tensor<128x1xf8E4M3FN>) -> tensor<128x1xf32>
  %w = slim.dequantize %q, %s32 {block = array<i64: 1, 0>} : (tensor<128x64xi4>, tensor<128x1xf32>) -> tensor<128x64xf32>
  %v = slim.dequantize %q, %t32 {block = array<i64: 1, 0>} : (tensor<128x64xi4>, tensor<128x1xf32>) -> tensor<128x64xf32>
  %y = slim.linear %x, %w : (tensor<?x64xf32>, tensor<128x64xf32>) -> tensor<?x128xf32>
  %z = slim.linear %x, %v : (tensor<?x64xf32>, tensor<128x64xf32>) -> tensor<?x128xf32>
  return %y, %z : tensor<?x128xf32>, tensor<?x128xf32>
}

// -----

// Many rows, small groups and sums to correct: floats cost less. One row waits
// for the decoding of its weight.
slim.weight @q : tensor<128x64xi4> = dense<1> : tensor<128x64xi4>
slim.weight @s : tensor<128x4xf32> = dense<1.0> : tensor<128x4xf32>
// CHECK-LABEL: func.func @rows
// CHECK: tensor<4x16x3x64xf32>
// SIGNS-LABEL: func.func @rows
// SIGNS-NOT: slim.quantize
// SIGNS: slim.linear %{{.*}} : (tensor<4x16x64xf32>, tensor<128x64xf32>)
func.func @rows(%x: tensor<4x16x64xf32>) -> tensor<4x16x128xf32> {
  %q = slim.get_weight @q : tensor<128x64xi4>
  %s = slim.get_weight @s : tensor<128x4xf32>
  %w = slim.dequantize %q, %s {block = array<i64: 1, 16>} : (tensor<128x64xi4>, tensor<128x4xf32>) -> tensor<128x64xf32>
  %y = slim.linear %x, %w : (tensor<4x16x64xf32>, tensor<128x64xf32>) -> tensor<4x16x128xf32>
  return %y : tensor<4x16x128xf32>
}
// SIGNS-LABEL: func.func @one_row
// SIGNS: slim.linear %{{.*}} : (tensor<?x3x64xf32>, tensor<128x64xf32>)
func.func @one_row(%x: tensor<?x64xf32>) -> tensor<?x128xf32> {
  %q = slim.get_weight @q : tensor<128x64xi4>
  %s = slim.get_weight @s : tensor<128x4xf32>
  %w = slim.dequantize %q, %s {block = array<i64: 1, 16>} : (tensor<128x64xi4>, tensor<128x4xf32>) -> tensor<128x64xf32>
  %y = slim.linear %x, %w : (tensor<?x64xf32>, tensor<128x64xf32>) -> tensor<?x128xf32>
  return %y : tensor<?x128xf32>
}
