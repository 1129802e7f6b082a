// RUN: slim-opt %s -split-input-file -convert-slim-to-linalg -canonicalize -cse | FileCheck %s

// Maximum, exponentials, sum, quotient.
// CHECK-LABEL: func.func @softmax
// CHECK: linalg.generic
// CHECK-SAME: "reduction"
// CHECK: arith.maximumf
// CHECK: linalg.generic
// CHECK: math.exp
// CHECK: linalg.generic
// CHECK-SAME: "reduction"
// CHECK: arith.addf {{.*}} fastmath<reassoc>
// CHECK: linalg.generic
// CHECK: arith.divf
// CHECK-NOT: linalg.generic
func.func @softmax(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = slim.softmax %x {axis = 1} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: func.func @log_softmax
// CHECK: math.log
func.func @log_softmax(%x: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %y = slim.log_softmax %x {axis = 0} : (tensor<8x64xf32>) -> tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}

// -----

// CHECK-DAG: #[[IDENTITY:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[ROWS:.*]] = affine_map<(d0, d1) -> (d0)>
// CHECK-DAG: #[[COLUMNS:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: func.func @layer_norm
// CHECK: linalg.generic {{.*}}"reduction"
// CHECK: linalg.generic {{.*}}"reduction"
// CHECK: math.sqrt
// CHECK: linalg.generic {indexing_maps = [#[[IDENTITY]], #[[ROWS]], #[[ROWS]], #[[COLUMNS]], #[[COLUMNS]], #[[IDENTITY]]]
func.func @layer_norm(%x: tensor<?x384xf32>, %s: tensor<384xf32>,
                      %b: tensor<384xf32>) -> tensor<?x384xf32> {
  %y, %mean, %inv = slim.layer_norm %x scale %s bias %b
      {axis = 1, epsilon = 1.0e-12 : f32}
    : (tensor<?x384xf32>, tensor<384xf32>, tensor<384xf32>)
    -> (tensor<?x384xf32>, tensor<?x1xf32>, tensor<?x1xf32>)
  return %y : tensor<?x384xf32>
}

// -----

// CHECK-LABEL: func.func @rms_norm
// CHECK: linalg.generic {{.*}}"reduction"
// CHECK-NOT: "reduction"
// CHECK: math.sqrt
func.func @rms_norm(%x: tensor<?x576xf16>, %s: tensor<576xf16>)
    -> tensor<?x576xf16> {
  %y = slim.rms_norm %x, %s {axis = 1, epsilon = 1.0e-5 : f32}
    : (tensor<?x576xf16>, tensor<576xf16>) -> tensor<?x576xf16>
  return %y : tensor<?x576xf16>
}

// -----

// One multiplier a channel, then one generic over the input.
// CHECK-LABEL: func.func @batch_norm
// CHECK: linalg.generic
// CHECK: math.sqrt
// CHECK: linalg.generic
// CHECK: arith.subf
// CHECK: arith.mulf
// CHECK: arith.addf
func.func @batch_norm(%x: tensor<?x8x?x?xf32>, %p: tensor<8xf32>)
    -> tensor<?x8x?x?xf32> {
  %y = slim.batch_norm %x, %p, %p, %p, %p {epsilon = 1.0e-5 : f32}
    : (tensor<?x8x?x?xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>,
       tensor<8xf32>) -> tensor<?x8x?x?xf32>
  return %y : tensor<?x8x?x?xf32>
}

// -----

// CHECK-LABEL: func.func @group_norm
// CHECK: tensor.expand_shape %{{.*}} {{\[}}[0], [1, 2], [3]] output_shape [%{{.*}}, 4, 2, 10]
// CHECK: tensor.collapse_shape
func.func @group_norm(%x: tensor<?x8x10xf32>, %s: tensor<8xf32>,
                      %b: tensor<8xf32>) -> tensor<?x8x10xf32> {
  %y = slim.group_norm %x, %s, %b {groups = 4, epsilon = 1.0e-5 : f32}
    : (tensor<?x8x10xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8x10xf32>
  return %y : tensor<?x8x10xf32>
}

// -----

// CHECK-LABEL: func.func @local_response_norm
// CHECK: tensor.pad %{{.*}} low[0, 2, 0] high[0, 2, 0]
// CHECK: math.powf
func.func @local_response_norm(%x: tensor<?x8x10xf32>) -> tensor<?x8x10xf32> {
  %y = slim.local_response_norm %x {size = 5, alpha = 1.0e-4 : f32,
      beta = 0.75 : f32, bias = 1.0 : f32}
    : (tensor<?x8x10xf32>) -> tensor<?x8x10xf32>
  return %y : tensor<?x8x10xf32>
}
