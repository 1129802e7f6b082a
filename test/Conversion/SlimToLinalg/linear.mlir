// RUN: slim-opt %s -split-input-file -convert-slim-to-linalg -canonicalize -cse | FileCheck %s

// CHECK-DAG: #[[LHS:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
// CHECK-DAG: #[[RHS:.*]] = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
// CHECK-DAG: #[[OUT:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
// CHECK-DAG: #[[BIAS:.*]] = affine_map<(d0, d1, d2) -> (d2)>
// CHECK-LABEL: func.func @linear
// CHECK-SAME: %[[X:.*]]: tensor<?x3x4xf32>, %[[W:.*]]: tensor<8x4xf32>, %[[B:.*]]: tensor<8xf32>
func.func @linear(%x: tensor<?x3x4xf32>, %w: tensor<8x4xf32>,
                  %b: tensor<8xf32>) -> tensor<?x3x8xf32> {
  // CHECK: linalg.fill
  // CHECK: %[[Y:.*]] = linalg.generic {indexing_maps = [#[[LHS]], #[[RHS]], #[[OUT]]]
  // CHECK-SAME: ins(%[[X]], %[[W]] :
  // CHECK: linalg.generic
  // CHECK-SAME: #[[BIAS]]
  // CHECK-SAME: ins(%[[Y]], %[[B]] :
  %y = slim.linear %x, %w, %b
    : (tensor<?x3x4xf32>, tensor<8x4xf32>, tensor<8xf32>) -> tensor<?x3x8xf32>
  return %y : tensor<?x3x8xf32>
}

// -----

// CHECK-LABEL: func.func @transposed
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<5x4xf16>, tensor<4x8xf16>) outs(%{{.*}} : tensor<5x8xf32>)
// CHECK: arith.extf
// CHECK: arith.extf
// CHECK: linalg.generic
// CHECK: arith.truncf
func.func @transposed(%x: tensor<5x4xf16>, %w: tensor<4x8xf16>)
    -> tensor<5x8xf16> {
  %y = slim.linear %x, %w {transposed = true}
    : (tensor<5x4xf16>, tensor<4x8xf16>) -> tensor<5x8xf16>
  return %y : tensor<5x8xf16>
}

// -----

// An open inner extent is checked.
// CHECK-LABEL: func.func @checked
// CHECK: cf.assert %{{.*}}, "linear: the input's last extent is not the weight's"
func.func @checked(%x: tensor<5x?xf32>, %w: tensor<8x4xf32>)
    -> tensor<5x8xf32> {
  %y = slim.linear %x, %w : (tensor<5x?xf32>, tensor<8x4xf32>) -> tensor<5x8xf32>
  return %y : tensor<5x8xf32>
}

// -----

// CHECK-LABEL: func.func @batched
// CHECK: linalg.batch_matmul ins(%{{.*}}, %{{.*}} : tensor<24x5x4xf32>, tensor<24x4x8xf32>)
// CHECK: tensor.expand_shape
func.func @batched(%x: tensor<2x12x5x4xf32>, %y: tensor<2x12x4x8xf32>)
    -> tensor<2x12x5x8xf32> {
  %z = slim.matmul %x, %y
    : (tensor<2x12x5x4xf32>, tensor<2x12x4x8xf32>) -> tensor<2x12x5x8xf32>
  return %z : tensor<2x12x5x8xf32>
}

// -----

// One matrix on the right: the batches are rows.
// CHECK-LABEL: func.func @shared_rhs
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<2x12x5x4xf32>, tensor<4x8xf32>)
func.func @shared_rhs(%x: tensor<2x12x5x4xf32>, %y: tensor<4x8xf32>)
    -> tensor<2x12x5x8xf32> {
  %z = slim.matmul %x, %y
    : (tensor<2x12x5x4xf32>, tensor<4x8xf32>) -> tensor<2x12x5x8xf32>
  return %z : tensor<2x12x5x8xf32>
}

// -----

