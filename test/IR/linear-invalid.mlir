// RUN: slim-opt %s -split-input-file -verify-diagnostics

func.func @linear_inner(%x: tensor<?x5xf32>, %w: tensor<3x4xf32>) {
  // expected-error @+2 {{'slim.linear' op the last extent of input (5) differs from the weight's input extent (4)}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.linear %x, %w : (tensor<?x5xf32>, tensor<3x4xf32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @linear_inner_transposed(%x: tensor<?x4xf32>, %w: tensor<3x4xf32>) {
  // expected-error @+2 {{'slim.linear' op the last extent of input (4) differs from the weight's input extent (3)}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.linear %x, %w {transposed = true}
    : (tensor<?x4xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
  return
}

// -----

func.func @linear_scalar(%x: tensor<f32>, %w: tensor<3x4xf32>) {
  // expected-error @+2 {{'slim.linear' op input must have rank 1 or higher, not 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.linear %x, %w : (tensor<f32>, tensor<3x4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @linear_weight_rank(%x: tensor<2x4xf32>, %w: tensor<3x4x1xf32>) {
  // expected-error @+2 {{'slim.linear' op weight must have rank 2, not 3}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.linear %x, %w : (tensor<2x4xf32>, tensor<3x4x1xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @linear_bias(%x: tensor<2x4xf32>, %w: tensor<3x4xf32>, %b: tensor<4xf32>) {
  // expected-error @+2 {{'slim.linear' op dimension 0 of bias is 4, but the weight's output extent is 3}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.linear %x, %w, %b
    : (tensor<2x4xf32>, tensor<3x4xf32>, tensor<4xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @linear_bias_type(%x: tensor<2x4xi8>, %w: tensor<3x4xi8>, %b: tensor<3xi8>) {
  // expected-error @+2 {{'slim.linear' op bias has element type 'i8' where it must have 'i32'}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.linear %x, %w, %b
    : (tensor<2x4xi8>, tensor<3x4xi8>, tensor<3xi8>) -> tensor<2x3xi32>
  return
}

// -----

func.func @linear_types(%x: tensor<2x4xf32>, %w: tensor<3x4xf16>) {
  // expected-error @+2 {{'slim.linear' op cannot multiply element types 'f32' and 'f16'}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.linear %x, %w : (tensor<2x4xf32>, tensor<3x4xf16>) -> tensor<2x3xf32>
  return
}

// -----

func.func @linear_result(%x: tensor<2x4xf32>, %w: tensor<3x4xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{inferred type(s) 'tensor<2x3xf32>' are incompatible with return type(s) of operation 'tensor<2x4xf32>'}}
  %y = slim.linear %x, %w : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @matmul_inner(%a: tensor<2x4xf32>, %b: tensor<3x5xf32>) {
  // expected-error @+2 {{'slim.matmul' op the inner extent of lhs (4) differs from the inner extent of rhs (3)}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.matmul %a, %b : (tensor<2x4xf32>, tensor<3x5xf32>) -> tensor<2x5xf32>
  return
}

// -----

func.func @matmul_batch(%a: tensor<2x2x4xf32>, %b: tensor<3x4x5xf32>) {
  // expected-error @+2 {{'slim.matmul' op cannot broadcast the batch dimensions of 'tensor<2x2x4xf32>' and 'tensor<3x4x5xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.matmul %a, %b : (tensor<2x2x4xf32>, tensor<3x4x5xf32>) -> tensor<2x2x5xf32>
  return
}

// -----

func.func @matmul_booleans(%a: tensor<2x4xi1>, %b: tensor<4x5xi1>) {
  // expected-error @+2 {{'slim.matmul' op cannot multiply truth values}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.matmul %a, %b : (tensor<2x4xi1>, tensor<4x5xi1>) -> tensor<2x5xi1>
  return
}

// -----

func.func @embedding_rank(%i: tensor<2xi64>, %w: tensor<3xf32>) {
  // expected-error @+2 {{'slim.embedding' op weight must have rank 2, not 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.embedding %i, %w : (tensor<2xi64>, tensor<3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @attention_heads(%q: tensor<1x12x4x8xf32>, %k: tensor<1x5x4x8xf32>) {
  // expected-error @+2 {{'slim.attention' op 12 query heads are no multiple of 5 key heads}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.attention %q, %k, %k
    : (tensor<1x12x4x8xf32>, tensor<1x5x4x8xf32>, tensor<1x5x4x8xf32>)
    -> tensor<1x12x4x8xf32>
  return
}

// -----

func.func @attention_no_heads(%q: tensor<1x12x4x8xf32>, %k: tensor<1x0x4x8xf32>) {
  // expected-error @+2 {{'slim.attention' op 12 query heads are no multiple of 0 key heads}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.attention %q, %k, %k
    : (tensor<1x12x4x8xf32>, tensor<1x0x4x8xf32>, tensor<1x0x4x8xf32>)
    -> tensor<1x12x4x8xf32>
  return
}

// -----

func.func @attention_mask(%q: tensor<1x2x4x8xf32>, %m: tensor<3x4xf32>) {
  // expected-error @+2 {{'slim.attention' op dimension 0 of mask is 3, but the extent of the scores there is 4}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.attention %q, %q, %q mask %m
    : (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>,
       tensor<3x4xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @attention_length(%q: tensor<1x2x4x8xf32>, %v: tensor<1x2x5x8xf32>) {
  // expected-error @+2 {{'slim.attention' op the length of key (4) differs from that of value (5)}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.attention %q, %q, %v
    : (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x5x8xf32>)
    -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @rotary_pairs(%x: tensor<1x2x4x8xf32>, %c: tensor<4x5xf32>) {
  // expected-error @+2 {{'slim.rotary_embedding' op 5 pairs do not fit into heads of size 8}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.rotary_embedding %x, %c, %c
    : (tensor<1x2x4x8xf32>, tensor<4x5xf32>, tensor<4x5xf32>)
    -> tensor<1x2x4x8xf32>
  return
}
