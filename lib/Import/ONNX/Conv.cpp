//===- Conv.cpp - ONNX's convolutions ---------------------------*- C++ -*-===//
#include "IntegerArithmetic.h"
#include "Registry.h"
#include "SpatialWindow.h"

using namespace slim;
using namespace slim::onnximport;

/// The spatial part of a weight's shape.
static ArrayRef<int64_t> getKernel(NodeBuilder &node, Value weight) {
  if (node.rank(weight) < 3) {
    node.invalid("has a weight of rank " + Twine(node.rank(weight)));
    return {};
  }
  return node.shape(weight).drop_front(2);
}

static int64_t getGroups(NodeBuilder &node) {
  int64_t groups = node.intAttr("group", 1);
  if (groups < 1 || groups > kMaxSpatialAttr) {
    node.invalid("has group " + Twine(groups));
    return 1;
  }
  return groups;
}

static Value buildConv(NodeBuilder &node, Value input, Value weight,
                       Value bias) {
  SpatialWindow window = getSpatialWindow(node, input, getKernel(node, weight));
  return node.create<ConvOp>(input, weight, bias, window.strides, window.pads,
                             window.dilations, getGroups(node));
}

static void importConv(NodeBuilder &node) {
  node.setResults(
      buildConv(node, node.operand(0), node.operand(1), node.operand(2)));
}

static void importConvInteger(NodeBuilder &node) {
  Value input = subtractZeroPoint(node, node.operand(0), node.operand(2), 1);
  Value weight = subtractZeroPoint(node, node.operand(1), node.operand(3), 0);
  unifyIntegers(node, input, weight);
  node.setResults(buildConv(node, input, weight, Value()));
}

/// Integers in, integers out: the sum is exact in i32 and then rescaled.
static void importQLinearConv(NodeBuilder &node) {
  Value input = subtractZeroPoint(node, node.operand(0), node.operand(2), 1);
  Value weight = subtractZeroPoint(node, node.operand(3), node.operand(5), 0);
  unifyIntegers(node, input, weight);
  Value sum = buildConv(node, input, weight, Value());
  int64_t rank = node.rank(sum);
  if (Value bias = node.operand(8))
    sum = node.create<AddOp>(sum, alignAlong(node, bias, 1, rank));
  Value weightScale = alignAlong(node, node.operand(4), 1, rank);
  node.setResults(requantize(node, sum, node.toScalar(node.operand(1)),
                             weightScale, node.operand(6), node.operand(7)));
}

static void importConvTranspose(NodeBuilder &node) {
  Value input = node.operand(0), weight = node.operand(1);
  ArrayRef<int64_t> kernel = getKernel(node, weight);
  int64_t rank = kernel.size();
  if (!node.isOk())
    return;
  bool isKnown = llvm::all_of(kernel, [](int64_t extent) {
    return !ShapedType::isDynamic(extent) && extent <= kMaxSpatialAttr;
  });
  if (node.rank(input) != rank + 2 || rank > 3 || !isKnown) {
    node.unsupported("an input of rank " + Twine(node.rank(input)) +
                     " or an unknown kernel");
    return;
  }
  SmallVector<int64_t> strides = getSpatialAttr(node, "strides", rank, 1, 1);
  SmallVector<int64_t> dilations =
      getSpatialAttr(node, "dilations", rank, 1, 1);
  SmallVector<int64_t> outputPadding =
      getSpatialAttr(node, "output_padding", rank, 0, 0);
  SmallVector<int64_t> pads = getSpatialAttr(node, "pads", 2 * rank, 0, 0);

  StringRef autoPad = node.stringAttr("auto_pad", "NOTSET");
  bool isSame = autoPad == "SAME_UPPER" || autoPad == "SAME_LOWER";
  if (autoPad != "NOTSET" && autoPad != "VALID" && !isSame)
    node.invalid("has auto_pad '" + autoPad + "'");
  if (autoPad == "VALID")
    pads.assign(2 * rank, 0);
  std::optional<SmallVector<int64_t>> outputShape;
  if (node.hasAttr("output_shape")) {
    // Some exporters give the batch and the channels too.
    outputShape = node.intsAttr("output_shape");
    if (outputShape && static_cast<int64_t>(outputShape->size()) == rank + 2)
      outputShape->erase(outputShape->begin(), outputShape->begin() + 2);
    if (outputShape && static_cast<int64_t>(outputShape->size()) != rank)
      node.invalid("has an output_shape of another rank");
  }
  if (!node.isOk())
    return;
  if (isSame || outputShape) {
    // The paddings follow from the extent of the result.
    for (int64_t i = 0; i < rank; ++i) {
      int64_t extent = node.shape(input)[i + 2];
      int64_t reach = (kernel[i] - 1) * dilations[i] + 1;
      int64_t total;
      if (!outputShape) {
        total = reach + outputPadding[i] - strides[i];
      } else if (ShapedType::isDynamic(extent)) {
        node.unsupported("output_shape for an input whose extent is not known");
        return;
      } else {
        total = (extent - 1) * strides[i] + outputPadding[i] + reach -
                std::clamp<int64_t>((*outputShape)[i], 0, kMaxElements);
      }
      // A result larger than what the input reaches has zeros at the end.
      if (total < 0) {
        outputPadding[i] -= total;
        total = 0;
      }
      int64_t less = total / 2, more = total - less;
      bool isUpper = autoPad == "SAME_UPPER";
      pads[i] = isUpper ? less : more;
      pads[rank + i] = isUpper ? more : less;
    }
  }
  node.setResults(node.create<ConvTransposeOp>(input, weight, node.operand(2),
                                               strides, pads, dilations,
                                               outputPadding, getGroups(node)));
}

void slim::onnximport::registerConv(Registry &registry) {
  registry.add("Conv", 2, 3, importConv);
  registry.add("ConvInteger", 2, 4, importConvInteger);
  registry.add("QLinearConv", 8, 9, importQLinearConv);
  registry.add("ConvTranspose", 2, 3, importConvTranspose);
}
