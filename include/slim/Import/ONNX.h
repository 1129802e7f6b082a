//===- ONNX.h - Import of ONNX models ---------------------------*- C++ -*-===//
//
// Reads a model in the ONNX format (https://onnx.ai), opsets 7 to 28 of the
// default domain, into a module of the slim dialect.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_IMPORT_ONNX_H
#define SLIM_IMPORT_ONNX_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "slim/Support/LLVM.h"
#include <string>
#include <utility>
#include <vector>

namespace slim {

struct ONNXImportOptions {
  /// Extents of named dimensions (ONNX's `dim_param`): each becomes static in
  /// all inputs that name it. A name that no input has is an error.
  std::vector<std::pair<std::string, int64_t>> dims;
  /// Name of the function that holds the model's main graph.
  std::string entryName = "main";
  /// Run the clean-up passes on the imported module: canonicalization, type
  /// refinement and folding of batch normalizations. Off, the module is one
  /// op after another what the model says, constants being folded.
  bool cleanUp = true;
};

/// Module attribute: a string, the producer that the model names.
constexpr llvm::StringLiteral kONNXProducerAttr = "slim.producer";

/// Imports the model in the file at `path`.
///
/// Weights (tensors that are part of the model) become `slim.weight` symbols
/// under their ONNX names, whose data stay in the model's file, or in the
/// external data files beside it, as `#slim.external`; small integer tensors
/// and scalars become constants. Arguments and results of the function have
/// the names of the graph's inputs and outputs as attribute `slim.name`, and
/// the names of dimensions as `slim.dim_names`.
///
/// A malformed model gives one error and null. Everything in the model that
/// slim does not support is collected and gives one error that names the ops
/// and their nodes: "unsupported ONNX ops: A (node 'x'), B (nodes 'y', 'z')".
/// No file, however damaged, makes it crash.
OwningOpRef<ModuleOp> importONNX(StringRef path,
                                 const ONNXImportOptions &options,
                                 MLIRContext *context);

/// Registers the translation `--import-onnx` with its options `--dim
/// name=value`, `--entry-name` and `--no-clean-up`.
void registerONNXImport();

} // namespace slim

#endif // SLIM_IMPORT_ONNX_H
