// What the inference of the decode ops rejects.
// RUN: slim-opt %s -split-input-file -verify-diagnostics

func.func @block_rank(%q: tensor<8x4xi8>, %s: tensor<8x1xf32>) {
  // expected-error @+2 {{block has 1 extents for a tensor of rank 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.dequantize %q, %s {block = array<i64: 1>} : (tensor<8x4xi8>, tensor<8x1xf32>) -> tensor<8x4xf32>
  return
}

// -----

func.func @block_negative(%q: tensor<8x4xi8>, %s: tensor<8x1xf32>) {
  // expected-error @+2 {{block has the extent -4}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.dequantize %q, %s {block = array<i64: 1, -4>} : (tensor<8x4xi8>, tensor<8x1xf32>) -> tensor<8x4xf32>
  return
}

// -----

func.func @scale_rank(%q: tensor<8x4xi8>, %s: tensor<8xf32>) {
  // expected-error @+2 {{scale must have rank 2, not 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.dequantize %q, %s {block = array<i64: 1, 0>} : (tensor<8x4xi8>, tensor<8xf32>) -> tensor<8x4xf32>
  return
}

// -----

func.func @scale_extent(%q: tensor<8x10xi8>, %s: tensor<8x3xf32>) {
  // expected-error @+2 {{dimension 1 of scale is 3, but the number of blocks is 4}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.dequantize %q, %s {block = array<i64: 1, 3>} : (tensor<8x10xi8>, tensor<8x3xf32>) -> tensor<8x10xf32>
  return
}

// -----

func.func @zero_type(%q: tensor<8xi8>, %s: tensor<1xf32>, %z: tensor<1xui8>) {
  // expected-error @+2 {{zero_point}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.dequantize %q, %s, %z {block = array<i64: 0>} : (tensor<8xi8>, tensor<1xf32>, tensor<1xui8>) -> tensor<8xf32>
  return
}

// -----

func.func @narrow(%q: tensor<8xf32>, %s: tensor<1xf16>) {
  // expected-error @+2 {{computes in 'f16', which does not hold 'f32'}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.dequantize %q, %s {block = array<i64: 0>} : (tensor<8xf32>, tensor<1xf16>) -> tensor<8xf16>
  return
}

// -----

func.func @quantize_to(%x: tensor<8xf32>, %s: tensor<1xf32>) {
  // expected-error @+2 {{cannot quantize to 'i1': it is no float and no signless or unsigned integer of 2 to 32 bits}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.quantize %x, %s {to = i1, block = array<i64: 0>} : (tensor<8xf32>, tensor<1xf32>) -> tensor<8xi1>
  return
}

// -----

func.func @per_row_scalar(%x: tensor<f32>) {
  // expected-error @+2 {{input must have rank 1 or higher, not 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %results:3 = slim.dynamic_quantize %x {per_row = true} : (tensor<f32>) -> (tensor<ui8>, tensor<f32>, tensor<ui8>)
  return
}

// -----

func.func @pattern(%v: tensor<8x10xf32>, %p: tensor<8x2xui8>) {
  // expected-error @+2 {{needs 1 <= n <= m <= 256, not n = 5 and m = 4}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.sparse_decode %v, %p {n = 5, m = 4} : (tensor<8x10xf32>, tensor<8x2xui8>) -> tensor<8x8xf32>
  return
}

// -----

func.func @rows(%v: tensor<8x5xf32>, %p: tensor<8x2xui8>) {
  // expected-error @+2 {{values have 5 elements a row, which is no multiple of n = 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.sparse_decode %v, %p {n = 2, m = 4} : (tensor<8x5xf32>, tensor<8x2xui8>) -> tensor<8x10xf32>
  return
}

// -----

