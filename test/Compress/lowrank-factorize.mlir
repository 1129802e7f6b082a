// RUN: slim-opt %s -split-input-file -lowrank-factorize="min-elements=0 rank=1" | FileCheck %s

// An outer product of norms 5 and 10: both factors carry the square root of the
// singular value 50.

// CHECK-LABEL: module
// CHECK-SAME: bytes_after = 32 : i64, bytes_before = 64 : i64, message = "rank 1 of 4"
// CHECK-SAME: rank = 1 : i64, relative_error = {{.*}}E-{{0?}}{{[78]}} : f64
// CHECK-SAME: shape = array<i64: 4, 4>
// CHECK-NOT: slim.weight @w :
// CHECK: slim.weight @w.left : tensor<4x1xf32> = dense<{{\[\[}}4.24264{{[0-9]*}}], [5.65685{{[0-9]*}}], [0.0{{.*}}], [0.0{{.*}}]]>
// CHECK: slim.weight @w.right : tensor<1x4xf32> = dense<{{\[\[}}0.0{{.*}}, 0.0{{.*}}, 5.65685{{[0-9]*}}, 4.24264{{[0-9]*}}]]>
// CHECK-LABEL: func @linear
// CHECK-DAG: %[[L:.*]] = slim.get_weight @w.left
// CHECK-DAG: %[[R:.*]] = slim.get_weight @w.right
// CHECK: %[[H:.*]] = slim.linear %arg0, %[[R]] : (tensor<?x4xf32>, tensor<1x4xf32>) -> tensor<?x1xf32>
// CHECK: %[[Y:.*]] = slim.linear %[[H]], %[[L]], %arg1 : (tensor<?x1xf32>, tensor<4x1xf32>, tensor<4xf32>) -> tensor<?x4xf32>
// CHECK: return %[[Y]]
module {
  slim.weight @w : tensor<4x4xf32> = dense<[[0.0, 0.0, 24.0, 18.0], [0.0, 0.0, 32.0, 24.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]> : tensor<4x4xf32>
  func.func @linear(%x: tensor<?x4xf32>, %b: tensor<4xf32>) -> tensor<?x4xf32> {
    %w = slim.get_weight @w : tensor<4x4xf32>
    %y = slim.linear %x, %w, %b : (tensor<?x4xf32>, tensor<4x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    return %y : tensor<?x4xf32>
  }
}

// -----

// A table that is also the output layer's weight, transposed, shares factors.

// CHECK: slim.weight @tied.left : tensor<5x1xf32>
// CHECK: slim.weight @tied.right : tensor<1x4xf32>
// CHECK-NOT: slim.weight
// CHECK-LABEL: func @embedding
// CHECK: %[[E:.*]] = slim.embedding %{{.*}} : (tensor<?xi64>, tensor<5x1xf32>) -> tensor<?x1xf32>
// CHECK: slim.linear %[[E]], %{{.*}} {transposed = true} : (tensor<?x1xf32>, tensor<1x4xf32>) -> tensor<?x4xf32>
// CHECK-LABEL: func @output
// CHECK: %[[H:.*]] = slim.linear %{{.*}} : (tensor<?x4xf32>, tensor<1x4xf32>) -> tensor<?x1xf32>
// CHECK: slim.linear %[[H]], %{{.*}} : (tensor<?x1xf32>, tensor<5x1xf32>) -> tensor<?x5xf32>
// CHECK-LABEL: func @transposed
// CHECK: %[[T:.*]] = slim.linear %{{.*}} {transposed = true} : (tensor<?x5xf32>, tensor<5x1xf32>) -> tensor<?x1xf32>
// CHECK: slim.linear %[[T]], %{{.*}} {transposed = true} : (tensor<?x1xf32>, tensor<1x4xf32>) -> tensor<?x4xf32>
module {
  slim.weight @tied : tensor<5x4xf32> = dense<1.0> : tensor<5x4xf32>
  func.func @embedding(%i: tensor<?xi64>) -> tensor<?x4xf32> {
    %w = slim.get_weight @tied : tensor<5x4xf32>
    %y = slim.embedding %i, %w : (tensor<?xi64>, tensor<5x4xf32>) -> tensor<?x4xf32>
    return %y : tensor<?x4xf32>
  }
  func.func @output(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
    %w = slim.get_weight @tied : tensor<5x4xf32>
    %y = slim.linear %x, %w : (tensor<?x4xf32>, tensor<5x4xf32>) -> tensor<?x5xf32>
    return %y : tensor<?x5xf32>
  }
  func.func @transposed(%x: tensor<?x5xf32>) -> tensor<?x4xf32> {
    %w = slim.get_weight @tied : tensor<5x4xf32>
    %y = slim.linear %x, %w {transposed = true} : (tensor<?x5xf32>, tensor<5x4xf32>) -> tensor<?x4xf32>
    return %y : tensor<?x4xf32>
  }
}

// -----

// CHECK: slim.weight @f.left : tensor<4x1x1x1xf32>
// CHECK: slim.weight @f.right : tensor<1x2x1x2xf32>
// CHECK: %[[H:.*]] = slim.conv %arg0, %{{.*}} {dilations = array<i64: 1, 2>, {{.*}}pads = array<i64: 0, 1, 0, 1>, strides = array<i64: 2, 1>} : (tensor<?x2x5x5xf32>, tensor<1x2x1x2xf32>) -> tensor<?x1x3x5xf32>
// CHECK: slim.conv %[[H]], %{{.*}}, %arg1 {dilations = array<i64: 1, 1>, {{.*}}pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x1x3x5xf32>, tensor<4x1x1x1xf32>, tensor<4xf32>) -> tensor<?x4x3x5xf32>
module {
  slim.weight @f : tensor<4x2x1x2xf32> = dense<1.0> : tensor<4x2x1x2xf32>
  func.func @convolution(%x: tensor<?x2x5x5xf32>, %b: tensor<4xf32>) -> tensor<?x4x3x5xf32> {
    %f = slim.get_weight @f : tensor<4x2x1x2xf32>
    %y = slim.conv %x, %f, %b {strides = array<i64: 2, 1>, pads = array<i64: 0, 1, 0, 1>, dilations = array<i64: 1, 2>, groups = 1} : (tensor<?x2x5x5xf32>, tensor<4x2x1x2xf32>, tensor<4xf32>) -> tensor<?x4x3x5xf32>
    return %y : tensor<?x4x3x5xf32>
  }
}

// -----

// CHECK: message = "factors of rank 1 take 16 bytes, not less than its 16"
// CHECK-SAME: message = "it is the filter of a grouped convolution"
// CHECK-SAME: message = "it is also read by slim.transpose"
module {
  slim.weight @small : tensor<2x2xf32> = dense<1.0> : tensor<2x2xf32>
  slim.weight @grouped : tensor<4x1x2x2xf32> = dense<1.0> : tensor<4x1x2x2xf32>
  slim.weight @shared : tensor<8x8xf32> = dense<1.0> : tensor<8x8xf32>
  func.func @skipped(%x: tensor<?x2xf32>, %i: tensor<1x4x3x3xf32>, %z: tensor<?x8xf32>) -> (tensor<?x2xf32>, tensor<1x4x2x2xf32>, tensor<?x8xf32>, tensor<8x8xf32>) {
    %0 = slim.get_weight @small : tensor<2x2xf32>
    %1 = slim.linear %x, %0 : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
    %2 = slim.get_weight @grouped : tensor<4x1x2x2xf32>
    %3 = slim.conv %i, %2 {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 4} : (tensor<1x4x3x3xf32>, tensor<4x1x2x2xf32>) -> tensor<1x4x2x2xf32>
    %4 = slim.get_weight @shared : tensor<8x8xf32>
    %5 = slim.linear %z, %4 : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
    %6 = slim.transpose %4 {permutation = array<i64: 1, 0>} : (tensor<8x8xf32>) -> tensor<8x8xf32>
    return %1, %3, %5, %6 : tensor<?x2xf32>, tensor<1x4x2x2xf32>, tensor<?x8xf32>, tensor<8x8xf32>
  }
}
