// RUN: slim-opt %s -slim-cpu-lower-lookups="features=vbmi,pshufb vector-bytes=64" | FileCheck %s --check-prefix=VBMI
// RUN: slim-opt %s -slim-cpu-lower-lookups="features=pshufb vector-bytes=32" | FileCheck %s --check-prefix=PSHUFB
// RUN: slim-opt %s -slim-cpu-lower-lookups="features=tbl vector-bytes=16" | FileCheck %s --check-prefix=TBL
// RUN: slim-opt %s -slim-cpu-lower-lookups | FileCheck %s --check-prefix=MEMORY

// Equal tables are one buffer.
// VBMI-COUNT-1: memref.global "private" constant @slim_table{{.*}} : memref<256xi8> = dense<3> {alignment = 64 : i64}
// VBMI-NOT: memref.global

// VBMI-LABEL: func @scalars
// VBMI: %[[I:.*]] = arith.index_castui %arg0 : i8 to index
// VBMI: memref.load %{{.*}}[%[[I]]] : memref<256xi8>
func.func @scalars(%x: i8, %y: i8) -> (i8, i8) {
  %0 = slim_cpu.lookup %x {table = dense<3> : tensor<256xi8>} : i8
  %1 = slim_cpu.lookup %y {table = dense<3> : tensor<256xi8>} : i8
  return %0, %1 : i8, i8
}

// VBMI-LABEL: func @full
// VBMI-DAG: %[[L:.*]] = llvm.call_intrinsic "llvm.x86.avx512.vpermi2var.qi.512"(%{{.*}}, %arg0, %{{.*}})
// VBMI-DAG: %[[H:.*]] = llvm.call_intrinsic "llvm.x86.avx512.vpermi2var.qi.512"(%{{.*}}, %arg0, %{{.*}})
// VBMI: %[[B:.*]] = arith.cmpi slt, %arg0
// VBMI: arith.select %[[B]], %{{.*}}, %{{.*}} : vector<64xi1>, vector<64xi8>
// PSHUFB-LABEL: func @full
// PSHUFB-COUNT-32: llvm.call_intrinsic "llvm.x86.avx2.pshuf.b"
// PSHUFB-NOT: llvm.call_intrinsic
// TBL-LABEL: func @full
// TBL: llvm.call_intrinsic "llvm.aarch64.neon.tbl4.v16i8"
// TBL-COUNT-3: llvm.call_intrinsic "llvm.aarch64.neon.tbx4.v16i8"
// TBL: llvm.call_intrinsic "llvm.aarch64.neon.tbl4.v16i8"
// MEMORY-LABEL: func @full
// MEMORY-COUNT-64: memref.load
// MEMORY: vector.from_elements
func.func @full(%x: vector<64xi8>) -> vector<64xi8> {
  %0 = slim_cpu.lookup %x {table = dense<3> : tensor<256xi8>} : vector<64xi8>
  return %0 : vector<64xi8>
}

// Few bytes take a register of their own.
// VBMI-LABEL: func @few
// VBMI: %[[W:.*]] = vector.shuffle %arg0, %arg0 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, -1
// VBMI: llvm.call_intrinsic "llvm.x86.avx512.vpermi2var.qi.512"(%{{.*}}, %[[W]], %{{.*}})
// VBMI: vector.shuffle %{{.*}} : vector<64xi8>, vector<64xi8>
// PSHUFB-LABEL: func @few
// PSHUFB-COUNT-16: llvm.call_intrinsic "llvm.x86.avx2.pshuf.b"
// PSHUFB-NOT: llvm.call_intrinsic
// TBL-LABEL: func @few
// TBL: llvm.call_intrinsic "llvm.aarch64.neon.tbl4.v16i8"
func.func @few(%x: vector<20xi8>) -> vector<20xi8> {
  %0 = slim_cpu.lookup %x {table = dense<3> : tensor<256xi8>} : vector<20xi8>
  return %0 : vector<20xi8>
}

// Floats: one permutation of 16, two of 8 and a choice, tbl of the bytes of 16.
// VBMI-LABEL: func @floats
// VBMI-COUNT-1: llvm.call_intrinsic "llvm.x86.avx512.
// VBMI-NOT: llvm.call_intrinsic
// PSHUFB-LABEL: func @floats
// PSHUFB-COUNT-4: llvm.call_intrinsic "llvm.x86.avx2.permps"
// PSHUFB-NOT: llvm.call_intrinsic
// TBL-LABEL: func @floats
// TBL-COUNT-4: llvm.call_intrinsic "llvm.aarch64.neon.tbl4.v16i8"
// TBL-NOT: llvm.call_intrinsic
// MEMORY-LABEL: func @floats
// MEMORY-COUNT-16: memref.load
// MEMORY: vector.from_elements
func.func @floats(%x: vector<16xi32>) -> vector<16xf32> {
  %0 = slim_cpu.table %x {values = dense<[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0]> : tensor<16xf32>} : vector<16xi32> -> vector<16xf32>
  return %0 : vector<16xf32>
}
