//===- KnownExtents.h - Which dynamic extents are equal ---------*- C++ -*-===//
//
// Private to this room.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_IR_KNOWNEXTENTS_H
#define SLIM_LIB_IR_KNOWNEXTENTS_H

#include "KnownInts.h"

namespace slim::detail {

/// The extent of dimension `dim` of a ranked tensor: a number, or the extent of
/// the value farthest back that certainly has the same one. Follows ops that
/// keep a dimension, shapes that the model computes, and the names of the
/// dimensions of a function's arguments.
KnownInt getKnownExtent(Value value, int64_t dim);

/// Whether the two extents are certainly equal.
bool haveEqualExtents(Value lhs, int64_t lhsDim, Value rhs, int64_t rhsDim);

} // namespace slim::detail

#endif // SLIM_LIB_IR_KNOWNEXTENTS_H
