// What the inference of the shape ops rejects.
// RUN: slim-opt %s -split-input-file -verify-diagnostics

func.func @shape_range(%x: tensor<?x4xf32>) {
  // expected-error @+2 {{dimensions 1 to 3 are not a range of the dimensions of a tensor of rank 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.shape %x {start = 1, end = 3} : (tensor<?x4xf32>) -> tensor<2xi64>
  return
}

// -----

func.func @shape_negative(%x: tensor<?x4xf32>) {
  // expected-error @+2 {{dimensions -1 to 1 are not a range}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.shape %x {start = -1, end = 1} : (tensor<?x4xf32>) -> tensor<2xi64>
  return
}

// -----

func.func @shape_type(%x: tensor<?x4xf32>) {
  // expected-error @+2 {{inferred type(s) 'tensor<2xi64>' are incompatible with return type(s) of operation 'tensor<3xi64>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.shape %x {start = 0, end = 2} : (tensor<?x4xf32>) -> tensor<3xi64>
  return
}

// -----

func.func @reshape_count(%x: tensor<8xf32>) {
  %s = slim.constant dense<[3, 2]> : tensor<2xi64>
  // expected-error @+2 {{cannot give 8 elements a shape of 6: 'tensor<8xf32>' to 'tensor<3x2xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.reshape %x, %s : (tensor<8xf32>, tensor<2xi64>) -> tensor<3x2xf32>
  return
}

// -----

func.func @reshape_two_open(%x: tensor<8xf32>) {
  %s = slim.constant dense<[-1, -1]> : tensor<2xi64>
  // expected-error @+2 {{shape has more than one extent of -1}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.reshape %x, %s : (tensor<8xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @reshape_negative(%x: tensor<8xf32>) {
  %s = slim.constant dense<[4, -2]> : tensor<2xi64>
  // expected-error @+2 {{shape has the extent -2}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.reshape %x, %s : (tensor<8xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @reshape_copy(%x: tensor<8xf32>) {
  %s = slim.constant dense<[8, 0]> : tensor<2xi64>
  // expected-error @+2 {{shape takes extent 1 from the input, whose rank is 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.reshape %x, %s : (tensor<8xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @reshape_divide(%x: tensor<8xf32>) {
  %s = slim.constant dense<[3, -1]> : tensor<2xi64>
  // expected-error @+2 {{cannot divide 8 elements among the other extents, whose product is 3}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.reshape %x, %s : (tensor<8xf32>, tensor<2xi64>) -> tensor<3x?xf32>
  return
}

// -----

func.func @reshape_empty(%x: tensor<0xf32>) {
  %s = slim.constant dense<[0, -1]> : tensor<2xi64>
  // expected-error @+2 {{the extent -1 does not follow from the number of elements, because another extent is 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.reshape %x, %s {allow_zero = true} : (tensor<0xf32>, tensor<2xi64>) -> tensor<0x?xf32>
  return
}

// -----

func.func @reshape_rank(%x: tensor<8xf32>, %s: tensor<?xi64>) {
  // expected-error @+2 {{the number of elements of shape must be known: it decides the rank of the result}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.reshape %x, %s : (tensor<8xf32>, tensor<?xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @reshape_long(%x: tensor<8xf32>, %s: tensor<4294967296xi64>) {
  // expected-error @+2 {{shape has 4294967296 elements, more than a tensor has dimensions}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.reshape %x, %s : (tensor<8xf32>, tensor<4294967296xi64>) -> tensor<8xf32>
  return
}

// -----

func.func @reshape_known(%x: tensor<8xf32>) {
  %s = slim.constant dense<[2, 4]> : tensor<2xi64>
  // expected-error @+2 {{inferred type(s) 'tensor<2x4xf32>' are incompatible}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.reshape %x, %s : (tensor<8xf32>, tensor<2xi64>) -> tensor<4x2xf32>
  return
}

// -----

