//===- Elementwise.cpp - Elementwise ops as ONNX nodes --------------------===//
#include "Registry.h"

using namespace slim;
using namespace slim::onnxexport;

static Type getElement(Value value) {
  return cast<RankedTensorType>(value.getType()).getElementType();
}

//===----------------------------------------------------------------------===//
// Unary
//===----------------------------------------------------------------------===//

static void exportRsqrt(GraphBuilder &graph, RsqrtOp op) {
  std::string root = graph.node("Sqrt", {graph.operand(op.getInput())});
  graph.result("Reciprocal", {root});
}

static void exportSilu(GraphBuilder &graph, SiluOp op) {
  std::string input = graph.operand(op.getInput());
  std::string gate = graph.node("Sigmoid", {input});
  graph.result("Mul", {input, gate});
}

static void exportNot(GraphBuilder &graph, NotOp op) {
  bool isBool = getElement(op.getInput()).isInteger(1);
  graph.result(isBool ? "Not" : "BitwiseNot", {graph.operand(op.getInput())});
}

static void exportIsInf(GraphBuilder &graph, IsInfOp op) {
  graph.result("IsInf", {graph.operand(op.getInput())},
               {{"detect_positive", op.getPositive()},
                {"detect_negative", op.getNegative()}});
}

static void exportGelu(GraphBuilder &graph, GeluOp op) {
  graph.result("Gelu", {graph.operand(op.getInput())},
               {{"approximate",
                 StringRef(op.getTanhApproximation() ? "tanh" : "none")}});
}

static void exportLeakyRelu(GraphBuilder &graph, LeakyReluOp op) {
  graph.result("LeakyRelu", {graph.operand(op.getInput())},
               {{"alpha", op.getAlpha().convertToFloat()}});
}

/// alpha * Elu(x / alpha): ONNX has Celu for f32 alone.
static void exportCelu(GraphBuilder &graph, EluOp op, Type elementType,
                       float alpha) {
  std::string factor = graph.scalar(alpha, elementType);
  std::string scaled =
      graph.node("Div", {graph.operand(op.getInput()), factor});
  graph.result("Mul", {graph.node("Elu", {scaled}), factor});
}

static void exportElu(GraphBuilder &graph, EluOp op) {
  Type elementType = getElement(op.getInput());
  float alpha = op.getAlpha().convertToFloat();
  float gamma = op.getGamma().convertToFloat();
  float scale = op.getScale().convertToFloat();
  if (scale == 1 && gamma == 1)
    graph.result("Elu", {graph.operand(op.getInput())}, {{"alpha", alpha}});
  else if (scale == 1)
    graph.result("Selu", {graph.operand(op.getInput())},
                 {{"alpha", alpha}, {"gamma", gamma}});
  else if (gamma == 1 && scale == alpha && elementType.isF32())
    graph.result("Celu", {graph.operand(op.getInput())}, {{"alpha", alpha}});
  else if (gamma == 1 && scale == alpha)
    exportCelu(graph, op, elementType, alpha);
  else
    graph.unsupported("a scale other than 1 and alpha");
}

static void exportHardSigmoid(GraphBuilder &graph, HardSigmoidOp op) {
  graph.result("HardSigmoid", {graph.operand(op.getInput())},
               {{"alpha", op.getAlpha().convertToFloat()},
                {"beta", op.getBeta().convertToFloat()}});
}

//===----------------------------------------------------------------------===//
// Binary and ternary
//===----------------------------------------------------------------------===//

/// The remainder with the divisor's sign: ONNX has it for integers.
static void exportMod(GraphBuilder &graph, ModOp op) {
  std::string lhs = graph.operand(op.getLhs()),
              rhs = graph.operand(op.getRhs());
  if (!isa<FloatType>(getElement(op.getLhs())))
    return graph.result("Mod", {lhs, rhs});
  // fmod's remainder, moved by the divisor where their signs differ.
  std::string zero = graph.scalar(0, getElement(op.getLhs()));
  std::string rest = graph.node("Mod", {lhs, rhs}, {{"fmod", 1}});
  std::string isExact = graph.node("Equal", {rest, zero});
  std::string differs = graph.node("Xor", {graph.node("Less", {rest, zero}),
                                           graph.node("Less", {rhs, zero})});
  std::string moved = graph.node("Add", {rest, rhs});
  std::string isMoved =
      graph.node("And", {graph.node("Not", {isExact}), differs});
  graph.result("Where", {isMoved, moved, rest});
}

static void exportRem(GraphBuilder &graph, RemOp op) {
  graph.result("Mod", graph.operands(op->getOperands()), {{"fmod", 1}});
}

