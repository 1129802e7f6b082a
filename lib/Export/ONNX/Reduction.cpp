//===- Reduction.cpp - Reductions and scans as ONNX nodes -----------------===//
#include "Registry.h"

using namespace slim;
using namespace slim::onnxexport;

template <typename OpTy>
static void exportReduce(GraphBuilder &graph, OpTy op) {
  std::string type = std::is_same_v<OpTy, ReduceSumOp>    ? "ReduceSum"
                     : std::is_same_v<OpTy, ReduceMeanOp> ? "ReduceMean"
                     : std::is_same_v<OpTy, ReduceProdOp> ? "ReduceProd"
                     : std::is_same_v<OpTy, ReduceMaxOp>  ? "ReduceMax"
                                                          : "ReduceMin";
  std::string input = graph.operand(op.getInput());
  if (op.getAxes().empty())
    return graph.result("Identity", {input});
  graph.result(type, {input, graph.ints(op.getAxes())},
               {{"keepdims", op.getKeepDims()}});
}

template <typename OpTy>
static void exportArg(GraphBuilder &graph, OpTy op) {
  bool isMax = std::is_same_v<OpTy, ArgMaxOp>;
  graph.result(isMax ? "ArgMax" : "ArgMin", {graph.operand(op.getInput())},
               {{"axis", op.getAxis()},
                {"keepdims", op.getKeepDims()},
                {"select_last_index", op.getLast()}});
}

static void exportCumSum(GraphBuilder &graph, CumSumOp op) {
  std::string axis =
      graph.scalar(op.getAxis(), IntegerType::get(graph.getContext(), 64));
  graph.result(
      "CumSum", {graph.operand(op.getInput()), axis},
      {{"exclusive", op.getExclusive()}, {"reverse", op.getReverse()}});
}

static void exportTopK(GraphBuilder &graph, TopKOp op) {
  graph.result("TopK", graph.operands(op->getOperands()),
               {{"axis", op.getAxis()}, {"largest", op.getLargest()}});
}

void slim::onnxexport::registerReduction(Registry &registry) {
  registry.add(exportReduce<ReduceSumOp>);
  registry.add(exportReduce<ReduceMeanOp>);
  registry.add(exportReduce<ReduceProdOp>);
  registry.add(exportReduce<ReduceMaxOp>);
  registry.add(exportReduce<ReduceMinOp>);
  registry.add(exportArg<ArgMaxOp>);
  registry.add(exportArg<ArgMinOp>);
  registry.add(exportCumSum);
  registry.add(exportTopK);
}
