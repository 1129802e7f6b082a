// RUN: slim-opt %s --pass-pipeline='builtin.module(func.func(slim-cpu-lower-loops))' --split-input-file | FileCheck %s
// RUN: slim-opt %s --pass-pipeline='builtin.module(func.func(slim-cpu-lower-loops{threads=true}))' --split-input-file | FileCheck %s --check-prefix=THREADS

// CHECK-LABEL: func @fill
// CHECK: scf.for
// CHECK: scf.for
// CHECK: memref.store
// THREADS-LABEL: func @fill
// THREADS-NOT: scf.parallel
func.func @fill(%m: memref<4x8xf32>, %v: f32) {
  linalg.fill ins(%v : f32) outs(%m : memref<4x8xf32>)
  return
}

// -----

// The outermost loop of a large op is parallel, the others are not.
// THREADS-LABEL: func @large_fill
// THREADS: scf.parallel (%{{.*}}) =
// THREADS-NEXT: scf.for
func.func @large_fill(%m: memref<?x1024xf32>, %v: f32) {
  linalg.fill ins(%v : f32) outs(%m : memref<?x1024xf32>)
  return
}

// -----

// A loop of one iteration is nothing to share out.
// THREADS-LABEL: func @large_image
// THREADS: scf.for
// THREADS-NEXT: scf.parallel (%{{.*}}) =
// THREADS-NEXT: scf.for
func.func @large_image(%m: memref<1x64x1024xf32>, %v: f32) {
  linalg.fill ins(%v : f32) outs(%m : memref<1x64x1024xf32>)
  return
}

// -----

// The column loop is innermost, not the reduction, and the sum may be
// reassociated.
// CHECK-LABEL: func @product
// CHECK-DAG: %[[C2:.*]] = arith.constant 2 : index
// CHECK-DAG: %[[C4:.*]] = arith.constant 4 : index
// CHECK-DAG: %[[C8:.*]] = arith.constant 8 : index
// CHECK: scf.for %{{.*}} to %[[C2]]
// CHECK: scf.for %{{.*}} to %[[C8]]
// CHECK: scf.for %{{.*}} to %[[C4]]
// CHECK: memref.store %{{.*}} : memref<2x4xi32>
func.func @product(%a: memref<2x8xi8>, %b: memref<8x4xi8>, %c: memref<2x4xi32>) {
  linalg.matmul ins(%a, %b : memref<2x8xi8>, memref<8x4xi8>) outs(%c : memref<2x4xi32>)
  return
}

// -----

// CHECK-LABEL: func @copy
// CHECK: scf.for
// CHECK: memref.load %{{.*}} : memref<4xf32, strided<[2], offset: ?>>
// CHECK: memref.store
func.func @copy(%a: memref<4xf32, strided<[2], offset: ?>>, %b: memref<4xf32>) {
  memref.copy %a, %b : memref<4xf32, strided<[2], offset: ?>> to memref<4xf32>
  return
}

// -----

// CHECK-LABEL: func @sum
// CHECK: arith.addf {{.*}} fastmath<reassoc,contract>
func.func @sum(%a: memref<16xf32>, %b: memref<f32>) {
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>],
                  iterator_types = ["reduction"]}
      ins(%a : memref<16xf32>) outs(%b : memref<f32>) {
  ^bb0(%x: f32, %s: f32):
    %r = arith.addf %x, %s : f32
    linalg.yield %r : f32
  }
  return
}

// -----

// Lookups in vectors of as many elements as there are floats in one, and a mask
// for the rest.
// CHECK-LABEL: func @lookup
// CHECK: scf.for
// CHECK: scf.for
// CHECK: vector.load %{{.*}} : memref<5x20xf32>, vector<8xf32>
// CHECK: memref.load %{{.*}} : memref<5xf32>
// CHECK: slim_cpu.lookup %{{.*}} : vector<8xi8>
// CHECK: vector.store %{{.*}} : memref<5x20xi8>, vector<8xi8>
// CHECK: vector.maskedload
// CHECK: slim_cpu.lookup %{{.*}} : vector<8xi8>
// CHECK: vector.maskedstore
func.func @lookup(%x: memref<5x20xf32>, %s: memref<5xf32>, %y: memref<5x20xi8>) {
  linalg.generic {indexing_maps = [affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (m)>, affine_map<(m, n) -> (m, n)>], iterator_types = ["parallel", "parallel"]} ins(%x, %s : memref<5x20xf32>, memref<5xf32>) outs(%y : memref<5x20xi8>) {
  ^bb0(%a: f32, %b: f32, %o: i8):
    %m = arith.mulf %a, %b : f32
    %i = arith.fptosi %m : f32 to i8
    %r = slim_cpu.lookup %i {table = dense<3> : tensor<256xi8>} : i8
    linalg.yield %r : i8
  }
  return
}
