// RUN: slim-opt --convert-slim-to-linalg --canonicalize --cse --split-input-file %s | FileCheck %s

// The heads of an attention layer: a view, with the counts checked.
// CHECK-LABEL: func.func @split_heads
// CHECK-NOT: tensor.reshape
// CHECK-NOT: cf.assert
// CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0], [1], [2, 3]] output_shape [%{{.*}}, %{{.*}}, 12, 32]
func.func @split_heads(%x: tensor<?x?x384xf32>) -> tensor<?x?x12x32xf32> {
  %s = slim.constant dense<[0, 0, 12, 32]> : tensor<4xi64>
  %y = slim.reshape %x, %s : (tensor<?x?x384xf32>, tensor<4xi64>) -> tensor<?x?x12x32xf32>
  return %y : tensor<?x?x12x32xf32>
}

// -----

// CHECK-LABEL: func.func @open_extent
// CHECK: arith.divui
// CHECK: cf.assert %{{.*}}, "reshape: the shape has another number of elements than the input"
// CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0, 1]]
// CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0, 1]]
func.func @open_extent(%x: tensor<?x5xf32>) -> tensor<?x4xf32> {
  %s = slim.constant dense<[-1, 4]> : tensor<2xi64>
  %y = slim.reshape %x, %s : (tensor<?x5xf32>, tensor<2xi64>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// The shape comes from outside: each element may be 0, -1 or an extent.
// CHECK-LABEL: func.func @computed_shape
// CHECK: tensor.extract %{{.*}}[%c0]
// CHECK: arith.select
// CHECK: cf.assert %{{.*}}, "reshape: an extent of the shape is negative"
// CHECK: cf.assert %{{.*}}, "reshape: the shape has another number of elements than the input"
// CHECK: tensor.expand_shape
func.func @computed_shape(%x: tensor<?x?xf32>, %s: tensor<3xi64>) -> tensor<?x?x?xf32> {
  %y = slim.reshape %x, %s : (tensor<?x?xf32>, tensor<3xi64>) -> tensor<?x?x?xf32>
  return %y : tensor<?x?x?xf32>
}

// -----

// CHECK-LABEL: func.func @from_scalar
// CHECK: tensor.expand_shape %{{.*}} [] output_shape [1, 1] : tensor<f32> into tensor<1x1xf32>
func.func @from_scalar(%x: tensor<f32>) -> tensor<1x1xf32> {
  %s = slim.constant dense<1> : tensor<2xi64>
  %y = slim.reshape %x, %s : (tensor<f32>, tensor<2xi64>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

// CHECK-LABEL: func.func @flatten
// CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0], [1, 2, 3]] : tensor<?x8x7x7xf32> into tensor<?x392xf32>
func.func @flatten(%x: tensor<?x8x7x7xf32>) -> tensor<?x392xf32> {
  %y = slim.flatten %x {axis = 1} : (tensor<?x8x7x7xf32>) -> tensor<?x392xf32>
  return %y : tensor<?x392xf32>
}

// -----

// CHECK-LABEL: func.func @squeeze
// CHECK: cf.assert %{{.*}}, "squeeze: a dimension to remove has an extent other than 1"
// CHECK: tensor.collapse_shape
func.func @squeeze(%x: tensor<4x?x5xf32>) -> tensor<4x5xf32> {
  %y = slim.squeeze %x {axes = array<i64: 1>} : (tensor<4x?x5xf32>) -> tensor<4x5xf32>
  return %y : tensor<4x5xf32>
}

// -----

// CHECK-LABEL: func.func @unsqueeze
// CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0], [1, 2, 3]]
func.func @unsqueeze(%x: tensor<?x?xf32>) -> tensor<?x1x1x?xf32> {
  %y = slim.unsqueeze %x {axes = array<i64: 1, 2>} : (tensor<?x?xf32>) -> tensor<?x1x1x?xf32>
  return %y : tensor<?x1x1x?xf32>
}

// -----

// CHECK-LABEL: func.func @transpose
// CHECK: linalg.transpose {{.*}} permutation = [0, 2, 1, 3]
// CHECK-LABEL: func.func @transpose_of_unit
// CHECK-NOT: linalg.transpose
// CHECK: return
func.func @transpose(%x: tensor<?x?x12x32xf32>) -> tensor<?x12x?x32xf32> {
  %y = slim.transpose %x {permutation = array<i64: 0, 2, 1, 3>} : (tensor<?x?x12x32xf32>) -> tensor<?x12x?x32xf32>
  return %y : tensor<?x12x?x32xf32>
}
func.func @transpose_of_unit(%x: tensor<?x1x12x32xf32>) -> tensor<?x12x1x32xf32> {
  %y = slim.transpose %x {permutation = array<i64: 0, 2, 1, 3>} : (tensor<?x1x12x32xf32>) -> tensor<?x12x1x32xf32>
  return %y : tensor<?x12x1x32xf32>
}

// -----

// Unsigned elements are signless afterwards.
// CHECK-LABEL: func.func @shape(
// CHECK-SAME: tensor<?x4xi8>
// CHECK: tensor.from_elements %{{.*}}, %c4_i64 : tensor<2xi64>
func.func @shape(%x: tensor<?x4xui8>) -> tensor<2xi64> {
  %s = slim.shape %x {start = 0, end = 2} : (tensor<?x4xui8>) -> tensor<2xi64>
  return %s : tensor<2xi64>
}

// -----

// CHECK-LABEL: func.func @expand
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel"]
// CHECK-SAME: ins(%arg0 : tensor<1x4xf32>)
func.func @expand(%x: tensor<1x4xf32>, %s: tensor<2xi64>) -> tensor<?x4xf32> {
  %y = slim.expand %x, %s : (tensor<1x4xf32>, tensor<2xi64>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func.func @fill
// CHECK: cf.assert %{{.*}}, "fill: an extent of the shape is negative"
// CHECK: linalg.fill
func.func @fill(%s: tensor<2xi64>, %v: tensor<f32>) -> tensor<?x?xf32> {
  %y = slim.fill %s, %v : (tensor<2xi64>, tensor<f32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// -----

// CHECK-LABEL: func.func @range
// CHECK: cf.assert %{{.*}}, "range: the step is 0"
// CHECK: arith.maxsi
// CHECK: linalg.generic
// CHECK: linalg.index 0
// CHECK-LABEL: func.func @range_of_floats
// CHECK: cf.assert %{{.*}}, "range: the range does not end"
// CHECK: arith.fptosi
func.func @range(%a: tensor<i64>, %b: tensor<i64>, %d: tensor<i64>) -> tensor<?xi64> {
  %y = slim.range %a, %b, %d : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return %y : tensor<?xi64>
}
func.func @range_of_floats(%a: tensor<f32>, %b: tensor<f32>, %d: tensor<f32>) -> tensor<?xf32> {
  %y = slim.range %a, %b, %d : (tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// CHECK-LABEL: func.func @trilu
// CHECK: arith.cmpi sle
// CHECK: arith.select
func.func @trilu(%x: tensor<?x8x8xf32>) -> tensor<?x8x8xf32> {
  %y = slim.trilu %x {upper = false} : (tensor<?x8x8xf32>) -> tensor<?x8x8xf32>
  return %y : tensor<?x8x8xf32>
}
