//===- Reductions.cpp - Lowering of reductions ----------------------------===//
#include "Patterns.h"
#include "ScalarOps.h"
#include "slim/IR/SlimOps.h"

using namespace slim;
using namespace slim::conversion;

namespace {

/// A reduction is one linalg.generic, in f32 for narrower floats; a mean also
/// divides.
template <typename OpTy>
struct ConvertReduction : OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  static Value createInit(OpBuilder &b, Location loc, Type type,
                          bool isUnsigned) {
    if constexpr (std::is_same_v<OpTy, ReduceProdOp>)
      return createOne(b, loc, type);
    if constexpr (std::is_same_v<OpTy, ReduceMaxOp>)
      return createLowest(b, loc, type, isUnsigned);
    if constexpr (std::is_same_v<OpTy, ReduceMinOp>)
      return createHighest(b, loc, type, isUnsigned);
    return createZero(b, loc, type);
  }

  static Value combine(OpBuilder &b, Location loc, Value element, Value total,
                       bool isUnsigned) {
    if constexpr (std::is_same_v<OpTy, ReduceProdOp>)
      return createMul(b, loc, total, element);
    if constexpr (std::is_same_v<OpTy, ReduceMaxOp>)
      return createMax(b, loc, total, element, isUnsigned);
    if constexpr (std::is_same_v<OpTy, ReduceMinOp>)
      return createMin(b, loc, total, element, isUnsigned);
    return createAdd(b, loc, total, element, arith::FastMathFlags::reassoc);
  }

  /// `total` over the number of elements of each sum, of which there may be
  /// none: then floats give NaN and integers 0.
  static Value divideByCount(OpBuilder &b, Location loc, Value total,
                             Value count, bool isUnsigned) {
    Type type = total.getType();
    if (isa<FloatType>(type)) {
      Value i64 = arith::IndexCastOp::create(b, loc, b.getI64Type(), count);
      return arith::DivFOp::create(b, loc, total,
                                   arith::UIToFPOp::create(b, loc, type, i64));
    }
    // In i64, which holds the count whatever the elements' width.
    Type i64 = b.getI64Type();
    Value positive =
        arith::MaxUIOp::create(b, loc, count, createIndex(b, loc, 1));
    Value divisor = arith::IndexCastOp::create(b, loc, i64, positive);
    if (type != i64)
      total = isUnsigned ? Value(arith::ExtUIOp::create(b, loc, i64, total))
                         : Value(arith::ExtSIOp::create(b, loc, i64, total));
    Value mean = isUnsigned
                     ? Value(arith::DivUIOp::create(b, loc, total, divisor))
                     : Value(arith::DivSIOp::create(b, loc, total, divisor));
    return type == i64 ? mean : arith::TruncIOp::create(b, loc, type, mean);
  }

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value input = adaptor.getInput();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    ArrayRef<int64_t> axes = op.getAxes();
    if (axes.empty()) {
      rewriter.replaceOp(op, castTensor(rewriter, loc, input, type));
      return success();
    }
    Type elementType = type.getElementType();
    Type computeType = getComputeType(elementType);
    bool isUnsignedInput = isUnsigned(op.getInput().getType());
    SmallVector<OpFoldResult> extents = getExtents(rewriter, loc, input);
    Value result = createReduction(
        rewriter, loc, extents, axes,
        createInit(rewriter, loc, computeType, isUnsignedInput), input,
        rewriter.getMultiDimIdentityMap(extents.size()),
        [&](OpBuilder &b, Location loc, ValueRange args) {
          Value element = castScalar(b, loc, args[0], elementType, computeType);
          return combine(b, loc, element, args[1], isUnsignedInput);
        });
    if (std::is_same_v<OpTy, ReduceMeanOp> || computeType != elementType) {
      SmallVector<OpFoldResult> counts;
      for (int64_t axis : axes)
        counts.push_back(extents[axis]);
      Value count = toValue(rewriter, loc, mulExtents(rewriter, loc, counts));
      SmallVector<OpFoldResult> resultExtents =
          getExtents(rewriter, loc, result);
      result = createParallelGeneric(
          rewriter, loc, resultExtents, elementType, result,
          rewriter.getMultiDimIdentityMap(resultExtents.size()),
          [&](OpBuilder &b, Location loc, ValueRange args) {
            Value value = args[0];
            if (std::is_same_v<OpTy, ReduceMeanOp>)
              value = divideByCount(b, loc, value, count, isUnsignedInput);
            return castScalar(b, loc, value, computeType, elementType);
          });
    }
    if (op.getKeepDims())
      result = insertUnitDims(rewriter, loc, result, axes);
    rewriter.replaceOp(op, castTensor(rewriter, loc, result, type));
    return success();
  }
};

