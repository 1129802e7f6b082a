// RUN: slim-opt %s --pass-pipeline='builtin.module(func.func(slim-place-deallocations))' | FileCheck %s

// After the last use of the last alias.
// CHECK-LABEL: func @alias
// CHECK: %[[M:.*]] = memref.alloc
// CHECK: %[[V:.*]] = memref.subview %[[M]]
// CHECK: linalg.fill {{.*}} outs(%[[V]]
// CHECK-NEXT: memref.dealloc %[[M]]
// CHECK-NEXT: return
func.func @alias(%f: f32) {
  %m = memref.alloc() : memref<8xf32>
  %v = memref.subview %m[0] [4] [1] : memref<8xf32> to memref<4xf32, strided<[1]>>
  linalg.fill ins(%f : f32) outs(%v : memref<4xf32, strided<[1]>>)
  return
}

// A result stays.
// CHECK-LABEL: func @result
// CHECK-NOT: dealloc
func.func @result() -> memref<8xf32> {
  %m = memref.alloc() : memref<8xf32>
  return %m : memref<8xf32>
}

// A use in a nested region keeps the buffer until the op around it ends.
// CHECK-LABEL: func @nested
// CHECK: %[[M:.*]] = memref.alloc
// CHECK: scf.if
// CHECK: }
// CHECK-NEXT: memref.dealloc %[[M]]
func.func @nested(%c: i1, %f: f32) {
  %m = memref.alloc() : memref<8xf32>
  scf.if %c {
    linalg.fill ins(%f : f32) outs(%m : memref<8xf32>)
  }
  return
}

// What a branch yields may be either buffer: neither leaves before its last use.
// CHECK-LABEL: func @branches
// CHECK-DAG: %[[A:.*]] = memref.alloc() : memref<8xf32>
// CHECK: %[[S:.*]] = scf.if
// CHECK-NOT: dealloc
// CHECK: linalg.fill {{.*}} outs(%[[S]]
// CHECK-NEXT: memref.dealloc %[[A]]
func.func @branches(%c: i1, %f: f32) {
  %a = memref.alloc() : memref<8xf32>
  %s = scf.if %c -> memref<8xf32> {
    scf.yield %a : memref<8xf32>
  } else {
    %b = memref.alloc() : memref<8xf32>
    scf.yield %b : memref<8xf32>
  }
  linalg.fill ins(%f : f32) outs(%s : memref<8xf32>)
  return
}
