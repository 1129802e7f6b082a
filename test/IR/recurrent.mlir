// RUN: slim-opt %s | slim-opt | FileCheck %s
// RUN: slim-opt %s --emit-bytecode | slim-opt | FileCheck %s

// CHECK-LABEL: func @lstm
func.func @lstm(%x: tensor<?x1x32xf32>, %w: tensor<1x256x32xf32>,
                %r: tensor<1x256x64xf32>, %b: tensor<1x512xf32>,
                %h0: tensor<1x1x64xf32>, %p: tensor<1x192xf32>,
                %n: tensor<1xi32>) -> tensor<?x1x1x64xf32> {
  // CHECK: slim.lstm %{{.*}}, %{{.*}}, %{{.*}} bias %{{.*}} initial_h %{{.*}} initial_c %{{.*}} peephole %{{.*}} sequence_lengths %{{.*}} {direction = #slim.direction<forward>, hidden_size = 64 : i64}
  %y, %h, %c = slim.lstm %x, %w, %r bias %b initial_h %h0 initial_c %h0
      peephole %p sequence_lengths %n
      {hidden_size = 64 : i64, direction = #slim.direction<forward>}
    : (tensor<?x1x32xf32>, tensor<1x256x32xf32>, tensor<1x256x64xf32>,
       tensor<1x512xf32>, tensor<1x1x64xf32>, tensor<1x1x64xf32>,
       tensor<1x192xf32>, tensor<1xi32>)
    -> (tensor<?x1x1x64xf32>, tensor<1x1x64xf32>, tensor<1x1x64xf32>)
  return %y : tensor<?x1x1x64xf32>
}

// CHECK-LABEL: func @lstm_bidirectional
func.func @lstm_bidirectional(%x: tensor<7x?x32xf32>, %w: tensor<2x256x32xf32>,
                              %r: tensor<2x256x64xf32>)
    -> (tensor<7x2x?x64xf32>, tensor<2x?x64xf32>) {
  // CHECK: slim.lstm %{{[a-z0-9]*}}, %{{[a-z0-9]*}}, %{{[a-z0-9]*}} {direction
  %y, %h, %c = slim.lstm %x, %w, %r
      {hidden_size = 64 : i64, direction = #slim.direction<bidirectional>}
    : (tensor<7x?x32xf32>, tensor<2x256x32xf32>, tensor<2x256x64xf32>)
    -> (tensor<7x2x?x64xf32>, tensor<2x?x64xf32>, tensor<2x?x64xf32>)
  return %y, %c : tensor<7x2x?x64xf32>, tensor<2x?x64xf32>
}

// CHECK-LABEL: func @gru
func.func @gru(%x: tensor<?x3x32xf32>, %w: tensor<1x192x32xf32>,
               %r: tensor<1x192x64xf32>, %b: tensor<1x384xf32>)
    -> (tensor<?x1x3x64xf32>, tensor<1x3x64xf32>) {
  // CHECK: slim.gru %{{.*}} bias %{{.*}} {direction = #slim.direction<reverse>, hidden_size = 64 : i64, linear_before_reset = true}
  %y, %h = slim.gru %x, %w, %r bias %b {hidden_size = 64 : i64,
      direction = #slim.direction<reverse>, linear_before_reset = true}
    : (tensor<?x3x32xf32>, tensor<1x192x32xf32>, tensor<1x192x64xf32>,
       tensor<1x384xf32>) -> (tensor<?x1x3x64xf32>, tensor<1x3x64xf32>)
  return %y, %h : tensor<?x1x3x64xf32>, tensor<1x3x64xf32>
}
