// RUN: slim-opt %s -slim-to-linalg=keep-attention=true | slim-opt -slim-cpu-form-attention -canonicalize | FileCheck %s
// RUN: slim-opt %s "-slim-to-linalg=keep-attention=true multiplies-bf16=true" | slim-opt -slim-cpu-form-attention -canonicalize | FileCheck %s --check-prefix=BF16
// RUN: slim-opt %s -slim-to-linalg | FileCheck %s --check-prefix=DECOMPOSED

// Heads split off rows and merged again: no transpose is left.
// CHECK-LABEL: func @split
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x?x24xf32>
// CHECK-NOT: linalg.transpose
// CHECK: %[[H:.*]] = tensor.expand_shape %[[X]]
// CHECK: %[[Y:.*]] = slim_cpu.attention ins(%[[H]], %[[H]], %[[H]] : tensor<?x?x6x4xf32>
// CHECK-SAME: mask(%{{.*}} : tensor<?x1x1x?xf32>)
// CHECK-SAME: -> tensor<?x?x6x4xf32>
// CHECK-NOT: linalg.transpose
// CHECK: tensor.collapse_shape %[[Y]]
// DECOMPOSED-LABEL: func @split
// DECOMPOSED-NOT: slim.attention
// DECOMPOSED: math.exp
func.func @split(%x: tensor<?x?x24xf32> {slim.dim_names = ["b", "s", ""]},
                 %m: tensor<?x1x1x?xf32> {slim.dim_names = ["b", "", "", "s"]}) -> tensor<?x?x24xf32> {
  %split = slim.constant dense<[0, 0, 6, 4]> : tensor<4xi64>
  %merge = slim.constant dense<[0, 0, 24]> : tensor<3xi64>
  %h = slim.reshape %x, %split : (tensor<?x?x24xf32>, tensor<4xi64>) -> tensor<?x?x6x4xf32>
  %q = slim.transpose %h {permutation = array<i64: 0, 2, 1, 3>} : (tensor<?x?x6x4xf32>) -> tensor<?x6x?x4xf32>
  %y = slim.attention %q, %q, %q mask %m : (tensor<?x6x?x4xf32>, tensor<?x6x?x4xf32>, tensor<?x6x?x4xf32>, tensor<?x1x1x?xf32>) -> tensor<?x6x?x4xf32>
  %t = slim.transpose %y {permutation = array<i64: 0, 2, 1, 3>} : (tensor<?x6x?x4xf32>) -> tensor<?x?x6x4xf32>
  %z = slim.reshape %t, %merge : (tensor<?x?x6x4xf32>, tensor<3xi64>) -> tensor<?x?x24xf32>
  return %z : tensor<?x?x24xf32>
}

// Grouped queries; a boolean mask becomes an addend; keys that are stored
// transposed stay so.
// CHECK-LABEL: func @grouped
// CHECK: linalg.transpose
// CHECK: arith.select
// CHECK: slim_cpu.attention
// CHECK-SAME: causal
// CHECK-SAME: group = 3
// CHECK-SAME: scale = 2.500000e-01
func.func @grouped(%q: tensor<2x6x5x16xf32>, %k: tensor<2x2x16x7xf32>, %v: tensor<2x2x7x8xf32>, %m: tensor<5x7xi1>)
    -> tensor<2x6x5x8xf32> {
  %t = slim.transpose %k {permutation = array<i64: 0, 1, 3, 2>} : (tensor<2x2x16x7xf32>) -> tensor<2x2x7x16xf32>
  %y = slim.attention %q, %t, %v mask %m {causal = true} : (tensor<2x6x5x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x8xf32>, tensor<5x7xi1>) -> tensor<2x6x5x8xf32>
  return %y : tensor<2x6x5x8xf32>
}

// Other element types, and heads of unknown or great size, are decomposed.
// CHECK-LABEL: func @others
// CHECK-NOT: slim_cpu.attention
// CHECK-NOT: slim.attention
// CHECK: return
func.func @others(%a: tensor<1x1x4x8xf64>, %b: tensor<1x1x4x?xf32>, %c: tensor<1x1x4x512xf32>)
    -> (tensor<1x1x4x8xf64>, tensor<1x1x4x?xf32>, tensor<1x1x4x512xf32>) {
  %x = slim.attention %a, %a, %a : (tensor<1x1x4x8xf64>, tensor<1x1x4x8xf64>, tensor<1x1x4x8xf64>) -> tensor<1x1x4x8xf64>
  %y = slim.attention %b, %b, %b : (tensor<1x1x4x?xf32>, tensor<1x1x4x?xf32>, tensor<1x1x4x?xf32>) -> tensor<1x1x4x?xf32>
  %z = slim.attention %c, %c, %c : (tensor<1x1x4x512xf32>, tensor<1x1x4x512xf32>, tensor<1x1x4x512xf32>) -> tensor<1x1x4x512xf32>
  return %x, %y, %z : tensor<1x1x4x8xf64>, tensor<1x1x4x?xf32>, tensor<1x1x4x512xf32>
}

// Attention of bf16 stays so where the target multiplies pairs, and is widened
// where it does not, or where the elements make no pairs.
// CHECK-LABEL: func @narrow
// CHECK-DAG: slim_cpu.attention {{.*}}tensor<1x1x4x8xf32>
// CHECK-DAG: slim_cpu.attention {{.*}}tensor<1x1x4x5xf32>
// BF16-LABEL: func @narrow
// BF16-DAG: slim_cpu.attention {{.*}}tensor<1x1x4x8xbf16>
// BF16-DAG: slim_cpu.attention {{.*}}tensor<1x1x4x5xf32>
func.func @narrow(%a: tensor<1x1x4x8xbf16>, %b: tensor<1x1x4x5xbf16>, %m: tensor<4x4xf32>) -> (tensor<1x1x4x8xbf16>, tensor<1x1x4x5xbf16>) {
  %x = slim.attention %a, %a, %a mask %m : (tensor<1x1x4x8xbf16>, tensor<1x1x4x8xbf16>, tensor<1x1x4x8xbf16>, tensor<4x4xf32>) -> tensor<1x1x4x8xbf16>
  %y = slim.attention %b, %b, %b : (tensor<1x1x4x5xbf16>, tensor<1x1x4x5xbf16>, tensor<1x1x4x5xbf16>) -> tensor<1x1x4x5xbf16>
  return %x, %y : tensor<1x1x4x8xbf16>, tensor<1x1x4x5xbf16>
}
