//===- Compare.h - Comparing outputs with expected arrays -------*- C++ -*-===//
#ifndef SLIM_TOOLS_SLIM_RUN_COMPARE_H
#define SLIM_TOOLS_SLIM_RUN_COMPARE_H

#include "slim/Runtime/Model.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace slim::run {

struct CompareOptions {
  std::vector<std::string> files; // "name=y.npy"
  double rtol = 0, atol = 0;
};

/// Compares outputs `a` with arrays `b` of the same type and shape: every
/// |a - b| <= atol + rtol * |b|, where NaN equals NaN and infinity itself.
/// Prints one line per array with the largest absolute and the largest relative
/// error (over nonzero b). Fails if any array differs, after printing all.
llvm::Error compareOutputs(const slim_entry_info &entry,
                           llvm::ArrayRef<slim_tensor> outputs,
                           const CompareOptions &options);

} // namespace slim::run

#endif // SLIM_TOOLS_SLIM_RUN_COMPARE_H
