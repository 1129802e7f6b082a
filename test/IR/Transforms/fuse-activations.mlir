// RUN: slim-opt %s -slim-fuse-idioms -split-input-file | FileCheck %s

// As PyTorch writes it: ((x * (1 + erf(x / sqrt 2))) * 0.5.
// CHECK-LABEL: func @gelu_pytorch
// CHECK-SAME: %[[X:[a-z0-9]+]]
func.func @gelu_pytorch(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %sqrt2 = slim.constant dense<1.41421354> : tensor<f32>
  %one = slim.constant dense<1.0> : tensor<f32>
  %half = slim.constant dense<0.5> : tensor<f32>
  // CHECK: %[[Y:.*]] = slim.gelu %[[X]] :
  // CHECK: return %[[Y]]
  %0 = slim.div %x, %sqrt2 : (tensor<?x64xf32>, tensor<f32>) -> tensor<?x64xf32>
  %1 = slim.erf %0 : (tensor<?x64xf32>) -> tensor<?x64xf32>
  %2 = slim.add %1, %one : (tensor<?x64xf32>, tensor<f32>) -> tensor<?x64xf32>
  %3 = slim.mul %x, %2 : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %4 = slim.mul %3, %half : (tensor<?x64xf32>, tensor<f32>) -> tensor<?x64xf32>
  return %4 : tensor<?x64xf32>
}

// -----

// Half of x first, a factor instead of a divisor, the one on the left, then
// another factor that is no part of it.
// CHECK-LABEL: func @gelu_half_first
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x64xf16>, %[[Z:[a-z0-9]+]]
func.func @gelu_half_first(%x: tensor<?x64xf16>, %z: tensor<?x64xf16>) -> tensor<?x64xf16> {
  %r = slim.constant dense<0.707> : tensor<1xf16>
  %one = slim.constant dense<1.0> : tensor<f16>
  %half = slim.constant dense<0.5> : tensor<f16>
  // CHECK: %[[Y:.*]] = slim.gelu %[[X]] :
  // CHECK: slim.mul %[[Y]], %[[Z]]
  %0 = slim.mul %half, %x : (tensor<f16>, tensor<?x64xf16>) -> tensor<?x64xf16>
  %1 = slim.mul %x, %r : (tensor<?x64xf16>, tensor<1xf16>) -> tensor<?x64xf16>
  %2 = slim.erf %1 : (tensor<?x64xf16>) -> tensor<?x64xf16>
  %3 = slim.add %one, %2 : (tensor<f16>, tensor<?x64xf16>) -> tensor<?x64xf16>
  %4 = slim.mul %3, %0 : (tensor<?x64xf16>, tensor<?x64xf16>) -> tensor<?x64xf16>
  %5 = slim.mul %4, %z : (tensor<?x64xf16>, tensor<?x64xf16>) -> tensor<?x64xf16>
  return %5 : tensor<?x64xf16>
}

// -----

// The half multiplies the sum.
// CHECK-LABEL: func @gelu_half_inside
func.func @gelu_half_inside(%x: tensor<4xf32>) -> tensor<4xf32> {
  %r = slim.constant dense<0.707106769> : tensor<f32>
  %one = slim.constant dense<1.0> : tensor<f32>
  %two = slim.constant dense<2.0> : tensor<f32>
  // CHECK: slim.gelu
  // CHECK-NOT: slim.mul
  %1 = slim.mul %r, %x : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %2 = slim.erf %1 : (tensor<4xf32>) -> tensor<4xf32>
  %3 = slim.add %2, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %4 = slim.div %3, %two : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %5 = slim.mul %x, %4 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %5 : tensor<4xf32>
}

// -----

// CHECK-LABEL: func @gelu_tanh
func.func @gelu_tanh(%x: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %k = slim.constant dense<4.471500e-02> : tensor<f32>
  %c = slim.constant dense<0.797884583> : tensor<f32>
  %one = slim.constant dense<1.0> : tensor<f32>
  %half = slim.constant dense<0.5> : tensor<f32>
  %three = slim.constant dense<3.0> : tensor<f32>
  // c (x + k x^3)
  // CHECK: slim.gelu %{{.*}} {tanh_approximation = true}
  %0 = slim.pow %x, %three : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  %1 = slim.mul %0, %k : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  %2 = slim.add %x, %1 : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %3 = slim.mul %2, %c : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  %4 = slim.tanh %3 : (tensor<?xf32>) -> tensor<?xf32>
  %5 = slim.add %4, %one : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  %6 = slim.mul %x, %half : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  %7 = slim.mul %6, %5 : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  // x c (1 + k x x)
  // CHECK: slim.gelu %{{.*}} {tanh_approximation = true}
  %8 = slim.mul %x, %x : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %9 = slim.mul %8, %k : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  %10 = slim.add %one, %9 : (tensor<f32>, tensor<?xf32>) -> tensor<?xf32>
  %11 = slim.mul %x, %c : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  %12 = slim.mul %11, %10 : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %13 = slim.tanh %12 : (tensor<?xf32>) -> tensor<?xf32>
  %14 = slim.add %13, %one : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  %15 = slim.mul %14, %x : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %16 = slim.mul %half, %15 : (tensor<f32>, tensor<?xf32>) -> tensor<?xf32>
  return %7, %16 : tensor<?xf32>, tensor<?xf32>
}

