// RUN: slim-opt %s -slim-fuse-idioms -split-input-file | FileCheck %s

slim.weight @scale : tensor<8xf32>
slim.weight @bias : tensor<8xf32>

// CHECK-LABEL: func @layer_norm
// CHECK-SAME: %[[X:[a-z0-9]+]]
func.func @layer_norm(%x: tensor<?x?x8xf32>) -> tensor<?x?x8xf32> {
  %s = slim.get_weight @scale : tensor<8xf32>
  %b = slim.get_weight @bias : tensor<8xf32>
  %two = slim.constant dense<2.0> : tensor<f32>
  %eps = slim.constant dense<1.0e-5> : tensor<f32>
  // CHECK-DAG: %[[S:.*]] = slim.get_weight @scale
  // CHECK-DAG: %[[B:.*]] = slim.get_weight @bias
  // CHECK: %[[Y:[a-z0-9_]+]], %{{.*}}, %{{.*}} = slim.layer_norm %[[X]] scale %[[S]] bias %[[B]] {axis = 2 : i64, epsilon = 9.99999974E-6 : f32}
  // CHECK: return %[[Y]]
  %mean = slim.reduce_mean %x {axes = array<i64: 2>, keep_dims = true}
    : (tensor<?x?x8xf32>) -> tensor<?x?x1xf32>
  %d = slim.sub %x, %mean : (tensor<?x?x8xf32>, tensor<?x?x1xf32>) -> tensor<?x?x8xf32>
  %sq = slim.pow %d, %two : (tensor<?x?x8xf32>, tensor<f32>) -> tensor<?x?x8xf32>
  %var = slim.reduce_mean %sq {axes = array<i64: 2>, keep_dims = true}
    : (tensor<?x?x8xf32>) -> tensor<?x?x1xf32>
  %sum = slim.add %var, %eps : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %std = slim.sqrt %sum : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %n = slim.div %d, %std : (tensor<?x?x8xf32>, tensor<?x?x1xf32>) -> tensor<?x?x8xf32>
  %m = slim.mul %n, %s : (tensor<?x?x8xf32>, tensor<8xf32>) -> tensor<?x?x8xf32>
  %y = slim.add %m, %b : (tensor<?x?x8xf32>, tensor<8xf32>) -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// -----

// The difference computed twice, squared by multiplication, divided by a
// product with the reciprocal; over two dimensions; no scale, a bias.
slim.weight @bias : tensor<4x8xf32>

// CHECK-LABEL: func @layer_norm_variant
func.func @layer_norm_variant(%x: tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  %b = slim.get_weight @bias : tensor<4x8xf32>
  %eps = slim.constant dense<1.0e-5> : tensor<1x1x1xf32>
  // CHECK: slim.layer_norm %{{[a-z0-9]+}} bias %{{[a-z0-9]+}} {axis = 1 : i64
  // CHECK-NOT: slim.add
  %mean = slim.reduce_mean %x {axes = array<i64: 2, 1>, keep_dims = true}
    : (tensor<?x4x8xf32>) -> tensor<?x1x1xf32>
  %d = slim.sub %x, %mean : (tensor<?x4x8xf32>, tensor<?x1x1xf32>) -> tensor<?x4x8xf32>
  %e = slim.sub %x, %mean : (tensor<?x4x8xf32>, tensor<?x1x1xf32>) -> tensor<?x4x8xf32>
  %sq = slim.mul %e, %e : (tensor<?x4x8xf32>, tensor<?x4x8xf32>) -> tensor<?x4x8xf32>
  %var = slim.reduce_mean %sq {axes = array<i64: 1, 2>, keep_dims = true}
    : (tensor<?x4x8xf32>) -> tensor<?x1x1xf32>
  %sum = slim.add %eps, %var : (tensor<1x1x1xf32>, tensor<?x1x1xf32>) -> tensor<?x1x1xf32>
  %std = slim.sqrt %sum : (tensor<?x1x1xf32>) -> tensor<?x1x1xf32>
  %inv = slim.reciprocal %std : (tensor<?x1x1xf32>) -> tensor<?x1x1xf32>
  %n = slim.mul %inv, %d : (tensor<?x1x1xf32>, tensor<?x4x8xf32>) -> tensor<?x4x8xf32>
  %y = slim.add %b, %n : (tensor<4x8xf32>, tensor<?x4x8xf32>) -> tensor<?x4x8xf32>
  return %y : tensor<?x4x8xf32>
}

// -----

// Not over the last dimensions; not the mean of the same tensor; without
// keep_dims of a square tensor.
// CHECK-LABEL: func @no_layer_norm
// CHECK-NOT: slim.layer_norm
func.func @no_layer_norm(%x: tensor<8x8xf32>, %z: tensor<8x8xf32>)
    -> (tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>) {
  %two = slim.constant dense<2.0> : tensor<f32>
  %eps = slim.constant dense<1.0e-5> : tensor<f32>
  %mean0 = slim.reduce_mean %x {axes = array<i64: 0>, keep_dims = true}
    : (tensor<8x8xf32>) -> tensor<1x8xf32>
  %d0 = slim.sub %x, %mean0 : (tensor<8x8xf32>, tensor<1x8xf32>) -> tensor<8x8xf32>
  %sq0 = slim.pow %d0, %two : (tensor<8x8xf32>, tensor<f32>) -> tensor<8x8xf32>
  %var0 = slim.reduce_mean %sq0 {axes = array<i64: 0>, keep_dims = true}
    : (tensor<8x8xf32>) -> tensor<1x8xf32>
  %sum0 = slim.add %var0, %eps : (tensor<1x8xf32>, tensor<f32>) -> tensor<1x8xf32>
  %std0 = slim.sqrt %sum0 : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %n0 = slim.div %d0, %std0 : (tensor<8x8xf32>, tensor<1x8xf32>) -> tensor<8x8xf32>

  %mean1 = slim.reduce_mean %z {axes = array<i64: 1>, keep_dims = true}
    : (tensor<8x8xf32>) -> tensor<8x1xf32>
  %d1 = slim.sub %x, %mean1 : (tensor<8x8xf32>, tensor<8x1xf32>) -> tensor<8x8xf32>
  %sq1 = slim.pow %d1, %two : (tensor<8x8xf32>, tensor<f32>) -> tensor<8x8xf32>
  %var1 = slim.reduce_mean %sq1 {axes = array<i64: 1>, keep_dims = true}
    : (tensor<8x8xf32>) -> tensor<8x1xf32>
  %sum1 = slim.add %var1, %eps : (tensor<8x1xf32>, tensor<f32>) -> tensor<8x1xf32>
  %std1 = slim.sqrt %sum1 : (tensor<8x1xf32>) -> tensor<8x1xf32>
  %n1 = slim.div %d1, %std1 : (tensor<8x8xf32>, tensor<8x1xf32>) -> tensor<8x8xf32>

  %mean2 = slim.reduce_mean %x {axes = array<i64: 1>, keep_dims = false}
    : (tensor<8x8xf32>) -> tensor<8xf32>
  %d2 = slim.sub %x, %mean2 : (tensor<8x8xf32>, tensor<8xf32>) -> tensor<8x8xf32>
  %sq2 = slim.pow %d2, %two : (tensor<8x8xf32>, tensor<f32>) -> tensor<8x8xf32>
  %var2 = slim.reduce_mean %sq2 {axes = array<i64: 1>, keep_dims = false}
    : (tensor<8x8xf32>) -> tensor<8xf32>
  %sum2 = slim.add %var2, %eps : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %std2 = slim.sqrt %sum2 : (tensor<8xf32>) -> tensor<8xf32>
  %n2 = slim.div %d2, %std2 : (tensor<8x8xf32>, tensor<8xf32>) -> tensor<8x8xf32>
  // CHECK: return
  return %n0, %n1, %n2 : tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>
}

// -----

slim.weight @scale : tensor<8xf32>
slim.weight @wide : tensor<3x8xf32>

// CHECK-LABEL: func @rms_norm
// CHECK-SAME: %[[X:[a-z0-9]+]]
func.func @rms_norm(%x: tensor<?x3x8xf32>) -> (tensor<?x3x8xf32>, tensor<?x3x8xf32>) {
  %s = slim.get_weight @scale : tensor<8xf32>
  %w = slim.get_weight @wide : tensor<3x8xf32>
  %one = slim.constant dense<1.0> : tensor<f32>
  %two = slim.constant dense<2.0> : tensor<f32>
  %eps = slim.constant dense<1.0e-6> : tensor<f32>
  // CHECK-DAG: %[[S:.*]] = slim.get_weight @scale
  // CHECK-DAG: %[[W:.*]] = slim.get_weight @wide
  %sq = slim.pow %x, %two : (tensor<?x3x8xf32>, tensor<f32>) -> tensor<?x3x8xf32>
  %mean = slim.reduce_mean %sq {axes = array<i64: 2>, keep_dims = true}
    : (tensor<?x3x8xf32>) -> tensor<?x3x1xf32>
  %sum = slim.add %mean, %eps : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %root = slim.sqrt %sum : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %inv = slim.div %one, %root : (tensor<f32>, tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %n = slim.mul %x, %inv : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  // CHECK: slim.rms_norm %[[X]], %[[S]] {axis = 2 : i64, epsilon = 9.99999997E-7 : f32}
  %y = slim.mul %s, %n : (tensor<8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  // A scale that varies along other dimensions stays outside.
  // CHECK: %[[N:.*]] = slim.rms_norm %[[X]] {axis
  // CHECK: slim.mul %[[N]], %[[W]]
  %inv2 = slim.rsqrt %sum : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %n2 = slim.mul %x, %inv2 : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %z = slim.mul %n2, %w : (tensor<?x3x8xf32>, tensor<3x8xf32>) -> tensor<?x3x8xf32>
  return %y, %z : tensor<?x3x8xf32>, tensor<?x3x8xf32>
}
