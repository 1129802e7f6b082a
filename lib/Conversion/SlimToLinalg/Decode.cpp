//===- Decode.cpp - Lowering of decode trees and of quantization ----------===//
#include "Normalize.h"
#include "Patterns.h"
#include "ScalarOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "slim/IR/SlimOps.h"
#include <cmath>

using namespace slim;
using namespace slim::conversion;

namespace {

/// Any decode op, of this dialect or another, by its own reference lowering.
struct ConvertDecode : OpInterfaceConversionPattern<DecodeOpInterface> {
  using OpInterfaceConversionPattern::OpInterfaceConversionPattern;

  LogicalResult
  matchAndRewrite(DecodeOpInterface op, ArrayRef<Value> operands,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> result = op.buildDecode(rewriter, operands);
    if (failed(result))
      return rewriter.notifyMatchFailure(op, "no reference lowering");
    rewriter.replaceOp(op,
                       castTensor(rewriter, op.getLoc(), *result,
                                  getSignlessType(op->getResult(0).getType())));
    return success();
  }
};

/// `value`, a float of integral value or NaN, as the integer type `to`,
/// saturated. The bounds are applied to the float where it holds them exactly,
/// as comparison and choice, so that each is one instruction on vectors and the
/// conversion goes through the one width that every processor converts.
Value saturateToInteger(OpBuilder &b, Location loc, Value value,
                        IntegerType to) {
  auto type = cast<FloatType>(value.getType());
  unsigned width = to.getWidth();
  if (width > 16 || type.getFPMantissaWidth() < 24)
    return castScalar(b, loc, value, type, to);
  double lowest = to.isUnsigned() ? 0 : -std::ldexp(1.0, width - 1);
  double highest = std::ldexp(1.0, to.isUnsigned() ? width : width - 1) - 1;
  auto limit = [&](arith::CmpFPredicate predicate, double bound) {
    Value limit = createConstant(b, loc, type, bound);
    Value within = arith::CmpFOp::create(b, loc, predicate, value, limit);
    value = arith::SelectOp::create(b, loc, within, value, limit);
  };
  limit(arith::CmpFPredicate::OGT, lowest);
  limit(arith::CmpFPredicate::OLT, highest);
  Value wide = arith::FPToSIOp::create(b, loc, b.getI32Type(), value);
  return arith::TruncIOp::create(b, loc, b.getIntegerType(width), wide);
}

/// round(value / scale) + zeroPoint in the float type of `value`, saturated to
/// `to` and converted.
Value quantizeScalar(OpBuilder &b, Location loc, Value value, Value scale,
                     Value zeroPoint, Type to) {
  Type type = value.getType();
  Value quotient = b.createOrFold<arith::DivFOp>(loc, value, scale);
  if (isa<FloatType>(to)) {
    // The conversion to a small float rounds and saturates by itself.
    if (zeroPoint)
      quotient = createAdd(b, loc, quotient, zeroPoint);
    return castScalar(b, loc, quotient, type, to);
  }
  Value rounded = math::RoundEvenOp::create(b, loc, quotient);
  if (zeroPoint)
    rounded = createAdd(b, loc, rounded, zeroPoint);
  return saturateToInteger(b, loc, rounded, cast<IntegerType>(to));
}

/// The less (or greater) of two numbers, of which no NaN is expected and no
/// zero has a sign that matters: what LLVM makes vectors of.
template <typename OpTy>
Value combineExtremes(OpBuilder &b, Location loc, Value lhs, Value rhs) {
  return OpTy::create(b, loc, lhs, rhs,
                      arith::FastMathFlags::nnan | arith::FastMathFlags::nsz);
}

struct ConvertQuantize : OpConversionPattern<QuantizeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(QuantizeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value input = adaptor.getInput();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    SmallVector<OpFoldResult> extents = getExtents(rewriter, loc, input);
    int64_t rank = extents.size();
    SmallVector<AffineExpr> exprs;
    for (auto [dim, block] : llvm::enumerate(op.getBlock()))
      exprs.push_back(block == 0
                          ? rewriter.getAffineConstantExpr(0)
                          : rewriter.getAffineDimExpr(dim).floorDiv(block));
    AffineMap blockMap = AffineMap::get(rank, 0, exprs, rewriter.getContext());
    SmallVector<Value> operands = {input, adaptor.getScale()};
    SmallVector<AffineMap> maps = {rewriter.getMultiDimIdentityMap(rank),
                                   blockMap};
    if (Value zeroPoint = adaptor.getZeroPoint()) {
      operands.push_back(zeroPoint);
      maps.push_back(blockMap);
    }
    Type computeType = getComputeType(getElementTypeOrSelf(input));
    Type to = op.getTo();
    bool isSupported = true;
    Value result = createParallelGeneric(
        rewriter, loc, extents, type.getElementType(), operands, maps,
        [&](OpBuilder &b, Location loc, ValueRange args) {
          auto widen = [&](Value value, Type from) {
            return castScalar(b, loc, value, from, computeType);
          };
          Value zeroPoint;
          if (args.size() == 3)
            zeroPoint = widen(args[2], getElementTypeOrSelf(op.getZeroPoint()));
          Value value =
              quantizeScalar(b, loc, widen(args[0], args[0].getType()),
                             widen(args[1], args[1].getType()), zeroPoint, to);
          if (value)
            return value;
          isSupported = false;
          return createZero(b, loc, type.getElementType());
        });
    if (!isSupported)
      return rewriter.notifyMatchFailure(op, "element types not supported");
    rewriter.replaceOp(op, castTensor(rewriter, loc, result, type));
    return success();
  }
};

