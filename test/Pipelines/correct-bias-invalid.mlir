// RUN: %python %S/../Compress/Inputs/write_samples.py %t.npz x=6,4,3
// RUN: not slim-opt %s -correct-bias="data=%t.npz" 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not slim-opt %s -correct-bias="data=%t.npz calibration=%t.missing" 2>&1 | FileCheck %s --check-prefix=MISSING
// RUN: not slim-opt %s -pass-pipeline='builtin.module(calibrate{data=%t.npz output=%t.st},correct-bias{calibration=%t.st})' 2>&1 | FileCheck %s --check-prefix=DATA

// NONE: error: correct-bias: option 'calibration' must name a file of statistics from before activations were quantized
// MISSING: error: correct-bias: option 'calibration': {{.*}}missing
// DATA: error: correct-bias: option 'data' must name a file of samples
module {
  slim.weight @a : tensor<4x3xf32> = dense<[[1.0, 0.5, 0.0], [0.25, -1.0, 0.5], [0.0, 0.0, 1.0], [-0.5, 0.5, 0.5]]> : tensor<4x3xf32>
  func.func @main(%x: tensor<4x3xf32> {slim.name = "x"}) -> tensor<4x4xf32> {
    %a = slim.get_weight @a : tensor<4x3xf32>
    %0 = slim.linear %x, %a : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x4xf32>
    return %0 : tensor<4x4xf32>
  }
}
