// RUN: slim-opt %s --pass-pipeline='builtin.module(func.func(slim-cpu-lower-kernels{vector-bytes=16 rows=6 vectors=2}))' --split-input-file | FileCheck %s
// RUN: slim-opt %s --pass-pipeline='builtin.module(func.func(slim-cpu-lower-kernels{vector-bytes=16 rows=6 vectors=2 threads=true}))' --split-input-file | FileCheck %s --check-prefix=THREADS

#x = affine_map<(n, h, w, c, i, j) -> (n, h + i, w + j, c)>
#w = affine_map<(n, h, w, c, i, j) -> (c floordiv 8, i, j, c mod 8)>
#u = affine_map<(n, h, w, c, i, j) -> (c, i, j)>
#c = affine_map<(n, h, w, c, i, j) -> (c)>
#y = affine_map<(n, h, w, c, i, j) -> (n, h, w, c)>

// A depthwise convolution of rows of 5: one block of 5 sums. An image's vector
// is loaded once for the positions that read it, 3 x 7 of them, a weight once
// for all, and the bias once.
// CHECK-LABEL: func @depthwise
// CHECK: scf.for %{{.*}} step %c4
// CHECK-COUNT-30: vector.load
// CHECK-NOT: vector.load
// CHECK-COUNT-1: vector.fma
// CHECK: vector.load
// CHECK: arith.maximumf
// CHECK-COUNT-5: vector.store
// CHECK-NOT: mask
// THREADS-LABEL: func @depthwise
// THREADS-NOT: scf.parallel
func.func @depthwise(%x: memref<1x7x7x16xf32>, %w: memref<2x3x3x8xf32>,
                     %b: memref<16xf32>, %y: memref<1x5x5x16xf32>) {
  slim_cpu.kernel ins(%x, %w : memref<1x7x7x16xf32>, memref<2x3x3x8xf32>)
    extras(%b : memref<16xf32>) outs(%y : memref<1x5x5x16xf32>)
    {indexing_maps = [#x, #w, #c, #y],
     iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"],
     init = 0.0 : f32}
    body {
    ^bb0(%a0: f32, %a1: f32, %s: f32):
      %p = arith.mulf %a0, %a1 : f32
      %q = arith.addf %s, %p : f32
      slim_cpu.yield %q : f32
    } epilogue {
    ^bb0(%s: f32, %z: f32):
      %q = arith.maximumf %s, %z : f32
      slim_cpu.yield %q : f32
    }
  return
}

// -----

#x = affine_map<(n, h, w, c, i, j) -> (n, h + i, w + j, c)>
#u = affine_map<(n, h, w, c, i, j) -> (c, i, j)>
#y = affine_map<(n, h, w, c, i, j) -> (n, h, w, c)>

// Weights that are not packed are copied first; channels that are left over go
// through a mask; rows of unknown length through smaller blocks.
// CHECK-LABEL: func @open
// CHECK: %[[COPY:.*]] = memref.alloc() {alignment = 64 : i64} : memref<3x3x6xf32>
// CHECK: memref.store %{{.*}}, %[[COPY]]
// CHECK: arith.remui
// CHECK: vector.create_mask
// CHECK: vector.maskedstore
// CHECK: memref.dealloc %[[COPY]]
// THREADS-LABEL: func @open
// THREADS: scf.parallel
func.func @open(%x: memref<?x?x?x6xf32>, %w: memref<6x3x3xf32>,
                %y: memref<?x?x?x6xf32>) {
  slim_cpu.kernel ins(%x, %w : memref<?x?x?x6xf32>, memref<6x3x3xf32>)
    outs(%y : memref<?x?x?x6xf32>)
    {indexing_maps = [#x, #u, #y],
     iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"],
     init = 0.0 : f32}
    body {
    ^bb0(%a0: f32, %a1: f32, %s: f32):
      %p = arith.mulf %a0, %a1 : f32
      %q = arith.addf %s, %p : f32
      slim_cpu.yield %q : f32
    } epilogue {
    ^bb0(%s: f32):
      slim_cpu.yield %s : f32
    }
  return
}

// -----

// A sum of rows has no windows: four vectors of columns, then one.
// CHECK-LABEL: func @columns
// CHECK: %{{.*}}:4 = scf.for
// CHECK-COUNT-4: vector.store
// CHECK: vector.store
// CHECK-NOT: vector.store
func.func @columns(%x: memref<?x20xf32>, %y: memref<20xf32>) {
  slim_cpu.kernel ins(%x : memref<?x20xf32>) outs(%y : memref<20xf32>)
    {indexing_maps = [affine_map<(c, k) -> (k, c)>, affine_map<(c, k) -> (c)>],
     iterator_types = ["parallel", "reduction"], init = 0.0 : f32}
    body {
    ^bb0(%a: f32, %s: f32):
      %q = arith.addf %s, %a : f32
      slim_cpu.yield %q : f32
    } epilogue {
    ^bb0(%s: f32):
      slim_cpu.yield %s : f32
    }
  return
}