// -----

// CHECK-LABEL: func @no_gelu
func.func @no_gelu(%x: tensor<4xf32>, %y: tensor<4xf32>)
    -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %r = slim.constant dense<0.707106769> : tensor<f32>
  %r2 = slim.constant dense<0.7072> : tensor<f32>
  %one = slim.constant dense<1.0> : tensor<f32>
  %half = slim.constant dense<0.5> : tensor<f32>
  // CHECK-NOT: slim.gelu
  // Another constant.
  %0 = slim.mul %x, %r2 : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = slim.erf %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = slim.add %1, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %3 = slim.mul %2, %half : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %4 = slim.mul %x, %3 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  // Another value under erf.
  %5 = slim.mul %y, %r : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %6 = slim.erf %5 : (tensor<4xf32>) -> tensor<4xf32>
  %7 = slim.add %6, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %8 = slim.mul %7, %half : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %9 = slim.mul %x, %8 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  // Without the half.
  %10 = slim.mul %x, %7 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  // CHECK: return
  return %4, %9, %10 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: func @silu
// CHECK-SAME: %[[X:[a-z0-9]+]]
func.func @silu(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  // CHECK: slim.silu %[[X]]
  %0 = slim.sigmoid %x : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = slim.mul %0, %x : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  // The gate of another value.
  // CHECK: slim.mul
  %2 = slim.sigmoid %x : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %3 = slim.mul %2, %y : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1, %3 : tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

// CHECK-LABEL: func @hard_swish
// CHECK-SAME: %[[X:[a-z0-9]+]]
func.func @hard_swish(%x: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>) {
  %zero = slim.constant dense<0.0> : tensor<f32>
  %three = slim.constant dense<3.0> : tensor<f32>
  %six = slim.constant dense<6.0> : tensor<f32>
  // CHECK: slim.hard_swish %[[X]]
  %0 = slim.hard_sigmoid %x {alpha = 0.166666672 : f32, beta = 0.5 : f32}
    : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = slim.mul %x, %0 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: slim.hard_swish %[[X]]
  %2 = slim.add %x, %three : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %3 = slim.clamp %2 lower %zero upper %six
    : (tensor<?x8xf32>, tensor<f32>, tensor<f32>) -> tensor<?x8xf32>
  %4 = slim.mul %x, %3 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %5 = slim.div %4, %six : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  // CHECK: slim.hard_swish %[[X]]
  %6 = slim.add %three, %x : (tensor<f32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %7 = slim.clamp %6 lower %zero upper %six
    : (tensor<?x8xf32>, tensor<f32>, tensor<f32>) -> tensor<?x8xf32>
  %8 = slim.div %7, %six : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %9 = slim.mul %8, %x : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1, %5, %9 : tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

// CHECK-LABEL: func @hard_sigmoid
func.func @hard_sigmoid(%x: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %zero = slim.constant dense<0.0> : tensor<f32>
  %three = slim.constant dense<3.0> : tensor<f32>
  %six = slim.constant dense<6.0> : tensor<f32>
  // CHECK: slim.hard_sigmoid %{{.*}} {alpha = 0.166666672 : f32, beta = 5.000000e-01 : f32}
  %0 = slim.add %x, %three : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %1 = slim.clamp %0 lower %zero upper %six
    : (tensor<?x8xf32>, tensor<f32>, tensor<f32>) -> tensor<?x8xf32>
  %2 = slim.div %1, %six : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  // Another bound.
  // CHECK: slim.clamp
  %3 = slim.clamp %0 lower %zero upper %three
    : (tensor<?x8xf32>, tensor<f32>, tensor<f32>) -> tensor<?x8xf32>
  %4 = slim.div %3, %six : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  return %2, %4 : tensor<?x8xf32>, tensor<?x8xf32>
}
