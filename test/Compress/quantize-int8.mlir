// RUN: slim-opt %s -split-input-file -quantize-int8="min-elements=0" | FileCheck %s
// RUN: slim-opt %s -split-input-file -quantize-int8="min-elements=0" -remarks-filter=".*" \
// RUN:   -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// Codes and scales are those of NumPy: s = abs(w).max(1) / 127, rint(w / s).

// CHECK-LABEL: module
// CHECK-SAME: bytes_after = 28 : i64
// CHECK-SAME: bytes_before = 48 : i64
// CHECK-SAME: message = "8-bit codes with 4 scales"
// CHECK-SAME: pass = "quantize-int8"
// CHECK-SAME: relative_error = 4.09{{[0-9]*}}E-4 : f64
// CHECK-SAME: shape = array<i64: 4, 3>
// CHECK-SAME: status = "applied"
// CHECK-SAME: weight = "w"
// CHECK: slim.weight @w : tensor<4x3xi8> = dense<{{\[\[}}42, -85, 127], [54, 91, -127], [0, 0, 0], [0, 0, 127]]>
// CHECK: slim.weight @w.scale : tensor<4x1xf32> = dense<{{\[\[}}0.00236220472], [0.027559055], [1.000000e+00], [1.000000e+00]]>
// CHECK-LABEL: func @linear
// CHECK: %[[Q:.*]] = slim.get_weight @w : tensor<4x3xi8>
// CHECK: %[[S:.*]] = slim.get_weight @w.scale : tensor<4x1xf32>
// CHECK: %[[W:.*]] = slim.dequantize %[[Q]], %[[S]] {block = array<i64: 1, 0>} : (tensor<4x3xi8>, tensor<4x1xf32>) -> tensor<4x3xf32>
// CHECK: slim.linear %{{.*}}, %[[W]]

// REMARK: remark: {{.*}}Compressed{{.*}}w: 8-bit codes with 4 scales
module {
  slim.weight @w : tensor<4x3xf32> = dense<[[0.1, -0.2, 0.3], [1.5, 2.5, -3.5], [0.0, 0.0, 0.0], [-0.05, 0.001, 127.0]]> : tensor<4x3xf32>
  func.func @linear(%x: tensor<?x3xf32>) -> tensor<?x4xf32> {
    %w = slim.get_weight @w : tensor<4x3xf32>
    %y = slim.linear %x, %w : (tensor<?x3xf32>, tensor<4x3xf32>) -> tensor<?x4xf32>
    return %y : tensor<?x4xf32>
  }
}

// -----

// The output channels of a transposed linear op are columns.

// CHECK: slim.weight @w : tensor<2x8xi8> = dense<{{\[\[}}127, 127, 127, 127, 127, 127, 127, 127], [-64, 127, 0, 0, 0, 0, 0, 0]]>
// CHECK: slim.weight @w.scale : tensor<1x8xf32>
// CHECK: slim.dequantize %{{.*}}, %{{.*}} {block = array<i64: 0, 1>}
module {
  slim.weight @w : tensor<2x8xf32> = dense<[[1.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], [-0.5, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]> : tensor<2x8xf32>
  func.func @transposed(%x: tensor<?x2xf32>) -> tensor<?x8xf32> {
    %w = slim.get_weight @w : tensor<2x8xf32>
    %y = slim.linear %x, %w {transposed = true} : (tensor<?x2xf32>, tensor<2x8xf32>) -> tensor<?x8xf32>
    return %y : tensor<?x8xf32>
  }
}

// -----

// A convolution has a scale per filter; an embedding one per row.

// CHECK: slim.weight @filter : tensor<2x1x2x2xi8> = dense<{{\[\[\[\[}}127, 0], [64, -127]]], {{\[\[\[}}32, 64], [95, 127]]]]>
// CHECK: slim.weight @filter.scale : tensor<2x1x1x1xf32>
// CHECK: slim.weight @table : tensor<2x4xi8> = dense<{{\[\[}}32, 64, 95, 127], [-127, 0, 0, 0]]>
// CHECK: slim.weight @table.scale : tensor<2x1xf32>
// CHECK: slim.dequantize %{{.*}} {block = array<i64: 1, 0, 0, 0>}
// CHECK: slim.dequantize %{{.*}} {block = array<i64: 1, 0>}
module {
  slim.weight @filter : tensor<2x1x2x2xf32> = dense<[[[[2.0, 0.0], [1.0, -2.0]]], [[[1.0, 2.0], [3.0, 4.0]]]]> : tensor<2x1x2x2xf32>
  slim.weight @table : tensor<2x4xf32> = dense<[[1.0, 2.0, 3.0, 4.0], [-1.0, 0.0, 0.0, 0.0]]> : tensor<2x4xf32>
  func.func @other(%x: tensor<1x1x4x4xf32>, %i: tensor<?xi64>) -> (tensor<1x2x3x3xf32>, tensor<?x4xf32>) {
    %f = slim.get_weight @filter : tensor<2x1x2x2xf32>
    %y = slim.conv %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1} : (tensor<1x1x4x4xf32>, tensor<2x1x2x2xf32>) -> tensor<1x2x3x3xf32>
    %t = slim.get_weight @table : tensor<2x4xf32>
    %z = slim.embedding %i, %t : (tensor<?xi64>, tensor<2x4xf32>) -> tensor<?x4xf32>
    return %y, %z : tensor<1x2x3x3xf32>, tensor<?x4xf32>
  }
}

