// RUN: slim-opt %s -slim-cpu-lower-rows=vector-bytes=16 -canonicalize | FileCheck %s
// RUN: slim-opt %s -slim-cpu-lower-rows='vector-bytes=16 threads' | FileCheck %s --check-prefix=THREADS

// Four vectors in flight, a mask for what is left, exponentials kept in the
// output between the passes.
// CHECK-LABEL: func @softmax
// CHECK-SAME: %[[X:.*]]: memref<?x?xf32>, %[[Y:.*]]: memref<?x?xf32>
// THREADS-LABEL: func @softmax
// THREADS: scf.parallel
// CHECK: scf.for %[[I:.*]] =
// CHECK:   %[[M:.*]]:4 = scf.for %{{.*}} step %c16 iter_args
// CHECK-COUNT-4: arith.maximumf %{{.*}} : vector<4xf32>
// CHECK:   scf.for %{{.*}} step %c4 iter_args
// CHECK:     vector.create_mask
// CHECK:     vector.maskedload %[[X]]
// CHECK:     arith.select
// CHECK:   vector.reduction <maximumf>
// CHECK:   scf.for
// CHECK:     math.exp %{{.*}} : vector<4xf32>
// CHECK:     vector.store %{{.*}}, %[[Y]]
// CHECK:   vector.maskedstore %[[Y]]
// CHECK:   vector.reduction <add>
// CHECK-NOT: math.exp
// CHECK:   scf.for
// CHECK:     vector.load %[[Y]]
// CHECK:     arith.divf
// CHECK:     vector.store %{{.*}}, %[[Y]]
// CHECK: return
func.func @softmax(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  slim_cpu.rows ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
      {indexing_maps = [affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (m, n)>],
       iterator_types = ["parallel", "reduction"]} body {
  ^bb0(%xe: f32):
    %max = slim_cpu.reduce <maximumf> %xe : f32
    %d = arith.subf %xe, %max : f32
    %p = math.exp %d : f32
    %sum = slim_cpu.reduce <add> %p : f32
    %r = arith.divf %p, %sum : f32
    slim_cpu.rows_yield %r : f32
  }
  return
}

// Vectors across rows: no combination within a vector.
// CHECK-LABEL: func @columns
// CHECK: scf.for {{.*}} step %c4
// CHECK:   %[[S:.*]] = scf.for
// CHECK:     vector.maskedload
// CHECK:     arith.addf %{{.*}} : vector<4xf32>
// CHECK:   vector.maskedstore %{{.*}}, %[[S]]
// CHECK-NOT: vector.reduction
// CHECK: return
func.func @columns(%x: memref<8x7xf32>, %y: memref<7xf32>) {
  slim_cpu.rows ins(%x : memref<8x7xf32>) outs(%y : memref<7xf32>)
      {indexing_maps = [affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (n)>],
       iterator_types = ["reduction", "parallel"]} body {
  ^bb0(%xe: f32):
    %sum = slim_cpu.reduce <add> %xe : f32
    slim_cpu.rows_yield %sum : f32
  }
  return
}

// Nothing is contiguous: one element at a time.
// CHECK-LABEL: func @strided
// CHECK: memref.load
// CHECK-NOT: vector.load
// CHECK: return
func.func @strided(%x: memref<8x8xf32, strided<[16, 2]>>, %y: memref<8xf32>) {
  slim_cpu.rows ins(%x : memref<8x8xf32, strided<[16, 2]>>) outs(%y : memref<8xf32>)
      {indexing_maps = [affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (m)>],
       iterator_types = ["parallel", "reduction"]} body {
  ^bb0(%xe: f32):
    %sum = slim_cpu.reduce <add> %xe : f32
    slim_cpu.rows_yield %sum : f32
  }
  return
}