func.func @flatten_axis(%x: tensor<?x4xf32>) {
  // expected-error @+2 {{axis 3 does not split a tensor of rank 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.flatten %x {axis = 3} : (tensor<?x4xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @squeeze_extent(%x: tensor<?x4xf32>) {
  // expected-error @+2 {{dimension 1 to remove has extent 4, not 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.squeeze %x {axes = array<i64: 1>} : (tensor<?x4xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @squeeze_axis(%x: tensor<?x1xf32>) {
  // expected-error @+2 {{axis -1 is not a dimension of a tensor of rank 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.squeeze %x {axes = array<i64: -1>} : (tensor<?x1xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @unsqueeze_twice(%x: tensor<4xf32>) {
  // expected-error @+2 {{axis 1 occurs twice}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.unsqueeze %x {axes = array<i64: 1, 1>} : (tensor<4xf32>) -> tensor<4x1x1xf32>
  return
}

// -----

func.func @unsqueeze_axis(%x: tensor<4xf32>) {
  // expected-error @+2 {{axis 3 is not a dimension of a tensor of rank 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.unsqueeze %x {axes = array<i64: 3>} : (tensor<4xf32>) -> tensor<4x1xf32>
  return
}

// -----

func.func @transpose_length(%x: tensor<?x4xf32>) {
  // expected-error @+2 {{permutation has 1 elements for a tensor of rank 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.transpose %x {permutation = array<i64: 0>} : (tensor<?x4xf32>) -> tensor<4x?xf32>
  return
}

// -----

func.func @transpose_twice(%x: tensor<?x4xf32>) {
  // expected-error @+2 {{axis 0 occurs twice}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.transpose %x {permutation = array<i64: 0, 0>} : (tensor<?x4xf32>) -> tensor<4x?xf32>
  return
}

// -----

func.func @expand_mismatch(%x: tensor<4xf32>) {
  %s = slim.constant dense<[2, 3]> : tensor<2xi64>
  // expected-error @+2 {{cannot broadcast 'tensor<4xf32>' to 'tensor<2x3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.expand %x, %s : (tensor<4xf32>, tensor<2xi64>) -> tensor<2x4xf32>
  return
}

// -----

func.func @expand_negative(%x: tensor<1xf32>) {
  %s = slim.constant dense<-3> : tensor<1xi64>
  // expected-error @+2 {{shape has the extent -3}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.expand %x, %s : (tensor<1xf32>, tensor<1xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @concat_none() {
  // expected-error @+2 {{needs an input}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.concat {axis = 0} : () -> tensor<0xf32>
  return
}

// -----

func.func @concat_axis(%x: tensor<2x4xf32>, %y: tensor<2x4xf32>) {
  // expected-error @+2 {{axis 2 is not a dimension of a tensor of rank 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.concat %x, %y {axis = 2} : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @concat_extent(%x: tensor<2x4xf32>, %y: tensor<3x4xf32>) {
  // expected-error @+2 {{dimension 0 of input #1 is 3, but that of others is 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.concat %x, %y {axis = 1} : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @concat_type(%x: tensor<2xf32>, %y: tensor<2xi32>) {
  // expected-error @+2 {{input #1 has type 'tensor<2xi32>', which does not join 'tensor<2xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.concat %x, %y {axis = 0} : (tensor<2xf32>, tensor<2xi32>) -> tensor<4xf32>
  return
}

// -----

