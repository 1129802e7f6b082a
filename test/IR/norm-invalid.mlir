// RUN: slim-opt %s -split-input-file -verify-diagnostics

func.func @softmax_axis(%x: tensor<2x4xf32>) {
  // expected-error @+2 {{'slim.softmax' op axis 2 is not a dimension of a tensor of rank 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.softmax %x {axis = 2 : i64} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @softmax_negative_axis(%x: tensor<2x4xf32>) {
  // expected-error @+2 {{'slim.log_softmax' op axis -1 is not a dimension of a tensor of rank 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.log_softmax %x {axis = -1 : i64} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @layer_norm_scalar(%x: tensor<f32>) {
  // expected-error @+2 {{'slim.layer_norm' op axis 0 is not a dimension of a tensor of rank 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %y:3 = slim.layer_norm %x {axis = 0 : i64, epsilon = 1.0e-5 : f32}
    : (tensor<f32>) -> (tensor<f32>, tensor<f32>, tensor<f32>)
  return
}

// -----

func.func @layer_norm_scale(%x: tensor<2x4xf32>, %s: tensor<3xf32>) {
  // expected-error @+2 {{'slim.layer_norm' op dimension 0 of scale is 3, but the input's extent there is 4}}
  // expected-error @+1 {{failed to infer returned types}}
  %y:3 = slim.layer_norm %x scale %s {axis = 1 : i64, epsilon = 1.0e-5 : f32}
    : (tensor<2x4xf32>, tensor<3xf32>)
    -> (tensor<2x4xf32>, tensor<2x1xf32>, tensor<2x1xf32>)
  return
}

// -----

func.func @layer_norm_bias_rank(%x: tensor<2x4xf32>, %s: tensor<2x4xf32>) {
  // expected-error @+2 {{'slim.layer_norm' op bias must have a rank from 0 to 1, not 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %y:3 = slim.layer_norm %x bias %s {axis = 1 : i64, epsilon = 1.0e-5 : f32}
    : (tensor<2x4xf32>, tensor<2x4xf32>)
    -> (tensor<2x4xf32>, tensor<2x1xf32>, tensor<2x1xf32>)
  return
}

// -----

func.func @epsilon(%x: tensor<2x4xf32>) {
  // expected-error @+2 {{'slim.rms_norm' op epsilon must be finite and not negative, not -1}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.rms_norm %x {axis = 1 : i64, epsilon = -1.0 : f32}
    : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @batch_norm_rank(%x: tensor<4xf32>, %s: tensor<4xf32>) {
  // expected-error @+2 {{'slim.batch_norm' op input must have rank 2 or higher, not 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.batch_norm %x, %s, %s, %s, %s {epsilon = 1.0e-5 : f32}
    : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
    -> tensor<4xf32>
  return
}

// -----

func.func @batch_norm_channels(%x: tensor<1x4x2xf32>, %s: tensor<4xf32>, %m: tensor<2xf32>) {
  // expected-error @+2 {{'slim.batch_norm' op dimension 0 of mean is 2, but the number of channels is 4}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.batch_norm %x, %s, %s, %m, %s {epsilon = 1.0e-5 : f32}
    : (tensor<1x4x2xf32>, tensor<4xf32>, tensor<4xf32>, tensor<2xf32>, tensor<4xf32>)
    -> tensor<1x4x2xf32>
  return
}

// -----

func.func @group_norm_groups(%x: tensor<1x8x2xf32>, %s: tensor<8xf32>) {
  // expected-error @+2 {{'slim.group_norm' op 3 groups do not divide 8 channels}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.group_norm %x, %s, %s {groups = 3 : i64, epsilon = 1.0e-5 : f32}
    : (tensor<1x8x2xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<1x8x2xf32>
  return
}

// -----

func.func @lrn_size(%x: tensor<1x8x2xf32>) {
  // expected-error @+2 {{'slim.local_response_norm' op size must be 1 or more, not 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.local_response_norm %x {size = 0 : i64, alpha = 1.0e-4 : f32,
      beta = 0.75 : f32, bias = 1.0 : f32}
    : (tensor<1x8x2xf32>) -> tensor<1x8x2xf32>
  return
}
