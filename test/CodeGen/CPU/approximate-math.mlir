// RUN: slim-opt %s --pass-pipeline='builtin.module(func.func(slim-approximate-math))' | FileCheck %s

// CHECK-LABEL: func @f32
// CHECK-NOT: math.exp
// CHECK-NOT: math.erf
// CHECK: math.fma
func.func @f32(%x: f32) -> (f32, f32) {
  %0 = math.exp %x : f32
  %1 = math.erf %x : f32
  return %0, %1 : f32, f32
}

// 16-bit floats go through f32.
// CHECK-LABEL: func @f16
// CHECK: arith.extf %{{.*}} : f16 to f32
// CHECK: math.sin %{{.*}} : f32
// CHECK: arith.truncf %{{.*}} : f32 to f16
func.func @f16(%x: f16) -> f16 {
  %0 = math.sin %x : f16
  return %0 : f16
}

// CHECK-LABEL: func @f64
// CHECK: math.exp %{{.*}} : f64
func.func @f64(%x: f64) -> f64 {
  %0 = math.exp %x : f64
  return %0 : f64
}

// A NaN in %x is what the choice falls back to; one in %y has to win, too.
// CHECK-LABEL: func @extremes
// CHECK-SAME: %[[X:.*]]: vector<4xf32>, %[[Y:.*]]: vector<4xf32>
// CHECK: %[[C:.*]] = arith.constant dense<6.000000e+00>
// CHECK: %[[L:.*]] = arith.cmpf olt, %[[C]], %[[X]]
// CHECK: arith.select %[[L]], %[[C]], %[[X]]
// CHECK: arith.maximumf %[[X]], %[[Y]]
// CHECK: %[[G:.*]] = arith.cmpf ogt, %[[X]], %[[Y]]
// CHECK: arith.select %[[G]], %[[X]], %[[Y]]
func.func @extremes(%x: vector<4xf32>, %y: vector<4xf32>) -> (vector<4xf32>, vector<4xf32>, vector<4xf32>) {
  %c = arith.constant dense<6.0> : vector<4xf32>
  %0 = arith.minimumf %x, %c : vector<4xf32>
  %1 = arith.maximumf %x, %y : vector<4xf32>
  %2 = arith.maximumf %x, %y fastmath<nnan> : vector<4xf32>
  return %0, %1, %2 : vector<4xf32>, vector<4xf32>, vector<4xf32>
}

// Rounding to bytes: the limits move before the rounding, the zero point behind
// the conversion.
// CHECK-LABEL: func @quantize
// CHECK-DAG: %[[LOW:.*]] = arith.constant dense<-3.000000e+00> : vector<8xf32>
// CHECK-DAG: %[[HIGH:.*]] = arith.constant dense<2.520000e+02> : vector<8xf32>
// CHECK-DAG: %[[ZERO:.*]] = arith.constant dense<3> : vector<8xi32>
// CHECK: %[[C:.*]] = arith.cmpf ogt, %arg0, %[[LOW]]
// CHECK: %[[A:.*]] = arith.select %[[C]], %arg0, %[[LOW]]
// CHECK: %[[D:.*]] = arith.cmpf olt, %[[A]], %[[HIGH]]
// CHECK: %[[B:.*]] = arith.select %[[D]], %[[A]], %[[HIGH]]
// CHECK: %[[I:.*]] = llvm.intr.lrint(%[[B]]) : (vector<8xf32>) -> vector<8xi32>
// CHECK: %[[Q:.*]] = arith.addi %[[I]], %[[ZERO]]
// CHECK: arith.trunci %[[Q]]
// The float of the byte is that of the i32.
// CHECK: arith.sitofp %[[Q]] : vector<8xi32> to vector<8xf32>
func.func @quantize(%x: vector<8xf32>) -> (vector<8xi8>, vector<8xf32>) {
  %z = arith.constant dense<3.0> : vector<8xf32>
  %low = arith.constant dense<0.0> : vector<8xf32>
  %high = arith.constant dense<255.0> : vector<8xf32>
  %r = math.roundeven %x : vector<8xf32>
  %s = arith.addf %r, %z : vector<8xf32>
  %c = arith.cmpf ogt, %s, %low : vector<8xf32>
  %a = arith.select %c, %s, %low : vector<8xi1>, vector<8xf32>
  %d = arith.cmpf olt, %a, %high : vector<8xf32>
  %b = arith.select %d, %a, %high : vector<8xi1>, vector<8xf32>
  %i = arith.fptosi %b : vector<8xf32> to vector<8xi32>
  %q = arith.trunci %i : vector<8xi32> to vector<8xi8>
  %f = arith.uitofp %q : vector<8xi8> to vector<8xf32>
  return %q, %f : vector<8xi8>, vector<8xf32>
}

// Codes up to 255 are no signed bytes; what has no limits stays.
// CHECK-LABEL: func @no_byte
// CHECK: arith.trunci
// CHECK: arith.sitofp %{{.*}} : i8 to f32
// CHECK: math.roundeven
// CHECK: arith.fptosi
func.func @no_byte(%x: f32) -> (f32, i32) {
  %low = arith.constant 0.0 : f32
  %high = arith.constant 255.0 : f32
  %r = math.roundeven %x : f32
  %c = arith.cmpf ogt, %r, %low : f32
  %a = arith.select %c, %r, %low : f32
  %d = arith.cmpf olt, %a, %high : f32
  %b = arith.select %d, %a, %high : f32
  %i = arith.fptosi %b : f32 to i32
  %q = arith.trunci %i : i32 to i8
  %f = arith.sitofp %q : i8 to f32
  %s = math.roundeven %x : f32
  %j = arith.fptosi %s : f32 to i32
  return %f, %j : f32, i32
}

// The zero point goes into the table, which then begins at position 2.
// CHECK-LABEL: func @rotate
// CHECK: %[[Q:.*]] = arith.trunci %arg0
// CHECK: slim_cpu.lookup %[[Q]] {table = dense<"0x020300000000
func.func @rotate(%x: vector<8xi32>) -> vector<8xi8> {
  %z = arith.constant dense<2> : vector<8xi32>
  %s = arith.addi %x, %z : vector<8xi32>
  %q = arith.trunci %s : vector<8xi32> to vector<8xi8>
  %y = slim_cpu.lookup %q {table = dense<"0x00010203000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"> : tensor<256xi8>} : vector<8xi8>
  return %y : vector<8xi8>
}