func.func @slice_length(%x: tensor<8xf32>, %a: tensor<2xi64>, %b: tensor<1xi64>, %c: tensor<1xi64>) {
  // expected-error @+2 {{starts must have 1 elements, not 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.slice %x, %a, %b, %c {axes = array<i64: 0>} : (tensor<8xf32>, tensor<2xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @slice_step(%x: tensor<8xf32>, %a: tensor<1xi64>, %b: tensor<1xi64>) {
  %c = slim.constant dense<0> : tensor<1xi64>
  // expected-error @+2 {{the step along axis 0 is 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.slice %x, %a, %b, %c {axes = array<i64: 0>} : (tensor<8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @slice_axis(%x: tensor<8xf32>, %a: tensor<1xi64>, %b: tensor<1xi64>, %c: tensor<1xi64>) {
  // expected-error @+2 {{axis 1 is not a dimension of a tensor of rank 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.slice %x, %a, %b, %c {axes = array<i64: 1>} : (tensor<8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @pad_length(%x: tensor<8xf32>, %p: tensor<3xi64>) {
  // expected-error @+2 {{pads must have 2 elements, not 3}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.pad %x, %p {mode = #slim.pad_mode<edge>} : (tensor<8xf32>, tensor<3xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @pad_negative(%x: tensor<8xf32>) {
  %p = slim.constant dense<[-5, -4]> : tensor<2xi64>
  // expected-error @+2 {{pads of -5 and -4 leave no extent of dimension 0, which is 8}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.pad %x, %p {mode = #slim.pad_mode<constant>} : (tensor<8xf32>, tensor<2xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @pad_overflow(%x: tensor<8xf32>) {
  %p = slim.constant dense<9223372036854775807> : tensor<2xi64>
  // expected-error @+2 {{leave no extent of dimension 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.pad %x, %p {mode = #slim.pad_mode<constant>} : (tensor<8xf32>, tensor<2xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @pad_nothing(%x: tensor<0xf32>) {
  %p = slim.constant dense<1> : tensor<2xi64>
  // expected-error @+2 {{dimension 0 is empty: it has no elements to pad with}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.pad %x, %p {mode = #slim.pad_mode<reflect>} : (tensor<0xf32>, tensor<2xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @pad_value(%x: tensor<8xf32>, %p: tensor<2xi64>, %v: tensor<i64>) {
  // expected-error @+2 {{value}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.pad %x, %p, %v {mode = #slim.pad_mode<constant>} : (tensor<8xf32>, tensor<2xi64>, tensor<i64>) -> tensor<?xf32>
  return
}

// -----

func.func @tile_negative(%x: tensor<8xf32>) {
  %r = slim.constant dense<-1> : tensor<1xi64>
  // expected-error @+2 {{repeats dimension 0 -1 times}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.tile %x, %r : (tensor<8xf32>, tensor<1xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @tile_length(%x: tensor<8xf32>, %r: tensor<2xi64>) {
  // expected-error @+2 {{repeats must have 1 elements, not 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.tile %x, %r : (tensor<8xf32>, tensor<2xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @fill_negative(%v: tensor<f32>) {
  %s = slim.constant dense<[2, -1]> : tensor<2xi64>
  // expected-error @+2 {{shape has the extent -1}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.fill %s, %v : (tensor<2xi64>, tensor<f32>) -> tensor<2x?xf32>
  return
}

// -----

func.func @range_zero(%a: tensor<i64>, %b: tensor<i64>) {
  %d = slim.constant dense<0> : tensor<i64>
  // expected-error @+2 {{delta is 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.range %a, %b, %d : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return
}

// -----

func.func @range_types(%a: tensor<i64>, %b: tensor<i32>, %d: tensor<i64>) {
  // expected-error @+2 {{limit}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.range %a, %b, %d : (tensor<i64>, tensor<i32>, tensor<i64>) -> tensor<?xi64>
  return
}

// -----

func.func @trilu_rank(%x: tensor<4xf32>) {
  // expected-error @+2 {{input must have rank 2 or higher, not 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.trilu %x {upper = true} : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @gather_axis(%x: tensor<4xf32>, %i: tensor<2xi64>) {
  // expected-error @+2 {{axis 1 is not a dimension of a tensor of rank 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.gather %x, %i {axis = 1} : (tensor<4xf32>, tensor<2xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @gather_type(%x: tensor<4xf32>, %i: tensor<2xi64>) {
  // expected-error @+2 {{inferred type(s) 'tensor<2xf32>' are incompatible}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.gather %x, %i {axis = 0} : (tensor<4xf32>, tensor<2xi64>) -> tensor<3xf32>
  return
}

// -----

