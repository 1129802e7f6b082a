// RUN: slim-opt %s --slim-cpu-lower-parallel --split-input-file | FileCheck %s

// CHECK-LABEL: func private @parallel_body(
// CHECK-SAME: %[[BEGIN:.*]]: index, %[[END:.*]]: index, %[[V:.*]]: f32,
// CHECK-SAME: %[[M:.*]]: memref<?xf32>
// CHECK: scf.for %[[I:.*]] = %[[BEGIN]] to %[[END]]
// CHECK: memref.store %[[V]], %[[M]][
// CHECK: return

// CHECK-LABEL: func @one_dimension(
// CHECK-SAME: %[[M:.*]]: memref<?xf32>, %[[N:.*]]: index, %[[V:.*]]: f32
// CHECK: %[[MAX:.*]] = call @omp_get_max_threads()
// CHECK: %[[THREADS:.*]] = arith.index_cast %[[MAX]]
// CHECK: %[[USABLE:.*]] = arith.minsi %[[THREADS]], %[[TOTAL:.*]] :
// CHECK: %[[MANY:.*]] = arith.cmpi sgt, %[[USABLE]]
// CHECK: scf.if %[[MANY]]
// CHECK: omp.parallel
// CHECK: @omp_get_thread_num()
// CHECK: @omp_get_num_threads()
// CHECK: %[[B:.*]] = arith.divui
// CHECK: %[[E:.*]] = arith.divui
// CHECK: func.call @parallel_body(%[[B]], %[[E]], %[[V]], %[[M]])
// CHECK-NEXT: omp.terminator
// CHECK: else
// CHECK: func.call @parallel_body(%{{.*}}, %[[TOTAL]], %[[V]], %[[M]])
func.func @one_dimension(%m: memref<?xf32>, %n: index, %v: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    memref.store %v, %m[%i] : memref<?xf32>
  }
  return
}

// -----

// The last dimension runs fastest, and a loop inside stays. A buffer on the
// stack serves all iterations.
// CHECK-LABEL: func private @parallel_body(
// CHECK: memref.alloca() : memref<8xf32>
// CHECK: scf.for %[[I:.*]] =
// CHECK: %[[COL:.*]] = arith.remui %[[I]]
// CHECK: %[[ROW:.*]] = arith.divui %[[I]]
// CHECK: scf.parallel
// CHECK-LABEL: func @nest
// CHECK: omp.parallel
// CHECK-NOT: scf.parallel
func.func @nest(%m: memref<12x20xf32>, %v: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c5 = arith.constant 5 : index
  %c12 = arith.constant 12 : index
  %c20 = arith.constant 20 : index
  scf.parallel (%i, %j) = (%c0, %c0) to (%c12, %c20) step (%c4, %c5) {
    %s = memref.alloca() : memref<8xf32>
    scf.parallel (%k) = (%c0) to (%c4) step (%c1) {
      %r = arith.addi %i, %k : index
      memref.store %v, %s[%k] : memref<8xf32>
      memref.store %v, %m[%r, %j] : memref<12x20xf32>
    }
  }
  return
}

// -----

// A loop that reduces stays.
// CHECK-LABEL: func @reduction
// CHECK-NOT: omp.parallel
// CHECK: scf.parallel
func.func @reduction(%m: memref<8xf32>, %zero: f32) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %sum = scf.parallel (%i) = (%c0) to (%c8) step (%c1) init (%zero) -> f32 {
    %x = memref.load %m[%i] : memref<8xf32>
    scf.reduce(%x : f32) {
    ^bb0(%a: f32, %b: f32):
      %s = arith.addf %a, %b : f32
      scf.reduce.return %s : f32
    }
  }
  return %sum : f32
}
