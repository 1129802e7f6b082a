// Every op of SlimLinearOps.td, through text, the generic form and bytecode.
// RUN: slim-opt %s | slim-opt | FileCheck %s
// RUN: slim-opt %s --mlir-print-op-generic | slim-opt | FileCheck %s
// RUN: slim-opt %s --emit-bytecode | slim-opt | FileCheck %s

// CHECK-LABEL: func.func @attention(
// CHECK: slim.attention %{{.*}}, %{{.*}}, %{{.*}} mask %{{.*}} : (tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>, tensor<?x1x1x?xf32>) -> tensor<?x12x?x32xf32>
func.func @attention(%q: tensor<?x12x?x32xf32>, %k: tensor<?x12x?x32xf32>, %v: tensor<?x12x?x32xf32>, %m: tensor<?x1x1x?xf32>) -> (tensor<?x12x?x32xf32>) {
  %y = slim.attention %q, %k, %v mask %m : (tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>, tensor<?x1x1x?xf32>) -> tensor<?x12x?x32xf32>
  return %y : tensor<?x12x?x32xf32>
}

// CHECK-LABEL: func.func @conv(
// CHECK: slim.conv %{{.*}}, %{{.*}}, %{{.*}} {dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>} : (tensor<?x3x224x224xf32>, tensor<32x3x3x3xf32>, tensor<32xf32>) -> tensor<?x32x112x112xf32>
func.func @conv(%x: tensor<?x3x224x224xf32>, %w: tensor<32x3x3x3xf32>, %b: tensor<32xf32>) -> (tensor<?x32x112x112xf32>) {
  %y = slim.conv %x, %w, %b {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1} : (tensor<?x3x224x224xf32>, tensor<32x3x3x3xf32>, tensor<32xf32>) -> tensor<?x32x112x112xf32>
  return %y : tensor<?x32x112x112xf32>
}

// CHECK-LABEL: func.func @conv_transpose(
// CHECK: slim.conv_transpose %{{.*}}, %{{.*}}, %{{.*}} {dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 0>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 2>} : (tensor<?x24x80x80xf32>, tensor<24x12x2x2xf32>, tensor<12xf32>) -> tensor<?x12x160x160xf32>
func.func @conv_transpose(%x: tensor<?x24x80x80xf32>, %w: tensor<24x12x2x2xf32>, %b: tensor<12xf32>) -> (tensor<?x12x160x160xf32>) {
  %y = slim.conv_transpose %x, %w, %b {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 0>, groups = 1} : (tensor<?x24x80x80xf32>, tensor<24x12x2x2xf32>, tensor<12xf32>) -> tensor<?x12x160x160xf32>
  return %y : tensor<?x12x160x160xf32>
}

// CHECK-LABEL: func.func @embedding(
// CHECK: slim.embedding %{{.*}}, %{{.*}} : (tensor<?x?xi64>, tensor<30522x384xf32>) -> tensor<?x?x384xf32>
func.func @embedding(%ids: tensor<?x?xi64>, %table: tensor<30522x384xf32>) -> (tensor<?x?x384xf32>) {
  %y = slim.embedding %ids, %table : (tensor<?x?xi64>, tensor<30522x384xf32>) -> tensor<?x?x384xf32>
  return %y : tensor<?x?x384xf32>
}

// CHECK-LABEL: func.func @im2col(
// CHECK: slim.im2col %{{.*}} {dilations = array<i64: 1, 1>, kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<1x8x10x10xf32>) -> tensor<100x72xf32>
func.func @im2col(%x: tensor<1x8x10x10xf32>) -> (tensor<100x72xf32>) {
  %r = slim.im2col %x {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x8x10x10xf32>) -> tensor<100x72xf32>
  return %r : tensor<100x72xf32>
}

// CHECK-LABEL: func.func @linear(
// CHECK: slim.linear %{{.*}}, %{{.*}}, %{{.*}} : (tensor<?x128x384xf32>, tensor<1536x384xf32>, tensor<1536xf32>) -> tensor<?x128x1536xf32>
func.func @linear(%x: tensor<?x128x384xf32>, %w: tensor<1536x384xf32>, %b: tensor<1536xf32>) -> (tensor<?x128x1536xf32>) {
  %y = slim.linear %x, %w, %b : (tensor<?x128x384xf32>, tensor<1536x384xf32>, tensor<1536xf32>) -> tensor<?x128x1536xf32>
  return %y : tensor<?x128x1536xf32>
}

// CHECK-LABEL: func.func @matmul(
// CHECK: slim.matmul %{{.*}}, %{{.*}} : (tensor<?x12x128x32xf32>, tensor<?x12x32x128xf32>) -> tensor<?x12x128x128xf32>
func.func @matmul(%a: tensor<?x12x128x32xf32>, %b: tensor<?x12x32x128xf32>) -> (tensor<?x12x128x128xf32>) {
  %y = slim.matmul %a, %b : (tensor<?x12x128x32xf32>, tensor<?x12x32x128xf32>) -> tensor<?x12x128x128xf32>
  return %y : tensor<?x12x128x128xf32>
}

// CHECK-LABEL: func.func @rotary_embedding(
// CHECK: slim.rotary_embedding %{{.*}}, %{{.*}}, %{{.*}} : (tensor<?x8x?x64xf32>, tensor<?x32xf32>, tensor<?x32xf32>) -> tensor<?x8x?x64xf32>
func.func @rotary_embedding(%x: tensor<?x8x?x64xf32>, %cos: tensor<?x32xf32>, %sin: tensor<?x32xf32>) -> (tensor<?x8x?x64xf32>) {
  %y = slim.rotary_embedding %x, %cos, %sin : (tensor<?x8x?x64xf32>, tensor<?x32xf32>, tensor<?x32xf32>) -> tensor<?x8x?x64xf32>
  return %y : tensor<?x8x?x64xf32>
}
