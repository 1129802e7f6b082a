// RUN: slim-opt %s -split-input-file -convert-slim-to-linalg | FileCheck %s

// CHECK: memref.global {{.*}}constant @w : memref<2x2xi8> {alignment = 64 : i64, slim.data = #slim.external<"model.bin", 64>}
slim.weight @w : tensor<2x2xui8> = #slim.external<"model.bin", 64>

// CHECK-LABEL: func.func @first
// CHECK: %[[M:.*]] = memref.get_global @w : memref<2x2xi8>
// CHECK: bufferization.to_tensor %[[M]] restrict : memref<2x2xi8> to tensor<2x2xi8>
func.func @first() -> tensor<2x2xui8> {
  %w = slim.get_weight @w : tensor<2x2xui8>
  return %w : tensor<2x2xui8>
}

// Both entry points read one weight.
// CHECK-LABEL: func.func @second
// CHECK: memref.get_global @w
func.func @second() -> tensor<2x2xui8> {
  %w = slim.get_weight @w : tensor<2x2xui8>
  return %w : tensor<2x2xui8>
}

// -----

// CHECK-LABEL: func.func @constants
// CHECK-DAG: arith.constant dense<[1, -1]> : tensor<2xi8>
// CHECK-DAG: arith.constant dense<1.000000e+00> : tensor<100x100xf32>
func.func @constants() -> (tensor<2xui8>, tensor<100x100xf32>) {
  %a = slim.constant dense<[1, 255]> : tensor<2xui8>
  %b = slim.constant dense<1.0> : tensor<100x100xf32>
  return %a, %b : tensor<2xui8>, tensor<100x100xf32>
}
