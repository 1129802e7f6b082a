// What the inference of the elementwise ops rejects.
// RUN: slim-opt %s -split-input-file -verify-diagnostics

func.func @add_types(%a: tensor<4xf32>, %b: tensor<4xi32>) {
  // expected-error @+2 {{operands have different element types 'f32' and 'i32'}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.add %a, %b : (tensor<4xf32>, tensor<4xi32>) -> tensor<4xf32>
  return
}

// -----

func.func @add_shapes(%a: tensor<4xf32>, %b: tensor<3xf32>) {
  // expected-error @+2 {{operands do not broadcast together: tensor<4xf32>, tensor<3xf32>}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.add %a, %b : (tensor<4xf32>, tensor<3xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @add_result(%a: tensor<4x1xf32>, %b: tensor<3xf32>) {
  // expected-error @+2 {{inferred type(s) 'tensor<4x3xf32>' are incompatible}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.add %a, %b : (tensor<4x1xf32>, tensor<3xf32>) -> tensor<4x4xf32>
  return
}

// -----

func.func @relu_element(%a: tensor<4xf32>) {
  // expected-error @+2 {{inferred type(s) 'tensor<4xf32>' are incompatible}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.relu %a : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @equal_types(%a: tensor<4xf32>, %b: tensor<4xf64>) {
  // expected-error @+2 {{operands have different element types 'f32' and 'f64'}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.equal %a, %b : (tensor<4xf32>, tensor<4xf64>) -> tensor<4xi1>
  return
}

// -----

func.func @select_types(%c: tensor<4xi1>, %a: tensor<4xf32>, %b: tensor<4xf16>) {
  // expected-error @+2 {{operands have different element types 'f32' and 'f16'}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.select %c, %a, %b : (tensor<4xi1>, tensor<4xf32>, tensor<4xf16>) -> tensor<4xf32>
  return
}

// -----

func.func @cast_index(%a: tensor<4xf32>) {
  // expected-error @+2 {{cannot cast to 'index': it is no float, signless or unsigned integer}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.cast %a {to = index} : (tensor<4xf32>) -> tensor<4xi64>
  return
}

// -----

func.func @cast_result(%a: tensor<4xf32>) {
  // expected-error @+2 {{inferred type(s) 'tensor<4xi32>' are incompatible}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.cast %a {to = i32} : (tensor<4xf32>) -> tensor<4xi64>
  return
}

// -----

func.func @clamp_bound(%a: tensor<4xf32>, %l: tensor<i32>) {
  // expected-error @+2 {{lower}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.clamp %a lower %l : (tensor<4xf32>, tensor<i32>) -> tensor<4xf32>
  return
}

// -----

func.func @table_extent(%a: tensor<4xui8>, %t: tensor<255xui8>) {
  // expected-error @+2 {{dimension 0 of table is 255, but the number of codes of a byte is 256}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.table_lookup %a, %t : (tensor<4xui8>, tensor<255xui8>) -> tensor<4xui8>
  return
}

// -----

func.func @table_of_words(%a: tensor<4xui8>, %t: tensor<256xi16>) {
  // expected-error @+2 {{table must have elements of 8 bits, not 'i16'}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.table_lookup %a, %t : (tensor<4xui8>, tensor<256xi16>) -> tensor<4xi16>
  return
}
