//===- Movement.h - Index arithmetic and reshaping --------------*- C++ -*-===//
//
// What the lowerings of shape, indexing and window ops share beyond Utils.h:
// division, minima and choices on extents, reshaping, margins, loop nests and
// named matrix products.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CONVERSION_SLIMTOLINALG_MOVEMENT_H
#define SLIM_LIB_CONVERSION_SLIMTOLINALG_MOVEMENT_H

#include "Utils.h"

namespace slim::conversion {

//===----------------------------------------------------------------------===//
// Arithmetic on extents and positions, folded where possible
//===----------------------------------------------------------------------===//

/// Checks that `extent` is not negative; nothing if it certainly is not.
void emitNonNegativeCheck(OpBuilder &b, Location loc, Operation *op,
                          OpFoldResult extent, const Twine &what);

/// The first `count` elements of a vector of integers, which may have an open
/// extent, as index values.
SmallVector<OpFoldResult> getIndexElements(OpBuilder &b, Location loc,
                                           Value tensor, int64_t count);

/// The remainder with the divisor's sign; the divisor is not 0.
Value floorModulo(OpBuilder &b, Location loc, Value lhs, Value rhs);

/// `position`, or `position + extent` where it is negative.
Value wrapNegative(OpBuilder &b, Location loc, Value position, Value extent);

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

/// The tensor's elements in the shape `extents`, which has as many. Only
/// collapses and expands, in groups as small as is provable, so that it is a
/// view after bufferization and fusion sees through it.
Value reshapeTensor(OpBuilder &b, Location loc, Value tensor,
                    ArrayRef<OpFoldResult> extents);

/// As castTensor, and a runtime check that `tensor` has every static extent of
/// `type`.
Value castChecked(OpBuilder &b, Location loc, Operation *op, Value tensor,
                  RankedTensorType type);

/// The element of a tensor that has one.
Value extractScalar(OpBuilder &b, Location loc, Value tensor);

/// The part of `tensor` from `offsets` with `sizes` (steps of 1). Nothing if
/// that is the whole.
Value extractPart(OpBuilder &b, Location loc, Value tensor,
                  ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes);

/// `tensor[positions..., :]`: the leading dimensions fixed and removed.
Value extractLeading(OpBuilder &b, Location loc, Value tensor,
                     ArrayRef<OpFoldResult> positions);
/// Writes `part` over `tensor[positions..., :]`.
Value insertLeading(OpBuilder &b, Location loc, Value part, Value tensor,
                    ArrayRef<OpFoldResult> positions);

/// Surrounds `tensor` with `scalar`; `low` and `high` are not negative. The
/// tensor itself where all are certainly 0.
Value padWithScalar(OpBuilder &b, Location loc, Value tensor,
                    ArrayRef<OpFoldResult> low, ArrayRef<OpFoldResult> high,
                    Value scalar);

/// `tensor` with its dimensions permuted; no copy if the order of dimensions
/// other than those of extent 1 stays.
Value transposeTensor(OpBuilder &b, Location loc, Value tensor,
                      ArrayRef<int64_t> permutation);

/// A vector broadcast along dimension `dim` of a new tensor.
Value broadcastVector(OpBuilder &b, Location loc, Value vector, int64_t dim,
                      ArrayRef<OpFoldResult> extents);

/// lhs [M, K] times rhs [K, N], or [N, K] if `transposedRhs`, added to `init`.
Value createMatmul(OpBuilder &b, Location loc, Value lhs, Value rhs, Value init,
                   bool transposedRhs = false);

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// Sequential loops from 0 to `extents`, outermost first, that carry `inits`;
/// `body` maps positions and values to the next values.
SmallVector<Value> createLoopNest(
    OpBuilder &b, Location loc, ArrayRef<OpFoldResult> extents,
    ValueRange inits,
    function_ref<SmallVector<Value>(OpBuilder &, Location, ValueRange positions,
                                    ValueRange values)>
        body);

} // namespace slim::conversion

#endif // SLIM_LIB_CONVERSION_SLIMTOLINALG_MOVEMENT_H
