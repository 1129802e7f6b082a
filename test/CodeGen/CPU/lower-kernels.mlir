// RUN: slim-opt %s --pass-pipeline='builtin.module(func.func(slim-cpu-lower-kernels{vector-bytes=16 rows=2 vectors=1}))' --split-input-file | FileCheck %s
// RUN: slim-opt %s --pass-pipeline='builtin.module(func.func(slim-cpu-lower-kernels{vector-bytes=16 rows=2 vectors=1 threads=true}))' --split-input-file | FileCheck %s --check-prefix=THREADS

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#n = affine_map<(m, n, k) -> (n)>

// Everything divides: no mask, no smaller block. The bias is added before the
// sums are stored.
// CHECK-LABEL: func @divides
// CHECK: scf.for {{.*}} step %c2
// CHECK: %[[SUMS:.*]]:8 = scf.for {{.*}} iter_args
// CHECK-COUNT-8: vector.fma
// CHECK: scf.yield
// CHECK: %[[B:.*]] = vector.load
// CHECK: arith.addf %{{.*}}, %[[B]]
// CHECK: vector.store
// CHECK: arith.addf %{{.*}}, %[[B]]
// CHECK: vector.store
// CHECK-NOT: mask
// CHECK-NOT: slim_cpu
func.func @divides(%a: memref<2x64xf32>, %b: memref<64x4xf32>,
                   %bias: memref<4xf32>, %c: memref<2x4xf32>) {
  slim_cpu.kernel ins(%a, %b : memref<2x64xf32>, memref<64x4xf32>)
    extras(%bias : memref<4xf32>) outs(%c : memref<2x4xf32>)
    {indexing_maps = [#mk, #kn, #n, #mn],
     iterator_types = ["parallel", "parallel", "reduction"], init = 0.0 : f32}
    body {
    ^bb0(%x: f32, %y: f32, %s: f32):
      %p = arith.mulf %x, %y : f32
      %q = arith.addf %s, %p : f32
      slim_cpu.yield %q : f32
    } epilogue {
    ^bb0(%s: f32, %z: f32):
      %q = arith.addf %s, %z : f32
      slim_cpu.yield %q : f32
    }
  return
}

// -----

// Three rows: a block of two and one of one. Seven columns: a panel of four and
// a masked one.
// CHECK-LABEL: func @left_over
// CHECK: scf.if
// CHECK: vector.fma
// CHECK: else
// CHECK: vector.create_mask
// CHECK: vector.maskedload
// CHECK: vector.maskedstore
#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
func.func @left_over(%a: memref<3x8xf32>, %b: memref<8x7xf32>, %c: memref<3x7xf32>) {
  slim_cpu.kernel ins(%a, %b : memref<3x8xf32>, memref<8x7xf32>)
    outs(%c : memref<3x7xf32>)
    {indexing_maps = [#mk, #kn, #mn],
     iterator_types = ["parallel", "parallel", "reduction"], init = 0.0 : f32}
    body {
    ^bb0(%x: f32, %y: f32, %s: f32):
      %p = arith.mulf %x, %y : f32
      %q = arith.addf %s, %p : f32
      slim_cpu.yield %q : f32
    } epilogue {
    ^bb0(%s: f32):
      slim_cpu.yield %s : f32
    }
  return
}

// -----

// Five columns: the last one is a vector of its own width.
// CHECK-LABEL: func @narrow
// CHECK-NOT: mask
// CHECK: vector<1xf32>
// CHECK-NOT: mask
// CHECK: return
#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
func.func @narrow(%a: memref<3x8xf32>, %b: memref<8x5xf32>, %c: memref<3x5xf32>) {
  slim_cpu.kernel ins(%a, %b : memref<3x8xf32>, memref<8x5xf32>)
    outs(%c : memref<3x5xf32>)
    {indexing_maps = [#mk, #kn, #mn],
     iterator_types = ["parallel", "parallel", "reduction"], init = 0.0 : f32}
    body {
    ^bb0(%x: f32, %y: f32, %s: f32):
      %p = arith.mulf %x, %y : f32
      %q = arith.addf %s, %p : f32
      slim_cpu.yield %q : f32
    } epilogue {
    ^bb0(%s: f32):
      slim_cpu.yield %s : f32
    }
  return
}

// -----

// Columns of the right operand that are not side by side are packed.
// CHECK-LABEL: func @transposed
// CHECK: %[[PANEL:.*]] = memref.alloc(%{{.*}}) {alignment = 64 : i64} : memref<?xf32>
// CHECK: memref.store %{{.*}}, %[[PANEL]]
// CHECK: vector.load %[[PANEL]]
// CHECK: memref.dealloc %[[PANEL]]
// THREADS-LABEL: func @transposed
// THREADS: scf.parallel
// THREADS: scf.parallel
#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
func.func @transposed(%a: memref<?x64xf32>, %b: memref<?x64xf32>, %c: memref<?x?xf32>) {
  slim_cpu.kernel ins(%a, %b : memref<?x64xf32>, memref<?x64xf32>)
    outs(%c : memref<?x?xf32>)
    {indexing_maps = [#mk, #nk, #mn],
     iterator_types = ["parallel", "parallel", "reduction"], init = 0.0 : f32}
    body {
    ^bb0(%x: f32, %y: f32, %s: f32):
      %p = arith.mulf %x, %y : f32
      %q = arith.addf %s, %p : f32
      slim_cpu.yield %q : f32
    } epilogue {
    ^bb0(%s: f32):
      slim_cpu.yield %s : f32
    }
  return
}

// -----

// A pointwise convolution is one product over all its pixels.
// CHECK-LABEL: func @pointwise
// CHECK: scf.for %{{.*}} = %{{.*}} to %c18{{.*}} step %c2
// CHECK: scf.for %{{.*}} iter_args
// CHECK-NOT: scf.for
// CHECK: return
#x = affine_map<(h, w, f, c) -> (h, w, c)>
#w = affine_map<(h, w, f, c) -> (c, f)>
#y = affine_map<(h, w, f, c) -> (h, w, f)>
func.func @pointwise(%a: memref<3x6x64xf32>, %b: memref<64x4xf32>, %c: memref<3x6x4xf32>) {
  slim_cpu.kernel ins(%a, %b : memref<3x6x64xf32>, memref<64x4xf32>)
    outs(%c : memref<3x6x4xf32>)
    {indexing_maps = [#x, #w, #y],
     iterator_types = ["parallel", "parallel", "parallel", "reduction"],
     init = 0.0 : f32}
    body {
    ^bb0(%x: f32, %y: f32, %s: f32):
      %p = arith.mulf %x, %y : f32
      %q = arith.addf %s, %p : f32
      slim_cpu.yield %q : f32
    } epilogue {
    ^bb0(%s: f32):
      slim_cpu.yield %s : f32
    }
  return
}

// -----

// An output that is not contiguous along its last dimension: plain loops.
// CHECK-LABEL: func @strided
// CHECK-NOT: vector
// CHECK: memref.store %{{.*}} : memref<2x4xf32, strided<[8, 2]>>
#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
func.func @strided(%a: memref<2x8xf32>, %b: memref<8x4xf32>, %c: memref<2x4xf32, strided<[8, 2]>>) {
  slim_cpu.kernel ins(%a, %b : memref<2x8xf32>, memref<8x4xf32>)
    outs(%c : memref<2x4xf32, strided<[8, 2]>>)
    {indexing_maps = [#mk, #kn, #mn],
     iterator_types = ["parallel", "parallel", "reduction"], init = 0.0 : f32}
    body {
    ^bb0(%x: f32, %y: f32, %s: f32):
      %p = arith.mulf %x, %y : f32
      %q = arith.addf %s, %p : f32
      slim_cpu.yield %q : f32
    } epilogue {
    ^bb0(%s: f32):
      slim_cpu.yield %s : f32
    }
  return
}
