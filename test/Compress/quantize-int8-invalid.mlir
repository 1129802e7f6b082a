// RUN: not slim-opt %s -quantize-int8="include=(" 2>&1 | FileCheck %s --check-prefix=REGEX
// RUN: not slim-opt %s -quantize-int8="exclude=[a" 2>&1 | FileCheck %s --check-prefix=EXCLUDE
// RUN: not slim-opt %s -quantize-int8="bits=4" 2>&1 | FileCheck %s --check-prefix=OPTION
// RUN: not slim-opt %s -quantize-int8="min-elements=many" 2>&1 | FileCheck %s --check-prefix=NUMBER
// RUN: not slim-opt %s -quantize-int8="min-elements=0" 2>&1 | FileCheck %s --check-prefix=FILE
// RUN: not slim-opt %s -quantize-int8="activations=static" 2>&1 | FileCheck %s --check-prefix=ACTIVATIONS

// REGEX: error: quantize-int8: option 'include': '(' is not a regular expression: parentheses not balanced
// EXCLUDE: error: quantize-int8: option 'exclude': '[a' is not a regular expression: brackets ([ ]) not balanced
// OPTION: no such option bits
// NUMBER: 'many' value invalid for
// FILE: error: {{.*}}missing.bin
// ACTIVATIONS: error: quantize-int8: option 'activations' must be none or dynamic, not 'static'
module {
  slim.weight @w : tensor<2x4xf32> = #slim.external<"missing.bin", 0>
  func.func @main(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
    %w = slim.get_weight @w : tensor<2x4xf32>
    %y = slim.linear %x, %w : (tensor<?x4xf32>, tensor<2x4xf32>) -> tensor<?x2xf32>
    return %y : tensor<?x2xf32>
  }
}
