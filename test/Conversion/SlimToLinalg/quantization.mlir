// RUN: slim-opt %s -split-input-file -convert-slim-to-linalg -canonicalize -cse | FileCheck %s

// A decode tree becomes its reference lowering.
// CHECK-LABEL: func.func @decode
// CHECK: linalg.generic
// CHECK: arith.sitofp
// CHECK: arith.mulf
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "reduction"]
func.func @decode(%x: tensor<5x64xf32>, %q: tensor<8x64xi8>,
                  %s: tensor<8x1xf32>) -> tensor<5x8xf32> {
  %w = slim.dequantize %q, %s {block = array<i64: 1, 0>}
    : (tensor<8x64xi8>, tensor<8x1xf32>) -> tensor<8x64xf32>
  %y = slim.linear %x, %w : (tensor<5x64xf32>, tensor<8x64xf32>) -> tensor<5x8xf32>
  return %y : tensor<5x8xf32>
}

// -----

// CHECK-LABEL: func.func @quantize
// CHECK: %[[Z:.*]] = arith.uitofp
// CHECK: arith.divf
// CHECK: %[[R:.*]] = math.roundeven
// CHECK: %[[A:.*]] = arith.addf %[[R]], %[[Z]]
// CHECK: %[[L:.*]] = arith.cmpf ogt, %[[A]], %[[LO:.*]] : f32
// CHECK: %[[B:.*]] = arith.select %[[L]], %[[A]], %[[LO]]
// CHECK: %[[H:.*]] = arith.cmpf olt, %[[B]], %[[HI:.*]] : f32
// CHECK: %[[C:.*]] = arith.select %[[H]], %[[B]], %[[HI]]
// CHECK: %[[I:.*]] = arith.fptosi %[[C]] : f32 to i32
// CHECK: arith.trunci %[[I]] : i32 to i8
func.func @quantize(%x: tensor<?x64xf32>, %s: tensor<1x1xf32>,
                    %z: tensor<1x1xui8>) -> tensor<?x64xui8> {
  %q = slim.quantize %x, %s, %z {to = ui8, block = array<i64: 0, 0>}
    : (tensor<?x64xf32>, tensor<1x1xf32>, tensor<1x1xui8>) -> tensor<?x64xui8>
  return %q : tensor<?x64xui8>
}

// -----

// CHECK-LABEL: func.func @dynamic_quantize
// CHECK: arith.minimumf {{.*}} fastmath<nnan,nsz>
// CHECK: arith.maximumf {{.*}} fastmath<nnan,nsz>
// CHECK: math.roundeven
func.func @dynamic_quantize(%x: tensor<?x64xf32>)
    -> (tensor<?x64xui8>, tensor<?x1xf32>, tensor<?x1xui8>) {
  %q, %s, %z = slim.dynamic_quantize %x {per_row = true}
    : (tensor<?x64xf32>)
    -> (tensor<?x64xui8>, tensor<?x1xf32>, tensor<?x1xui8>)
  return %q, %s, %z : tensor<?x64xui8>, tensor<?x1xf32>, tensor<?x1xui8>
}
