// RUN: not slim-opt %s -quantize="budget=4" 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not slim-opt %s -quantize="formats=int8,int4" 2>&1 | FileCheck %s --check-prefix=ONE
// RUN: not slim-opt %s -quantize="budget=-1 formats=int8" 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: not slim-opt %s -quantize="budget=4 formats=int8:x" 2>&1 | FileCheck %s --check-prefix=SIZE
// RUN: not slim-opt %s -quantize="budget=4 formats=int8,int5" 2>&1 | FileCheck %s --check-prefix=FORMAT
// RUN: not slim-opt %s -quantize="budget=2 formats=int8,int4 min-elements=0" 2>&1 | FileCheck %s --check-prefix=SMALL

// NONE: error: quantize: option 'budget' needs formats to choose from, such as formats=int8,int4,int3
// ONE: error: quantize: option 'formats' needs a budget: give budget=BITS, or one format=NAME
// NEGATIVE: error: quantize: option 'budget' must be a number of bits, or 0
// SIZE: error: quantize: option 'formats': 'int8:x' must be a format, or a format and the size of its groups, such as int4:128
// FORMAT: error: quantize: unknown format 'int5'
// SMALL: error: quantize: the smallest formats take 8.000 bits per element, more than the budget of 2.000: raise it or add a smaller format
module {
  slim.weight @w : tensor<2x8xf32> = dense<1.5> : tensor<2x8xf32>
  func.func @main(%x: tensor<?x8xf32>) -> tensor<?x2xf32> {
    %w = slim.get_weight @w : tensor<2x8xf32>
    %y = slim.linear %x, %w : (tensor<?x8xf32>, tensor<2x8xf32>) -> tensor<?x2xf32>
    return %y : tensor<?x2xf32>
  }
}
