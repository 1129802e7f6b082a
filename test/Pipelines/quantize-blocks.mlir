// RUN: %python %S/../Compress/Inputs/write_samples.py %t.npz x=6,2,4
// RUN: slim-opt %s -quantize-blocks="data=%t.npz format=int4 min-elements=0 iterations=20 batch=2 exclude=^kept$" | FileCheck %s
// RUN: slim-opt %s -quantize-blocks="data=%t.npz format=int4 min-elements=0 iterations=20 batch=2 exclude=^kept$ jobs=1" -o %t.1
// RUN: slim-opt %s -quantize-blocks="data=%t.npz format=int4 min-elements=0 iterations=20 batch=2 exclude=^kept$ jobs=2" -o %t.2
// RUN: cmp %t.1 %t.2
// RUN: not slim-opt %s -quantize-blocks 2>&1 | FileCheck %s --check-prefix=DATA
// RUN: not slim-opt %s -quantize-blocks="data=%t.npz iterations=0" 2>&1 | FileCheck %s --check-prefix=ITERATIONS
// RUN: not slim-opt %s -quantize-blocks="data=%t.npz batch=0" 2>&1 | FileCheck %s --check-prefix=BATCH
// RUN: not slim-opt %s -quantize-blocks="data=%t.npz block-weights=0" 2>&1 | FileCheck %s --check-prefix=WEIGHTS
// RUN: not slim-opt %s -quantize-blocks="data=%t.npz checkpoint=%t.none/state" 2>&1 | FileCheck %s --check-prefix=CHECKPOINT
// RUN: not slim-opt %s -quantize-blocks="data=%t.npz format=int5" 2>&1 | FileCheck %s --check-prefix=FORMAT
// RUN: not slim-opt %s -quantize-blocks="data=%t.npz algorithm=gptq" 2>&1 | FileCheck %s --check-prefix=CALIBRATION
// RUN: not slim-opt %s -quantize-blocks="data=%t.npz min-elements=0 include=^kept$" 2>&1 | FileCheck %s --check-prefix=FLOOR

// DATA: error: quantize-blocks: option 'data' must name a file of samples
// ITERATIONS: error: quantize-blocks: option 'iterations' must be at least 1
// BATCH: error: quantize-blocks: option 'batch' must be at least 1
// WEIGHTS: error: quantize-blocks: option 'block-weights' must be at least 1
// CHECKPOINT: error: quantize-blocks: option 'checkpoint': {{.*}}none
// FORMAT: error: quantize-blocks: unknown format 'int5'
// CALIBRATION: error: quantize-blocks: algorithm 'gptq' needs statistics of the layers' inputs
// A gradient that would have to pass the floor.
// FLOOR: error: 'slim.floor' op has no derivative

// The weight that two blocks read is quantized, but not learned.
// CHECK: module attributes {slim.report = [
// CHECK-DAG: block = 0 : i64, block_error = {{[^,]*}}, block_error_before = {{[^}]*}}weight = "a"
// CHECK-DAG: block = 2 : i64, block_error = {{[^,]*}}, block_error_before = {{[^}]*}}weight = "b"
// CHECK-DAG: status = "skipped", weight = "kept"
// CHECK: slim.weight @a : tensor<4x4xi4>
// CHECK: slim.weight @b : tensor<4x4xi4>
// CHECK: slim.weight @shared : tensor<4x4xi4>
// CHECK: slim.weight @kept : tensor<4x4xf32>
slim.weight @a : tensor<4x4xf32> = dense<[[1.0, 0.5, 0.1, 0.3], [0.25, -1.0, 0.5, 0.7], [0.0, 0.0, 1.0, -0.3], [-0.5, 0.5, 0.5, 0.21]]> : tensor<4x4xf32>
slim.weight @b : tensor<4x4xf32> = dense<[[0.3, 0.5, -0.1, 0.3], [0.25, -1.0, 0.15, 0.7], [0.1, 0.2, 1.0, -0.3], [-0.55, 0.5, 0.45, 0.21]]> : tensor<4x4xf32>
slim.weight @shared : tensor<4x4xf32> = dense<[[0.9, 0.2, -0.1, 0.3], [0.25, -0.7, 0.15, 0.2], [0.1, 0.2, 0.8, -0.3], [-0.3, 0.1, 0.45, 0.7]]> : tensor<4x4xf32>
slim.weight @kept : tensor<4x4xf32> = dense<[[0.9, 0.2, -0.1, 0.3], [0.25, -0.7, 0.15, 0.2], [0.1, 0.2, 0.8, -0.3], [-0.3, 0.1, 0.45, 0.9]]> : tensor<4x4xf32>
func.func @main(%x: tensor<2x4xf32> {slim.name = "x"}) -> tensor<2x4xf32> {
  %a = slim.get_weight @a : tensor<4x4xf32>
  %b = slim.get_weight @b : tensor<4x4xf32>
  %s = slim.get_weight @shared : tensor<4x4xf32>
  %k = slim.get_weight @kept : tensor<4x4xf32>
  %p = slim.linear %x, %k : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %f = slim.floor %p : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %q = slim.add %x, %f : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %0 = slim.linear %q, %a : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %1 = slim.relu %0 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %2 = slim.linear %1, %s : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %3 = slim.add %2, %1 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %4 = slim.linear %3, %b : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %5 = slim.linear %4, %s : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %6 = slim.add %5, %4 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %6 : tensor<2x4xf32>
}
