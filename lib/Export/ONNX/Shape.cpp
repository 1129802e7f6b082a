//===- Shape.cpp - Shapes and data movement as ONNX nodes -----------------===//
#include "Registry.h"

using namespace slim;
using namespace slim::onnxexport;

static void exportShape(GraphBuilder &graph, ShapeOp op) {
  graph.result("Shape", {graph.operand(op.getInput())},
               {{"start", op.getStart()}, {"end", op.getEnd()}});
}

static void exportReshape(GraphBuilder &graph, ReshapeOp op) {
  SmallVector<Attr> attributes;
  if (op.getAllowZero())
    attributes.push_back({"allowzero", 1});
  graph.result("Reshape", graph.operands(op->getOperands()), attributes);
}

static void exportFlatten(GraphBuilder &graph, FlattenOp op) {
  graph.result("Flatten", {graph.operand(op.getInput())},
               {{"axis", op.getAxis()}});
}

template <typename OpTy>
static void exportSqueeze(GraphBuilder &graph, OpTy op) {
  bool isSqueeze = std::is_same_v<OpTy, SqueezeOp>;
  std::string input = graph.operand(op.getInput());
  // Without axes ONNX's op removes all dimensions of extent 1.
  if (op.getAxes().empty())
    return graph.result("Identity", {input});
  graph.result(isSqueeze ? "Squeeze" : "Unsqueeze",
               {input, graph.ints(op.getAxes())});
}

static void exportTranspose(GraphBuilder &graph, TransposeOp op) {
  graph.result("Transpose", {graph.operand(op.getInput())},
               {{"perm", op.getPermutation()}});
}

static void exportConcat(GraphBuilder &graph, ConcatOp op) {
  graph.result("Concat", graph.operands(op.getInputs()),
               {{"axis", op.getAxis()}});
}

static void exportSlice(GraphBuilder &graph, SliceOp op) {
  std::string input = graph.operand(op.getInput());
  if (op.getAxes().empty())
    return graph.result("Identity", {input});
  graph.result("Slice", {input, graph.operand(op.getStarts()),
                         graph.operand(op.getEnds()), graph.ints(op.getAxes()),
                         graph.operand(op.getSteps())});
}

static void exportPad(GraphBuilder &graph, PadOp op) {
  graph.result("Pad", graph.operands(op->getOperands()),
               {{"mode", stringifyPadMode(op.getMode())}});
}

/// ConstantOfShape where the value is one, which may be a computed one here.
static void exportFill(GraphBuilder &graph, FillOp op) {
  std::string shape = graph.operand(op.getShape());
  if (auto constant = op.getValue().getDefiningOp<ConstantOp>()) {
    std::optional<TensorData> data = TensorData::fromAttr(constant.getValue());
    if (data) {
      RankedTensorType type = data->getType().clone(ArrayRef<int64_t>{1});
      TensorData value(type, data->getBytes(), data->getOwner());
      return graph.result("ConstantOfShape", {shape}, {{"value", value}});
    }
  }
  graph.result("Expand", {graph.operand(op.getValue()), shape});
}

static void exportTrilu(GraphBuilder &graph, TriluOp op) {
  graph.result("Trilu", graph.operands(op->getOperands()),
               {{"upper", op.getUpper()}});
}

void slim::onnxexport::registerShape(Registry &registry) {
  registry.add(exportShape);
  registry.add(exportReshape);
  registry.add(exportFlatten);
  registry.add(exportSqueeze<SqueezeOp>);
  registry.add(exportSqueeze<UnsqueezeOp>);
  registry.add(exportTranspose);
  registry.addSimple<ExpandOp>("Expand");
  registry.add(exportConcat);
  registry.add(exportSlice);
  registry.add(exportPad);
  registry.addSimple<TileOp>("Tile");
  registry.add(exportFill);
  registry.addSimple<RangeOp>("Range");
  registry.add(exportTrilu);
}
