// RUN: slim-opt %s --pass-pipeline='builtin.module(func.func(slim-materialize-contiguous))' | FileCheck %s

// CHECK-LABEL: func @strided
// CHECK: %[[COPY:.*]] = memref.alloc(%{{.*}}) {alignment = 64 : i64} : memref<2x?xf32>
// CHECK: memref.copy %{{.*}}, %[[COPY]]
// CHECK: return %[[COPY]]
func.func @strided(%m: memref<2x?xf32, strided<[6, 1]>>) -> memref<2x?xf32> {
  %c = memref.cast %m : memref<2x?xf32, strided<[6, 1]>> to memref<2x?xf32>
  return %c : memref<2x?xf32>
}

// CHECK-LABEL: func @plain
// CHECK-NOT: memref.copy
func.func @plain(%m: memref<2x3xf32>) -> memref<2x?xf32> {
  %c = memref.cast %m : memref<2x3xf32> to memref<2x?xf32>
  return %c : memref<2x?xf32>
}
