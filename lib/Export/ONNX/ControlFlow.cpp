//===- ControlFlow.cpp - Conditionals as ONNX nodes -----------------------===//
#include "Registry.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace slim;
using namespace slim::onnxexport;

/// ONNX's types follow from the nodes: another view of a value's shape is the
/// value.
static void exportTensorCast(GraphBuilder &graph, tensor::CastOp op) {
  graph.setName(op.getResult(), graph.operand(op.getSource()));
}

/// The condition of an If is a tensor.
static void exportExtract(GraphBuilder &graph, tensor::ExtractOp op) {
  if (!op.getIndices().empty())
    return graph.unsupported("an element of a tensor that is no scalar");
  graph.setName(op.getResult(), graph.operand(op.getTensor()));
}

/// What a conditional whose branches compute nothing becomes.
static void exportSelect(GraphBuilder &graph, arith::SelectOp op) {
  if (!isa<RankedTensorType>(op.getType()))
    return graph.unsupported("a choice of values that are no tensors");
  graph.result("Where", graph.operands(op->getOperands()));
}

static ::onnx::GraphProto exportBranch(GraphBuilder &graph, StringRef name,
                                       Region &region) {
  ::onnx::GraphProto branch;
  branch.set_name(name.str());
  if (region.empty())
    return branch;
  ::onnx::GraphProto *outer = graph.enter(&branch);
  if (failed(graph.exportBlock(region.front())))
    graph.fail();
  for (Value value : region.front().getTerminator()->getOperands()) {
    // A graph's outputs are results of its own nodes.
    std::string output = graph.makeUnique("yield");
    graph.addNode("Identity", {graph.operand(value)}, {output}, {});
    graph.setValueInfo(*branch.add_output(), output, value.getType());
  }
  graph.enter(outer);
  return branch;
}

static void exportIf(GraphBuilder &graph, scf::IfOp op) {
  std::string condition = graph.operand(op.getCondition());
  if (op.getNumResults() == 0)
    return graph.unsupported("a conditional without results");
  ::onnx::GraphProto thenBranch =
      exportBranch(graph, "then", op.getThenRegion());
  ::onnx::GraphProto elseBranch =
      exportBranch(graph, "else", op.getElseRegion());
  if (graph.hasFailed())
    return;
  graph.setCurrent(op);
  graph.result("If", {condition},
               {{"then_branch", thenBranch}, {"else_branch", elseBranch}});
}

void slim::onnxexport::registerControlFlow(Registry &registry) {
  registry.add(exportTensorCast);
  registry.add(exportExtract);
  registry.add(exportSelect);
  registry.add(exportIf);
}