func.func @position_bytes(%v: tensor<8x6xf32>, %p: tensor<8x3xui8>) {
  // expected-error @+2 {{dimension 1 of positions is 3, but the number of bytes of a row's positions is 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.sparse_decode %v, %p {n = 2, m = 4} : (tensor<8x6xf32>, tensor<8x3xui8>) -> tensor<8x12xf32>
  return
}

// -----

func.func @position_type(%v: tensor<8x6xf32>, %p: tensor<8x2xi8>) {
  // expected-error @+2 {{positions must have element type ui8, not 'i8'}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.sparse_decode %v, %p {n = 2, m = 4} : (tensor<8x6xf32>, tensor<8x2xi8>) -> tensor<8x12xf32>
  return
}

// -----

func.func @permutation(%v: tensor<8x4xf32>) {
  // expected-error @+2 {{permutation is no permutation of the input's dimensions}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.reshape_decode %v {permutation = array<i64: 1, 1>, shape = array<i64: 32>} : (tensor<8x4xf32>) -> tensor<32xf32>
  return
}

// -----

func.func @decode_count(%v: tensor<8x4xf32>) {
  // expected-error @+2 {{cannot give 32 elements a shape of 31}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.reshape_decode %v {permutation = array<i64: 1, 0>, shape = array<i64: 31>} : (tensor<8x4xf32>) -> tensor<31xf32>
  return
}

// -----

func.func @decode_open(%v: tensor<8x?xf32>) {
  // expected-error @+2 {{input must have a static shape, not 'tensor<8x?xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.reshape_decode %v {permutation = array<i64: 1, 0>, shape = array<i64: 32>} : (tensor<8x?xf32>) -> tensor<32xf32>
  return
}

// -----

func.func @codebook_codes(%q: tensor<8xi4>, %t: tensor<16xf32>) {
  // expected-error @+2 {{codes must be unsigned integers of 1 to 8 bits, not 'i4'}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.codebook_decode %q, %t : (tensor<8xi4>, tensor<16xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @codebook_table(%q: tensor<8xui3>, %t: tensor<7xf32>) {
  // expected-error @+2 {{dimension 0 of table is 7, but the number of codes is 8}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.codebook_decode %q, %t : (tensor<8xui3>, tensor<7xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @scale_unsigned(%x: tensor<4x8xf32>) {
  // expected-error @+2 {{cannot scale to 'ui8': it is no float of at most 8 bits and no signless integer of 2 to 16 bits}}
  // expected-error @+1 {{failed to infer returned types}}
  %s = slim.dynamic_scale %x {block = 4, to = ui8} : (tensor<4x8xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @scale_scalar(%x: tensor<f32>) {
  // expected-error @+2 {{input must have rank 1 or higher, not 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %s = slim.dynamic_scale %x {block = 0, to = i8} : (tensor<f32>) -> tensor<f32>
  return
}

// -----

func.func @scale_runs(%x: tensor<4x9xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{op inferred type(s) 'tensor<4x3xf32>' are incompatible with return type(s) of operation 'tensor<4x2xf32>'}}
  %s = "slim.dynamic_scale"(%x) {block = 4 : i64, to = i8} : (tensor<4x9xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @unpack_bytes(%p: tensor<8xui8>) {
  // expected-error @+2 {{cannot unpack elements of type 'i8': they have no less than 8 bits}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.unpack_bits %p {extent = 8, to = i8} : (tensor<8xui8>) -> tensor<8xi8>
  return
}

// -----

func.func @unpack_short(%p: tensor<4xui8>) {
  // expected-error @+2 {{dimension 0 of input is 4, but the number of bytes of a row is 5}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.unpack_bits %p {extent = 9, to = i4} : (tensor<4xui8>) -> tensor<9xi4>
  return
}

// -----

func.func @unpack_signed(%p: tensor<4xi8>) {
  // expected-error @+2 {{input must have element type ui8, not 'i8'}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.unpack_bits %p {extent = 8, to = i4} : (tensor<4xi8>) -> tensor<8xi4>
  return
}
