// AMX: 32 rows by 32 columns are four tiles of sums, and two of each operand
// bring their products. Panels are those of dot products of 4 bytes.

// RUN: slim-opt %s --slim-form-kernels="kernel-rows=14 vector-bytes=64 kernel-vectors=2 features=vnni,amx-int8" \
// RUN:   --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --canonicalize \
// RUN:   --slim-cpu-lower-kernels="vector-bytes=64 rows=14 vectors=2 features=vnni,amx-int8" --canonicalize --cse \
// RUN:   | FileCheck %s
// RUN: slimc %s --triple=x86_64-linux-gnu --mcpu=sapphirerapids --emit=asm -o %t.s
// RUN: FileCheck %s --check-prefix=ASM < %t.s

// CHECK: memref.global constant @w.panels32x4
// CHECK: func.func @main
// CHECK-COUNT-4: "llvm.x86.tilezero.internal"
// CHECK: scf.for {{.*}} step %c64 iter_args({{.*}}) -> (!llvm.x86_amx, !llvm.x86_amx, !llvm.x86_amx, !llvm.x86_amx)
// CHECK-COUNT-3: "llvm.x86.tileloadd64.internal"
// CHECK-COUNT-2: "llvm.x86.tdpbssd.internal"
// CHECK: "llvm.x86.tileloadd64.internal"
// CHECK-COUNT-2: "llvm.x86.tdpbssd.internal"
// CHECK: scf.yield
// CHECK-COUNT-4: "llvm.x86.tilestored64.internal"

// Two rows come from a copy of 16.
// CHECK-LABEL: func.func private @rest
// CHECK-COUNT-2: vector.store {{.*}} : memref<1024xi8>, vector<64xi8>
// CHECK: "llvm.x86.tdpbssd.internal"

// No number of tiles divides 96 products: dot products.
// CHECK-LABEL: func.func private @other
// CHECK-NOT: llvm.x86.t
// CHECK: llvm.x86.avx512.vpdpbusd
// CHECK-NOT: llvm.x86.t

// No tile is stored but the four of sums.
// ASM: ldtilecfg
// ASM-COUNT-4: tilestored
// ASM-NOT: tilestored

memref.global constant @w : memref<32x512xi8> {slim.data = dense<1> : tensor<32x512xi8>}
func.func @main(%x: tensor<32x512xi8>) -> tensor<32x32xi32> {
  %zero = arith.constant 0 : i32
  %m = memref.get_global @w : memref<32x512xi8>
  %w = bufferization.to_tensor %m restrict : memref<32x512xi8> to tensor<32x512xi8>
  %e = tensor.empty() : tensor<32x32xi32>
  %f = linalg.fill ins(%zero : i32) outs(%e : tensor<32x32xi32>) -> tensor<32x32xi32>
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
      affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
    ins(%x, %w : tensor<32x512xi8>, tensor<32x512xi8>)
    outs(%f : tensor<32x32xi32>) -> tensor<32x32xi32>
  return %y : tensor<32x32xi32>
}

func.func private @rest(%x: tensor<2x512xi8>) -> tensor<2x32xi32> {
  %zero = arith.constant 0 : i32
  %m = memref.get_global @w : memref<32x512xi8>
  %w = bufferization.to_tensor %m restrict : memref<32x512xi8> to tensor<32x512xi8>
  %e = tensor.empty() : tensor<2x32xi32>
  %f = linalg.fill ins(%zero : i32) outs(%e : tensor<2x32xi32>) -> tensor<2x32xi32>
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
      affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
    ins(%x, %w : tensor<2x512xi8>, tensor<32x512xi8>)
    outs(%f : tensor<2x32xi32>) -> tensor<2x32xi32>
  return %y : tensor<2x32xi32>
}

memref.global constant @v : memref<32x96xi8> {slim.data = dense<1> : tensor<32x96xi8>}
func.func private @other(%x: tensor<4x96xi8>) -> tensor<4x32xi32> {
  %zero = arith.constant 0 : i32
  %m = memref.get_global @v : memref<32x96xi8>
  %w = bufferization.to_tensor %m restrict : memref<32x96xi8> to tensor<32x96xi8>
  %e = tensor.empty() : tensor<4x32xi32>
  %f = linalg.fill ins(%zero : i32) outs(%e : tensor<4x32xi32>) -> tensor<4x32xi32>
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
      affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
    ins(%x, %w : tensor<4x96xi8>, tensor<32x96xi8>)
    outs(%f : tensor<4x32xi32>) -> tensor<4x32xi32>
  return %y : tensor<4x32xi32>
}
