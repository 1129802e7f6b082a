// RUN: slim-opt %s -convert-slim-to-linalg | FileCheck %s

// Signatures, calls, loops and branches carry signless types afterwards;
// attributes of arguments and results stay.

// CHECK-LABEL: func.func @callee
// CHECK-SAME: (%{{.*}}: tensor<4xi8> {slim.name = "x"}) -> (tensor<4xi8> {slim.name = "y"})
func.func @callee(%x: tensor<4xui8> {slim.name = "x"})
    -> (tensor<4xui8> {slim.name = "y"}) {
  return %x : tensor<4xui8>
}

// CHECK-LABEL: func.func @caller
// CHECK-SAME: (%[[X:.*]]: tensor<4xi8>, %[[C:.*]]: i1) -> tensor<4xi8>
func.func @caller(%x: tensor<4xui8>, %c: i1) -> tensor<4xui8> {
  // CHECK: %[[Y:.*]] = call @callee(%[[X]]) : (tensor<4xi8>) -> tensor<4xi8>
  %y = call @callee(%x) : (tensor<4xui8>) -> tensor<4xui8>
  // CHECK: %[[Z:.*]] = scf.if %[[C]] -> (tensor<4xi8>)
  %z = scf.if %c -> tensor<4xui8> {
    scf.yield %y : tensor<4xui8>
  } else {
    scf.yield %x : tensor<4xui8>
  }
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  // CHECK: %[[W:.*]] = scf.for {{.*}} iter_args(%{{.*}} = %[[Z]]) -> (tensor<4xi8>)
  %w = scf.for %i = %c0 to %c4 step %c1 iter_args(%a = %z) -> tensor<4xui8> {
    %b = func.call @callee(%a) : (tensor<4xui8>) -> tensor<4xui8>
    scf.yield %b : tensor<4xui8>
  }
  // CHECK: return %[[W]]
  return %w : tensor<4xui8>
}

// Ops without elements compute nothing.
// CHECK-LABEL: func.func @nothing
// CHECK: %[[E:.*]] = tensor.empty() : tensor<0x4xf32>
// CHECK-NEXT: return %[[E]]
func.func @nothing(%x: tensor<0x4xf32>) -> tensor<0x4xf32> {
  %y = slim.tanh %x : (tensor<0x4xf32>) -> tensor<0x4xf32>
  return %y : tensor<0x4xf32>
}
