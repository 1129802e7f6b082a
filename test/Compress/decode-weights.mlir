// RUN: slim-opt %s -decode-weights="min-elements=0" | FileCheck %s
// RUN: slim-opt %s -decode-weights="min-elements=0 exclude=coded" | FileCheck %s --check-prefix=NONE

// CHECK-DAG: slim.weight @plain : tensor<2xf32>
// CHECK-DAG: slim.weight @coded : tensor<2x2xf32> = dense<{{\[}}[1.000000e+00, -2.000000e+00], [1.500000e+00, 0.000000e+00]]>
// CHECK-NOT: @coded.scale
// CHECK-LABEL: func.func @both
// CHECK: %[[W:.*]] = slim.get_weight @coded : tensor<2x2xf32>
// CHECK: slim.linear %{{.*}}, %[[W]],
// CHECK-NOT: slim.dequantize
// CHECK-LABEL: func.func @again
// CHECK: %[[V:.*]] = slim.get_weight @coded : tensor<2x2xf32>
// CHECK: return %[[V]]

// NONE: slim.weight @coded : tensor<2x2xi8>
// NONE-COUNT-2: slim.dequantize
module {
  slim.weight @plain : tensor<2xf32> = dense<1.0> : tensor<2xf32>
  slim.weight @coded : tensor<2x2xi8> = dense<[[2, -4], [6, 0]]> : tensor<2x2xi8>
  slim.weight @coded.scale : tensor<2x1xf32> = dense<[[0.5], [0.25]]> : tensor<2x1xf32>
  func.func @both(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
    %q = slim.get_weight @coded : tensor<2x2xi8>
    %s = slim.get_weight @coded.scale : tensor<2x1xf32>
    %b = slim.get_weight @plain : tensor<2xf32>
    %w = slim.dequantize %q, %s {block = array<i64: 1, 0>} : (tensor<2x2xi8>, tensor<2x1xf32>) -> tensor<2x2xf32>
    %y = slim.linear %x, %w, %b : (tensor<?x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
    return %y : tensor<?x2xf32>
  }
  // Another reader of the same expression.
  func.func @again() -> tensor<2x2xf32> {
    %q = slim.get_weight @coded : tensor<2x2xi8>
    %s = slim.get_weight @coded.scale : tensor<2x1xf32>
    %w = slim.dequantize %q, %s {block = array<i64: 1, 0>} : (tensor<2x2xi8>, tensor<2x1xf32>) -> tensor<2x2xf32>
    return %w : tensor<2x2xf32>
  }
}
