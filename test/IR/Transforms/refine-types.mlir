// RUN: slim-opt %s -slim-refine-types -split-input-file | FileCheck %s

// The heads of an attention layer, as exporters write it.
// CHECK-LABEL: func.func @heads
// CHECK-SAME: -> tensor<?x?x12x32xf32>
// CHECK: slim.reshape {{.*}} -> tensor<?x?x12x32xf32>
func.func @heads(%x: tensor<?x?x384xf32>) -> tensor<?x?x?x?xf32> {
  %s = slim.shape %x {start = 0, end = 3} : (tensor<?x?x384xf32>) -> tensor<3xi64>
  %i = slim.constant dense<0> : tensor<i64>
  %j = slim.constant dense<1> : tensor<i64>
  %b = slim.gather %s, %i {axis = 0} : (tensor<3xi64>, tensor<i64>) -> tensor<i64>
  %t = slim.gather %s, %j {axis = 0} : (tensor<3xi64>, tensor<i64>) -> tensor<i64>
  %b1 = slim.unsqueeze %b {axes = array<i64: 0>} : (tensor<i64>) -> tensor<1xi64>
  %t1 = slim.unsqueeze %t {axes = array<i64: 0>} : (tensor<i64>) -> tensor<1xi64>
  %c = slim.constant dense<[12, -1]> : tensor<2xi64>
  %shape = slim.concat %b1, %t1, %c {axis = 0} : (tensor<1xi64>, tensor<1xi64>, tensor<2xi64>) -> tensor<?xi64>
  %y = slim.reshape %x, %shape : (tensor<?x?x384xf32>, tensor<?xi64>) -> tensor<?x?x?x?xf32>
  return %y : tensor<?x?x?x?xf32>
}

// -----

