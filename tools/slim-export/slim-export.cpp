//===- slim-export.cpp - Modules in the formats of others -----------------===//
#include "mlir/IR/MLIRContext.h"
#include "slim/Export/CompressedTensors.h"
#include "slim/Export/ONNX.h"
#include "slim/InitAll.h"
#include "slim/Pipelines/ToolSupport.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"

using namespace slim;
namespace cl = llvm::cl;

namespace {

enum class Format { QDQ, NBits, CompressedTensors };

/// The options. They are made after libLLVM's have been forgotten, some of
/// which have the same names.
struct Options {
  cl::OptionCategory category{"slim-export options"};
  cl::opt<std::string> input{cl::Positional, cl::Required,
                             cl::desc("MODEL(.mlir|.mlirbc|.onnx)"),
                             cl::cat(category)};
  cl::opt<std::string> output{"o", cl::Required, cl::value_desc("path"),
                              cl::desc("The model, or the directory, to write"),
                              cl::cat(category)};
  cl::opt<Format> format{
      "format", cl::init(Format::QDQ), cl::desc("What to write:"),
      cl::values(
          clEnumValN(Format::QDQ, "qdq",
                     "ONNX; quantized weights and activations by "
                     "QuantizeLinear and DequantizeLinear (default)"),
          clEnumValN(Format::NBits, "nbits",
                     "ONNX; products with weights of 4 bits by "
                     "com.microsoft's MatMulNBits"),
          clEnumValN(Format::CompressedTensors, "compressed-tensors",
                     "A directory of weights as the package of that name has "
                     "them: config.json and model.safetensors")),
      cl::cat(category)};
  cl::opt<std::string> entry{
      "entry", cl::value_desc("name"),
      cl::desc("Function to export (default: the only one)"),
      cl::cat(category)};
  cl::opt<bool> externalData{
      "external-data",
      cl::desc("Put the weights of an ONNX model into a file beside it"),
      cl::cat(category)};
  cl::list<std::string> dims{"dim", cl::value_desc("name=value"),
                             cl::desc("Fix a named dimension of an ONNX model"),
                             cl::cat(category)};
};

LogicalResult run(const Options &flags, const NamedExtents &dims,
                  MLIRContext &context) {
  OwningOpRef<ModuleOp> module = readModel(flags.input, dims, &context);
  if (!module)
    return failure();
  if (flags.format == Format::CompressedTensors)
    return exportCompressedTensors(*module, flags.output);
  ONNXExportOptions options;
  options.weights = flags.format == Format::NBits ? ONNXWeightForm::NBits
                                                  : ONNXWeightForm::QDQ;
  options.entry = flags.entry;
  options.externalData = flags.externalData;
  return exportONNX(*module, flags.output, options);
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::ResetCommandLineParser();
  Options flags;
  cl::HideUnrelatedOptions(flags.category);
  cl::ParseCommandLineOptions(argc, argv,
                              "slim export: writes a module as a model for "
                              "other programs\n");
  llvm::Expected<NamedExtents> dims = parseDims(flags.dims);
  if (!dims) {
    llvm::errs() << "slim-export: error: " << llvm::toString(dims.takeError())
                 << "\n";
    return 1;
  }
  mlir::DialectRegistry registry;
  slim::registerAllDialects(registry);
  mlir::MLIRContext context(registry);
  context.printOpOnDiagnostic(false);
  mlir::ScopedDiagnosticHandler handler(
      &context, [](mlir::Diagnostic &diagnostic) {
        printDiagnostic("slim-export", diagnostic);
        return mlir::success();
      });
  return mlir::failed(run(flags, *dims, context));
}
