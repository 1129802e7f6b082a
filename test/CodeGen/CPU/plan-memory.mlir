// RUN: slim-opt %s --pass-pipeline='builtin.module(func.func(slim-cpu-plan-memory))' --split-input-file | FileCheck %s

func.func private @use(memref<16xf32>)
func.func private @use2(memref<16xf32>, memref<8x4xf32>)

// Three of 64, 128 and 64 bytes: the first and the last share memory. The last
// one's life begins with its first use, not where it is allocated.
// CHECK-LABEL: func @share
// CHECK: %[[ARENA:.*]] = memref.alloc() {alignment = 64 : i64} : memref<192xi8>
// CHECK: %[[O0:.*]] = arith.constant 128 : index
// CHECK: %[[A:.*]] = memref.view %[[ARENA]][%[[O0]]][] : memref<192xi8> to memref<16xf32>
// CHECK: %[[O1:.*]] = arith.constant 0 : index
// CHECK: %[[B:.*]] = memref.view %[[ARENA]][%[[O1]]][] : memref<192xi8> to memref<8x4xf32>
// CHECK: %[[O2:.*]] = arith.constant 128 : index
// CHECK: %[[C:.*]] = memref.view %[[ARENA]][%[[O2]]][] : memref<192xi8> to memref<16xf32>
// CHECK: call @use2(%[[A]], %[[B]])
// CHECK-NEXT: call @use2(%[[C]], %[[B]])
// CHECK-NEXT: memref.dealloc %[[ARENA]]
// CHECK-NEXT: return
func.func @share() {
  %a = memref.alloc() : memref<16xf32>
  %b = memref.alloc() : memref<8x4xf32>
  %c = memref.alloc() {alignment = 64 : i64} : memref<16xf32>
  call @use2(%a, %b) : (memref<16xf32>, memref<8x4xf32>) -> ()
  memref.dealloc %a : memref<16xf32>
  call @use2(%c, %b) : (memref<16xf32>, memref<8x4xf32>) -> ()
  memref.dealloc %b : memref<8x4xf32>
  memref.dealloc %c : memref<16xf32>
  return
}

// -----

func.func private @use(memref<?xf32>)

// A use inside a region counts where the region's op is. What escapes, has an
// open size, a larger alignment or a layout of its own stays.
// CHECK-LABEL: func @stay
// CHECK: memref.alloc() {alignment = 64 : i64} : memref<128xi8>
// CHECK: memref.alloc() : memref<4xi8>
// CHECK: memref.alloc(%{{.*}}) : memref<?xf32>
// CHECK: memref.alloc() {alignment = 128 : i64} : memref<4xi8>
// CHECK: memref.alloc() : memref<4xi8, strided<[2]>>
// CHECK-COUNT-2: memref.view
func.func @stay(%n: index, %x: i8, %cond: i1) -> memref<4xi8> {
  %c0 = arith.constant 0 : index
  %escaping = memref.alloc() : memref<4xi8>
  %open = memref.alloc(%n) : memref<?xf32>
  %aligned = memref.alloc() {alignment = 128 : i64} : memref<4xi8>
  %strided = memref.alloc() : memref<4xi8, strided<[2]>>
  %a = memref.alloc() : memref<3x2xi1>
  %b = memref.alloc() : memref<3x2xi1>
  scf.if %cond {
    %v = memref.load %b[%c0, %c0] : memref<3x2xi1>
    memref.store %v, %a[%c0, %c0] : memref<3x2xi1>
  }
  memref.dealloc %b : memref<3x2xi1>
  memref.dealloc %a : memref<3x2xi1>
  memref.store %x, %strided[%c0] : memref<4xi8, strided<[2]>>
  memref.store %x, %aligned[%c0] : memref<4xi8>
  func.call @use(%open) : (memref<?xf32>) -> ()
  memref.dealloc %open : memref<?xf32>
  memref.dealloc %aligned : memref<4xi8>
  memref.dealloc %strided : memref<4xi8, strided<[2]>>
  return %escaping : memref<4xi8>
}

// -----

// One buffer needs no plan.
// CHECK-LABEL: func @single
// CHECK-NOT: memref.view
func.func @single(%x: f32) {
  %c0 = arith.constant 0 : index
  %a = memref.alloc() : memref<16xf32>
  memref.store %x, %a[%c0] : memref<16xf32>
  memref.dealloc %a : memref<16xf32>
  return
}

// -----

func.func private @use2(memref<16xf32>, memref<8x4xf32>)

// What an iteration allocates is allocated once, before the loop, and shares
// the function's arena with what is not in use meanwhile.
// CHECK-LABEL: func @loop
// CHECK: %[[ARENA:.*]] = memref.alloc() {alignment = 64 : i64} : memref<192xi8>
// CHECK: %[[INNER:.*]] = memref.view %[[ARENA]]{{.*}} to memref<192xi8>
// CHECK: scf.for
// CHECK-NOT: memref.alloc
// CHECK: memref.view %[[INNER]]
// CHECK: memref.view %[[INNER]]
// CHECK: call @use2
// CHECK-NOT: memref.dealloc
// CHECK: }
// CHECK: memref.view %[[ARENA]]
// CHECK: call @use2
// CHECK: memref.dealloc %[[ARENA]]
func.func @loop(%n: index, %y: memref<8x4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %a = memref.alloc() : memref<16xf32>
    %b = memref.alloc() : memref<8x4xf32>
    func.call @use2(%a, %b) : (memref<16xf32>, memref<8x4xf32>) -> ()
    memref.dealloc %a : memref<16xf32>
    memref.dealloc %b : memref<8x4xf32>
  }
  %c = memref.alloc() : memref<16xf32>
  call @use2(%c, %y) : (memref<16xf32>, memref<8x4xf32>) -> ()
  memref.dealloc %c : memref<16xf32>
  return
}
