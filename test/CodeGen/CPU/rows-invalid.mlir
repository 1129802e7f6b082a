// RUN: slim-opt %s -split-input-file -verify-diagnostics

#id = affine_map<(m, n) -> (m, n)>

func.func @maps(%x: tensor<4x8xf32>, %y: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{has 1 maps for 2 operands}}
  %r = slim_cpu.rows ins(%x : tensor<4x8xf32>) outs(%y : tensor<4x8xf32>)
      {indexing_maps = [#id], iterator_types = ["parallel", "reduction"]} body {
  ^bb0(%xe: f32):
    slim_cpu.rows_yield %xe : f32
  } -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// -----

#id = affine_map<(m, n) -> (m, n)>
#n = affine_map<(m, n) -> (n)>

func.func @output(%x: tensor<4x8xf32>, %y: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error @below {{output 0 has neither all loops nor all parallel loops}}
  %r = slim_cpu.rows ins(%x : tensor<4x8xf32>) outs(%y : tensor<8xf32>)
      {indexing_maps = [#id, #n], iterator_types = ["parallel", "reduction"]} body {
  ^bb0(%xe: f32):
    slim_cpu.rows_yield %xe : f32
  } -> tensor<8xf32>
  return %r : tensor<8xf32>
}

// -----

#id = affine_map<(m, n) -> (m, n)>

func.func @yield(%x: tensor<4x8xf32>, %y: tensor<4x8xf16>) -> tensor<4x8xf16> {
  // expected-error @below {{has a 'f32' for an operand of type 'tensor<4x8xf16>'}}
  %r = slim_cpu.rows ins(%x : tensor<4x8xf32>) outs(%y : tensor<4x8xf16>)
      {indexing_maps = [#id, #id], iterator_types = ["parallel", "reduction"]} body {
  ^bb0(%xe: f32):
    slim_cpu.rows_yield %xe : f32
  } -> tensor<4x8xf16>
  return %r : tensor<4x8xf16>
}

// -----

#id = affine_map<(m, n) -> (m, n)>

func.func @iterators(%x: tensor<4x8xf32>, %y: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{has an iterator type 'rows'; known are parallel and reduction}}
  %r = slim_cpu.rows ins(%x : tensor<4x8xf32>) outs(%y : tensor<4x8xf32>)
      {indexing_maps = [#id, #id], iterator_types = ["rows", "reduction"]} body {
  ^bb0(%xe: f32):
    slim_cpu.rows_yield %xe : f32
  } -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}
