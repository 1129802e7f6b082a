// RUN: slim-opt %s --pass-pipeline='builtin.module(func.func(slim-cpu-split-batch{l2-bytes=100000}))' --split-input-file | FileCheck %s

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (k, n)>
#y = affine_map<(m, n, k) -> (m, n)>

// Rows of all images: 6 images of 40. One product of one image handles
// 40 * (64 + 128) floats, 30720 bytes: groups of 3 images fit. The weights stay
// outside, the fills come along, as small as a group.
// CHECK-LABEL: func @chain
// CHECK-SAME: %[[W0:[a-z0-9]+]]: tensor<64x128xf32>, %[[W1:[a-z0-9]+]]: tensor<128x64xf32>
// CHECK: %[[ALL:.*]] = scf.for %[[IMAGE:.*]] = %c0{{.*}} to %c6{{.*}} step %c3{{.*}} iter_args(%[[SO_FAR:.*]] = %{{.*}}) -> (tensor<240x64xf32>)
// CHECK: %[[FROM:.*]] = arith.muli %[[IMAGE]], %c40
// CHECK: %[[PART:.*]] = tensor.extract_slice %{{.*}}[%[[FROM]], 0] [120, 64] [1, 1]
// CHECK: %[[FILL0:.*]] = linalg.fill ins(%{{.*}}) outs(%{{.*}} : tensor<120x128xf32>)
// CHECK: %[[Y:.*]] = linalg.generic {{.*}} ins(%[[PART]], %[[W0]] : tensor<120x64xf32>, tensor<64x128xf32>) outs(%[[FILL0]]
// CHECK: %[[FILL1:.*]] = linalg.fill ins(%{{.*}}) outs(%{{.*}} : tensor<120x64xf32>)
// CHECK: %[[Z:.*]] = linalg.generic {{.*}} ins(%[[Y]], %[[W1]] : tensor<120x128xf32>, tensor<128x64xf32>) outs(%[[FILL1]]
// CHECK: %[[TO:.*]] = arith.muli %[[IMAGE]], %c40
// CHECK: %[[NEXT:.*]] = tensor.insert_slice %[[Z]] into %[[SO_FAR]][%[[TO]], 0] [120, 64] [1, 1]
// CHECK: scf.yield %[[NEXT]]
// CHECK: return %[[ALL]]
func.func @chain(%x: tensor<6x40x64xf32>, %w0: tensor<64x128xf32>, %w1: tensor<128x64xf32>) -> tensor<240x64xf32> {
  %zero = arith.constant 0.0 : f32
  %rows = tensor.collapse_shape %x [[0, 1], [2]] : tensor<6x40x64xf32> into tensor<240x64xf32>
  %e0 = tensor.empty() : tensor<240x128xf32>
  %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<240x128xf32>) -> tensor<240x128xf32>
  %y = linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%rows, %w0 : tensor<240x64xf32>, tensor<64x128xf32>) outs(%f0 : tensor<240x128xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<240x128xf32>
  %e1 = tensor.empty() : tensor<240x64xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<240x64xf32>) -> tensor<240x64xf32>
  %z = linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%y, %w1 : tensor<240x128xf32>, tensor<128x64xf32>) outs(%f1 : tensor<240x64xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<240x64xf32>
  return %z : tensor<240x64xf32>
}

// -----

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (k, n)>
#y = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(i, j) -> (i, j)>
#sum = affine_map<(i, j) -> (j)>

