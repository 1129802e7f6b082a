// RUN: slim-opt %s --slim-form-kernels="vector-bytes=16 kernel-rows=2 kernel-vectors=1" \
// RUN:   | FileCheck %s

// Panels of 4 columns; the last one is padded with zeros. Unused originals go.

// CHECK-DAG: #[[P:.*]] = affine_map<(d0, d1, d2) -> (d1 floordiv 4, d2, d1 mod 4)>
// CHECK-NOT: @w :
// CHECK: memref.global constant @w.panels4.1 : memref<2x3x4xf32>
// CHECK-SAME: slim.data = dense<{{\[\[\[}}1.000000e+00, 4.000000e+00, 7.000000e+00, 1.000000e+01],
// CHECK-SAME: [2.000000e+00, 5.000000e+00, 8.000000e+00, 1.100000e+01],
// CHECK-SAME: [3.000000e+00, 6.000000e+00, 9.000000e+00, 1.200000e+01]],
// CHECK-SAME: {{\[\[}}1.300000e+01, 0.000000e+00, 0.000000e+00, 0.000000e+00],
// CHECK-LABEL: func @linear
// CHECK: %[[G:.*]] = memref.get_global @w.panels4.1
// CHECK: %[[T:.*]] = bufferization.to_tensor %[[G]]
// CHECK: slim_cpu.kernel ins(%arg0, %[[T]] : tensor<4x3xf32>, tensor<2x3x4xf32>)
// CHECK-SAME: indexing_maps = [{{.*}}, #[[P]], {{.*}}]
memref.global constant @w : memref<5x3xf32> {slim.data = dense<[
  [1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0], [10.0, 11.0, 12.0],
  [13.0, 14.0, 15.0]]> : tensor<5x3xf32>}
func.func @linear(%x: tensor<4x3xf32>) -> tensor<4x5xf32> {
  %zero = arith.constant 0.0 : f32
  %m = memref.get_global @w : memref<5x3xf32>
  %w = bufferization.to_tensor %m restrict : memref<5x3xf32> to tensor<5x3xf32>
  %e = tensor.empty() : tensor<4x5xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x5xf32>) -> tensor<4x5xf32>
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
      affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
    ins(%x, %w : tensor<4x3xf32>, tensor<5x3xf32>)
    outs(%f : tensor<4x5xf32>) -> tensor<4x5xf32>
  return %y : tensor<4x5xf32>
}

// A weight that is reshaped first is the same data.

// CHECK: memref.global constant @p.panels4.2.1 : memref<1x2x3x4xf32>
// CHECK-LABEL: func @reshaped
// CHECK: memref.get_global @p.panels4.2.1
memref.global constant @p : memref<5x3x1xf32> {slim.data = dense<1.0> : tensor<5x3x1xf32>}
func.func @reshaped(%x: tensor<4x3xf32>) -> tensor<4x5xf32> {
  %zero = arith.constant 0.0 : f32
  %m = memref.get_global @p : memref<5x3x1xf32>
  %t = bufferization.to_tensor %m restrict : memref<5x3x1xf32> to tensor<5x3x1xf32>
  %w = tensor.collapse_shape %t [[0], [1, 2]] : tensor<5x3x1xf32> into tensor<5x3xf32>
  %e = tensor.empty() : tensor<4x5xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x5xf32>) -> tensor<4x5xf32>
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
      affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
    ins(%x, %w : tensor<4x3xf32>, tensor<5x3xf32>)
    outs(%f : tensor<4x5xf32>) -> tensor<4x5xf32>
  return %y : tensor<4x5xf32>
}
