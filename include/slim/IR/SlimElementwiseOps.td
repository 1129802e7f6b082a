//===- SlimElementwiseOps.td - Elementwise ops -------------*- tablegen -*-===//
#ifndef SLIM_IR_SLIMELEMENTWISEOPS_TD
#define SLIM_IR_SLIMELEMENTWISEOPS_TD

include "slim/IR/SlimBase.td"

// The result has the shape of the operands broadcast together; `elementType`
// names the rule for its element type in slim::detail. Constants fold.
class Slim_ElementwiseOp<string mnemonic, list<Trait> traits,
                         string elementType>
    : Slim_Op<mnemonic,
              traits # [DeclareOpInterfaceMethods<ChannelOpInterface>], [{
    ::llvm::LogicalResult $cppClass::inferReturnTypes(
        ::mlir::MLIRContext *context,
        ::std::optional<::mlir::Location> location, Adaptor adaptor,
        ::llvm::SmallVectorImpl<::mlir::Type> &types) {
      return ::slim::detail::inferElementwise(
          getOperationName(), location, adaptor.getOperands(),
          ::slim::detail::}] # elementType # [{, types);
    }
    ::mlir::OpFoldResult $cppClass::fold(FoldAdaptor adaptor) {
      return ::slim::detail::foldElementwise(*this, adaptor.getOperands());
    }
    void $cppClass::getChannelTies(
        ::llvm::SmallVectorImpl<::slim::ChannelTie> &ties) {
      ::slim::detail::appendElementwiseTies(*this, ties);
    }
  }]> {
  let hasFolder = 1;
}

class Slim_UnaryOp<string mnemonic, string what, Type type,
                   list<Trait> traits = [], string detail = "",
                   string element = "f32">
    : Slim_ElementwiseOp<mnemonic, traits, "sameElementType"> {
  let summary = "elementwise " # what;
  let description = "Computes elementwise " # what # ". " # detail # [{

    Example:

    ```mlir
    %y = slim.}] # mnemonic # [{ %x : (tensor<?x4x}] # element # [{>) -> tensor<?x4x}] # element # [{>
    ```
  }];
  let arguments = (ins type:$input);
  let results = (outs type:$result);
}

class Slim_BinaryOp<string mnemonic, string what, Type type,
                    list<Trait> traits = [], string detail = "",
                    string element = "f32">
    : Slim_ElementwiseOp<mnemonic, traits, "sameElementType"> {
  let summary = "elementwise " # what # " with broadcasting";
  let description = "Computes elementwise " # what # [{ of two tensors of the same
    element type, broadcast together. }] # detail # [{

    Example:

    ```mlir
    %y = slim.}] # mnemonic # [{ %a, %b
      : (tensor<?x4x}] # element # [{>, tensor<4x}] # element # [{>) -> tensor<?x4x}] # element # [{>
    ```
  }];
  let arguments = (ins type:$lhs, type:$rhs);
  let results = (outs type:$result);
}

class Slim_CompareOp<string mnemonic, string what>
    : Slim_ElementwiseOp<mnemonic, [], "boolElementType"> {
  let summary = "elementwise comparison: " # what;
  let description = "True where the left operand is " # what # [{ the right one,
    broadcast together. Comparisons with NaN are false.

    Example:

    ```mlir
    %y = slim.}] # mnemonic # [{ %a, %b : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xi1>
    ```
  }];
  let arguments = (ins Slim_Tensor:$lhs, Slim_Tensor:$rhs);
  let results = (outs Slim_BoolTensor:$result);
}

class Slim_PredicateOp<string mnemonic, string what>
    : Slim_ElementwiseOp<mnemonic, [], "boolElementType"> {
  let summary = "elementwise test for " # what;
  let description = "True where an element is " # what # [{.

    Example:

    ```mlir
    %y = slim.}] # mnemonic # [{ %x : (tensor<?x4xf32>) -> tensor<?x4xi1>
    ```
  }];
  let arguments = (ins Slim_FloatTensor:$input);
  let results = (outs Slim_BoolTensor:$result);
}