/// The position of the greatest or least element: a reduction of two values,
/// the best element and its position. NaN counts as better than every number,
/// as in NumPy.
template <typename OpTy>
struct ConvertArgReduction : OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    constexpr bool isMax = std::is_same_v<OpTy, ArgMaxOp>;
    Location loc = op.getLoc();
    Value input = adaptor.getInput();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    Type elementType = getElementTypeOrSelf(input);
    Type computeType = getComputeType(elementType);
    Type indexType = type.getElementType();
    bool isUnsignedInput = isUnsigned(op.getInput().getType());
    bool last = op.getLast();
    int64_t axis = op.getAxis();

    SmallVector<OpFoldResult> extents = getExtents(rewriter, loc, input);
    int64_t rank = extents.size();
    SmallVector<OpFoldResult> resultExtents;
    SmallVector<AffineExpr> resultExprs;
    SmallVector<utils::IteratorType> iterators(rank,
                                               utils::IteratorType::parallel);
    iterators[axis] = utils::IteratorType::reduction;
    for (int64_t dim = 0; dim < rank; ++dim) {
      if (dim == axis)
        continue;
      resultExtents.push_back(extents[dim]);
      resultExprs.push_back(rewriter.getAffineDimExpr(dim));
    }
    AffineMap resultMap =
        AffineMap::get(rank, 0, resultExprs, rewriter.getContext());
    Value worst =
        isMax ? createLowest(rewriter, loc, computeType, isUnsignedInput)
              : createHighest(rewriter, loc, computeType, isUnsignedInput);
    Value bestInit = createFilled(rewriter, loc, resultExtents, worst);
    Value positionInit = createFilled(rewriter, loc, resultExtents,
                                      createZero(rewriter, loc, indexType));
    auto reduction = linalg::GenericOp::create(
        rewriter, loc, TypeRange{bestInit.getType(), positionInit.getType()},
        input, ValueRange{bestInit, positionInit},
        {rewriter.getMultiDimIdentityMap(rank), resultMap, resultMap},
        iterators, [&](OpBuilder &b, Location loc, ValueRange args) {
          Value element = castScalar(b, loc, args[0], elementType, computeType);
          Value best = args[1];
          Value lhs = isMax ? best : element, rhs = isMax ? element : best;
          Value isBetter = createLess(b, loc, lhs, rhs, isUnsignedInput);
          auto make = [&](auto predicate, Value l, Value r) -> Value {
            if constexpr (std::is_same_v<decltype(predicate),
                                         arith::CmpFPredicate>)
              return arith::CmpFOp::create(b, loc, predicate, l, r);
            else
              return arith::CmpIOp::create(b, loc, predicate, l, r);
          };
          if (isa<FloatType>(computeType)) {
            Value isNaN = make(arith::CmpFPredicate::UNO, element, element);
            Value wasNaN = make(arith::CmpFPredicate::UNO, best, best);
            if (last) {
              Value isEqual = make(arith::CmpFPredicate::OEQ, element, best);
              isBetter = arith::OrIOp::create(b, loc, isBetter, isEqual);
              isBetter = arith::OrIOp::create(b, loc, isBetter, isNaN);
            } else {
              Value none = createZero(b, loc, b.getI1Type());
              Value isFirstNaN =
                  arith::SelectOp::create(b, loc, wasNaN, none, isNaN);
              isBetter = arith::OrIOp::create(b, loc, isBetter, isFirstNaN);
            }
          } else if (last) {
            Value isEqual = make(arith::CmpIPredicate::eq, element, best);
            isBetter = arith::OrIOp::create(b, loc, isBetter, isEqual);
          }
          Value position = arith::IndexCastOp::create(
              b, loc, indexType, linalg::IndexOp::create(b, loc, axis));
          Value newBest =
              arith::SelectOp::create(b, loc, isBetter, element, best);
          Value newPosition =
              arith::SelectOp::create(b, loc, isBetter, position, args[2]);
          linalg::YieldOp::create(b, loc, ValueRange{newBest, newPosition});
        });
    Value result = reduction.getResult(1);
    if (op.getKeepDims())
      result = insertUnitDims(rewriter, loc, result, axis);
    rewriter.replaceOp(op, castTensor(rewriter, loc, result, type));
    return success();
  }
};

} // namespace

void conversion::populateReductionPatterns(const TypeConverter &converter,
                                           RewritePatternSet &patterns) {
  patterns.add<ConvertReduction<ReduceSumOp>, ConvertReduction<ReduceMeanOp>,
               ConvertReduction<ReduceProdOp>, ConvertReduction<ReduceMaxOp>,
               ConvertReduction<ReduceMinOp>, ConvertArgReduction<ArgMaxOp>,
               ConvertArgReduction<ArgMinOp>>(converter, patterns.getContext());
}
