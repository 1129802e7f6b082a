// RUN: slim-opt %s -split-input-file -quantize="min-elements=0 format=int2 granularity=channel correct-norm" | FileCheck %s
// RUN: slim-opt %s -split-input-file -quantize="min-elements=0 format=int4 granularity=channel scale-type=e8m0 correct-norm" | FileCheck %s --check-prefix=POWERS
// RUN: slim-opt %s -split-input-file -quantize="min-elements=0 format=int4 granularity=tensor correct-norm" | FileCheck %s --check-prefix=SHARED

// [3, 4, 0, 0, 0, 0, 0, 0] becomes [4, 4, 0, ...] of norm sqrt(32), where that was
// 5: the scale of 4 becomes 4 * 5 / sqrt(32) = 3.5355339. A channel of zeros has
// no norm. A vector that no op multiplies by is reported, too.
// CHECK: norms_corrected = true
// CHECK-SAME: message = "no op that can be compressed reads it"
// CHECK-SAME: status = "skipped", weight = "b"
// CHECK: slim.weight @w.scale : tensor<2x1xf32> = dense<{{\[\[}}3.53553391], [1.{{0*e\+00}}]]>

// POWERS: message = "4-bit codes with 2 scales; norms are not corrected: scales in e8m0 do not hold factors"
// POWERS-SAME: norms_corrected = false
// SHARED: norms are not corrected: its output channels share scales

slim.weight @w : tensor<2x8xf32> = dense<[[3.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]> : tensor<2x8xf32>
slim.weight @b : tensor<2xf32> = dense<1.0> : tensor<2xf32>
func.func @linear(%x: tensor<?x8xf32>) -> tensor<?x2xf32> {
  %w = slim.get_weight @w : tensor<2x8xf32>
  %b = slim.get_weight @b : tensor<2xf32>
  %y = slim.linear %x, %w, %b : (tensor<?x8xf32>, tensor<2x8xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
