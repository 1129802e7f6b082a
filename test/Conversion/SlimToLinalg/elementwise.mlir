// RUN: slim-opt %s -split-input-file -convert-slim-to-linalg -canonicalize -cse | FileCheck %s

// CHECK: #[[IDENTITY:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK: #[[ROW:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: func.func @static_broadcast
// CHECK-SAME: %[[X:.*]]: tensor<3x64xf32>, %[[Y:.*]]: tensor<64xf32>
func.func @static_broadcast(%x: tensor<3x64xf32>, %y: tensor<64xf32>)
    -> tensor<3x64xf32> {
  // CHECK: %[[EMPTY:.*]] = tensor.empty() : tensor<3x64xf32>
  // CHECK: linalg.generic
  // CHECK-SAME: indexing_maps = [#[[IDENTITY]], #[[ROW]], #[[IDENTITY]]]
  // CHECK-SAME: ins(%[[X]], %[[Y]] :
  // CHECK: arith.addf
  %z = slim.add %x, %y
    : (tensor<3x64xf32>, tensor<64xf32>) -> tensor<3x64xf32>
  return %z : tensor<3x64xf32>
}

// -----

// A known 1 stretches by its map alone, whatever the other extent.
// CHECK: #[[COLUMN:.*]] = affine_map<(d0, d1) -> (d0, 0)>
// CHECK-LABEL: func.func @known_one
// CHECK-NOT: cf.assert
// CHECK-NOT: scf.if
// CHECK: linalg.generic
// CHECK-SAME: #[[COLUMN]]
func.func @known_one(%x: tensor<3x?xf32>, %y: tensor<3x1xf32>)
    -> tensor<3x?xf32> {
  %z = slim.mul %x, %y : (tensor<3x?xf32>, tensor<3x1xf32>) -> tensor<3x?xf32>
  return %z : tensor<3x?xf32>
}

// -----

// Only the run knows which of two open extents stretches.
// CHECK-LABEL: func.func @open_extents
// CHECK-SAME: %[[X:.*]]: tensor<?x4xf32>, %[[Y:.*]]: tensor<?x4xf32>
func.func @open_extents(%x: tensor<?x4xf32>, %y: tensor<?x4xf32>)
    -> tensor<?x4xf32> {
  // CHECK-DAG: %[[ONE:.*]] = arith.constant 1 : index
  // CHECK-DAG: %[[DX:.*]] = tensor.dim %[[X]]
  // CHECK-DAG: %[[DY:.*]] = tensor.dim %[[Y]]
  // CHECK: %[[ISONE:.*]] = arith.cmpi eq, %[[DX]], %[[ONE]]
  // CHECK: %[[EXTENT:.*]] = arith.select %[[ISONE]], %[[DY]], %[[DX]]
  // CHECK: cf.assert %{{.*}}, "add 'sum': operands have extents that do not broadcast in dimension 0 of the result"
  // CHECK: %[[DIFFERS:.*]] = arith.cmpi ne, %[[DX]], %[[EXTENT]]
  // CHECK: %[[XS:.*]] = scf.if %[[DIFFERS]] -> (tensor<?x4xf32>)
  // CHECK: } else {
  // CHECK-NEXT: scf.yield %[[X]]
  // CHECK: cf.assert
  // CHECK: %[[YS:.*]] = scf.if
  // CHECK: } else {
  // CHECK: %[[EMPTY:.*]] = tensor.empty(%[[EXTENT]])
  // CHECK: linalg.generic
  // CHECK-SAME: ins(%[[XS]], %[[YS]] :
  %z = slim.add %x, %y
    : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32> loc("sum")
  return %z : tensor<?x4xf32>
}

// -----

// Equally named dimensions of arguments are equal, and so are the extents of
// what is computed from them.
// CHECK-LABEL: func.func @named_extents
// CHECK-NOT: cf.assert
// CHECK-NOT: scf.if
// CHECK: return
func.func @named_extents(
    %x: tensor<?x4xf32> {slim.dim_names = ["n", ""]},
    %y: tensor<?x4xf32> {slim.dim_names = ["n", ""]}) -> tensor<?x4xf32> {
  %a = slim.add %x, %y
    : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %b = slim.exp %y : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %c = slim.mul %a, %b
    : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %c : tensor<?x4xf32>
}

// -----

// Unsigned integers become signless; their ops do not.
// CHECK-LABEL: func.func @unsigned
// CHECK-SAME: (%{{.*}}: tensor<64xi8> {slim.name = "x"}, %{{.*}}: tensor<64xi8>) -> (tensor<64xi1>, tensor<64xi8>, tensor<64xf32>)
func.func @unsigned(%x: tensor<64xui8> {slim.name = "x"}, %y: tensor<64xui8>)
    -> (tensor<64xi1>, tensor<64xui8>, tensor<64xf32>) {
  // CHECK: arith.cmpi ult
  %a = slim.less %x, %y : (tensor<64xui8>, tensor<64xui8>) -> tensor<64xi1>
  // CHECK: arith.maxui
  %b = slim.max %x, %y : (tensor<64xui8>, tensor<64xui8>) -> tensor<64xui8>
  // CHECK: arith.uitofp
  %c = slim.cast %x {to = f32} : (tensor<64xui8>) -> tensor<64xf32>
  return %a, %b, %c : tensor<64xi1>, tensor<64xui8>, tensor<64xf32>
}

