//===- Indexing.cpp - Gathers and scatters as ONNX nodes ------------------===//
#include "Registry.h"

using namespace slim;
using namespace slim::onnxexport;

static StringRef getReduction(ScatterMode mode) {
  return mode == ScatterMode::Replace ? "none" : stringifyScatterMode(mode);
}

template <typename OpTy>
static void exportGather(GraphBuilder &graph, OpTy op) {
  bool isPlain = std::is_same_v<OpTy, GatherOp>;
  graph.result(isPlain ? "Gather" : "GatherElements",
               graph.operands(op->getOperands()), {{"axis", op.getAxis()}});
}

/// Indices of the ops on tuples are i64.
static std::string getTuples(GraphBuilder &graph, Value indices) {
  std::string name = graph.operand(indices);
  auto type = cast<RankedTensorType>(indices.getType());
  if (type.getElementType().isInteger(64))
    return name;
  return graph.node("Cast", {name}, {{"to", ::onnx::TensorProto::INT64}});
}

static void exportGatherND(GraphBuilder &graph, GatherNDOp op) {
  graph.result(
      "GatherND",
      {graph.operand(op.getInput()), getTuples(graph, op.getIndices())},
      {{"batch_dims", op.getBatchDims()}});
}

static void exportScatterElements(GraphBuilder &graph, ScatterElementsOp op) {
  graph.result(
      "ScatterElements", graph.operands(op->getOperands()),
      {{"axis", op.getAxis()}, {"reduction", getReduction(op.getMode())}});
}

static void exportScatterND(GraphBuilder &graph, ScatterNDOp op) {
  graph.result("ScatterND",
               {graph.operand(op.getInput()), getTuples(graph, op.getIndices()),
                graph.operand(op.getUpdates())},
               {{"reduction", getReduction(op.getMode())}});
}

static void exportOneHot(GraphBuilder &graph, OneHotOp op) {
  auto toVector = [&](Value scalar) {
    return graph.node("Unsqueeze", {graph.operand(scalar), graph.ints({0})});
  };
  std::string values = graph.node(
      "Concat", {toVector(op.getOffValue()), toVector(op.getOnValue())},
      {{"axis", 0}});
  graph.result(
      "OneHot",
      {graph.operand(op.getIndices()), graph.operand(op.getDepth()), values},
      {{"axis", op.getAxis()}});
}

void slim::onnxexport::registerIndexing(Registry &registry) {
  registry.add(exportGather<GatherOp>);
  registry.add(exportGather<GatherElementsOp>);
  registry.add(exportGatherND);
  registry.add(exportScatterElements);
  registry.add(exportScatterND);
  registry.add(exportOneHot);
  registry.addSimple<NonZeroOp>("NonZero");
}
