// RUN: slim-opt %s --split-input-file --slim-to-linalg --slim-form-kernels="vector-bytes=16 kernel-rows=2 kernel-vectors=1 features=vnni" | FileCheck %s
// RUN: slim-opt %s --split-input-file --slim-to-linalg --slim-form-kernels="vector-bytes=16 kernel-rows=2 kernel-vectors=1" | FileCheck %s --check-prefix=PLAIN
// RUN: slim-opt %s --split-input-file --slim-to-linalg --slim-form-kernels="vector-bytes=16 kernel-rows=2 kernel-vectors=1 features=vnni" \
// RUN:   --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" \
// RUN:   --canonicalize --slim-cpu-lower-kernels="vector-bytes=16 rows=2 vectors=1 features=vnni" | FileCheck %s --check-prefix=LOOPS

// RUN: slim-opt %s --split-input-file --slim-to-linalg --slim-form-kernels="vector-bytes=64 kernel-rows=14 kernel-vectors=2 features=vnni" | FileCheck %s --check-prefix=WIDE
// RUN: slim-opt %s --split-input-file --slim-to-linalg --slim-form-kernels="vector-bytes=16 kernel-rows=8 kernel-vectors=2 features=dotprod" \
// RUN:   --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" \
// RUN:   --canonicalize --slim-cpu-lower-kernels="vector-bytes=16 rows=8 vectors=2 features=dotprod" | FileCheck %s --check-prefix=NEON

// RUN: slim-opt %s --split-input-file --slim-to-linalg --slim-form-kernels="vector-bytes=64 kernel-rows=14 kernel-vectors=2 features=vnni" \
// RUN:   --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" \
// RUN:   --canonicalize --slim-cpu-lower-kernels="vector-bytes=64 rows=14 vectors=2 features=vnni" | FileCheck %s --check-prefix=PERMUTE

// Unsigned codes by signed ones without usdot.
// NEON-LABEL: func.func @symmetric
// NEON: arith.xori %{{.*}} : vector<4xi8>
// NEON: llvm.aarch64.neon.sdot.v4i32.v16i8

// Sums of integers and of floats share the registers: 3 rows by 4 vectors.
// WIDE: #[[P:.*]] = affine_map<(d0, d1, d2) -> (d1 floordiv 64, d2 floordiv 8, d1 mod 64, d2 mod 8)>

// Two elements a byte: the first four of a step in the low bits. Without an
// instruction that sums neighbours, a byte each.
// CHECK: #[[P:.*]] = affine_map<(d0, d1, d2) -> (d1 floordiv 4, d2 floordiv 8, d1 mod 4, d2 mod 8)>
// CHECK: memref.global constant @q{{.*}}bits4 : memref<1x2x4x4xi8>
// CHECK-SAME: slim.data = dense<{{\[\[\[\[}}4, -13, -30, -47], [-124, 115, 98, 81],
// CHECK-LABEL: func.func @symmetric
// CHECK: slim_cpu.kernel ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<?x16xi8>, tensor<1x2x4x4xi8>, tensor<1x2x4xf32>)
// CHECK-NEXT: ^bb0(%{{.*}}: i8, %{{.*}}: i4, %{{.*}}: f32, %{{.*}}: f32):
// PLAIN: memref.global constant @q{{.*}} : memref<1x16x4xi8>
// PLAIN: slim_cpu.kernel
// PLAIN-NEXT: ^bb0(%{{.*}}: i8, %{{.*}}: i8, %{{.*}}: f32, %{{.*}}: f32):

// A group's sums in integers, two instructions a step of 8 elements; then the
// sums of floats, scaled by a 16th after all groups.
// LOOPS-LABEL: func.func @symmetric
// LOOPS: scf.for {{.*}} step %c8
// LOOPS: arith.shli %{{.*}} : vector<8xi16>
// LOOPS: arith.andi %{{.*}} : vector<16xi8>
// LOOPS-COUNT-2: vpdpbusd
// LOOPS: arith.sitofp %{{.*}} : vector<4xi32> to vector<4xf32>
// LOOPS: vector.fma
// LOOPS: scf.yield
// LOOPS: %[[PART:.*]] = arith.constant dense<6.250000e-02> : vector<4xf32>
// LOOPS: vector.fma %{{.*}}, %[[PART]], %{{.*}} : vector<4xf32>
slim.weight @q : tensor<2x16xi4> = dense<[
  [4, 3, 2, 1, 0, -1, -2, -3, 0, 0, 0, 0, 0, 0, 0, 0],
  [4, 3, 2, 1, -8, 7, 6, 5, 1, 1, 1, 1, 1, 1, 1, 1]]> : tensor<2x16xi4>
