// RUN: slim-opt %s -split-input-file -cast-products="min-elements=0" | FileCheck %s
// RUN: slim-opt %s -split-input-file -cast-products="min-elements=0" -canonicalize -cse | FileCheck %s
// RUN: slim-opt %s -split-input-file -cast-products="min-elements=0" -remarks-filter=".*" \
// RUN:   -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: slim-opt %s -split-input-file -cast-products="min-elements=0 type=f16 matmuls=false" | FileCheck %s --check-prefix=F16

// 1.00390625 lies midway between two numbers of bf16: the even one is 1. The
// activation is rounded once for both products, the residual reads it unrounded.

// CHECK-LABEL: module
// CHECK-SAME: bytes_after = 8 : i64
// CHECK-SAME: bytes_before = 16 : i64
// CHECK-SAME: message = "rounded to bf16"
// CHECK-SAME: pass = "cast-products"
// CHECK-SAME: status = "applied"
// CHECK: slim.weight @v : tensor<2x2xbf16>
// CHECK: slim.weight @w : tensor<2x2xbf16> = dense<{{\[\[}}1.000000e+00, -2.000000e+00], [1.015630e+00, 2.540000e+02]]>
// CHECK-LABEL: func @shared
// CHECK-SAME: (%[[X:.*]]: tensor<?x2xf32>)
// CHECK: %[[N:.*]] = slim.cast %[[X]] {to = bf16}
// CHECK-NEXT: %[[R:.*]] = slim.cast %[[N]] {to = f32} : (tensor<?x2xbf16>) -> tensor<?x2xf32>
// CHECK-NOT: slim.cast %[[X]]
// CHECK: %[[V:.*]] = slim.get_weight @w : tensor<2x2xbf16>
// CHECK: %[[W:.*]] = slim.cast %[[V]] {to = f32}
// CHECK: %[[A:.*]] = slim.linear %[[R]], %[[W]]
// CHECK: slim.linear %[[R]], %{{.*}}
// CHECK: slim.add %[[A]], %[[X]]
// REMARK: remark: {{.*}}Compressed{{.*}}w: rounded to bf16
// F16: slim.weight @w : tensor<2x2xf16>
// F16: slim.cast %{{.*}} {to = f16} : (tensor<?x2xf32>) -> tensor<?x2xf16>
module {
  slim.weight @v : tensor<2x2xf32> = dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  slim.weight @w : tensor<2x2xf32> = dense<[[1.00390625, -2.0], [1.01171875, 254.0]]> : tensor<2x2xf32>
  func.func @shared(%x: tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>) {
    %w = slim.get_weight @w : tensor<2x2xf32>
    %a = slim.linear %x, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
    %v = slim.get_weight @v : tensor<2x2xf32>
    %b = slim.linear %x, %v : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
    %c = slim.add %a, %x : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    return %b, %c : tensor<?x2xf32>, tensor<?x2xf32>
  }
}

// -----

// Convolutions, but no depthwise and no transposed ones; rows of tables.

// CHECK-DAG: slim.weight @filter : tensor<2x3x1x1xbf16>
// CHECK-DAG: slim.weight @depthwise : tensor<2x1x2x2xf32>
// CHECK-DAG: slim.weight @up : tensor<2x1x2x2xf32>
// CHECK-DAG: slim.weight @table : tensor<2x4xbf16>
// CHECK-LABEL: func @kinds
// CHECK-SAME: (%[[X:[a-z0-9]*]]: tensor<1x3x4x4xf32>
// CHECK: %[[N:.*]] = slim.cast %[[X]] {to = bf16}
// CHECK: %[[R:.*]] = slim.cast %[[N]] {to = f32}
// CHECK: %[[A:.*]] = slim.conv %[[R]],
// CHECK: %[[B:.*]] = slim.conv %[[A]],
// CHECK: slim.conv_transpose %[[B]],
// REMARK-DAG: depthwise: it is a depthwise filter
// REMARK-DAG: up: transposed convolutions stay in f32
module {
  slim.weight @filter : tensor<2x3x1x1xf32> = dense<1.0> : tensor<2x3x1x1xf32>
  slim.weight @depthwise : tensor<2x1x2x2xf32> = dense<1.0> : tensor<2x1x2x2xf32>
  slim.weight @up : tensor<2x1x2x2xf32> = dense<1.0> : tensor<2x1x2x2xf32>
  slim.weight @table : tensor<2x4xf32> = dense<1.0> : tensor<2x4xf32>
  func.func @kinds(%x: tensor<1x3x4x4xf32>, %i: tensor<?xi64>) -> (tensor<1x1x6x6xf32>, tensor<?x4xf32>) {
    %f = slim.get_weight @filter : tensor<2x3x1x1xf32>
    %a = slim.conv %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1} : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %d = slim.get_weight @depthwise : tensor<2x1x2x2xf32>
    %b = slim.conv %a, %d {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 2} : (tensor<1x2x4x4xf32>, tensor<2x1x2x2xf32>) -> tensor<1x2x3x3xf32>
    %u = slim.get_weight @up : tensor<2x1x2x2xf32>
    %c = slim.conv_transpose %b, %u {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, output_padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1} : (tensor<1x2x3x3xf32>, tensor<2x1x2x2xf32>) -> tensor<1x1x6x6xf32>
    %t = slim.get_weight @table : tensor<2x4xf32>
    %e = slim.embedding %i, %t : (tensor<?xi64>, tensor<2x4xf32>) -> tensor<?x4xf32>
    return %c, %e : tensor<1x1x6x6xf32>, tensor<?x4xf32>
  }
}

