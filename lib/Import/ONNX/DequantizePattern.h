//===- DequantizePattern.h - Quantized weights in ONNX graphs ---*- C++ -*-===//
#ifndef SLIM_LIB_IMPORT_ONNX_DEQUANTIZEPATTERN_H
#define SLIM_LIB_IMPORT_ONNX_DEQUANTIZEPATTERN_H

#include "NodeBuilder.h"

namespace slim::onnximport {

/// Recognizes the product of a stored tensor of 8 bits or less, cast to a
/// float, and of a constant scale, as exporters of weight-only quantized models
/// write it, in either order. Returns the decoded weight as `slim.dequantize`,
/// or null.
Value matchDequantizedWeight(NodeBuilder &node, Value lhs, Value rhs);

} // namespace slim::onnximport

#endif // SLIM_LIB_IMPORT_ONNX_DEQUANTIZEPATTERN_H
