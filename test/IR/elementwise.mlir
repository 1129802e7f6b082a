// Every op of SlimElementwiseOps.td, through text, the generic form and bytecode.
// RUN: slim-opt %s | slim-opt | FileCheck %s
// RUN: slim-opt %s --mlir-print-op-generic | slim-opt | FileCheck %s
// RUN: slim-opt %s --emit-bytecode | slim-opt | FileCheck %s

// CHECK-LABEL: func.func @abs(
// CHECK: slim.abs %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @abs(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.abs %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @acos(
// CHECK: slim.acos %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @acos(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.acos %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @acosh(
// CHECK: slim.acosh %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @acosh(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.acosh %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @add(
// CHECK: slim.add %{{.*}}, %{{.*}} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
func.func @add(%a: tensor<?x4xf32>, %b: tensor<4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.add %a, %b : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @and(
// CHECK: slim.and %{{.*}}, %{{.*}} : (tensor<?x4xi1>, tensor<4xi1>) -> tensor<?x4xi1>
func.func @and(%a: tensor<?x4xi1>, %b: tensor<4xi1>) -> (tensor<?x4xi1>) {
  %y = slim.and %a, %b : (tensor<?x4xi1>, tensor<4xi1>) -> tensor<?x4xi1>
  return %y : tensor<?x4xi1>
}

// CHECK-LABEL: func.func @asin(
// CHECK: slim.asin %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @asin(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.asin %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @asinh(
// CHECK: slim.asinh %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @asinh(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.asinh %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @atan(
// CHECK: slim.atan %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @atan(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.atan %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @atanh(
// CHECK: slim.atanh %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @atanh(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.atanh %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @cast(
// CHECK: slim.cast %{{.*}} {to = f32} : (tensor<?x4xi64>) -> tensor<?x4xf32>
func.func @cast(%x: tensor<?x4xi64>) -> (tensor<?x4xf32>) {
  %y = slim.cast %x {to = f32} : (tensor<?x4xi64>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @ceil(
// CHECK: slim.ceil %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @ceil(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.ceil %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @clamp(
// CHECK: slim.clamp %{{.*}} lower %{{.*}} upper %{{.*}} : (tensor<?x4xf32>, tensor<f32>, tensor<f32>) -> tensor<?x4xf32>
func.func @clamp(%x: tensor<?x4xf32>, %l: tensor<f32>, %u: tensor<f32>) -> (tensor<?x4xf32>) {
  %y = slim.clamp %x lower %l upper %u : (tensor<?x4xf32>, tensor<f32>, tensor<f32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @cos(
// CHECK: slim.cos %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @cos(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.cos %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @cosh(
// CHECK: slim.cosh %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @cosh(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.cosh %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @div(
// CHECK: slim.div %{{.*}}, %{{.*}} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
func.func @div(%a: tensor<?x4xf32>, %b: tensor<4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.div %a, %b : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @elu(
// CHECK: slim.elu %{{.*}} {alpha = 1.000000e+00 : f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @elu(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.elu %x {alpha = 1.0 : f32, gamma = 1.0 : f32, scale = 1.0 : f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @equal(
// CHECK: slim.equal %{{.*}}, %{{.*}} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xi1>
func.func @equal(%a: tensor<?x4xf32>, %b: tensor<4xf32>) -> (tensor<?x4xi1>) {
  %y = slim.equal %a, %b : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xi1>
  return %y : tensor<?x4xi1>
}

// CHECK-LABEL: func.func @erf(
// CHECK: slim.erf %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @erf(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.erf %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @exp(
// CHECK: slim.exp %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @exp(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.exp %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @floor(
// CHECK: slim.floor %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @floor(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.floor %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @gelu(
// CHECK: slim.gelu %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @gelu(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.gelu %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @greater_equal(
// CHECK: slim.greater_equal %{{.*}}, %{{.*}} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xi1>
func.func @greater_equal(%a: tensor<?x4xf32>, %b: tensor<4xf32>) -> (tensor<?x4xi1>) {
  %y = slim.greater_equal %a, %b : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xi1>
  return %y : tensor<?x4xi1>
}

// CHECK-LABEL: func.func @greater(
// CHECK: slim.greater %{{.*}}, %{{.*}} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xi1>
func.func @greater(%a: tensor<?x4xf32>, %b: tensor<4xf32>) -> (tensor<?x4xi1>) {
  %y = slim.greater %a, %b : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xi1>
  return %y : tensor<?x4xi1>
}

// CHECK-LABEL: func.func @hard_sigmoid(
// CHECK: slim.hard_sigmoid %{{.*}} {alpha = 2.000000e-01 : f32, beta = 5.000000e-01 : f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @hard_sigmoid(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.hard_sigmoid %x {alpha = 0.2 : f32, beta = 0.5 : f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @hard_swish(
// CHECK: slim.hard_swish %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @hard_swish(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.hard_swish %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @is_inf(
// CHECK: slim.is_inf %{{.*}} {negative = false} : (tensor<?x4xf32>) -> tensor<?x4xi1>
func.func @is_inf(%x: tensor<?x4xf32>) -> (tensor<?x4xi1>) {
  %y = slim.is_inf %x {positive = true, negative = false} : (tensor<?x4xf32>) -> tensor<?x4xi1>
  return %y : tensor<?x4xi1>
}

// CHECK-LABEL: func.func @is_nan(
// CHECK: slim.is_nan %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xi1>
func.func @is_nan(%x: tensor<?x4xf32>) -> (tensor<?x4xi1>) {
  %y = slim.is_nan %x : (tensor<?x4xf32>) -> tensor<?x4xi1>
  return %y : tensor<?x4xi1>
}

// CHECK-LABEL: func.func @leaky_relu(
// CHECK: slim.leaky_relu %{{.*}} {alpha = 0.00999999977 : f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @leaky_relu(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.leaky_relu %x {alpha = 0.01 : f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @less_equal(
// CHECK: slim.less_equal %{{.*}}, %{{.*}} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xi1>
func.func @less_equal(%a: tensor<?x4xf32>, %b: tensor<4xf32>) -> (tensor<?x4xi1>) {
  %y = slim.less_equal %a, %b : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xi1>
  return %y : tensor<?x4xi1>
}

// CHECK-LABEL: func.func @less(
// CHECK: slim.less %{{.*}}, %{{.*}} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xi1>
func.func @less(%a: tensor<?x4xf32>, %b: tensor<4xf32>) -> (tensor<?x4xi1>) {
  %y = slim.less %a, %b : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xi1>
  return %y : tensor<?x4xi1>
}

// CHECK-LABEL: func.func @log(
// CHECK: slim.log %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @log(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.log %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @max(
// CHECK: slim.max %{{.*}}, %{{.*}} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
func.func @max(%a: tensor<?x4xf32>, %b: tensor<4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.max %a, %b : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @min(
// CHECK: slim.min %{{.*}}, %{{.*}} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
func.func @min(%a: tensor<?x4xf32>, %b: tensor<4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.min %a, %b : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @mish(
// CHECK: slim.mish %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @mish(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.mish %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @mod(
// CHECK: slim.mod %{{.*}}, %{{.*}} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
func.func @mod(%a: tensor<?x4xf32>, %b: tensor<4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.mod %a, %b : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @mul(
// CHECK: slim.mul %{{.*}}, %{{.*}} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
func.func @mul(%a: tensor<?x4xf32>, %b: tensor<4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.mul %a, %b : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @neg(
// CHECK: slim.neg %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @neg(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.neg %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @not(
// CHECK: slim.not %{{.*}} : (tensor<?x4xi1>) -> tensor<?x4xi1>
func.func @not(%x: tensor<?x4xi1>) -> (tensor<?x4xi1>) {
  %y = slim.not %x : (tensor<?x4xi1>) -> tensor<?x4xi1>
  return %y : tensor<?x4xi1>
}

// CHECK-LABEL: func.func @or(
// CHECK: slim.or %{{.*}}, %{{.*}} : (tensor<?x4xi1>, tensor<4xi1>) -> tensor<?x4xi1>
func.func @or(%a: tensor<?x4xi1>, %b: tensor<4xi1>) -> (tensor<?x4xi1>) {
  %y = slim.or %a, %b : (tensor<?x4xi1>, tensor<4xi1>) -> tensor<?x4xi1>
  return %y : tensor<?x4xi1>
}

// CHECK-LABEL: func.func @prelu(
// CHECK: slim.prelu %{{.*}}, %{{.*}} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
func.func @prelu(%a: tensor<?x4xf32>, %b: tensor<4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.prelu %a, %b : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @pow(
// CHECK: slim.pow %{{.*}}, %{{.*}} : (tensor<?x4xf32>, tensor<i64>) -> tensor<?x4xf32>
func.func @pow(%x: tensor<?x4xf32>, %e: tensor<i64>) -> (tensor<?x4xf32>) {
  %y = slim.pow %x, %e : (tensor<?x4xf32>, tensor<i64>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @reciprocal(
// CHECK: slim.reciprocal %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @reciprocal(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.reciprocal %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @relu(
// CHECK: slim.relu %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @relu(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.relu %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @rem(
// CHECK: slim.rem %{{.*}}, %{{.*}} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
func.func @rem(%a: tensor<?x4xf32>, %b: tensor<4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.rem %a, %b : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @round(
// CHECK: slim.round %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @round(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.round %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @rsqrt(
// CHECK: slim.rsqrt %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @rsqrt(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.rsqrt %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @select(
// CHECK: slim.select %{{.*}}, %{{.*}}, %{{.*}} : (tensor<?x1xi1>, tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
func.func @select(%c: tensor<?x1xi1>, %a: tensor<?x4xf32>, %b: tensor<f32>) -> (tensor<?x4xf32>) {
  %y = slim.select %c, %a, %b : (tensor<?x1xi1>, tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @shift_left(
// CHECK: slim.shift_left %{{.*}}, %{{.*}} : (tensor<?x4xi32>, tensor<4xi32>) -> tensor<?x4xi32>
func.func @shift_left(%a: tensor<?x4xi32>, %b: tensor<4xi32>) -> (tensor<?x4xi32>) {
  %y = slim.shift_left %a, %b : (tensor<?x4xi32>, tensor<4xi32>) -> tensor<?x4xi32>
  return %y : tensor<?x4xi32>
}

// CHECK-LABEL: func.func @shift_right(
// CHECK: slim.shift_right %{{.*}}, %{{.*}} : (tensor<?x4xi32>, tensor<4xi32>) -> tensor<?x4xi32>
func.func @shift_right(%a: tensor<?x4xi32>, %b: tensor<4xi32>) -> (tensor<?x4xi32>) {
  %y = slim.shift_right %a, %b : (tensor<?x4xi32>, tensor<4xi32>) -> tensor<?x4xi32>
  return %y : tensor<?x4xi32>
}

// CHECK-LABEL: func.func @sigmoid(
// CHECK: slim.sigmoid %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @sigmoid(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.sigmoid %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @sign(
// CHECK: slim.sign %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @sign(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.sign %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @silu(
// CHECK: slim.silu %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @silu(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.silu %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @sin(
// CHECK: slim.sin %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @sin(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.sin %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @sinh(
// CHECK: slim.sinh %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @sinh(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.sinh %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @softplus(
// CHECK: slim.softplus %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @softplus(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.softplus %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @softsign(
// CHECK: slim.softsign %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @softsign(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.softsign %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @sqrt(
// CHECK: slim.sqrt %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @sqrt(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.sqrt %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @sub(
// CHECK: slim.sub %{{.*}}, %{{.*}} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
func.func @sub(%a: tensor<?x4xf32>, %b: tensor<4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.sub %a, %b : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @tan(
// CHECK: slim.tan %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @tan(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.tan %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @tanh(
// CHECK: slim.tanh %{{.*}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @tanh(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>) {
  %y = slim.tanh %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @xor(
// CHECK: slim.xor %{{.*}}, %{{.*}} : (tensor<?x4xi1>, tensor<4xi1>) -> tensor<?x4xi1>
func.func @xor(%a: tensor<?x4xi1>, %b: tensor<4xi1>) -> (tensor<?x4xi1>) {
  %y = slim.xor %a, %b : (tensor<?x4xi1>, tensor<4xi1>) -> tensor<?x4xi1>
  return %y : tensor<?x4xi1>
}

// CHECK-LABEL: func.func @table_lookup(
// CHECK: slim.table_lookup %{{.*}}, %{{.*}} : (tensor<?x4xui8>, tensor<256xi8>) -> tensor<?x4xi8>
func.func @table_lookup(%x: tensor<?x4xui8>, %t: tensor<256xi8>) -> (tensor<?x4xi8>) {
  %y = slim.table_lookup %x, %t : (tensor<?x4xui8>, tensor<256xi8>) -> tensor<?x4xi8>
  return %y : tensor<?x4xi8>
}
