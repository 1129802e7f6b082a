// RUN: slim-opt %s --split-input-file --verify-diagnostics

func.func @extent(%a: memref<4x4xf32>, %b: memref<2x4x4xf32>, %c: memref<4x8xf32>) {
  // expected-error @+1 {{loop 3 has no extent: no map has it as a result}}
  slim_cpu.kernel ins(%a, %b : memref<4x4xf32>, memref<2x4x4xf32>)
    outs(%c : memref<4x8xf32>)
    {indexing_maps = [affine_map<(m, n, k, l) -> (m, k)>,
                      affine_map<(m, n, k, l) -> (n floordiv 4, k, n mod 4)>,
                      affine_map<(m, n, k, l) -> (m, n)>],
     iterator_types = ["parallel", "parallel", "reduction", "reduction"],
     init = 0.0 : f32}
    body {
    ^bb0(%x: f32, %y: f32, %s: f32):
      slim_cpu.yield %s : f32
    } epilogue {
    ^bb0(%s: f32):
      slim_cpu.yield %s : f32
    }
  return
}

// -----

func.func @body(%a: memref<4xf32>, %c: memref<4xf32>) {
  // expected-error @+1 {{body takes 'f32' but the operands are 'f32', 'f32'}}
  slim_cpu.kernel ins(%a : memref<4xf32>) outs(%c : memref<4xf32>)
    {indexing_maps = [affine_map<(n) -> (n)>, affine_map<(n) -> (n)>],
     iterator_types = ["parallel"], init = 0.0 : f32}
    body {
    ^bb0(%x: f32):
      slim_cpu.yield %x : f32
    } epilogue {
    ^bb0(%s: f32):
      slim_cpu.yield %s : f32
    }
  return
}

// -----

func.func @extra(%a: memref<4x4xf32>, %c: memref<4xf32>) {
  // expected-error @+1 {{operand 1 depends on a reduction loop, which only inputs may}}
  slim_cpu.kernel ins(%a : memref<4x4xf32>) extras(%a : memref<4x4xf32>)
    outs(%c : memref<4xf32>)
    {indexing_maps = [affine_map<(n, k) -> (n, k)>, affine_map<(n, k) -> (n, k)>,
                      affine_map<(n, k) -> (n)>],
     iterator_types = ["parallel", "reduction"], init = 0.0 : f32}
    body {
    ^bb0(%x: f32, %s: f32):
      slim_cpu.yield %s : f32
    } epilogue {
    ^bb0(%s: f32, %e: f32):
      slim_cpu.yield %s : f32
    }
  return
}
