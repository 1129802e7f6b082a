// RUN: slim-opt %s -slim-fuse-idioms -canonicalize -split-input-file | FileCheck %s

// Heads split and merged around it; scores divided; an additive mask of
// another argument with the same dimensions by name.
// CHECK-LABEL: func @encoder
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x?x24xf32>
func.func @encoder(
    %x: tensor<?x?x24xf32> {slim.dim_names = ["batch", "seq", ""]},
    %admitted: tensor<?x?xf32> {slim.dim_names = ["batch", "seq"]},
    %wk: tensor<24x24xf32>) -> tensor<?x?x24xf32> {
  // CHECK-DAG: %[[Q:.*]] = slim.transpose %{{.*}} {permutation = array<i64: 0, 2, 1, 3>}
  // CHECK-DAG: %[[M:.*]] = slim.mul %{{.*}} -> tensor<?x1x1x?xf32>
  // CHECK-DAG: %[[LINEAR:.*]] = slim.linear
  // CHECK-DAG: %[[SPLIT:.*]] = slim.reshape %[[LINEAR]]
  // CHECK-DAG: %[[K:.*]] = slim.transpose %[[SPLIT]] {permutation = array<i64: 0, 2, 1, 3>}
  // CHECK: %[[Y:.*]] = slim.attention %[[Q]], %[[K]], %[[Q]] mask %[[M]] {scale = 5.000000e-01 : f32}
  // CHECK-SAME: -> tensor<?x6x?x4xf32>
  // CHECK: slim.transpose %[[Y]]
  // CHECK-NOT: slim.softmax
  %one = slim.constant dense<1.0> : tensor<f32>
  %lowest = slim.constant dense<-3.40282347E+38> : tensor<f32>
  %two = slim.constant dense<2.0> : tensor<1xf32>
  %split = slim.constant dense<[0, -1, 6, 4]> : tensor<4xi64>
  %merge = slim.constant dense<[0, 0, 24]> : tensor<3xi64>
  %m0 = slim.unsqueeze %admitted {axes = array<i64: 1, 2>}
    : (tensor<?x?xf32>) -> tensor<?x1x1x?xf32>
  %m1 = slim.sub %one, %m0 : (tensor<f32>, tensor<?x1x1x?xf32>) -> tensor<?x1x1x?xf32>
  %m = slim.mul %m1, %lowest : (tensor<?x1x1x?xf32>, tensor<f32>) -> tensor<?x1x1x?xf32>
  %h = slim.reshape %x, %split : (tensor<?x?x24xf32>, tensor<4xi64>) -> tensor<?x?x6x4xf32>
  %q = slim.transpose %h {permutation = array<i64: 0, 2, 1, 3>}
    : (tensor<?x?x6x4xf32>) -> tensor<?x6x?x4xf32>
  %k0 = slim.linear %x, %wk : (tensor<?x?x24xf32>, tensor<24x24xf32>) -> tensor<?x?x24xf32>
  %k1 = slim.reshape %k0, %split : (tensor<?x?x24xf32>, tensor<4xi64>) -> tensor<?x?x6x4xf32>
  %k = slim.transpose %k1 {permutation = array<i64: 0, 2, 3, 1>}
    : (tensor<?x?x6x4xf32>) -> tensor<?x6x4x?xf32>
  %s0 = slim.matmul %q, %k : (tensor<?x6x?x4xf32>, tensor<?x6x4x?xf32>) -> tensor<?x6x?x?xf32>
  %s1 = slim.div %s0, %two : (tensor<?x6x?x?xf32>, tensor<1xf32>) -> tensor<?x6x?x?xf32>
  %s2 = slim.add %s1, %m : (tensor<?x6x?x?xf32>, tensor<?x1x1x?xf32>) -> tensor<?x6x?x?xf32>
  %p = slim.softmax %s2 {axis = 3} : (tensor<?x6x?x?xf32>) -> tensor<?x6x?x?xf32>
  %y = slim.matmul %p, %q : (tensor<?x6x?x?xf32>, tensor<?x6x?x4xf32>) -> tensor<?x6x?x4xf32>
  %z = slim.transpose %y {permutation = array<i64: 0, 2, 1, 3>}
    : (tensor<?x6x?x4xf32>) -> tensor<?x?x6x4xf32>
  %r = slim.reshape %z, %merge : (tensor<?x?x6x4xf32>, tensor<3xi64>) -> tensor<?x?x24xf32>
  return %r : tensor<?x?x24xf32>
}

