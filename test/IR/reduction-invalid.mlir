// What the inference of the reduction ops rejects.
// RUN: slim-opt %s -split-input-file -verify-diagnostics

func.func @axis(%x: tensor<2x4xf32>) {
  // expected-error @+2 {{axis 2 is not a dimension of a tensor of rank 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.reduce_sum %x {axes = array<i64: 2>} : (tensor<2x4xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @twice(%x: tensor<2x4xf32>) {
  // expected-error @+2 {{axis 1 occurs twice}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.reduce_max %x {axes = array<i64: 1, 1>} : (tensor<2x4xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @keep(%x: tensor<2x4xf32>) {
  // expected-error @+2 {{inferred type(s) 'tensor<2x1xf32>' are incompatible}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.reduce_mean %x {axes = array<i64: 1>, keep_dims = true} : (tensor<2x4xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @arg_empty(%x: tensor<2x0xf32>) {
  // expected-error @+2 {{dimension 1 is empty: no element has a position}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.arg_max %x {axis = 1} : (tensor<2x0xf32>) -> tensor<2xi64>
  return
}

// -----

func.func @arg_axis(%x: tensor<2x4xf32>) {
  // expected-error @+2 {{axis -1 is not a dimension of a tensor of rank 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.arg_min %x {axis = -1} : (tensor<2x4xf32>) -> tensor<2xi64>
  return
}

// -----

func.func @cumsum_axis(%x: tensor<f32>) {
  // expected-error @+2 {{axis 0 is not a dimension of a tensor of rank 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.cumsum %x {axis = 0} : (tensor<f32>) -> tensor<f32>
  return
}

// -----

func.func @top_k_many(%x: tensor<2x4xf32>) {
  %k = slim.constant dense<5> : tensor<1xi64>
  // expected-error @+2 {{k is 5, but dimension 1 has 4 elements}}
  // expected-error @+1 {{failed to infer returned types}}
  %results:2 = slim.top_k %x, %k {axis = 1} : (tensor<2x4xf32>, tensor<1xi64>) -> (tensor<2x5xf32>, tensor<2x5xi64>)
  return
}

// -----

func.func @top_k_negative(%x: tensor<2x?xf32>) {
  %k = slim.constant dense<-1> : tensor<1xi64>
  // expected-error @+2 {{k is -1, but dimension 1 has an unknown number of elements}}
  // expected-error @+1 {{failed to infer returned types}}
  %results:2 = slim.top_k %x, %k {axis = 1} : (tensor<2x?xf32>, tensor<1xi64>) -> (tensor<2x?xf32>, tensor<2x?xi64>)
  return
}

// -----

func.func @top_k_several(%x: tensor<2x4xf32>, %k: tensor<2xi64>) {
  // expected-error @+2 {{dimension 0 of k is 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %results:2 = slim.top_k %x, %k {axis = 1} : (tensor<2x4xf32>, tensor<2xi64>) -> (tensor<2x?xf32>, tensor<2x?xi64>)
  return
}
