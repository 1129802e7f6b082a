// RUN: slim-opt %s -slim-print-cost=per-op -o /dev/null 2>&1 | FileCheck %s
// RUN: slim-opt %s -slim-print-cost="json per-op" -o /dev/null 2>&1 | FileCheck %s --check-prefix=JSON

// The linear layer has 64 * 32 weights of one byte and 32 scales, 32 biases of
// four bytes; (2 * 64 + 1) * 32 operations a row.

// CHECK: function {{ *}}params  weight bytes {{ *}}flops  bytes moved  open ops
// CHECK-NEXT: @main   {{ *}}2080 {{ *}}2304 {{ *}}18560 {{ *}}20224 {{ *}}0
// CHECK-NEXT: @open   {{ *}}2080 {{ *}}2304 {{ *}}2048 {{ *}}10368 {{ *}}1
// CHECK-NEXT: @look_up {{ *}}80000 {{ *}}320000 {{ *}}[[#]] {{ *}}272 {{ *}}0
// CHECK-NEXT: module  {{ *}}82080 {{ *}}322304 {{ *}}[[#]] {{ *}}30864 {{ *}}1
// CHECK: ops of @main {{ *}}count {{ *}}flops  bytes moved  open ops
// CHECK-NEXT: slim.dequantize {{ *}}1 {{ *}}2048 {{ *}}10368 {{ *}}0
// CHECK-NEXT: slim.linear {{ *}}1 {{ *}}16512 {{ *}}9856 {{ *}}0
// CHECK: ops of @open
// CHECK: slim.linear {{ *}}1 {{ *}}0 {{ *}}0 {{ *}}1
// CHECK: ops of module
// CHECK: slim.linear {{ *}}2 {{ *}}16512

// JSON: "functions": [
// JSON: "by_op": {
// JSON: "slim.linear": {
// JSON-NEXT: "bytes_moved": 9856,
// JSON-NEXT: "flops": 16512,
// JSON-NEXT: "open_ops": 0,
// JSON-NEXT: "ops": 1
// JSON: "name": "main",
// JSON: "params": 2080,
// JSON: "weight_bytes": 2304
// JSON: "name": "open",
// JSON: "module": {

slim.weight @q : tensor<32x64xi8>
slim.weight @s : tensor<32x1xf32>
slim.weight @b : tensor<32xf32>

func.func @main(%x: tensor<4x64xf32>) -> tensor<4x32xf32> {
  %q = slim.get_weight @q : tensor<32x64xi8>
  %s = slim.get_weight @s : tensor<32x1xf32>
  %b = slim.get_weight @b : tensor<32xf32>
  %w = slim.dequantize %q, %s {block = array<i64: 1, 0>}
    : (tensor<32x64xi8>, tensor<32x1xf32>) -> tensor<32x64xf32>
  %y = slim.linear %x, %w, %b
    : (tensor<4x64xf32>, tensor<32x64xf32>, tensor<32xf32>) -> tensor<4x32xf32>
  return %y : tensor<4x32xf32>
}

func.func @open(%x: tensor<?x64xf32>) -> tensor<?x32xf32> {
  %q = slim.get_weight @q : tensor<32x64xi8>
  %s = slim.get_weight @s : tensor<32x1xf32>
  %b = slim.get_weight @b : tensor<32xf32>
  %w = slim.dequantize %q, %s {block = array<i64: 1, 0>}
    : (tensor<32x64xi8>, tensor<32x1xf32>) -> tensor<32x64xf32>
  %y = slim.linear %x, %w, %b
    : (tensor<?x64xf32>, tensor<32x64xf32>, tensor<32xf32>) -> tensor<?x32xf32>
  return %y : tensor<?x32xf32>
}

// Two rows of 16 numbers are read, and written, by two indices.
slim.weight @table : tensor<5000x16xf32>

func.func @look_up(%i: tensor<2xi64>) -> tensor<2x16xf32> {
  %t = slim.get_weight @table : tensor<5000x16xf32>
  %y = slim.embedding %i, %t
    : (tensor<2xi64>, tensor<5000x16xf32>) -> tensor<2x16xf32>
  return %y : tensor<2x16xf32>
}
