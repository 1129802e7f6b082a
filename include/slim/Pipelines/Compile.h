//===- Compile.h - From a model's file to a library -------------*- C++ -*-===//
//
// What slimc does, as a function: reading, compression, lowering, emission.
// Each step is a pass pipeline or a function of another room, so that the same
// can be done with slim-translate and slim-opt, step by step.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_PIPELINES_COMPILE_H
#define SLIM_PIPELINES_COMPILE_H

#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/Timing.h"
#include "slim/Support/LLVM.h"
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace slim {

/// The form in which a compilation ends.
enum class EmitKind { Slim, Linalg, LLVM, Assembly, Object, SharedLibrary };

struct CompileOptions {
  std::string inputPath;
  std::string outputPath;
  EmitKind emit = EmitKind::SharedLibrary;
  /// A textual pass pipeline on the module, "quantize-int8{...},prune-nm".
  std::string compress;
  /// As CPUTargetDescription::get takes them.
  std::string triple;
  std::string cpu = "native";
  bool threads = false;
  /// Optimization level of LLVM, 0 to 3.
  unsigned optLevel = 2;
  /// Extents of named dimensions of an ONNX model.
  std::vector<std::pair<std::string, int64_t>> dims;
  /// Where the JSON report goes; nowhere if empty.
  std::string reportPath;
  /// The linker driver; found if empty.
  std::string linker;
  /// Called for every pass manager before it runs, to apply a tool's options.
  std::function<LogicalResult(PassManager &)> configure;
};

/// Compiles a model. Every failure has been reported as one diagnostic of the
/// context; nothing is then left at the output path.
LogicalResult compileModel(const CompileOptions &options, MLIRContext *context,
                           TimingScope &timing);

} // namespace slim

#endif // SLIM_PIPELINES_COMPILE_H
