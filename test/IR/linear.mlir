// RUN: slim-opt %s | slim-opt | FileCheck %s
// RUN: slim-opt %s --emit-bytecode | slim-opt | FileCheck %s

// CHECK-LABEL: func @linear
func.func @linear(%x: tensor<?x128x384xf32>, %w: tensor<1536x384xf32>,
                  %b: tensor<1536xf32>) -> tensor<?x128x1536xf32> {
  // CHECK: slim.linear %{{.*}}, %{{.*}}, %{{.*}} : (tensor<?x128x384xf32>, tensor<1536x384xf32>, tensor<1536xf32>) -> tensor<?x128x1536xf32>
  %y = slim.linear %x, %w, %b
    : (tensor<?x128x384xf32>, tensor<1536x384xf32>, tensor<1536xf32>)
    -> tensor<?x128x1536xf32>
  return %y : tensor<?x128x1536xf32>
}

// CHECK-LABEL: func @linear_transposed_vector
func.func @linear_transposed_vector(%x: tensor<4xf16>, %w: tensor<4x3xf16>)
    -> tensor<3xf16> {
  // CHECK: slim.linear %{{.*}}, %{{.*}} {transposed = true}
  %y = slim.linear %x, %w {transposed = true}
    : (tensor<4xf16>, tensor<4x3xf16>) -> tensor<3xf16>
  return %y : tensor<3xf16>
}

// Small integers, of mixed signedness too, accumulate in i32.
// CHECK-LABEL: func @linear_integers
func.func @linear_integers(%x: tensor<?x4xui8>, %w: tensor<3x4xi8>,
                           %b: tensor<3xi32>) -> tensor<?x3xi32> {
  %y = slim.linear %x, %w, %b
    : (tensor<?x4xui8>, tensor<3x4xi8>, tensor<3xi32>) -> tensor<?x3xi32>
  return %y : tensor<?x3xi32>
}

// A declared type may say more or less than what is inferred.
// CHECK-LABEL: func @linear_refined
func.func @linear_refined(%x: tensor<?x4xf32>, %w: tensor<?x?xf32>,
                          %b: tensor<5xf32>) -> (tensor<2x5xf32>, tensor<?x?xf32>) {
  %y = slim.linear %x, %w, %b
    : (tensor<?x4xf32>, tensor<?x?xf32>, tensor<5xf32>) -> tensor<2x5xf32>
  %z = slim.linear %x, %w, %b
    : (tensor<?x4xf32>, tensor<?x?xf32>, tensor<5xf32>) -> tensor<?x?xf32>
  return %y, %z : tensor<2x5xf32>, tensor<?x?xf32>
}

// CHECK-LABEL: func @matmul
func.func @matmul(%a: tensor<?x12x128x32xf32>, %b: tensor<12x32x64xf32>,
                  %v: tensor<32xf32>, %u: tensor<128xf32>)
    -> (tensor<?x12x128x64xf32>, tensor<?x12x128xf32>, tensor<?x12x32xf32>, tensor<f32>) {
  %0 = slim.matmul %a, %b
    : (tensor<?x12x128x32xf32>, tensor<12x32x64xf32>) -> tensor<?x12x128x64xf32>
  %1 = slim.matmul %a, %v
    : (tensor<?x12x128x32xf32>, tensor<32xf32>) -> tensor<?x12x128xf32>
  %2 = slim.matmul %u, %a
    : (tensor<128xf32>, tensor<?x12x128x32xf32>) -> tensor<?x12x32xf32>
  // CHECK: slim.matmul %{{.*}}, %{{.*}} : (tensor<32xf32>, tensor<32xf32>) -> tensor<f32>
  %3 = slim.matmul %v, %v : (tensor<32xf32>, tensor<32xf32>) -> tensor<f32>
  return %0, %1, %2, %3
    : tensor<?x12x128x64xf32>, tensor<?x12x128xf32>, tensor<?x12x32xf32>, tensor<f32>
}

