// What kernels read as bytes and what loops decode, packed.
// RUN: slim-opt %s --slim-cpu-pack-codes --canonicalize | FileCheck %s

// CHECK: memref.global constant @signed.packed : memref<1152xi8>
memref.global constant @signed : memref<1x72x32xi8>
  {slim.codes = i4, slim.data = dense<-3> : tensor<1x72x32xi8>}
// CHECK: memref.global constant @decoded.packed : memref<900xi8>
memref.global constant @decoded : memref<40x60xi3>
  {slim.data = dense<3> : tensor<40x60xi3>}
// Too little is gained.
// CHECK: memref.global constant @small : memref<1x8x32xi8>
memref.global constant @small : memref<1x8x32xi8>
  {slim.codes = i4, slim.data = dense<-3> : tensor<1x8x32xi8>}
// More than a kernel's time allows.
// CHECK: memref.global constant @large : memref<2x2048x32xi8>
memref.global constant @large : memref<2x2048x32xi8>
  {slim.codes = i4, slim.data = dense<-3> : tensor<2x2048x32xi8>}
// Bytes that are no codes.
// CHECK: memref.global constant @bytes : memref<1x72x32xi8>
memref.global constant @bytes : memref<1x72x32xi8>
  {slim.data = dense<-3> : tensor<1x72x32xi8>}

#left = affine_map<(r, c, k) -> (r, k)>
#right = affine_map<(r, c, k) -> (c floordiv 32, k, c mod 32)>
#sum = affine_map<(r, c, k) -> (r, c)>

// Signed numbers.
// CHECK-LABEL: func @kernel
// CHECK: %[[G:.*]] = memref.get_global @signed.packed
// CHECK: %[[P:.*]] = bufferization.to_tensor %[[G]]
// CHECK: %[[B:.*]] = linalg.generic {{.*}} ins(%[[P]] : tensor<1152xi8>) outs(%{{.*}} : tensor<2x1152xi8>)
// CHECK: linalg.index 0
// CHECK: arith.shrui
// CHECK: arith.shrsi
// CHECK: %[[C:.*]] = tensor.collapse_shape %[[B]]
// CHECK: %[[W:.*]] = tensor.expand_shape %[[C]] {{.*}} into tensor<1x72x32xi8>
// CHECK: slim_cpu.kernel ins(%{{.*}}, %[[W]]
func.func @kernel(%x: tensor<5x72xf32>, %out: tensor<5x32xf32>) -> tensor<5x32xf32> {
  %m = memref.get_global @signed : memref<1x72x32xi8>
  %w = bufferization.to_tensor %m restrict : memref<1x72x32xi8> to tensor<1x72x32xi8>
  %y = slim_cpu.kernel ins(%x, %w : tensor<5x72xf32>, tensor<1x72x32xi8>)
    outs(%out : tensor<5x32xf32>)
    {indexing_maps = [#left, #right, #sum],
     iterator_types = ["parallel", "parallel", "reduction"], init = 0.0 : f32}
    body {
    ^bb0(%a: f32, %b: i8, %s: f32):
      %f = arith.sitofp %b : i8 to f32
      %p = arith.mulf %a, %f : f32
      %t = arith.addf %s, %p : f32
      slim_cpu.yield %t : f32
    } epilogue {
    ^bb0(%s: f32):
      slim_cpu.yield %s : f32
    } -> tensor<5x32xf32>
  return %y : tensor<5x32xf32>
}

// CHECK-LABEL: func @stay
// CHECK: slim_cpu.kernel ins(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : tensor<5x2048xf32>, tensor<2x2048x32xi8>, tensor<1x8x32xi8>, tensor<1x72x32xi8>)
func.func @stay(%x: tensor<5x2048xf32>, %out: tensor<5x64xf32>) -> tensor<5x64xf32> {
  %l = memref.get_global @large : memref<2x2048x32xi8>
  %s = memref.get_global @small : memref<1x8x32xi8>
  %b = memref.get_global @bytes : memref<1x72x32xi8>
  %w = bufferization.to_tensor %l restrict : memref<2x2048x32xi8> to tensor<2x2048x32xi8>
  %u = bufferization.to_tensor %s restrict : memref<1x8x32xi8> to tensor<1x8x32xi8>
  %v = bufferization.to_tensor %b restrict : memref<1x72x32xi8> to tensor<1x72x32xi8>
  %y = slim_cpu.kernel
    ins(%x, %w, %u, %v : tensor<5x2048xf32>, tensor<2x2048x32xi8>, tensor<1x8x32xi8>, tensor<1x72x32xi8>)
    outs(%out : tensor<5x64xf32>)
    {indexing_maps = [#left, #right, affine_map<(r, c, k) -> (0, 0, c mod 32)>,
                      affine_map<(r, c, k) -> (0, 1, c mod 32)>, #sum],
     iterator_types = ["parallel", "parallel", "reduction"], init = 0.0 : f32}
    body {
    ^bb0(%a: f32, %b0: i8, %b1: i8, %b2: i8, %t: f32):
      %f = arith.sitofp %b0 : i8 to f32
      %p = arith.mulf %a, %f : f32
      %q = arith.addf %t, %p : f32
      slim_cpu.yield %q : f32
    } epilogue {
    ^bb0(%t: f32):
      slim_cpu.yield %t : f32
    } -> tensor<5x64xf32>
  return %y : tensor<5x64xf32>
}

// Planes of 2 and 1 bits; the loop takes the bits as codes.
// CHECK-LABEL: func @loop
// CHECK: memref.get_global @decoded.packed
// CHECK: %[[B:.*]] = linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<2x300xi8>, tensor<300xi8>) outs(%{{.*}} : tensor<2x2x2x300xi8>)
// CHECK: %[[C:.*]] = tensor.collapse_shape %[[B]]
// CHECK: %[[W:.*]] = tensor.expand_shape %[[C]] {{.*}} into tensor<40x60xi8>
// CHECK: linalg.generic {{.*}} ins(%[[W]] : tensor<40x60xi8>)
// CHECK-NEXT: ^bb0(%[[V:.*]]: i8, %{{.*}}: f32):
// CHECK-NEXT: %[[T:.*]] = arith.trunci %[[V]] : i8 to i3
// CHECK-NEXT: arith.sitofp %[[T]] : i3 to f32
func.func @loop() -> tensor<40x60xf32> {
  %m = memref.get_global @decoded : memref<40x60xi3>
  %w = bufferization.to_tensor %m restrict : memref<40x60xi3> to tensor<40x60xi3>
  %e = tensor.empty() : tensor<40x60xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
    ins(%w : tensor<40x60xi3>) outs(%e : tensor<40x60xf32>) {
  ^bb0(%in: i3, %out: f32):
    %f = arith.sitofp %in : i3 to f32
    linalg.yield %f : f32
  } -> tensor<40x60xf32>
  return %y : tensor<40x60xf32>
}
