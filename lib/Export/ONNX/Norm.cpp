//===- Norm.cpp - Normalizations as ONNX nodes ----------------------------===//
#include "Registry.h"

using namespace slim;
using namespace slim::onnxexport;

static RankedTensorType getType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

template <typename OpTy>
static void exportSoftmax(GraphBuilder &graph, OpTy op) {
  bool isLog = std::is_same_v<OpTy, LogSoftmaxOp>;
  graph.result(isLog ? "LogSoftmax" : "Softmax", {graph.operand(op.getInput())},
               {{"axis", op.getAxis()}});
}

static void exportLayerNorm(GraphBuilder &graph, LayerNormOp op) {
  std::string scale = graph.operand(op.getScale());
  if (scale.empty()) {
    // ONNX demands a scale.
    RankedTensorType type = getType(op.getInput());
    ArrayRef<int64_t> shape = type.getShape().drop_front(op.getAxis());
    if (ShapedType::isDynamicShape(shape))
      return graph.unsupported("open extents without a scale");
    RankedTensorType scaleType = type.clone(shape);
    SmallVector<double> ones(scaleType.getNumElements(), 1.0);
    scale = graph.tensor(TensorData::fromDoubles(scaleType, ones));
  }
  graph.result(
      "LayerNormalization",
      {graph.operand(op.getInput()), scale, graph.operand(op.getBias())},
      {{"axis", op.getAxis()}, {"epsilon", op.getEpsilon().convertToFloat()}});
}

/// Opset 23 has an op; before, it is x / sqrt(mean(x^2) + epsilon) * scale.
static void exportRMSNorm(GraphBuilder &graph, RMSNormOp op) {
  RankedTensorType type = getType(op.getInput());
  std::string input = graph.operand(op.getInput());
  SmallVector<int64_t> axes =
      llvm::to_vector(llvm::seq<int64_t>(op.getAxis(), type.getRank()));
  std::string square = graph.node("Mul", {input, input});
  std::string mean =
      graph.node("ReduceMean", {square, graph.ints(axes)}, {{"keepdims", 1}});
  std::string epsilon =
      graph.scalar(op.getEpsilon().convertToFloat(), type.getElementType());
  std::string root = graph.node("Sqrt", {graph.node("Add", {mean, epsilon})});
  if (!op.getScale())
    return graph.result("Div", {input, root});
  std::string normalized = graph.node("Div", {input, root});
  graph.result("Mul", {normalized, graph.operand(op.getScale())});
}

static void exportBatchNorm(GraphBuilder &graph, BatchNormOp op) {
  graph.result("BatchNormalization", graph.operands(op->getOperands()),
               {{"epsilon", op.getEpsilon().convertToFloat()}});
}

static void exportGroupNorm(GraphBuilder &graph, GroupNormOp op) {
  Attr epsilon("epsilon", op.getEpsilon().convertToFloat());
  if (op.getGroups() == 0)
    return graph.result("InstanceNormalization",
                        graph.operands(op->getOperands()), {epsilon});
  graph.result("GroupNormalization", graph.operands(op->getOperands()),
               {epsilon, {"num_groups", op.getGroups()}});
}

static void exportLRN(GraphBuilder &graph, LRNOp op) {
  graph.result("LRN", {graph.operand(op.getInput())},
               {{"size", op.getSize()},
                {"alpha", op.getAlpha().convertToFloat()},
                {"beta", op.getBeta().convertToFloat()},
                {"bias", op.getBias().convertToFloat()}});
}

void slim::onnxexport::registerNorm(Registry &registry) {
  registry.add(exportSoftmax<SoftmaxOp>);
  registry.add(exportSoftmax<LogSoftmaxOp>);
  registry.add(exportLayerNorm);
  registry.add(exportRMSNorm);
  registry.add(exportBatchNorm);
  registry.add(exportGroupNorm);
  registry.add(exportLRN);
}
