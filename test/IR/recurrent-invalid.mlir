// RUN: slim-opt %s -split-input-file -verify-diagnostics

func.func @hidden_size(%x: tensor<2x1x3xf32>, %w: tensor<1x8x3xf32>, %r: tensor<1x8x2xf32>) {
  // expected-error @+2 {{'slim.lstm' op hidden_size must be from 1 to 2147483647, not 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %y:3 = slim.lstm %x, %w, %r
      {hidden_size = 0 : i64, direction = #slim.direction<forward>}
    : (tensor<2x1x3xf32>, tensor<1x8x3xf32>, tensor<1x8x2xf32>)
    -> (tensor<2x1x1x2xf32>, tensor<1x1x2xf32>, tensor<1x1x2xf32>)
  return
}

// -----

func.func @directions(%x: tensor<2x1x3xf32>, %w: tensor<1x8x3xf32>, %r: tensor<1x8x2xf32>) {
  // expected-error @+2 {{'slim.lstm' op dimension 0 of weight is 1, but the layer's extent is 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %y:3 = slim.lstm %x, %w, %r
      {hidden_size = 2 : i64, direction = #slim.direction<bidirectional>}
    : (tensor<2x1x3xf32>, tensor<1x8x3xf32>, tensor<1x8x2xf32>)
    -> (tensor<2x2x1x2xf32>, tensor<2x1x2xf32>, tensor<2x1x2xf32>)
  return
}

// -----

func.func @gates(%x: tensor<2x1x3xf32>, %w: tensor<1x8x3xf32>, %r: tensor<1x8x2xf32>) {
  // expected-error @+2 {{'slim.gru' op dimension 1 of weight is 8, but the layer's extent is 6}}
  // expected-error @+1 {{failed to infer returned types}}
  %y:2 = slim.gru %x, %w, %r
      {hidden_size = 2 : i64, direction = #slim.direction<forward>}
    : (tensor<2x1x3xf32>, tensor<1x8x3xf32>, tensor<1x8x2xf32>)
    -> (tensor<2x1x1x2xf32>, tensor<1x1x2xf32>)
  return
}

// -----

func.func @peephole(%x: tensor<2x1x3xf32>, %w: tensor<1x8x3xf32>, %r: tensor<1x8x2xf32>, %p: tensor<1x8xf32>) {
  // expected-error @+2 {{'slim.lstm' op dimension 1 of peephole is 8, but the layer's extent is 6}}
  // expected-error @+1 {{failed to infer returned types}}
  %y:3 = slim.lstm %x, %w, %r peephole %p
      {hidden_size = 2 : i64, direction = #slim.direction<forward>}
    : (tensor<2x1x3xf32>, tensor<1x8x3xf32>, tensor<1x8x2xf32>, tensor<1x8xf32>)
    -> (tensor<2x1x1x2xf32>, tensor<1x1x2xf32>, tensor<1x1x2xf32>)
  return
}

// -----

func.func @type(%x: tensor<2x1x3xf32>, %w: tensor<1x8x3xf16>, %r: tensor<1x8x2xf32>) {
  // expected-error @+2 {{'slim.lstm' op weight has element type 'f16' where it must have 'f32'}}
  // expected-error @+1 {{failed to infer returned types}}
  %y:3 = slim.lstm %x, %w, %r
      {hidden_size = 2 : i64, direction = #slim.direction<forward>}
    : (tensor<2x1x3xf32>, tensor<1x8x3xf16>, tensor<1x8x2xf32>)
    -> (tensor<2x1x1x2xf32>, tensor<1x1x2xf32>, tensor<1x1x2xf32>)
  return
}

// -----

func.func @lengths(%x: tensor<2x1x3xf32>, %w: tensor<1x8x3xf32>, %r: tensor<1x8x2xf32>, %n: tensor<4xi32>) {
  // expected-error @+2 {{'slim.lstm' op dimension 0 of sequence_lengths is 4, but the layer's extent is 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %y:3 = slim.lstm %x, %w, %r sequence_lengths %n
      {hidden_size = 2 : i64, direction = #slim.direction<forward>}
    : (tensor<2x1x3xf32>, tensor<1x8x3xf32>, tensor<1x8x2xf32>, tensor<4xi32>)
    -> (tensor<2x1x1x2xf32>, tensor<1x1x2xf32>, tensor<1x1x2xf32>)
  return
}
