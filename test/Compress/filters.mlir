// Every compression pass filters weights by the model author's names, which
// stay those of the weights' values whatever they become.

// RUN: slim-opt %s -quantize-int8="min-elements=0 include=mlp exclude=down" | FileCheck %s --check-prefix=NAMES
// RUN: slim-opt %s -quantize-int8="min-elements=9" | FileCheck %s --check-prefix=SIZE
// RUN: slim-opt %s -quantize-int8 | FileCheck %s --check-prefix=DEFAULT
// RUN: slim-opt %s -quantize-int8="min-elements=0 include=up" -prune-unstructured="min-elements=0 include=up$ sparsity=0.5" | FileCheck %s --check-prefix=TWICE

// NAMES: message = "its name matches 'exclude'"
// NAMES-SAME: weight = "l0.mlp.down"
// NAMES-SAME: message = "8-bit codes with 2 scales"
// NAMES-SAME: weight = "l0.mlp.up"
// NAMES-SAME: message = "its name does not match 'include'"
// NAMES-SAME: weight = "l0.query"
// NAMES-DAG: slim.weight @l0.mlp.down : tensor<2x4xf32>
// NAMES-DAG: slim.weight @l0.mlp.up : tensor<2x4xi8>
// NAMES-DAG: slim.weight @l0.query : tensor<2x5xf32>

// SIZE: message = "its 8 elements are fewer than 9"
// SIZE-DAG: slim.weight @l0.mlp.up : tensor<2x4xf32>
// SIZE-DAG: slim.weight @l0.query : tensor<2x5xi8>

// DEFAULT: message = "its 8 elements are fewer than 1024"
// DEFAULT-NOT: slim.dequantize

// The report accumulates.
// TWICE: pass = "quantize-int8"
// TWICE: pass = "prune-unstructured"
// TWICE-SAME: sparsity = 5.000000e-01 : f64, status = "applied", weight = "l0.mlp.up"
// TWICE: slim.weight @l0.mlp.up : tensor<2x4xi8> = dense<{{\[\[}}0, 0, 95, 127], [0, 0, 95, 127]]>
module {
  slim.weight @l0.mlp.down : tensor<2x4xf32> = dense<1.0> : tensor<2x4xf32>
  slim.weight @l0.mlp.up : tensor<2x4xf32> = dense<[[1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0]]> : tensor<2x4xf32>
  slim.weight @l0.query : tensor<2x5xf32> = dense<1.0> : tensor<2x5xf32>
  func.func @main(%x: tensor<?x4xf32>, %z: tensor<?x5xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>, tensor<?x2xf32>) {
    %0 = slim.get_weight @l0.mlp.down : tensor<2x4xf32>
    %1 = slim.linear %x, %0 : (tensor<?x4xf32>, tensor<2x4xf32>) -> tensor<?x2xf32>
    %2 = slim.get_weight @l0.mlp.up : tensor<2x4xf32>
    %3 = slim.linear %x, %2 : (tensor<?x4xf32>, tensor<2x4xf32>) -> tensor<?x2xf32>
    %4 = slim.get_weight @l0.query : tensor<2x5xf32>
    %5 = slim.linear %z, %4 : (tensor<?x5xf32>, tensor<2x5xf32>) -> tensor<?x2xf32>
    return %1, %3, %5 : tensor<?x2xf32>, tensor<?x2xf32>, tensor<?x2xf32>
  }
}
