//===- Pool.cpp - Lowering of pooling -------------------------------------===//
//
// A pool is a reduction of windows over the padded input.
//
//===----------------------------------------------------------------------===//
#include "Patterns.h"
#include "Windows.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "slim/IR/SlimOps.h"

using namespace slim;
using namespace slim::conversion;

namespace {

using CombineBuilder =
    function_ref<Value(OpBuilder &, Location, Value accumulator, Value value)>;

/// Combines the elements of each window of `padded` [N, C, spatial...].
Value reduceWindows(OpBuilder &b, Location loc, const Windows &windows,
                    Value padded, Value init, CombineBuilder combine) {
  MLIRContext *context = b.getContext();
  Type elementType = getElementTypeOrSelf(padded);
  size_t rank = windows.getRank();
  SmallVector<OpFoldResult> extents{getExtent(b, loc, padded, 0),
                                    getExtent(b, loc, padded, 1)};
  llvm::append_range(extents, windows.output);
  SmallVector<AffineExpr> position{b.getAffineDimExpr(0),
                                   b.getAffineDimExpr(1)};

  // The second operand only says how large a window is.
  Value shape = createEmpty(b, loc, windows.kernel, elementType);
  unsigned loops = extents.size() + rank;
  SmallVector<AffineExpr> elements, outputs, exprs(position);
  for (unsigned dim = 0; dim < loops; ++dim)
    (dim < extents.size() ? outputs : elements)
        .push_back(b.getAffineDimExpr(dim));
  llvm::append_range(exprs, getWindowExprs(context, windows, 2, 2 + rank));
  SmallVector<utils::IteratorType> iterators(extents.size(),
                                             utils::IteratorType::parallel);
  iterators.append(rank, utils::IteratorType::reduction);
  Value filled = createFilled(b, loc, extents, init);
  return linalg::GenericOp::create(
             b, loc, filled.getType(), ValueRange{padded, shape}, filled,
             ArrayRef<AffineMap>{AffineMap::get(loops, 0, exprs, context),
                                 AffineMap::get(loops, 0, elements, context),
                                 AffineMap::get(loops, 0, outputs, context)},
             iterators,
             [&](OpBuilder &b, Location loc, ValueRange args) {
               Value result = combine(b, loc, args[2], args[0]);
               linalg::YieldOp::create(b, loc, result);
             })
      .getResult(0);
}

struct LowerMaxPool : public OpConversionPattern<MaxPoolOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(MaxPoolOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    Type elementType = type.getElementType();
    bool isSigned = !isUnsigned(op.getInput().getType());
    FailureOr<Windows> windows = createWindows(
        rewriter, loc, op, adaptor.getInput(),
        getAsIndexOpFoldResult(rewriter.getContext(), op.getKernel()),
        op.getStrides(), op.getPads(), op.getDilations(), op.getCeilMode());
    if (failed(windows))
      return rewriter.notifyMatchFailure(op, "has negative pads");
    Value lowest = createLowest(rewriter, loc, elementType, !isSigned);
    Value padded =
        padForWindows(rewriter, loc, *windows, adaptor.getInput(), lowest);
    Value result = reduceWindows(
        rewriter, loc, *windows, padded, lowest,
        [&](OpBuilder &b, Location loc, Value accumulator,
            Value value) -> Value {
          if (!isa<FloatType>(elementType))
            return isSigned ? Value(arith::MaxSIOp::create(b, loc, accumulator,
                                                           value))
                            : Value(arith::MaxUIOp::create(b, loc, accumulator,
                                                           value));
          // One instruction where arith.maximumf takes several; NaN loses.
          Value greater = arith::CmpFOp::create(
              b, loc, arith::CmpFPredicate::OGT, value, accumulator);
          return arith::SelectOp::create(b, loc, greater, value, accumulator);
        });
    rewriter.replaceOp(op, castChecked(rewriter, loc, op, result, type));
    return success();
  }
};