func.func @gather_elements_rank(%x: tensor<4x4xf32>, %i: tensor<2xi64>) {
  // expected-error @+2 {{indices have rank 1, but the input has rank 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.gather_elements %x, %i {axis = 0} : (tensor<4x4xf32>, tensor<2xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @gather_elements_extent(%x: tensor<4x4xf32>, %i: tensor<9x5xi64>) {
  // expected-error @+2 {{dimension 1 of indices is 5, which exceeds the input's 4}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.gather_elements %x, %i {axis = 0} : (tensor<4x4xf32>, tensor<9x5xi64>) -> tensor<9x5xf32>
  return
}

// -----

func.func @gather_nd_tuple(%x: tensor<4x4xf32>, %i: tensor<2x3xi64>) {
  // expected-error @+2 {{indices have tuples of 3, but there are 2 dimensions of the input to index}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.gather_nd %x, %i : (tensor<4x4xf32>, tensor<2x3xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @gather_nd_open(%x: tensor<4x4xf32>, %i: tensor<2x?xi64>) {
  // expected-error @+2 {{the last extent of indices must be static: it decides the rank of the slices}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.gather_nd %x, %i : (tensor<4x4xf32>, tensor<2x?xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @gather_nd_scalar(%x: tensor<4x4xf32>, %i: tensor<i64>) {
  // expected-error @+2 {{indices must have a dimension of tuples}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.gather_nd %x, %i : (tensor<4x4xf32>, tensor<i64>) -> tensor<2xf32>
  return
}

// -----

func.func @gather_nd_batch(%x: tensor<4x4xf32>, %i: tensor<4x1xi64>) {
  // expected-error @+2 {{input and indices do not share 2 leading dimensions: their ranks are 2 and 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.gather_nd %x, %i {batch_dims = 2} : (tensor<4x4xf32>, tensor<4x1xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @gather_nd_batch_extent(%x: tensor<4x4xf32>, %i: tensor<3x1xi64>) {
  // expected-error @+2 {{dimension 0 of the input (4) differs from that of indices (3)}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.gather_nd %x, %i {batch_dims = 1} : (tensor<4x4xf32>, tensor<3x1xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @scatter_elements_updates(%x: tensor<4xf32>, %i: tensor<2xi64>, %u: tensor<3xf32>) {
  // expected-error @+2 {{dimension 0 of updates is 3, but what the indices name is 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.scatter_elements %x, %i, %u {axis = 0, mode = #slim.scatter_mode<add>} : (tensor<4xf32>, tensor<2xi64>, tensor<3xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @scatter_nd_updates(%x: tensor<4x8xf32>, %i: tensor<5x1xi64>, %u: tensor<5xf32>) {
  // expected-error @+2 {{updates have rank 1, not 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.scatter_nd %x, %i, %u {mode = #slim.scatter_mode<add>} : (tensor<4x8xf32>, tensor<5x1xi64>, tensor<5xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @one_hot_axis(%i: tensor<3xi64>, %d: tensor<i64>, %f: tensor<f32>, %n: tensor<f32>) {
  // expected-error @+2 {{axis 2 is not a dimension of a tensor of rank 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.one_hot %i, %d, %f, %n {axis = 2} : (tensor<3xi64>, tensor<i64>, tensor<f32>, tensor<f32>) -> tensor<3x?xf32>
  return
}

// -----

func.func @one_hot_depth(%i: tensor<3xi64>, %f: tensor<f32>, %n: tensor<f32>) {
  %d = slim.constant dense<-4> : tensor<i64>
  // expected-error @+2 {{depth is -4}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.one_hot %i, %d, %f, %n {axis = 1} : (tensor<3xi64>, tensor<i64>, tensor<f32>, tensor<f32>) -> tensor<3x?xf32>
  return
}

// -----

func.func @non_zero_rank(%x: tensor<3x3xf32>) {
  // expected-error @+2 {{inferred type(s) 'tensor<2x?xi64>' are incompatible}}
  // expected-error @+1 {{failed to infer returned types}}
  %result = slim.non_zero %x : (tensor<3x3xf32>) -> tensor<3x?xi64>
  return
}
