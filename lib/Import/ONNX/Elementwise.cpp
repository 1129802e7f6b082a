//===- Elementwise.cpp - ONNX's elementwise ops -----------------*- C++ -*-===//
#include "DequantizePattern.h"
#include "Registry.h"

using namespace slim;
using namespace slim::onnximport;

//===----------------------------------------------------------------------===//
// One to one
//===----------------------------------------------------------------------===//

template <typename OpTy>
static void importUnary(NodeBuilder &node) {
  node.setResults(node.create<OpTy>(node.operand(0)));
}

template <typename OpTy>
static void importBinary(NodeBuilder &node) {
  node.setResults(node.create<OpTy>(node.operand(0), node.operand(1)));
}

/// Min, Max, Sum: any number of operands.
template <typename OpTy>
static void importVariadic(NodeBuilder &node) {
  Value result = node.operand(0);
  for (unsigned i = 1; i < node.getNumOperands(); ++i)
    result = node.create<OpTy>(result, node.requiredOperand(i));
  node.setResults(result);
}

static void importMean(NodeBuilder &node) {
  importVariadic<AddOp>(node);
  Value sum = node.isOk() ? node.getResults()[0] : Value();
  Value count = node.scalar(node.getNumOperands(), node.elementType(sum));
  node.setResults(node.create<DivOp>(sum, count));
}

