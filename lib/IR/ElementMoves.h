//===- ElementMoves.h - Moving elements of constants ------------*- C++ -*-===//
//
// Private to this room.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_IR_ELEMENTMOVES_H
#define SLIM_LIB_IR_ELEMENTMOVES_H

#include "slim/IR/TensorData.h"

namespace slim::detail {

/// Row-major strides, in elements, of a static shape.
SmallVector<int64_t> getStrides(ArrayRef<int64_t> shape);

/// Data of `type` whose element (i0, i1, ...) is the element of `data` at
/// start + i0 * steps[0] + i1 * steps[1] + ...
TensorData moveElements(const TensorData &data, RankedTensorType type,
                        int64_t start, ArrayRef<int64_t> steps);

/// Dimension i of the result is dimension permutation[i] of `data`; its
/// elements in row-major order get the shape `type`.
TensorData permuteElements(const TensorData &data,
                           ArrayRef<int64_t> permutation,
                           RankedTensorType type);

} // namespace slim::detail

#endif // SLIM_LIB_IR_ELEMENTMOVES_H
