// RUN: slim-opt %s -slim-to-linalg | slim-opt -pass-pipeline='builtin.module(func.func(slim-cpu-form-rows),canonicalize,cse)' | FileCheck %s

// CHECK-LABEL: func @softmax
// CHECK-NOT: linalg.generic
// CHECK: slim_cpu.rows ins(%{{.*}} : tensor<?x64xf32>)
// CHECK: ^bb0(%[[X:.*]]: f32):
// CHECK: %[[MAX:.*]] = slim_cpu.reduce <maximumf> %[[X]] : f32
// CHECK: %[[D:.*]] = arith.subf %[[X]], %[[MAX]]
// CHECK: %[[E:.*]] = math.exp %[[D]]
// CHECK: %[[SUM:.*]] = slim_cpu.reduce <add> %[[E]] : f32
// CHECK: %[[Y:.*]] = arith.divf %[[E]], %[[SUM]]
// CHECK: slim_cpu.rows_yield %[[Y]] : f32
func.func @softmax(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = slim.softmax %x {axis = 1} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// What comes before and after joins; the sum that others need is an output.
// CHECK-LABEL: func @norm
// CHECK-NOT: linalg.generic
// CHECK: %[[R:.*]]:2 = slim_cpu.rows
// CHECK-SAME: outs(%{{.*}}, %{{.*}} : tensor<8x64xf32>, tensor<8x64xf32>)
// CHECK-SAME: iterator_types = ["parallel", "reduction"]
// CHECK: ^bb0(%[[X:.*]]: f32, %[[Z:.*]]: f32, %[[G:.*]]: f32, %[[B:.*]]: f32):
// CHECK: %[[T:.*]] = arith.addf %[[X]], %[[Z]]
// CHECK: slim_cpu.reduce <add> %[[T]]
// CHECK: slim_cpu.reduce <add>
// CHECK: math.sqrt
// CHECK: %[[Y:.*]] = math.tanh
// CHECK: slim_cpu.rows_yield %[[T]], %[[Y]]
// CHECK: return %[[R]]#1, %[[R]]#0
func.func @norm(%x: tensor<8x64xf32>, %z: tensor<8x64xf32>, %g: tensor<64xf32>, %b: tensor<64xf32>)
    -> (tensor<8x64xf32>, tensor<8x64xf32>) {
  %t = slim.add %x, %z : (tensor<8x64xf32>, tensor<8x64xf32>) -> tensor<8x64xf32>
  %n, %m, %v = slim.layer_norm %t scale %g bias %b {axis = 1, epsilon = 1.0e-5 : f32}
    : (tensor<8x64xf32>, tensor<64xf32>, tensor<64xf32>) -> (tensor<8x64xf32>, tensor<8x1xf32>, tensor<8x1xf32>)
  %y = slim.tanh %n : (tensor<8x64xf32>) -> tensor<8x64xf32>
  return %y, %t : tensor<8x64xf32>, tensor<8x64xf32>
}

// A reduction along the first dimension, over numbers that do not start at 0.
// CHECK-LABEL: func @columns
// CHECK: slim_cpu.rows
// CHECK-SAME: outs(%{{.*}} : tensor<64xf32>)
// CHECK-SAME: iterator_types = ["reduction", "parallel"]
// CHECK: %[[SUM:.*]] = slim_cpu.reduce <add>
// CHECK: %[[ALL:.*]] = arith.addf %[[SUM]], %{{.*}} : f32
// CHECK: slim_cpu.rows_yield %[[ALL]]
func.func @columns(%x: tensor<8x64xf32>) -> tensor<64xf32> {
  %one = arith.constant 1.0 : f32
  %e = tensor.empty() : tensor<64xf32>
  %init = linalg.fill ins(%one : f32) outs(%e : tensor<64xf32>) -> tensor<64xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>],
                       iterator_types = ["reduction", "parallel"]}
      ins(%x : tensor<8x64xf32>) outs(%init : tensor<64xf32>) {
  ^bb0(%a: f32, %s: f32):
    %t = arith.addf %a, %s : f32
    linalg.yield %t : f32
  } -> tensor<64xf32>
  return %r : tensor<64xf32>
}

// Products, windows and booleans stay; arithmetic on a product's result is its.
// CHECK-LABEL: func @others
// CHECK-NOT: slim_cpu.rows
// CHECK: arith.mulf
// CHECK: %[[T:.*]] = linalg.generic {{.*}} ["parallel", "parallel"]
// CHECK: slim_cpu.rows ins(%[[T]] : tensor<8x64xf32>)
// CHECK: slim_cpu.reduce <maximumf>
// CHECK-NOT: slim_cpu.rows ins
// CHECK: return
func.func @others(%x: tensor<8x16xf32>, %w: tensor<16x64xf32>, %z: tensor<8x64xf32>,
                  %p: tensor<1x4x9x9xf32>, %q: tensor<8x4xi1>)
    -> (tensor<8xf32>, tensor<1x4x4x4xf32>, tensor<8xi1>, tensor<8x64xf32>) {
  %m = slim.matmul %x, %w : (tensor<8x16xf32>, tensor<16x64xf32>) -> tensor<8x64xf32>
  %t = slim.add %m, %z : (tensor<8x64xf32>, tensor<8x64xf32>) -> tensor<8x64xf32>
  %r = slim.reduce_max %t {axes = array<i64: 1>, keep_dims = false} : (tensor<8x64xf32>) -> tensor<8xf32>
  %s = slim.max_pool %p {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
    : (tensor<1x4x9x9xf32>) -> tensor<1x4x4x4xf32>
  %u = slim.reduce_max %q {axes = array<i64: 1>, keep_dims = false} : (tensor<8x4xi1>) -> tensor<8xi1>
  return %r, %s, %u, %t : tensor<8xf32>, tensor<1x4x4x4xf32>, tensor<8xi1>, tensor<8x64xf32>
}
