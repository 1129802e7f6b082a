// Every op of SlimReductionOps.td, through text, the generic form and bytecode.
// RUN: slim-opt %s | slim-opt | FileCheck %s
// RUN: slim-opt %s --mlir-print-op-generic | slim-opt | FileCheck %s
// RUN: slim-opt %s --emit-bytecode | slim-opt | FileCheck %s

// CHECK-LABEL: func.func @arg_max(
// CHECK: slim.arg_max %{{.*}} {axis = 1 : i64} : (tensor<?x4xf32>) -> tensor<?xi64>
func.func @arg_max(%x: tensor<?x4xf32>) -> (tensor<?xi64>) {
  %y = slim.arg_max %x {axis = 1} : (tensor<?x4xf32>) -> tensor<?xi64>
  return %y : tensor<?xi64>
}

// CHECK-LABEL: func.func @arg_min(
// CHECK: slim.arg_min %{{.*}} {axis = 1 : i64} : (tensor<?x4xf32>) -> tensor<?xi64>
func.func @arg_min(%x: tensor<?x4xf32>) -> (tensor<?xi64>) {
  %y = slim.arg_min %x {axis = 1} : (tensor<?x4xf32>) -> tensor<?xi64>
  return %y : tensor<?xi64>
}

// CHECK-LABEL: func.func @cumsum(
// CHECK: slim.cumsum %{{.*}} {axis = 1 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @cumsum(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.cumsum %x {axis = 1} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @reduce_max(
// CHECK: slim.reduce_max %{{.*}} {axes = array<i64: 1>, keep_dims = true} : (tensor<?x4xf32>) -> tensor<?x1xf32>
func.func @reduce_max(%x: tensor<?x4xf32>) -> (tensor<?x1xf32>) {
  %y = slim.reduce_max %x {axes = array<i64: 1>, keep_dims = true} : (tensor<?x4xf32>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

// CHECK-LABEL: func.func @reduce_mean(
// CHECK: slim.reduce_mean %{{.*}} {axes = array<i64: 1>, keep_dims = true} : (tensor<?x4xf32>) -> tensor<?x1xf32>
func.func @reduce_mean(%x: tensor<?x4xf32>) -> (tensor<?x1xf32>) {
  %y = slim.reduce_mean %x {axes = array<i64: 1>, keep_dims = true} : (tensor<?x4xf32>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

// CHECK-LABEL: func.func @reduce_min(
// CHECK: slim.reduce_min %{{.*}} {axes = array<i64: 1>, keep_dims = true} : (tensor<?x4xf32>) -> tensor<?x1xf32>
func.func @reduce_min(%x: tensor<?x4xf32>) -> (tensor<?x1xf32>) {
  %y = slim.reduce_min %x {axes = array<i64: 1>, keep_dims = true} : (tensor<?x4xf32>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

// CHECK-LABEL: func.func @reduce_prod(
// CHECK: slim.reduce_prod %{{.*}} {axes = array<i64: 1>, keep_dims = true} : (tensor<?x4xf32>) -> tensor<?x1xf32>
func.func @reduce_prod(%x: tensor<?x4xf32>) -> (tensor<?x1xf32>) {
  %y = slim.reduce_prod %x {axes = array<i64: 1>, keep_dims = true} : (tensor<?x4xf32>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

// CHECK-LABEL: func.func @reduce_sum(
// CHECK: slim.reduce_sum %{{.*}} {axes = array<i64: 1>, keep_dims = true} : (tensor<?x4xf32>) -> tensor<?x1xf32>
func.func @reduce_sum(%x: tensor<?x4xf32>) -> (tensor<?x1xf32>) {
  %y = slim.reduce_sum %x {axes = array<i64: 1>, keep_dims = true} : (tensor<?x4xf32>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

// CHECK-LABEL: func.func @top_k(
// CHECK: slim.top_k %{{.*}}, %{{.*}} {axis = 1 : i64} : (tensor<?x100xf32>, tensor<1xi64>) -> (tensor<?x?xf32>, tensor<?x?xi64>)
func.func @top_k(%x: tensor<?x100xf32>, %k: tensor<1xi64>) -> (tensor<?x?xf32>, tensor<?x?xi64>) {
  %v, %i = slim.top_k %x, %k {axis = 1, largest = true} : (tensor<?x100xf32>, tensor<1xi64>) -> (tensor<?x?xf32>, tensor<?x?xi64>)
  return %v, %i : tensor<?x?xf32>, tensor<?x?xi64>
}
