// RUN: slim-opt %s -split-input-file -convert-slim-to-linalg -canonicalize -cse | FileCheck %s

// Half precision is summed in single precision, in any order.
// CHECK-LABEL: func.func @sum
// CHECK: linalg.fill ins(%{{.*}} : f32)
// CHECK: linalg.generic
// CHECK-SAME: iterator_types = ["parallel", "reduction"]
// CHECK: arith.extf
// CHECK: arith.addf %{{.*}}, %{{.*}} fastmath<reassoc> : f32
// CHECK: arith.truncf
// CHECK: tensor.expand_shape
func.func @sum(%x: tensor<?x64xf16>) -> tensor<?x1xf16> {
  %y = slim.reduce_sum %x {axes = array<i64: 1>, keep_dims = true}
    : (tensor<?x64xf16>) -> tensor<?x1xf16>
  return %y : tensor<?x1xf16>
}

// -----

// CHECK-LABEL: func.func @mean
// CHECK: linalg.generic
// CHECK-SAME: iterator_types = ["reduction", "parallel"]
// CHECK: linalg.generic
// CHECK: arith.divf
func.func @mean(%x: tensor<64x8xf32>) -> tensor<8xf32> {
  %y = slim.reduce_mean %x {axes = array<i64: 0>}
    : (tensor<64x8xf32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}

// -----

// Nothing to reduce.
// CHECK-LABEL: func.func @none
// CHECK-SAME: %[[X:.*]]: tensor<64x8xf32>
// CHECK-NEXT: return %[[X]]
func.func @none(%x: tensor<64x8xf32>) -> tensor<64x8xf32> {
  %y = slim.reduce_sum %x {axes = array<i64>}
    : (tensor<64x8xf32>) -> tensor<64x8xf32>
  return %y : tensor<64x8xf32>
}

// -----

// CHECK-LABEL: func.func @unsigned_max
// CHECK: linalg.fill ins(%c0_i8 : i8)
// CHECK: arith.maxui
func.func @unsigned_max(%x: tensor<64x8xui8>) -> tensor<ui8> {
  %y = slim.reduce_max %x {axes = array<i64: 0, 1>}
    : (tensor<64x8xui8>) -> tensor<ui8>
  return %y : tensor<ui8>
}

// -----

// CHECK-LABEL: func.func @arg_max
// CHECK: %[[R:.*]]:2 = linalg.generic
// CHECK: linalg.index 1
// CHECK: return %[[R]]#1
func.func @arg_max(%x: tensor<?x64xf32>) -> tensor<?xi64> {
  %y = slim.arg_max %x {axis = 1} : (tensor<?x64xf32>) -> tensor<?xi64>
  return %y : tensor<?xi64>
}

// -----

// CHECK-LABEL: func.func @cumsum
// CHECK: scf.for
// CHECK: tensor.extract_slice
// CHECK: linalg.generic
// CHECK: tensor.insert_slice
func.func @cumsum(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = slim.cumsum %x {axis = 1} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: func.func @top_k
// CHECK: cf.assert %{{.*}}, "top_k: k is greater than the extent"
// CHECK: scf.for
// CHECK: scf.for
// CHECK: scf.if
// CHECK: scf.while
func.func @top_k(%x: tensor<8x64xf32>, %k: tensor<1xi64>)
    -> (tensor<8x?xf32>, tensor<8x?xi64>) {
  %v, %i = slim.top_k %x, %k {axis = 1}
    : (tensor<8x64xf32>, tensor<1xi64>) -> (tensor<8x?xf32>, tensor<8x?xi64>)
  return %v, %i : tensor<8x?xf32>, tensor<8x?xi64>
}
