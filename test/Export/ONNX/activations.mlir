// Quantized activations, there and back.
// RUN: slim-export %s -o %t.onnx
// RUN: slim-translate --import-onnx %t.onnx | FileCheck %s

// CHECK: %[[Q:.*]] = slim.quantize %{{.*}}, %{{.*}}, %{{.*}} {block = array<i64: 0, 0>, to = ui8} : (tensor<?x32xf32>, tensor<1x1xf32>, tensor<1x1xui8>) -> tensor<?x32xui8>
// CHECK: slim.dequantize %[[Q]], %{{.*}}, %{{.*}} {block = array<i64: 0, 0>}
// CHECK: %[[C:.*]] = slim.quantize %{{.*}}, %{{.*}} {block = array<i64: 0, 1>, to = i8} : (tensor<?x32xf32>, tensor<1x32xf32>) -> tensor<?x32xi8>
// CHECK: slim.dequantize %[[C]], %{{.*}} {block = array<i64: 0, 1>}
// CHECK: slim.dynamic_quantize %{{.*}} : (tensor<?x32xf32>) -> (tensor<?x32xui8>, tensor<1x1xf32>, tensor<1x1xui8>)
func.func @main(%x: tensor<?x32xf32>, %scales: tensor<1x32xf32>) -> (tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32>) {
  %s = slim.constant dense<0.125> : tensor<1x1xf32>
  %z = slim.constant dense<3> : tensor<1x1xui8>
  %q = slim.quantize %x, %s, %z {to = ui8, block = array<i64: 0, 0>} : (tensor<?x32xf32>, tensor<1x1xf32>, tensor<1x1xui8>) -> tensor<?x32xui8>
  %a = slim.dequantize %q, %s, %z {block = array<i64: 0, 0>} : (tensor<?x32xui8>, tensor<1x1xf32>, tensor<1x1xui8>) -> tensor<?x32xf32>
  %c = slim.quantize %x, %scales {to = i8, block = array<i64: 0, 1>} : (tensor<?x32xf32>, tensor<1x32xf32>) -> tensor<?x32xi8>
  %b = slim.dequantize %c, %scales {block = array<i64: 0, 1>} : (tensor<?x32xi8>, tensor<1x32xf32>) -> tensor<?x32xf32>
  %d, %ds, %dz = slim.dynamic_quantize %x : (tensor<?x32xf32>) -> (tensor<?x32xui8>, tensor<1x1xf32>, tensor<1x1xui8>)
  %e = slim.dequantize %d, %ds, %dz {block = array<i64: 0, 0>} : (tensor<?x32xui8>, tensor<1x1xf32>, tensor<1x1xui8>) -> tensor<?x32xf32>
  return %a, %b, %e : tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32>
}
