// What a pass sees in the middle of a pipeline is what the tool sees of the
// model as it is there.
// RUN: %python %S/../Compress/Inputs/write_samples.py %t.npz x=6,4,3
// RUN: slim-opt %s -pass-pipeline='builtin.module(calibrate{data=%t.npz output=%t.pass histogram=true all-values=true second-moment=true})' | FileCheck %s
// RUN: slim-calibrate %s --data=%t.npz -o %t.tool --histogram --all-values --second-moment --quiet
// RUN: cmp %t.pass %t.tool

// A later run sees what the weights have become.
// RUN: slim-opt %s -pass-pipeline='builtin.module(calibrate{data=%t.npz output=%t.first},quantize-int4{min-elements=1 calibration=%t.first},calibrate{data=%t.npz output=%t.second})' | FileCheck %s --check-prefix=LATER
// RUN: not cmp %t.first %t.second

// CHECK-LABEL: func @main
// CHECK-NOT: slim.observe
// CHECK: return

// LATER-LABEL: func @main
// LATER-COUNT-2: slim.dequantize
module {
  slim.weight @a : tensor<4x3xf32> = dense<[[1.0, 0.5, 0.0], [0.25, -1.0, 0.5], [0.0, 0.0, 1.0], [-0.5, 0.5, 0.5]]> : tensor<4x3xf32>
  slim.weight @b : tensor<2x4xf32> = dense<[[1.0, 0.5, 0.0, 0.25], [0.25, -1.0, 0.5, 1.0]]> : tensor<2x4xf32>
  func.func @main(%x: tensor<4x3xf32> {slim.name = "x"}) -> tensor<4x2xf32> {
    %a = slim.get_weight @a : tensor<4x3xf32>
    %b = slim.get_weight @b : tensor<2x4xf32>
    %0 = slim.linear %x, %a : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x4xf32> loc("first")
    %1 = slim.relu %0 : (tensor<4x4xf32>) -> tensor<4x4xf32> loc("hidden")
    %2 = slim.linear %1, %b : (tensor<4x4xf32>, tensor<2x4xf32>) -> tensor<4x2xf32> loc("second")
    return %2 : tensor<4x2xf32>
  }
}
