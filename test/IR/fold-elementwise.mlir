// Elementwise ops and reductions on constants: integers exactly, with
// wraparound; floats rounded to the element type.
// RUN: slim-opt %s -canonicalize -split-input-file | FileCheck %s

// CHECK-LABEL: func.func @integers
func.func @integers() -> (tensor<2xi8>, tensor<2xi8>, tensor<2xui8>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<2xi8>, tensor<2xi32>) {
  %a = slim.constant dense<[100, -128]> : tensor<2xi8>
  %b = slim.constant dense<[100, -1]> : tensor<2xi8>
  // CHECK-DAG: slim.constant dense<[-56, 127]> : tensor<2xi8>
  %0 = slim.add %a, %b : (tensor<2xi8>, tensor<2xi8>) -> tensor<2xi8>
  // CHECK-DAG: slim.constant dense<[1, -128]> : tensor<2xi8>
  %1 = slim.div %a, %b : (tensor<2xi8>, tensor<2xi8>) -> tensor<2xi8>
  %c = slim.constant dense<[200, 3]> : tensor<2xui8>
  %d = slim.constant dense<2> : tensor<ui8>
  // CHECK-DAG: slim.constant dense<[100, 1]> : tensor<2xui8>
  %2 = slim.div %c, %d : (tensor<2xui8>, tensor<ui8>) -> tensor<2xui8>
  %x = slim.constant dense<[7, -7, 7, -7]> : tensor<4xi32>
  %y = slim.constant dense<[3, 3, -3, -3]> : tensor<4xi32>
  // CHECK-DAG: slim.constant dense<[1, 2, -2, -1]> : tensor<4xi32>
  %3 = slim.mod %x, %y : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  // CHECK-DAG: slim.constant dense<[1, -1, 1, -1]> : tensor<4xi32>
  %4 = slim.rem %x, %y : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  // CHECK-DAG: slim.constant dense<[343, -343, 0, 0]> : tensor<4xi32>
  %5 = slim.pow %x, %y : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  // CHECK-DAG: slim.constant dense<[100, -128]> : tensor<2xi8>
  %6 = slim.abs %a : (tensor<2xi8>) -> tensor<2xi8>
  %s = slim.constant dense<[1, 31]> : tensor<2xi32>
  %m = slim.constant dense<-8> : tensor<i32>
  // CHECK-DAG: slim.constant dense<[-4, -1]> : tensor<2xi32>
  %7 = slim.shift_right %m, %s : (tensor<i32>, tensor<2xi32>) -> tensor<2xi32>
  // CHECK: return
  // CHECK-NEXT: }
  return %0, %1, %2, %3, %4, %5, %6, %7 : tensor<2xi8>, tensor<2xi8>, tensor<2xui8>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<2xi8>, tensor<2xi32>
}

// -----

// What has no value stays.
// CHECK-LABEL: func.func @undefined
// CHECK: slim.div
// CHECK: slim.shift_left
func.func @undefined() -> (tensor<i32>, tensor<i32>) {
  %a = slim.constant dense<1> : tensor<i32>
  %z = slim.constant dense<0> : tensor<i32>
  %w = slim.constant dense<32> : tensor<i32>
  %0 = slim.div %a, %z : (tensor<i32>, tensor<i32>) -> tensor<i32>
  %1 = slim.shift_left %a, %w : (tensor<i32>, tensor<i32>) -> tensor<i32>
  return %0, %1 : tensor<i32>, tensor<i32>
}

// -----

