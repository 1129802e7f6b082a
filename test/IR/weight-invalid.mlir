// What the verifiers of weights and of their readers reject.
// RUN: slim-opt %s -split-input-file -verify-diagnostics

// expected-error @+1 {{has type 'tensor<?x4xf32>', but a stored tensor has a static shape}}
slim.weight @open : tensor<?x4xf32>

// -----

// expected-error @+1 {{has type 'tensor<4xf32, "sparse">', but a stored tensor has no encoding}}
slim.weight @encoded : tensor<4xf32, "sparse">

// -----

// expected-error @+1 {{whose size in bytes exceeds 64 bits}}
slim.weight @huge : tensor<4294967296x4294967296xf32>

// -----

// expected-error @+1 {{type attribute of ranked tensor of floating-point or signless integer or unsigned integer values}}
slim.weight @index : tensor<4xindex>

// -----

// expected-error @+1 {{has type 'tensor<4xf32>' but data of type 'tensor<3xf32>'}}
slim.weight @count : tensor<4xf32> = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>

// -----

// expected-error @+1 {{has type 'tensor<2xf32>' but data of type 'tensor<2xf16>'}}
slim.weight @element : tensor<2xf32> = dense<1.0> : tensor<2xf16>

// -----

// expected-error @+1 {{has data that are none of dense elements, a dense resource and #slim.external}}
slim.weight @other : tensor<2xf32> = "data"

// -----

// expected-error @+1 {{names no file for its data}}
slim.weight @nameless : tensor<2xf32> = #slim.external<"", 0>

// -----

// expected-error @+1 {{has data at offset 18446744073709551615 of 'w.bin', which no file reaches}}
slim.weight @far : tensor<2xf32> = #slim.external<"w.bin", 18446744073709551615>

// -----

// expected-error @+1 {{needs 8 bytes of data, but resource 'short' has 4}}
slim.weight @short : tensor<2xf32> = dense_resource<short> : tensor<2xf32>

{-#
  dialect_resources: { builtin: { short: "0x0400000001020304" } }
#-}

// -----

func.func @undefined() {
  // expected-error @+1 {{refers to @w, which is not defined in this module}}
  %w = slim.get_weight @w : tensor<2xf32>
  return
}

// -----

// expected-note @+1 {{it is defined here}}
func.func @w() {
  // expected-error @+1 {{refers to @w, which is not a slim.weight}}
  %w = slim.get_weight @w : tensor<2xf32>
  return
}

// -----

// expected-note @+1 {{it is defined here}}
slim.weight @w : tensor<2xf32>
func.func @type() {
  // expected-error @+1 {{reads @w as 'tensor<2xf16>', but its type is 'tensor<2xf32>'}}
  %w = slim.get_weight @w : tensor<2xf16>
  return
}
