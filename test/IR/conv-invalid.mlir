// RUN: slim-opt %s -split-input-file -verify-diagnostics

func.func @weight_rank(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3xf32>) {
  // expected-error @+2 {{'slim.conv' op weight must have rank 4, not 3}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.conv %x, %w {strides = array<i64: 1, 1>,
      pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
    : (tensor<1x3x8x8xf32>, tensor<4x3x3xf32>) -> tensor<1x4x6x6xf32>
  return
}

// -----

func.func @input_rank(%x: tensor<1x3xf32>, %w: tensor<4x3xf32>) {
  // expected-error @+2 {{'slim.conv' op input must have a rank from 3 to 5, not 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.conv %x, %w {strides = array<i64>, pads = array<i64>,
      dilations = array<i64>}
    : (tensor<1x3xf32>, tensor<4x3xf32>) -> tensor<1x4xf32>
  return
}

// -----

func.func @strides_size(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+2 {{'slim.conv' op strides has 1 elements; 2 spatial dimensions need 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.conv %x, %w {strides = array<i64: 1>,
      pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
    : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  return
}

// -----

func.func @pads_size(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+2 {{'slim.conv' op pads has 2 elements; 2 spatial dimensions need 4}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.conv %x, %w {strides = array<i64: 1, 1>,
      pads = array<i64: 0, 0>, dilations = array<i64: 1, 1>}
    : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  return
}

// -----

func.func @zero_stride(%x: tensor<1x3x8xf32>, %w: tensor<4x3x3xf32>) {
  // expected-error @+2 {{'slim.conv' op strides must be 1 or more, not 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.conv %x, %w {strides = array<i64: 0>, pads = array<i64: 0, 0>,
      dilations = array<i64: 1>}
    : (tensor<1x3x8xf32>, tensor<4x3x3xf32>) -> tensor<1x4x6xf32>
  return
}

// -----

func.func @negative_pad(%x: tensor<1x3x8xf32>, %w: tensor<4x3x3xf32>) {
  // expected-error @+2 {{'slim.conv' op pads must be 0 or more, not -1}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.conv %x, %w {strides = array<i64: 1>, pads = array<i64: -1, 0>,
      dilations = array<i64: 1>}
    : (tensor<1x3x8xf32>, tensor<4x3x3xf32>) -> tensor<1x4x6xf32>
  return
}

// -----

func.func @zero_dilation(%x: tensor<1x3x8xf32>, %w: tensor<4x3x3xf32>) {
  // expected-error @+2 {{'slim.conv' op dilations must be 1 or more, not 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>,
      dilations = array<i64: 0>}
    : (tensor<1x3x8xf32>, tensor<4x3x3xf32>) -> tensor<1x4x6xf32>
  return
}

// -----

func.func @empty_kernel(%x: tensor<1x3x8xf32>, %w: tensor<4x3x0xf32>) {
  // expected-error @+2 {{'slim.conv' op kernel extents must be 1 or more, not 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>,
      dilations = array<i64: 1>}
    : (tensor<1x3x8xf32>, tensor<4x3x0xf32>) -> tensor<1x4x6xf32>
  return
}

// -----

func.func @zero_groups(%x: tensor<1x3x8xf32>, %w: tensor<4x3x3xf32>) {
  // expected-error @+2 {{'slim.conv' op groups must be 1 or more, not 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>,
      dilations = array<i64: 1>, groups = 0 : i64}
    : (tensor<1x3x8xf32>, tensor<4x3x3xf32>) -> tensor<1x4x6xf32>
  return
}

// -----

func.func @groups_channels(%x: tensor<1x3x8xf32>, %w: tensor<4x1x3xf32>) {
  // expected-error @+2 {{'slim.conv' op 2 groups do not divide 3 input channels}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>,
      dilations = array<i64: 1>, groups = 2 : i64}
    : (tensor<1x3x8xf32>, tensor<4x1x3xf32>) -> tensor<1x4x6xf32>
  return
}

// -----

func.func @groups_filters(%x: tensor<1x4x8xf32>, %w: tensor<5x2x3xf32>) {
  // expected-error @+2 {{'slim.conv' op 2 groups do not divide 5 filters}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>,
      dilations = array<i64: 1>, groups = 2 : i64}
    : (tensor<1x4x8xf32>, tensor<5x2x3xf32>) -> tensor<1x5x6xf32>
  return
}

