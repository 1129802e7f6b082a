//===- SaveModule.h - A module's file and its weights' ----------*- C++ -*-===//
#ifndef SLIM_PIPELINES_SAVEMODULE_H
#define SLIM_PIPELINES_SAVEMODULE_H

#include "mlir/IR/BuiltinOps.h"
#include "slim/Support/LLVM.h"
#include "llvm/Support/Error.h"

namespace slim {

/// Writes `module` to `path`, as bytecode if it ends in .mlirbc and as text
/// otherwise. Data of weights above a few elements go to a file of their own
/// beside it, `path` with the extension .weights.safetensors, which the module
/// names by #slim.external; data that are in a file already stay there, by
/// absolute path. With `path` "-" text with inline data goes to the standard
/// output.
llvm::Error saveModule(ModuleOp module, StringRef path);

} // namespace slim

#endif // SLIM_PIPELINES_SAVEMODULE_H