slim.weight @s : tensor<2x2xf32> = dense<1.0> : tensor<2x2xf32>
func.func @symmetric(%x: tensor<?x16xui8>) -> tensor<?x2xf32> {
  %q = slim.get_weight @q : tensor<2x16xi4>
  %s = slim.get_weight @s : tensor<2x2xf32>
  %w = slim.dequantize %q, %s {block = array<i64: 1, 8>} : (tensor<2x16xi4>, tensor<2x2xf32>) -> tensor<2x16xf32>
  %c = slim.cast %x {to = f32} : (tensor<?x16xui8>) -> tensor<?x16xf32>
  %y = slim.linear %c, %w : (tensor<?x16xf32>, tensor<2x16xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// The kernel's body as it is: no instruction here multiplies unsigned bytes.
// CHECK-LABEL: func.func @wide
// CHECK: slim_cpu.kernel
// CHECK-NEXT: ^bb0(%{{.*}}: i8, %{{.*}}: i8, %{{.*}}: f32, %{{.*}}: i8, %{{.*}}: f32):
// LOOPS-LABEL: func.func @wide
// LOOPS-NOT: vpdpbusd
slim.weight @q : tensor<4x16xui8> = dense<200> : tensor<4x16xui8>
slim.weight @z : tensor<4x2xui8> = dense<3> : tensor<4x2xui8>
slim.weight @s : tensor<4x2xf32> = dense<1.0> : tensor<4x2xf32>
func.func @wide(%x: tensor<?x16xui8>) -> tensor<?x4xf32> {
  %q = slim.get_weight @q : tensor<4x16xui8>
  %z = slim.get_weight @z : tensor<4x2xui8>
  %s = slim.get_weight @s : tensor<4x2xf32>
  %w = slim.dequantize %q, %s, %z {block = array<i64: 1, 8>} : (tensor<4x16xui8>, tensor<4x2xf32>, tensor<4x2xui8>) -> tensor<4x16xf32>
  %c = slim.cast %x {to = f32} : (tensor<?x16xui8>) -> tensor<?x16xf32>
  %y = slim.linear %c, %w : (tensor<?x16xf32>, tensor<4x16xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// A zero point is taken off the sum of a group, of which it is a multiple of the
// activation's sum, computed once a row. Where there are few zero points and
// several vectors share the multiples, these are permuted.
// LOOPS-LABEL: func.func @shifted
// LOOPS: %[[SUMS:.*]] = memref.alloc(%{{.*}}) {{.*}} : memref<?xi32>
// LOOPS: vector.reduction <add>
// LOOPS: memref.store %{{.*}}, %[[SUMS]]
// LOOPS: memref.load %[[SUMS]]
// LOOPS: arith.muli %{{.*}} : vector<4xi32>
// LOOPS-NOT: arith.subi {{.*}} : vector
// LOOPS: vpdpbusd
// WIDE-LABEL: func.func @shifted
// WIDE: arith.trunci %{{.*}} : i8 to i4
// PERMUTE-LABEL: func.func @shifted
// PERMUTE: %[[MULTIPLES:.*]] = arith.muli %{{.*}} : vector<16xi32>
// PERMUTE-COUNT-4: llvm.x86.avx512.permvar.si.512"(%[[MULTIPLES]],
// PERMUTE: vpdpbusd
slim.weight @q : tensor<128x16xi4> = dense<2> : tensor<128x16xi4>
slim.weight @z : tensor<128x2xi4> = dense<-3> : tensor<128x2xi4>
slim.weight @s : tensor<128x2xf32> = dense<1.0> : tensor<128x2xf32>
func.func @shifted(%x: tensor<?x16xui8>) -> tensor<?x128xf32> {
  %q = slim.get_weight @q : tensor<128x16xi4>
  %z = slim.get_weight @z : tensor<128x2xi4>
  %s = slim.get_weight @s : tensor<128x2xf32>
  %w = slim.dequantize %q, %s, %z {block = array<i64: 1, 8>} : (tensor<128x16xi4>, tensor<128x2xf32>, tensor<128x2xi4>) -> tensor<128x16xf32>
  %c = slim.cast %x {to = f32} : (tensor<?x16xui8>) -> tensor<?x16xf32>
  %y = slim.linear %c, %w : (tensor<?x16xf32>, tensor<128x16xf32>) -> tensor<?x128xf32>
  return %y : tensor<?x128xf32>
}

// -----

// Twice the values of E2M1 are bytes, looked up where codes are unpacked. The
// body reads the codes as integers, and decodes their scales.
// CHECK-LABEL: func.func @small_floats
// CHECK: slim_cpu.kernel ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<?x16xi8>, tensor<1x2x4x4xi8>, tensor<1x2x4xf8E8M0FNU>)
// CHECK-NEXT: ^bb0(%{{.*}}: i8, %{{.*}}: i4, %{{.*}}: f8E8M0FNU, %{{.*}}: f32):
// LOOPS-LABEL: func.func @small_floats
// LOOPS-COUNT-2: slim_cpu.table %{{.*}} {values = dense<[0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12]> : tensor<16xi8>} : vector<16xi8> -> vector<16xi8>
// LOOPS: vpdpbusd
// LOOPS: arith.shli %{{.*}} : vector<4xi32>
// LOOPS: vector.fma
slim.weight @q : tensor<4x16xf4E2M1FN> = dense<3.0> : tensor<4x16xf4E2M1FN>
slim.weight @s : tensor<4x2xf8E8M0FNU> = dense<2.0> : tensor<4x2xf8E8M0FNU>
func.func @small_floats(%x: tensor<?x16xui8>) -> tensor<?x4xf32> {
  %q = slim.get_weight @q : tensor<4x16xf4E2M1FN>
  %s = slim.get_weight @s : tensor<4x2xf8E8M0FNU>
  %e = slim.cast %s {to = f32} : (tensor<4x2xf8E8M0FNU>) -> tensor<4x2xf32>
  %w = slim.dequantize %q, %e {block = array<i64: 1, 8>} : (tensor<4x16xf4E2M1FN>, tensor<4x2xf32>) -> tensor<4x16xf32>
  %c = slim.cast %x {to = f32} : (tensor<?x16xui8>) -> tensor<?x16xf32>
  %y = slim.linear %c, %w : (tensor<?x16xf32>, tensor<4x16xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// Scales in 16 bits are read as they are stored.
// CHECK-LABEL: func.func @narrow
// CHECK: slim_cpu.kernel ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<?x16xi8>, tensor<1x2x4x4xi8>, tensor<1x2x4xf16>)
// CHECK-NEXT: ^bb0(%{{.*}}: i8, %{{.*}}: i4, %[[S:.*]]: f16, %{{.*}}: f32):
// CHECK-NEXT: arith.extf %[[S]]
// LOOPS-LABEL: func.func @narrow
// LOOPS: vpdpbusd
// LOOPS: arith.extf %{{.*}} : vector<4xf16> to vector<4xf32>
slim.weight @q : tensor<4x16xi4> = dense<3> : tensor<4x16xi4>
slim.weight @s : tensor<4x2xf16> = dense<1.0> : tensor<4x2xf16>
func.func @narrow(%x: tensor<?x16xui8>) -> tensor<?x4xf32> {
  %q = slim.get_weight @q : tensor<4x16xi4>
  %s = slim.get_weight @s : tensor<4x2xf16>
  %e = slim.cast %s {to = f32} : (tensor<4x2xf16>) -> tensor<4x2xf32>
  %w = slim.dequantize %q, %e {block = array<i64: 1, 8>} : (tensor<4x16xi4>, tensor<4x2xf32>) -> tensor<4x16xf32>
  %c = slim.cast %x {to = f32} : (tensor<?x16xui8>) -> tensor<?x16xf32>
  %y = slim.linear %c, %w : (tensor<?x16xf32>, tensor<4x16xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// A block's scale is repeated for its columns, which need not divide panels.
// CHECK: memref.global constant @s{{.*}}spread3{{.*}} : memref<2x2x4xf32>
// CHECK-SAME: slim.data = dense<{{\[\[\[}}1.{{0*e\+00}}, 1.{{0*e\+00}}, 1.{{0*e\+00}}, 3.{{0*e\+00}}], [2.{{0*e\+00}}, 2.{{0*e\+00}}, 2.{{0*e\+00}}, 4.{{0*e\+00}}]],
// CHECK-LABEL: func.func @blocks
// CHECK: slim_cpu.kernel ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<?x16xi8>, tensor<2x2x4x4xi8>, tensor<2x2x4xf32>)
// LOOPS-LABEL: func.func @blocks
// LOOPS: vpdpbusd
slim.weight @q : tensor<5x16xi4> = dense<1> : tensor<5x16xi4>
slim.weight @s : tensor<2x2xf32> = dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
func.func @blocks(%x: tensor<?x16xui8>) -> tensor<?x5xf32> {
  %q = slim.get_weight @q : tensor<5x16xi4>
  %s = slim.get_weight @s : tensor<2x2xf32>
  %w = slim.dequantize %q, %s {block = array<i64: 3, 8>} : (tensor<5x16xi4>, tensor<2x2xf32>) -> tensor<5x16xf32>
  %c = slim.cast %x {to = f32} : (tensor<?x16xui8>) -> tensor<?x16xf32>
  %y = slim.linear %c, %w : (tensor<?x16xf32>, tensor<5x16xf32>) -> tensor<?x5xf32>
  return %y : tensor<?x5xf32>
}

// -----

// Codes of both sides, and a scale a row and block: the groups are those of the
// finer scales.
// CHECK-LABEL: func.func @runs
// CHECK: slim_cpu.kernel ins(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x40xi8>, tensor<2x10x4x4xi8>, tensor<2x3x4xf32>, tensor<?x2xf32>)
// CHECK-NEXT: ^bb0(%{{.*}}: i8, %{{.*}}: i8, %{{.*}}: f32, %{{.*}}: f32, %{{.*}}: f32):
// LOOPS-LABEL: func.func @runs
// LOOPS: scf.for {{.*}} step %c16
// LOOPS: vpdpbusd
// LOOPS: %[[RIGHT:.*]] = vector.load %{{.*}} : memref<?xf32>, vector<4xf32>
// LOOPS: %[[LEFT:.*]] = vector.broadcast %{{.*}} : f32 to vector<4xf32>
// LOOPS: arith.mulf %[[RIGHT]], %[[LEFT]]
// LOOPS: vector.fma
slim.weight @q : tensor<5x40xi8> = dense<1> : tensor<5x40xi8>
slim.weight @s : tensor<1x3xf32> = dense<[[1.0, 2.0, 3.0]]> : tensor<1x3xf32>
func.func @runs(%x: tensor<?x40xf32>) -> tensor<?x5xf32> {
  %q = slim.get_weight @q : tensor<5x40xi8>
  %s = slim.get_weight @s : tensor<1x3xf32>
  %w = slim.dequantize %q, %s {block = array<i64: 128, 16>} : (tensor<5x40xi8>, tensor<1x3xf32>) -> tensor<5x40xf32>
  %t = slim.dynamic_scale %x {block = 32, to = i8} : (tensor<?x40xf32>) -> tensor<?x2xf32>
  %c = slim.quantize %x, %t {to = i8, block = array<i64: 1, 32>} : (tensor<?x40xf32>, tensor<?x2xf32>) -> tensor<?x40xi8>
  %d = slim.dequantize %c, %t {block = array<i64: 1, 32>} : (tensor<?x40xi8>, tensor<?x2xf32>) -> tensor<?x40xf32>
  %y = slim.linear %d, %w : (tensor<?x40xf32>, tensor<5x40xf32>) -> tensor<?x5xf32>
  return %y : tensor<?x5xf32>
}

// -----

// Blocks of which neither is a part of the other: the input is decoded first.
// CHECK-LABEL: func.func @crossing
// CHECK: slim_cpu.kernel
// CHECK-NEXT: ^bb0(%{{.*}}: f32, %{{.*}}: i8, %{{.*}}: f32, %{{.*}}: f32):
slim.weight @q : tensor<5x96xi8> = dense<1> : tensor<5x96xi8>
slim.weight @s : tensor<5x2xf32> = dense<1.0> : tensor<5x2xf32>
func.func @crossing(%x: tensor<?x96xi8>, %t: tensor<?x3xf32>) -> tensor<?x5xf32> {
  %q = slim.get_weight @q : tensor<5x96xi8>
  %s = slim.get_weight @s : tensor<5x2xf32>
  %w = slim.dequantize %q, %s {block = array<i64: 1, 48>} : (tensor<5x96xi8>, tensor<5x2xf32>) -> tensor<5x96xf32>
  %d = slim.dequantize %x, %t {block = array<i64: 1, 32>} : (tensor<?x96xi8>, tensor<?x3xf32>) -> tensor<?x96xf32>
  %y = slim.linear %d, %w : (tensor<?x96xf32>, tensor<5x96xf32>) -> tensor<?x5xf32>
  return %y : tensor<?x5xf32>
}
