//===- Registration.cpp - The translation --import-onnx ---------*- C++ -*-===//
#include "slim/Import/ONNX.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "slim/IR/SlimDialect.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/SourceMgr.h"

using namespace slim;

namespace {
struct ImportFlags {
  llvm::cl::OptionCategory category{"ONNX import"};
  llvm::cl::list<std::string> dims{
      "dim", llvm::cl::desc("Extent of a named dimension (--import-onnx)"),
      llvm::cl::value_desc("name=value"), llvm::cl::cat(category)};
  llvm::cl::opt<std::string> entryName{
      "entry-name",
      llvm::cl::desc("Name of the function that is imported (--import-onnx)"),
      llvm::cl::init("main"), llvm::cl::cat(category)};
  llvm::cl::opt<bool> noCleanUp{
      "no-clean-up",
      llvm::cl::desc("Leave out the clean-up passes (--import-onnx)"),
      llvm::cl::cat(category)};
};
} // namespace

static OwningOpRef<Operation *> translate(llvm::SourceMgr &sources,
                                          const ImportFlags &flags,
                                          MLIRContext *context) {
  StringRef path =
      sources.getMemoryBuffer(sources.getMainFileID())->getBufferIdentifier();
  Location loc = FileLineColLoc::get(context, path, 0, 0);
  ONNXImportOptions options;
  options.entryName = flags.entryName;
  options.cleanUp = !flags.noCleanUp;
  for (StringRef dim : flags.dims) {
    // Names may contain '='; values do not.
    auto [name, text] = dim.rsplit('=');
    int64_t value;
    if (name.empty() || text.getAsInteger(10, value) || value < 0) {
      emitError(loc) << "--dim needs name=value, not '" << dim << "'";
      return {};
    }
    options.dims.push_back({name.str(), value});
  }
  // Weights stay in the file, so there has to be one.
  if (path == "<stdin>") {
    emitError(loc) << "--import-onnx reads a file, not standard input";
    return {};
  }
  return importONNX(path, options, context);
}

void slim::registerONNXImport() {
  static ImportFlags flags;
  static TranslateToMLIRRegistration registration(
      "import-onnx", "Import an ONNX model into the slim dialect",
      [](llvm::SourceMgr &sources, MLIRContext *context) {
        return translate(sources, flags, context);
      },
      [](DialectRegistry &registry) {
        registry.insert<SlimDialect, func::FuncDialect, scf::SCFDialect,
                        tensor::TensorDialect, arith::ArithDialect>();
      });
}
