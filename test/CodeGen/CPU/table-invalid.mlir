// RUN: slim-opt %s -split-input-file -verify-diagnostics

func.func @length(%x: i8) -> f32 {
  // expected-error @below {{needs a table of up to 256 values of type 'f32', a power of two of them, not 'tensor<3xf32>'}}
  %y = slim_cpu.table %x {values = dense<1.0> : tensor<3xf32>} : i8 -> f32
  return %y : f32
}

// -----

func.func @type(%x: vector<4xi8>) -> vector<4xf32> {
  // expected-error @below {{needs a table of up to 256 values of type 'f32', a power of two of them, not 'tensor<4xf64>'}}
  %y = slim_cpu.table %x {values = dense<1.0> : tensor<4xf64>} : vector<4xi8> -> vector<4xf32>
  return %y : vector<4xf32>
}