// -----

func.func @weight_channels(%x: tensor<1x4x8xf32>, %w: tensor<6x4x3xf32>) {
  // expected-error @+2 {{'slim.conv' op dimension 1 of weight is 4, but the number of input channels of a group is 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>,
      dilations = array<i64: 1>, groups = 2 : i64}
    : (tensor<1x4x8xf32>, tensor<6x4x3xf32>) -> tensor<1x6x6xf32>
  return
}

// -----

func.func @kernel_too_large(%x: tensor<1x3x2xf32>, %w: tensor<4x3x5xf32>) {
  // expected-error @+2 {{'slim.conv' op the kernel does not fit into spatial dimension 0 of extent 2 with its padding}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>,
      dilations = array<i64: 1>}
    : (tensor<1x3x2xf32>, tensor<4x3x5xf32>) -> tensor<1x4x?xf32>
  return
}

// -----

func.func @overflow(%x: tensor<1x3x2xf32>, %w: tensor<4x3x5xf32>) {
  // expected-error @+2 {{'slim.conv' op spatial dimension 0 of the result has no 64-bit extent}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>,
      dilations = array<i64: 9223372036854775807>}
    : (tensor<1x3x2xf32>, tensor<4x3x5xf32>) -> tensor<1x4x?xf32>
  return
}

// -----

func.func @padding_overflow(%x: tensor<1x3x2xf32>, %w: tensor<4x3x5xf32>) {
  // expected-error @+2 {{'slim.conv' op spatial dimension 0 of the result has no 64-bit extent}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.conv %x, %w {strides = array<i64: 1>,
      pads = array<i64: 9223372036854775807, 9223372036854775807>,
      dilations = array<i64: 1>}
    : (tensor<1x3x2xf32>, tensor<4x3x5xf32>) -> tensor<1x4x?xf32>
  return
}

// -----

func.func @transpose_output_padding(%x: tensor<1x4x8xf32>, %w: tensor<4x2x3xf32>) {
  // expected-error @+2 {{'slim.conv_transpose' op output_padding has 2 elements; 1 spatial dimensions need as many}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.conv_transpose %x, %w {strides = array<i64: 1>,
      pads = array<i64: 0, 0>, dilations = array<i64: 1>,
      output_padding = array<i64: 0, 0>}
    : (tensor<1x4x8xf32>, tensor<4x2x3xf32>) -> tensor<1x2x10xf32>
  return
}

// -----

func.func @transpose_channels(%x: tensor<1x4x8xf32>, %w: tensor<3x2x3xf32>) {
  // expected-error @+2 {{'slim.conv_transpose' op dimension 0 of weight is 3, but the number of input channels is 4}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.conv_transpose %x, %w {strides = array<i64: 1>,
      pads = array<i64: 0, 0>, dilations = array<i64: 1>,
      output_padding = array<i64: 0>}
    : (tensor<1x4x8xf32>, tensor<3x2x3xf32>) -> tensor<1x2x10xf32>
  return
}

// -----

func.func @transpose_negative(%x: tensor<1x4x1xf32>, %w: tensor<4x2x3xf32>) {
  // expected-error @+2 {{'slim.conv_transpose' op spatial dimension 0 of the result would have extent -1}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.conv_transpose %x, %w {strides = array<i64: 1>,
      pads = array<i64: 2, 2>, dilations = array<i64: 1>,
      output_padding = array<i64: 0>}
    : (tensor<1x4x1xf32>, tensor<4x2x3xf32>) -> tensor<1x2x?xf32>
  return
}

// -----

func.func @im2col_kernel(%x: tensor<1x4x8xf32>) {
  // expected-error @+2 {{'slim.im2col' op kernel has 2 elements; 1 spatial dimensions need 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.im2col %x {kernel = array<i64: 3, 3>, strides = array<i64: 1>,
      pads = array<i64: 0, 0>, dilations = array<i64: 1>}
    : (tensor<1x4x8xf32>) -> tensor<?x?xf32>
  return
}