struct LowerAvgPool : public OpConversionPattern<AvgPoolOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(AvgPoolOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    Type compute = getComputeType(type.getElementType());
    Value input = castElements(rewriter, loc, adaptor.getInput(),
                               type.getElementType(), compute);
    FailureOr<Windows> windows = createWindows(
        rewriter, loc, op, input,
        getAsIndexOpFoldResult(rewriter.getContext(), op.getKernel()),
        op.getStrides(), op.getPads(), op.getDilations(), op.getCeilMode());
    if (failed(windows))
      return rewriter.notifyMatchFailure(op, "has negative pads");
    Value zero = createZero(rewriter, loc, compute);
    Value padded = padForWindows(rewriter, loc, *windows, input, zero);
    Value sums = reduceWindows(
        rewriter, loc, *windows, padded, zero,
        [](OpBuilder &b, Location loc, Value accumulator, Value value) {
          return arith::AddFOp::create(b, loc, accumulator, value,
                                       arith::FastMathFlags::reassoc);
        });

    // A window counts all its elements, or those within the bounds.
    bool padsCount = op.getCountIncludePad();
    bool fixed = !op.getCeilMode() && (padsCount || !windows->isPadded());
    size_t rank = windows->getRank();
    SmallVector<Value> operands{sums};
    SmallVector<AffineMap> maps{rewriter.getMultiDimIdentityMap(rank + 2)};
    if (!fixed)
      for (size_t dim = 0; dim < rank; ++dim) {
        int64_t high = padsCount ? op.getPads()[rank + dim] : 0;
        int64_t low = padsCount ? op.getPads()[dim] : 0;
        operands.push_back(
            countElements(rewriter, loc, *windows, dim, low, high, compute));
        maps.push_back(
            AffineMap::get(rank + 2, 0, rewriter.getAffineDimExpr(2 + dim)));
      }
    Value result = createParallelGeneric(
        rewriter, loc, getExtents(rewriter, loc, sums), compute, operands, maps,
        [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
          Value count;
          if (fixed)
            count = createConstant(b, loc, compute, *windows->getNumTaps());
          for (Value factor : args.drop_front())
            count =
                count ? arith::MulFOp::create(b, loc, count, factor).getResult()
                      : factor;
          return arith::DivFOp::create(b, loc, args[0], count);
        });
    result =
        castElements(rewriter, loc, result, compute, type.getElementType());
    rewriter.replaceOp(op, castChecked(rewriter, loc, op, result, type));
    return success();
  }

private:
  /// For each window of dimension `dim` the number of its positions within
  /// [-low, input + high).
  static Value countElements(OpBuilder &b, Location loc, const Windows &windows,
                             size_t dim, int64_t low, int64_t high,
                             Type elementType) {
    int64_t dilation = windows.dilations[dim];
    OpFoldResult zero = b.getIndexAttr(0);
    Value limit = toValue(
        b, loc, addExtents(b, loc, windows.input[dim], b.getIndexAttr(high)));
    return createParallelGeneric(
        b, loc, windows.output[dim], elementType, {}, {},
        [&](OpBuilder &b, Location loc, ValueRange) -> Value {
          OpFoldResult window = linalg::IndexOp::create(b, loc, 0).getResult();
          OpFoldResult start = addExtents(
              b, loc,
              mulExtents(b, loc, window, b.getIndexAttr(windows.strides[dim])),
              b.getIndexAttr(-windows.padLow[dim]));
          // Positions start + k * dilation: the first k inside, the first past.
          auto countBelow = [&](OpFoldResult bound) {
            OpFoldResult distance =
                addExtents(b, loc, subExtents(b, loc, bound, start),
                           b.getIndexAttr(dilation - 1));
            OpFoldResult count =
                divExtents(b, loc, maxExtents(b, loc, distance, zero),
                           b.getIndexAttr(dilation));
            return minExtents(b, loc, count, windows.kernel[dim]);
          };
          OpFoldResult inside = subExtents(b, loc, countBelow(limit),
                                           countBelow(b.getIndexAttr(-low)));
          Value count =
              castFromIndex(b, loc, toValue(b, loc, inside), b.getI64Type());
          return arith::SIToFPOp::create(b, loc, elementType, count);
        });
  }
};

} // namespace

void conversion::populatePoolPatterns(const TypeConverter &converter,
                                      RewritePatternSet &patterns) {
  patterns.add<LowerMaxPool, LowerAvgPool>(converter, patterns.getContext());
}
