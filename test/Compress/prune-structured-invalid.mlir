// RUN: not slim-opt %s -pass-pipeline='builtin.module(prune-structured{ratio=1.0})' 2>&1 | FileCheck %s --check-prefix=RATIO
// RUN: not slim-opt %s -pass-pipeline='builtin.module(prune-structured{ratio=nan})' 2>&1 | FileCheck %s --check-prefix=RATIO
// RUN: not slim-opt %s -pass-pipeline='builtin.module(prune-structured{max-ratio=-1.0})' 2>&1 | FileCheck %s --check-prefix=MAX
// RUN: not slim-opt %s -pass-pipeline='builtin.module(prune-structured{align=0})' 2>&1 | FileCheck %s --check-prefix=ALIGN
// RUN: not slim-opt %s -pass-pipeline='builtin.module(prune-structured{ranking=both})' 2>&1 | FileCheck %s --check-prefix=RANKING
// RUN: not slim-opt %s -pass-pipeline='builtin.module(prune-structured{criterion=luck})' 2>&1 | FileCheck %s --check-prefix=CRITERION
// RUN: not slim-opt %s -pass-pipeline='builtin.module(prune-structured{include=*})' 2>&1 | FileCheck %s --check-prefix=REGEX
// RUN: slim-opt %s -pass-pipeline='builtin.module(prune-structured{align=1})' | FileCheck %s --check-prefix=DATA
// RUN: not slim-opt %s -pass-pipeline='builtin.module(prune-structured{criterion=activation})' 2>&1 | FileCheck %s --check-prefix=STATISTICS
// RUN: not slim-opt %s -pass-pipeline='builtin.module(prune-structured{criterion=activation calibration=%t.none})' 2>&1 | FileCheck %s --check-prefix=FILE
// STATISTICS: prune-structured: criterion 'activation' needs statistics: calibrate the model
// FILE: prune-structured: option 'calibration': cannot read {{.*}}.none
// RATIO: prune-structured: option 'ratio' must be from 0 to below 1
// MAX: prune-structured: option 'max-ratio' must be from 0 to below 1
// ALIGN: prune-structured: option 'align' must be 1 or more, not 0
// RANKING: prune-structured: option 'ranking' must be local or global, not 'both'
// CRITERION: prune-structured: there is no criterion 'luck'; there are activation, magnitude, random
// REGEX: prune-structured: option 'include': '*' is not a regular expression
// DATA: message = "the module has no data of 'up'"
slim.weight @up : tensor<4x2xf32>
slim.weight @down : tensor<2x4xf32>
func.func @f(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %up = slim.get_weight @up : tensor<4x2xf32>
  %down = slim.get_weight @down : tensor<2x4xf32>
  %0 = slim.linear %x, %up : (tensor<?x2xf32>, tensor<4x2xf32>) -> tensor<?x4xf32>
  %1 = slim.linear %0, %down : (tensor<?x4xf32>, tensor<2x4xf32>) -> tensor<?x2xf32>
  return %1 : tensor<?x2xf32>
}
