//===- LLVMTranslation.h - slim's attributes in LLVM IR ---------*- C++ -*-===//
#ifndef SLIM_CODEGEN_LLVMTRANSLATION_H
#define SLIM_CODEGEN_LLVMTRANSLATION_H

#include "mlir/IR/DialectRegistry.h"

namespace slim {

/// Lets modules of the LLVM dialect that still carry slim's attributes (names
/// of arguments and dimensions, the report) be translated to LLVM IR, which has
/// no place for them.
void registerSlimLLVMTranslation(mlir::DialectRegistry &registry);

} // namespace slim

#endif // SLIM_CODEGEN_LLVMTRANSLATION_H
