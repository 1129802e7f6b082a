//===- ONNX.h - Export of modules to ONNX -----------------------*- C++ -*-===//
//
// Writes a module of the slim dialect as a model in the ONNX format
// (https://onnx.ai), opset 21, which ONNX Runtime and others run.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_EXPORT_ONNX_H
#define SLIM_EXPORT_ONNX_H

#include "mlir/IR/BuiltinOps.h"
#include "slim/Support/LLVM.h"
#include <string>

namespace slim {

/// How products with quantized weights are written.
enum class ONNXWeightForm {
  QDQ,   ///< DequantizeLinear in front of the product
  NBits, ///< com.microsoft's MatMulNBits where it fits, else QDQ
};

struct ONNXExportOptions {
  ONNXWeightForm weights = ONNXWeightForm::QDQ;
  /// The function to export; empty means the only one.
  std::string entry;
  /// Put tensors of 1 KiB and more into a file beside the model, PATH.data. A
  /// model above 2 GiB, more than a protobuf message may have, is split anyway.
  bool externalData = false;
};

/// Writes `module` to `path`. Weights keep their names; they are read and
/// written one after another, so that memory holds one at a time.
///
/// A decode tree becomes ONNX ops that compute the same from the same stored
/// tensors. Where ONNX has none the weight is written as the numbers that it
/// decodes to, and a warning names it. What the graph computes and ONNX cannot
/// express is an error at that op. Nothing is left at `path` by a failure.
LogicalResult exportONNX(ModuleOp module, StringRef path,
                         const ONNXExportOptions &options = {});

} // namespace slim

#endif // SLIM_EXPORT_ONNX_H
