// Functions of one quantized tensor as tables.
// RUN: slim-opt %s -split-input-file -slim-form-integer-ops -canonicalize | FileCheck %s

// (q - 128) / 2 + 3, rounded to even: 128 and 129 give 3 and 3.5 -> 4.
// CHECK-LABEL: func @scale
// CHECK: %[[T:.*]] = slim.constant dense<"0x{{(00){124}010202020304040405}}
// CHECK-NEXT: %[[Y:.*]] = slim.table_lookup %arg0, %[[T]] : (tensor<?x3xui8>, tensor<256xui8>) -> tensor<?x3xui8>
// CHECK-NEXT: return %[[Y]]
func.func @scale(%q: tensor<?x3xui8>) -> tensor<?x3xui8> {
  %s = slim.constant dense<0.5> : tensor<1x1xf32>
  %z = slim.constant dense<128> : tensor<1x1xui8>
  %one = slim.constant dense<1.0> : tensor<1x1xf32>
  %three = slim.constant dense<3.0> : tensor<1xf32>
  %x = slim.dequantize %q, %s, %z {block = array<i64: 0, 0>} : (tensor<?x3xui8>, tensor<1x1xf32>, tensor<1x1xui8>) -> tensor<?x3xf32>
  %y = slim.add %x, %three : (tensor<?x3xf32>, tensor<1xf32>) -> tensor<?x3xf32>
  %r = slim.quantize %y, %one {to = ui8, block = array<i64: 0, 0>} : (tensor<?x3xf32>, tensor<1x1xf32>) -> tensor<?x3xui8>
  return %r : tensor<?x3xui8>
}

// -----

