//===- Cost.h - Parameters, operations and traffic of a model ---*- C++ -*-===//
#ifndef SLIM_ANALYSIS_COST_H
#define SLIM_ANALYSIS_COST_H

#include "mlir/IR/BuiltinOps.h"
#include "slim/Support/LLVM.h"
#include "llvm/ADT/MapVector.h"

namespace slim {

/// Arithmetic and traffic of some ops. Sums that do not fit saturate.
struct OpCost {
  int64_t ops = 0;
  /// Operations, a multiply-add counting as two.
  int64_t flops = 0;
  /// Bytes read and written if nothing stays in a cache.
  int64_t bytesMoved = 0;
  /// Ops with a dynamic extent, which are missing from the two.
  int64_t openOps = 0;

  void add(const OpCost &other);
};

struct ModelCost {
  /// Elements of all weights that are read, with the shapes that compressed
  /// ones decode to; each counts once.
  int64_t params = 0;
  /// Bytes that these weights are stored in.
  int64_t weightBytes = 0;
  OpCost total;
  /// The total by op name, in order of appearance.
  llvm::MapVector<StringRef, OpCost> byKind;
};

/// The cost of all ops nested in `scope`: a function, or a module.
ModelCost computeCost(Operation *scope);

} // namespace slim

#endif // SLIM_ANALYSIS_COST_H
