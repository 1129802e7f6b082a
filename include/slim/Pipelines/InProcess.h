//===- InProcess.h - Compiling modules for this process ---------*- C++ -*-===//
#ifndef SLIM_PIPELINES_INPROCESS_H
#define SLIM_PIPELINES_INPROCESS_H

#include "slim/Calibrate/Program.h"

namespace slim {

/// Compiles a module of the slim dialect by the pipeline of slimc for this
/// machine, without threads of its own, and loads the code. The module stays as
/// it is; everything that compiling it takes is freed with the program, but the
/// data of its weights that lie in resources must outlive the program. Reports
/// what fails.
FailureOr<std::unique_ptr<Program>> compileInProcess(ModuleOp module,
                                                     unsigned sessions);

} // namespace slim

#endif // SLIM_PIPELINES_INPROCESS_H