// -----

// Division by zero and of the least by -1 must not trap.
// CHECK-LABEL: func.func @divide
// CHECK: ^bb0(%[[L:[a-z]+]]: i32, %[[R:[a-z0-9_]+]]: i32, %{{.*}}: i32):
// CHECK: %[[ZERO:.*]] = arith.cmpi eq, %[[R]], %c0_i32
// CHECK: %[[MINUS:.*]] = arith.cmpi eq, %[[R]], %c-1_i32
// CHECK: %[[UNSAFE:.*]] = arith.ori %[[ZERO]], %[[MINUS]]
// CHECK: %[[SAFE:.*]] = arith.select %[[UNSAFE]], %c1_i32, %[[R]]
// CHECK: arith.divsi %[[L]], %[[SAFE]]
func.func @divide(%x: tensor<64xi32>, %y: tensor<64xi32>) -> tensor<64xi32> {
  %z = slim.div %x, %y : (tensor<64xi32>, tensor<64xi32>) -> tensor<64xi32>
  return %z : tensor<64xi32>
}

// -----

// A divisor that is known is divided by as it is.
// CHECK-LABEL: func.func @divide_by_constant
// CHECK: ^bb0(%[[L:[a-z]+]]: i32,
// CHECK-NEXT: %[[Q:.*]] = arith.divsi %[[L]], %c7_i32
// CHECK-NEXT: linalg.yield %[[Q]]
func.func @divide_by_constant(%x: tensor<64xi32>) -> tensor<64xi32> {
  %y = slim.constant dense<7> : tensor<i32>
  %z = slim.div %x, %y : (tensor<64xi32>, tensor<i32>) -> tensor<64xi32>
  return %z : tensor<64xi32>
}

// -----

// Half precision is computed in single precision.
// CHECK-LABEL: func.func @half
// CHECK: %[[X:.*]] = arith.extf %{{.*}} : f16 to f32
// CHECK: %[[Y:.*]] = math.tanh %[[X]] : f32
// CHECK: arith.truncf %[[Y]] : f32 to f16
func.func @half(%x: tensor<64xf16>) -> tensor<64xf16> {
  %y = slim.tanh %x : (tensor<64xf16>) -> tensor<64xf16>
  return %y : tensor<64xf16>
}

// -----

// CHECK-LABEL: func.func @saturate
// CHECK: ^bb0(%[[X:[a-z]+]]: f32,
// CHECK-DAG: %[[ABOVE:.*]] = arith.cmpf oge, %[[X]], %cst{{.*}}
// CHECK-DAG: %[[BELOW:.*]] = arith.cmpf olt, %[[X]], %cst{{.*}}
// CHECK: arith.fptosi %{{.*}} : f32 to i8
// CHECK: arith.select %[[ABOVE]], %c127_i8
// CHECK: arith.select %[[BELOW]], %c-128_i8
func.func @saturate(%x: tensor<64xf32>) -> tensor<64xi8> {
  %y = slim.cast %x {to = i8} : (tensor<64xf32>) -> tensor<64xi8>
  return %y : tensor<64xi8>
}

// -----

// 8-bit floats are converted by integer arithmetic.
// CHECK-LABEL: func.func @small_floats
// CHECK: arith.bitcast %{{.*}} : f32 to i32
// CHECK: arith.bitcast %{{.*}} : i8 to f8E4M3FN
// CHECK-NOT: arith.truncf
func.func @small_floats(%x: tensor<64xf32>) -> tensor<64xf8E4M3FN> {
  %y = slim.cast %x {to = f8E4M3FN} : (tensor<64xf32>) -> tensor<64xf8E4M3FN>
  return %y : tensor<64xf8E4M3FN>
}

// -----

// CHECK-LABEL: func.func @select_and_clamp
// CHECK: arith.select
// CHECK: arith.maximumf
// CHECK: arith.minimumf
func.func @select_and_clamp(%c: tensor<64xi1>, %x: tensor<64xf32>,
                            %l: tensor<f32>, %u: tensor<f32>)
    -> tensor<64xf32> {
  %y = slim.select %c, %x, %l
    : (tensor<64xi1>, tensor<64xf32>, tensor<f32>) -> tensor<64xf32>
  %z = slim.clamp %y lower %l upper %u
    : (tensor<64xf32>, tensor<f32>, tensor<f32>) -> tensor<64xf32>
  return %z : tensor<64xf32>
}
