// RUN: slim-opt %s -canonicalize | FileCheck %s

slim.weight @w : tensor<4x3xf32>
slim.weight @q : tensor<4x3xi8>
slim.weight @s : tensor<1x3xf32>
slim.weight @b : tensor<3xf32>
slim.weight @b4 : tensor<4xf32>
slim.weight @table : tensor<100x8xf32>

// CHECK-LABEL: func @matmul_by_weight
// CHECK-SAME: %[[X:[a-z0-9]+]]
func.func @matmul_by_weight(%x: tensor<?x4xf32>) -> tensor<?x3xf32> {
  %w = slim.get_weight @w : tensor<4x3xf32>
  // CHECK: %[[W:.*]] = slim.get_weight @w
  // CHECK: slim.linear %[[X]], %[[W]] {transposed = true}
  %y = slim.matmul %x, %w : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// CHECK-LABEL: func @vector_by_weight
func.func @vector_by_weight(%x: tensor<4xf32>) -> tensor<3xf32> {
  %w = slim.get_weight @w : tensor<4x3xf32>
  // CHECK: slim.linear {{.*}} : (tensor<4xf32>, tensor<4x3xf32>) -> tensor<3xf32>
  %y = slim.matmul %x, %w : (tensor<4xf32>, tensor<4x3xf32>) -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// CHECK-LABEL: func @matmul_by_transposed_weight
func.func @matmul_by_transposed_weight(%x: tensor<?x3xf32>) -> tensor<?x4xf32> {
  %w = slim.get_weight @w : tensor<4x3xf32>
  %t = slim.transpose %w {permutation = array<i64: 1, 0>}
    : (tensor<4x3xf32>) -> tensor<3x4xf32>
  // CHECK-NOT: slim.transpose
  // CHECK: slim.linear %{{[a-z0-9]+}}, %{{[a-z0-9]+}} :
  %y = slim.matmul %x, %t : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func @matmul_by_decode_tree
func.func @matmul_by_decode_tree(%x: tensor<?x4xf32>) -> tensor<?x3xf32> {
  %q = slim.get_weight @q : tensor<4x3xi8>
  %s = slim.get_weight @s : tensor<1x3xf32>
  %w = slim.dequantize %q, %s {block = array<i64: 0, 1>}
    : (tensor<4x3xi8>, tensor<1x3xf32>) -> tensor<4x3xf32>
  // CHECK: slim.linear
  %y = slim.matmul %x, %w : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// A dequantized activation is no weight.
// CHECK-LABEL: func @matmul_by_activation
func.func @matmul_by_activation(%x: tensor<?x4xf32>, %q: tensor<4x3xi8>) -> tensor<?x3xf32> {
  %s = slim.get_weight @s : tensor<1x3xf32>
  %w = slim.dequantize %q, %s {block = array<i64: 0, 1>}
    : (tensor<4x3xi8>, tensor<1x3xf32>) -> tensor<4x3xf32>
  // CHECK: slim.matmul
  %y = slim.matmul %x, %w : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// CHECK-LABEL: func @weight_on_the_left
func.func @weight_on_the_left(%x: tensor<3x?xf32>) -> tensor<4x?xf32> {
  %w = slim.get_weight @w : tensor<4x3xf32>
  // CHECK: slim.matmul
  %y = slim.matmul %w, %x : (tensor<4x3xf32>, tensor<3x?xf32>) -> tensor<4x?xf32>
  return %y : tensor<4x?xf32>
}

// CHECK-LABEL: func @bias
// CHECK-SAME: %[[X:[a-z0-9]+]]
func.func @bias(%x: tensor<?x4xf32>) -> (tensor<?x3xf32>, tensor<?x3xf32>) {
  %w = slim.get_weight @w : tensor<4x3xf32>
  %b = slim.get_weight @b : tensor<3xf32>
  %c = slim.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  // CHECK-DAG: %[[W:.*]] = slim.get_weight @w
  // CHECK-DAG: %[[B:.*]] = slim.get_weight @b
  // CHECK-DAG: %[[C:.*]] = slim.constant
  // CHECK: slim.linear %[[X]], %[[W]], %[[B]] {transposed = true}
  // CHECK: slim.linear %[[X]], %[[W]], %[[C]] {transposed = true}
  // CHECK-NOT: slim.add
  %0 = slim.matmul %x, %w : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  %y = slim.add %0, %b : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %1 = slim.matmul %x, %w : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  %z = slim.add %c, %1 : (tensor<3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  return %y, %z : tensor<?x3xf32>, tensor<?x3xf32>
}

// Not a second bias, not one that broadcasts the result or depends on the
// input, and not where the product has another use.
// CHECK-LABEL: func @no_bias
func.func @no_bias(%x: tensor<?x4xf32>, %a: tensor<3xf32>)
    -> (tensor<?x3xf32>, tensor<?x3xf32>, tensor<?x3xf32>, tensor<?x3xf32>) {
  %w = slim.get_weight @w : tensor<4x3xf32>
  %b = slim.get_weight @b : tensor<3xf32>
  %0 = slim.linear %x, %w, %b {transposed = true}
    : (tensor<?x4xf32>, tensor<4x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  // CHECK: slim.add
  %1 = slim.add %0, %b : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %2 = slim.linear %x, %w {transposed = true}
    : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  // CHECK: slim.add
  %3 = slim.add %2, %a : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %4 = slim.linear %1, %w : (tensor<?x3xf32>, tensor<4x3xf32>) -> tensor<?x4xf32>
  %5 = slim.linear %4, %w {transposed = true}
    : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  // CHECK: slim.add
  %6 = slim.add %5, %b : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  return %1, %3, %5, %6
    : tensor<?x3xf32>, tensor<?x3xf32>, tensor<?x3xf32>, tensor<?x3xf32>
}

// CHECK-LABEL: func @rows_of_weight
// CHECK-SAME: %[[I:[a-z0-9]+]]
func.func @rows_of_weight(%i: tensor<?x?xi64>) -> tensor<?x?x8xf32> {
  %t = slim.get_weight @table : tensor<100x8xf32>
  // CHECK: %[[T:.*]] = slim.get_weight @table
  // CHECK: slim.embedding %[[I]], %[[T]]
  %y = slim.gather %t, %i {axis = 0 : i64}
    : (tensor<100x8xf32>, tensor<?x?xi64>) -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// CHECK-LABEL: func @columns_of_weight
func.func @columns_of_weight(%i: tensor<?xi64>) -> tensor<100x?xf32> {
  %t = slim.get_weight @table : tensor<100x8xf32>
  // CHECK: slim.gather
  %y = slim.gather %t, %i {axis = 1 : i64}
    : (tensor<100x8xf32>, tensor<?xi64>) -> tensor<100x?xf32>
  return %y : tensor<100x?xf32>
}

// CHECK-LABEL: func @pad_conv
func.func @pad_conv(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) -> tensor<1x4x9x8xf32> {
  %p = slim.constant dense<[0, 0, 1, 0, 0, 0, 2, 1]> : tensor<8xi64>
  %0 = slim.pad %x, %p {mode = #slim.pad_mode<constant>}
    : (tensor<1x3x8x8xf32>, tensor<8xi64>) -> tensor<1x3x11x9xf32>
  // CHECK-NOT: slim.pad
  // CHECK: slim.conv {{.*}} pads = array<i64: 1, 1, 2, 1>
  %y = slim.conv %0, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 1, 0, 0>,
      dilations = array<i64: 1, 1>}
    : (tensor<1x3x11x9xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x9x8xf32>
  return %y : tensor<1x4x9x8xf32>
}

// Neither another margin than zeros nor one that removes.
// CHECK-LABEL: func @no_pad_conv
func.func @no_pad_conv(%x: tensor<1x3x8xf32>, %w: tensor<4x3x3xf32>)
    -> (tensor<1x4x8xf32>, tensor<1x4x6xf32>, tensor<1x4x8xf32>) {
  %p = slim.constant dense<[0, 0, 1, 0, 0, 1]> : tensor<6xi64>
  %n = slim.constant dense<[0, 0, -1, 0, 0, 1]> : tensor<6xi64>
  %one = slim.constant dense<1.0> : tensor<f32>
  // CHECK: slim.pad
  %0 = slim.pad %x, %p, %one {mode = #slim.pad_mode<constant>}
    : (tensor<1x3x8xf32>, tensor<6xi64>, tensor<f32>) -> tensor<1x3x10xf32>
  // CHECK: slim.pad
  %1 = slim.pad %x, %n {mode = #slim.pad_mode<constant>}
    : (tensor<1x3x8xf32>, tensor<6xi64>) -> tensor<1x3x8xf32>
  // CHECK: slim.pad
  %2 = slim.pad %x, %p {mode = #slim.pad_mode<edge>}
    : (tensor<1x3x8xf32>, tensor<6xi64>) -> tensor<1x3x10xf32>
  %3 = slim.conv %0, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>,
      dilations = array<i64: 1>}
    : (tensor<1x3x10xf32>, tensor<4x3x3xf32>) -> tensor<1x4x8xf32>
  %4 = slim.conv %1, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>,
      dilations = array<i64: 1>}
    : (tensor<1x3x8xf32>, tensor<4x3x3xf32>) -> tensor<1x4x6xf32>
  %5 = slim.conv %2, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>,
      dilations = array<i64: 1>}
    : (tensor<1x3x10xf32>, tensor<4x3x3xf32>) -> tensor<1x4x8xf32>
  return %3, %4, %5 : tensor<1x4x8xf32>, tensor<1x4x6xf32>, tensor<1x4x8xf32>
}
