//===- LLVM.h - Names of LLVM and MLIR used everywhere ----------*- C++ -*-===//
//
// slim's code lives in namespace `slim` and speaks MLIR throughout, so MLIR's
// names are visible there.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_SUPPORT_LLVM_H
#define SLIM_SUPPORT_LLVM_H

#include "mlir/Support/LLVM.h"

namespace slim {
using namespace mlir;
} // namespace slim

#endif // SLIM_SUPPORT_LLVM_H