//===----------------------------------------------------------------------===//
// Unary
//===----------------------------------------------------------------------===//

def Slim_AbsOp : Slim_UnaryOp<"abs", "absolute value", Slim_Tensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "Unsigned integers stay; the least signed integer wraps to itself.">;
def Slim_NegOp : Slim_UnaryOp<"neg", "negation", Slim_Tensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "Integers wrap; the sign of a zero and of NaN flips.">;
def Slim_SignOp : Slim_UnaryOp<"sign", "sign (-1, 0 or 1)", Slim_Tensor, [],
    "NaN stays NaN.">;
def Slim_ExpOp : Slim_UnaryOp<"exp", "exponential", Slim_FloatTensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "exp(x) = e^x; infinite where that overflows.">;
def Slim_LogOp : Slim_UnaryOp<"log", "natural logarithm", Slim_FloatTensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "Minus infinity at 0, NaN below.">;
def Slim_SqrtOp : Slim_UnaryOp<"sqrt", "square root", Slim_FloatTensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "NaN below 0.">;
def Slim_RsqrtOp : Slim_UnaryOp<"rsqrt", "reciprocal square root",
    Slim_FloatTensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "rsqrt(x) = 1 / sqrt(x); infinite at 0, NaN below.">;
def Slim_ReciprocalOp : Slim_UnaryOp<"reciprocal", "reciprocal",
    Slim_FloatTensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "reciprocal(x) = 1 / x; infinite at 0.">;
def Slim_FloorOp : Slim_UnaryOp<"floor", "rounding down", Slim_FloatTensor, [],
    "The largest integer that is not above the element.">;
def Slim_CeilOp : Slim_UnaryOp<"ceil", "rounding up", Slim_FloatTensor, [],
    "The smallest integer that is not below the element.">;
def Slim_RoundOp : Slim_UnaryOp<"round", "rounding to the nearest integer",
    Slim_FloatTensor, [], "Ties go to the even integer.">;
def Slim_SinOp : Slim_UnaryOp<"sin", "sine", Slim_FloatTensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "The element is an angle in radians.">;
def Slim_CosOp : Slim_UnaryOp<"cos", "cosine", Slim_FloatTensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "The element is an angle in radians.">;
def Slim_TanOp : Slim_UnaryOp<"tan", "tangent", Slim_FloatTensor, [],
    "The element is an angle in radians.">;
def Slim_AsinOp : Slim_UnaryOp<"asin", "arcsine", Slim_FloatTensor, [],
    "In radians, from -pi/2 to pi/2; NaN outside [-1, 1].">;
def Slim_AcosOp : Slim_UnaryOp<"acos", "arccosine", Slim_FloatTensor, [],
    "In radians, from 0 to pi; NaN outside [-1, 1].">;
def Slim_AtanOp : Slim_UnaryOp<"atan", "arctangent", Slim_FloatTensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "In radians, from -pi/2 to pi/2.">;
def Slim_SinhOp : Slim_UnaryOp<"sinh", "hyperbolic sine", Slim_FloatTensor, [],
    "sinh(x) = (exp(x) - exp(-x)) / 2.">;
def Slim_CoshOp : Slim_UnaryOp<"cosh", "hyperbolic cosine", Slim_FloatTensor,
    [], "cosh(x) = (exp(x) + exp(-x)) / 2.">;
def Slim_TanhOp : Slim_UnaryOp<"tanh", "hyperbolic tangent", Slim_FloatTensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>]>;
def Slim_AsinhOp : Slim_UnaryOp<"asinh", "inverse hyperbolic sine",
    Slim_FloatTensor, [], "asinh(x) = log(x + sqrt(x^2 + 1)).">;
def Slim_AcoshOp : Slim_UnaryOp<"acosh", "inverse hyperbolic cosine",
    Slim_FloatTensor, [],
    "acosh(x) = log(x + sqrt(x^2 - 1)); NaN below 1.">;
def Slim_AtanhOp : Slim_UnaryOp<"atanh", "inverse hyperbolic tangent",
    Slim_FloatTensor, [],
    "atanh(x) = log((1 + x) / (1 - x)) / 2; NaN outside [-1, 1].">;
