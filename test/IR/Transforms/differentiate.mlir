// RUN: slim-opt %s -split-input-file -slim-differentiate="function=f" | FileCheck %s
// RUN: slim-opt %s -split-input-file -slim-differentiate="function=f arguments=1 weights=^w$" | FileCheck %s --check-prefix=CHOSEN

// A value with two uses gets the sum of both gradients; the function itself
// stays.
slim.weight @w : tensor<4x4xf32>
slim.weight @other : tensor<4xf32>

// CHECK-LABEL: func.func @f(
// CHECK-SAME:      %{{.*}}: tensor<?x4xf32>, %{{.*}}: tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK-LABEL: func.func @f.gradient(
// CHECK-SAME:      %[[X:.*]]: tensor<?x4xf32>, %[[Y:.*]]: tensor<?x4xf32>, %[[G:.*]]: tensor<?x4xf32>)
// CHECK-SAME:      -> (tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>)
// CHECK:         %[[E:.*]] = slim.exp %[[X]]
// CHECK:         %[[R:.*]] = slim.mul %{{.*}}, %{{.*}}
// CHECK:         %[[A:.*]] = slim.mul %[[G]], %{{.*}}
// CHECK:         %[[B:.*]] = slim.linear %{{.*}}, %{{.*}} {transposed = true}
// CHECK:         %[[S:.*]] = slim.add %{{.*}}, %{{.*}} : (tensor<?x4xf32>, tensor<?x4xf32>)
// CHECK:         %[[D:.*]] = slim.mul %[[S]], %[[E]]
// CHECK:         return %[[R]], %[[D]], %{{.*}} : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>

// With respect to the second argument and one weight alone, nothing of the
// first one's gradient is left.
// CHOSEN-LABEL: func.func @f.gradient(
// CHOSEN-SAME:      -> (tensor<?x4xf32>, tensor<?x4xf32>, tensor<4x4xf32>)
// CHOSEN:         slim.exp
// CHOSEN-NOT:     slim.linear {{.*}}transposed
// CHOSEN:         slim.matmul
// CHOSEN-NOT:     slim.linear {{.*}}transposed
// CHOSEN:         return
func.func @f(%x: tensor<?x4xf32>, %y: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %w = slim.get_weight @w : tensor<4x4xf32>
  %b = slim.get_weight @other : tensor<4xf32>
  %e = slim.exp %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %l = slim.linear %e, %w, %b
    : (tensor<?x4xf32>, tensor<4x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %s = slim.add %l, %y : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %r = slim.mul %s, %e : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %r : tensor<?x4xf32>
}

// -----

slim.weight @w : tensor<4xf32>

// What no result depends on has a gradient of zeros, in its shape; ops whose
// inputs are not chosen need no derivative.
// CHECK-LABEL: func.func @f.gradient(
// CHECK-SAME:      %{{.*}}: tensor<?x4xf32>, %[[Y:.*]]: tensor<?xf32>, %{{.*}}: tensor<4xi64>
// CHECK:         %[[Z:.*]] = slim.fill
// CHECK:         return %{{.*}}, %{{.*}}, %[[Z]] : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?xf32>
// CHOSEN-LABEL: func.func @f.gradient(
// CHOSEN:         return %{{.*}} : tensor<?x4xf32>, tensor<?xf32>, tensor<4xf32>
func.func @f(%x: tensor<?x4xf32>, %y: tensor<?xf32>, %i: tensor<4xi64>) -> tensor<?x4xf32> {
  %w = slim.get_weight @w : tensor<4xf32>
  %f = slim.cast %i {to = f32} : (tensor<4xi64>) -> tensor<4xf32>
  %r = slim.floor %f : (tensor<4xf32>) -> tensor<4xf32>
  %a = slim.add %x, %r : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %m = slim.mul %a, %w : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return %m : tensor<?x4xf32>
}
