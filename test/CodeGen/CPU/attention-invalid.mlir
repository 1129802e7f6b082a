// RUN: slim-opt %s -split-input-file -verify-diagnostics

#q = affine_map<(b, h, s, t, d, e) -> (b, s, h, d)>
#k = affine_map<(b, h, s, t, d, e) -> (b, t, h, d)>
#v = affine_map<(b, h, s, t, d, e) -> (b, t, h, e)>
#y = affine_map<(b, h, s, t, d, e) -> (b, s, h, e)>

func.func @element(%x: tensor<1x9x3x4xf16>) -> tensor<1x9x3x4xf16> {
  // expected-error @below {{operand 0 has elements of type 'f16' instead of f32}}
  %r = slim_cpu.attention ins(%x, %x, %x : tensor<1x9x3x4xf16>, tensor<1x9x3x4xf16>, tensor<1x9x3x4xf16>)
      outs(%x : tensor<1x9x3x4xf16>) {indexing_maps = [#q, #k, #v, #y], scale = 0.5 : f32} -> tensor<1x9x3x4xf16>
  return %r : tensor<1x9x3x4xf16>
}

// -----

#q = affine_map<(b, h, s, t, d, e) -> (b, s, h, d)>
#k = affine_map<(b, h, s, t, d, e) -> (b, h, d, t)>
#v = affine_map<(b, h, s, t, d, e) -> (b, t, h, e)>
#y = affine_map<(b, h, s, t, d, e) -> (b, s, h, e)>

func.func @key(%x: tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32> {
  // expected-error @below {{operand 1 is not indexed by batch, head and position and then its elements, whose number is static}}
  %r = slim_cpu.attention ins(%x, %x, %x : tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>)
      outs(%x : tensor<1x4x4x4xf32>) {indexing_maps = [#q, #k, #v, #y], scale = 0.5 : f32} -> tensor<1x4x4x4xf32>
  return %r : tensor<1x4x4x4xf32>
}

// -----

#q = affine_map<(b, h, s, t, d, e) -> (b, s, h, d)>
#y = affine_map<(b, h, s, t, d, e) -> (b, s, h, e)>

func.func @maps(%x: tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32> {
  // expected-error @below {{has 2 maps for 4 operands}}
  %r = slim_cpu.attention ins(%x, %x, %x : tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>)
      outs(%x : tensor<1x4x4x4xf32>) {indexing_maps = [#q, #y], scale = 0.5 : f32} -> tensor<1x4x4x4xf32>
  return %r : tensor<1x4x4x4xf32>
}

// -----

#q = affine_map<(b, h, s, t, d, e) -> (b, s, h, d)>
#k = affine_map<(b, h, s, t, d, e) -> (b, t, h, d)>
#v = affine_map<(b, h, s, t, d, e) -> (b, t, h, e)>
#y = affine_map<(b, h, s, t, d, e) -> (b, s, h, e)>

func.func @odd(%x: tensor<1x4x4x5xbf16>) -> tensor<1x4x4x5xbf16> {
  // expected-error @below {{has bf16 queries of 5 elements, which make no pairs}}
  %r = slim_cpu.attention ins(%x, %x, %x : tensor<1x4x4x5xbf16>, tensor<1x4x4x5xbf16>, tensor<1x4x4x5xbf16>)
      outs(%x : tensor<1x4x4x5xbf16>) {indexing_maps = [#q, #k, #v, #y], scale = 0.5 : f32} -> tensor<1x4x4x5xbf16>
  return %r : tensor<1x4x4x5xbf16>
}

// -----

#q = affine_map<(b, h, s, t, d, e) -> (b, s, h, d)>
#k = affine_map<(b, h, s, t, d, e) -> (b, t, h, d)>
#v = affine_map<(b, h, s, t, d, e) -> (b, t, h, e)>
#y = affine_map<(b, h, s, t, d, e) -> (b, s, h, e)>

func.func @mixed(%x: tensor<1x4x4x4xbf16>, %y: tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32> {
  // expected-error @below {{operand 3 has elements of type 'f32' instead of bf16}}
  %r = slim_cpu.attention ins(%x, %x, %x : tensor<1x4x4x4xbf16>, tensor<1x4x4x4xbf16>, tensor<1x4x4x4xbf16>)
      outs(%y : tensor<1x4x4x4xf32>) {indexing_maps = [#q, #k, #v, #y], scale = 0.5 : f32} -> tensor<1x4x4x4xf32>
  return %r : tensor<1x4x4x4xf32>
}
