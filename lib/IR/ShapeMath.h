//===- ShapeMath.h - Arithmetic of slices and ranges ------------*- C++ -*-===//
//
// Private to this room.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_IR_SHAPEMATH_H
#define SLIM_LIB_IR_SHAPEMATH_H

#include "slim/Support/LLVM.h"
#include <algorithm>
#include <cstdint>
#include <optional>

namespace slim::detail {

/// The positions start, start + step, ..., `count` of them.
struct SliceRange {
  int64_t start;
  int64_t step;
  int64_t count;
};

/// ceil(distance / |step|), 0 for a distance that is not positive. `step` is
/// not 0.
inline int64_t countSteps(int64_t distance, int64_t step) {
  if (distance <= 0)
    return 0;
  uint64_t size = step < 0 ? -static_cast<uint64_t>(step) : step;
  return static_cast<int64_t>((static_cast<uint64_t>(distance) - 1) / size + 1);
}

/// Python's slice of `extent` elements: negative positions count from the end,
/// positions beyond the ends are cut. `step` is not 0.
inline SliceRange getSliceRange(int64_t extent, int64_t start, int64_t end,
                                int64_t step) {
  // Going backward, the position before the first is the last to end at.
  int64_t low = step > 0 ? 0 : -1, high = step > 0 ? extent : extent - 1;
  auto place = [&](int64_t position) {
    return std::clamp(position < 0 ? position + extent : position, low, high);
  };
  start = place(start);
  end = place(end);
  return {start, step, countSteps(step > 0 ? end - start : start - end, step)};
}

/// Number of elements of the sequence start, start + delta, ... before limit;
/// none where delta is 0 or the numbers are too far apart.
inline std::optional<int64_t> getRangeCount(int64_t start, int64_t limit,
                                            int64_t delta) {
  int64_t distance;
  if (delta == 0 ||
      (delta > 0 ? __builtin_sub_overflow(limit, start, &distance)
                 : __builtin_sub_overflow(start, limit, &distance)))
    return std::nullopt;
  return countSteps(distance, delta);
}

} // namespace slim::detail

#endif // SLIM_LIB_IR_SHAPEMATH_H
