//===- Pool.cpp - Pooling and resampling as ONNX nodes --------------------===//
#include "Registry.h"

using namespace slim;
using namespace slim::onnxexport;

template <typename OpTy>
static SmallVector<Attr> getWindow(OpTy op) {
  return {{"kernel_shape", op.getKernel()},
          {"strides", op.getStrides()},
          {"pads", op.getPads()},
          {"dilations", op.getDilations()},
          {"ceil_mode", op.getCeilMode()}};
}

static void exportMaxPool(GraphBuilder &graph, MaxPoolOp op) {
  graph.result("MaxPool", {graph.operand(op.getInput())}, getWindow(op));
}

static void exportAvgPool(GraphBuilder &graph, AvgPoolOp op) {
  SmallVector<Attr> attributes = getWindow(op);
  attributes.push_back({"count_include_pad", op.getCountIncludePad()});
  graph.result("AveragePool", {graph.operand(op.getInput())}, attributes);
}

static void exportResize(GraphBuilder &graph, ResizeOp op) {
  graph.result("Resize",
               {graph.operand(op.getInput()), /*roi=*/"",
                graph.operand(op.getScales()), graph.operand(op.getSizes())},
               {{"axes", op.getAxes()},
                {"mode", stringifyResizeMode(op.getMode())},
                {"coordinate_transformation_mode",
                 stringifyCoordinateMode(op.getCoordinates())},
                {"nearest_mode", stringifyNearestMode(op.getNearest())},
                {"cubic_coeff_a", op.getCubicCoefficient().convertToFloat()},
                {"exclude_outside", op.getExcludeOutside()},
                {"antialias", op.getAntialias()}});
}

void slim::onnxexport::registerPool(Registry &registry) {
  registry.add(exportMaxPool);
  registry.add(exportAvgPool);
  registry.add(exportResize);
}
