// RUN: slim-opt %s --pass-pipeline='builtin.module(func.func(slim-lower-dynamic-expansions,expand-strided-metadata))' | FileCheck %s

// CHECK-LABEL: func @two_open
// CHECK-SAME: %{{.*}}: memref<?x8xf32>, %[[A:.*]]: index, %[[B:.*]]: index
// CHECK: %[[S:.*]] = arith.muli %[[B]], %{{.*}}
// CHECK: memref.reinterpret_cast %{{.*}} to offset: [0], sizes: [%[[A]], %[[B]], 8], strides: [%[[S]], 8, 1]
func.func @two_open(%m: memref<?x8xf32>, %a: index, %b: index) -> memref<?x?x8xf32> {
  %e = memref.expand_shape %m [[0, 1], [2]] output_shape [%a, %b, 8]
    : memref<?x8xf32> into memref<?x?x8xf32>
  return %e : memref<?x?x8xf32>
}
