//===- Quantize.cpp - Quantized activations as ONNX nodes -----------------===//
#include "Registry.h"
#include "Scaling.h"
#include "slim/IR/WeightTree.h"

using namespace slim;
using namespace slim::onnxexport;

static RankedTensorType getType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static void exportQuantize(GraphBuilder &graph, QuantizeOp op) {
  RankedTensorType type = getType(op.getInput());
  Type to = op.getTo();
  if (getDataType(to) == 0)
    return graph.unsupported("a quantized type that ONNX lacks");
  std::optional<Scaling> scaling =
      getScaling(type, getType(op.getScale()), op.getBlock());
  bool areConstant =
      isWeightOrConstant(op.getScale()) &&
      (!op.getZeroPoint() || isWeightOrConstant(op.getZeroPoint()));
  if (!scaling || (scaling->repeats && !areConstant))
    return graph.unsupported("scales along a dimension whose extent is open");
  Names inputs = {graph.operand(op.getInput()),
                  exportScale(graph, op.getScale(), *scaling, type,
                              op.getBlock(),
                              getType(op.getScale()).getElementType())};
  SmallVector<Attr> attributes = scaling->getAttributes();
  if (op.getZeroPoint())
    inputs.push_back(exportScale(graph, op.getZeroPoint(), *scaling, type,
                                 op.getBlock(), to));
  else if (!to.isUnsignedInteger(8))
    attributes.push_back({"output_dtype", getDataType(to)});
  graph.result("QuantizeLinear", inputs, attributes);
}

/// The range of the whole tensor is ONNX's own op, whose scale and zero point
/// are scalars.
static void exportDynamicWhole(GraphBuilder &graph, DynamicQuantizeOp op) {
  std::string codes = graph.makeIntermediate("codes");
  std::string scale = graph.makeIntermediate("scale");
  std::string zeroPoint = graph.makeIntermediate("zero_point");
  graph.addNode("DynamicQuantizeLinear", {graph.operand(op.getInput())},
                {codes, scale, zeroPoint}, {});
  graph.setName(op.getResult(), codes);
  SmallVector<int64_t> ones(getType(op.getScale()).getRank(), 1);
  for (auto [value, scalar] :
       {std::pair<Value, std::string>(op.getScale(), scale),
        std::pair<Value, std::string>(op.getZeroPoint(), zeroPoint)}) {
    graph.setScalarName(value, scalar);
    graph.setLazyName(value, [&graph, ones, scalar = scalar] {
      return graph.node("Reshape", {scalar, graph.ints(ones)});
    });
  }
}

/// A range a row has no op of its own; its parts are reductions and arithmetic.
static void exportDynamicRows(GraphBuilder &graph, DynamicQuantizeOp op) {
  RankedTensorType type = getType(op.getInput());
  Type elementType = type.getElementType();
  int64_t last = type.getRank() - 1;
  std::string input = graph.operand(op.getInput());
  std::string zero = graph.scalar(0, elementType);
  std::string most = graph.scalar(255, elementType);
  auto reduce = [&](StringRef reduction, StringRef widen) {
    std::string range =
        graph.node(reduction, {input, graph.ints({last})}, {{"keepdims", 1}});
    return graph.node(widen, {range, zero});
  };
  std::string low = reduce("ReduceMin", "Min");
  std::string high = reduce("ReduceMax", "Max");
  std::string extent = graph.node("Sub", {high, low});
  std::string isZero = graph.node("Equal", {extent, zero});
  std::string quotient = graph.node("Div", {extent, most});
  std::string scale =
      graph.node("Where", {isZero, graph.scalar(1, elementType), quotient});
  std::string offset = graph.node(
      "Round", {graph.node("Div", {graph.node("Neg", {low}), scale})});
  std::string clipped = graph.node("Clip", {offset, zero, most});
  Attr toByte("to", ::onnx::TensorProto::UINT8);
  std::string zeroPoint = graph.node("Cast", {clipped}, {toByte});
  std::string codes;
  if (type.isDynamicDim(last)) {
    std::string steps =
        graph.node("Round", {graph.node("Div", {input, scale})});
    std::string shifted = graph.node("Add", {steps, clipped});
    codes = graph.node("Cast", {graph.node("Clip", {shifted, zero, most})},
                       {toByte});
  } else {
    // A row is a block.
    codes = graph.node("QuantizeLinear", {input, scale, zeroPoint},
                       {{"axis", last}, {"block_size", type.getDimSize(last)}});
  }
  graph.setName(op.getResult(), codes);
  graph.setName(op.getScale(), scale);
  graph.setName(op.getZeroPoint(), zeroPoint);
}

static void exportDynamicQuantize(GraphBuilder &graph, DynamicQuantizeOp op) {
  bool perRow = op.getPerRow() && getType(op.getInput()).getRank() > 1;
  if (perRow)
    return exportDynamicRows(graph, op);
  exportDynamicWhole(graph, op);
}

/// Reductions of runs, and arithmetic.
static void exportDynamicScale(GraphBuilder &graph, DynamicScaleOp op) {
  RankedTensorType type = getType(op.getInput());
  Type elementType = type.getElementType();
  int64_t rank = type.getRank(), last = rank - 1, depth = type.getDimSize(last);
  auto block = int64_t(op.getBlock());
  bool isWhole = block == 0;
  if (!isWhole && type.isDynamicDim(last))
    return graph.unsupported("runs of a dimension whose extent is open");
  std::string sizes = graph.node("Abs", {graph.operand(op.getInput())});
  if (!isWhole) {
    int64_t runs = llvm::divideCeil(depth, block);
    if (runs * block != depth) {
      SmallVector<int64_t> pads(2 * rank, 0);
      pads.back() = runs * block - depth;
      sizes = graph.node("Pad", {sizes, graph.ints(pads)});
    }
    SmallVector<int64_t> shape(last, 0);
    shape.append({runs, block});
    sizes = graph.node("Reshape", {sizes, graph.ints(shape)});
  }
  std::string greatest =
      graph.node("ReduceMax", {sizes, graph.ints({isWhole ? last : rank})},
                 {{"keepdims", isWhole ? 1 : 0}});
  double top = (int64_t(1) << (op.getTo().getIntOrFloatBitWidth() - 1)) - 1;
  if (auto floats = dyn_cast<FloatType>(op.getTo()))
    top = APFloat::getLargest(floats.getFloatSemantics()).convertToDouble();
  std::string quotient =
      graph.node("Div", {greatest, graph.scalar(top, elementType)});
  std::string isZero =
      graph.node("Equal", {quotient, graph.scalar(0, elementType)});
  graph.result("Where", {isZero, graph.scalar(1, elementType), quotient}, {});
}

void slim::onnxexport::registerQuantize(Registry &registry) {
  registry.add(exportQuantize);
  registry.add(exportDynamicQuantize);
  registry.add(exportDynamicScale);
}
