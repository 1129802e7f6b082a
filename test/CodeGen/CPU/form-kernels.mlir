// RUN: slim-opt %s --split-input-file \
// RUN:   --pass-pipeline='builtin.module(func.func(slim-cpu-form-kernels))' \
// RUN:   | FileCheck %s

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#ij = affine_map<(i, j) -> (i, j)>
#j = affine_map<(i, j) -> (j)>

// A product takes its bias, activation and residual along.

// CHECK-LABEL: func @epilogue
// CHECK-SAME: (%[[X:.*]]: tensor<?x8xf32>, %[[W:.*]]: tensor<16x8xf32>, %[[B:.*]]: tensor<16xf32>, %[[R:.*]]: tensor<?x16xf32>)
// CHECK: %[[Y:.*]] = slim_cpu.kernel ins(%[[X]], %[[W]] : {{.*}}) extras(%[[B]], %[[R]] : tensor<16xf32>, tensor<?x16xf32>)
// CHECK-SAME: init = 0.000000e+00 : f32
// CHECK-SAME: body {
// CHECK-NEXT: ^bb0(%[[A0:.*]]: f32, %[[A1:.*]]: f32, %[[S:.*]]: f32):
// CHECK-NEXT: %[[P:.*]] = arith.mulf %[[A0]], %[[A1]]
// CHECK-NEXT: %[[Q:.*]] = arith.addf %[[S]], %[[P]]
// CHECK-NEXT: slim_cpu.yield %[[Q]]
// CHECK: epilogue {
// CHECK-NEXT: ^bb0(%[[T:.*]]: f32, %[[B0:.*]]: f32, %[[R0:.*]]: f32):
// CHECK-NEXT: %[[U:.*]] = arith.addf %[[T]], %[[B0]]
// CHECK-NEXT: %[[V:.*]] = math.exp %[[U]]
// CHECK-NEXT: %[[Z:.*]] = arith.addf %[[V]], %[[R0]]
// CHECK-NEXT: slim_cpu.yield %[[Z]]
// CHECK: return %[[Y]]
func.func @epilogue(%x: tensor<?x8xf32>, %w: tensor<16x8xf32>,
                    %b: tensor<16xf32>, %r: tensor<?x16xf32>)
    -> tensor<?x16xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %d = tensor.dim %x, %c0 : tensor<?x8xf32>
  %e = tensor.empty(%d) : tensor<?x16xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x16xf32>) -> tensor<?x16xf32>
  %s = linalg.generic {indexing_maps = [#mk, #nk, #mn],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<?x8xf32>, tensor<16x8xf32>)
      outs(%f : tensor<?x16xf32>) {
  ^bb0(%a0: f32, %a1: f32, %sum: f32):
    %p = arith.mulf %a0, %a1 : f32
    %q = arith.addf %sum, %p : f32
    linalg.yield %q : f32
  } -> tensor<?x16xf32>
  %t = linalg.generic {indexing_maps = [#ij, #j, #ij],
      iterator_types = ["parallel", "parallel"]}
      ins(%s, %b : tensor<?x16xf32>, tensor<16xf32>)
      outs(%e : tensor<?x16xf32>) {
  ^bb0(%a0: f32, %a1: f32, %old: f32):
    %q = arith.addf %a0, %a1 : f32
    %z = math.exp %q : f32
    linalg.yield %z : f32
  } -> tensor<?x16xf32>
  %y = linalg.generic {indexing_maps = [#ij, #ij, #ij],
      iterator_types = ["parallel", "parallel"]}
      ins(%t, %r : tensor<?x16xf32>, tensor<?x16xf32>)
      outs(%e : tensor<?x16xf32>) {
  ^bb0(%a0: f32, %a1: f32, %old: f32):
    %q = arith.addf %a0, %a1 : f32
    linalg.yield %q : f32
  } -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}

// -----

// What the sum starts from becomes an operand of the epilogue.

// CHECK-LABEL: func @start
// CHECK: slim_cpu.kernel ins({{.*}}) extras(%arg2 : tensor<4x16xf32>)
// CHECK: epilogue {
// CHECK-NEXT: ^bb0(%[[T:.*]]: f32, %[[O:.*]]: f32):
// CHECK-NEXT: arith.addf %[[T]], %[[O]]
func.func @start(%x: tensor<4x8xf32>, %w: tensor<8x16xf32>,
                 %c: tensor<4x16xf32>) -> tensor<4x16xf32> {
  %s = linalg.matmul ins(%x, %w : tensor<4x8xf32>, tensor<8x16xf32>)
    outs(%c : tensor<4x16xf32>) -> tensor<4x16xf32>
  return %s : tensor<4x16xf32>
}

// -----

// A sum with two consumers keeps to itself; a depthwise product is taken, too.

// CHECK-LABEL: func @alone
// CHECK: slim_cpu.kernel
// CHECK: linalg.exp
// CHECK: slim_cpu.kernel ins(%arg2, %arg3 : tensor<3x16xf32>, tensor<3x16xf32>)
func.func @alone(%x: tensor<4x8xf32>, %w: tensor<8x16xf32>,
                 %v: tensor<3x16xf32>, %u: tensor<3x16xf32>)
    -> (tensor<4x16xf32>, tensor<4x16xf32>, tensor<16xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x16xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x16xf32>) -> tensor<4x16xf32>
  %s = linalg.matmul ins(%x, %w : tensor<4x8xf32>, tensor<8x16xf32>)
    outs(%f : tensor<4x16xf32>) -> tensor<4x16xf32>
  %t = linalg.exp ins(%s : tensor<4x16xf32>) outs(%e : tensor<4x16xf32>) -> tensor<4x16xf32>
  %e1 = tensor.empty() : tensor<16xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<16xf32>) -> tensor<16xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(c, k) -> (k, c)>,
      affine_map<(c, k) -> (k, c)>, affine_map<(c, k) -> (c)>],
      iterator_types = ["parallel", "reduction"]}
      ins(%v, %u : tensor<3x16xf32>, tensor<3x16xf32>)
      outs(%f1 : tensor<16xf32>) {
  ^bb0(%a0: f32, %a1: f32, %sum: f32):
    %p = arith.mulf %a0, %a1 : f32
    %q = arith.addf %sum, %p : f32
    linalg.yield %q : f32
  } -> tensor<16xf32>
  return %s, %t, %d : tensor<4x16xf32>, tensor<4x16xf32>, tensor<16xf32>
}

