// RUN: slim-opt %s -prune-nm="min-elements=0 n=1 m=4" | FileCheck %s --check-prefix=ONE
// RUN: slim-opt %s -prune-nm="min-elements=0 n=4 m=8" | FileCheck %s --check-prefix=EIGHT

// ONE: slim.weight @w : tensor<1x2xf32> = dense<{{\[\[}}3.000000e+00, 1.000000e+00]]>
// ONE: slim.weight @w.positions : tensor<1x1xui8> = dense<3>
// ONE: slim.sparse_decode {{.*}} {m = 4 : i64, n = 1 : i64}

// Three bits a position: 0, 1, 3, 4 is 0b100011001000.
// EIGHT: slim.weight @w : tensor<1x4xf32> = dense<{{\[\[}}1.000000e+00, -2.000000e+00, 3.000000e+00, 1.000000e+00]]>
// EIGHT: slim.weight @w.positions : tensor<1x2xui8> = dense<{{\[\[}}200, 8]]>
// EIGHT: slim.sparse_decode {{.*}} {m = 8 : i64, n = 4 : i64}
module {
  slim.weight @w : tensor<1x8xf32> = dense<[[1.0, -2.0, 0.5, 3.0, 1.0, 1.0, 1.0, 1.0]]> : tensor<1x8xf32>
  func.func @main(%x: tensor<?x8xf32>) -> tensor<?x1xf32> {
    %w = slim.get_weight @w : tensor<1x8xf32>
    %y = slim.linear %x, %w : (tensor<?x8xf32>, tensor<1x8xf32>) -> tensor<?x1xf32>
    return %y : tensor<?x1xf32>
  }
}
