// RUN: slim-opt %s --pass-pipeline='builtin.module(func.func(slim-cpu-lower-contractions{vector-bytes=16 rows=2 vectors=1}))' --split-input-file | FileCheck %s
// RUN: slim-opt %s --pass-pipeline='builtin.module(func.func(slim-cpu-lower-contractions{vector-bytes=16 rows=2 vectors=1 threads=true}))' --split-input-file | FileCheck %s --check-prefix=THREADS

// Everything divides: no mask, no smaller block.
// CHECK-LABEL: func @divides
// CHECK: scf.for
// CHECK: scf.for {{.*}} step %c2
// CHECK: %[[SUMS:.*]]:2 = scf.for {{.*}} iter_args
// CHECK: vector.load %{{.*}} : memref<8x4xf32>, vector<4xf32>
// CHECK-COUNT-2: vector.fma
// CHECK: vector.store %[[SUMS]]#0
// CHECK: vector.store %[[SUMS]]#1
// CHECK-NOT: mask
// CHECK-NOT: linalg
func.func @divides(%a: memref<2x8xf32>, %b: memref<8x4xf32>, %c: memref<2x4xf32>) {
  linalg.matmul ins(%a, %b : memref<2x8xf32>, memref<8x4xf32>) outs(%c : memref<2x4xf32>)
  return
}

// -----

// Three rows: a block of two and one of one. Five columns: a panel of four and
// a masked one.
// CHECK-LABEL: func @left_over
// CHECK: scf.if
// CHECK-COUNT-3: vector.fma
// CHECK: else
// CHECK: vector.create_mask
// CHECK: vector.maskedload
// CHECK-COUNT-3: vector.fma
// CHECK: vector.maskedstore
func.func @left_over(%a: memref<3x8xf32>, %b: memref<8x5xf32>, %c: memref<3x5xf32>) {
  linalg.matmul ins(%a, %b : memref<3x8xf32>, memref<8x5xf32>) outs(%c : memref<3x5xf32>)
  return
}

// -----

// Columns of the right operand that are not side by side are packed.
// CHECK-LABEL: func @transposed
// CHECK: %[[PANEL:.*]] = memref.alloc(%{{.*}}, %{{.*}}) {alignment = 64 : i64} : memref<?x?x4xf32>
// CHECK: memref.store %{{.*}}, %[[PANEL]]
// CHECK: vector.load %[[PANEL]]
// CHECK: memref.dealloc %[[PANEL]]
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @transposed(%a: memref<2x8xf32>, %b: memref<4x8xf32>, %c: memref<2x4xf32>) {
  linalg.matmul indexing_maps = [#a, #b, #c]
    ins(%a, %b : memref<2x8xf32>, memref<4x8xf32>) outs(%c : memref<2x4xf32>)
  return
}

// -----

// THREADS-LABEL: func @large
// THREADS: scf.parallel
// CHECK-LABEL: func @large
// CHECK-NOT: scf.parallel
func.func @large(%a: memref<128x128xf32>, %b: memref<128x128xf32>, %c: memref<128x128xf32>) {
  linalg.matmul ins(%a, %b : memref<128x128xf32>, memref<128x128xf32>) outs(%c : memref<128x128xf32>)
  return
}

// -----

// Integers and mixed types are left to slim-cpu-lower-loops.
// CHECK-LABEL: func @integers
// CHECK: linalg.matmul
func.func @integers(%a: memref<2x8xi8>, %b: memref<8x4xi8>, %c: memref<2x4xi32>) {
  linalg.matmul ins(%a, %b : memref<2x8xi8>, memref<8x4xi8>) outs(%c : memref<2x4xi32>)
  return
}
