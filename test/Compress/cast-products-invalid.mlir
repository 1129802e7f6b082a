// RUN: not slim-opt %s -cast-products="type=f8" 2>&1 | FileCheck %s --check-prefix=TYPE
// RUN: not slim-opt %s -cast-products="include=(" 2>&1 | FileCheck %s --check-prefix=REGEX

// TYPE: error: cast-products: option 'type' must be bf16 or f16, not 'f8'
// REGEX: error: cast-products: option 'include': '(' is not a regular expression: parentheses not balanced
module {
}
