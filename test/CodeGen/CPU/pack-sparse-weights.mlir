// RUN: slim-opt %s --pass-pipeline='builtin.module(func.func(slim-cpu-form-kernels),slim-cpu-pack-weights{vector-bytes=64 rows=14 vectors=2 llc-bytes=100 features=vnni,vbmi2})' | FileCheck %s
// RUN: slim-opt %s --pass-pipeline='builtin.module(func.func(slim-cpu-form-kernels),slim-cpu-pack-weights{vector-bytes=64 rows=14 vectors=2 llc-bytes=100 features=vnni})' | FileCheck %s --check-prefix=DENSE
// RUN: slim-opt %s --pass-pipeline='builtin.module(func.func(slim-cpu-form-kernels),slim-cpu-pack-weights{vector-bytes=64 rows=14 vectors=2 features=vnni,vbmi2})' | FileCheck %s --check-prefix=DENSE

// Columns 0 and 17 of 20, rows 0 and 6 of 8: four values that are not zero. Bit
// 4 * column + row % 4 of a step's two words says where.

// CHECK-DAG: memref.global constant @w.panels32x4.0.values : memref<4xi8> {{.*}}slim.data = dense<[1, 2, 3, 0]>
// CHECK-DAG: memref.global constant @w.panels32x4.0.masks : memref<1x2x2xi64> {{.*}}slim.data = dense<{{\[\[\[}}1, 16], [4, 0]]]>
// CHECK-DAG: memref.global constant @w.panels32x4.0.starts : memref<1xi64> {{.*}}slim.data = dense<0>
// CHECK: slim_cpu.kernel
// CHECK-SAME: bitmask
// CHECK: ^bb0(%{{.*}}: i8, %{{.*}}: i8, %{{.*}}: i64, %{{.*}}: i64, %{{.*}}: i32):

// DENSE: memref.global constant @w.panels32x4.0 : memref<1x2x32x4xi8>
// DENSE-NOT: bitmask
memref.global constant @w : memref<8x20xi8> {slim.data = dense<[
  [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0],
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  [3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]> : tensor<8x20xi8>}
func.func @linear(%x: tensor<1x8xi8>) -> tensor<1x20xi32> {
  %zero = arith.constant 0 : i32
  %m = memref.get_global @w : memref<8x20xi8>
  %w = bufferization.to_tensor %m restrict : memref<8x20xi8> to tensor<8x20xi8>
  %e = tensor.empty() : tensor<1x20xi32>
  %f = linalg.fill ins(%zero : i32) outs(%e : tensor<1x20xi32>) -> tensor<1x20xi32>
  %y = linalg.matmul ins(%x, %w : tensor<1x8xi8>, tensor<8x20xi8>)
    outs(%f : tensor<1x20xi32>) -> tensor<1x20xi32>
  return %y : tensor<1x20xi32>
}