// -----

// Queries and keys scaled, keys flattened for their transpose, a choice, and
// NaN of queries without keys replaced.
// CHECK-LABEL: func @guarded
// CHECK-SAME: %[[Q:[a-z0-9]+]]: {{.*}}, %[[K:[a-z0-9]+]]: {{.*}}, %[[V:[a-z0-9]+]]: {{.*}}, %[[C:[a-z0-9]+]]: tensor<5x7xi1>
func.func @guarded(%q: tensor<2x3x5x4xf32>, %k: tensor<2x3x7x4xf32>,
                   %v: tensor<2x3x7x6xf32>, %c: tensor<5x7xi1>) -> tensor<2x3x5x6xf32> {
  // CHECK-DAG: %[[ZERO:.*]] = slim.constant dense<0.000000e+00>
  // CHECK-DAG: %[[LOWEST:.*]] = slim.constant dense<0xFF800000>
  // CHECK-DAG: %[[M:.*]] = slim.select %[[C]], %[[LOWEST]], %[[ZERO]] : {{.*}} -> tensor<5x7xf32>
  // CHECK: slim.attention %[[Q]], %[[K]], %[[V]] mask %[[M]] {scale = 2.500000e-01 : f32}
  // CHECK-NOT: slim.is_nan
  %half = slim.constant dense<0.5> : tensor<f32>
  %zero = slim.constant dense<0.0> : tensor<f32>
  %lowest = slim.constant dense<0xFF800000> : tensor<f32>
  %flat = slim.constant dense<[-1, 7, 4]> : tensor<3xi64>
  %heads = slim.constant dense<[2, 3, 4, 7]> : tensor<4xi64>
  %q0 = slim.mul %q, %half : (tensor<2x3x5x4xf32>, tensor<f32>) -> tensor<2x3x5x4xf32>
  %k0 = slim.reshape %k, %flat : (tensor<2x3x7x4xf32>, tensor<3xi64>) -> tensor<6x7x4xf32>
  %k1 = slim.transpose %k0 {permutation = array<i64: 0, 2, 1>} : (tensor<6x7x4xf32>) -> tensor<6x4x7xf32>
  %k2 = slim.reshape %k1, %heads : (tensor<6x4x7xf32>, tensor<4xi64>) -> tensor<2x3x4x7xf32>
  %k3 = slim.mul %half, %k2 : (tensor<f32>, tensor<2x3x4x7xf32>) -> tensor<2x3x4x7xf32>
  %s0 = slim.matmul %q0, %k3 : (tensor<2x3x5x4xf32>, tensor<2x3x4x7xf32>) -> tensor<2x3x5x7xf32>
  %s1 = slim.select %c, %lowest, %s0 : (tensor<5x7xi1>, tensor<f32>, tensor<2x3x5x7xf32>) -> tensor<2x3x5x7xf32>
  %p0 = slim.softmax %s1 {axis = 3} : (tensor<2x3x5x7xf32>) -> tensor<2x3x5x7xf32>
  %n = slim.is_nan %p0 : (tensor<2x3x5x7xf32>) -> tensor<2x3x5x7xi1>
  %p1 = slim.select %n, %zero, %p0 : (tensor<2x3x5x7xi1>, tensor<f32>, tensor<2x3x5x7xf32>) -> tensor<2x3x5x7xf32>
  %y = slim.matmul %p1, %v : (tensor<2x3x5x7xf32>, tensor<2x3x7x6xf32>) -> tensor<2x3x5x6xf32>
  return %y : tensor<2x3x5x6xf32>
}

// -----

// Heads in the batch; one key head for all.
// CHECK-LABEL: func @rank3
// CHECK: %[[Y:.*]] = slim.attention {{.*}} {scale = 1.000000e+00 : f32} : (tensor<6x1x5x4xf32>, tensor<6x1x7x4xf32>, tensor<6x1x7x4xf32>) -> tensor<6x1x5x4xf32>
// CHECK: slim.squeeze %[[Y]]
func.func @rank3(%q: tensor<6x5x4xf32>, %k: tensor<6x4x7xf32>, %v: tensor<6x7x4xf32>) -> tensor<6x5x4xf32> {
  %s = slim.matmul %q, %k : (tensor<6x5x4xf32>, tensor<6x4x7xf32>) -> tensor<6x5x7xf32>
  %p = slim.softmax %s {axis = 2} : (tensor<6x5x7xf32>) -> tensor<6x5x7xf32>
  %y = slim.matmul %p, %v : (tensor<6x5x7xf32>, tensor<6x7x4xf32>) -> tensor<6x5x4xf32>
  return %y : tensor<6x5x4xf32>
}