// A check, and what it is computed from, stays before the loop; a sum over all
// images, and what is computed from that, comes after it. So does a product
// whose weight few rows would wait for.
// CHECK-LABEL: func @around
// CHECK: linalg.generic {{.*}} iterator_types = ["reduction", "reduction"]
// CHECK: cf.assert
// CHECK: %[[ALL:.*]] = scf.for %{{.*}} = %{{.*}} to %c4{{.*}} step %c1{{.*}} -> (tensor<4x2048xf32>)
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<1x2048x32xf32>)
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<1x2048xf32>)
// CHECK: scf.yield
// CHECK: %[[H:.*]] = linalg.generic {{.*}} ins(%[[ALL]], %{{.*}} : tensor<4x2048xf32>, tensor<2048x16xf32>)
// CHECK: %[[S:.*]] = linalg.generic {{.*}} ins(%[[H]] : tensor<4x16xf32>)
// CHECK: return %[[S]]
func.func @around(%x: tensor<4x2048x32xf32>, %w0: tensor<32x32xf32>, %w1: tensor<2048x16xf32>) -> tensor<16xf32> {
  %zero = arith.constant 0.0 : f32
  %true = arith.constant true
  %e = tensor.empty() : tensor<i1>
  %yes = linalg.fill ins(%true : i1) outs(%e : tensor<i1>) -> tensor<i1>
  %flat = tensor.collapse_shape %x [[0, 1], [2]] : tensor<4x2048x32xf32> into tensor<8192x32xf32>
  %finite = linalg.generic {indexing_maps = [#id, affine_map<(i, j) -> ()>], iterator_types = ["reduction", "reduction"]}
      ins(%flat : tensor<8192x32xf32>) outs(%yes : tensor<i1>) {
  ^bb0(%a: f32, %b: i1):
    %f = arith.cmpf ord, %a, %a : f32
    %r = arith.andi %f, %b : i1
    linalg.yield %r : i1
  } -> tensor<i1>
  %ok = tensor.extract %finite[] : tensor<i1>
  cf.assert %ok, "an input is NaN"
  %e0 = tensor.empty() : tensor<4x2048x32xf32>
  %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<4x2048x32xf32>) -> tensor<4x2048x32xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(b, m, n, k) -> (b, m, k)>, affine_map<(b, m, n, k) -> (k, n)>, affine_map<(b, m, n, k) -> (b, m, n)>],
                       iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %w0 : tensor<4x2048x32xf32>, tensor<32x32xf32>) outs(%f0 : tensor<4x2048x32xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<4x2048x32xf32>
  %e1 = tensor.empty() : tensor<4x2048xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<4x2048xf32>) -> tensor<4x2048xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(b, m, k) -> (b, m, k)>, affine_map<(b, m, k) -> (b, m)>], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%y : tensor<4x2048x32xf32>) outs(%f1 : tensor<4x2048xf32>) {
  ^bb0(%a: f32, %c: f32):
    %s = arith.addf %c, %a : f32
    linalg.yield %s : f32
  } -> tensor<4x2048xf32>
  %e2 = tensor.empty() : tensor<4x16xf32>
  %f2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<4x16xf32>) -> tensor<4x16xf32>
  %h = linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%r, %w1 : tensor<4x2048xf32>, tensor<2048x16xf32>) outs(%f2 : tensor<4x16xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<4x16xf32>
  %e3 = tensor.empty() : tensor<16xf32>
  %f3 = linalg.fill ins(%zero : f32) outs(%e3 : tensor<16xf32>) -> tensor<16xf32>
  %s = linalg.generic {indexing_maps = [#id, #sum], iterator_types = ["reduction", "parallel"]}
      ins(%h : tensor<4x16xf32>) outs(%f3 : tensor<16xf32>) {
  ^bb0(%a: f32, %c: f32):
    %t = arith.addf %c, %a : f32
    linalg.yield %t : f32
  } -> tensor<16xf32>
  return %s : tensor<16xf32>
}

// -----

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (k, n)>
#y = affine_map<(m, n, k) -> (m, n)>

// Products of one row an image, whose weights would be read once a row; and a
// batch that fits as a whole.
// CHECK-LABEL: func @few_rows
// CHECK-NOT: scf.for
func.func @few_rows(%x: tensor<64x1024xf32>, %w: tensor<1024x1024xf32>) -> tensor<64x1024xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<64x1024xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<64x1024xf32>) -> tensor<64x1024xf32>
  %y = linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<64x1024xf32>, tensor<1024x1024xf32>) outs(%f : tensor<64x1024xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<64x1024xf32>
  %z = linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%y, %w : tensor<64x1024xf32>, tensor<1024x1024xf32>) outs(%f : tensor<64x1024xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<64x1024xf32>
  return %z : tensor<64x1024xf32>
}

// CHECK-LABEL: func @fits
// CHECK-NOT: scf.for
func.func @fits(%x: tensor<32x8xf32>, %w: tensor<8x8xf32>) -> tensor<32x8xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<32x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<32x8xf32>) -> tensor<32x8xf32>
  %y = linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<32x8xf32>, tensor<8x8xf32>) outs(%f : tensor<32x8xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<32x8xf32>
  %z = linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%y, %w : tensor<32x8xf32>, tensor<8x8xf32>) outs(%f : tensor<32x8xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<32x8xf32>
  return %z : tensor<32x8xf32>
}

// The batch behind new dimensions of one element, and a product with a scalar
// operand.
// CHECK-LABEL: func @expanded
// CHECK-NOT: scf.for
func.func @expanded(%x: tensor<3xf32>, %y: tensor<1x3x5xf32>, %s: f32) -> tensor<1x3xf32> {
  %zero = arith.constant 0.0 : f32
  %wide = tensor.expand_shape %x [[0, 1, 2]] output_shape [1, 3, 1] : tensor<3xf32> into tensor<1x3x1xf32>
  %e = tensor.empty() : tensor<1x3xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x3xf32>) -> tensor<1x3xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (0, d1, 0)>,
                                        affine_map<(d0, d1, d2) -> (d0, d1, d2)>,
                                        affine_map<(d0, d1, d2) -> ()>,
                                        affine_map<(d0, d1, d2) -> (d0, d1)>],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%wide, %y, %s : tensor<1x3x1xf32>, tensor<1x3x5xf32>, f32) outs(%f : tensor<1x3xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32, %d: f32):
    %p = arith.mulf %a, %b : f32
    %q = arith.mulf %p, %c : f32
    %t = arith.addf %q, %d : f32
    linalg.yield %t : f32
  } -> tensor<1x3xf32>
  return %r : tensor<1x3xf32>
}
