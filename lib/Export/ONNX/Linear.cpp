//===- Linear.cpp - Products and convolutions as ONNX nodes ---------------===//
#include "NBits.h"
#include "Registry.h"

using namespace slim;
using namespace slim::onnxexport;

static RankedTensorType getType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static bool isByte(Value value) {
  return getType(value).getElementType().isInteger(8);
}

/// Adds the op's last node, `type`, and behind it the bias where there is one.
static void addBiased(GraphBuilder &graph, StringRef type, const Names &inputs,
                      const std::string &bias, ArrayRef<Attr> attributes = {}) {
  if (bias.empty())
    return graph.result(type, inputs, attributes);
  graph.result("Add", {graph.node(type, inputs, attributes), bias});
}

//===----------------------------------------------------------------------===//
// Matrices
//===----------------------------------------------------------------------===//

static void exportLinear(GraphBuilder &graph, LinearOp op) {
  if (graph.getOptions().weights == ONNXWeightForm::NBits &&
      exportAsNBits(graph, op))
    return;
  std::string input = graph.operand(op.getInput());
  std::string weight = graph.operand(op.getWeight());
  std::string bias = graph.operand(op.getBias());
  bool isInteger = isByte(op.getInput());
  bool isMatrix = getType(op.getInput()).getRank() == 2;
  bool isFloat = isa<FloatType>(getType(op.getInput()).getElementType());
  if (isMatrix && isFloat && (!bias.empty() || !op.getTransposed()))
    return graph.result("Gemm", {input, weight, bias},
                        {{"transB", !op.getTransposed()}});
  if (!op.getTransposed())
    weight =
        graph.node("Transpose", {weight}, {{"perm", ArrayRef<int64_t>{1, 0}}});
  addBiased(graph, isInteger ? "MatMulInteger" : "MatMul", {input, weight},
            bias);
}

static void exportMatmul(GraphBuilder &graph, MatmulOp op) {
  graph.result(isByte(op.getLhs()) ? "MatMulInteger" : "MatMul",
               graph.operands(op->getOperands()));
}

static void exportEmbedding(GraphBuilder &graph, EmbeddingOp op) {
  graph.result("Gather",
               {graph.operand(op.getWeight()), graph.operand(op.getIndices())},
               {{"axis", 0}});
}

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

/// The 8-bit integers behind `x - zero point` in i32, which is how slim writes
/// ONNX's integers with zero points; null values for anything else.
static std::pair<Value, Value> matchCentered(Value value) {
  if (isByte(value))
    return {value, Value()};
  auto narrow = [](Value wide) -> Value {
    auto cast = wide.getDefiningOp<CastOp>();
    return cast && isByte(cast.getInput()) ? cast.getInput() : Value();
  };
  if (Value input = narrow(value))
    return {input, Value()};
  auto sub = value.getDefiningOp<SubOp>();
  if (!sub)
    return {};
  Value input = narrow(sub.getLhs()), zeroPoint = narrow(sub.getRhs());
  bool isScalar = zeroPoint && getType(zeroPoint).hasStaticShape() &&
                  getType(zeroPoint).getNumElements() == 1;
  if (!input || !isScalar ||
      getType(input).getElementType() != getType(zeroPoint).getElementType())
    return {};
  return {input, zeroPoint};
}

static void exportConv(GraphBuilder &graph, ConvOp op) {
  ArrayRef<int64_t> filter = getType(op.getWeight()).getShape();
  SmallVector<Attr> attributes = {{"kernel_shape", filter.drop_front(2)},
                                  {"strides", op.getStrides()},
                                  {"pads", op.getPads()},
                                  {"dilations", op.getDilations()},
                                  {"group", op.getGroups()}};
  if (isa<FloatType>(getType(op.getInput()).getElementType()))
    return graph.result("Conv", graph.operands(op->getOperands()), attributes);

  auto [input, inputZero] = matchCentered(op.getInput());
  auto [weight, weightZero] = matchCentered(op.getWeight());
  if (!input || !weight)
    return graph.unsupported("a convolution of integers that are not bytes "
                             "with a zero point for all");
  auto toScalar = [&](Value zeroPoint) -> std::string {
    if (!zeroPoint || getType(zeroPoint).getRank() == 0)
      return graph.operand(zeroPoint);
    return graph.node("Reshape", {graph.operand(zeroPoint), graph.ints({})});
  };
  Names inputs = {graph.operand(input), graph.operand(weight),
                  toScalar(inputZero), toScalar(weightZero)};
  std::string bias;
  if (op.getBias()) {
    SmallVector<int64_t> axes =
        llvm::to_vector(llvm::seq<int64_t>(1, filter.size() - 1));
    bias = graph.node("Unsqueeze",
                      {graph.operand(op.getBias()), graph.ints(axes)});
  }
  addBiased(graph, "ConvInteger", inputs, bias, attributes);
}

static void exportConvTranspose(GraphBuilder &graph, ConvTransposeOp op) {
  ArrayRef<int64_t> filter = getType(op.getWeight()).getShape();
  graph.result("ConvTranspose", graph.operands(op->getOperands()),
               {{"kernel_shape", filter.drop_front(2)},
                {"strides", op.getStrides()},
                {"pads", op.getPads()},
                {"dilations", op.getDilations()},
                {"output_padding", op.getOutputPadding()},
                {"group", op.getGroups()}});
}

void slim::onnxexport::registerLinear(Registry &registry) {
  registry.add(exportLinear);
  registry.add(exportMatmul);
  registry.add(exportEmbedding);
  registry.add(exportConv);
  registry.add(exportConvTranspose);
}