// CHECK-LABEL: func.func @floats
func.func @floats() -> (tensor<2x2xf32>, tensor<3xf16>, tensor<2xf32>, tensor<4xf32>, tensor<3xf32>, tensor<3xi1>, tensor<2xf32>) {
  %a = slim.constant dense<[[1.0], [2.0]]> : tensor<2x1xf32>
  %b = slim.constant dense<[10.0, 20.0]> : tensor<2xf32>
  // CHECK-DAG: slim.constant dense<{{\[\[}}1.100000e+01, 2.100000e+01], [1.200000e+01, 2.200000e+01]]> : tensor<2x2xf32>
  %0 = slim.add %a, %b : (tensor<2x1xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  // 2049 is a tie in f16, and 70000 beyond its range.
  %h = slim.constant dense<[2048.0, 2050.0, 60000.0]> : tensor<3xf16>
  %g = slim.constant dense<[1.0, 1.0, 10000.0]> : tensor<3xf16>
  // CHECK-DAG: slim.constant dense<[2.048000e+03, 2.052000e+03, 0x7C00]> : tensor<3xf16>
  %1 = slim.add %h, %g : (tensor<3xf16>, tensor<3xf16>) -> tensor<3xf16>
  %e = slim.constant dense<[0.0, 1.0]> : tensor<2xf32>
  // CHECK-DAG: slim.constant dense<[1.000000e+00, 2.71828175]> : tensor<2xf32>
  %2 = slim.exp %e : (tensor<2xf32>) -> tensor<2xf32>
  %r = slim.constant dense<[0.5, 1.5, 2.5, -0.5]> : tensor<4xf32>
  // CHECK-DAG: slim.constant dense<[0.000000e+00, 2.000000e+00, 2.000000e+00, -0.000000e+00]> : tensor<4xf32>
  %3 = slim.round %r : (tensor<4xf32>) -> tensor<4xf32>
  %n = slim.constant dense<[0x7FC00000, 1.0, -0.0]> : tensor<3xf32>
  %z = slim.constant dense<[1.0, 0x7FC00000, 0.0]> : tensor<3xf32>
  // CHECK-DAG: slim.constant dense<[0x7FC00000, 0x7FC00000, 0.000000e+00]> : tensor<3xf32>
  %4 = slim.max %n, %z : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  // CHECK-DAG: slim.constant dense<[false, false, true]> : tensor<3xi1>
  %5 = slim.equal %n, %z : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xi1>
  %c = slim.constant dense<[true, false]> : tensor<2xi1>
  %half = slim.constant dense<0.5> : tensor<f32>
  // CHECK-DAG: slim.constant dense<[1.000000e+01, 5.000000e-01]> : tensor<2xf32>
  %6 = slim.select %c, %b, %half : (tensor<2xi1>, tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  // CHECK: return
  // CHECK-NEXT: }
  return %0, %1, %2, %3, %4, %5, %6 : tensor<2x2xf32>, tensor<3xf16>, tensor<2xf32>, tensor<4xf32>, tensor<3xf32>, tensor<3xi1>, tensor<2xf32>
}

// -----

// CHECK-LABEL: func.func @casts
func.func @casts() -> (tensor<4xi8>, tensor<2xui8>, tensor<2xf32>, tensor<3xf8E4M3FN>, tensor<3xf8E4M3FN>, tensor<3xi1>, tensor<2xi8>) {
  %a = slim.constant dense<[1.9, -1.9, 1000.0, 0x7FC00000]> : tensor<4xf32>
  // CHECK-DAG: slim.constant dense<[1, -1, 127, 0]> : tensor<4xi8>
  %0 = slim.cast %a {to = i8} : (tensor<4xf32>) -> tensor<4xi8>
  %b = slim.constant dense<[-3.0, 300.0]> : tensor<2xf32>
  // CHECK-DAG: slim.constant dense<[0, 255]> : tensor<2xui8>
  %1 = slim.cast %b {to = ui8} : (tensor<2xf32>) -> tensor<2xui8>
  %c = slim.constant dense<[16777217, -1]> : tensor<2xi64>
  // CHECK-DAG: slim.constant dense<[0x4B800000, -1.000000e+00]> : tensor<2xf32>
  %2 = slim.cast %c {to = f32} : (tensor<2xi64>) -> tensor<2xf32>
  %d = slim.constant dense<[1.0, 1000.0, 0x7F800000]> : tensor<3xf32>
  // CHECK-DAG: slim.constant dense<[1.000000e+00, 4.480000e+02, 4.480000e+02]> : tensor<3xf8E4M3FN>
  %3 = slim.cast %d {to = f8E4M3FN} : (tensor<3xf32>) -> tensor<3xf8E4M3FN>
  // CHECK-DAG: slim.constant dense<[1.000000e+00, 0x7F, 0x7F]> : tensor<3xf8E4M3FN>
  %4 = slim.cast %d {to = f8E4M3FN, saturate = false} : (tensor<3xf32>) -> tensor<3xf8E4M3FN>
  %e = slim.constant dense<[0.0, 0.25, -2.0]> : tensor<3xf32>
  // CHECK-DAG: slim.constant dense<[false, true, true]> : tensor<3xi1>
  %5 = slim.cast %e {to = i1} : (tensor<3xf32>) -> tensor<3xi1>
  %f = slim.constant dense<[300, -129]> : tensor<2xi32>
  // CHECK-DAG: slim.constant dense<[44, 127]> : tensor<2xi8>
  %6 = slim.cast %f {to = i8} : (tensor<2xi32>) -> tensor<2xi8>
  // CHECK: return
  // CHECK-NEXT: }
  return %0, %1, %2, %3, %4, %5, %6 : tensor<4xi8>, tensor<2xui8>, tensor<2xf32>, tensor<3xf8E4M3FN>, tensor<3xf8E4M3FN>, tensor<3xi1>, tensor<2xi8>
}

// -----

// CHECK-LABEL: func.func @clamps
func.func @clamps() -> (tensor<3xf32>, tensor<3xui8>) {
  %a = slim.constant dense<[-1.0, 0.5, 0x7FC00000]> : tensor<3xf32>
  %l = slim.constant dense<0.0> : tensor<f32>
  %u = slim.constant dense<0.25> : tensor<f32>
  // CHECK-DAG: slim.constant dense<[0.000000e+00, 2.500000e-01, 0x7FC00000]> : tensor<3xf32>
  %0 = slim.clamp %a lower %l upper %u : (tensor<3xf32>, tensor<f32>, tensor<f32>) -> tensor<3xf32>
  %b = slim.constant dense<[0, 100, 250]> : tensor<3xui8>
  %v = slim.constant dense<200> : tensor<ui8>
  // CHECK-DAG: slim.constant dense<[0, 100, 200]> : tensor<3xui8>
  %1 = slim.clamp %b upper %v : (tensor<3xui8>, tensor<ui8>) -> tensor<3xui8>
  // CHECK: return
  // CHECK-NEXT: }
  return %0, %1 : tensor<3xf32>, tensor<3xui8>
}

// -----

// CHECK-LABEL: func.func @reductions
func.func @reductions() -> (tensor<2xf32>, tensor<1x3xf32>, tensor<i64>, tensor<2xi8>, tensor<2xi32>, tensor<f32>, tensor<2xi8>) {
  %a = slim.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  // CHECK-DAG: slim.constant dense<[6.000000e+00, 1.500000e+01]> : tensor<2xf32>
  %0 = slim.reduce_sum %a {axes = array<i64: 1>} : (tensor<2x3xf32>) -> tensor<2xf32>
  // CHECK-DAG: slim.constant dense<{{\[\[}}2.500000e+00, 3.500000e+00, 4.500000e+00]]> : tensor<1x3xf32>
  %1 = slim.reduce_mean %a {axes = array<i64: 0>, keep_dims = true} : (tensor<2x3xf32>) -> tensor<1x3xf32>
  %s = slim.constant dense<[2, 3, 7]> : tensor<3xi64>
  // CHECK-DAG: slim.constant dense<42> : tensor<i64>
  %2 = slim.reduce_prod %s {axes = array<i64: 0>} : (tensor<3xi64>) -> tensor<i64>
  %b = slim.constant dense<> : tensor<2x0xi8>
  // CHECK-DAG: slim.constant dense<-128> : tensor<2xi8>
  %3 = slim.reduce_max %b {axes = array<i64: 1>} : (tensor<2x0xi8>) -> tensor<2xi8>
  %c = slim.constant dense<[[-7, 2], [5, -9]]> : tensor<2x2xi32>
  // CHECK-DAG: slim.constant dense<-2> : tensor<2xi32>
  %4 = slim.reduce_mean %c {axes = array<i64: 1>} : (tensor<2x2xi32>) -> tensor<2xi32>
  %n = slim.constant dense<[1.0, 0x7FC00000, 3.0]> : tensor<3xf32>
  // CHECK-DAG: slim.constant dense<0x7FC00000> : tensor<f32>
  %5 = slim.reduce_min %n {axes = array<i64: 0>} : (tensor<3xf32>) -> tensor<f32>
  %d = slim.constant dense<[100, 100]> : tensor<2xi8>
  // CHECK-DAG: slim.constant dense<100> : tensor<2xi8>
  %6 = slim.reduce_sum %d {axes = array<i64>} : (tensor<2xi8>) -> tensor<2xi8>
  // CHECK: return
  // CHECK-NEXT: }
  return %0, %1, %2, %3, %4, %5, %6 : tensor<2xf32>, tensor<1x3xf32>, tensor<i64>, tensor<2xi8>, tensor<2xi32>, tensor<f32>, tensor<2xi8>
}