// -----

// Stored weights are decoded in the kernel.

// CHECK-LABEL: func @decode
// CHECK: slim_cpu.kernel ins(%arg0, %{{.*}}, %{{.*}} : tensor<4x8xf32>, tensor<16x8xi8>, tensor<16xf32>)
// CHECK-SAME: body {
// CHECK-NEXT: ^bb0(%[[X:.*]]: f32, %[[Q:.*]]: i8, %[[S:.*]]: f32, %[[SUM:.*]]: f32):
// CHECK-NEXT: %[[F:.*]] = arith.sitofp %[[Q]] : i8 to f32
// CHECK-NEXT: %[[W:.*]] = arith.mulf %[[F]], %[[S]]
// CHECK-NEXT: %[[P:.*]] = arith.mulf %[[X]], %[[W]]
memref.global constant @q : memref<16x8xi8>
memref.global constant @s : memref<16xf32>
func.func @decode(%x: tensor<4x8xf32>) -> tensor<4x16xf32> {
  %zero = arith.constant 0.0 : f32
  %mq = memref.get_global @q : memref<16x8xi8>
  %q = bufferization.to_tensor %mq restrict : memref<16x8xi8> to tensor<16x8xi8>
  %ms = memref.get_global @s : memref<16xf32>
  %s = bufferization.to_tensor %ms restrict : memref<16xf32> to tensor<16xf32>
  %ew = tensor.empty() : tensor<16x8xf32>
  %w = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>,
      affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%q, %s : tensor<16x8xi8>, tensor<16xf32>)
      outs(%ew : tensor<16x8xf32>) {
  ^bb0(%a0: i8, %a1: f32, %old: f32):
    %c = arith.sitofp %a0 : i8 to f32
    %p = arith.mulf %c, %a1 : f32
    linalg.yield %p : f32
  } -> tensor<16x8xf32>
  %e = tensor.empty() : tensor<4x16xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x16xf32>) -> tensor<4x16xf32>
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
      affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
    ins(%x, %w : tensor<4x8xf32>, tensor<16x8xf32>)
    outs(%f : tensor<4x16xf32>) -> tensor<4x16xf32>
  return %y : tensor<4x16xf32>
}

