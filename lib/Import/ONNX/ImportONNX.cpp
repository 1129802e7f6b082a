//===- ImportONNX.cpp - Import of ONNX models -------------------*- C++ -*-===//
#include "ModelImporter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "onnx/onnx_pb.h"
#include "slim/IR/SlimDialect.h"

using namespace slim;
using namespace slim::onnximport;

OwningOpRef<ModuleOp> slim::importONNX(StringRef path,
                                       const ONNXImportOptions &options,
                                       MLIRContext *context) {
  context->loadDialect<SlimDialect, func::FuncDialect, scf::SCFDialect,
                       tensor::TensorDialect, arith::ArithDialect>();
  auto error = [&] {
    return emitError(FileLineColLoc::get(context, path, 0, 0));
  };
  FileTable files;
  std::string reason;
  std::shared_ptr<MappedFile> file = files.open(path, reason);
  if (!file) {
    error() << "cannot read '" << path << "': " << reason;
    return {};
  }
  std::unique_ptr<::onnx::ModelProto> proto = parseModel(file->getBytes());
  if (!proto || !proto->has_graph()) {
    error() << "'" << path
            << "' is not an ONNX model, or is damaged or cut off";
    return {};
  }
  TensorReader tensors(file, files, context);
  ModelImporter importer(*proto, tensors, options, path, context);
  return importer.run();
}
