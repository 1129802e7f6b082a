// A product by a constant, such as smooth-activations inserts, is a function of
// one element: what it gives is quantized, and what it reads is not, although
// another layer reads that in codes.
// RUN: %python %S/Inputs/write_samples.py %t.npz x=6,4,3
// RUN: slim-opt %s -pass-pipeline='builtin.module(calibrate{data=%t.npz output=%t.st all-values=true},quantize-int8{min-elements=1},quantize-activations{calibration=%t.st range=minmax})' | FileCheck %s

// CHECK-LABEL: func @main
// CHECK: %[[H:.*]] = slim.relu
// CHECK-NOT: slim.mul
// CHECK: %[[Q:.*]] = slim.quantize %[[H]]
// CHECK: %[[D:.*]] = slim.dequantize %[[Q]]
// CHECK: %[[P:.*]] = slim.mul %[[H]]
// CHECK: %[[QP:.*]] = slim.quantize %[[P]]
// CHECK: %[[DP:.*]] = slim.dequantize %[[QP]]
// CHECK-DAG: slim.linear %[[DP]]
// CHECK-DAG: slim.linear %[[D]]
module {
  slim.weight @a : tensor<3x3xf32> = dense<[[1.0, 0.5, 0.0], [0.25, -1.0, 0.5], [0.0, 0.0, 1.0]]> : tensor<3x3xf32>
  slim.weight @b : tensor<2x3xf32> = dense<[[1.0, 0.5, 0.0], [0.25, -1.0, 0.5]]> : tensor<2x3xf32>
  slim.weight @factor : tensor<3xf32> = dense<[1.0, 0.5, 0.25]> : tensor<3xf32>
  func.func @main(%x: tensor<4x3xf32> {slim.name = "x"}) -> (tensor<4x3xf32>, tensor<4x2xf32>) {
    %a = slim.get_weight @a : tensor<3x3xf32>
    %b = slim.get_weight @b : tensor<2x3xf32>
    %f = slim.get_weight @factor : tensor<3xf32>
    %0 = slim.relu %x : (tensor<4x3xf32>) -> tensor<4x3xf32> loc("hidden")
    %1 = slim.mul %0, %f : (tensor<4x3xf32>, tensor<3xf32>) -> tensor<4x3xf32> loc("scaled")
    %2 = slim.linear %1, %a : (tensor<4x3xf32>, tensor<3x3xf32>) -> tensor<4x3xf32> loc("first")
    %3 = slim.linear %0, %b : (tensor<4x3xf32>, tensor<2x3xf32>) -> tensor<4x2xf32> loc("second")
    return %2, %3 : tensor<4x3xf32>, tensor<4x2xf32>
  }
}