// -----

// A pool and the division of its sums; a sum along the last dimension is left.

// CHECK-LABEL: func @pool
// CHECK: slim_cpu.kernel ins(%arg0, %{{.*}} : tensor<?x9x9x16xf32>, tensor<3x3xf32>)
// CHECK: arith.maximumf
// CHECK: epilogue {
// CHECK: arith.mulf
// CHECK: linalg.generic
// CHECK-SAME: "reduction"
func.func @pool(%x: tensor<?x9x9x16xf32>, %n: index) -> (tensor<?x7x7x16xf32>, tensor<?x7x7xf32>) {
  %zero = arith.constant 0.0 : f32
  %half = arith.constant 0.5 : f32
  %k = tensor.empty() : tensor<3x3xf32>
  %e = tensor.empty(%n) : tensor<?x7x7x16xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x7x7x16xf32>) -> tensor<?x7x7x16xf32>
  %m = linalg.generic {indexing_maps = [
      affine_map<(n, h, w, c, i, j) -> (n, h + i, w + j, c)>,
      affine_map<(n, h, w, c, i, j) -> (i, j)>,
      affine_map<(n, h, w, c, i, j) -> (n, h, w, c)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %k : tensor<?x9x9x16xf32>, tensor<3x3xf32>) outs(%f : tensor<?x7x7x16xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %q = arith.maximumf %a, %o : f32
    linalg.yield %q : f32
  } -> tensor<?x7x7x16xf32>
  %h = linalg.generic {indexing_maps = [
      affine_map<(n, h, w, c) -> (n, h, w, c)>, affine_map<(n, h, w, c) -> (n, h, w, c)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%m : tensor<?x7x7x16xf32>) outs(%e : tensor<?x7x7x16xf32>) {
  ^bb0(%a: f32, %o: f32):
    %q = arith.mulf %a, %half : f32
    linalg.yield %q : f32
  } -> tensor<?x7x7x16xf32>
  %e3 = tensor.empty(%n) : tensor<?x7x7xf32>
  %f3 = linalg.fill ins(%zero : f32) outs(%e3 : tensor<?x7x7xf32>) -> tensor<?x7x7xf32>
  %s = linalg.generic {indexing_maps = [
      affine_map<(n, h, w, c) -> (n, h, w, c)>, affine_map<(n, h, w, c) -> (n, h, w)>],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%h : tensor<?x7x7x16xf32>) outs(%f3 : tensor<?x7x7xf32>) {
  ^bb0(%a: f32, %o: f32):
    %q = arith.addf %a, %o : f32
    linalg.yield %q : f32
  } -> tensor<?x7x7xf32>
  return %h, %s : tensor<?x7x7x16xf32>, tensor<?x7x7xf32>
}

// -----

// Weights without the dimensions of a kernel of one element: read where they
// are stored.

// CHECK-DAG: #[[W:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d3, d4, 0, 0)>
// CHECK-LABEL: func @pointwise
// CHECK: slim_cpu.kernel ins(%arg0, %arg1 : tensor<1x5x5x8xf32>, tensor<4x8x1x1xf32>)
// CHECK-SAME: indexing_maps = [#{{.*}}, #[[W]], #{{.*}}]
func.func @pointwise(%x: tensor<1x5x5x8xf32>, %w: tensor<4x8x1x1xf32>) -> tensor<1x5x5x4xf32> {
  %zero = arith.constant 0.0 : f32
  %v = tensor.collapse_shape %w [[0], [1, 2, 3]] : tensor<4x8x1x1xf32> into tensor<4x8xf32>
  %e = tensor.empty() : tensor<1x5x5x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x5x5x4xf32>) -> tensor<1x5x5x4xf32>
  %s = linalg.generic {indexing_maps = [
      affine_map<(n, h, w, f, c) -> (n, h, w, c)>,
      affine_map<(n, h, w, f, c) -> (f, c)>,
      affine_map<(n, h, w, f, c) -> (n, h, w, f)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %v : tensor<1x5x5x8xf32>, tensor<4x8xf32>) outs(%f : tensor<1x5x5x4xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %p = arith.mulf %a, %b : f32
    %q = arith.addf %p, %o : f32
    linalg.yield %q : f32
  } -> tensor<1x5x5x4xf32>
  return %s : tensor<1x5x5x4xf32>
}
