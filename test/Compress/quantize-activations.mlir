// RUN: %python %S/Inputs/write_samples.py %t.npz x=6,4,3
// RUN: slim-calibrate %s --data=%t.npz --all-values --histogram --quiet -o %t.safetensors
// RUN: slim-opt %s -pass-pipeline='builtin.module(quantize-int8{min-elements=1 exclude=plain},quantize-activations{calibration=%t.safetensors range=minmax})' | FileCheck %s
// RUN: slim-opt %s -pass-pipeline='builtin.module(quantize-int8{min-elements=1 exclude=plain},quantize-activations{calibration=%t.safetensors exclude=hidden},quantize-activations{calibration=%t.safetensors})' | FileCheck %s --check-prefix=LATER

// The samples are whole numbers from -3 to 8: one step of 11/255.
// CHECK: message = "8-bit codes, scale 0.04314, zero point 70", pass = "quantize-activations", relative_error = {{[^,]*}}, shape = array<i64: 4, 3>, status = "applied"
// CHECK-SAME: weight = "%x"

// The input, what the first layer gives behind its activation (not before), and
// one operand of the sum: the other is finished in registers. The moved value is
// quantized where it comes from. What a float layer reads stays as it is.
// CHECK-LABEL: func @main
// CHECK: %[[Q:.*]] = slim.quantize %arg0, %[[S:.*]], %[[Z:.*]] {block = array<i64: 0, 0>, to = ui8}
// CHECK: %[[X:.*]] = slim.dequantize %[[Q]], %[[S]], %[[Z]]
// CHECK: %[[A:.*]] = slim.linear %[[X]]
// CHECK-NOT: slim.quantize %[[A]]
// CHECK: %[[R:.*]] = slim.relu %[[A]]
// CHECK: %[[QR:.*]] = slim.quantize %[[R]], %[[SR:[^ ,]*]] {
// CHECK: %[[DR:.*]] = slim.dequantize %[[QR]], %[[SR]] {
// CHECK: %[[B:.*]] = slim.linear %[[DR]]
// CHECK-NOT: slim.quantize
// CHECK: %[[SUM:.*]] = slim.add %[[B]], %[[DR]]
// CHECK: %[[QS:.*]] = slim.quantize %[[SUM]]
// CHECK: %[[DS:.*]] = slim.dequantize %[[QS]]
// CHECK: %[[T:.*]] = slim.transpose %[[DS]]
// CHECK: slim.linear %[[T]]
// CHECK: slim.linear %[[SUM]]

// Nothing is quantized twice.
// LATER-LABEL: func @main
// LATER-COUNT-3: slim.quantize
// LATER-NOT: slim.quantize
module {
  slim.weight @a : tensor<4x3xf32> = dense<[[1.0, 0.5, 0.0], [0.25, -1.0, 0.5], [0.0, 0.0, 1.0], [-0.5, 0.5, 0.5]]> : tensor<4x3xf32>
  slim.weight @b : tensor<4x4xf32> = dense<[[1.0, 0.5, 0.0, 0.25], [0.25, -1.0, 0.5, 1.0], [0.0, 0.0, 1.0, 0.5], [-0.5, 0.5, 0.5, 0.5]]> : tensor<4x4xf32>
  slim.weight @c : tensor<2x4xf32> = dense<[[1.0, 0.5, 0.0, 0.25], [0.25, -1.0, 0.5, 1.0]]> : tensor<2x4xf32>
  slim.weight @plain : tensor<2x4xf32> = dense<[[1.0, 0.5, 0.0, 0.25], [0.25, -1.0, 0.5, 1.0]]> : tensor<2x4xf32>
  func.func @main(%x: tensor<4x3xf32> {slim.name = "x"}) -> (tensor<4x2xf32>, tensor<4x2xf32>) {
    %a = slim.get_weight @a : tensor<4x3xf32>
    %b = slim.get_weight @b : tensor<4x4xf32>
    %c = slim.get_weight @c : tensor<2x4xf32>
    %p = slim.get_weight @plain : tensor<2x4xf32>
    %0 = slim.linear %x, %a : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x4xf32> loc("first")
    %1 = slim.relu %0 : (tensor<4x4xf32>) -> tensor<4x4xf32> loc("hidden")
    %2 = slim.linear %1, %b : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32> loc("second")
    %3 = slim.add %2, %1 : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32> loc("sum")
    %4 = slim.transpose %3 {permutation = array<i64: 1, 0>} : (tensor<4x4xf32>) -> tensor<4x4xf32> loc("turned")
    %5 = slim.linear %4, %c : (tensor<4x4xf32>, tensor<2x4xf32>) -> tensor<4x2xf32> loc("third")
    %6 = slim.linear %3, %p : (tensor<4x4xf32>, tensor<2x4xf32>) -> tensor<4x2xf32> loc("fourth")
    return %5, %6 : tensor<4x2xf32>, tensor<4x2xf32>
  }
}
