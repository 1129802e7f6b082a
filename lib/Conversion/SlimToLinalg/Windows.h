//===- Windows.h - Sliding windows of convolutions and pools ----*- C++ -*-===//
#ifndef SLIM_LIB_CONVERSION_SLIMTOLINALG_WINDOWS_H
#define SLIM_LIB_CONVERSION_SLIMTOLINALG_WINDOWS_H

#include "Movement.h"

namespace slim::conversion {

/// Windows over the spatial dimensions of a tensor [N, C, spatial...]: window o
/// of a dimension holds positions o * stride + k * dilation - pad, for k in
/// [0, kernel).
struct Windows {
  SmallVector<OpFoldResult> input;  ///< spatial extents of the tensor
  SmallVector<OpFoldResult> kernel; ///< elements of a window
  SmallVector<OpFoldResult> output; ///< number of windows
  SmallVector<int64_t> strides, dilations, padLow, padHigh;

  size_t getRank() const { return input.size(); }
  /// Elements of a window, none if that is open.
  std::optional<int64_t> getNumTaps() const;
  bool isPadded() const;
};

/// Windows over `tensor`, with runtime checks that there is one at least.
/// `ceilMode` adds the window that reaches beyond the end padding, if it does
/// not lie in it wholly. Fails for pads that are negative.
FailureOr<Windows> createWindows(OpBuilder &b, Location loc, Operation *op,
                                 Value tensor, ArrayRef<OpFoldResult> kernel,
                                 ArrayRef<int64_t> strides,
                                 ArrayRef<int64_t> pads,
                                 ArrayRef<int64_t> dilations,
                                 bool ceilMode = false);

/// Surrounds `tensor` with `scalar` so that every window lies inside.
Value padForWindows(OpBuilder &b, Location loc, const Windows &windows,
                    Value tensor, Value scalar);

/// The position of a window's element as expressions in the loops from
/// `firstOutput` (windows) and `firstKernel` (elements of a window) on.
SmallVector<AffineExpr> getWindowExprs(MLIRContext *context,
                                       const Windows &windows,
                                       unsigned firstOutput,
                                       unsigned firstKernel);

} // namespace slim::conversion

#endif // SLIM_LIB_CONVERSION_SLIMTOLINALG_WINDOWS_H
