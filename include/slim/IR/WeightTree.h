//===- WeightTree.h - Which values are weights ------------------*- C++ -*-===//
#ifndef SLIM_IR_WEIGHTTREE_H
#define SLIM_IR_WEIGHTTREE_H

#include "mlir/IR/Value.h"
#include "slim/IR/TensorData.h"

namespace slim {

class GetWeightOp;

/// Whether `value` is a weight: a `slim.get_weight`, or a tree of decode ops
/// whose leaves are weights or constants, at least one of them a weight. Such a
/// value depends on no input of the model.
bool isWeight(Value value);

/// Whether `value` is a weight or a constant.
bool isWeightOrConstant(Value value);

/// The weight whose values `root` is or decodes; null if there is none.
GetWeightOp getDecodedWeight(Value root);

/// Whether the data of all weights that such a value reads are at hand.
bool hasConstantData(Value value);

/// The value of a weight or constant. Fails, with a diagnostic, if data are
/// missing or are no legal encoding.
FailureOr<TensorData> decodeConstant(Value root);

} // namespace slim

#endif // SLIM_IR_WEIGHTTREE_H