// CHECK-LABEL: func @matmul_integers
func.func @matmul_integers(%a: tensor<2x3xi8>, %b: tensor<3x4xui8>,
                           %c: tensor<4x5xi64>, %d: tensor<2x4xi64>)
    -> (tensor<2x4xi32>, tensor<2x5xi64>) {
  %0 = slim.matmul %a, %b : (tensor<2x3xi8>, tensor<3x4xui8>) -> tensor<2x4xi32>
  %1 = slim.matmul %d, %c : (tensor<2x4xi64>, tensor<4x5xi64>) -> tensor<2x5xi64>
  return %0, %1 : tensor<2x4xi32>, tensor<2x5xi64>
}

// CHECK-LABEL: func @embedding
func.func @embedding(%ids: tensor<?x?xi64>, %one: tensor<i32>,
                     %table: tensor<30522x384xf32>)
    -> (tensor<?x?x384xf32>, tensor<384xf32>) {
  %0 = slim.embedding %ids, %table
    : (tensor<?x?xi64>, tensor<30522x384xf32>) -> tensor<?x?x384xf32>
  // CHECK: slim.embedding %{{.*}}, %{{.*}} : (tensor<i32>, tensor<30522x384xf32>) -> tensor<384xf32>
  %1 = slim.embedding %one, %table
    : (tensor<i32>, tensor<30522x384xf32>) -> tensor<384xf32>
  return %0, %1 : tensor<?x?x384xf32>, tensor<384xf32>
}

// CHECK-LABEL: func @attention
func.func @attention(%q: tensor<?x12x?x32xf32>, %k: tensor<?x4x?x32xf32>,
                     %v: tensor<?x4x?x16xf32>, %m: tensor<?x1x1x?xf32>,
                     %b: tensor<?x?xi1>)
    -> (tensor<?x12x?x16xf32>, tensor<?x12x?x16xf32>) {
  // CHECK: slim.attention %{{.*}}, %{{.*}}, %{{.*}} mask %{{.*}} :
  %0 = slim.attention %q, %k, %v mask %m
    : (tensor<?x12x?x32xf32>, tensor<?x4x?x32xf32>, tensor<?x4x?x16xf32>,
       tensor<?x1x1x?xf32>) -> tensor<?x12x?x16xf32>
  // CHECK: slim.attention %{{.*}}, %{{.*}}, %{{.*}} mask %{{.*}} {causal = true, scale = 1.250000e-01 : f32}
  %1 = slim.attention %q, %k, %v mask %b {causal = true, scale = 0.125 : f32}
    : (tensor<?x12x?x32xf32>, tensor<?x4x?x32xf32>, tensor<?x4x?x16xf32>,
       tensor<?x?xi1>) -> tensor<?x12x?x16xf32>
  return %0, %1 : tensor<?x12x?x16xf32>, tensor<?x12x?x16xf32>
}

// CHECK-LABEL: func @rotary_embedding
func.func @rotary_embedding(%x: tensor<2x8x?x64xf32>, %c: tensor<?x32xf32>,
                            %d: tensor<2x?x16xf32>)
    -> (tensor<2x8x?x64xf32>, tensor<2x8x?x64xf32>) {
  %0 = slim.rotary_embedding %x, %c, %c
    : (tensor<2x8x?x64xf32>, tensor<?x32xf32>, tensor<?x32xf32>)
    -> tensor<2x8x?x64xf32>
  // CHECK: slim.rotary_embedding %{{.*}} {interleaved = true}
  %1 = slim.rotary_embedding %x, %d, %d {interleaved = true}
    : (tensor<2x8x?x64xf32>, tensor<2x?x16xf32>, tensor<2x?x16xf32>)
    -> tensor<2x8x?x64xf32>
  return %0, %1 : tensor<2x8x?x64xf32>, tensor<2x8x?x64xf32>
}
