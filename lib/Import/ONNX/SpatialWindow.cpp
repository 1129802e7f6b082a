//===- SpatialWindow.cpp - Kernels, strides and paddings --------*- C++ -*-===//
#include "SpatialWindow.h"

#include "llvm/Support/MathExtras.h"

using namespace slim;
using namespace slim::onnximport;

SmallVector<int64_t> slim::onnximport::getSpatialAttr(NodeBuilder &node,
                                                      StringRef name,
                                                      unsigned count,
                                                      int64_t defaultValue,
                                                      int64_t least) {
  std::optional<SmallVector<int64_t>> values = node.intsAttr(name);
  if (!values)
    return SmallVector<int64_t>(count, defaultValue);
  if (values->size() != count) {
    node.invalid("has " + Twine(values->size()) + " values of '" + name +
                 "' where " + Twine(count) + " belong");
    return SmallVector<int64_t>(count, defaultValue);
  }
  for (int64_t value : *values) {
    if (value < least || value > kMaxSpatialAttr) {
      node.invalid("has " + name + " " + Twine(value));
      return SmallVector<int64_t>(count, defaultValue);
    }
  }
  return *values;
}

/// Paddings with which the result has ceil(input / stride) elements.
static void padToSame(NodeBuilder &node, Value input, bool isUpper,
                      SpatialWindow &window) {
  unsigned rank = window.kernel.size();
  for (unsigned i = 0; i < rank; ++i) {
    int64_t reach = (window.kernel[i] - 1) * window.dilations[i] + 1;
    int64_t stride = window.strides[i];
    int64_t extent = node.shape(input)[i + 2];
    int64_t total;
    if (stride == 1) {
      total = reach - 1;
    } else if (ShapedType::isDynamic(extent)) {
      node.unsupported(
          "auto_pad with strides on a dimension that is not known");
      return;
    } else {
      int64_t outputs = llvm::divideCeil(extent, stride);
      total = std::max<int64_t>((outputs - 1) * stride + reach - extent, 0);
    }
    int64_t less = total / 2, more = total - less;
    window.pads[i] = isUpper ? less : more;
    window.pads[rank + i] = isUpper ? more : less;
  }
}

SpatialWindow slim::onnximport::getSpatialWindow(NodeBuilder &node, Value input,
                                                 ArrayRef<int64_t> kernel) {
  SpatialWindow window;
  int64_t rank = node.rank(input) - 2;
  if (rank < 1 || rank > 3) {
    node.unsupported("an input of rank " + Twine(rank + 2));
    return window;
  }
  if (!kernel.empty() || node.hasAttr("kernel_shape"))
    window.kernel = getSpatialAttr(node, "kernel_shape", rank, 1, 1);
  else
    node.invalid("has no kernel_shape");
  if (!kernel.empty()) {
    bool isKnown = llvm::all_of(kernel, [](int64_t extent) {
      return !ShapedType::isDynamic(extent) && extent <= kMaxSpatialAttr;
    });
    if (!isKnown || static_cast<int64_t>(kernel.size()) != rank)
      node.unsupported("a weight whose kernel is not known");
    else if (node.hasAttr("kernel_shape") &&
             ArrayRef<int64_t>(window.kernel) != kernel)
      node.invalid("has a kernel_shape that is not the weight's");
    window.kernel.assign(kernel.begin(), kernel.end());
  }
  window.strides = getSpatialAttr(node, "strides", rank, 1, 1);
  window.dilations = getSpatialAttr(node, "dilations", rank, 1, 1);
  StringRef autoPad = node.stringAttr("auto_pad", "NOTSET");
  if (autoPad == "NOTSET") {
    window.pads = getSpatialAttr(node, "pads", 2 * rank, 0, 0);
    return window;
  }
  window.pads.assign(2 * rank, 0);
  if (autoPad == "SAME_UPPER" || autoPad == "SAME_LOWER") {
    if (node.isOk())
      padToSame(node, input, autoPad == "SAME_UPPER", window);
  } else if (autoPad != "VALID") {
    node.invalid("has auto_pad '" + autoPad + "'");
  }
  return window;
}