template <typename OpTy>
static void exportLogical(GraphBuilder &graph, OpTy op) {
  static constexpr bool isAnd = std::is_same_v<OpTy, AndOp>;
  static constexpr bool isOr = std::is_same_v<OpTy, OrOp>;
  std::string name = isAnd ? "And" : isOr ? "Or" : "Xor";
  if (!getElement(op.getLhs()).isInteger(1))
    name = "Bitwise" + name;
  graph.result(name, graph.operands(op->getOperands()));
}

template <typename OpTy>
static void exportShift(GraphBuilder &graph, OpTy op) {
  if (!getElement(op.getLhs()).isUnsignedInteger())
    return graph.unsupported("a shift of signed integers");
  bool isLeft = std::is_same_v<OpTy, ShiftLeftOp>;
  graph.result("BitShift", graph.operands(op->getOperands()),
               {{"direction", StringRef(isLeft ? "LEFT" : "RIGHT")}});
}

static void exportClamp(GraphBuilder &graph, ClampOp op) {
  graph.result("Clip",
               {graph.operand(op.getInput()), graph.operand(op.getLower()),
                graph.operand(op.getUpper())});
}

/// ONNX's indices count from the end where they are negative, which is how a
/// signed byte finds its half of the table.
static void exportTableLookup(GraphBuilder &graph, TableLookupOp op) {
  std::string indices = graph.node("Cast", {graph.operand(op.getInput())},
                                   {{"to", ::onnx::TensorProto::INT32}});
  graph.result("Gather", {graph.operand(op.getTable()), indices},
               {{"axis", 0}});
}

void slim::onnxexport::registerElementwise(Registry &registry) {
  registry.addSimple<AbsOp>("Abs");
  registry.addSimple<NegOp>("Neg");
  registry.addSimple<SignOp>("Sign");
  registry.addSimple<ExpOp>("Exp");
  registry.addSimple<LogOp>("Log");
  registry.addSimple<SqrtOp>("Sqrt");
  registry.add(exportRsqrt);
  registry.addSimple<ReciprocalOp>("Reciprocal");
  registry.addSimple<FloorOp>("Floor");
  registry.addSimple<CeilOp>("Ceil");
  registry.addSimple<RoundOp>("Round");
  registry.addSimple<SinOp>("Sin");
  registry.addSimple<CosOp>("Cos");
  registry.addSimple<TanOp>("Tan");
  registry.addSimple<AsinOp>("Asin");
  registry.addSimple<AcosOp>("Acos");
  registry.addSimple<AtanOp>("Atan");
  registry.addSimple<SinhOp>("Sinh");
  registry.addSimple<CoshOp>("Cosh");
  registry.addSimple<TanhOp>("Tanh");
  registry.addSimple<AsinhOp>("Asinh");
  registry.addSimple<AcoshOp>("Acosh");
  registry.addSimple<AtanhOp>("Atanh");
  registry.addSimple<ErfOp>("Erf");
  registry.addSimple<SigmoidOp>("Sigmoid");
  registry.addSimple<ReluOp>("Relu");
  registry.add(exportSilu);
  registry.addSimple<SoftplusOp>("Softplus");
  registry.addSimple<SoftsignOp>("Softsign");
  registry.addSimple<MishOp>("Mish");
  registry.addSimple<HardSwishOp>("HardSwish");
  registry.add(exportNot);
  registry.addSimple<IsNaNOp>("IsNaN");
  registry.add(exportIsInf);
  registry.add(exportGelu);
  registry.add(exportLeakyRelu);
  registry.add(exportElu);
  registry.add(exportHardSigmoid);

  registry.addSimple<AddOp>("Add");
  registry.addSimple<SubOp>("Sub");
  registry.addSimple<MulOp>("Mul");
  registry.addSimple<DivOp>("Div");
  registry.addSimple<PowOp>("Pow");
  registry.addSimple<MinOp>("Min");
  registry.addSimple<MaxOp>("Max");
  registry.add(exportMod);
  registry.add(exportRem);
  registry.addSimple<PReluOp>("PRelu");
  registry.add(exportLogical<AndOp>);
  registry.add(exportLogical<OrOp>);
  registry.add(exportLogical<XorOp>);
  registry.add(exportShift<ShiftLeftOp>);
  registry.add(exportShift<ShiftRightOp>);
  registry.addSimple<EqualOp>("Equal");
  registry.addSimple<LessOp>("Less");
  registry.addSimple<LessEqualOp>("LessOrEqual");
  registry.addSimple<GreaterOp>("Greater");
  registry.addSimple<GreaterEqualOp>("GreaterOrEqual");
  registry.addSimple<SelectOp>("Where");
  registry.add(exportClamp);
  registry.add(exportTableLookup);
}
