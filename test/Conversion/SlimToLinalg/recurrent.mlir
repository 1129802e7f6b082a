// RUN: slim-opt --convert-slim-to-linalg --canonicalize --cse --split-input-file %s | FileCheck %s

// CHECK-LABEL: func.func @lstm
// CHECK: linalg.transpose ins(%{{.*}} : tensor<256x64xf32>)
// CHECK: linalg.matmul
// CHECK-SAME: ins(%{{.*}}, %{{.*}} : tensor<?x32xf32>, tensor<256x32xf32>)
// CHECK: scf.for
// CHECK: linalg.matmul ins(%{{.*}}, %{{.*}} : tensor<1x64xf32>, tensor<64x256xf32>)
// CHECK: linalg.generic
// CHECK: math.tanh
// CHECK: tensor.insert_slice
// CHECK: scf.yield
func.func @lstm(%x: tensor<?x1x32xf32>, %w: tensor<1x256x32xf32>, %r: tensor<1x256x64xf32>, %b: tensor<1x512xf32>, %h0: tensor<1x1x64xf32>, %c0: tensor<1x1x64xf32>)
    -> (tensor<?x1x1x64xf32>, tensor<1x1x64xf32>, tensor<1x1x64xf32>) {
  %y, %h, %c = slim.lstm %x, %w, %r bias %b initial_h %h0 initial_c %c0 {hidden_size = 64, direction = #slim.direction<forward>}
    : (tensor<?x1x32xf32>, tensor<1x256x32xf32>, tensor<1x256x64xf32>, tensor<1x512xf32>, tensor<1x1x64xf32>, tensor<1x1x64xf32>)
    -> (tensor<?x1x1x64xf32>, tensor<1x1x64xf32>, tensor<1x1x64xf32>)
  return %y, %h, %c : tensor<?x1x1x64xf32>, tensor<1x1x64xf32>, tensor<1x1x64xf32>
}

// -----

// One step needs no loop.
// CHECK-LABEL: func.func @one_step
// CHECK-NOT: scf.for
// CHECK: return
func.func @one_step(%x: tensor<1x2x4xf32>, %w: tensor<1x12x4xf32>, %r: tensor<1x12x3xf32>)
    -> (tensor<1x1x2x3xf32>, tensor<1x2x3xf32>, tensor<1x2x3xf32>) {
  %y, %h, %c = slim.lstm %x, %w, %r {hidden_size = 3, direction = #slim.direction<forward>}
    : (tensor<1x2x4xf32>, tensor<1x12x4xf32>, tensor<1x12x3xf32>)
    -> (tensor<1x1x2x3xf32>, tensor<1x2x3xf32>, tensor<1x2x3xf32>)
  return %y, %h, %c : tensor<1x1x2x3xf32>, tensor<1x2x3xf32>, tensor<1x2x3xf32>
}

// -----

// A loop a direction; a state beyond a sequence's length stays.
// CHECK-LABEL: func.func @gru
// CHECK: scf.for
// CHECK: arith.cmpi slt
// CHECK: arith.select
// CHECK: scf.for
// CHECK-NOT: scf.for
func.func @gru(%x: tensor<?x?x32xf32>, %w: tensor<2x192x32xf32>, %r: tensor<2x192x64xf32>, %n: tensor<?xi32>)
    -> (tensor<?x2x?x64xf32>, tensor<2x?x64xf32>) {
  %y, %h = slim.gru %x, %w, %r sequence_lengths %n {hidden_size = 64, direction = #slim.direction<bidirectional>, linear_before_reset = true}
    : (tensor<?x?x32xf32>, tensor<2x192x32xf32>, tensor<2x192x64xf32>, tensor<?xi32>) -> (tensor<?x2x?x64xf32>, tensor<2x?x64xf32>)
  return %y, %h : tensor<?x2x?x64xf32>, tensor<2x?x64xf32>
}