// -----

// Products of two activations, by option. A square reads one rounded tensor
// twice.

// CHECK-LABEL: func @matmul
// CHECK-SAME: (%[[X:.*]]: tensor<4x4xf32>)
// CHECK: %[[N:.*]] = slim.cast %[[X]] {to = bf16}
// CHECK: %[[R:.*]] = slim.cast %[[N]] {to = f32}
// CHECK: slim.matmul %[[R]], %[[R]]
// F16-LABEL: func @matmul
// F16-NOT: slim.cast
func.func @matmul(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %y = slim.matmul %x, %x : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// -----

// Beyond the range of f16.

// CHECK: slim.weight @large : tensor<2x2xbf16>
// F16: message = "it has values beyond the range of f16"
// F16: slim.weight @large : tensor<2x2xf32>
module {
  slim.weight @large : tensor<2x2xf32> = dense<70000.0> : tensor<2x2xf32>
  func.func @range(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
    %w = slim.get_weight @large : tensor<2x2xf32>
    %y = slim.linear %x, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
    return %y : tensor<?x2xf32>
  }
}

// -----

// Attention: heads are rounded before they are split off and widened after they
// are merged; what reads the result reads what is rounded already.

// CHECK-LABEL: func @attention
// CHECK-SAME: (%[[X:.*]]: tensor<2x5x12xf32>, %[[M:.*]]: tensor<5x5xf32>)
// CHECK: %[[N:.*]] = slim.cast %[[X]] {to = bf16} : (tensor<2x5x12xf32>) -> tensor<2x5x12xbf16>
// CHECK: %[[H:.*]] = slim.reshape %[[N]]
// CHECK: %[[Q:.*]] = slim.transpose %[[H]] {{.*}} -> tensor<2x3x5x4xbf16>
// CHECK: %[[Y:.*]] = slim.attention %[[Q]], %{{.*}}, %{{.*}} mask %[[M]] {{.*}} -> tensor<2x3x5x4xbf16>
// CHECK: %[[T:.*]] = slim.transpose %[[Y]]
// CHECK: %[[Z:.*]] = slim.reshape %[[T]]
// CHECK: %[[F:.*]] = slim.cast %[[Z]] {to = f32} : (tensor<2x5x12xbf16>) -> tensor<2x5x12xf32>
// CHECK: slim.linear %[[F]],
// F16-LABEL: func @attention
// F16: slim.attention {{.*}} -> tensor<2x3x5x4xf32>
module {
  slim.weight @out : tensor<12x12xf32> = dense<1.0> : tensor<12x12xf32>
  func.func @attention(%x: tensor<2x5x12xf32>, %m: tensor<5x5xf32>) -> tensor<2x5x12xf32> {
    %split = slim.constant dense<[0, 0, 3, 4]> : tensor<4xi64>
    %merge = slim.constant dense<[0, 0, 12]> : tensor<3xi64>
    %h0 = slim.reshape %x, %split : (tensor<2x5x12xf32>, tensor<4xi64>) -> tensor<2x5x3x4xf32>
    %q = slim.transpose %h0 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<2x5x3x4xf32>) -> tensor<2x3x5x4xf32>
    %h1 = slim.reshape %x, %split : (tensor<2x5x12xf32>, tensor<4xi64>) -> tensor<2x5x3x4xf32>
    %k = slim.transpose %h1 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<2x5x3x4xf32>) -> tensor<2x3x5x4xf32>
    %h2 = slim.reshape %x, %split : (tensor<2x5x12xf32>, tensor<4xi64>) -> tensor<2x5x3x4xf32>
    %v = slim.transpose %h2 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<2x5x3x4xf32>) -> tensor<2x3x5x4xf32>
    %y = slim.attention %q, %k, %v mask %m : (tensor<2x3x5x4xf32>, tensor<2x3x5x4xf32>, tensor<2x3x5x4xf32>, tensor<5x5xf32>) -> tensor<2x3x5x4xf32>
    %t = slim.transpose %y {permutation = array<i64: 0, 2, 1, 3>} : (tensor<2x3x5x4xf32>) -> tensor<2x5x3x4xf32>
    %z = slim.reshape %t, %merge : (tensor<2x5x3x4xf32>, tensor<3xi64>) -> tensor<2x5x12xf32>
    %w = slim.get_weight @out : tensor<12x12xf32>
    %r = slim.linear %z, %w : (tensor<2x5x12xf32>, tensor<12x12xf32>) -> tensor<2x5x12xf32>
    return %r : tensor<2x5x12xf32>
  }
}