// An activation in several quantized steps, with a diamond: one table. Signed
// codes begin with 0.
// CHECK-LABEL: func @diamond
// CHECK: %[[T:.*]] = slim.constant dense<"0x
// CHECK-NEXT: %[[Y:.*]] = slim.table_lookup %arg0, %[[T]] : (tensor<2x3xi8>, tensor<256xi8>) -> tensor<2x3xi8>
// CHECK-NEXT: return %[[Y]]
func.func @diamond(%q: tensor<2x3xi8>) -> tensor<2x3xi8> {
  %s = slim.constant dense<0.25> : tensor<1x1xf32>
  %x = slim.dequantize %q, %s {block = array<i64: 0, 0>} : (tensor<2x3xi8>, tensor<1x1xf32>) -> tensor<2x3xf32>
  %g = slim.hard_sigmoid %x {alpha = 0.2 : f32, beta = 0.5 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %c = slim.quantize %g, %s {to = i8, block = array<i64: 0, 0>} : (tensor<2x3xf32>, tensor<1x1xf32>) -> tensor<2x3xi8>
  %h = slim.dequantize %c, %s {block = array<i64: 0, 0>} : (tensor<2x3xi8>, tensor<1x1xf32>) -> tensor<2x3xf32>
  %y = slim.mul %x, %h : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %r = slim.quantize %y, %s {to = i8, block = array<i64: 0, 0>} : (tensor<2x3xf32>, tensor<1x1xf32>) -> tensor<2x3xi8>
  return %r : tensor<2x3xi8>
}

// -----

// Codes on the way that something else reads are a table of their own, and the
// next one starts from them.
// CHECK-LABEL: func @other_use
// CHECK: %[[A:.*]] = slim.table_lookup %arg0
// CHECK: %[[B:.*]] = slim.table_lookup %[[A]]
// CHECK: return %[[A]], %[[B]]
func.func @other_use(%q: tensor<4xui8>) -> (tensor<4xui8>, tensor<4xui8>) {
  %s = slim.constant dense<0.25> : tensor<1xf32>
  %t = slim.constant dense<0.02> : tensor<1xf32>
  %x = slim.dequantize %q, %s {block = array<i64: 0>} : (tensor<4xui8>, tensor<1xf32>) -> tensor<4xf32>
  %y = slim.sigmoid %x : (tensor<4xf32>) -> tensor<4xf32>
  %a = slim.quantize %y, %t {to = ui8, block = array<i64: 0>} : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xui8>
  %z = slim.dequantize %a, %t {block = array<i64: 0>} : (tensor<4xui8>, tensor<1xf32>) -> tensor<4xf32>
  %w = slim.exp %z : (tensor<4xf32>) -> tensor<4xf32>
  %b = slim.quantize %w, %t {to = ui8, block = array<i64: 0>} : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xui8>
  return %a, %b : tensor<4xui8>, tensor<4xui8>
}

// -----

// The numbers on the way are read by something else: nothing is saved but the
// quantization.
// CHECK-LABEL: func @float_use
// CHECK: %[[Y:.*]] = slim.exp
// CHECK: %[[A:.*]] = slim.table_lookup %arg0
// CHECK: return %[[A]], %[[Y]]
func.func @float_use(%q: tensor<4xui8>) -> (tensor<4xui8>, tensor<4xf32>) {
  %s = slim.constant dense<0.25> : tensor<1xf32>
  %x = slim.dequantize %q, %s {block = array<i64: 0>} : (tensor<4xui8>, tensor<1xf32>) -> tensor<4xf32>
  %y = slim.exp %x : (tensor<4xf32>) -> tensor<4xf32>
  %a = slim.quantize %y, %s {to = ui8, block = array<i64: 0>} : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xui8>
  return %a, %y : tensor<4xui8>, tensor<4xf32>
}

// -----

// The requantized result of an integer product is a source.
slim.weight @w : tensor<2x3xi8> = dense<[[1, 2, 3], [-1, 0, 1]]> : tensor<2x3xi8>
// CHECK-LABEL: func @product
// CHECK: slim.linear
// CHECK: %[[Q:.*]] = slim.quantize
// CHECK-NEXT: %[[Y:.*]] = slim.table_lookup %[[Q]]
// CHECK-NEXT: return %[[Y]]
func.func @product(%q: tensor<?x3xui8>) -> tensor<?x2xui8> {
  %s = slim.constant dense<0.5> : tensor<1x1xf32>
  %x = slim.dequantize %q, %s {block = array<i64: 0, 0>} : (tensor<?x3xui8>, tensor<1x1xf32>) -> tensor<?x3xf32>
  %c = slim.get_weight @w : tensor<2x3xi8>
  %w = slim.dequantize %c, %s {block = array<i64: 0, 0>} : (tensor<2x3xi8>, tensor<1x1xf32>) -> tensor<2x3xf32>
  %y = slim.linear %x, %w : (tensor<?x3xf32>, tensor<2x3xf32>) -> tensor<?x2xf32>
  %a = slim.quantize %y, %s {to = ui8, block = array<i64: 0, 0>} : (tensor<?x2xf32>, tensor<1x1xf32>) -> tensor<?x2xui8>
  %b = slim.dequantize %a, %s {block = array<i64: 0, 0>} : (tensor<?x2xui8>, tensor<1x1xf32>) -> tensor<?x2xf32>
  %d = slim.hard_swish %b : (tensor<?x2xf32>) -> tensor<?x2xf32>
  %e = slim.quantize %d, %s {to = ui8, block = array<i64: 0, 0>} : (tensor<?x2xf32>, tensor<1x1xf32>) -> tensor<?x2xui8>
  return %e : tensor<?x2xui8>
}

// -----

// Two tensors; a scale by column; a constant by column: no tables.
// CHECK-LABEL: func @negative
// CHECK-NOT: slim.table_lookup
func.func @negative(%q: tensor<2x2xui8>, %p: tensor<2x2xui8>) -> (tensor<2x2xui8>, tensor<2x2xui8>, tensor<2x2xui8>) {
  %s = slim.constant dense<0.5> : tensor<1x1xf32>
  %t = slim.constant dense<[[0.5, 0.25]]> : tensor<1x2xf32>
  %x = slim.dequantize %q, %s {block = array<i64: 0, 0>} : (tensor<2x2xui8>, tensor<1x1xf32>) -> tensor<2x2xf32>
  %y = slim.dequantize %p, %s {block = array<i64: 0, 0>} : (tensor<2x2xui8>, tensor<1x1xf32>) -> tensor<2x2xf32>
  %m = slim.mul %x, %y : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %a = slim.quantize %m, %s {to = ui8, block = array<i64: 0, 0>} : (tensor<2x2xf32>, tensor<1x1xf32>) -> tensor<2x2xui8>
  %e = slim.exp %x : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %b = slim.quantize %e, %t {to = ui8, block = array<i64: 0, 1>} : (tensor<2x2xf32>, tensor<1x2xf32>) -> tensor<2x2xui8>
  %f = slim.mul %e, %t : (tensor<2x2xf32>, tensor<1x2xf32>) -> tensor<2x2xf32>
  %c = slim.quantize %f, %s {to = ui8, block = array<i64: 0, 0>} : (tensor<2x2xf32>, tensor<1x1xf32>) -> tensor<2x2xui8>
  return %a, %b, %c : tensor<2x2xui8>, tensor<2x2xui8>, tensor<2x2xui8>
}

// -----

// Stretched along a dimension.
// CHECK-LABEL: func @stretched
// CHECK-NOT: slim.table_lookup
func.func @stretched(%q: tensor<1x3xui8>) -> tensor<3x3xui8> {
  %s = slim.constant dense<0.5> : tensor<1x1xf32>
  %n = slim.constant dense<0.5> : tensor<3x1xf32>
  %x = slim.dequantize %q, %s {block = array<i64: 0, 0>} : (tensor<1x3xui8>, tensor<1x1xf32>) -> tensor<1x3xf32>
  %y = slim.add %x, %n : (tensor<1x3xf32>, tensor<3x1xf32>) -> tensor<3x3xf32>
  %r = slim.quantize %y, %s {to = ui8, block = array<i64: 0, 0>} : (tensor<3x3xf32>, tensor<1x1xf32>) -> tensor<3x3xui8>
  return %r : tensor<3x3xui8>
}
