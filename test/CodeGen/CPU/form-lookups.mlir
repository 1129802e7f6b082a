// RUN: slim-opt %s -slim-cpu-form-lookups | FileCheck %s

#map = affine_map<(d0) -> (d0)>

// CHECK-LABEL: func @byte
// CHECK: linalg.generic
// CHECK: ^bb0(%[[X:.*]]: i8, %{{.*}}: i8):
// CHECK-NEXT: %[[Y:.*]] = slim_cpu.lookup %[[X]] {table = dense<3> : tensor<256xi8>} : i8
// CHECK-NEXT: linalg.yield %[[Y]] : i8
func.func @byte(%x: tensor<?xi8>, %e: tensor<?xi8>) -> tensor<?xi8> {
  %t = arith.constant dense<3> : tensor<256xi8>
  %r = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%x : tensor<?xi8>) outs(%e : tensor<?xi8>) {
  ^bb0(%a: i8, %o: i8):
    %i = arith.index_castui %a : i8 to index
    %y = tensor.extract %t[%i] : tensor<256xi8>
    linalg.yield %y : i8
  } -> tensor<?xi8>
  return %r : tensor<?xi8>
}

// A table of words, a table of another length, one that is no constant, and a
// signed position.
// CHECK-LABEL: func @others
// CHECK-COUNT-4: tensor.extract
// CHECK-NOT: slim_cpu.lookup
func.func @others(%x: tensor<?xi8>, %u: tensor<256xi8>, %e: tensor<?xi8>) -> tensor<?xi8> {
  %t = arith.constant dense<3> : tensor<256xi8>
  %w = arith.constant dense<3> : tensor<256xi32>
  %s = arith.constant dense<3> : tensor<128xi8>
  %r = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%x : tensor<?xi8>) outs(%e : tensor<?xi8>) {
  ^bb0(%a: i8, %o: i8):
    %i = arith.index_castui %a : i8 to index
    %j = arith.index_cast %a : i8 to index
    %0 = tensor.extract %w[%i] : tensor<256xi32>
    %1 = arith.trunci %0 : i32 to i8
    %2 = tensor.extract %s[%i] : tensor<128xi8>
    %3 = tensor.extract %u[%i] : tensor<256xi8>
    %4 = tensor.extract %t[%j] : tensor<256xi8>
    %5 = arith.addi %1, %2 : i8
    %6 = arith.addi %3, %4 : i8
    %7 = arith.addi %5, %6 : i8
    linalg.yield %7 : i8
  } -> tensor<?xi8>
  return %r : tensor<?xi8>
}

// A codebook of floats at codes of 4 bits; what it has no value for is 0.
// CHECK-LABEL: func @codebook
// CHECK: ^bb0(%[[X:.*]]: i4, %{{.*}}: f32):
// CHECK-NEXT: %[[Y:.*]] = slim_cpu.table %[[X]] {values = dense<[1.000000e+00, 2.000000e+00, 4.000000e+00, 0.000000e+00, {{.*}}]> : tensor<16xf32>} : i4 -> f32
// CHECK-NEXT: linalg.yield %[[Y]] : f32
func.func @codebook(%x: tensor<?xi4>, %e: tensor<?xf32>) -> tensor<?xf32> {
  %t = arith.constant dense<[1.0, 2.0, 4.0]> : tensor<3xf32>
  %r = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%x : tensor<?xi4>) outs(%e : tensor<?xf32>) {
  ^bb0(%a: i4, %o: f32):
    %i = arith.index_castui %a : i4 to index
    %y = tensor.extract %t[%i] : tensor<3xf32>
    linalg.yield %y : f32
  } -> tensor<?xf32>
  return %r : tensor<?xf32>
}

// The codes of a small float are computed.
// CHECK-LABEL: func @float8
// CHECK-NOT: tensor.extract
// CHECK-NOT: slim_cpu.table
// CHECK: arith.mulf
// CHECK: linalg.yield
func.func @float8(%x: tensor<?xf8E4M3FN>, %e: tensor<?xf32>) -> tensor<?xf32> {
  %t = arith.constant dense<1.0> : tensor<256xf32>
  %r = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%x : tensor<?xf8E4M3FN>) outs(%e : tensor<?xf32>) {
  ^bb0(%a: f8E4M3FN, %o: f32):
    %c = arith.bitcast %a : f8E4M3FN to i8
    %i = arith.index_castui %c : i8 to index
    %y = tensor.extract %t[%i] : tensor<256xf32>
    linalg.yield %y : f32
  } -> tensor<?xf32>
  return %r : tensor<?xf32>
}
