// RUN: slim-opt %s --pass-pipeline='builtin.module(func.func(slim-cpu-place-destinations))' --split-input-file | FileCheck %s
// RUN: slim-opt %s --pass-pipeline='builtin.module(func.func(slim-cpu-place-destinations),eliminate-empty-tensors,one-shot-bufferize{bufferize-function-boundaries},canonicalize,cse,canonicalize)' --split-input-file | FileCheck %s --check-prefix=BUFFERS

// A padded image: only the margins are filled, and the image is computed into
// their middle.
// CHECK-LABEL: func @pad
// CHECK: %[[N:.*]] = arith.addi
// CHECK: %[[E:.*]] = tensor.empty(%[[N]]) : tensor<?x8xf32>
// CHECK: tensor.extract_slice %[[E]][0, 0] [1, 8]
// CHECK: linalg.fill
// CHECK: tensor.insert_slice
// CHECK: tensor.extract_slice %{{.*}}[%{{.*}}, 0] [2, 8]
// CHECK: linalg.fill
// CHECK: %[[M:.*]] = tensor.insert_slice
// CHECK: %[[Y:.*]] = linalg.exp
// CHECK-NEXT: tensor.insert_slice %[[Y]] into %[[M]][1, 0]
// CHECK-NOT: linalg.fill
// BUFFERS-LABEL: func @pad
// BUFFERS-COUNT-1: memref.alloc
// BUFFERS-NOT: memref.alloc
// BUFFERS-NOT: memref.copy
func.func @pad(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %zero = arith.constant 0.0 : f32
  %d = tensor.dim %x, %c0 : tensor<?x8xf32>
  %e = tensor.empty(%d) : tensor<?x8xf32>
  %y = linalg.exp ins(%x : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  %n = arith.addi %d, %c3 : index
  %g = tensor.empty(%n) : tensor<?x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%g : tensor<?x8xf32>) -> tensor<?x8xf32>
  %p = tensor.insert_slice %y into %f[1, 0] [%d, 8] [1, 1] : tensor<?x8xf32> into tensor<?x8xf32>
  return %p : tensor<?x8xf32>
}

// -----

// Parts go in as they are computed; each op writes into a tensor of its own.
// BUFFERS-LABEL: func @concat
// BUFFERS: %[[WHOLE:.*]] = memref.alloc() {{.*}} : memref<4x16xf32>
// BUFFERS-NOT: memref.alloc
// BUFFERS: linalg.exp {{.*}} outs(%{{.*}} : memref<4x8xf32, strided<[16, 1], offset: 8>>)
// BUFFERS: linalg.abs {{.*}} outs(%{{.*}} : memref<4x8xf32, strided<[16, 1]>>)
// BUFFERS-NOT: memref.copy
func.func @concat(%x: tensor<4x8xf32>) -> tensor<4x16xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %b = linalg.exp ins(%x : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %a = linalg.abs ins(%x : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %g = tensor.empty() : tensor<4x16xf32>
  %0 = tensor.insert_slice %a into %g[0, 0] [4, 8] [1, 1] : tensor<4x8xf32> into tensor<4x16xf32>
  %1 = tensor.insert_slice %b into %0[0, 8] [4, 8] [1, 1] : tensor<4x8xf32> into tensor<4x16xf32>
  return %1 : tensor<4x16xf32>
}

// -----

// Parts that may overlap keep their order.
// BUFFERS-LABEL: func @overlap
// CHECK-LABEL: func @overlap
// CHECK: linalg.exp
// CHECK: linalg.abs
// CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[0, 0]
// CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[0, 4]
func.func @overlap(%x: tensor<4x8xf32>) -> tensor<4x16xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %b = linalg.exp ins(%x : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %a = linalg.abs ins(%x : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %g = tensor.empty() : tensor<4x16xf32>
  %0 = tensor.insert_slice %a into %g[0, 0] [4, 8] [1, 1] : tensor<4x8xf32> into tensor<4x16xf32>
  %1 = tensor.insert_slice %b into %0[0, 4] [4, 8] [1, 1] : tensor<4x8xf32> into tensor<4x16xf32>
  return %1 : tensor<4x16xf32>
}

// -----

// An extent that is computed from the part comes too late: nothing moves.
// CHECK-LABEL: func @late
// CHECK: linalg.generic
// CHECK: tensor.extract
// CHECK: tensor.empty
// CHECK: tensor.insert_slice
func.func @late(%x: tensor<4xindex>, %z: tensor<4xindex>) -> tensor<?xindex> {
  %c0 = arith.constant 0 : index
  %e = tensor.empty() : tensor<4xindex>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
      iterator_types = ["parallel"]} ins(%x : tensor<4xindex>) outs(%e : tensor<4xindex>) {
  ^bb0(%a: index, %o: index):
    %q = arith.addi %a, %a : index
    linalg.yield %q : index
  } -> tensor<4xindex>
  %n = tensor.extract %y[%c0] : tensor<4xindex>
  %g = tensor.empty(%n) : tensor<?xindex>
  %p = tensor.insert_slice %y into %g[0] [4] [1] : tensor<4xindex> into tensor<?xindex>
  return %p : tensor<?xindex>
}
