// RUN: slim-opt %s --slim-cpu-factor-scales --split-input-file | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#column = affine_map<(d0, d1) -> (d1)>
#row = affine_map<(d0, d1) -> (d0)>
#x = affine_map<(d0, d1, d2) -> (d0, d2)>
#w = affine_map<(d0, d1, d2) -> (d2, d1)>
#y = affine_map<(d0, d1, d2) -> (d0, d1)>

memref.global constant @w : memref<64x32xi8>
memref.global constant @scale : memref<32xf32>

// The output starts at zero: scaling is all that follows the sum.
// CHECK-LABEL: func @columns
// CHECK-SAME: %[[X:.*]]: tensor<4x64xf32>
// CHECK-DAG: %[[CODES:.*]] = bufferization.to_tensor %{{.*}} : memref<64x32xi8>
// CHECK-DAG: %[[SCALES:.*]] = bufferization.to_tensor %{{.*}} : memref<32xf32>
// CHECK: %[[W:.*]] = linalg.generic {{.*}} ins(%[[CODES]] : tensor<64x32xi8>)
// CHECK: arith.sitofp
// CHECK-NEXT: linalg.yield
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[W]] :
// CHECK: arith.addf
// CHECK: linalg.generic {indexing_maps = [#[[ID:.*]], #[[COLUMN:.*]], #[[ID]]]
// CHECK-SAME: ins(%[[SUM]], %[[SCALES]] : tensor<4x32xf32>, tensor<32xf32>)
// CHECK-NEXT: ^bb0
// CHECK-NEXT: arith.mulf
// CHECK-NEXT: linalg.yield
func.func @columns(%x: tensor<4x64xf32>) -> tensor<4x32xf32> {
  %zero = arith.constant 0.0 : f32
  %wb = memref.get_global @w : memref<64x32xi8>
  %codes = bufferization.to_tensor %wb restrict : memref<64x32xi8> to tensor<64x32xi8>
  %sb = memref.get_global @scale : memref<32xf32>
  %scales = bufferization.to_tensor %sb restrict : memref<32xf32> to tensor<32xf32>
  %we = tensor.empty() : tensor<64x32xf32>
  %w = linalg.generic {indexing_maps = [#id, #column, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%codes, %scales : tensor<64x32xi8>, tensor<32xf32>) outs(%we : tensor<64x32xf32>) {
  ^bb0(%c: i8, %s: f32, %o: f32):
    %f = arith.sitofp %c : i8 to f32
    %d = arith.mulf %s, %f : f32
    linalg.yield %d : f32
  } -> tensor<64x32xf32>
  %ye = tensor.empty() : tensor<4x32xf32>
  %y0 = linalg.fill ins(%zero : f32) outs(%ye : tensor<4x32xf32>) -> tensor<4x32xf32>
  %y = linalg.generic {indexing_maps = [#x, #w, #y],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<4x64xf32>, tensor<64x32xf32>) outs(%y0 : tensor<4x32xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  } -> tensor<4x32xf32>
  return %y : tensor<4x32xf32>
}

// What the output held is not scaled.
// CHECK-LABEL: func @accumulate
// CHECK-SAME: %[[X:.*]]: tensor<4x64xf32>, %[[OLD:.*]]: tensor<4x32xf32>
// CHECK: %[[ZERO:.*]] = linalg.fill
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}} outs(%[[ZERO]] :
// CHECK: linalg.generic {{.*}} ins(%[[SUM]], %{{.*}}, %[[OLD]] :
// CHECK-NEXT: ^bb0(%[[S:.*]]: f32, %[[F:.*]]: f32, %[[O:.*]]: f32, %{{.*}}: f32)
// CHECK-NEXT: %[[M:.*]] = arith.mulf %[[S]], %[[F]]
// CHECK-NEXT: %[[R:.*]] = arith.addf %[[M]], %[[O]]
// CHECK-NEXT: linalg.yield %[[R]]
func.func @accumulate(%x: tensor<4x64xf32>, %old: tensor<4x32xf32>) -> tensor<4x32xf32> {
  %wb = memref.get_global @w : memref<64x32xi8>
  %codes = bufferization.to_tensor %wb restrict : memref<64x32xi8> to tensor<64x32xi8>
  %sb = memref.get_global @scale : memref<32xf32>
  %scales = bufferization.to_tensor %sb restrict : memref<32xf32> to tensor<32xf32>
  %we = tensor.empty() : tensor<64x32xf32>
  %w = linalg.generic {indexing_maps = [#id, #column, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%codes, %scales : tensor<64x32xi8>, tensor<32xf32>) outs(%we : tensor<64x32xf32>) {
  ^bb0(%c: i8, %s: f32, %o: f32):
    %f = arith.sitofp %c : i8 to f32
    %d = arith.mulf %f, %s : f32
    linalg.yield %d : f32
  } -> tensor<64x32xf32>
  %y = linalg.generic {indexing_maps = [#x, #w, #y],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<4x64xf32>, tensor<64x32xf32>) outs(%old : tensor<4x32xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  } -> tensor<4x32xf32>
  return %y : tensor<4x32xf32>
}

// -----

// A scale that changes along the sum stays.
#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#x = affine_map<(d0, d1, d2) -> (d0, d2)>
#w = affine_map<(d0, d1, d2) -> (d2, d1)>
#y = affine_map<(d0, d1, d2) -> (d0, d1)>

memref.global constant @w : memref<64x32xi8>
memref.global constant @scale : memref<64xf32>

// CHECK-LABEL: func @rows
// CHECK: arith.sitofp
// CHECK-NEXT: arith.mulf
// CHECK: arith.addf
// CHECK-NEXT: linalg.yield
// CHECK-NOT: linalg.generic
func.func @rows(%x: tensor<4x64xf32>, %old: tensor<4x32xf32>) -> tensor<4x32xf32> {
  %wb = memref.get_global @w : memref<64x32xi8>
  %codes = bufferization.to_tensor %wb restrict : memref<64x32xi8> to tensor<64x32xi8>
  %sb = memref.get_global @scale : memref<64xf32>
  %scales = bufferization.to_tensor %sb restrict : memref<64xf32> to tensor<64xf32>
  %we = tensor.empty() : tensor<64x32xf32>
  %w = linalg.generic {indexing_maps = [#id, #row, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%codes, %scales : tensor<64x32xi8>, tensor<64xf32>) outs(%we : tensor<64x32xf32>) {
  ^bb0(%c: i8, %s: f32, %o: f32):
    %f = arith.sitofp %c : i8 to f32
    %d = arith.mulf %f, %s : f32
    linalg.yield %d : f32
  } -> tensor<64x32xf32>
  %y = linalg.generic {indexing_maps = [#x, #w, #y],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<4x64xf32>, tensor<64x32xf32>) outs(%old : tensor<4x32xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  } -> tensor<4x32xf32>
  return %y : tensor<4x32xf32>
}
