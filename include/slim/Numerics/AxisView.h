//===- AxisView.h - A row-major tensor seen along one axis ------*- C++ -*-===//

#ifndef SLIM_NUMERICS_AXISVIEW_H
#define SLIM_NUMERICS_AXISVIEW_H

#include "llvm/ADT/ArrayRef.h"

#include <cassert>
#include <cstdint>

namespace slim {

/// A contiguous row-major tensor of any rank, folded to [outer, extent, inner]
/// around one of its axes. Element (o, a, i) lies at (o * extent + a) * inner +
/// i. An algorithm that works along or across an axis is written once on this
/// view, for linear weights in both orientations and for convolutions.
struct AxisView {
  int64_t outer = 1;
  int64_t extent = 1;
  int64_t inner = 1;

  /// The view of `shape` around `axis`, which must be one of its dimensions.
  static AxisView of(llvm::ArrayRef<int64_t> shape, int64_t axis) {
    assert(axis >= 0 && axis < int64_t(shape.size()) && "axis out of range");
    AxisView view;
    for (int64_t dim = 0, rank = shape.size(); dim < rank; ++dim) {
      int64_t &part = dim < axis    ? view.outer
                      : dim == axis ? view.extent
                                    : view.inner;
      part *= shape[dim];
    }
    return view;
  }

  int64_t size() const { return outer * extent * inner; }
  int64_t index(int64_t o, int64_t a, int64_t i) const {
    return (o * extent + a) * inner + i;
  }
};

} // namespace slim

#endif // SLIM_NUMERICS_AXISVIEW_H