// A size computed in floats: it becomes constant on the way.
// CHECK-LABEL: func.func @upsample
// CHECK-SAME: -> tensor<?x8x40x40xf32>
// CHECK: %[[S:.*]] = slim.constant dense<40> : tensor<2xi64>
// CHECK: slim.resize %{{.*}} sizes %[[S]]
func.func @upsample(%x: tensor<?x8x20x20xf32>) -> tensor<?x8x?x?xf32> {
  %s = slim.shape %x {start = 2, end = 4} : (tensor<?x8x20x20xf32>) -> tensor<2xi64>
  %f = slim.cast %s {to = f32} : (tensor<2xi64>) -> tensor<2xf32>
  %two = slim.constant dense<2.0> : tensor<f32>
  %m = slim.mul %f, %two : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  %r = slim.floor %m : (tensor<2xf32>) -> tensor<2xf32>
  %n = slim.cast %r {to = i64} : (tensor<2xf32>) -> tensor<2xi64>
  %y = slim.resize %x sizes %n {axes = array<i64: 2, 3>, mode = #slim.resize_mode<nearest>, coordinates = #slim.coordinate_mode<asymmetric>, nearest = #slim.nearest_mode<floor>} : (tensor<?x8x20x20xf32>, tensor<2xi64>) -> tensor<?x8x?x?xf32>
  return %y : tensor<?x8x?x?xf32>
}

// -----

// What is known through slices, arithmetic, selections and products.
// CHECK-LABEL: func.func @arithmetic
// CHECK-SAME: -> (tensor<64xf32>, tensor<6x8xf32>, tensor<10xi64>)
func.func @arithmetic(%x: tensor<?x8x8xf32>, %v: tensor<f32>) -> (tensor<?xf32>, tensor<?x?xf32>, tensor<?xi64>) {
  %s = slim.shape %x {start = 0, end = 3} : (tensor<?x8x8xf32>) -> tensor<3xi64>
  %one = slim.constant dense<1> : tensor<1xi64>
  %three = slim.constant dense<3> : tensor<1xi64>
  %hw = slim.slice %s, %one, %three, %one {axes = array<i64: 0>} : (tensor<3xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?xi64>
  %n = slim.reduce_prod %hw {axes = array<i64: 0>, keep_dims = true} : (tensor<?xi64>) -> tensor<?xi64>
  %a = slim.fill %n, %v : (tensor<?xi64>, tensor<f32>) -> tensor<?xf32>
  %two = slim.constant dense<[2, 0]> : tensor<2xi64>
  %d = slim.sub %hw, %two : (tensor<?xi64>, tensor<2xi64>) -> tensor<?xi64>
  %e = slim.equal %d, %hw : (tensor<?xi64>, tensor<?xi64>) -> tensor<?xi1>
  %w = slim.select %e, %hw, %d : (tensor<?xi1>, tensor<?xi64>, tensor<?xi64>) -> tensor<?xi64>
  %b = slim.fill %w, %v : (tensor<?xi64>, tensor<f32>) -> tensor<?x?xf32>
  %zero = slim.constant dense<0> : tensor<i64>
  %i = slim.constant dense<2> : tensor<i64>
  %limit = slim.gather %s, %i {axis = 0} : (tensor<3xi64>, tensor<i64>) -> tensor<i64>
  %more = slim.add %limit, %i : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %step = slim.constant dense<1> : tensor<i64>
  %c = slim.range %zero, %more, %step : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  // CHECK: slim.constant dense<[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]> : tensor<10xi64>
  return %a, %b, %c : tensor<?xf32>, tensor<?x?xf32>, tensor<?xi64>
}

// -----

// Users outside the dialect keep their types; calls follow the callee.
// CHECK-LABEL: func.func private @callee
// CHECK-SAME: -> tensor<4x?xf32>
func.func private @callee(%x: tensor<?x4xf32>) -> tensor<?x?xf32> {
  %y = slim.transpose %x {permutation = array<i64: 1, 0>} : (tensor<?x4xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

func.func private @foreign(tensor<?x?xf32>)

// CHECK-LABEL: func.func @caller
// CHECK-SAME: -> tensor<4x?xf32>
func.func @caller(%x: tensor<?x4xf32>) -> tensor<?x?xf32> {
  // CHECK: %[[Y:.*]] = call @callee(%{{.*}}) : (tensor<?x4xf32>) -> tensor<4x?xf32>
  // CHECK: %[[C:.*]] = tensor.cast %[[Y]] : tensor<4x?xf32> to tensor<?x?xf32>
  %y = call @callee(%x) : (tensor<?x4xf32>) -> tensor<?x?xf32>
  // CHECK: call @foreign(%[[C]])
  call @foreign(%y) : (tensor<?x?xf32>) -> ()
  // CHECK: %[[R:.*]] = slim.relu %[[Y]] : (tensor<4x?xf32>) -> tensor<4x?xf32>
  %r = slim.relu %y : (tensor<?x?xf32>) -> tensor<?x?xf32>
  // CHECK: return %[[R]]
  return %r : tensor<?x?xf32>
}

// -----

// A function that is used as a value keeps its type.
// CHECK-LABEL: func.func @value
// CHECK-SAME: -> tensor<?x?xf32>
// CHECK: %[[C:.*]] = tensor.cast
// CHECK: return %[[C]]
func.func @value(%x: tensor<?x4xf32>) -> tensor<?x?xf32> {
  %y = slim.relu %x : (tensor<?x4xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @user() -> ((tensor<?x4xf32>) -> tensor<?x?xf32>) {
  %f = constant @value : (tensor<?x4xf32>) -> tensor<?x?xf32>
  return %f : (tensor<?x4xf32>) -> tensor<?x?xf32>
}

// -----

// A declared type that is more precise than the inferred one stays, and counts.
// CHECK-LABEL: func.func @declared
// CHECK-SAME: -> tensor<4x7xf32>
// CHECK: slim.reshape {{.*}} -> tensor<4x7xf32>
func.func @declared(%x: tensor<?xf32>, %s: tensor<2xi64>) -> tensor<?x?xf32> {
  %y = slim.reshape %x, %s : (tensor<?xf32>, tensor<2xi64>) -> tensor<4x7xf32>
  %z = slim.relu %y : (tensor<4x7xf32>) -> tensor<?x?xf32>
  return %z : tensor<?x?xf32>
}
