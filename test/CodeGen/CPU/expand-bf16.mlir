// RUN: slim-opt %s --slim-cpu-expand-bf16 | FileCheck %s --check-prefixes=CHECK,ALL
// RUN: slim-opt %s --slim-cpu-expand-bf16=keep-vectors | FileCheck %s --check-prefixes=CHECK,SCALARS

// CHECK-LABEL: func @scalars
// CHECK-NOT: arith.extf
// CHECK-NOT: arith.truncf {{.*}} bf16
// CHECK: arith.shli
// CHECK: return
func.func @scalars(%x: bf16, %y: f32) -> (f32, bf16) {
  %a = arith.extf %x : bf16 to f32
  %b = arith.truncf %y : f32 to bf16
  return %a, %b : f32, bf16
}

// CHECK-LABEL: func @vectors
// ALL-NOT: arith.extf
// ALL-NOT: arith.truncf {{.*}} bf16
// SCALARS: arith.extf %{{.*}} : vector<16xbf16> to vector<16xf32>
// SCALARS: arith.truncf %{{.*}} : vector<16xf32> to vector<16xbf16>
// CHECK: return
func.func @vectors(%x: vector<16xbf16>, %y: vector<16xf32>) -> (vector<16xf32>, vector<16xbf16>) {
  %a = arith.extf %x : vector<16xbf16> to vector<16xf32>
  %b = arith.truncf %y : vector<16xf32> to vector<16xbf16>
  return %a, %b : vector<16xf32>, vector<16xbf16>
}

// Other floats have instructions.
// CHECK-LABEL: func @others
// CHECK: arith.extf %{{.*}} : f16 to f32
// CHECK: arith.truncf %{{.*}} : f64 to f32
func.func @others(%x: f16, %y: f64) -> (f32, f32) {
  %a = arith.extf %x : f16 to f32
  %b = arith.truncf %y : f64 to f32
  return %a, %b : f32, f32
}

// CHECK-LABEL: func @masked
// ALL-DAG: %[[V:.*]] = llvm.bitcast %{{.*}} : vector<8xbf16> to vector<8xi16>
// ALL-DAG: %[[L:.*]] = llvm.intr.masked.load %{{.*}}, %{{.*}}, %[[V]] {{.*}} -> vector<8xi16>
// ALL: %[[R:.*]] = llvm.bitcast %[[L]] : vector<8xi16> to vector<8xbf16>
// ALL: llvm.intr.masked.store %{{.*}}, %{{.*}}, %{{.*}} : vector<8xi16>
// ALL: return %[[R]]
// SCALARS-NOT: bitcast
func.func @masked(%p: !llvm.ptr, %m: vector<8xi1>, %v: vector<8xbf16>) -> vector<8xbf16> {
  %r = llvm.intr.masked.load %p, %m, %v {alignment = 2 : i32} : (!llvm.ptr, vector<8xi1>, vector<8xbf16>) -> vector<8xbf16>
  llvm.intr.masked.store %v, %p, %m {alignment = 2 : i32} : vector<8xbf16>, vector<8xi1> into !llvm.ptr
  return %r : vector<8xbf16>
}
