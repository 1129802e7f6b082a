//===- Windows.cpp - Sliding windows of convolutions and pools ------------===//
#include "Windows.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace slim;
using namespace slim::conversion;
using arith::CmpIPredicate;

std::optional<int64_t> Windows::getNumTaps() const {
  int64_t count = 1;
  for (OpFoldResult extent : kernel) {
    std::optional<int64_t> constant = getConstantIntValue(extent);
    if (!constant)
      return std::nullopt;
    count *= *constant;
  }
  return count;
}

bool Windows::isPadded() const {
  auto isSet = [](int64_t pad) { return pad != 0; };
  return llvm::any_of(padLow, isSet) || llvm::any_of(padHigh, isSet);
}

/// Elements from the first to the last of a window.
static OpFoldResult getReach(OpBuilder &b, Location loc, const Windows &windows,
                             size_t dim) {
  OpFoldResult one = b.getIndexAttr(1);
  OpFoldResult gaps = subExtents(b, loc, windows.kernel[dim], one);
  gaps = mulExtents(b, loc, gaps, b.getIndexAttr(windows.dilations[dim]));
  return addExtents(b, loc, gaps, one);
}

FailureOr<Windows>
conversion::createWindows(OpBuilder &b, Location loc, Operation *op,
                          Value tensor, ArrayRef<OpFoldResult> kernel,
                          ArrayRef<int64_t> strides, ArrayRef<int64_t> pads,
                          ArrayRef<int64_t> dilations, bool ceilMode) {
  size_t rank = kernel.size();
  SmallVector<OpFoldResult> extents = getExtents(b, loc, tensor);
  if (extents.size() != rank + 2 || strides.size() != rank ||
      pads.size() != 2 * rank || dilations.size() != rank)
    return failure();
  if (llvm::any_of(pads, [](int64_t pad) { return pad < 0; }))
    return failure();

  Windows windows;
  windows.input.assign(extents.begin() + 2, extents.end());
  windows.kernel.assign(kernel.begin(), kernel.end());
  windows.strides.assign(strides.begin(), strides.end());
  windows.dilations.assign(dilations.begin(), dilations.end());
  windows.padLow.assign(pads.begin(), pads.begin() + rank);
  windows.padHigh.assign(pads.begin() + rank, pads.end());
  OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
  for (size_t dim = 0; dim < rank; ++dim) {
    OpFoldResult stride = b.getIndexAttr(strides[dim]);
    OpFoldResult low = b.getIndexAttr(pads[dim]);
    OpFoldResult padded =
        addExtents(b, loc, windows.input[dim],
                   b.getIndexAttr(pads[dim] + pads[rank + dim]));
    OpFoldResult room =
        subExtents(b, loc, padded, getReach(b, loc, windows, dim));
    emitCheck(b, loc, op,
              compareExtents(b, loc, CmpIPredicate::sge, room, zero),
              "a window is larger than the padded input");
    if (ceilMode)
      room = addExtents(b, loc, room, b.getIndexAttr(strides[dim] - 1));
    OpFoldResult count =
        addExtents(b, loc, divExtents(b, loc, room, stride), one);
    if (ceilMode) {
      OpFoldResult last =
          mulExtents(b, loc, subExtents(b, loc, count, one), stride);
      Value outside =
          compareExtents(b, loc, CmpIPredicate::sge, last,
                         addExtents(b, loc, windows.input[dim], low));
      count =
          subExtents(b, loc, count, selectExtents(b, loc, outside, one, zero));
    }
    windows.output.push_back(count);
  }

  // Open extents and a ceiling: the padding follows from the last window.
  if (ceilMode)
    for (size_t dim = 0; dim < rank; ++dim) {
      std::optional<int64_t> count = getConstantIntValue(windows.output[dim]);
      std::optional<int64_t> size = getConstantIntValue(windows.input[dim]);
      std::optional<int64_t> reach =
          getConstantIntValue(getReach(b, loc, windows, dim));
      int64_t more = strides[dim] - 1;
      if (count && size && reach)
        more = (*count - 1) * strides[dim] + *reach - *size - pads[dim] -
               pads[rank + dim];
      windows.padHigh[dim] += std::max<int64_t>(more, 0);
    }
  return windows;
}

Value conversion::padForWindows(OpBuilder &b, Location loc,
                                const Windows &windows, Value tensor,
                                Value scalar) {
  SmallVector<OpFoldResult> low(2, b.getIndexAttr(0)), high(low);
  for (size_t dim = 0; dim < windows.getRank(); ++dim) {
    low.push_back(b.getIndexAttr(windows.padLow[dim]));
    high.push_back(b.getIndexAttr(windows.padHigh[dim]));
  }
  return padWithScalar(b, loc, tensor, low, high, scalar);
}

SmallVector<AffineExpr> conversion::getWindowExprs(MLIRContext *context,
                                                   const Windows &windows,
                                                   unsigned firstOutput,
                                                   unsigned firstKernel) {
  SmallVector<AffineExpr> exprs;
  for (size_t dim = 0; dim < windows.getRank(); ++dim)
    exprs.push_back(
        getAffineDimExpr(firstOutput + dim, context) * windows.strides[dim] +
        getAffineDimExpr(firstKernel + dim, context) * windows.dilations[dim]);
  return exprs;
}
