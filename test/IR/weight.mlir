// Every op of SlimWeightOps.td, through text, the generic form and bytecode.
// RUN: slim-opt %s | slim-opt | FileCheck %s
// RUN: slim-opt %s --mlir-print-op-generic | slim-opt | FileCheck %s
// RUN: slim-opt %s --emit-bytecode | slim-opt | FileCheck %s

// CHECK: slim.weight @external : tensor<384x384xf32> = #slim.external<"model.safetensors", 4096>
slim.weight @external : tensor<384x384xf32> = #slim.external<"model.safetensors", 4096>
// CHECK: slim.weight @dense : tensor<2xf32> = dense<[5.000000e-01, 2.500000e-01]> : tensor<2xf32>
slim.weight @dense : tensor<2xf32> = dense<[0.5, 0.25]> : tensor<2xf32>
// CHECK: slim.weight @splat : tensor<4x4xf32> = dense<1.000000e+00> : tensor<4x4xf32>
slim.weight @splat : tensor<4x4xf32> = dense<1.0> : tensor<4x4xf32>
// CHECK: slim.weight @resource : tensor<2xi16> = dense_resource<blob> : tensor<2xi16>
slim.weight @resource : tensor<2xi16> = dense_resource<blob> : tensor<2xi16>
// CHECK: slim.weight @"names.of/models:0" : tensor<3xui4>
slim.weight @"names.of/models:0" : tensor<3xui4>
// CHECK: slim.weight @hidden {sym_visibility = "private"} : tensor<f8E4M3FN>
slim.weight @hidden {sym_visibility = "private"} : tensor<f8E4M3FN>

// Two functions, one set of weights.
// CHECK-LABEL: func.func @prefill
func.func @prefill(%x: tensor<?x384xf32>) -> tensor<?x384xf32> {
  // CHECK: slim.get_weight @external : tensor<384x384xf32>
  %w = slim.get_weight @external : tensor<384x384xf32>
  %y = slim.linear %x, %w : (tensor<?x384xf32>, tensor<384x384xf32>) -> tensor<?x384xf32>
  return %y : tensor<?x384xf32>
}

// CHECK-LABEL: func.func @decode
func.func @decode(%x: tensor<1x384xf32>) -> tensor<1x384xf32> {
  // CHECK: slim.get_weight @external : tensor<384x384xf32>
  %w = slim.get_weight @external : tensor<384x384xf32>
  %y = slim.linear %x, %w : (tensor<1x384xf32>, tensor<384x384xf32>) -> tensor<1x384xf32>
  return %y : tensor<1x384xf32>
}

// CHECK-LABEL: func.func @others
func.func @others() -> (tensor<3xui4>, tensor<f8E4M3FN>, tensor<2x2xui8>, tensor<0x3xf16>) {
  // CHECK: slim.get_weight @"names.of/models:0" : tensor<3xui4>
  %a = slim.get_weight @"names.of/models:0" : tensor<3xui4>
  // CHECK: slim.get_weight @hidden : tensor<f8E4M3FN>
  %b = slim.get_weight @hidden : tensor<f8E4M3FN>
  // CHECK: slim.constant dense<{{\[\[}}1, 255], [3, 4]]> : tensor<2x2xui8>
  %c = slim.constant dense<[[1, 255], [3, 4]]> : tensor<2x2xui8>
  // CHECK: slim.constant dense<> : tensor<0x3xf16>
  %d = slim.constant dense<> : tensor<0x3xf16>
  return %a, %b, %c, %d : tensor<3xui4>, tensor<f8E4M3FN>, tensor<2x2xui8>, tensor<0x3xf16>
}

// CHECK: dialect_resources
// CHECK: blob: "0x0200000001000200"
{-#
  dialect_resources: { builtin: { blob: "0x0200000001000200" } }
#-}