// CHECK-LABEL: func @one_key_head
// CHECK: slim.attention
func.func @one_key_head(%q: tensor<2x6x5x4xf32>, %k: tensor<2x1x4x7xf32>, %v: tensor<2x1x7x4xf32>) -> tensor<2x6x5x4xf32> {
  %s = slim.matmul %q, %k : (tensor<2x6x5x4xf32>, tensor<2x1x4x7xf32>) -> tensor<2x6x5x7xf32>
  %p = slim.softmax %s {axis = 3} : (tensor<2x6x5x7xf32>) -> tensor<2x6x5x7xf32>
  %y = slim.matmul %p, %v : (tensor<2x6x5x7xf32>, tensor<2x1x7x4xf32>) -> tensor<2x6x5x4xf32>
  return %y : tensor<2x6x5x4xf32>
}

// -----

// Batches that may differ; weights that are a result, too; a mask that makes
// the scores larger; a softmax over queries.
// CHECK-LABEL: func @none
// CHECK-NOT: slim.attention
func.func @none(%a: tensor<?x1x5x4xf32>, %b: tensor<?x1x4x5xf32>, %v: tensor<?x1x5x4xf32>,
                %m: tensor<3x1x5x5xf32>, %q: tensor<1x1x5x4xf32>, %k: tensor<1x1x4x5xf32>,
                %u: tensor<1x1x5x4xf32>)
    -> (tensor<?x1x5x4xf32>, tensor<1x1x5x5xf32>, tensor<1x1x5x4xf32>, tensor<3x1x5x4xf32>, tensor<1x1x5x4xf32>) {
  %s0 = slim.matmul %a, %b : (tensor<?x1x5x4xf32>, tensor<?x1x4x5xf32>) -> tensor<?x1x5x5xf32>
  %p0 = slim.softmax %s0 {axis = 3} : (tensor<?x1x5x5xf32>) -> tensor<?x1x5x5xf32>
  %y0 = slim.matmul %p0, %v : (tensor<?x1x5x5xf32>, tensor<?x1x5x4xf32>) -> tensor<?x1x5x4xf32>

  %s1 = slim.matmul %q, %k : (tensor<1x1x5x4xf32>, tensor<1x1x4x5xf32>) -> tensor<1x1x5x5xf32>
  %p1 = slim.softmax %s1 {axis = 3} : (tensor<1x1x5x5xf32>) -> tensor<1x1x5x5xf32>
  %y1 = slim.matmul %p1, %u : (tensor<1x1x5x5xf32>, tensor<1x1x5x4xf32>) -> tensor<1x1x5x4xf32>

  %s2 = slim.matmul %q, %k : (tensor<1x1x5x4xf32>, tensor<1x1x4x5xf32>) -> tensor<1x1x5x5xf32>
  %t2 = slim.add %s2, %m : (tensor<1x1x5x5xf32>, tensor<3x1x5x5xf32>) -> tensor<3x1x5x5xf32>
  %p2 = slim.softmax %t2 {axis = 3} : (tensor<3x1x5x5xf32>) -> tensor<3x1x5x5xf32>
  %y2 = slim.matmul %p2, %u : (tensor<3x1x5x5xf32>, tensor<1x1x5x4xf32>) -> tensor<3x1x5x4xf32>

  %s3 = slim.matmul %q, %k : (tensor<1x1x5x4xf32>, tensor<1x1x4x5xf32>) -> tensor<1x1x5x5xf32>
  %p3 = slim.softmax %s3 {axis = 2} : (tensor<1x1x5x5xf32>) -> tensor<1x1x5x5xf32>
  %y3 = slim.matmul %p3, %u : (tensor<1x1x5x5xf32>, tensor<1x1x5x4xf32>) -> tensor<1x1x5x4xf32>
  return %y0, %p1, %y1, %y2, %y3 : tensor<?x1x5x4xf32>, tensor<1x1x5x5xf32>, tensor<1x1x5x4xf32>, tensor<3x1x5x4xf32>, tensor<1x1x5x4xf32>
}
