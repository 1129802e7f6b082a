// RUN: slim-opt %s -split-input-file -convert-slim-to-linalg -canonicalize -cse | FileCheck %s

// CHECK-LABEL: func.func @attention
// CHECK: linalg.batch_matmul indexing_maps {{.*}} ins(%{{.*}}, %{{.*}} : tensor<24x5x32xf32>, tensor<24x7x32xf32>)
// CHECK: linalg.generic
// CHECK: arith.mulf %{{.*}}, %[[SCALE:.*]] : f32
// CHECK: math.exp
// CHECK: linalg.batch_matmul ins(%{{.*}}, %{{.*}} : tensor<24x5x7xf32>, tensor<24x7x32xf32>)
func.func @attention(%q: tensor<2x12x5x32xf32>, %k: tensor<2x12x7x32xf32>,
                     %v: tensor<2x12x7x32xf32>, %m: tensor<2x1x1x7xf32>)
    -> tensor<2x12x5x32xf32> {
  %y = slim.attention %q, %k, %v mask %m
    : (tensor<2x12x5x32xf32>, tensor<2x12x7x32xf32>, tensor<2x12x7x32xf32>,
       tensor<2x1x1x7xf32>) -> tensor<2x12x5x32xf32>
  return %y : tensor<2x12x5x32xf32>
}

// -----

// Heads that share a key head are rows of one product.
// CHECK-LABEL: func.func @grouped_queries
// CHECK: linalg.batch_matmul indexing_maps {{.*}} ins(%{{.*}}, %{{.*}} : tensor<6x20x32xf32>, tensor<6x7x32xf32>)
// CHECK: linalg.index 2
// CHECK: linalg.index 3
// CHECK: linalg.batch_matmul ins(%{{.*}}, %{{.*}} : tensor<6x20x7xf32>, tensor<6x7x32xf32>)
func.func @grouped_queries(%q: tensor<2x12x5x32xf32>, %k: tensor<2x3x7x32xf32>,
                           %v: tensor<2x3x7x32xf32>) -> tensor<2x12x5x32xf32> {
  %y = slim.attention %q, %k, %v {causal = true}
    : (tensor<2x12x5x32xf32>, tensor<2x3x7x32xf32>, tensor<2x3x7x32xf32>)
    -> tensor<2x12x5x32xf32>
  return %y : tensor<2x12x5x32xf32>
}

// -----

// CHECK-LABEL: func.func @rotary
// CHECK: linalg.generic
// CHECK: tensor.extract
// CHECK: arith.select
func.func @rotary(%x: tensor<2x8x5x64xf32>, %c: tensor<5x32xf32>,
                  %s: tensor<5x32xf32>) -> tensor<2x8x5x64xf32> {
  %y = slim.rotary_embedding %x, %c, %s
    : (tensor<2x8x5x64xf32>, tensor<5x32xf32>, tensor<5x32xf32>)
    -> tensor<2x8x5x64xf32>
  return %y : tensor<2x8x5x64xf32>
}
