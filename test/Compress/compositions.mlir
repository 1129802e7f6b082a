// Passes compose in any order.

// RUN: slim-opt %s -prune-nm="min-elements=0" -quantize-int8="min-elements=0" | FileCheck %s --check-prefix=BOTH
// RUN: slim-opt %s -quantize-int8="min-elements=0" -prune-nm="min-elements=0" | FileCheck %s --check-prefix=BOTH
// RUN: slim-opt %s -prune-nm="min-elements=0" -prune-unstructured="min-elements=0 sparsity=0.75" | FileCheck %s --check-prefix=NMTHENUN
// RUN: slim-opt %s -quantize-int8="min-elements=0" -prune-nm="min-elements=0" -prune-unstructured="min-elements=0 sparsity=0.75" | FileCheck %s --check-prefix=THREE
// RUN: slim-opt %s -prune-unstructured="min-elements=0 sparsity=0.75" -prune-nm="min-elements=0" -quantize-int8="min-elements=0" | FileCheck %s --check-prefix=UNFIRST
// RUN: slim-opt %s -prune-nm="min-elements=0" -prune-nm="min-elements=0" -quantize-int8="min-elements=0" -quantize-int8="min-elements=0" | FileCheck %s --check-prefix=TWICE
// RUN: slim-opt %s -quantize-int8="min-elements=0" -lowrank-factorize="min-elements=0 rank=1" | FileCheck %s --check-prefix=INTTHENLOW
// RUN: slim-opt %s -prune-nm="min-elements=0" -quantize-int8="min-elements=0" -lowrank-factorize="min-elements=0 rank=1" | FileCheck %s --check-prefix=NMTHENLOW
// RUN: slim-opt %s -lowrank-factorize="min-elements=0 rank=1" -quantize-int8="min-elements=0" -prune-nm="min-elements=0" | FileCheck %s --check-prefix=LOWFIRST

// The same form in both orders: here even the same codes, because the largest
// element of each row survives and sets its scale.
// BOTH-DAG: slim.weight @w : tensor<4x2xi8> = dense<{{\[\[}}-85, 127], [64, 127], [127, 95], [-127, 0]]>
// BOTH-DAG: slim.weight @w.scale : tensor<4x1xf32> = dense<{{\[\[}}0.0236220472], [0.05511811], [0.0314960629], [0.00787401571]]>
// BOTH-DAG: slim.weight @w.positions : tensor<4x1xui8> = dense<{{\[\[}}13], [8], [4], [4]]>
// BOTH-NOT: slim.weight
// BOTH-DAG: %[[Q:.*]] = slim.get_weight @w : tensor<4x2xi8>
// BOTH-DAG: %[[S:.*]] = slim.get_weight @w.scale
// BOTH-DAG: %[[D:.*]] = slim.dequantize %[[Q]], %[[S]] {block = array<i64: 1, 0>} : (tensor<4x2xi8>, tensor<4x1xf32>) -> tensor<4x2xf32>
// BOTH-DAG: %[[P:.*]] = slim.get_weight @w.positions
// BOTH-DAG: %[[M:.*]] = slim.sparse_decode %[[D]], %[[P]] {m = 4 : i64, n = 2 : i64}
// BOTH: %[[W:.*]] = slim.reshape_decode %[[M]] {permutation = array<i64: 1, 0>, shape = array<i64: 4, 4>}
// BOTH: slim.linear %{{.*}}, %[[W]] {transposed = true}

// NMTHENUN: message = "12 of 16 elements are zero"
// NMTHENUN: slim.weight @w : tensor<4x2xf32> = dense<{{\[\[}}0.000000e+00, 0.000000e+00], [3.500000e+00, 7.000000e+00], [4.000000e+00, 3.000000e+00], [0.000000e+00, 0.000000e+00]]>
// NMTHENUN: slim.weight @w.positions : tensor<4x1xui8> = dense<{{\[\[}}13], [8], [4], [4]]>

// Pruned codes keep the scales: 127 * 0.0236 stays before 95 * 0.0315.
// THREE: slim.weight @w : tensor<4x2xi8> = dense<{{\[\[}}0, 127], [64, 127], [127, 0], [0, 0]]>
// THREE: slim.weight @w.scale : tensor<4x1xf32> = dense<{{\[\[}}0.0236220472], [0.05511811], [0.0314960629], [0.00787401571]]>

// Nothing more is lost by 2:4; empty rows have scale 1.
// UNFIRST: pass = "prune-nm", relative_error = 0.000000e+00
// UNFIRST: slim.weight @w : tensor<4x2xi8> = dense<{{\[\[}}0, 0], [64, 127], [127, 95], [0, 0]]>
// UNFIRST: slim.weight @w.scale : tensor<4x1xf32> = dense<{{\[\[}}1.000000e+00], [0.05511811], [0.0314960629], [1.000000e+00]]>

// TWICE: message = "it is N:M sparse already"
// TWICE: message = "its values are i8 already"

// Factors of four columns do not pay against what is there.
// INTTHENLOW: message = "factors of rank 1 take 32 bytes, not less than its 32"
// INTTHENLOW: slim.weight @w : tensor<4x4xi8>
// NMTHENLOW: message = "factors of rank 1 take 32 bytes, not less than its 28"
// NMTHENLOW: slim.weight @w : tensor<4x2xi8>

// The factors are weights like others.
// LOWFIRST: slim.weight @w.left : tensor<1x2xi8> = dense<{{\[\[}}93, 127]]>
// LOWFIRST: slim.weight @w.left.positions : tensor<1x1xui8> = dense<8>
// LOWFIRST: slim.weight @w.left.scale : tensor<1x1xf32>
// LOWFIRST: slim.weight @w.right : tensor<1x4xf32>
module {
  slim.weight @w : tensor<4x4xf32> = dense<[[1.0, 3.5, 4.0, -1.0], [-2.0, 0.0, 3.0, 0.0], [0.5, 7.0, 2.0, 0.0], [3.0, 0.0, 1.0, 0.0]]> : tensor<4x4xf32>
  func.func @main(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
    %w = slim.get_weight @w : tensor<4x4xf32>
    %y = slim.linear %x, %w {transposed = true} : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
    return %y : tensor<?x4xf32>
  }
}
