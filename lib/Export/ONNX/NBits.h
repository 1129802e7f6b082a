//===- NBits.h - Products with weights of 4 bits ----------------*- C++ -*-===//
#ifndef SLIM_LIB_EXPORT_ONNX_NBITS_H
#define SLIM_LIB_EXPORT_ONNX_NBITS_H

#include "GraphBuilder.h"

namespace slim::onnxexport {

/// Exports the product as com.microsoft's MatMulNBits if its weight is stored
/// in integers of at most 4 bits with scales that this op has: constant, and in
/// blocks along the reduction whose extent is a multiple of 16. False for
/// others, of which nothing is exported.
bool exportAsNBits(GraphBuilder &graph, LinearOp op);

} // namespace slim::onnxexport

#endif // SLIM_LIB_EXPORT_ONNX_NBITS_H
