//===- WeightTree.h - Which values are weights ------------------*- C++ -*-===//
#ifndef SLIM_IR_WEIGHTTREE_H
#define SLIM_IR_WEIGHTTREE_H

#include "mlir/IR/Value.h"
#include "slim/Support/LLVM.h"

namespace slim {

/// Whether `value` is a weight: a `slim.get_weight`, or a tree of decode ops
/// whose leaves are weights or constants, at least one of them a weight. Such a
/// value depends on no input of the model.
bool isWeight(Value value);

/// Whether `value` is a weight or a constant.
bool isWeightOrConstant(Value value);

} // namespace slim

#endif // SLIM_IR_WEIGHTTREE_H
