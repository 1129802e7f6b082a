//===- Normalize.h - Pieces of normalizations -------------------*- C++ -*-===//
#ifndef SLIM_LIB_CONVERSION_SLIMTOLINALG_NORMALIZE_H
#define SLIM_LIB_CONVERSION_SLIMTOLINALG_NORMALIZE_H

#include "Utils.h"

namespace slim::conversion {

/// The map of a tensor that lacks the dimensions `axes` of a loop nest.
AffineMap getReducedMap(OpBuilder &b, int64_t rank, ArrayRef<int64_t> axes);

/// The softmax of a float tensor along `axis`, in f32 for narrower floats, with
/// result elements of `elementType`. Where all scores are minus infinity the
/// result is NaN, or zeros if `zeroIfMasked`.
Value createSoftmax(OpBuilder &b, Location loc, Value input, int64_t axis,
                    Type elementType, bool zeroIfMasked = false);

} // namespace slim::conversion

#endif // SLIM_LIB_CONVERSION_SLIMTOLINALG_NORMALIZE_H
