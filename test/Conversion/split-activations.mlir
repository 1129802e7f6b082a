// RUN: slim-opt %s -split-input-file -slim-split-activations | FileCheck %s

// Three digits of every row, one product of bytes, and what puts them together.
slim.weight @q : tensor<128x64xi4> = dense<1> : tensor<128x64xi4>
slim.weight @s : tensor<128x2xf32> = dense<1.0> : tensor<128x2xf32>
// CHECK-LABEL: func.func @groups
// CHECK-SAME: %[[X:.*]]: tensor<?x64xf32>, %[[B:.*]]: tensor<128xf32>
// 128 times the sums of the weight, which are 64: 8192.
// CHECK: slim.constant dense<"0x000000460000004600000046{{.*}}tensor<3x128xf32>
// CHECK: %[[W:.*]] = slim.dequantize
// CHECK: %[[A:.*]] = slim.abs %[[X]]
// CHECK: %[[M:.*]] = slim.reduce_max %[[A]] {axes = array<i64: 1>, keep_dims = true} : (tensor<?x64xf32>) -> tensor<?x1xf32>
// CHECK: %[[D:.*]] = slim.quantize {{.*}} -> tensor<?x3x64xui8>
// CHECK: %[[F:.*]] = slim.cast %[[D]] {to = f32}
// CHECK: %[[P:.*]] = slim.linear %[[F]], %[[W]] : (tensor<?x3x64xf32>, tensor<128x64xf32>) -> tensor<?x3x128xf32>
// CHECK: slim.reduce_sum %{{.*}} {axes = array<i64: 1>} : (tensor<?x3x128xf32>) -> tensor<?x128xf32>
// CHECK: %[[Y:.*]] = slim.add %{{.*}}, %[[B]]
// CHECK: return %[[Y]]
func.func @groups(%x: tensor<?x64xf32>, %b: tensor<128xf32>) -> tensor<?x128xf32> {
  %q = slim.get_weight @q : tensor<128x64xi4>
  %s = slim.get_weight @s : tensor<128x2xf32>
  %w = slim.dequantize %q, %s {block = array<i64: 1, 32>} : (tensor<128x64xi4>, tensor<128x2xf32>) -> tensor<128x64xf32>
  %y = slim.linear %x, %w, %b : (tensor<?x64xf32>, tensor<128x64xf32>, tensor<128xf32>) -> tensor<?x128xf32>
  return %y : tensor<?x128xf32>
}

// -----

// Groups that no number of instructions sums stay.
slim.weight @q : tensor<128x60xi4> = dense<1> : tensor<128x60xi4>
slim.weight @s : tensor<128x3xf32> = dense<1.0> : tensor<128x3xf32>
// CHECK-LABEL: func.func @odd_groups
// CHECK-NOT: slim.quantize
// CHECK: slim.linear %{{.*}} : (tensor<?x60xf32>, tensor<128x60xf32>)
func.func @odd_groups(%x: tensor<?x60xf32>) -> tensor<?x128xf32> {
  %q = slim.get_weight @q : tensor<128x60xi4>
  %s = slim.get_weight @s : tensor<128x3xf32>
  %w = slim.dequantize %q, %s {block = array<i64: 1, 20>} : (tensor<128x60xi4>, tensor<128x3xf32>) -> tensor<128x60xf32>
  %y = slim.linear %x, %w : (tensor<?x60xf32>, tensor<128x60xf32>) -> tensor<?x128xf32>
  return %y : tensor<?x128xf32>
}

// -----

// Differences of 8-bit codes are no bytes.
slim.weight @q : tensor<128x64xui8> = dense<1> : tensor<128x64xui8>
slim.weight @s : tensor<128x1xf32> = dense<1.0> : tensor<128x1xf32>
slim.weight @z : tensor<128x1xui8> = dense<1> : tensor<128x1xui8>
// CHECK-LABEL: func.func @zero_points
// CHECK-NOT: slim.quantize
func.func @zero_points(%x: tensor<?x64xf32>) -> tensor<?x128xf32> {
  %q = slim.get_weight @q : tensor<128x64xui8>
  %s = slim.get_weight @s : tensor<128x1xf32>
  %z = slim.get_weight @z : tensor<128x1xui8>
  %w = slim.dequantize %q, %s, %z {block = array<i64: 1, 0>} : (tensor<128x64xui8>, tensor<128x1xf32>, tensor<128x1xui8>) -> tensor<128x64xf32>
  %y = slim.linear %x, %w : (tensor<?x64xf32>, tensor<128x64xf32>) -> tensor<?x128xf32>
  return %y : tensor<?x128xf32>
}
