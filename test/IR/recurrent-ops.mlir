// Every op of SlimRecurrentOps.td, through text, the generic form and bytecode.
// RUN: slim-opt %s | slim-opt | FileCheck %s
// RUN: slim-opt %s --mlir-print-op-generic | slim-opt | FileCheck %s
// RUN: slim-opt %s --emit-bytecode | slim-opt | FileCheck %s

// CHECK-LABEL: func.func @gru(
// CHECK: slim.gru %{{.*}}, %{{.*}}, %{{.*}} {direction = #slim.direction<forward>, hidden_size = 64 : i64} : (tensor<?x1x32xf32>, tensor<1x192x32xf32>, tensor<1x192x64xf32>) -> (tensor<?x1x1x64xf32>, tensor<1x1x64xf32>)
func.func @gru(%x: tensor<?x1x32xf32>, %w: tensor<1x192x32xf32>, %r: tensor<1x192x64xf32>) -> (tensor<?x1x1x64xf32>, tensor<1x1x64xf32>) {
  %y, %h = slim.gru %x, %w, %r {hidden_size = 64, direction = #slim.direction<forward>} : (tensor<?x1x32xf32>, tensor<1x192x32xf32>, tensor<1x192x64xf32>) -> (tensor<?x1x1x64xf32>, tensor<1x1x64xf32>)
  return %y, %h : tensor<?x1x1x64xf32>, tensor<1x1x64xf32>
}

// CHECK-LABEL: func.func @lstm(
// CHECK: slim.lstm %{{.*}}, %{{.*}}, %{{.*}} bias %{{.*}} initial_h %{{.*}} initial_c %{{.*}} {direction = #slim.direction<forward>, hidden_size = 64 : i64} : (tensor<?x1x32xf32>, tensor<1x256x32xf32>, tensor<1x256x64xf32>, tensor<1x512xf32>, tensor<1x1x64xf32>, tensor<1x1x64xf32>) -> (tensor<?x1x1x64xf32>, tensor<1x1x64xf32>, tensor<1x1x64xf32>)
func.func @lstm(%x: tensor<?x1x32xf32>, %w: tensor<1x256x32xf32>, %r: tensor<1x256x64xf32>, %b: tensor<1x512xf32>, %h0: tensor<1x1x64xf32>, %c0: tensor<1x1x64xf32>) -> (tensor<?x1x1x64xf32>, tensor<1x1x64xf32>, tensor<1x1x64xf32>) {
  %y, %h, %c = slim.lstm %x, %w, %r bias %b initial_h %h0 initial_c %c0 {hidden_size = 64, direction = #slim.direction<forward>} : (tensor<?x1x32xf32>, tensor<1x256x32xf32>, tensor<1x256x64xf32>, tensor<1x512xf32>, tensor<1x1x64xf32>, tensor<1x1x64xf32>) -> (tensor<?x1x1x64xf32>, tensor<1x1x64xf32>, tensor<1x1x64xf32>)
  return %y, %h, %c : tensor<?x1x1x64xf32>, tensor<1x1x64xf32>, tensor<1x1x64xf32>
}
