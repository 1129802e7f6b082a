// How the rank is chosen. The singular values are 8, 4, 2 and 1, their squares
// 64, 16, 4 and 1 of 85.

// RUN: slim-opt %s -lowrank-factorize="min-elements=0 energy=0.7 align=1" | FileCheck %s --check-prefix=ONE
// RUN: slim-opt %s -lowrank-factorize="min-elements=0 energy=0.94 align=1" | FileCheck %s --check-prefix=TWO
// RUN: slim-opt %s -lowrank-factorize="min-elements=0 energy=0.7 align=2" | FileCheck %s --check-prefix=TWO
// RUN: slim-opt %s -lowrank-factorize="min-elements=0 ratio=0.8 align=1" | FileCheck %s --check-prefix=TWO
// RUN: slim-opt %s -lowrank-factorize="min-elements=0 ratio=0.74 align=1" | FileCheck %s --check-prefix=ONE
// RUN: slim-opt %s -lowrank-factorize="min-elements=0 ratio=0.2 align=1" | FileCheck %s --check-prefix=NONE
// RUN: slim-opt %s -lowrank-factorize="min-elements=0 energy=1 align=1" | FileCheck %s --check-prefix=ALL
// RUN: slim-opt %s -lowrank-factorize="min-elements=0 energy=1 align=16" | FileCheck %s --check-prefix=ALL
// RUN: slim-opt %s -lowrank-factorize="min-elements=0 rank=5" | FileCheck %s --check-prefix=FIVE

// sqrt(21 / 85) and sqrt(5 / 85)
// ONE: rank = 1 : i64, relative_error = 0.49705{{[0-9]*}} : f64
// TWO: rank = 2 : i64, relative_error = 0.24253{{[0-9]*}} : f64
// NONE: message = "the ratio leaves no rank for a 4x8 matrix"
// ALL: message = "factors of rank 4 take 192 bytes, not less than its 128"
// FIVE: message = "rank 5 exceeds that of a 4x8 matrix"
module {
  slim.weight @w : tensor<4x8xf32> = dense<[[0.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0, -8.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0]]> : tensor<4x8xf32>
  func.func @main(%x: tensor<?x8xf32>) -> tensor<?x4xf32> {
    %w = slim.get_weight @w : tensor<4x8xf32>
    %y = slim.linear %x, %w : (tensor<?x8xf32>, tensor<4x8xf32>) -> tensor<?x4xf32>
    return %y : tensor<?x4xf32>
  }
}
