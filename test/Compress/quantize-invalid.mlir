// RUN: not slim-opt %s -quantize="format=int5" 2>&1 | FileCheck %s --check-prefix=FORMAT
// RUN: not slim-opt %s -quantize="granularity=row" 2>&1 | FileCheck %s --check-prefix=GRANULARITY
// RUN: not slim-opt %s -quantize="granularity=channel group-size=32" 2>&1 | FileCheck %s --check-prefix=GROUP
// RUN: not slim-opt %s -quantize="group-size=-1" 2>&1 | FileCheck %s --check-prefix=SIZE
// RUN: not slim-opt %s -quantize="block=128" 2>&1 | FileCheck %s --check-prefix=BLOCK
// RUN: not slim-opt %s -quantize="block=4x4 granularity=tensor" 2>&1 | FileCheck %s --check-prefix=TENSOR
// RUN: not slim-opt %s -quantize="format=mxfp4 group-size=16" 2>&1 | FileCheck %s --check-prefix=COMPOSITE
// RUN: not slim-opt %s -quantize="scale-type=f64" 2>&1 | FileCheck %s --check-prefix=SCALE
// RUN: not slim-opt %s -quantize="algorithm=magic" 2>&1 | FileCheck %s --check-prefix=ALGORITHM
// RUN: not slim-opt %s -quantize="format=kmeans4" 2>&1 | FileCheck %s --check-prefix=TABLE
// RUN: not slim-opt %s -quantize="format=nf4 asymmetric" 2>&1 | FileCheck %s --check-prefix=ZERO
// RUN: not slim-opt %s -quantize="format=nf4 activations=dynamic" 2>&1 | FileCheck %s --check-prefix=ACTIVATIONS
// RUN: not slim-opt %s -quantize="algorithm-options=damping=-1" 2>&1 | FileCheck %s --check-prefix=VALUE
// RUN: not slim-opt %s -quantize="calibration=missing.safetensors" 2>&1 | FileCheck %s --check-prefix=FILE
// RUN: not slim-opt %s -quantize-fp8="type=e3m4" 2>&1 | FileCheck %s --check-prefix=FP8

// FORMAT: error: quantize: unknown format 'int5'; there are {{.*}}fp4e2m1, {{.*}}int4, {{.*}}nvfp4
// GRANULARITY: error: quantize: option 'granularity' must be tensor, channel, group or block, not 'row'
// GROUP: error: quantize: option 'group-size' needs granularity=group, not 'channel'
// SIZE: error: quantize: option 'group-size' must be 1 or more, not -1
// BLOCK: error: quantize: option 'block' must be the extents of a block, such as 128x128, not '128'
// TENSOR: error: quantize: option 'block' needs granularity=block, not 'tensor'
// COMPOSITE: error: quantize: format 'mxfp4' has blocks and scales of its own: leave granularity, group-size, block and scale-type out, or use format=fp4e2m1
// SCALE: error: quantize: option 'scale-type' must be f32, f16, bf16, e8m0 or e4m3, not 'f64'
// ALGORITHM: error: quantize: unknown algorithm 'magic'; there are {{.*}}hqq, kmeans, mse, rtn
// TABLE: error: quantize: algorithm 'rtn' learns no codebook, as format 'kmeans4' needs it: use algorithm kmeans
// ZERO: error: quantize: format 'nf4' has no zero points: its codes are no integers
// RUN: not slim-opt %s -quantize="activation-block=128" 2>&1 | FileCheck %s --check-prefix=RUNS
// RUN: not slim-opt %s -quantize="activations=dynamic activation-block=-1" 2>&1 | FileCheck %s --check-prefix=RUN-SIZE
// RUNS: error: quantize: option 'activation-block' needs activations=dynamic
// RUN-SIZE: error: quantize: option 'activation-block' must be 0 or more, not -1
// ACTIVATIONS: error: quantize: activations=dynamic makes products of integers or of 8-bit floats, which codes of format 'nf4' do not allow: use one of these
// VALUE: error: quantize: option 'algorithm-options': option 'damping' must be a number from 0 on, not '-1'
// FILE: error: quantize: option 'calibration': {{.*}}missing.safetensors
// FP8: error: quantize-fp8: unknown format 'fp8e3m4'
module {
  slim.weight @w : tensor<2x4xf32> = dense<1.0> : tensor<2x4xf32>
  func.func @main(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
    %w = slim.get_weight @w : tensor<2x4xf32>
    %y = slim.linear %x, %w : (tensor<?x4xf32>, tensor<2x4xf32>) -> tensor<?x2xf32>
    return %y : tensor<?x2xf32>
  }
}
