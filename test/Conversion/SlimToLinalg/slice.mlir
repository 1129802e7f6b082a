// RUN: slim-opt --convert-slim-to-linalg --canonicalize --cse --split-input-file %s | FileCheck %s

// CHECK-LABEL: func.func @forward
// CHECK: tensor.extract_slice %{{.*}}[0, 2] [%{{.*}}, 3] [1, 2] : tensor<?x8xf32> to tensor<?x3xf32>
func.func @forward(%x: tensor<?x8xf32>) -> tensor<?x3xf32> {
  %a = slim.constant dense<2> : tensor<1xi64>
  %b = slim.constant dense<9223372036854775807> : tensor<1xi64>
  %s = slim.constant dense<2> : tensor<1xi64>
  %y = slim.slice %x, %a, %b, %s {axes = array<i64: 1>} : (tensor<?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// -----

// CHECK-LABEL: func.func @backward
// CHECK: linalg.generic
// CHECK: arith.subi %c7, %{{.*}}
// CHECK: tensor.extract
func.func @backward(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %a = slim.constant dense<-1> : tensor<1xi64>
  %b = slim.constant dense<-9223372036854775808> : tensor<1xi64>
  %s = slim.constant dense<-1> : tensor<1xi64>
  %y = slim.slice %x, %a, %b, %s {axes = array<i64: 1>} : (tensor<?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// Everything is known only at run time.
// CHECK-LABEL: func.func @open
// CHECK: cf.assert %{{.*}}, "slice: a step is 0"
// CHECK: arith.minsi
// CHECK: linalg.generic
// CHECK: tensor.extract
func.func @open(%x: tensor<?xf32>, %a: tensor<1xi64>, %b: tensor<1xi64>, %s: tensor<1xi64>) -> tensor<?xf32> {
  %y = slim.slice %x, %a, %b, %s {axes = array<i64: 0>} : (tensor<?xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// CHECK-LABEL: func.func @pad
// CHECK: %[[FILL:.*]] = linalg.fill
// CHECK: tensor.insert_slice %{{.*}} into %[[FILL]][0, 1] [%{{.*}}, 8] [1, 1] : tensor<?x8xf32> into tensor<?x11xf32>
func.func @pad(%x: tensor<?x8xf32>, %v: tensor<f32>) -> tensor<?x11xf32> {
  %p = slim.constant dense<[0, 1, 0, 2]> : tensor<4xi64>
  %y = slim.pad %x, %p, %v {mode = #slim.pad_mode<constant>} : (tensor<?x8xf32>, tensor<4xi64>, tensor<f32>) -> tensor<?x11xf32>
  return %y : tensor<?x11xf32>
}

// -----

// CHECK-LABEL: func.func @crop
// CHECK: tensor.extract_slice %{{.*}}[1, 0] [5, 6] [1, 1]
// CHECK: tensor.insert_slice %{{.*}}[0, 2] [5, 6] [1, 1]
func.func @crop(%x: tensor<6x8xf32>) -> tensor<5x8xf32> {
  %p = slim.constant dense<[-1, 2, 0, -2]> : tensor<4xi64>
  %y = slim.pad %x, %p {mode = #slim.pad_mode<constant>} : (tensor<6x8xf32>, tensor<4xi64>) -> tensor<5x8xf32>
  return %y : tensor<5x8xf32>
}

// -----

// CHECK-LABEL: func.func @reflect
// CHECK: cf.assert %{{.*}}, "pad: there are no elements to repeat"
// CHECK: linalg.generic
// CHECK: arith.remsi
// CHECK: tensor.extract
func.func @reflect(%x: tensor<?xf32>) -> tensor<?xf32> {
  %p = slim.constant dense<[2, 1]> : tensor<2xi64>
  %y = slim.pad %x, %p {mode = #slim.pad_mode<reflect>} : (tensor<?xf32>, tensor<2xi64>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// CHECK: #[[MAP:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-LABEL: func.func @tile
// CHECK: linalg.generic {indexing_maps = [#[[MAP]]
// CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0], [1, 2]]
func.func @tile(%x: tensor<2x8xf32>) -> tensor<2x24xf32> {
  %r = slim.constant dense<[1, 3]> : tensor<2xi64>
  %y = slim.tile %x, %r : (tensor<2x8xf32>, tensor<2xi64>) -> tensor<2x24xf32>
  return %y : tensor<2x24xf32>
}

// -----

// CHECK-LABEL: func.func @concat
// CHECK: cf.assert %{{.*}}, "concat: the inputs differ in a dimension other than the axis"
// CHECK: tensor.insert_slice %{{.*}}[0, 0] [%{{.*}}, 8] [1, 1]
// CHECK: tensor.insert_slice %{{.*}}[0, 8] [%{{.*}}, 4] [1, 1]
func.func @concat(%a: tensor<?x8xf32>, %b: tensor<?x4xf32>) -> tensor<?x12xf32> {
  %y = slim.concat %a, %b {axis = 1} : (tensor<?x8xf32>, tensor<?x4xf32>) -> tensor<?x12xf32>
  return %y : tensor<?x12xf32>
}
