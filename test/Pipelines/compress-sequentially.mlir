// RUN: %python %S/../Compress/Inputs/write_samples.py %t.npz x=6,4,3
// RUN: slim-opt %s -pass-pipeline='builtin.module(compress-sequentially{data=%t.npz second-moment=true passes={quantize{format=int4 min-elements=1 algorithm=gptq},prune-unstructured{sparsity=0.5 min-elements=1}}})' | FileCheck %s

// Two stages: @a and its twin, whose name has what ends and nests options, read
// the argument, @b what they give. Each weight is met by each pass once.
// CHECK: slim.report = [
// CHECK-SAME: pass = "quantize", {{[^}]*}}weight = "a"}
// CHECK-SAME: pass = "quantize", {{[^}]*}}weight = "a {twin's"}
// CHECK-SAME: pass = "prune-unstructured", {{[^}]*}}weight = "a"}
// CHECK-SAME: pass = "prune-unstructured", {{[^}]*}}weight = "a {twin's"}
// CHECK-SAME: pass = "quantize", {{[^}]*}}weight = "b"}
// CHECK-SAME: pass = "prune-unstructured", {{[^}]*}}weight = "b"}
// CHECK-NOT: "its name does not match 'include'"

// What is in no stage stays as it is.
// CHECK-DAG: slim.weight @a : tensor<4x3xi4>
// CHECK-DAG: slim.weight @"a {twin's" : tensor<4x3xi4>
// CHECK-DAG: slim.weight @b : tensor<2x4xi4>
// CHECK-DAG: slim.weight @table : tensor<4x3xf32>
// CHECK: func @main
module {
  slim.weight @a : tensor<4x3xf32> = dense<[[1.0, 0.5, 0.0], [0.25, -1.0, 0.5], [0.0, 0.0, 1.0], [-0.5, 0.5, 0.5]]> : tensor<4x3xf32>
  slim.weight @"a {twin's" : tensor<4x3xf32> = dense<[[0.0, 0.5, 0.25], [0.25, -1.0, 0.5], [0.0, 0.75, 1.0], [-0.5, 0.5, 0.5]]> : tensor<4x3xf32>
  slim.weight @b : tensor<2x4xf32> = dense<[[1.0, 0.5, 0.0, 0.25], [0.25, -1.0, 0.5, 1.0]]> : tensor<2x4xf32>
  slim.weight @table : tensor<4x3xf32> = dense<[[1.0, 0.5, 0.0], [0.25, -1.0, 0.5], [0.0, 0.0, 1.0], [-0.5, 0.5, 0.5]]> : tensor<4x3xf32>
  func.func @main(%x: tensor<4x3xf32> {slim.name = "x"}) -> (tensor<4x2xf32>, tensor<4x3xf32>) {
    %a = slim.get_weight @a : tensor<4x3xf32>
    %twin = slim.get_weight @"a {twin's" : tensor<4x3xf32>
    %b = slim.get_weight @b : tensor<2x4xf32>
    %table = slim.get_weight @table : tensor<4x3xf32>
    %0 = slim.linear %x, %a : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x4xf32> loc("first")
    %1 = slim.linear %x, %twin : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x4xf32> loc("second")
    %2 = slim.mul %0, %1 : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    %3 = slim.linear %2, %b : (tensor<4x4xf32>, tensor<2x4xf32>) -> tensor<4x2xf32> loc("third")
    %4 = slim.add %x, %table : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
    return %3, %4 : tensor<4x2xf32>, tensor<4x3xf32>
  }
}
