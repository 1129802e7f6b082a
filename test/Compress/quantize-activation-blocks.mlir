// RUN: slim-opt %s -quantize-fp8="min-elements=0 block=4x4 activations=dynamic activation-block=4" | FileCheck %s --check-prefix=FP8
// RUN: slim-opt %s -quantize="min-elements=0 format=int4 group-size=4 activations=dynamic activation-block=4" | FileCheck %s --check-prefix=INT
// RUN: slim-opt %s -quantize-int8="min-elements=0 activations=dynamic activation-block=64" | FileCheck %s --check-prefix=ROW
// RUN: slim-opt %s -quantize-fp8="min-elements=0 activations=dynamic" | FileCheck %s --check-prefix=FP8ROW

// DeepSeek-V3's form: weights and activations in f8E4M3FN; the last run of a row
// is shorter.
// FP8: message = "8-bit codes with 6 scales, activations quantized by 4 elements of a row"
// FP8-SAME: rounded_inputs = 1 : i64
// FP8: %[[S:.*]] = slim.dynamic_scale %arg0 {block = 4 : i64, to = f8E4M3FN} : (tensor<2x?x10xf32>) -> tensor<2x?x3xf32>
// FP8: %[[Q:.*]] = slim.quantize %arg0, %[[S]] {block = array<i64: 1, 1, 4>, to = f8E4M3FN}
// FP8: %[[X:.*]] = slim.dequantize %[[Q]], %[[S]] {block = array<i64: 1, 1, 4>}
// FP8: slim.linear %[[X]]

// INT: integer_products = 1 : i64
// INT: %[[S:.*]] = slim.dynamic_scale %arg0 {block = 4 : i64, to = i8}
// INT: %[[Q:.*]] = slim.quantize %arg0, %[[S]] {block = array<i64: 1, 1, 4>, to = i8} : (tensor<2x?x10xf32>, tensor<2x?x3xf32>) -> tensor<2x?x10xi8>
// INT: slim.dequantize %[[Q]], %[[S]] {block = array<i64: 1, 1, 4>}

// A run that is longer than the row is the row.
// ROW: slim.dynamic_scale %arg0 {block = 0 : i64, to = i8} : (tensor<2x?x10xf32>) -> tensor<2x?x1xf32>
// ROW: slim.dequantize %{{.*}} {block = array<i64: 1, 1, 0>} : (tensor<2x?x10xi8>

// FP8ROW: slim.dynamic_scale %arg0 {block = 0 : i64, to = f8E4M3FN}
slim.weight @w : tensor<8x10xf32> = dense<1.5> : tensor<8x10xf32>
func.func @linear(%x: tensor<2x?x10xf32>) -> tensor<2x?x8xf32> {
  %w = slim.get_weight @w : tensor<8x10xf32>
  %y = slim.linear %x, %w : (tensor<2x?x10xf32>, tensor<8x10xf32>) -> tensor<2x?x8xf32>
  return %y : tensor<2x?x8xf32>
}
