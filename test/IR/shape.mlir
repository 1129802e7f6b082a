// Every op of SlimShapeOps.td, through text, the generic form and bytecode.
// RUN: slim-opt %s | slim-opt | FileCheck %s
// RUN: slim-opt %s --mlir-print-op-generic | slim-opt | FileCheck %s
// RUN: slim-opt %s --emit-bytecode | slim-opt | FileCheck %s

// CHECK-LABEL: func.func @concat(
// CHECK: slim.concat %{{.*}}, %{{.*}} {axis = 1 : i64} : (tensor<?x8xf32>, tensor<?x4xf32>) -> tensor<?x12xf32>
func.func @concat(%a: tensor<?x8xf32>, %b: tensor<?x4xf32>) -> (tensor<?x12xf32>) {
  %y = slim.concat %a, %b {axis = 1} : (tensor<?x8xf32>, tensor<?x4xf32>) -> tensor<?x12xf32>
  return %y : tensor<?x12xf32>
}

// CHECK-LABEL: func.func @expand(
// CHECK: slim.expand %{{.*}}, %{{.*}} : (tensor<1x4xf32>, tensor<2xi64>) -> tensor<?x4xf32>
func.func @expand(%x: tensor<1x4xf32>, %s: tensor<2xi64>) -> (tensor<?x4xf32>) {
  %y = slim.expand %x, %s : (tensor<1x4xf32>, tensor<2xi64>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @fill(
// CHECK: slim.fill %{{.*}}, %{{.*}} : (tensor<2xi64>, tensor<f32>) -> tensor<?x?xf32>
func.func @fill(%s: tensor<2xi64>, %v: tensor<f32>) -> (tensor<?x?xf32>) {
  %y = slim.fill %s, %v : (tensor<2xi64>, tensor<f32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// CHECK-LABEL: func.func @flatten(
// CHECK: slim.flatten %{{.*}} {axis = 1 : i64} : (tensor<?x8x7x7xf32>) -> tensor<?x392xf32>
func.func @flatten(%x: tensor<?x8x7x7xf32>) -> (tensor<?x392xf32>) {
  %y = slim.flatten %x {axis = 1} : (tensor<?x8x7x7xf32>) -> tensor<?x392xf32>
  return %y : tensor<?x392xf32>
}

// CHECK-LABEL: func.func @gather_elements(
// CHECK: slim.gather_elements %{{.*}}, %{{.*}} {axis = 1 : i64} : (tensor<4x8xf32>, tensor<4x2xi64>) -> tensor<4x2xf32>
func.func @gather_elements(%x: tensor<4x8xf32>, %i: tensor<4x2xi64>) -> (tensor<4x2xf32>) {
  %y = slim.gather_elements %x, %i {axis = 1} : (tensor<4x8xf32>, tensor<4x2xi64>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// CHECK-LABEL: func.func @gather_nd(
// CHECK: slim.gather_nd %{{.*}}, %{{.*}} : (tensor<4x8x2xf32>, tensor<5x2xi64>) -> tensor<5x2xf32>
func.func @gather_nd(%x: tensor<4x8x2xf32>, %i: tensor<5x2xi64>) -> (tensor<5x2xf32>) {
  %y = slim.gather_nd %x, %i {batch_dims = 0} : (tensor<4x8x2xf32>, tensor<5x2xi64>) -> tensor<5x2xf32>
  return %y : tensor<5x2xf32>
}

// CHECK-LABEL: func.func @gather(
// CHECK: slim.gather %{{.*}}, %{{.*}} {axis = 0 : i64} : (tensor<30x8xf32>, tensor<?xi64>) -> tensor<?x8xf32>
func.func @gather(%x: tensor<30x8xf32>, %i: tensor<?xi64>) -> (tensor<?x8xf32>) {
  %y = slim.gather %x, %i {axis = 0} : (tensor<30x8xf32>, tensor<?xi64>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @non_zero(
// CHECK: slim.non_zero %{{.*}} : (tensor<?x8xf32>) -> tensor<2x?xi64>
func.func @non_zero(%x: tensor<?x8xf32>) -> (tensor<2x?xi64>) {
  %y = slim.non_zero %x : (tensor<?x8xf32>) -> tensor<2x?xi64>
  return %y : tensor<2x?xi64>
}

// CHECK-LABEL: func.func @one_hot(
// CHECK: slim.one_hot %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {axis = 1 : i64} : (tensor<?xi64>, tensor<i64>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
func.func @one_hot(%i: tensor<?xi64>, %d: tensor<i64>, %off: tensor<f32>, %on: tensor<f32>) -> (tensor<?x?xf32>) {
  %y = slim.one_hot %i, %d, %off, %on {axis = 1} : (tensor<?xi64>, tensor<i64>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// CHECK-LABEL: func.func @pad(
// CHECK: slim.pad %{{.*}}, %{{.*}}, %{{.*}} {mode = #slim.pad_mode<constant>} : (tensor<?x8xf32>, tensor<4xi64>, tensor<f32>) -> tensor<?x?xf32>
func.func @pad(%x: tensor<?x8xf32>, %pads: tensor<4xi64>, %v: tensor<f32>) -> (tensor<?x?xf32>) {
  %y = slim.pad %x, %pads, %v {mode = #slim.pad_mode<constant>} : (tensor<?x8xf32>, tensor<4xi64>, tensor<f32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// CHECK-LABEL: func.func @range(
// CHECK: slim.range %{{.*}}, %{{.*}}, %{{.*}} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
func.func @range(%a: tensor<i64>, %b: tensor<i64>, %d: tensor<i64>) -> (tensor<?xi64>) {
  %y = slim.range %a, %b, %d : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return %y : tensor<?xi64>
}

// CHECK-LABEL: func.func @reshape(
// CHECK: slim.reshape %{{.*}}, %{{.*}} : (tensor<?x?x384xf32>, tensor<4xi64>) -> tensor<?x?x12x32xf32>
func.func @reshape(%x: tensor<?x?x384xf32>, %s: tensor<4xi64>) -> (tensor<?x?x12x32xf32>) {
  %y = slim.reshape %x, %s : (tensor<?x?x384xf32>, tensor<4xi64>) -> tensor<?x?x12x32xf32>
  return %y : tensor<?x?x12x32xf32>
}

// CHECK-LABEL: func.func @scatter_elements(
// CHECK: slim.scatter_elements %{{.*}}, %{{.*}}, %{{.*}} {axis = 1 : i64, mode = #slim.scatter_mode<replace>} : (tensor<4x8xf32>, tensor<4x2xi64>, tensor<4x2xf32>) -> tensor<4x8xf32>
func.func @scatter_elements(%x: tensor<4x8xf32>, %i: tensor<4x2xi64>, %u: tensor<4x2xf32>) -> (tensor<4x8xf32>) {
  %y = slim.scatter_elements %x, %i, %u {axis = 1, mode = #slim.scatter_mode<replace>} : (tensor<4x8xf32>, tensor<4x2xi64>, tensor<4x2xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// CHECK-LABEL: func.func @scatter_nd(
// CHECK: slim.scatter_nd %{{.*}}, %{{.*}}, %{{.*}} {mode = #slim.scatter_mode<add>} : (tensor<4x8xf32>, tensor<5x1xi64>, tensor<5x8xf32>) -> tensor<4x8xf32>
func.func @scatter_nd(%x: tensor<4x8xf32>, %i: tensor<5x1xi64>, %u: tensor<5x8xf32>) -> (tensor<4x8xf32>) {
  %y = slim.scatter_nd %x, %i, %u {mode = #slim.scatter_mode<add>} : (tensor<4x8xf32>, tensor<5x1xi64>, tensor<5x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// CHECK-LABEL: func.func @shape(
// CHECK: slim.shape %{{.*}} {end = 2 : i64, start = 0 : i64} : (tensor<?x4xf32>) -> tensor<2xi64>
func.func @shape(%x: tensor<?x4xf32>) -> (tensor<2xi64>) {
  %s = slim.shape %x {start = 0, end = 2} : (tensor<?x4xf32>) -> tensor<2xi64>
  return %s : tensor<2xi64>
}

// CHECK-LABEL: func.func @slice(
// CHECK: slim.slice %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {axes = array<i64: 1>} : (tensor<?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x4xf32>
func.func @slice(%x: tensor<?x8xf32>, %starts: tensor<1xi64>, %ends: tensor<1xi64>, %steps: tensor<1xi64>) -> (tensor<?x4xf32>) {
  %y = slim.slice %x, %starts, %ends, %steps {axes = array<i64: 1>} : (tensor<?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @squeeze(
// CHECK: slim.squeeze %{{.*}} {axes = array<i64: 2, 3>} : (tensor<?x8x1x1xf32>) -> tensor<?x8xf32>
func.func @squeeze(%x: tensor<?x8x1x1xf32>) -> (tensor<?x8xf32>) {
  %y = slim.squeeze %x {axes = array<i64: 2, 3>} : (tensor<?x8x1x1xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @tile(
// CHECK: slim.tile %{{.*}}, %{{.*}} : (tensor<2x8xf32>, tensor<2xi64>) -> tensor<?x?xf32>
func.func @tile(%x: tensor<2x8xf32>, %r: tensor<2xi64>) -> (tensor<?x?xf32>) {
  %y = slim.tile %x, %r : (tensor<2x8xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// CHECK-LABEL: func.func @transpose(
// CHECK: slim.transpose %{{.*}} {permutation = array<i64: 0, 2, 1, 3>} : (tensor<?x?x12x32xf32>) -> tensor<?x12x?x32xf32>
func.func @transpose(%x: tensor<?x?x12x32xf32>) -> (tensor<?x12x?x32xf32>) {
  %y = slim.transpose %x {permutation = array<i64: 0, 2, 1, 3>} : (tensor<?x?x12x32xf32>) -> tensor<?x12x?x32xf32>
  return %y : tensor<?x12x?x32xf32>
}

// CHECK-LABEL: func.func @trilu(
// CHECK: slim.trilu %{{.*}} {upper = false} : (tensor<?x8x8xf32>) -> tensor<?x8x8xf32>
func.func @trilu(%x: tensor<?x8x8xf32>) -> (tensor<?x8x8xf32>) {
  %y = slim.trilu %x {upper = false} : (tensor<?x8x8xf32>) -> tensor<?x8x8xf32>
  return %y : tensor<?x8x8xf32>
}

// CHECK-LABEL: func.func @unsqueeze(
// CHECK: slim.unsqueeze %{{.*}} {axes = array<i64: 1, 2>} : (tensor<?x?xf32>) -> tensor<?x1x1x?xf32>
func.func @unsqueeze(%x: tensor<?x?xf32>) -> (tensor<?x1x1x?xf32>) {
  %y = slim.unsqueeze %x {axes = array<i64: 1, 2>} : (tensor<?x?xf32>) -> tensor<?x1x1x?xf32>
  return %y : tensor<?x1x1x?xf32>
}