struct ConvertDynamicQuantize : OpConversionPattern<DynamicQuantizeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(DynamicQuantizeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value input = adaptor.getInput();
    auto inputType = cast<RankedTensorType>(input.getType());
    Type elementType = inputType.getElementType();
    Type computeType = getComputeType(elementType);
    Type byte = IntegerType::get(getContext(), 8, IntegerType::Unsigned);
    SmallVector<OpFoldResult> extents = getExtents(rewriter, loc, input);
    int64_t rank = extents.size();
    SmallVector<int64_t> axes = llvm::to_vector(
        llvm::seq<int64_t>(op.getPerRow() ? rank - 1 : 0, rank));
    AffineMap identity = rewriter.getMultiDimIdentityMap(rank);
    auto widen = [&](OpBuilder &b, Location loc, Value value) {
      return castScalar(b, loc, value, value.getType(), computeType);
    };
    // The range begins as zero, which it has to contain.
    auto reduce = [&](auto combine) {
      return createReduction(
          rewriter, loc, extents, axes, createZero(rewriter, loc, computeType),
          input, identity, [&](OpBuilder &b, Location loc, ValueRange args) {
            return combine(b, loc, widen(b, loc, args[0]), args[1]);
          });
    };
    Value least = reduce(combineExtremes<arith::MinimumFOp>);
    Value greatest = reduce(combineExtremes<arith::MaximumFOp>);
    SmallVector<OpFoldResult> reducedExtents = getExtents(rewriter, loc, least);
    AffineMap reducedIdentity =
        rewriter.getMultiDimIdentityMap(reducedExtents.size());

    Value scale = createParallelGeneric(
        rewriter, loc, reducedExtents, computeType, {least, greatest},
        {reducedIdentity, reducedIdentity},
        [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
          Value range = arith::SubFOp::create(b, loc, args[1], args[0]);
          Value quotient = arith::DivFOp::create(
              b, loc, range, createConstant(b, loc, computeType, 255.0));
          // Also where the quotient is too small to be told from zero.
          Value isZero =
              arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, quotient,
                                    createZero(b, loc, computeType));
          return arith::SelectOp::create(
              b, loc, isZero, createOne(b, loc, computeType), quotient);
        });
    Value zeroPoint = createParallelGeneric(
        rewriter, loc, reducedExtents, rewriter.getI8Type(), {least, scale},
        {reducedIdentity, reducedIdentity},
        [&](OpBuilder &b, Location loc, ValueRange args) {
          Value negated = arith::NegFOp::create(b, loc, args[0]);
          return quantizeScalar(b, loc, negated, args[1], Value(), byte);
        });
    AffineMap reducedMap = getReducedMap(rewriter, rank, axes);
    Value result = createParallelGeneric(
        rewriter, loc, extents, rewriter.getI8Type(), {input, scale, zeroPoint},
        {identity, reducedMap, reducedMap},
        [&](OpBuilder &b, Location loc, ValueRange args) {
          Value zero = castScalar(b, loc, args[2], byte, computeType);
          return quantizeScalar(b, loc, widen(b, loc, args[0]), args[1], zero,
                                byte);
        });
    scale = castElements(rewriter, loc, scale, computeType, elementType);
    auto finish = [&](Value value, Value original) {
      return castTensor(rewriter, loc, value,
                        getSignlessType(original.getType()));
    };
    rewriter.replaceOp(
        op, {finish(result, op.getResult()),
             finish(insertUnitDims(rewriter, loc, scale, axes), op.getScale()),
             finish(insertUnitDims(rewriter, loc, zeroPoint, axes),
                    op.getZeroPoint())});
    return success();
  }
};

