// RUN: not slim-opt %s -slim-differentiate="function=g" 2>&1 | FileCheck %s --check-prefix=FUNCTION
// RUN: not slim-opt %s -slim-differentiate="arguments=1" 2>&1 | FileCheck %s --check-prefix=ARGUMENT
// RUN: not slim-opt %s -slim-differentiate="weights=[" 2>&1 | FileCheck %s --check-prefix=REGEX

// FUNCTION: slim-differentiate: there is no function 'g'
// ARGUMENT: slim-differentiate: option 'arguments': there is no argument #1 of floats
// REGEX: slim-differentiate: option 'weights': '[' is not a regular expression
func.func @f(%x: tensor<4xf32>, %i: tensor<4xi64>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
