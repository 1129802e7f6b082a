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
