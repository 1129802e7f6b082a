//===- ParallelWork.h - Whether threads are worth their start ---*- C++ -*-===//
//
// Private to this room.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CODEGEN_CPU_PARALLELWORK_H
#define SLIM_LIB_CODEGEN_CPU_PARALLELWORK_H

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "slim/Support/LLVM.h"
#include "llvm/Support/MathExtras.h"

namespace slim::cpu {

/// Whether loops of `extents` have `least` iterations or more, or may have:
/// what is open counts as many.
inline bool haveIterations(ArrayRef<Value> extents, int64_t least) {
  int64_t iterations = 1;
  for (Value extent : extents) {
    std::optional<int64_t> number = getConstantIntValue(extent);
    if (!number || llvm::MulOverflow(iterations, *number, iterations))
      return true;
  }
  return iterations >= least;
}

} // namespace slim::cpu

#endif // SLIM_LIB_CODEGEN_CPU_PARALLELWORK_H
