// RUN: slim-opt %s -slim-print-channel-groups -o /dev/null 2>&1 | FileCheck %s
// RUN: slim-opt %s -slim-print-channel-groups=values -o /dev/null 2>&1 | FileCheck %s --check-prefix=VALUES

// Halves of one product gate each other: a neuron has two rows of it. The width
// belongs to whoever calls the function, and behind the norm to its statistics.

// CHECK: group 0: 16 sets{{$}}
// CHECK-NEXT: @up dim 0: 2 of 32
// CHECK-NEXT: @up_bias dim 0: 2 of 32
// CHECK-NEXT: @down dim 1: 1 of 16
// CHECK-NEXT: group 1: 8 sets, kept whole by func.func
// CHECK-NEXT: @up dim 1: 1 of 8
// CHECK-NEXT: group 2: 6 sets, changing statistics of slim.rms_norm
// CHECK-NEXT: @down dim 0: 1 of 6
// CHECK-NEXT: @scale dim 0: 1 of 6
// CHECK-NEXT: @out dim 1: 1 of 6
// CHECK-NEXT: group 3: 5 sets, kept whole by func.return
// CHECK-NEXT: @out dim 0: 1 of 5

// VALUES: group 0: 16 sets{{$}}
// VALUES: %{{.*}} dim 1: 2 of 32
// VALUES: %{{.*}} dim 1: 1 of 16
slim.weight @up : tensor<32x8xf32>
slim.weight @up_bias : tensor<32xf32>
slim.weight @down : tensor<6x16xf32>
slim.weight @scale : tensor<6xf32>
slim.weight @out : tensor<5x6xf32>
func.func @f(%x: tensor<?x8xf32>) -> tensor<?x5xf32> {
  %up = slim.get_weight @up : tensor<32x8xf32>
  %up_bias = slim.get_weight @up_bias : tensor<32xf32>
  %down = slim.get_weight @down : tensor<6x16xf32>
  %scale = slim.get_weight @scale : tensor<6xf32>
  %out = slim.get_weight @out : tensor<5x6xf32>
  %zero = slim.constant dense<0> : tensor<1xi64>
  %half = slim.constant dense<16> : tensor<1xi64>
  %whole = slim.constant dense<32> : tensor<1xi64>
  %one = slim.constant dense<1> : tensor<1xi64>
  %0 = slim.linear %x, %up, %up_bias : (tensor<?x8xf32>, tensor<32x8xf32>, tensor<32xf32>) -> tensor<?x32xf32>
  %1 = slim.slice %0, %zero, %half, %one {axes = array<i64: 1>} : (tensor<?x32xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x16xf32>
  %2 = slim.slice %0, %half, %whole, %one {axes = array<i64: 1>} : (tensor<?x32xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x16xf32>
  %3 = slim.silu %1 : (tensor<?x16xf32>) -> tensor<?x16xf32>
  %4 = slim.mul %3, %2 : (tensor<?x16xf32>, tensor<?x16xf32>) -> tensor<?x16xf32>
  %5 = slim.linear %4, %down : (tensor<?x16xf32>, tensor<6x16xf32>) -> tensor<?x6xf32>
  %6 = slim.rms_norm %5, %scale {axis = 1 : i64, epsilon = 1.0e-5 : f32} : (tensor<?x6xf32>, tensor<6xf32>) -> tensor<?x6xf32>
  %7 = slim.linear %6, %out : (tensor<?x6xf32>, tensor<5x6xf32>) -> tensor<?x5xf32>
  return %7 : tensor<?x5xf32>
}
