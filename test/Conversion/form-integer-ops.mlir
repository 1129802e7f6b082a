// RUN: slim-opt %s -split-input-file -slim-form-integer-ops -canonicalize | FileCheck %s

// The zero point's correction -3 * (1 + 2 + 3, -1 + 0 + 1) is a bias in i32, and
// the scales are one factor a channel.
slim.weight @w : tensor<2x3xi8> = dense<[[1, 2, 3], [-1, 0, 1]]> : tensor<2x3xi8>
// CHECK-LABEL: func @linear
// CHECK-DAG: %[[B:.*]] = slim.constant dense<[-18, 0]> : tensor<2xi32>
// CHECK-DAG: %[[M:.*]] = slim.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
// CHECK-DAG: %[[W:.*]] = slim.get_weight @w
// CHECK: %[[A:.*]] = slim.linear %arg0, %[[W]], %[[B]] : (tensor<?x3xui8>, tensor<2x3xi8>, tensor<2xi32>) -> tensor<?x2xi32>
// CHECK: %[[F:.*]] = slim.cast %[[A]] {to = f32}
// CHECK: %[[Y:.*]] = slim.mul %[[F]], %[[M]]
// CHECK: return %[[Y]]
func.func @linear(%q: tensor<?x3xui8>) -> tensor<?x2xf32> {
  %s = slim.constant dense<0.5> : tensor<1x1xf32>
  %z = slim.constant dense<3> : tensor<1x1xui8>
  %x = slim.dequantize %q, %s, %z {block = array<i64: 0, 0>} : (tensor<?x3xui8>, tensor<1x1xf32>, tensor<1x1xui8>) -> tensor<?x3xf32>
  %c = slim.get_weight @w : tensor<2x3xi8>
  %t = slim.constant dense<[[2.0], [4.0]]> : tensor<2x1xf32>
  %w = slim.dequantize %c, %t {block = array<i64: 1, 0>} : (tensor<2x3xi8>, tensor<2x1xf32>) -> tensor<2x3xf32>
  %y = slim.linear %x, %w : (tensor<?x3xf32>, tensor<2x3xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// Zero points of rows are corrected at run time.
slim.weight @w : tensor<3x2xi8> = dense<[[1, -1], [2, 0], [3, 2]]> : tensor<3x2xi8>
// CHECK-LABEL: func @dynamic
// CHECK-DAG: %[[T:.*]] = slim.constant dense<[2.000000e+00, 4.000000e+00]> : tensor<2xf32>
// CHECK-DAG: %[[C:.*]] = slim.constant dense<[6, 1]> : tensor<2xi32>
// CHECK: %[[Q:.*]], %[[S:.*]], %[[Z:.*]] = slim.dynamic_quantize
// CHECK-DAG: %[[WZ:.*]] = slim.cast %[[Z]] {to = i32}
// CHECK-DAG: %[[A:.*]] = slim.linear %[[Q]], %{{.*}} {transposed = true} : (tensor<?x3xui8>, tensor<3x2xi8>) -> tensor<?x2xi32>
// CHECK: %[[D:.*]] = slim.mul %[[WZ]], %[[C]] : (tensor<?x1xi32>, tensor<2xi32>) -> tensor<?x2xi32>
// CHECK: %[[E:.*]] = slim.sub %[[A]], %[[D]]
// CHECK: %[[F:.*]] = slim.cast %[[E]] {to = f32}
// CHECK: %[[G:.*]] = slim.mul %[[F]], %[[T]]
// CHECK: %[[H:.*]] = slim.mul %[[G]], %[[S]]
// CHECK: slim.add %[[H]], %arg1
func.func @dynamic(%x: tensor<?x3xf32>, %b: tensor<2xf32>) -> tensor<?x2xf32> {
  %q, %s, %z = slim.dynamic_quantize %x {per_row = true} : (tensor<?x3xf32>) -> (tensor<?x3xui8>, tensor<?x1xf32>, tensor<?x1xui8>)
  %d = slim.dequantize %q, %s, %z {block = array<i64: 1, 0>} : (tensor<?x3xui8>, tensor<?x1xf32>, tensor<?x1xui8>) -> tensor<?x3xf32>
  %c = slim.get_weight @w : tensor<3x2xi8>
  %t = slim.constant dense<[[2.0, 4.0]]> : tensor<1x2xf32>
  %w = slim.dequantize %c, %t {block = array<i64: 0, 1>} : (tensor<3x2xi8>, tensor<1x2xf32>) -> tensor<3x2xf32>
  %y = slim.linear %d, %w, %b {transposed = true} : (tensor<?x3xf32>, tensor<3x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// Between convolutions activations stay bytes. The margin is the zero point,
// the bias (in units of the scales) joins the sums, relu is what saturation at
// zero does, and the output's scale is in the factor.
slim.weight @w : tensor<2x1x3x3xi8> = dense<1> : tensor<2x1x3x3xi8>
// CHECK-LABEL: func @conv
// CHECK-DAG: %[[B:.*]] = slim.constant dense<[-17, -25]> : tensor<2xi32>
// CHECK-DAG: %[[Z:.*]] = slim.constant dense<3> : tensor<ui8>
// CHECK-DAG: %[[M:.*]] = slim.constant dense<{{.*}}2.500000e-01]], {{.*}}5.000000e-01]]]> : tensor<2x1x1xf32>
// CHECK-DAG: %[[ONE:.*]] = slim.constant dense<1.000000e+00> : tensor<1x1x1x1xf32>
// CHECK: %[[P:.*]] = slim.pad %arg0, %{{.*}}, %[[Z]]
// CHECK-SAME: tensor<?x1x10x11xui8>
// CHECK: %[[A:.*]] = slim.conv %[[P]], %{{.*}}, %[[B]] {{.*}}pads = array<i64: 0, 0, 0, 0>
// CHECK-SAME: -> tensor<?x2x8x9xi32>
// CHECK: %[[F:.*]] = slim.cast %[[A]]
// CHECK: %[[G:.*]] = slim.mul %[[F]], %[[M]]
// CHECK: %[[Q:.*]] = slim.quantize %[[G]], %[[ONE]] {{.*}}to = ui8
// CHECK: return %[[Q]]
func.func @conv(%q: tensor<?x1x8x9xui8>) -> tensor<?x2x8x9xui8> {
  %s = slim.constant dense<0.5> : tensor<1x1x1x1xf32>
  %z = slim.constant dense<3> : tensor<1x1x1x1xui8>
  %x = slim.dequantize %q, %s, %z {block = array<i64: 0, 0, 0, 0>} : (tensor<?x1x8x9xui8>, tensor<1x1x1x1xf32>, tensor<1x1x1x1xui8>) -> tensor<?x1x8x9xf32>
  %c = slim.get_weight @w : tensor<2x1x3x3xi8>
  %t = slim.constant dense<[[[[2.0]]], [[[4.0]]]]> : tensor<2x1x1x1xf32>
  %w = slim.dequantize %c, %t {block = array<i64: 1, 0, 0, 0>} : (tensor<2x1x3x3xi8>, tensor<2x1x1x1xf32>) -> tensor<2x1x3x3xf32>
  %bc = slim.constant dense<[10, 2]> : tensor<2xi32>
  %bs = slim.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %bz = slim.constant dense<0> : tensor<2xi32>
  %b = slim.dequantize %bc, %bs, %bz {block = array<i64: 1>} : (tensor<2xi32>, tensor<2xf32>, tensor<2xi32>) -> tensor<2xf32>
  %y = slim.conv %x, %w, %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1} : (tensor<?x1x8x9xf32>, tensor<2x1x3x3xf32>, tensor<2xf32>) -> tensor<?x2x8x9xf32>
  %r = slim.relu %y : (tensor<?x2x8x9xf32>) -> tensor<?x2x8x9xf32>
  %u = slim.constant dense<4.0> : tensor<1x1x1x1xf32>
  %v = slim.constant dense<0> : tensor<1x1x1x1xui8>
  %o = slim.quantize %r, %u, %v {to = ui8, block = array<i64: 0, 0, 0, 0>} : (tensor<?x2x8x9xf32>, tensor<1x1x1x1xf32>, tensor<1x1x1x1xui8>) -> tensor<?x2x8x9xui8>
  return %o : tensor<?x2x8x9xui8>
}

// -----

// Bytes move, numbers do not.
// CHECK-LABEL: func @moves
// CHECK-NEXT: %[[R:.*]] = slim.transpose %arg0 {{.*}} -> tensor<4x?xui8>
// CHECK-NEXT: %[[U:.*]] = slim.unsqueeze %[[R]] {{.*}} -> tensor<4x1x?xui8>
// CHECK-NEXT: return %[[U]]
func.func @moves(%q: tensor<?x4xui8>) -> tensor<4x1x?xui8> {
  %s = slim.constant dense<0.5> : tensor<1x1xf32>
  %x = slim.dequantize %q, %s {block = array<i64: 0, 0>} : (tensor<?x4xui8>, tensor<1x1xf32>) -> tensor<?x4xf32>
  %t = slim.transpose %x {permutation = array<i64: 1, 0>} : (tensor<?x4xf32>) -> tensor<4x?xf32>
  %u = slim.unsqueeze %t {axes = array<i64: 1>} : (tensor<4x?xf32>) -> tensor<4x1x?xf32>
  %v = slim.constant dense<0.5> : tensor<1x1x1xf32>
  %z = slim.constant dense<0> : tensor<1x1x1xui8>
  %o = slim.quantize %u, %v, %z {to = ui8, block = array<i64: 0, 0, 0>} : (tensor<4x1x?xf32>, tensor<1x1x1xf32>, tensor<1x1x1xui8>) -> tensor<4x1x?xui8>
  return %o : tensor<4x1x?xui8>
}

// -----

// Each part of a concatenation is quantized where it comes from.
// CHECK-LABEL: func @concat
// CHECK: %[[R:.*]] = slim.exp
// CHECK: %[[Q:.*]] = slim.quantize %[[R]]
// CHECK: slim.concat %arg0, %[[Q]] {{.*}} -> tensor<?x6xui8>
// CHECK-NEXT: return
func.func @concat(%q: tensor<?x4xui8>, %y: tensor<?x2xf32>) -> tensor<?x6xui8> {
  %s = slim.constant dense<0.5> : tensor<1x1xf32>
  %x = slim.dequantize %q, %s {block = array<i64: 0, 0>} : (tensor<?x4xui8>, tensor<1x1xf32>) -> tensor<?x4xf32>
  %e = slim.exp %y : (tensor<?x2xf32>) -> tensor<?x2xf32>
  %c = slim.concat %x, %e {axis = 1} : (tensor<?x4xf32>, tensor<?x2xf32>) -> tensor<?x6xf32>
  %o = slim.quantize %c, %s {to = ui8, block = array<i64: 0, 0>} : (tensor<?x6xf32>, tensor<1x1xf32>) -> tensor<?x6xui8>
  return %o : tensor<?x6xui8>
}

// -----

// A residual addition takes the output's scale into its inputs' scales.
// CHECK-LABEL: func @add
// CHECK-DAG: %[[S:.*]] = slim.constant dense<2.500000e-01> : tensor<1x1xf32>
// CHECK-DAG: %[[T:.*]] = slim.constant dense<5.000000e-01> : tensor<1x1xf32>
// CHECK-DAG: %[[ONE:.*]] = slim.constant dense<1.000000e+00> : tensor<1x1xf32>
// CHECK-DAG: %[[X:.*]] = slim.dequantize %arg0, %[[S]]
// CHECK-DAG: %[[Y:.*]] = slim.dequantize %arg1, %[[T]]
// CHECK: %[[A:.*]] = slim.add %[[X]], %[[Y]]
// CHECK: slim.quantize %[[A]], %[[ONE]]
func.func @add(%p: tensor<?x4xi8>, %q: tensor<?x4xi8>) -> tensor<?x4xi8> {
  %s = slim.constant dense<0.5> : tensor<1x1xf32>
  %t = slim.constant dense<1.0> : tensor<1x1xf32>
  %u = slim.constant dense<2.0> : tensor<1x1xf32>
  %x = slim.dequantize %p, %s {block = array<i64: 0, 0>} : (tensor<?x4xi8>, tensor<1x1xf32>) -> tensor<?x4xf32>
  %y = slim.dequantize %q, %t {block = array<i64: 0, 0>} : (tensor<?x4xi8>, tensor<1x1xf32>) -> tensor<?x4xf32>
  %a = slim.add %x, %y : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %o = slim.quantize %a, %u {to = i8, block = array<i64: 0, 0>} : (tensor<?x4xf32>, tensor<1x1xf32>) -> tensor<?x4xi8>
  return %o : tensor<?x4xi8>
}

// -----

// Bytes that were widened for their product are multiplied as bytes; unsigned
// codes of a weight become signed.
slim.weight @w : tensor<2x2xui8> = dense<[[128, 129], [255, 0]]> : tensor<2x2xui8>
// CHECK: slim.weight @w.signed : tensor<2x2xi8> = dense<{{\[\[}}0, 1], [127, -128]]>
// CHECK-LABEL: func @widened
// CHECK-DAG: %[[W:.*]] = slim.get_weight @w.signed
// CHECK-DAG: %[[C:.*]] = slim.constant dense<[127, -127]> : tensor<2xi32>
// CHECK: %[[A:.*]] = slim.linear %arg0, %[[W]] {transposed = true} : (tensor<?x2xui8>, tensor<2x2xi8>) -> tensor<?x2xi32>
// CHECK: %[[D:.*]] = slim.mul %{{.*}}, %[[C]]
// CHECK: slim.sub %[[A]], %[[D]]
func.func @widened(%q: tensor<?x2xui8>, %z: tensor<ui8>) -> tensor<?x2xi32> {
  %w = slim.get_weight @w : tensor<2x2xui8>
  %wide = slim.cast %q {to = i32} : (tensor<?x2xui8>) -> tensor<?x2xi32>
  %zero = slim.cast %z {to = i32} : (tensor<ui8>) -> tensor<i32>
  %x = slim.sub %wide, %zero : (tensor<?x2xi32>, tensor<i32>) -> tensor<?x2xi32>
  %c = slim.cast %w {to = i32} : (tensor<2x2xui8>) -> tensor<2x2xi32>
  %k = slim.constant dense<128> : tensor<i32>
  %v = slim.sub %c, %k : (tensor<2x2xi32>, tensor<i32>) -> tensor<2x2xi32>
  %y = slim.matmul %x, %v : (tensor<?x2xi32>, tensor<2x2xi32>) -> tensor<?x2xi32>
  return %y : tensor<?x2xi32>
}

// -----

// A scale that varies along what is summed, and sums that 32 bits may not hold.
slim.weight @w : tensor<2x4xi8> = dense<1> : tensor<2x4xi8>
slim.weight @long : tensor<1x65794xi8> = dense<1> : tensor<1x65794xi8>
// CHECK-LABEL: func @floats
// CHECK-COUNT-2: slim.linear {{.*}}xf32>
func.func @floats(%q: tensor<?x4xui8>, %s: tensor<1x4xf32>, %r: tensor<?x65794xui8>) -> (tensor<?x2xf32>, tensor<?x1xf32>) {
  %x = slim.dequantize %q, %s {block = array<i64: 0, 1>} : (tensor<?x4xui8>, tensor<1x4xf32>) -> tensor<?x4xf32>
  %c = slim.get_weight @w : tensor<2x4xi8>
  %t = slim.constant dense<2.0> : tensor<1x1xf32>
  %w = slim.dequantize %c, %t {block = array<i64: 0, 0>} : (tensor<2x4xi8>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %y = slim.linear %x, %w : (tensor<?x4xf32>, tensor<2x4xf32>) -> tensor<?x2xf32>
  %u = slim.dequantize %r, %t {block = array<i64: 0, 0>} : (tensor<?x65794xui8>, tensor<1x1xf32>) -> tensor<?x65794xf32>
  %d = slim.get_weight @long : tensor<1x65794xi8>
  %v = slim.dequantize %d, %t {block = array<i64: 0, 0>} : (tensor<1x65794xi8>, tensor<1x1xf32>) -> tensor<1x65794xf32>
  %o = slim.linear %u, %v : (tensor<?x65794xf32>, tensor<1x65794xf32>) -> tensor<?x1xf32>
  return %y, %o : tensor<?x2xf32>, tensor<?x1xf32>
}
