//===- Program.h - Running modules in this process --------------*- C++ -*-===//
//
// Calibration runs models, and the code generator lies above it: this is what
// calibration asks of a code generator.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_CALIBRATE_PROGRAM_H
#define SLIM_CALIBRATE_PROGRAM_H

#include "mlir/IR/BuiltinOps.h"
#include "slim/Runtime/Model.h"
#include "slim/Support/LLVM.h"
#include "llvm/Support/Error.h"
#include <functional>
#include <memory>
#include <vector>

namespace slim {

/// The only entry point of a module, compiled.
class Program {
public:
  virtual ~Program();

  /// Runs in session number `session`; every session may be in use by one
  /// thread. `outputs` are sized by this function; their data belong to the
  /// session and live until its next run.
  virtual llvm::Error run(unsigned session, ArrayRef<slim_tensor> inputs,
                          std::vector<slim_tensor> &outputs) = 0;
};

/// Compiles a module with one public function, which keeps alive what the
/// program needs of it, and makes `sessions` sessions. Reports what fails.
using ProgramCompiler = std::function<FailureOr<std::unique_ptr<Program>>(
    ModuleOp module, unsigned sessions)>;

} // namespace slim

#endif // SLIM_CALIBRATE_PROGRAM_H
