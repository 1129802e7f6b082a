//===- ToolSupport.h - What the command-line tools share --------*- C++ -*-===//
#ifndef SLIM_PIPELINES_TOOLSUPPORT_H
#define SLIM_PIPELINES_TOOLSUPPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/OwningOpRef.h"
#include "slim/Calibrate/Calibrate.h"
#include "slim/Support/LLVM.h"
#include "llvm/Support/Error.h"
#include <string>
#include <utility>
#include <vector>

namespace slim {

/// Extents of named dimensions.
using NamedExtents = std::vector<std::pair<std::string, int64_t>>;

/// Parses the arguments of --dim, each "name=value".
llvm::Expected<NamedExtents> parseDims(ArrayRef<std::string> texts);

/// Fails, with a message, if a file cannot have this path, for want of its
/// directory or because it is one: to be asked before the work whose result
/// goes there.
llvm::Error checkOutputPath(StringRef path);

/// Reads a model from a .onnx, .mlir or .mlirbc file, by its extension. Reports
/// what fails.
OwningOpRef<ModuleOp> readModel(StringRef path, const NamedExtents &dims,
                                MLIRContext *context);

/// Prints "tool: error: at 'node': message", one line, and its notes.
void printDiagnostic(StringRef tool, const Diagnostic &diagnostic);

/// Opens a file of samples for the function of `module` that options.entry
/// names. Reports what fails.
FailureOr<std::unique_ptr<DataSet>> openDataSet(ModuleOp module,
                                                StringRef entry, StringRef path,
                                                const DataSetOptions &options);

/// A function for CalibrationOptions::progress: a line on stderr that is
/// replaced on a terminal, and otherwise a line every tenth of the samples.
std::function<void(StringRef, int64_t, int64_t)> makeProgress(StringRef tool);

/// The largest amount of memory that the process has taken so far, in MiB.
double getPeakMegabytes();

} // namespace slim

#endif // SLIM_PIPELINES_TOOLSUPPORT_H
