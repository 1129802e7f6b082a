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