def Slim_ErfOp : Slim_UnaryOp<"erf", "error function", Slim_FloatTensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "erf(x) = 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.">;
def Slim_SigmoidOp : Slim_UnaryOp<"sigmoid", "logistic function",
    Slim_FloatTensor, [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "sigmoid(x) = 1 / (1 + exp(-x)).">;
def Slim_ReluOp : Slim_UnaryOp<"relu", "rectifier", Slim_Tensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "relu(x) = max(x, 0).">;
def Slim_SiluOp : Slim_UnaryOp<"silu", "sigmoid-weighted linear unit",
    Slim_FloatTensor, [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "silu(x) = x * sigmoid(x), also called Swish.">;
def Slim_SoftplusOp : Slim_UnaryOp<"softplus", "softplus", Slim_FloatTensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "softplus(x) = log(1 + exp(x)), without overflow.">;
def Slim_SoftsignOp : Slim_UnaryOp<"softsign", "softsign", Slim_FloatTensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "softsign(x) = x / (1 + |x|).">;
def Slim_MishOp : Slim_UnaryOp<"mish", "Mish", Slim_FloatTensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "mish(x) = x * tanh(softplus(x)).">;
def Slim_HardSwishOp : Slim_UnaryOp<"hard_swish", "hard Swish",
    Slim_FloatTensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "hard_swish(x) = x * max(0, min(1, x / 6 + 0.5)).">;
def Slim_NotOp : Slim_UnaryOp<"not", "logical or bitwise complement",
                              Slim_IntegerTensor, [], "", "i1">;
def Slim_IsNaNOp : Slim_PredicateOp<"is_nan", "NaN">;

def Slim_IsInfOp : Slim_ElementwiseOp<"is_inf", [], "boolElementType"> {
  let summary = "elementwise test for an infinity";
  let description = [{
    True where an element is positive infinity (if `positive`) or negative
    infinity (if `negative`).

    Example:

    ```mlir
    %y = slim.is_inf %x {positive = true, negative = false}
      : (tensor<?x4xf32>) -> tensor<?x4xi1>
    ```
  }];
  let arguments = (ins Slim_FloatTensor:$input,
                       DefaultValuedAttr<BoolAttr, "true">:$positive,
                       DefaultValuedAttr<BoolAttr, "true">:$negative);
  let results = (outs Slim_BoolTensor:$result);
}

def Slim_GeluOp : Slim_ElementwiseOp<"gelu",
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "sameElementType"> {
  let summary = "elementwise Gaussian error linear unit";
  let description = [{
    gelu(x) = x / 2 * (1 + erf(x / sqrt(2))); with `tanh_approximation`
    x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))).

    Example:

    ```mlir
    %y = slim.gelu %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
    ```
  }];
  let arguments = (ins Slim_FloatTensor:$input,
                       DefaultValuedAttr<BoolAttr, "false">:$tanh_approximation);
  let results = (outs Slim_FloatTensor:$result);
}

def Slim_LeakyReluOp : Slim_ElementwiseOp<"leaky_relu",
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "sameElementType"> {
  let summary = "elementwise leaky rectifier";
  let description = [{
    leaky_relu(x) = x where x >= 0, alpha * x elsewhere.

    Example:

    ```mlir
    %y = slim.leaky_relu %x {alpha = 0.01 : f32}
      : (tensor<?x4xf32>) -> tensor<?x4xf32>
    ```
  }];
  let arguments = (ins Slim_FloatTensor:$input, F32Attr:$alpha);
  let results = (outs Slim_FloatTensor:$result);
}

def Slim_EluOp : Slim_ElementwiseOp<"elu",
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "sameElementType"> {
  let summary = "elementwise exponential linear unit, scaled";
  let description = [{
    elu(x) = gamma * x where x > 0, gamma * alpha * (exp(x / scale) - 1)
    elsewhere. ELU has gamma = scale = 1, SELU a gamma, CELU scale = alpha.

    Example:

    ```mlir
    %y = slim.elu %x {alpha = 1.0 : f32, gamma = 1.0 : f32, scale = 1.0 : f32}
      : (tensor<?x4xf32>) -> tensor<?x4xf32>
    ```
  }];
  let arguments = (ins Slim_FloatTensor:$input, F32Attr:$alpha,
                       DefaultValuedAttr<F32Attr, "1.0f">:$gamma,
                       DefaultValuedAttr<F32Attr, "1.0f">:$scale);
  let results = (outs Slim_FloatTensor:$result);
}

