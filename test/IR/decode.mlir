// Every op of SlimDecodeOps.td, through text, the generic form and bytecode.
// RUN: slim-opt %s | slim-opt | FileCheck %s
// RUN: slim-opt %s --mlir-print-op-generic | slim-opt | FileCheck %s
// RUN: slim-opt %s --emit-bytecode | slim-opt | FileCheck %s

// CHECK-LABEL: func.func @dequantize(
// CHECK: slim.dequantize %{{.*}}, %{{.*}} {block = array<i64: 1, 0>} : (tensor<512x384xi8>, tensor<512x1xf32>) -> tensor<512x384xf32>
func.func @dequantize(%q: tensor<512x384xi8>, %s: tensor<512x1xf32>) -> (tensor<512x384xf32>) {
  %w = slim.dequantize %q, %s {block = array<i64: 1, 0>} : (tensor<512x384xi8>, tensor<512x1xf32>) -> tensor<512x384xf32>
  return %w : tensor<512x384xf32>
}

// CHECK-LABEL: func.func @dynamic_quantize(
// CHECK: slim.dynamic_quantize %{{.*}} {per_row = true} : (tensor<?x384xf32>) -> (tensor<?x384xui8>, tensor<?x1xf32>, tensor<?x1xui8>)
func.func @dynamic_quantize(%x: tensor<?x384xf32>) -> (tensor<?x384xui8>, tensor<?x1xf32>, tensor<?x1xui8>) {
  %q, %s, %z = slim.dynamic_quantize %x {per_row = true} : (tensor<?x384xf32>) -> (tensor<?x384xui8>, tensor<?x1xf32>, tensor<?x1xui8>)
  return %q, %s, %z : tensor<?x384xui8>, tensor<?x1xf32>, tensor<?x1xui8>
}

// Runs need not divide a row; all of it is one run.
// CHECK-LABEL: func.func @dynamic_scale(
// CHECK: slim.dynamic_scale %{{.*}} {block = 128 : i64, to = f8E4M3FN} : (tensor<?x400xf32>) -> tensor<?x4xf32>
// CHECK: slim.dynamic_scale %{{.*}} {block = 0 : i64, to = i8} : (tensor<?x400xf32>) -> tensor<?x1xf32>
func.func @dynamic_scale(%x: tensor<?x400xf32>) -> (tensor<?x4xf32>, tensor<?x1xf32>) {
  %s = slim.dynamic_scale %x {block = 128, to = f8E4M3FN} : (tensor<?x400xf32>) -> tensor<?x4xf32>
  %t = slim.dynamic_scale %x {block = 0, to = i8} : (tensor<?x400xf32>) -> tensor<?x1xf32>
  return %s, %t : tensor<?x4xf32>, tensor<?x1xf32>
}

// CHECK-LABEL: func.func @quantize(
// CHECK: slim.quantize %{{.*}}, %{{.*}}, %{{.*}} {block = array<i64: 0, 0>, to = ui8} : (tensor<?x384xf32>, tensor<1x1xf32>, tensor<1x1xui8>) -> tensor<?x384xui8>
func.func @quantize(%x: tensor<?x384xf32>, %s: tensor<1x1xf32>, %z: tensor<1x1xui8>) -> (tensor<?x384xui8>) {
  %q = slim.quantize %x, %s, %z {to = ui8, block = array<i64: 0, 0>} : (tensor<?x384xf32>, tensor<1x1xf32>, tensor<1x1xui8>) -> tensor<?x384xui8>
  return %q : tensor<?x384xui8>
}

// CHECK-LABEL: func.func @reshape_decode(
// CHECK: slim.reshape_decode %{{.*}} {permutation = array<i64: 1, 0>, shape = array<i64: 384, 512>} : (tensor<512x384xf32>) -> tensor<384x512xf32>
func.func @reshape_decode(%v: tensor<512x384xf32>) -> (tensor<384x512xf32>) {
  %w = slim.reshape_decode %v {permutation = array<i64: 1, 0>, shape = array<i64: 384, 512>} : (tensor<512x384xf32>) -> tensor<384x512xf32>
  return %w : tensor<384x512xf32>
}

// CHECK-LABEL: func.func @sparse_decode(
// CHECK: slim.sparse_decode %{{.*}}, %{{.*}} {m = 4 : i64, n = 2 : i64} : (tensor<512x192xf32>, tensor<512x48xui8>) -> tensor<512x384xf32>
func.func @sparse_decode(%v: tensor<512x192xf32>, %p: tensor<512x48xui8>) -> (tensor<512x384xf32>) {
  %w = slim.sparse_decode %v, %p {n = 2, m = 4} : (tensor<512x192xf32>, tensor<512x48xui8>) -> tensor<512x384xf32>
  return %w : tensor<512x384xf32>
}

// CHECK-LABEL: func.func @unpack_bits(
// CHECK: slim.unpack_bits %{{.*}} {extent = 383 : i64, to = i4} : (tensor<?x192xui8>) -> tensor<?x383xi4>
// CHECK: slim.unpack_bits %{{.*}} {extent = 383 : i64, to = ui3} : (tensor<2x144xui8>) -> tensor<2x383xui3>
func.func @unpack_bits(%p: tensor<?x192xui8>, %q: tensor<2x144xui8>) -> (tensor<?x383xi4>, tensor<2x383xui3>) {
  %v = slim.unpack_bits %p {extent = 383, to = i4} : (tensor<?x192xui8>) -> tensor<?x383xi4>
  %w = slim.unpack_bits %q {extent = 383, to = ui3} : (tensor<2x144xui8>) -> tensor<2x383xui3>
  return %v, %w : tensor<?x383xi4>, tensor<2x383xui3>
}

// CHECK-LABEL: func.func @codebook_decode(
// CHECK: slim.codebook_decode %{{.*}}, %{{.*}} : (tensor<512x384xui4>, tensor<16xf32>) -> tensor<512x384xf32>
func.func @codebook_decode(%q: tensor<512x384xui4>, %t: tensor<16xf32>) -> tensor<512x384xf32> {
  %n = slim.codebook_decode %q, %t : (tensor<512x384xui4>, tensor<16xf32>) -> tensor<512x384xf32>
  return %n : tensor<512x384xf32>
}
