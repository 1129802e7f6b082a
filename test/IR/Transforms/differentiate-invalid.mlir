// RUN: slim-opt %s -split-input-file -verify-diagnostics -slim-differentiate

func.func @no_derivative(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // expected-error@+1 {{'slim.floor' op has no derivative, which the gradient with respect to a value before it takes}}
  %y = slim.floor %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

func.func @no_derivative_of_operand(%x: tensor<1x2x3x4xf32>, %c: tensor<3x2xf32>) -> tensor<1x2x3x4xf32> {
  // expected-error@+1 {{'slim.rotary_embedding' op has no derivative with respect to operand #1, which the gradient takes}}
  %y = slim.rotary_embedding %x, %c, %c : (tensor<1x2x3x4xf32>, tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<1x2x3x4xf32>
  return %y : tensor<1x2x3x4xf32>
}

// -----

func.func @attributes(%x: tensor<4xf32>) -> tensor<6xf32> {
  %p = slim.constant dense<1> : tensor<2xi64>
  // expected-error@+1 {{'slim.pad' op has no derivative}}
  %y = slim.pad %x, %p {mode = #slim.pad_mode<reflect>} : (tensor<4xf32>, tensor<2xi64>) -> tensor<6xf32>
  return %y : tensor<6xf32>
}

// -----

// expected-error@below {{slim-differentiate: option 'function' must name one of 2 functions}}
module {
  func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
    return %x : tensor<4xf32>
  }
  func.func @g(%x: tensor<4xf32>) -> tensor<4xf32> {
    return %x : tensor<4xf32>
  }
}

// -----

// expected-error@below {{slim-differentiate: 'f' has nothing that a gradient could be taken with respect to}}
module {
  func.func @f(%x: tensor<4xi64>) -> tensor<4xi64> {
    return %x : tensor<4xi64>
  }
}
