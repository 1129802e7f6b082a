// Shape and movement ops on constants, whatever the element type; and those
// that do nothing.
// RUN: slim-opt %s -canonicalize -split-input-file | FileCheck %s

// CHECK-LABEL: func.func @identities
// CHECK-SAME: (%[[X:.*]]: tensor<?x4xf32>, %[[M:.*]]: tensor<2x4xf32>
// CHECK-NOT: slim
// CHECK: return %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[M]]
func.func @identities(%x: tensor<?x4xf32>, %m: tensor<2x4xf32>)
    -> (tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>,
        tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<2x4xf32>) {
  %shape = slim.constant dense<[-1, 4]> : tensor<2xi64>
  %zero = slim.constant dense<0> : tensor<2xi64>
  %end = slim.constant dense<[9223372036854775807, 4]> : tensor<2xi64>
  %one = slim.constant dense<1> : tensor<2xi64>
  %target = slim.constant dense<[2, 4]> : tensor<2xi64>
  %0 = slim.reshape %x, %shape : (tensor<?x4xf32>, tensor<2xi64>) -> tensor<?x4xf32>
  %1 = slim.flatten %x {axis = 1} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %2 = slim.squeeze %x {axes = array<i64>} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %3 = slim.unsqueeze %x {axes = array<i64>} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %4 = slim.transpose %x {permutation = array<i64: 0, 1>} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %5 = slim.concat %x {axis = 0} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %6 = slim.slice %x, %zero, %end, %one {axes = array<i64: 0, 1>} : (tensor<?x4xf32>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>) -> tensor<?x4xf32>
  %7 = slim.cast %x {to = f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %8 = slim.expand %m, %target : (tensor<2x4xf32>, tensor<2xi64>) -> tensor<2x4xf32>
  return %0, %1, %2, %3, %4, %5, %6, %7, %8 : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<2x4xf32>
}

// -----

// Two open extents may be exchanged.
// CHECK-LABEL: func.func @two_open
// CHECK: slim.reshape
func.func @two_open(%x: tensor<?x?xf32>, %s: tensor<2xi64>) -> tensor<?x?xf32> {
  %0 = slim.reshape %x, %s : (tensor<?x?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

// CHECK-LABEL: func.func @reshapes
// CHECK-DAG: %[[A:.*]] = slim.constant dense<{{\[\[}}1, 2, 3], [-8, -1, 7]]> : tensor<2x3xi4>
// CHECK-DAG: %[[B:.*]] = slim.constant dense<{{\[\[}}true], [false]]> : tensor<2x1xi1>
// CHECK-DAG: %[[C:.*]] = slim.constant dense<5.000000e-01> : tensor<f8E4M3FN>
// CHECK-DAG: %[[D:.*]] = slim.constant dense<{{\[\[}}1.000000e+00, 2.000000e+00]]> : tensor<1x2xbf16>
// CHECK: return %[[A]], %[[B]], %[[C]], %[[D]]
func.func @reshapes() -> (tensor<2x3xi4>, tensor<2x1xi1>, tensor<f8E4M3FN>, tensor<1x2xbf16>) {
  %a = slim.constant dense<[1, 2, 3, -8, -1, 7]> : tensor<6xi4>
  %s = slim.constant dense<[2, -1]> : tensor<2xi64>
  %0 = slim.reshape %a, %s : (tensor<6xi4>, tensor<2xi64>) -> tensor<2x3xi4>
  %b = slim.constant dense<[true, false]> : tensor<2xi1>
  %1 = slim.unsqueeze %b {axes = array<i64: 1>} : (tensor<2xi1>) -> tensor<2x1xi1>
  %c = slim.constant dense<0.5> : tensor<1x1xf8E4M3FN>
  %2 = slim.squeeze %c {axes = array<i64: 0, 1>} : (tensor<1x1xf8E4M3FN>) -> tensor<f8E4M3FN>
  %d = slim.constant dense<[1.0, 2.0]> : tensor<2xbf16>
  %3 = slim.flatten %d {axis = 0} : (tensor<2xbf16>) -> tensor<1x2xbf16>
  return %0, %1, %2, %3 : tensor<2x3xi4>, tensor<2x1xi1>, tensor<f8E4M3FN>, tensor<1x2xbf16>
}

// -----

// CHECK-LABEL: func.func @moves
// CHECK-DAG: %[[A:.*]] = slim.constant dense<{{\[\[}}1, 4], [2, 5], [3, 6]]> : tensor<3x2xui8>
// CHECK-DAG: %[[B:.*]] = slim.constant dense<{{\[\[}}true, false], [true, false], [true, false]]> : tensor<3x2xi1>
// CHECK-DAG: %[[C:.*]] = slim.constant dense<{{\[\[}}1, 2, 3, 3], [4, 5, 6, 6]]> : tensor<2x4xui8>
// CHECK-DAG: %[[D:.*]] = slim.constant dense<{{\[\[}}6, 5], [3, 2]]> : tensor<2x2xui8>
// CHECK: return %[[A]], %[[B]], %[[C]], %[[D]]
func.func @moves() -> (tensor<3x2xui8>, tensor<3x2xi1>, tensor<2x4xui8>, tensor<2x2xui8>) {
  %a = slim.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xui8>
  %0 = slim.transpose %a {permutation = array<i64: 1, 0>} : (tensor<2x3xui8>) -> tensor<3x2xui8>
  %b = slim.constant dense<[true, false]> : tensor<2xi1>
  %s = slim.constant dense<[3, 1]> : tensor<2xi64>
  %1 = slim.expand %b, %s : (tensor<2xi1>, tensor<2xi64>) -> tensor<3x2xi1>
  %c = slim.constant dense<[[3], [6]]> : tensor<2x1xui8>
  %2 = slim.concat %a, %c {axis = 1} : (tensor<2x3xui8>, tensor<2x1xui8>) -> tensor<2x4xui8>
  %starts = slim.constant dense<-1> : tensor<2xi64>
  %ends = slim.constant dense<[-100, 0]> : tensor<2xi64>
  %steps = slim.constant dense<-1> : tensor<2xi64>
  %3 = slim.slice %a, %starts, %ends, %steps {axes = array<i64: 0, 1>} : (tensor<2x3xui8>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>) -> tensor<2x2xui8>
  return %0, %1, %2, %3 : tensor<3x2xui8>, tensor<3x2xi1>, tensor<2x4xui8>, tensor<2x2xui8>
}

// -----

// CHECK-LABEL: func.func @generated
// CHECK-DAG: %[[A:.*]] = slim.constant dense<1.500000e+00> : tensor<2x3xf16>
// CHECK-DAG: %[[B:.*]] = slim.constant dense<[5, 3, 1]> : tensor<3xi32>
// CHECK-DAG: %[[C:.*]] = slim.constant dense<[0.000000e+00, 5.000000e-01]> : tensor<2xf32>
// CHECK-DAG: %[[D:.*]] = slim.constant dense<> : tensor<0xi64>
// CHECK: return %[[A]], %[[B]], %[[C]], %[[D]]
func.func @generated() -> (tensor<2x3xf16>, tensor<3xi32>, tensor<2xf32>, tensor<0xi64>) {
  %s = slim.constant dense<[2, 3]> : tensor<2xi64>
  %v = slim.constant dense<1.5> : tensor<f16>
  %0 = slim.fill %s, %v : (tensor<2xi64>, tensor<f16>) -> tensor<2x3xf16>
  %a = slim.constant dense<5> : tensor<i32>
  %b = slim.constant dense<0> : tensor<i32>
  %d = slim.constant dense<-2> : tensor<i32>
  %1 = slim.range %a, %b, %d : (tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<3xi32>
  %f = slim.constant dense<0.0> : tensor<f32>
  %l = slim.constant dense<0.75> : tensor<f32>
  %h = slim.constant dense<0.5> : tensor<f32>
  %2 = slim.range %f, %l, %h : (tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<2xf32>
  %z = slim.constant dense<4> : tensor<i64>
  %o = slim.constant dense<1> : tensor<i64>
  %3 = slim.range %z, %o, %o : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<0xi64>
  return %0, %1, %2, %3 : tensor<2x3xf16>, tensor<3xi32>, tensor<2xf32>, tensor<0xi64>
}

// -----

// CHECK-LABEL: func.func @gathers
// CHECK-DAG: %[[A:.*]] = slim.constant dense<{{\[\[}}3, 1], [6, 4]]> : tensor<2x2xi16>
// CHECK-DAG: %[[B:.*]] = slim.constant dense<[4, 5, 6]> : tensor<3xi16>
// CHECK: return %[[A]], %[[B]]
func.func @gathers() -> (tensor<2x2xi16>, tensor<3xi16>) {
  %a = slim.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi16>
  %i = slim.constant dense<[-1, 0]> : tensor<2xi32>
  %0 = slim.gather %a, %i {axis = 1} : (tensor<2x3xi16>, tensor<2xi32>) -> tensor<2x2xi16>
  %j = slim.constant dense<1> : tensor<i64>
  %1 = slim.gather %a, %j {axis = 0} : (tensor<2x3xi16>, tensor<i64>) -> tensor<3xi16>
  return %0, %1 : tensor<2x2xi16>, tensor<3xi16>
}

// -----

// An index that is outside stays for the run to report.
// CHECK-LABEL: func.func @outside
// CHECK: slim.gather
func.func @outside() -> tensor<i16> {
  %a = slim.constant dense<[1, 2, 3]> : tensor<3xi16>
  %i = slim.constant dense<3> : tensor<i64>
  %0 = slim.gather %a, %i {axis = 0} : (tensor<3xi16>, tensor<i64>) -> tensor<i16>
  return %0 : tensor<i16>
}

// -----

// What is known of a partly open shape.
// CHECK-LABEL: func.func @shapes
// CHECK-DAG: %[[A:.*]] = slim.constant dense<[384, 8]> : tensor<2xi64>
// CHECK-DAG: %[[B:.*]] = slim.constant dense<384> : tensor<i64>
// CHECK-DAG: %[[C:.*]] = slim.constant dense<[8, 384]> : tensor<2xi64>
// CHECK: return %[[A]], %[[B]], %[[C]]
func.func @shapes(%x: tensor<?x384x8xf32>) -> (tensor<2xi64>, tensor<i64>, tensor<2xi64>) {
  %0 = slim.shape %x {start = 1, end = 3} : (tensor<?x384x8xf32>) -> tensor<2xi64>
  %s = slim.shape %x {start = 0, end = 3} : (tensor<?x384x8xf32>) -> tensor<3xi64>
  %i = slim.constant dense<1> : tensor<i64>
  %1 = slim.gather %s, %i {axis = 0} : (tensor<3xi64>, tensor<i64>) -> tensor<i64>
  %a = slim.constant dense<-1> : tensor<1xi64>
  %b = slim.constant dense<0> : tensor<1xi64>
  %2 = slim.slice %s, %a, %b, %a {axes = array<i64: 0>} : (tensor<3xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  return %0, %1, %2 : tensor<2xi64>, tensor<i64>, tensor<2xi64>
}

// -----

// A type that is less precise than the constant is left to slim-refine-types.
// CHECK-LABEL: func.func @imprecise
// CHECK: slim.transpose
func.func @imprecise() -> tensor<?x2xf32> {
  %a = slim.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %0 = slim.transpose %a {permutation = array<i64: 1, 0>} : (tensor<2x2xf32>) -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

// -----

// A large tensor is not written out.
// CHECK-LABEL: func.func @large
// CHECK: slim.fill
func.func @large() -> tensor<1000x1000xf32> {
  %s = slim.constant dense<1000> : tensor<2xi64>
  %v = slim.constant dense<1.0> : tensor<f32>
  %0 = slim.fill %s, %v : (tensor<2xi64>, tensor<f32>) -> tensor<1000x1000xf32>
  return %0 : tensor<1000x1000xf32>
}
