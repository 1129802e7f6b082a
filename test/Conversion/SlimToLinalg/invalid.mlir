// RUN: slim-opt %s -split-input-file -convert-slim-to-linalg -verify-diagnostics

func.func @no_such_cast(%x: tensor<64xf32>) -> tensor<64xf8E8M0FNU> {
  // expected-error @+1 {{failed to legalize operation 'slim.cast'}}
  %y = slim.cast %x {to = f8E8M0FNU} : (tensor<64xf32>) -> tensor<64xf8E8M0FNU>
  return %y : tensor<64xf8E8M0FNU>
}