// CHECK-LABEL: func.func @broadcast_batch
// CHECK: linalg.generic
// CHECK: linalg.batch_matmul ins(%{{.*}}, %{{.*}} : tensor<6x5x4xf32>, tensor<6x4x8xf32>)
func.func @broadcast_batch(%x: tensor<2x1x5x4xf32>, %y: tensor<3x4x8xf32>)
    -> tensor<2x3x5x8xf32> {
  %z = slim.matmul %x, %y
    : (tensor<2x1x5x4xf32>, tensor<3x4x8xf32>) -> tensor<2x3x5x8xf32>
  return %z : tensor<2x3x5x8xf32>
}

// -----

// CHECK-LABEL: func.func @vectors
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<1x4xf32>, tensor<4x1xf32>)
// CHECK: tensor.collapse_shape %{{.*}} [] : tensor<1x1xf32> into tensor<f32>
func.func @vectors(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<f32> {
  %z = slim.matmul %x, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<f32>
  return %z : tensor<f32>
}

// -----

// Each operand is extended by its own sign.
// CHECK-LABEL: func.func @mixed_signs
// CHECK: linalg.generic
// CHECK: arith.extui
// CHECK: arith.extsi
// CHECK: arith.muli
// CHECK: arith.addi
func.func @mixed_signs(%x: tensor<5x4xui8>, %y: tensor<4x8xi8>)
    -> tensor<5x8xi32> {
  %z = slim.matmul %x, %y : (tensor<5x4xui8>, tensor<4x8xi8>) -> tensor<5x8xi32>
  return %z : tensor<5x8xi32>
}

// -----

// CHECK-LABEL: func.func @unsigned
// CHECK: linalg.generic
// CHECK: arith.extui
// CHECK: arith.extui
func.func @unsigned(%x: tensor<5x4xui8>, %y: tensor<4x8xui8>)
    -> tensor<5x8xi32> {
  %z = slim.matmul %x, %y
    : (tensor<5x4xui8>, tensor<4x8xui8>) -> tensor<5x8xi32>
  return %z : tensor<5x8xi32>
}

// -----

// Factors that a cast widens are read as they are stored; one that rounds is
// not looked through.
// CHECK-LABEL: func.func @stored_factors
// CHECK-SAME: (%[[X:.*]]: tensor<5x4xf32>, %[[W:.*]]: tensor<8x4xbf16>)
// CHECK: %[[N:.*]] = linalg.generic {{.*}} ins(%[[X]] : tensor<5x4xf32>) outs(%{{.*}} : tensor<5x4xbf16>)
// CHECK: arith.truncf
// CHECK: linalg.generic {{.*}} ins(%[[N]], %[[W]] : tensor<5x4xbf16>, tensor<8x4xbf16>) outs(%{{.*}} : tensor<5x8xf32>)
// CHECK-NEXT: ^bb0(%[[A:.*]]: bf16, %[[B:.*]]: bf16, %[[C:.*]]: f32)
// CHECK-DAG: %[[WA:.*]] = arith.extf %[[A]] : bf16 to f32
// CHECK-DAG: %[[WB:.*]] = arith.extf %[[B]] : bf16 to f32
// CHECK: %[[P:.*]] = arith.mulf %[[WA]], %[[WB]]
func.func @stored_factors(%x: tensor<5x4xf32>, %w: tensor<8x4xbf16>) -> tensor<5x8xf32> {
  %n = slim.cast %x {to = bf16} : (tensor<5x4xf32>) -> tensor<5x4xbf16>
  %r = slim.cast %n {to = f32} : (tensor<5x4xbf16>) -> tensor<5x4xf32>
  %f = slim.cast %w {to = f32} : (tensor<8x4xbf16>) -> tensor<8x4xf32>
  %y = slim.linear %r, %f : (tensor<5x4xf32>, tensor<8x4xf32>) -> tensor<5x8xf32>
  return %y : tensor<5x8xf32>
}
