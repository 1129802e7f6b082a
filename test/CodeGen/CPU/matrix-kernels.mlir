// Instructions of AArch64 for 2 rows by 2 columns: panels have 8 bytes of a
// column side by side, pairs of rows are multiplied at once, and a row alone by
// dot products of the same registers.

// RUN: slim-opt %s --slim-form-kernels="vector-bytes=16 kernel-rows=8 kernel-vectors=2 features=dotprod,i8mm,bfdot" \
// RUN:   --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --canonicalize \
// RUN:   --slim-cpu-lower-kernels="vector-bytes=16 rows=8 vectors=2 features=dotprod,i8mm,bfdot" --canonicalize --cse \
// RUN:   | FileCheck %s

// Three rows: a pair and one alone, in one block.
// CHECK-LABEL: func @signed
// CHECK: scf.for {{.*}} step %c8 iter_args
// CHECK: vector.load {{.*}} vector<32xi8>
// CHECK: vector.load {{.*}} vector<32xi8>
// CHECK-COUNT-4: llvm.aarch64.neon.smmla.v4i32.v16i8
// CHECK-COUNT-4: llvm.aarch64.neon.sdot.v4i32.v16i8
// CHECK: scf.yield
memref.global constant @w : memref<8x64xi8> {slim.data = dense<1> : tensor<8x64xi8>}
func.func @signed(%x: tensor<3x64xi8>) -> tensor<3x8xi32> {
  %zero = arith.constant 0 : i32
  %m = memref.get_global @w : memref<8x64xi8>
  %w = bufferization.to_tensor %m restrict : memref<8x64xi8> to tensor<8x64xi8>
  %e = tensor.empty() : tensor<3x8xi32>
  %f = linalg.fill ins(%zero : i32) outs(%e : tensor<3x8xi32>) -> tensor<3x8xi32>
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
      affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
    ins(%x, %w : tensor<3x64xi8>, tensor<8x64xi8>)
    outs(%f : tensor<3x8xi32>) -> tensor<3x8xi32>
  return %y : tensor<3x8xi32>
}

// Blocks of even sizes: 10 rows are 6 and 4, not 5 and 5.
// CHECK-LABEL: func @even
// CHECK-COUNT-12: llvm.aarch64.neon.smmla
// CHECK: scf.yield
// CHECK-COUNT-8: llvm.aarch64.neon.smmla
// CHECK: scf.yield
// CHECK-NOT: llvm.aarch64
func.func @even(%x: tensor<10x64xi8>) -> tensor<10x8xi32> {
  %zero = arith.constant 0 : i32
  %m = memref.get_global @w : memref<8x64xi8>
  %w = bufferization.to_tensor %m restrict : memref<8x64xi8> to tensor<8x64xi8>
  %e = tensor.empty() : tensor<10x8xi32>
  %f = linalg.fill ins(%zero : i32) outs(%e : tensor<10x8xi32>) -> tensor<10x8xi32>
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
      affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
    ins(%x, %w : tensor<10x64xi8>, tensor<8x64xi8>)
    outs(%f : tensor<10x8xi32>) -> tensor<10x8xi32>
  return %y : tensor<10x8xi32>
}

// The unsigned operand comes first: tiles are transposed, and the even lanes of
// two of them are a row.
// CHECK-LABEL: func @mixed
// CHECK: scf.for
// CHECK: %[[LEFT:.*]] = vector.shuffle {{.*}} [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] : vector<8xi8>, vector<8xi8>
// CHECK: %[[RIGHT:.*]] = vector.extract_strided_slice
// CHECK: llvm.call_intrinsic "llvm.aarch64.neon.usmmla.v4i32.v16i8"(%{{.*}}, %[[RIGHT]], %[[LEFT]])
// CHECK: scf.yield
// CHECK: vector.shuffle {{.*}} [0, 2, 4, 6]
// CHECK: vector.shuffle {{.*}} [1, 3, 5, 7]
func.func @mixed(%x: tensor<2x64xi8>) -> tensor<2x8xi32> {
  %zero = arith.constant 0 : i32
  %m = memref.get_global @w : memref<8x64xi8>
  %w = bufferization.to_tensor %m restrict : memref<8x64xi8> to tensor<8x64xi8>
  %e = tensor.empty() : tensor<2x8xi32>
  %f = linalg.fill ins(%zero : i32) outs(%e : tensor<2x8xi32>) -> tensor<2x8xi32>
  %y = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
      affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %w : tensor<2x64xi8>, tensor<8x64xi8>)
    outs(%f : tensor<2x8xi32>) {
  ^bb0(%a: i8, %b: i8, %s: i32):
    %p = arith.extsi %a : i8 to i32
    %q = arith.extui %b : i8 to i32
    %r = arith.muli %p, %q : i32
    %t = arith.addi %s, %r : i32
    linalg.yield %t : i32
  } -> tensor<2x8xi32>
  return %y : tensor<2x8xi32>
}

// Four products: what a dot product takes.
// CHECK-LABEL: func @short
// CHECK-NOT: smmla
// CHECK: llvm.aarch64.neon.sdot
// CHECK-NOT: smmla
memref.global constant @v : memref<8x4xi8> {slim.data = dense<1> : tensor<8x4xi8>}
func.func @short(%x: tensor<2x4xi8>) -> tensor<2x8xi32> {
  %zero = arith.constant 0 : i32
  %m = memref.get_global @v : memref<8x4xi8>
  %w = bufferization.to_tensor %m restrict : memref<8x4xi8> to tensor<8x4xi8>
  %e = tensor.empty() : tensor<2x8xi32>
  %f = linalg.fill ins(%zero : i32) outs(%e : tensor<2x8xi32>) -> tensor<2x8xi32>
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
      affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
    ins(%x, %w : tensor<2x4xi8>, tensor<8x4xi8>)
    outs(%f : tensor<2x8xi32>) -> tensor<2x8xi32>
  return %y : tensor<2x8xi32>
}

// Four numbers of each column in a register.
// CHECK-LABEL: func @floats
// CHECK: scf.for {{.*}} step %c4 iter_args
// CHECK-COUNT-4: llvm.aarch64.neon.bfmmla
// CHECK-COUNT-4: llvm.aarch64.neon.bfdot.v4f32.v8bf16
// CHECK: scf.yield
memref.global constant @u : memref<8x64xbf16> {slim.data = dense<1.0> : tensor<8x64xbf16>}
func.func @floats(%x: tensor<3x64xbf16>) -> tensor<3x8xf32> {
  %zero = arith.constant 0.0 : f32
  %m = memref.get_global @u : memref<8x64xbf16>
  %w = bufferization.to_tensor %m restrict : memref<8x64xbf16> to tensor<8x64xbf16>
  %e = tensor.empty() : tensor<3x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<3x8xf32>) -> tensor<3x8xf32>
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
      affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
    ins(%x, %w : tensor<3x64xbf16>, tensor<8x64xbf16>)
    outs(%f : tensor<3x8xf32>) -> tensor<3x8xf32>
  return %y : tensor<3x8xf32>
}
