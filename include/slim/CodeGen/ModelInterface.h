//===- ModelInterface.h - The C interface of generated code -----*- C++ -*-===//
#ifndef SLIM_CODEGEN_MODELINTERFACE_H
#define SLIM_CODEGEN_MODELINTERFACE_H

#include "slim/CodeGen/CPU/TargetDescription.h"
#include "slim/CodeGen/ModelDescription.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

namespace slim {

/// Adds to `module`, which has the `_mlir_ciface_` function of every entry
/// point, what Runtime/GeneratedCode.h demands of generated code: the tables
/// that describe the model and one adaptor an entry point.
void emitModelInterface(llvm::Module &module, const ModelDescription &model,
                        const CPUTargetDescription &target);

/// Links the runtime for the module's architecture into it and hides every
/// symbol but those of Runtime/Model.h.
llvm::Error linkRuntime(llvm::Module &module);

} // namespace slim

#endif // SLIM_CODEGEN_MODELINTERFACE_H
