//===- BlockProduct.h - Products of codes with scales by block --*- C++ -*-===//
//
// Of codes with a scale for each block of neighbours along the reduction, on
// one side or both, the products within a block are summed as integers, and
// every block's sum is multiplied by its scales. What such an op looks like is
// known to those that leave it as it is and to those that lower it.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CONVERSION_BLOCKPRODUCT_H
#define SLIM_LIB_CONVERSION_BLOCKPRODUCT_H

#include "slim/IR/SlimOps.h"

namespace slim {

/// Neighbours along dimension `reduced` of a weight of codes that are summed
/// before a scale is needed: all, or those of a group, of which a vector's
/// worth can be summed at a time. 0 if there are no sums in integers. Codes,
/// scales and zero points have to be as they are stored.
int64_t getIntegerGroup(DequantizeOp weight, int64_t reduced);

/// The op by which the input of `op` is decoded, if that is codes of bytes
/// without a zero point and with a scale for each block of neighbours, and the
/// weight's groups are parts or multiples of these; null for other ops.
DequantizeOp getBlockedInput(LinearOp op);

} // namespace slim

#endif // SLIM_LIB_CONVERSION_BLOCKPRODUCT_H
