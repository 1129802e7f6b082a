//===- BlockCut.h - The blocks of a model -----------------------*- C++ -*-===//
//
// Private to this room.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CALIBRATE_BLOCKCUT_H
#define SLIM_LIB_CALIBRATE_BLOCKCUT_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "slim/Support/LLVM.h"
#include <string>
#include <vector>

namespace slim::calibration {

/// A region of a function between two cuts. A cut is a place where one float
/// value alone carries on what depends on weights; small integers (shapes) may
/// go beside it. What depends on no weight is at hand everywhere.
struct ModelBlock {
  /// The float values that the block computes for what follows: one, or the
  /// function's results.
  SmallVector<Value> outputs;
  /// The small integers beside them.
  SmallVector<Value> carried;
  /// The names of the learned weights that ops of the block read.
  SmallVector<std::string> weights;
};

/// Divides the entry block of `function` into blocks that have at least
/// `minWeights` learned weights each, as far as there are cuts, and end as late
/// as can be. A weight that ops of several blocks read, or ops in other places,
/// is in none. Takes time linear in the number of ops.
std::vector<ModelBlock>
cutIntoBlocks(func::FuncOp function, int64_t minWeights,
              llvm::function_ref<bool(StringRef)> isLearned);

} // namespace slim::calibration

#endif // SLIM_LIB_CALIBRATE_BLOCKCUT_H
