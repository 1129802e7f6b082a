// RUN: slim-opt %s -split-input-file -verify-diagnostics

func.func @rank(%x: tensor<8x8xf32>) {
  // expected-error @+2 {{'slim.max_pool' op input must have rank 3 or higher, not 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.max_pool %x {kernel = array<i64>, strides = array<i64>,
      pads = array<i64>, dilations = array<i64>}
    : (tensor<8x8xf32>) -> tensor<8x8xf32>
  return
}

// -----

func.func @kernel_size(%x: tensor<1x8x8x8xf32>) {
  // expected-error @+2 {{'slim.max_pool' op kernel has 1 elements; 2 spatial dimensions need 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.max_pool %x {kernel = array<i64: 2>, strides = array<i64: 1, 1>,
      pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
    : (tensor<1x8x8x8xf32>) -> tensor<1x8x7x7xf32>
  return
}

// -----

func.func @zero_kernel(%x: tensor<1x8x8xf32>) {
  // expected-error @+2 {{'slim.avg_pool' op kernel extents must be 1 or more, not 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.avg_pool %x {kernel = array<i64: 0>, strides = array<i64: 1>,
      pads = array<i64: 0, 0>, dilations = array<i64: 1>}
    : (tensor<1x8x8xf32>) -> tensor<1x8x8xf32>
  return
}

// -----

func.func @too_large(%x: tensor<1x8x2xf32>) {
  // expected-error @+2 {{'slim.avg_pool' op the kernel does not fit into spatial dimension 0 of extent 2 with its padding}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.avg_pool %x {kernel = array<i64: 5>, strides = array<i64: 1>,
      pads = array<i64: 0, 0>, dilations = array<i64: 1>}
    : (tensor<1x8x2xf32>) -> tensor<1x8x1xf32>
  return
}

// -----

// The sentinel that stands for a dynamic extent is no kernel.
func.func @sentinel(%x: tensor<1x8x2xf32>) {
  // expected-error @+2 {{'slim.avg_pool' op kernel extents must be 1 or more, not -9223372036854775808}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.avg_pool %x {kernel = array<i64: -9223372036854775808>,
      strides = array<i64: 1>, pads = array<i64: 0, 0>, dilations = array<i64: 1>}
    : (tensor<1x8x2xf32>) -> tensor<1x8x1xf32>
  return
}

// -----

func.func @ceil_result(%x: tensor<1x1x3xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{inferred type(s) 'tensor<1x1x2xf32>' are incompatible}}
  %y = slim.max_pool %x {kernel = array<i64: 2>, strides = array<i64: 2>,
      pads = array<i64: 1, 1>, dilations = array<i64: 1>, ceil_mode = true}
    : (tensor<1x1x3xf32>) -> tensor<1x1x3xf32>
  return
}

// -----

func.func @resize_both(%x: tensor<1x2xf32>, %s: tensor<1xi64>, %t: tensor<1xf32>) {
  // expected-error @+2 {{'slim.resize' op needs either sizes or scales}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.resize %x sizes %s scales %t {axes = array<i64: 1>,
      mode = #slim.resize_mode<linear>,
      coordinates = #slim.coordinate_mode<half_pixel>}
    : (tensor<1x2xf32>, tensor<1xi64>, tensor<1xf32>) -> tensor<1x?xf32>
  return
}

// -----

func.func @resize_neither(%x: tensor<1x2xf32>) {
  // expected-error @+2 {{'slim.resize' op needs either sizes or scales}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.resize %x {axes = array<i64: 1>, mode = #slim.resize_mode<linear>,
      coordinates = #slim.coordinate_mode<half_pixel>}
    : (tensor<1x2xf32>) -> tensor<1x?xf32>
  return
}

// -----

func.func @resize_axes(%x: tensor<1x2xf32>, %s: tensor<3xi64>) {
  // expected-error @+2 {{'slim.resize' op dimension 0 of sizes is 3, but the number of axes is 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.resize %x sizes %s {axes = array<i64: 0, 1>,
      mode = #slim.resize_mode<linear>,
      coordinates = #slim.coordinate_mode<half_pixel>}
    : (tensor<1x2xf32>, tensor<3xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @resize_axis_twice(%x: tensor<1x2xf32>, %s: tensor<2xi64>) {
  // expected-error @+2 {{'slim.resize' op axis 1 appears twice}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.resize %x sizes %s {axes = array<i64: 1, 1>,
      mode = #slim.resize_mode<linear>,
      coordinates = #slim.coordinate_mode<half_pixel>}
    : (tensor<1x2xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @resize_axis_range(%x: tensor<1x2xf32>, %s: tensor<1xi64>) {
  // expected-error @+2 {{'slim.resize' op axis 2 is not a dimension of a tensor of rank 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.resize %x sizes %s {axes = array<i64: 2>,
      mode = #slim.resize_mode<linear>,
      coordinates = #slim.coordinate_mode<half_pixel>}
    : (tensor<1x2xf32>, tensor<1xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @resize_negative_size(%x: tensor<1x2xf32>) {
  %s = slim.constant dense<-3> : tensor<1xi64>
  // expected-error @+2 {{'slim.resize' op size -3 of axis 1 is negative}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.resize %x sizes %s {axes = array<i64: 1>,
      mode = #slim.resize_mode<linear>,
      coordinates = #slim.coordinate_mode<half_pixel>}
    : (tensor<1x2xf32>, tensor<1xi64>) -> tensor<1x?xf32>
  return
}

// -----

func.func @resize_scale(%x: tensor<1x2xf32>) {
  %s = slim.constant dense<0x7F800000> : tensor<1xf32>
  // expected-error @+2 {{'slim.resize' op scales must be finite and positive}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.resize %x scales %s {axes = array<i64: 1>,
      mode = #slim.resize_mode<linear>,
      coordinates = #slim.coordinate_mode<half_pixel>}
    : (tensor<1x2xf32>, tensor<1xf32>) -> tensor<1x?xf32>
  return
}

// -----

func.func @resize_huge(%x: tensor<1x2xf32>) {
  %s = slim.constant dense<3.0e38> : tensor<1xf32>
  // expected-error @+2 {{'slim.resize' op a resized dimension has no 64-bit extent}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.resize %x scales %s {axes = array<i64: 1>,
      mode = #slim.resize_mode<linear>,
      coordinates = #slim.coordinate_mode<half_pixel>}
    : (tensor<1x2xf32>, tensor<1xf32>) -> tensor<1x?xf32>
  return
}

// -----

func.func @resize_empty(%x: tensor<1x0xf32>) {
  %s = slim.constant dense<3> : tensor<1xi64>
  // expected-error @+2 {{'slim.resize' op cannot resize axis 1 from 0 to 3}}
  // expected-error @+1 {{failed to infer returned types}}
  %y = slim.resize %x sizes %s {axes = array<i64: 1>,
      mode = #slim.resize_mode<linear>,
      coordinates = #slim.coordinate_mode<half_pixel>}
    : (tensor<1x0xf32>, tensor<1xi64>) -> tensor<1x3xf32>
  return
}
