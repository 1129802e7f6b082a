//===- SpatialWindow.h - Kernels, strides and paddings ----------*- C++ -*-===//
#ifndef SLIM_LIB_IMPORT_ONNX_SPATIALWINDOW_H
#define SLIM_LIB_IMPORT_ONNX_SPATIALWINDOW_H

#include "NodeBuilder.h"

namespace slim::onnximport {

/// How a convolution or a pooling op moves over the spatial dimensions; all
/// lists have an element a spatial dimension, `pads` the begins and the ends.
struct SpatialWindow {
  SmallVector<int64_t> kernel, strides, pads, dilations;
};

/// Reads the attributes that ONNX's windowed ops share, auto_pad included, for
/// an input [N, C, spatial...]. `kernel` is what the weight's shape says, empty
/// for pooling, whose attribute is required.
SpatialWindow getSpatialWindow(NodeBuilder &node, Value input,
                               ArrayRef<int64_t> kernel);

/// Largest stride, dilation, padding, kernel extent.
constexpr int64_t kMaxSpatialAttr = int64_t(1) << 20;

/// The attribute `name`, `count` values from `least` on, or the default.
SmallVector<int64_t> getSpatialAttr(NodeBuilder &node, StringRef name,
                                    unsigned count, int64_t defaultValue,
                                    int64_t least);

} // namespace slim::onnximport

#endif // SLIM_LIB_IMPORT_ONNX_SPATIALWINDOW_H
