//===- MaskedBF16.h - Masked accesses of bf16 as integers -------*- C++ -*-===//
//
// Private to this room.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CODEGEN_MASKEDBF16_H
#define SLIM_LIB_CODEGEN_MASKEDBF16_H

#include "llvm/IR/PassManager.h"

namespace slim {

/// Makes masked loads and stores of bf16 those of i16. LLVM's loop vectorizer
/// masks the last elements of loops for processors with SVE, and the code
/// generator of LLVM 22 has no such accesses of bf16 in vectors of a fixed
/// size.
struct MaskedBF16Pass : llvm::PassInfoMixin<MaskedBF16Pass> {
  llvm::PreservedAnalyses run(llvm::Function &function,
                              llvm::FunctionAnalysisManager &);
};

} // namespace slim

#endif // SLIM_LIB_CODEGEN_MASKEDBF16_H
