// Every op of SlimPoolOps.td, through text, the generic form and bytecode.
// RUN: slim-opt %s | slim-opt | FileCheck %s
// RUN: slim-opt %s --mlir-print-op-generic | slim-opt | FileCheck %s
// RUN: slim-opt %s --emit-bytecode | slim-opt | FileCheck %s

// CHECK-LABEL: func.func @avg_pool(
// CHECK: slim.avg_pool %{{.*}} {dilations = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 2>} : (tensor<?x8x56x56xf32>) -> tensor<?x8x28x28xf32>
func.func @avg_pool(%x: tensor<?x8x56x56xf32>) -> (tensor<?x8x28x28xf32>) {
  %y = slim.avg_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<?x8x56x56xf32>) -> tensor<?x8x28x28xf32>
  return %y : tensor<?x8x28x28xf32>
}

// CHECK-LABEL: func.func @max_pool(
// CHECK: slim.max_pool %{{.*}} {dilations = array<i64: 1, 1>, kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>} : (tensor<?x8x112x112xf32>) -> tensor<?x8x56x56xf32>
func.func @max_pool(%x: tensor<?x8x112x112xf32>) -> (tensor<?x8x56x56xf32>) {
  %y = slim.max_pool %x {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<?x8x112x112xf32>) -> tensor<?x8x56x56xf32>
  return %y : tensor<?x8x56x56xf32>
}

// CHECK-LABEL: func.func @resize(
// CHECK: slim.resize %{{.*}} sizes %{{.*}} {axes = array<i64: 2, 3>, coordinates = #slim.coordinate_mode<asymmetric>, mode = #slim.resize_mode<nearest>, nearest = #slim.nearest_mode<floor>} : (tensor<1x8x20x20xf32>, tensor<2xi64>) -> tensor<1x8x?x?xf32>
func.func @resize(%x: tensor<1x8x20x20xf32>, %s: tensor<2xi64>) -> (tensor<1x8x?x?xf32>) {
  %y = slim.resize %x sizes %s {axes = array<i64: 2, 3>, mode = #slim.resize_mode<nearest>, coordinates = #slim.coordinate_mode<asymmetric>, nearest = #slim.nearest_mode<floor>} : (tensor<1x8x20x20xf32>, tensor<2xi64>) -> tensor<1x8x?x?xf32>
  return %y : tensor<1x8x?x?xf32>
}
