// RUN: slim-opt %s -split-input-file -prune-unstructured="min-elements=0 sparsity=0.5" | FileCheck %s
// RUN: slim-opt %s -split-input-file -prune-unstructured="min-elements=0 sparsity=0.5" -prune-unstructured="min-elements=0 sparsity=0.25" | FileCheck %s --check-prefix=AGAIN

// The smallest half of the whole weight; of equal magnitudes the first stays.

// CHECK-LABEL: module
// CHECK-SAME: bytes_after = 32 : i64, bytes_before = 32 : i64, message = "4 of 8 elements are zero"
// CHECK-SAME: sparsity = 5.000000e-01 : f64
// CHECK: slim.weight @w : tensor<2x4xf32> = dense<{{\[\[}}0.000000e+00, -2.000000e+00, 0.000000e+00, 3.000000e+00], [-5.000000e+00, 1.000000e+00, 0.000000e+00, 0.000000e+00]]>
// AGAIN: message = "4 of 8 elements are zero"
// AGAIN-SAME: message = "50.0% of its elements are zero already"
module {
  slim.weight @w : tensor<2x4xf32> = dense<[[0.5, -2.0, 0.25, 3.0], [-5.0, 1.0, -1.0, 1.0]]> : tensor<2x4xf32>
  func.func @main(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
    %w = slim.get_weight @w : tensor<2x4xf32>
    %y = slim.linear %x, %w : (tensor<?x4xf32>, tensor<2x4xf32>) -> tensor<?x2xf32>
    return %y : tensor<?x2xf32>
  }
}

// -----

// Codes become the zero point of their row where their values, here 0, 1, -1, 2
// and 0, 20, 30, -10, are small.

// CHECK: slim.weight @w : tensor<2x4xui8> = dense<{{\[\[}}128, 128, 128, 130], [3, 5, 6, 2]]>
// CHECK: slim.weight @w.scale : tensor<2x1xf32> = dense<{{\[\[}}1.000000e+00], [1.000000e+01]]>
// CHECK: slim.dequantize
module {
  slim.weight @w : tensor<2x4xui8> = dense<[[128, 129, 127, 130], [3, 5, 6, 2]]> : tensor<2x4xui8>
  slim.weight @w.scale : tensor<2x1xf32> = dense<[[1.0], [10.0]]> : tensor<2x1xf32>
  slim.weight @w.zero : tensor<2x1xui8> = dense<[[128], [3]]> : tensor<2x1xui8>
  func.func @main(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
    %q = slim.get_weight @w : tensor<2x4xui8>
    %s = slim.get_weight @w.scale : tensor<2x1xf32>
    %z = slim.get_weight @w.zero : tensor<2x1xui8>
    %w = slim.dequantize %q, %s, %z {block = array<i64: 1, 0>} : (tensor<2x4xui8>, tensor<2x1xf32>, tensor<2x1xui8>) -> tensor<2x4xf32>
    %y = slim.linear %x, %w : (tensor<?x4xf32>, tensor<2x4xf32>) -> tensor<?x2xf32>
    return %y : tensor<?x2xf32>
  }
}
