// What a weight becomes: formats, blocks, types of scales, layouts.

// RUN: slim-opt %s -quantize="min-elements=0 format=int4 group-size=4" | FileCheck %s --check-prefix=INT4
// RUN: slim-opt %s -quantize="min-elements=0 format=int4 group-size=4 asymmetric include=w" | FileCheck %s --check-prefix=ZERO
// RUN: slim-opt %s -quantize="min-elements=0 format=fp8e4m3 block=2x5 scale-type=bf16" | FileCheck %s --check-prefix=FP8
// RUN: slim-opt %s -quantize="min-elements=0 format=mxfp4" | FileCheck %s --check-prefix=MX
// RUN: slim-opt %s -quantize="min-elements=0 format=nvfp4" | FileCheck %s --check-prefix=NV
// RUN: slim-opt %s -quantize="min-elements=0 format=nf4" | FileCheck %s --check-prefix=NF4
// RUN: slim-opt %s -quantize="min-elements=0 format=kmeans2 algorithm=kmeans granularity=tensor" | FileCheck %s --check-prefix=KMEANS
// RUN: slim-opt %s -quantize-binary="min-elements=0" | FileCheck %s --check-prefix=BINARY
// RUN: slim-opt %s -quantize-int4="min-elements=0 group-size=4 algorithm=rtn" | FileCheck %s --check-prefix=INT4
// RUN: slim-opt %s -prune-nm="min-elements=0 include=w" -quantize-int4="min-elements=0 group-size=4" | FileCheck %s --check-prefix=SPARSE

// A linear layer of either layout keeps it; the groups of a convolution run
// through input channels and window.
// INT4: algorithm = "{{.*}}", bytes_after = {{.*}}, format = "int4", granularity = "group of 4"
// INT4-DAG: slim.weight @w : tensor<2x10xi4> = dense<{{\[\[}}7, -1, 2, -3, 7, 7, 7, 7, 1, 7]
// INT4-DAG: slim.weight @w.scale : tensor<2x3xf32>
// INT4-DAG: slim.weight @t.scale : tensor<3x2xf32>
// INT4-DAG: slim.weight @f : tensor<2x27xi4>
// INT4-LABEL: func @main
// INT4: slim.dequantize %{{.*}}, %{{.*}} {block = array<i64: 1, 4>} : (tensor<2x10xi4>, tensor<2x3xf32>) -> tensor<2x10xf32>
// INT4: slim.dequantize %{{.*}}, %{{.*}} {block = array<i64: 4, 1>} : (tensor<10x2xi4>, tensor<3x2xf32>) -> tensor<10x2xf32>
// INT4: %[[M:.*]] = slim.dequantize %{{.*}}, %{{.*}} {block = array<i64: 1, 4>} : (tensor<2x27xi4>, tensor<2x7xf32>) -> tensor<2x27xf32>
// INT4: slim.reshape_decode %[[M]] {permutation = array<i64: 0, 1>, shape = array<i64: 2, 3, 3, 3>}

// ZERO: slim.weight @w : tensor<2x10xi4> = dense<{{\[\[}}6, -6, -1, -8, 7, 7, 7, 7, -6, 7]
// ZERO: slim.weight @w.zero_point : tensor<2x3xi4> = dense<{{\[\[}}-4, -8, -8]
// ZERO: slim.dequantize %{{.*}}, %{{.*}}, %{{.*}} {block = array<i64: 1, 4>} : (tensor<2x10xi4>, tensor<2x3xf32>, tensor<2x3xi4>)

// FP8: %[[S:.*]] = slim.get_weight @w.scale : tensor<1x2xbf16>
// FP8: %[[C:.*]] = slim.cast %[[S]] {to = f32} : (tensor<1x2xbf16>) -> tensor<1x2xf32>
// FP8: slim.dequantize %{{.*}}, %[[C]] {block = array<i64: 0, 5>} : (tensor<2x10xf8E4M3FN>, tensor<1x2xf32>) -> tensor<2x10xf32>