def Slim_HardSigmoidOp : Slim_ElementwiseOp<"hard_sigmoid",
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "sameElementType"> {
  let summary = "elementwise piecewise linear sigmoid";
  let description = [{
    hard_sigmoid(x) = max(0, min(1, alpha * x + beta)).

    Example:

    ```mlir
    %y = slim.hard_sigmoid %x {alpha = 0.2 : f32, beta = 0.5 : f32}
      : (tensor<?x4xf32>) -> tensor<?x4xf32>
    ```
  }];
  let arguments = (ins Slim_FloatTensor:$input, F32Attr:$alpha, F32Attr:$beta);
  let results = (outs Slim_FloatTensor:$result);
}

def Slim_CastOp : Slim_Op<"cast",
    [DeclareOpInterfaceMethods<ChannelOpInterface>,
     DeclareOpInterfaceMethods<DifferentiableOpInterface>,
     DeclareOpInterfaceMethods<DecodeOpInterface>]> {
  let summary = "conversion of the element type";
  let description = [{
    Converts every element to the element type `to`. Floats become integers by
    truncation; what does not fit saturates (floats to 8-bit floats where
    `saturate`) or wraps (integers to narrower integers). Floats become
    narrower floats by rounding to nearest even. Anything but zero becomes true.

    A weight may be stored in a narrow type and read through a cast, which is
    then part of its decode tree. A cast to a narrower float and back rounds: no
    simplification drops the pair.

    Example:

    ```mlir
    %y = slim.cast %x {to = f32} : (tensor<?x4xi64>) -> tensor<?x4xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, TypeAttr:$to,
                       DefaultValuedAttr<BoolAttr, "true">:$saturate);
  let results = (outs Slim_Tensor:$result);
  let hasFolder = 1;
}

//===----------------------------------------------------------------------===//
// Binary
//===----------------------------------------------------------------------===//

def Slim_AddOp : Slim_BinaryOp<"add", "sum", Slim_Tensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let hasCanonicalizer = 1;
}
def Slim_SubOp : Slim_BinaryOp<"sub", "difference", Slim_Tensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>]>;
def Slim_MulOp : Slim_BinaryOp<"mul", "product", Slim_Tensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let hasCanonicalizer = 1;
}
def Slim_DivOp : Slim_BinaryOp<"div", "quotient", Slim_Tensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "Integers are divided toward zero.">;
def Slim_PowOp : Slim_ElementwiseOp<"pow",
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "firstElementType"> {
  let summary = "elementwise power with broadcasting";
  let description = [{
    Raises the first operand to the power of the second, which may have another
    element type; the result has the first operand's.

    Example:

    ```mlir
    %y = slim.pow %x, %e : (tensor<?x4xf32>, tensor<i64>) -> tensor<?x4xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$lhs, Slim_Tensor:$rhs);
  let results = (outs Slim_Tensor:$result);
}
def Slim_MinOp : Slim_BinaryOp<"min", "minimum", Slim_Tensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "NaN wins over every number.">;
def Slim_MaxOp : Slim_BinaryOp<"max", "maximum", Slim_Tensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "NaN wins over every number.">;
def Slim_ModOp : Slim_BinaryOp<"mod", "remainder", Slim_Tensor, [],
    "The remainder has the sign of the divisor, as Python's % has.">;
def Slim_RemOp : Slim_BinaryOp<"rem", "remainder", Slim_Tensor, [],
    "The remainder has the sign of the dividend, as C's fmod has.">;
def Slim_PReluOp : Slim_BinaryOp<"prelu", "parametric rectifier", Slim_Tensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "prelu(x, slope) = x where x >= 0, slope * x elsewhere.">;
def Slim_AndOp : Slim_BinaryOp<"and", "logical or bitwise conjunction",
                               Slim_IntegerTensor, [], "", "i1">;
def Slim_OrOp : Slim_BinaryOp<"or", "logical or bitwise disjunction",
                              Slim_IntegerTensor, [], "", "i1">;
def Slim_XorOp : Slim_BinaryOp<"xor", "logical or bitwise exclusive or",
                               Slim_IntegerTensor, [], "", "i1">;
def Slim_ShiftLeftOp : Slim_BinaryOp<"shift_left", "left shift",
    Slim_IntegerTensor, [], "A shift by the width or more has no meaning.",
    "i32">;
def Slim_ShiftRightOp : Slim_BinaryOp<"shift_right", "right shift",
    Slim_IntegerTensor, [],
    "Signed integers shift in their sign, unsigned ones zeros. " #
    "A shift by the width or more has no meaning.", "i32">;

def Slim_EqualOp : Slim_CompareOp<"equal", "equal to">;
def Slim_LessOp : Slim_CompareOp<"less", "less than">;
def Slim_LessEqualOp : Slim_CompareOp<"less_equal", "less than or equal to">;
def Slim_GreaterOp : Slim_CompareOp<"greater", "greater than">;
def Slim_GreaterEqualOp : Slim_CompareOp<"greater_equal",
                                         "greater than or equal to">;

//===----------------------------------------------------------------------===//
// Ternary
//===----------------------------------------------------------------------===//

def Slim_SelectOp : Slim_ElementwiseOp<"select",
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "lastElementType"> {
  let summary = "elementwise choice with broadcasting";
  let description = [{
    Takes the element of `on_true` where `condition` is true, that of `on_false`
    elsewhere; the three are broadcast together.

    Example:

    ```mlir
    %y = slim.select %c, %a, %b
      : (tensor<?x1xi1>, tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
    ```
  }];
  let arguments = (ins Slim_BoolTensor:$condition, Slim_Tensor:$on_true,
                       Slim_Tensor:$on_false);
  let results = (outs Slim_Tensor:$result);
}

def Slim_ClampOp : Slim_Op<"clamp",
    [AttrSizedOperandSegments,
     DeclareOpInterfaceMethods<ChannelOpInterface>,
     DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "elementwise limitation to a range";
  let description = [{
    clamp(x) = min(max(x, lower), upper). A bound that is absent does not
    limit; bounds are scalars of the input's element type.

    Example:

    ```mlir
    %y = slim.clamp %x lower %l upper %u
      : (tensor<?x4xf32>, tensor<f32>, tensor<f32>) -> tensor<?x4xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, Optional<Slim_Scalar>:$lower,
                       Optional<Slim_Scalar>:$upper);
  let results = (outs Slim_Tensor:$result);
  let assemblyFormat = [{
    $input (`lower` $lower^)? (`upper` $upper^)? attr-dict `:`
    functional-type(operands, results)
  }];
  let hasFolder = 1;
}

def Slim_TableLookupOp : Slim_Op<"table_lookup",
    [DeclareOpInterfaceMethods<ChannelOpInterface>]> {
  let summary = "elementwise function of a byte, by table";
  let description = [{
    result[i] = table[input[i]], where the bits of an element are read as an
    unsigned number: of a signed input, the codes 0 to 127 find the first half of
    the table and -128 to -1 the second. Both element types have 8 bits; the
    result has the table's. Any elementwise expression of one quantized tensor
    whose result is quantized is such a table: `slim-form-integer-ops` makes
    them.

    Constants fold; a lookup of a lookup that nothing else reads becomes one where
    both tables are constant, and the identity disappears.

    Example:

    ```mlir
    %y = slim.table_lookup %q, %t
      : (tensor<?x4xui8>, tensor<256xui8>) -> tensor<?x4xui8>
    ```
  }];
  let arguments = (ins Slim_IntegerTensor:$input, Slim_IntegerTensor:$table);
  let results = (outs Slim_IntegerTensor:$result);
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

#endif // SLIM_IR_SLIMELEMENTWISEOPS_TD