/// The greatest number of a small float or signless integer type.
double getGreatest(Type type) {
  if (auto floats = dyn_cast<FloatType>(type))
    return APFloat::getLargest(floats.getFloatSemantics()).convertToDouble();
  return std::ldexp(1.0, type.getIntOrFloatBitWidth() - 1) - 1;
}

struct ConvertDynamicScale : OpConversionPattern<DynamicScaleOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(DynamicScaleOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value input = adaptor.getInput();
    Type elementType = getElementTypeOrSelf(input);
    Type computeType = getComputeType(elementType);
    bool isWhole = op.getBlock() == 0;
    if (!isWhole)
      input = divideRuns(rewriter, loc, input, op.getBlock());
    SmallVector<OpFoldResult> extents = getExtents(rewriter, loc, input);
    int64_t last = int64_t(extents.size()) - 1;
    Value greatest = createReduction(
        rewriter, loc, extents, {last}, createZero(rewriter, loc, computeType),
        input, rewriter.getMultiDimIdentityMap(last + 1),
        [&](OpBuilder &b, Location loc, ValueRange args) {
          Value value = castScalar(b, loc, args[0], elementType, computeType);
          value = math::AbsFOp::create(b, loc, value);
          return combineExtremes<arith::MaximumFOp>(b, loc, value, args[1]);
        });
    Value scale = createParallelGeneric(
        rewriter, loc, getExtents(rewriter, loc, greatest), elementType,
        greatest, rewriter.getMultiDimIdentityMap(last),
        [&](OpBuilder &b, Location loc, ValueRange args) {
          Value top =
              createConstant(b, loc, computeType, getGreatest(op.getTo()));
          Value quotient = arith::DivFOp::create(b, loc, args[0], top);
          // As it is stored: also where that is too small to be told from zero.
          quotient = castScalar(b, loc, quotient, computeType, elementType);
          Value isZero =
              arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, quotient,
                                    createZero(b, loc, elementType));
          return Value(arith::SelectOp::create(
              b, loc, isZero, createOne(b, loc, elementType), quotient));
        });
    if (isWhole)
      scale = insertUnitDims(rewriter, loc, scale, last);
    rewriter.replaceOp(
        op, castTensor(rewriter, loc, scale, op.getScale().getType()));
    return success();
  }

private:
  /// [..., K] as [..., ceil(K / block), block], filled up with zeros.
  static Value divideRuns(OpBuilder &b, Location loc, Value input,
                          int64_t block) {
    auto type = cast<RankedTensorType>(input.getType());
    int64_t rank = type.getRank(), last = rank - 1;
    SmallVector<OpFoldResult> extents = getExtents(b, loc, input);
    OpFoldResult size = b.getIndexAttr(block);
    OpFoldResult runs = divExtents(
        b, loc, addExtents(b, loc, extents[last], b.getIndexAttr(block - 1)),
        size);
    OpFoldResult full = mulExtents(b, loc, runs, size);
    if (!areEqual(full, extents[last])) {
      SmallVector<OpFoldResult> low(rank, b.getIndexAttr(0)), high(low);
      high[last] = subExtents(b, loc, full, extents[last]);
      SmallVector<int64_t> shape(type.getShape());
      shape[last] = getStaticShape(full).front();
      input = tensor::PadOp::create(
          b, loc, RankedTensorType::get(shape, type.getElementType()), input,
          low, high, createZero(b, loc, type.getElementType()));
    }
    SmallVector<ReassociationIndices> groups;
    for (int64_t dim = 0; dim < rank; ++dim)
      groups.push_back({dim});
    groups.back().push_back(rank);
    extents[last] = runs;
    extents.push_back(size);
    return expand(b, loc, input, extents, groups);
  }
};

} // namespace

void conversion::populateDecodePatterns(const TypeConverter &converter,
                                        RewritePatternSet &patterns) {
  patterns.add<ConvertDecode, ConvertDynamicQuantize, ConvertDynamicScale,
               ConvertQuantize>(converter, patterns.getContext());
}