// MX: slim.get_weight @w.scale : tensor<2x1xf8E8M0FNU>
// MX: slim.cast %{{.*}} {to = f32} : (tensor<2x1xf8E8M0FNU>) -> tensor<2x1xf32>
// MX: slim.dequantize %{{.*}}, %{{.*}} {block = array<i64: 1, 0>} : (tensor<2x10xf4E2M1FN>, tensor<2x1xf32>)

// NV: slim.weight @f.tensor_scale : tensor<1x1xf32>
// NV: %[[S8:.*]] = slim.get_weight @f.scale : tensor<2x2xf8E4M3FN>
// NV: %[[T:.*]] = slim.get_weight @f.tensor_scale : tensor<1x1xf32>
// NV: %[[SF:.*]] = slim.dequantize %[[S8]], %[[T]] {block = array<i64: 0, 0>} : (tensor<2x2xf8E4M3FN>, tensor<1x1xf32>) -> tensor<2x2xf32>
// NV: slim.dequantize %{{.*}}, %[[SF]] {block = array<i64: 1, 16>}

// A table of 16 numbers is more than these codes save, but for the filter.
// NF4: message = "its scales outweigh what codes save"
// NF4: slim.weight @f.table : tensor<16xf32> = dense<[-1.000000e+00, -0.69619
// NF4: %[[N:.*]] = slim.codebook_decode %{{.*}}, %{{.*}} : (tensor<2x3x3x3xui4>, tensor<16xf32>) -> tensor<2x3x3x3xf32>
// NF4: slim.dequantize %[[N]], %{{.*}} {block = array<i64: 1, 0, 0, 0>}

// One table for the whole weight needs no scale.
// KMEANS: message = "2-bit codes with 0 scales"
// KMEANS: slim.weight @w.table : tensor<4xf32>
// KMEANS: %[[K:.*]] = slim.codebook_decode %{{.*}}, %{{.*}} : (tensor<2x10xui2>, tensor<4xf32>) -> tensor<2x10xf32>
// KMEANS: slim.linear %{{.*}}, %[[K]]

// BINARY: %[[B:.*]] = slim.codebook_decode %{{.*}}, %{{.*}} : (tensor<2x10xui1>, tensor<2xf32>) -> tensor<2x10xf32>
// BINARY: slim.dequantize %[[B]], %{{.*}} {block = array<i64: 1, 0>}

// The survivors have groups of their own; what is not in chunks of four stays.
// SPARSE: %[[SV:.*]] = slim.dequantize %{{.*}}, %{{.*}} {block = array<i64: 1, 4>} : (tensor<2x10xi4>
module {
  slim.weight @w : tensor<2x10xf32> = dense<[[7.0, -1.0, 2.0, -3.0, 1.0, 1.0, 1.0, 1.0, 0.5, 3.5], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, -9.0, 0.0]]> : tensor<2x10xf32>
  slim.weight @t : tensor<10x2xf32> = dense<[[7.0, 1.0], [-1.0, 2.0], [2.0, 3.0], [-3.0, 4.0], [1.0, 5.0], [1.0, 6.0], [1.0, 7.0], [1.0, 8.0], [0.5, -9.0], [3.5, 0.0]]> : tensor<10x2xf32>
  slim.weight @f : tensor<2x3x3x3xf32> = dense<0.5> : tensor<2x3x3x3xf32>
  func.func @main(%x: tensor<?x10xf32>, %c: tensor<1x3x5x5xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>, tensor<1x2x3x3xf32>) {
    %w = slim.get_weight @w : tensor<2x10xf32>
    %y = slim.linear %x, %w : (tensor<?x10xf32>, tensor<2x10xf32>) -> tensor<?x2xf32>
    %t = slim.get_weight @t : tensor<10x2xf32>
    %z = slim.linear %x, %t {transposed = true} : (tensor<?x10xf32>, tensor<10x2xf32>) -> tensor<?x2xf32>
    %f = slim.get_weight @f : tensor<2x3x3x3xf32>
    %o = slim.conv %c, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1}
      : (tensor<1x3x5x5xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x3x3xf32>
    return %y, %z, %o : tensor<?x2xf32>, tensor<?x2xf32>, tensor<1x2x3x3xf32>
  }
}
