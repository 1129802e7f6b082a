// RUN: slim-opt %s -split-input-file -rotate | FileCheck %s
// RUN: slim-opt %s -split-input-file -rotate -remarks-filter=".*" -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// What does not commute with rotations is named, and nothing is changed.

// REMARK: remark: {{.*}}the residual stream: layer normalization subtracts the mean, which does not commute with rotations
// CHECK: slim.weight @w : tensor<2x4xf32> = dense<1.000000e+00>
module {
  slim.weight @w : tensor<2x4xf32> = dense<1.0> : tensor<2x4xf32>
  func.func @layer_norm(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
    %w = slim.get_weight @w : tensor<2x4xf32>
    %n, %m, %i = slim.layer_norm %x {axis = 1, epsilon = 1.0e-5 : f32}
      : (tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x1xf32>, tensor<?x1xf32>)
    %y = slim.linear %n, %w : (tensor<?x4xf32>, tensor<2x4xf32>) -> tensor<?x2xf32>
    return %y : tensor<?x2xf32>
  }
}

// -----

// REMARK: remark: {{.*}}the residual stream: it begins with an argument
// CHECK: slim.weight @w : tensor<2x4xf32> = dense<1.000000e+00>
module {
  slim.weight @w : tensor<2x4xf32> = dense<1.0> : tensor<2x4xf32>
  func.func @argument(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
    %w = slim.get_weight @w : tensor<2x4xf32>
    %n = slim.rms_norm %x {axis = 1, epsilon = 1.0e-5 : f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
    %y = slim.linear %n, %w : (tensor<?x4xf32>, tensor<2x4xf32>) -> tensor<?x2xf32>
    return %y : tensor<?x2xf32>
  }
}

// -----

// REMARK: remark: {{.*}}the residual stream: slim.relu reads it, which does not commute with rotations
module {
  slim.weight @e : tensor<8x4xf32> = dense<1.0> : tensor<8x4xf32>
  func.func @relu(%i: tensor<?xi64>) -> tensor<?x4xf32> {
    %e = slim.get_weight @e : tensor<8x4xf32>
    %x = slim.embedding %i, %e : (tensor<?xi64>, tensor<8x4xf32>) -> tensor<?x4xf32>
    %n = slim.rms_norm %x {axis = 1, epsilon = 1.0e-5 : f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
    %y = slim.relu %n : (tensor<?x4xf32>) -> tensor<?x4xf32>
    return %y : tensor<?x4xf32>
  }
}

// -----

// REMARK: remark: {{.*}}the residual stream: there is no Hadamard matrix of its width, 6
module {
  slim.weight @e : tensor<8x6xf32> = dense<1.0> : tensor<8x6xf32>
  slim.weight @w : tensor<2x6xf32> = dense<1.0> : tensor<2x6xf32>
  func.func @width(%i: tensor<?xi64>) -> tensor<?x2xf32> {
    %e = slim.get_weight @e : tensor<8x6xf32>
    %w = slim.get_weight @w : tensor<2x6xf32>
    %x = slim.embedding %i, %e : (tensor<?xi64>, tensor<8x6xf32>) -> tensor<?x6xf32>
    %n = slim.rms_norm %x {axis = 1, epsilon = 1.0e-5 : f32} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %y = slim.linear %n, %w : (tensor<?x6xf32>, tensor<2x6xf32>) -> tensor<?x2xf32>
    return %y : tensor<?x2xf32>
  }
}