// -----

// A weight of two functions is one weight, and an op that cannot be compressed
// itself reads what it becomes.

// CHECK: slim.weight @tied : tensor<2x8xi8>
// CHECK-NOT: slim.weight @tied :
// CHECK: slim.weight @tied.scale
// CHECK-NOT: slim.weight
// CHECK-LABEL: func @prefill
// CHECK: %[[P:.*]] = slim.dequantize
// CHECK: slim.embedding %{{.*}}, %[[P]]
// CHECK: slim.linear %{{.*}}, %[[P]]
// CHECK-LABEL: func @decode
// CHECK: %[[D:.*]] = slim.dequantize
// CHECK: slim.transpose %[[D]]
module {
  slim.weight @tied : tensor<2x8xf32> = dense<0.5> : tensor<2x8xf32>
  func.func @prefill(%i: tensor<?xi64>) -> tensor<?x2xf32> {
    %w = slim.get_weight @tied : tensor<2x8xf32>
    %e = slim.embedding %i, %w : (tensor<?xi64>, tensor<2x8xf32>) -> tensor<?x8xf32>
    %y = slim.linear %e, %w : (tensor<?x8xf32>, tensor<2x8xf32>) -> tensor<?x2xf32>
    return %y : tensor<?x2xf32>
  }
  func.func @decode() -> tensor<8x2xf32> {
    %w = slim.get_weight @tied : tensor<2x8xf32>
    %t = slim.transpose %w {permutation = array<i64: 1, 0>} : (tensor<2x8xf32>) -> tensor<8x2xf32>
    return %t : tensor<8x2xf32>
  }
}

// -----

// Half precision keeps its type, and codes fit the scale as it is stored.

// CHECK: slim.weight @w : tensor<1x4xi8> = dense<{{\[\[}}127, 0, -64, 32]]>
// CHECK: slim.weight @w.scale : tensor<1x1xf16> = dense<7.873530e-03>
// CHECK: slim.dequantize {{.*}} -> tensor<1x4xf16>
module {
  slim.weight @w : tensor<1x4xf16> = dense<[[1.0, 0.0, -0.5, 0.25]]> : tensor<1x4xf16>
  func.func @half(%x: tensor<?x4xf16>) -> tensor<?x1xf16> {
    %w = slim.get_weight @w : tensor<1x4xf16>
    %y = slim.linear %x, %w : (tensor<?x4xf16>, tensor<1x4xf16>) -> tensor<?x1xf16>
    return %y : tensor<?x1xf16>
  }
}

// -----

// What is left alone, and why.

// CHECK: message = "its elements are no floats"
// CHECK-SAME: weight = "integers"
// CHECK-SAME: message = "it has infinite or NaN values"
// CHECK-SAME: weight = "infinite"
// CHECK-SAME: message = "the module has no data of it"
// CHECK-SAME: weight = "nodata"
// CHECK-SAME: message = "its scales outweigh what codes save"
// CHECK-SAME: weight = "thin"
// CHECK-NOT: slim.dequantize
// REMARK: remark: {{.*}}Skipped{{.*}}integers: its elements are no floats
module {
  slim.weight @integers : tensor<1x2xi8> = dense<1> : tensor<1x2xi8>
  slim.weight @infinite : tensor<1x8xf32> = dense<0x7F800000> : tensor<1x8xf32>
  slim.weight @nodata : tensor<1x8xf32>
  slim.weight @thin : tensor<8x1xf32> = dense<1.0> : tensor<8x1xf32>
  func.func @skipped(%a: tensor<?x2xi8>, %b: tensor<?x8xf32>, %c: tensor<?x1xf32>) -> (tensor<?x1xi32>, tensor<?x1xf32>, tensor<?x1xf32>, tensor<?x8xf32>) {
    %0 = slim.get_weight @integers : tensor<1x2xi8>
    %1 = slim.linear %a, %0 : (tensor<?x2xi8>, tensor<1x2xi8>) -> tensor<?x1xi32>
    %2 = slim.get_weight @infinite : tensor<1x8xf32>
    %3 = slim.linear %b, %2 : (tensor<?x8xf32>, tensor<1x8xf32>) -> tensor<?x1xf32>
    %4 = slim.get_weight @nodata : tensor<1x8xf32>
    %5 = slim.linear %b, %4 : (tensor<?x8xf32>, tensor<1x8xf32>) -> tensor<?x1xf32>
    %6 = slim.get_weight @thin : tensor<8x1xf32>
    %7 = slim.linear %c, %6 : (tensor<?x1xf32>, tensor<8x1xf32>) -> tensor<?x8xf32>
    return %1, %3, %5, %7 : tensor<?x1xi32>, tensor<?x1xf32>, tensor<?x1xf32>, tensor<?x8xf32>
  }
}