static void importIdentity(NodeBuilder &node) {
  node.setResults(node.operand(0));
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

static void importMul(NodeBuilder &node) {
  Value lhs = node.operand(0), rhs = node.operand(1);
  if (Value weight = matchDequantizedWeight(node, lhs, rhs))
    return node.setResults(weight);
  node.setResults(node.create<MulOp>(lhs, rhs));
}

static void importMod(NodeBuilder &node) {
  if (node.boolAttr("fmod", false))
    return importBinary<RemOp>(node);
  importBinary<ModOp>(node);
}

/// Amounts outside of [0, bits) shift everything out: what remains is zero, or
/// the sign on the way to the right.
static void importBitShift(NodeBuilder &node) {
  Value input = node.operand(0), amount = node.operand(1);
  StringRef direction = node.stringAttr("direction", "");
  if (direction != "LEFT" && direction != "RIGHT")
    node.invalid("has direction '" + direction + "'");
  auto type = dyn_cast_or_null<IntegerType>(node.elementType(amount));
  if (!type)
    node.invalid("shifts what are no integers");
  if (!node.isOk())
    return;
  unsigned width = type.getWidth();
  auto shift = [&](Value by) {
    return direction == "LEFT" ? node.create<ShiftLeftOp>(input, by)
                               : node.create<ShiftRightOp>(input, by);
  };
  std::optional<SmallVector<int64_t>> known = node.knownInts(amount);
  if (known && llvm::all_of(*known, [&](int64_t by) {
        return by >= 0 && by < int64_t(width);
      }))
    return node.setResults(shift(amount));
  Value zero = node.scalar(0, type), last = node.scalar(width - 1, type);
  Value isInside = node.create<LessEqualOp>(amount, last);
  if (!type.isUnsigned()) {
    Value isPositive = node.create<GreaterEqualOp>(amount, zero);
    isInside = node.create<AndOp>(isInside, isPositive);
  }
  Value shifted = shift(node.create<SelectOp>(isInside, amount, last));
  if (direction == "LEFT" || type.isUnsigned())
    shifted = node.create<SelectOp>(isInside, shifted, zero);
  node.setResults(shifted);
}

static void importClip(NodeBuilder &node) {
  Value input = node.operand(0), lower, upper;
  if (node.getOpset() < 11) {
    Type elementType = node.elementType(input);
    if (node.hasAttr("min"))
      lower = node.scalar(node.floatAttr("min", 0), elementType);
    if (node.hasAttr("max"))
      upper = node.scalar(node.floatAttr("max", 0), elementType);
  } else {
    lower = node.toScalar(node.operand(1));
    upper = node.toScalar(node.operand(2));
  }
  if (!lower && !upper)
    return node.setResults(input);
  node.setResults(node.create<ClampOp>(input, lower, upper));
}

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

static void importLeakyRelu(NodeBuilder &node) {
  APFloat alpha(node.floatAttr("alpha", 0.01f));
  node.setResults(node.create<LeakyReluOp>(node.operand(0), alpha));
}

static void importElu(NodeBuilder &node) {
  APFloat alpha(node.floatAttr("alpha", 1.0f));
  node.setResults(
      node.create<EluOp>(node.operand(0), alpha, APFloat(1.0f), APFloat(1.0f)));
}

static void importSelu(NodeBuilder &node) {
  APFloat alpha(node.floatAttr("alpha", 1.67326319217681884765625f));
  APFloat gamma(node.floatAttr("gamma", 1.05070102214813232421875f));
  node.setResults(
      node.create<EluOp>(node.operand(0), alpha, gamma, APFloat(1.0f)));
}

static void importCelu(NodeBuilder &node) {
  APFloat alpha(node.floatAttr("alpha", 1.0f));
  node.setResults(
      node.create<EluOp>(node.operand(0), alpha, APFloat(1.0f), alpha));
}

static void importHardSigmoid(NodeBuilder &node) {
  APFloat alpha(node.floatAttr("alpha", 0.2f));
  APFloat beta(node.floatAttr("beta", 0.5f));
  node.setResults(node.create<HardSigmoidOp>(node.operand(0), alpha, beta));
}

static void importGelu(NodeBuilder &node) {
  StringRef approximation = node.stringAttr("approximate", "none");
  if (approximation != "none" && approximation != "tanh")
    node.invalid("has approximation '" + approximation + "'");
  node.setResults(
      node.create<GeluOp>(node.operand(0), approximation == "tanh"));
}

/// x * sigmoid(alpha * x).
static void importSwish(NodeBuilder &node) {
  Value input = node.operand(0);
  float alpha = node.floatAttr("alpha", 1.0f);
  if (alpha == 1.0f)
    return node.setResults(node.create<SiluOp>(input));
  Value factor = node.scalar(alpha, node.elementType(input));
  Value scaled = node.create<MulOp>(input, factor);
  Value gate = node.create<SigmoidOp>(scaled);
  node.setResults(node.create<MulOp>(input, gate));
}

/// A * sigmoid(alpha * A) * B.
static void importSwiGLU(NodeBuilder &node) {
  importSwish(node);
  Value gate = node.isOk() ? node.getResults()[0] : Value();
  node.setResults(node.create<MulOp>(gate, node.operand(1)));
}

/// x where x > alpha, 0 elsewhere.
static void importThresholdedRelu(NodeBuilder &node) {
  Value input = node.operand(0);
  Type elementType = node.elementType(input);
  Value alpha = node.scalar(node.floatAttr("alpha", 1.0f), elementType);
  Value above = node.create<GreaterOp>(input, alpha);
  Value zero = node.scalar(0, elementType);
  node.setResults(node.create<SelectOp>(above, input, zero));
}

/// x + bias where x < -lambd, x - bias where x > lambd, 0 between.
static void importShrink(NodeBuilder &node) {
  Value input = node.operand(0);
  Type elementType = node.elementType(input);
  float lambd = node.floatAttr("lambd", 0.5f);
  Value bias = node.scalar(node.floatAttr("bias", 0.0f), elementType);
  Value low = node.scalar(-lambd, elementType);
  Value high = node.scalar(lambd, elementType);
  Value zero = node.scalar(0, elementType);
  Value isBelow = node.create<LessOp>(input, low);
  Value isAbove = node.create<GreaterOp>(input, high);
  Value raised = node.create<AddOp>(input, bias);
  Value lowered = node.create<SubOp>(input, bias);
  Value upper = node.create<SelectOp>(isAbove, lowered, zero);
  node.setResults(node.create<SelectOp>(isBelow, raised, upper));
}

/// Inference makes it the identity, the mask all true.
static void importDropout(NodeBuilder &node) {
  Value input = node.operand(0);
  if (Value training = node.operand(2)) {
    std::optional<TensorData> value = node.constant(training);
    if (!value || value->getNumElements() != 1 || value->getInt(0)) {
      node.unsupported("training mode");
      return;
    }
  }
  SmallVector<Value> results = {input};
  if (node.wantsResult(1)) {
    // Before version 10 the mask has the input's type.
    Type type = node.getOpset() < 10 ? node.elementType(input)
                                     : node.getBuilder().getI1Type();
    results.push_back(node.fill(node.shapeOf(input), 1, type));
  }
  node.setResults(results);
}

//===----------------------------------------------------------------------===//
// Types and tests
//===----------------------------------------------------------------------===//

static Value buildCast(NodeBuilder &node, Type elementType) {
  Value input = node.operand(0);
  if (node.elementType(input) == elementType)
    return input;
  // slim rounds to nearest; ONNX rounds to this type upward by default.
  if (isa<Float8E8M0FNUType>(elementType) &&
      node.stringAttr("round_mode", "up") != "nearest")
    return node.unsupported("a round_mode other than nearest for float8e8m0");
  return node.create<CastOp>(input, elementType,
                             node.boolAttr("saturate", true));
}

static void importCast(NodeBuilder &node) {
  int64_t to = node.intAttr("to", 0);
  Type elementType = getElementType(to, node.getContext());
  if (!elementType) {
    node.unsupported("element type " + getDataTypeName(to));
    return;
  }
  node.setResults(buildCast(node, elementType));
}

static void importCastLike(NodeBuilder &node) {
  node.setResults(buildCast(node, node.elementType(node.operand(1))));
}

static void importIsInf(NodeBuilder &node) {
  bool positive = node.boolAttr("detect_positive", true);
  bool negative = node.boolAttr("detect_negative", true);
  node.setResults(node.create<IsInfOp>(node.operand(0), positive, negative));
}

static void importWhere(NodeBuilder &node) {
  node.setResults(
      node.create<SelectOp>(node.operand(0), node.operand(1), node.operand(2)));
}

void slim::onnximport::registerElementwise(Registry &registry) {
  registry.add("Abs", 1, 1, importUnary<AbsOp>);
  registry.add("Neg", 1, 1, importUnary<NegOp>);
  registry.add("Sign", 1, 1, importUnary<SignOp>);
  registry.add("Exp", 1, 1, importUnary<ExpOp>);
  registry.add("Log", 1, 1, importUnary<LogOp>);
  registry.add("Sqrt", 1, 1, importUnary<SqrtOp>);
  registry.add("Reciprocal", 1, 1, importUnary<ReciprocalOp>);
  registry.add("Floor", 1, 1, importUnary<FloorOp>);
  registry.add("Ceil", 1, 1, importUnary<CeilOp>);
  registry.add("Round", 1, 1, importUnary<RoundOp>);
  registry.add("Sin", 1, 1, importUnary<SinOp>);
  registry.add("Cos", 1, 1, importUnary<CosOp>);
  registry.add("Tan", 1, 1, importUnary<TanOp>);
  registry.add("Asin", 1, 1, importUnary<AsinOp>);
  registry.add("Acos", 1, 1, importUnary<AcosOp>);
  registry.add("Atan", 1, 1, importUnary<AtanOp>);
  registry.add("Sinh", 1, 1, importUnary<SinhOp>);
  registry.add("Cosh", 1, 1, importUnary<CoshOp>);
  registry.add("Tanh", 1, 1, importUnary<TanhOp>);
  registry.add("Asinh", 1, 1, importUnary<AsinhOp>);
  registry.add("Acosh", 1, 1, importUnary<AcoshOp>);
  registry.add("Atanh", 1, 1, importUnary<AtanhOp>);
  registry.add("Erf", 1, 1, importUnary<ErfOp>);
  registry.add("Sigmoid", 1, 1, importUnary<SigmoidOp>);
  registry.add("Relu", 1, 1, importUnary<ReluOp>);
  registry.add("Softplus", 1, 1, importUnary<SoftplusOp>);
  registry.add("Softsign", 1, 1, importUnary<SoftsignOp>);
  registry.add("Mish", 1, 1, importUnary<MishOp>);
  registry.add("HardSwish", 1, 1, importUnary<HardSwishOp>);
  registry.add("Not", 1, 1, importUnary<NotOp>);
  registry.add("BitwiseNot", 1, 1, importUnary<NotOp>);
  registry.add("IsNaN", 1, 1, importUnary<IsNaNOp>);
  registry.add("IsInf", 1, 1, importIsInf);
  registry.add("Identity", 1, 1, importIdentity);
  registry.add("Dropout", 1, 3, importDropout);
  registry.add("LeakyRelu", 1, 1, importLeakyRelu);
  registry.add("Elu", 1, 1, importElu);
  registry.add("Selu", 1, 1, importSelu);
  registry.add("Celu", 1, 1, importCelu);
  registry.add("HardSigmoid", 1, 1, importHardSigmoid);
  registry.add("Gelu", 1, 1, importGelu);
  registry.add("Swish", 1, 1, importSwish);
  registry.add("SwiGLU", 2, 2, importSwiGLU);
  registry.add("ThresholdedRelu", 1, 1, importThresholdedRelu);
  registry.add("Shrink", 1, 1, importShrink);
  registry.add("Clip", 1, 3, importClip);
  registry.add("Cast", 1, 1, importCast);
  registry.add("CastLike", 2, 2, importCastLike);

  registry.add("Add", 2, 2, importBinary<AddOp>);
  registry.add("Sub", 2, 2, importBinary<SubOp>);
  registry.add("Mul", 2, 2, importMul);
  registry.add("Div", 2, 2, importBinary<DivOp>);
  registry.add("Pow", 2, 2, importBinary<PowOp>);
  registry.add("Mod", 2, 2, importMod);
  registry.add("PRelu", 2, 2, importBinary<PReluOp>);
  registry.add("And", 2, 2, importBinary<AndOp>);
  registry.add("Or", 2, 2, importBinary<OrOp>);
  registry.add("Xor", 2, 2, importBinary<XorOp>);
  registry.add("BitwiseAnd", 2, 2, importBinary<AndOp>);
  registry.add("BitwiseOr", 2, 2, importBinary<OrOp>);
  registry.add("BitwiseXor", 2, 2, importBinary<XorOp>);
  registry.add("BitShift", 2, 2, importBitShift);
  registry.add("Equal", 2, 2, importBinary<EqualOp>);
  registry.add("Less", 2, 2, importBinary<LessOp>);
  registry.add("LessOrEqual", 2, 2, importBinary<LessEqualOp>);
  registry.add("Greater", 2, 2, importBinary<GreaterOp>);
  registry.add("GreaterOrEqual", 2, 2, importBinary<GreaterEqualOp>);
  registry.add("Where", 3, 3, importWhere);

  registry.add("Min", 1, kAnyNumber, importVariadic<MinOp>);
  registry.add("Max", 1, kAnyNumber, importVariadic<MaxOp>);
  registry.add("Sum", 1, kAnyNumber, importVariadic<AddOp>);
  registry.add("Mean", 1, kAnyNumber, importMean);
}
