// RUN: slim-opt %s --pass-pipeline='builtin.module(func.func(slim-cpu-lower-kernels{vector-bytes=16 rows=2 vectors=1 threads=true}))' --split-input-file | FileCheck %s

// Three panels of columns: their rows are shared out as well, in 6 chunks, so
// that neither of two threads gets twice as much.

// CHECK-LABEL: func @three
// CHECK: scf.parallel {{.*}} to (%c6{{[_0-9]*}}, %c3{{[_0-9]*}})
func.func @three(%x: memref<128x512xf32>, %w: memref<512x12xf32>, %y: memref<128x12xf32>) {
  slim_cpu.kernel ins(%x, %w : memref<128x512xf32>, memref<512x12xf32>)
      outs(%y : memref<128x12xf32>) {
     indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
     iterator_types = ["parallel", "parallel", "reduction"], init = 0.0 : f32}
    body {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %sum, %p : f32
    slim_cpu.yield %s : f32
  } epilogue {
  ^bb0(%s: f32):
    slim_cpu.yield %s : f32
  }
  return
}

// -----

// Four are shared out as they are.

// CHECK-LABEL: func @four
// CHECK: scf.parallel {{.*}} to (%c1{{[_0-9]*}}, %c4{{[_0-9]*}})
func.func @four(%x: memref<128x512xf32>, %w: memref<512x16xf32>, %y: memref<128x16xf32>) {
  slim_cpu.kernel ins(%x, %w : memref<128x512xf32>, memref<512x16xf32>)
      outs(%y : memref<128x16xf32>) {
     indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
     iterator_types = ["parallel", "parallel", "reduction"], init = 0.0 : f32}
    body {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %sum, %p : f32
    slim_cpu.yield %s : f32
  } epilogue {
  ^bb0(%s: f32):
    slim_cpu.yield %s : f32
  }
  return
}

// -----

// Rows of little work: no task gets fewer than 2^15 multiply-adds, 32 of the 256
// pairs of rows of one panel, and 8 tasks remain.

// CHECK-LABEL: func @little
// CHECK: scf.parallel {{.*}} to (%c8{{[_0-9]*}}, %c1{{[_0-9]*}})
func.func @little(%x: memref<512x128xf32>, %w: memref<128x4xf32>, %y: memref<512x4xf32>) {
  slim_cpu.kernel ins(%x, %w : memref<512x128xf32>, memref<128x4xf32>)
      outs(%y : memref<512x4xf32>) {
     indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
     iterator_types = ["parallel", "parallel", "reduction"], init = 0.0 : f32}
    body {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %sum, %p : f32
    slim_cpu.yield %s : f32
  } epilogue {
  ^bb0(%s: f32):
    slim_cpu.yield %s : f32
  }
  return
}

// -----

// A kernel that has no vectors, as its result lies transposed, shares out plain
// loops.

// CHECK-LABEL: func @scalar
// CHECK: scf.parallel
// CHECK: scf.for
func.func @scalar(%x: memref<64x64xf32>, %w: memref<64x64xf32>, %y: memref<64x64xf32, strided<[1, 64]>>) {
  slim_cpu.kernel ins(%x, %w : memref<64x64xf32>, memref<64x64xf32>)
      outs(%y : memref<64x64xf32, strided<[1, 64]>>) {
     indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
     iterator_types = ["parallel", "parallel", "reduction"], init = 0.0 : f32}
    body {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %sum, %p : f32
    slim_cpu.yield %s : f32
  } epilogue {
  ^bb0(%s: f32):
    slim_cpu.yield %s : f32
  }
  return
}
