// RUN: slim-opt %s -slim-cpu-lower-attention='vector-bytes=16 rows=2 vectors=1' -canonicalize | FileCheck %s
// RUN: slim-opt %s -slim-cpu-lower-attention='vector-bytes=16 rows=2 vectors=1 threads' | FileCheck %s --check-prefix=THREADS

// CHECK-LABEL: func @attention
// CHECK-SAME: %[[Q:.*]]: memref<1x9x3x4xf32>, %[[K:.*]]: memref<1x6x3x4xf32>, %[[V:.*]]: memref<1x6x3x4xf32>, %[[M:.*]]: memref<6xf32>, %[[Y:.*]]: memref<1x3x9x4xf32>
// Buffers of a task: keys, scores, state.
// CHECK-DAG: memref.alloca() {{.*}} : memref<2x4x4xf32>
// CHECK-DAG: memref.alloca() {{.*}} : memref<2x8xf32>
// Keys to panels.
// CHECK: vector.load %[[K]]
// CHECK-COUNT-8: vector.shuffle
// Scores of two queries and four keys, masked behind the last one.
// CHECK: memref.load %[[Q]]
// CHECK: vector.fma
// CHECK: vector.load %[[M]]
// CHECK: arith.cmpf ogt
// CHECK: vector.maskedload %[[M]]
// CHECK: arith.select
// CHECK: math.exp %{{.*}} : f32
// CHECK: math.exp %{{.*}} : vector<4xf32>
// CHECK: vector.load %[[V]]
// CHECK: vector.fma
// CHECK: arith.divf
// CHECK: vector.store %{{.*}}, %[[Y]]
// CHECK: return
// THREADS: scf.parallel (%{{.*}}, %{{.*}}, %{{.*}}) =
// THREADS: memref.alloca
func.func @attention(%q: memref<1x9x3x4xf32>, %k: memref<1x6x3x4xf32>, %v: memref<1x6x3x4xf32>, %m: memref<6xf32>,
                     %y: memref<1x3x9x4xf32>) {
  slim_cpu.attention ins(%q, %k, %v : memref<1x9x3x4xf32>, memref<1x6x3x4xf32>, memref<1x6x3x4xf32>)
      mask(%m : memref<6xf32>) outs(%y : memref<1x3x9x4xf32>)
      {indexing_maps = [affine_map<(b, h, s, t, d, e) -> (b, s, h, d)>,
                        affine_map<(b, h, s, t, d, e) -> (b, t, h, d)>,
                        affine_map<(b, h, s, t, d, e) -> (b, t, h, e)>,
                        affine_map<(b, h, s, t, d, e) -> (t)>,
                        affine_map<(b, h, s, t, d, e) -> (b, h, s, e)>],
       scale = 0.5 : f32}
  return
}

// Elements that are not neighbours are copied.
// CHECK-LABEL: func @strided
// CHECK: %[[COPY:.*]] = memref.alloc() {{.*}} : memref<1x6x3x4xf32>
// CHECK: memref.copy %{{.*}}, %[[COPY]]
// CHECK: memref.dealloc %[[COPY]]
func.func @strided(%q: memref<1x6x3x4xf32>, %k: memref<1x6x3x4xf32, strided<[144, 24, 8, 2]>>, %y: memref<1x6x3x4xf32>) {
  slim_cpu.attention ins(%q, %k, %q : memref<1x6x3x4xf32>, memref<1x6x3x4xf32, strided<[144, 24, 8, 2]>>, memref<1x6x3x4xf32>)
      outs(%y : memref<1x6x3x4xf32>)
      {indexing_maps = [affine_map<(b, h, s, t, d, e) -> (b, s, h, d)>,
                        affine_map<(b, h, s, t, d, e) -> (b, t, h, d)>,
                        affine_map<(b, h, s, t, d, e) -> (b, t, h, e)>,
                        affine_map<(b, h, s, t, d, e) -> (b, s, h, e)>],
       scale = 0.5 : f32}
  return
}
