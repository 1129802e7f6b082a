//===- Shape.cpp - Lowering of ops that change shapes ---------------------===//
//
// Reshapes become collapses and expansions, which are views after
// bufferization; broadcasts become generics whose maps drop dimensions.
//
//===----------------------------------------------------------------------===//
#include "Movement.h"
#include "Patterns.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "slim/IR/SlimOps.h"

using namespace slim;
using namespace slim::conversion;
using arith::CmpIPredicate;

namespace {

/// The shape that a reshape asks for: 0 copies an extent of the input, -1 takes
/// what is left. The declared result type knows constant extents.
SmallVector<OpFoldResult> getReshapeExtents(OpBuilder &b, Location loc,
                                            ReshapeOp op, Value input,
                                            Value shape) {
  RankedTensorType type = op.getResult().getType();
  SmallVector<OpFoldResult> inputExtents = getExtents(b, loc, input);
  OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);

  // One open extent needs no look at the shape's elements.
  SmallVector<OpFoldResult> extents;
  int64_t open = -1;
  for (auto [i, extent] : llvm::enumerate(type.getShape())) {
    extents.push_back(b.getIndexAttr(std::max<int64_t>(extent, 0)));
    if (ShapedType::isDynamic(extent))
      open = i;
  }
  if (type.getNumDynamicDims() == 0)
    return extents;
  if (type.getNumDynamicDims() == 1) {
    extents[open] = one;
    OpFoldResult known = mulExtents(b, loc, extents);
    if (!isConstantIntValue(known, 0)) {
      // The same dimension of the input, where the rest certainly agrees.
      SmallVector<OpFoldResult> others;
      for (auto [i, extent] : llvm::enumerate(inputExtents))
        if (static_cast<int64_t>(i) != open)
          others.push_back(extent);
      if (open < static_cast<int64_t>(inputExtents.size()) &&
          areEqual(mulExtents(b, loc, others), known))
        extents[open] = inputExtents[open];
      else
        extents[open] = divProducts(b, loc, inputExtents, known);
      return extents;
    }
  }

  SmallVector<OpFoldResult> elements =
      getIndexElements(b, loc, shape, type.getRank());
  SmallVector<int64_t> inferable;
  OpFoldResult known = one;
  for (auto [i, element] : llvm::enumerate(elements)) {
    if (!type.isDynamicDim(i)) {
      extents[i] = b.getIndexAttr(type.getDimSize(i));
    } else {
      extents[i] = element;
      if (!op.getAllowZero() && i < inputExtents.size() &&
          !areEqual(element, inputExtents[i])) {
        Value isZero = compareExtents(b, loc, CmpIPredicate::eq, element, zero);
        extents[i] = selectExtents(b, loc, isZero, inputExtents[i], element);
      }
      if (!isNonNegative(extents[i])) {
        inferable.push_back(i);
        Value isOpen = compareExtents(b, loc, CmpIPredicate::eq, extents[i],
                                      b.getIndexAttr(-1));
        known = mulExtents(b, loc, known,
                           selectExtents(b, loc, isOpen, one, extents[i]));
        continue;
      }
    }
    known = mulExtents(b, loc, known, extents[i]);
  }
  if (inferable.empty())
    return extents;
  OpFoldResult rest = divProducts(b, loc, inputExtents, known);
  for (int64_t i : inferable) {
    Value isOpen = compareExtents(b, loc, CmpIPredicate::eq, extents[i],
                                  b.getIndexAttr(-1));
    extents[i] = selectExtents(b, loc, isOpen, rest, extents[i]);
  }
  return extents;
}

struct LowerReshape : public OpConversionPattern<ReshapeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(ReshapeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    Value input = adaptor.getInput();
    SmallVector<OpFoldResult> extents =
        getReshapeExtents(rewriter, loc, op, input, adaptor.getShape());
    for (OpFoldResult extent : extents)
      emitNonNegativeCheck(rewriter, loc, op, extent,
                           "an extent of the shape is negative");
    SmallVector<OpFoldResult> source = getExtents(rewriter, loc, input);
    if (!haveEqualProducts(source, extents)) {
      OpFoldResult count = mulExtents(rewriter, loc, source);
      OpFoldResult resultCount = mulExtents(rewriter, loc, extents);
      if (getConstantIntValue(count) && getConstantIntValue(resultCount))
        return rewriter.notifyMatchFailure(op, "numbers of elements differ");
      emitEqualExtentsCheck(rewriter, loc, op, count, resultCount,
                            "the shape has another number of elements than "
                            "the input");
    }
    Value result = reshapeTensor(rewriter, loc, input, extents);
    rewriter.replaceOp(op, castChecked(rewriter, loc, op, result, type));
    return success();
  }
};

struct LowerFlatten : public OpConversionPattern<FlattenOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(FlattenOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    SmallVector<OpFoldResult> extents =
        getExtents(rewriter, loc, adaptor.getInput());
    int64_t rank = extents.size(), axis = op.getAxis();
    if (axis < 0)
      axis += rank;
    ArrayRef<OpFoldResult> all(extents);
    OpFoldResult one = rewriter.getIndexAttr(1);
    auto multiply = [&](ArrayRef<OpFoldResult> part) {
      return part.empty() ? one : mulExtents(rewriter, loc, part);
    };
    Value result = reshapeTensor(
        rewriter, loc, adaptor.getInput(),
        {multiply(all.take_front(axis)), multiply(all.drop_front(axis))});
    rewriter.replaceOp(op,
                       castChecked(rewriter, loc, op, result,
                                   getSignlessType(op.getResult().getType())));
    return success();
  }
};

/// The axes, counted from the front and sorted.
SmallVector<int64_t> getNormalizedAxes(ArrayRef<int64_t> axes, int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t axis : axes)
    result.push_back(axis < 0 ? axis + rank : axis);
  llvm::sort(result);
  return result;
}

struct LowerSqueeze : public OpConversionPattern<SqueezeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(SqueezeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value input = adaptor.getInput();
    auto inputType = cast<RankedTensorType>(input.getType());
    SmallVector<OpFoldResult> extents = getExtents(rewriter, loc, input);
    SmallVector<int64_t> axes =
        getNormalizedAxes(op.getAxes(), inputType.getRank());
    SmallVector<int64_t> shape(inputType.getShape());
    SmallVector<OpFoldResult> kept;
    for (auto [dim, extent] : llvm::enumerate(extents)) {
      if (!llvm::is_contained(axes, static_cast<int64_t>(dim))) {
        kept.push_back(extent);
        continue;
      }
      emitEqualExtentsCheck(rewriter, loc, op, extent, rewriter.getIndexAttr(1),
                            "a dimension to remove has an extent other than 1");
      shape[dim] = 1;
    }
    input = castTensor(rewriter, loc, input, inputType.clone(shape));
    Value result = reshapeTensor(rewriter, loc, input, kept);
    rewriter.replaceOp(op,
                       castChecked(rewriter, loc, op, result,
                                   getSignlessType(op.getResult().getType())));
    return success();
  }
};

struct LowerUnsqueeze : public OpConversionPattern<UnsqueezeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(UnsqueezeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    SmallVector<OpFoldResult> source =
        getExtents(rewriter, loc, adaptor.getInput());
    SmallVector<int64_t> axes = getNormalizedAxes(op.getAxes(), type.getRank());
    SmallVector<OpFoldResult> extents;
    size_t next = 0;
    for (int64_t dim = 0, e = type.getRank(); dim < e; ++dim)
      extents.push_back(llvm::is_contained(axes, dim)
                            ? OpFoldResult(rewriter.getIndexAttr(1))
                            : source[next++]);
    Value result = reshapeTensor(rewriter, loc, adaptor.getInput(), extents);
    rewriter.replaceOp(op, castChecked(rewriter, loc, op, result, type));
    return success();
  }
};

struct LowerTranspose : public OpConversionPattern<TransposeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(TransposeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Value result = transposeTensor(rewriter, op.getLoc(), adaptor.getInput(),
                                   op.getPermutation());
    rewriter.replaceOp(op,
                       castChecked(rewriter, op.getLoc(), op, result,
                                   getSignlessType(op.getResult().getType())));
    return success();
  }
};

struct LowerShape : public OpConversionPattern<ShapeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(ShapeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    SmallVector<Value> elements;
    for (int64_t dim = op.getStart(); dim < int64_t(op.getEnd()); ++dim)
      elements.push_back(castFromIndex(
          rewriter, loc, getDimValue(rewriter, loc, adaptor.getInput(), dim),
          rewriter.getI64Type()));
    auto type = RankedTensorType::get(static_cast<int64_t>(elements.size()),
                                      rewriter.getI64Type());
    Value result =
        tensor::FromElementsOp::create(rewriter, loc, type, elements);
    rewriter.replaceOp(
        op, castTensor(rewriter, loc, result, op.getResult().getType()));
    return success();
  }
};

struct LowerExpand : public OpConversionPattern<ExpandOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(ExpandOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    Value input = adaptor.getInput();
    auto shapeType = cast<RankedTensorType>(adaptor.getShape().getType());
    if (shapeType.isDynamicDim(0))
      return rewriter.notifyMatchFailure(op, "the shape's length is open");
    SmallVector<OpFoldResult> source = getExtents(rewriter, loc, input);
    SmallVector<OpFoldResult> shape = getIndexElements(
        rewriter, loc, adaptor.getShape(), shapeType.getDimSize(0));
    OpFoldResult one = rewriter.getIndexAttr(1);
    int64_t rank = type.getRank();

    SmallVector<OpFoldResult> extents;
    for (int64_t dim = 0; dim < rank; ++dim) {
      auto fromEnd = [&](ArrayRef<OpFoldResult> list) {
        int64_t i = dim - rank + static_cast<int64_t>(list.size());
        return i < 0 ? one : list[i];
      };
      OpFoldResult extent = fromEnd(source), wanted = fromEnd(shape);
      if (isConstantIntValue(wanted, 1) || areEqual(extent, wanted)) {
        extents.push_back(extent);
        continue;
      }
      if (isConstantIntValue(extent, 1)) {
        emitNonNegativeCheck(rewriter, loc, op, wanted,
                             "an extent of the shape is negative");
        extents.push_back(wanted);
        continue;
      }
      // The two agree, or one of them is 1.
      Value stretches =
          compareExtents(rewriter, loc, CmpIPredicate::eq, extent, one);
      Value keeps =
          compareExtents(rewriter, loc, CmpIPredicate::eq, wanted, one);
      Value agree =
          compareExtents(rewriter, loc, CmpIPredicate::eq, extent, wanted);
      Value legal = rewriter.createOrFold<arith::OrIOp>(
          loc, agree,
          rewriter.createOrFold<arith::OrIOp>(loc, stretches, keeps));
      emitCheck(rewriter, loc, op, legal,
                "an extent of the input is neither 1 nor the shape's");
      extents.push_back(
          selectExtents(rewriter, loc, stretches, wanted, extent));
    }
    Value result = broadcastTo(rewriter, loc, op, input, extents);
    rewriter.replaceOp(op, castChecked(rewriter, loc, op, result, type));
    return success();
  }
};

struct LowerFill : public OpConversionPattern<FillOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(FillOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    SmallVector<OpFoldResult> extents =
        getIndexElements(rewriter, loc, adaptor.getShape(), type.getRank());
    for (OpFoldResult extent : extents)
      emitNonNegativeCheck(rewriter, loc, op, extent,
                           "an extent of the shape is negative");
    Value value = extractScalar(rewriter, loc, adaptor.getValue());
    Value result = createFilled(rewriter, loc, extents, value);
    rewriter.replaceOp(op, castChecked(rewriter, loc, op, result, type));
    return success();
  }
};

struct LowerRange : public OpConversionPattern<RangeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(RangeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    Type elementType = type.getElementType();
    Value start = extractScalar(rewriter, loc, adaptor.getStart());
    Value limit = extractScalar(rewriter, loc, adaptor.getLimit());
    Value delta = extractScalar(rewriter, loc, adaptor.getDelta());
    bool isFloat = isa<FloatType>(elementType);
    OpFoldResult count =
        isFloat ? countFloats(rewriter, loc, op, start, limit, delta)
                : countInts(rewriter, loc, op, start, limit, delta,
                            isUnsigned(op.getResult().getType()));
    Value result = createParallelGeneric(
        rewriter, loc, count, elementType, {}, {},
        [&](OpBuilder &b, Location loc, ValueRange) -> Value {
          Value position = linalg::IndexOp::create(b, loc, 0);
          if (!isFloat) {
            Value step = castFromIndex(b, loc, position, elementType);
            step = arith::MulIOp::create(b, loc, step, delta);
            return arith::AddIOp::create(b, loc, start, step);
          }
          Value step = castFromIndex(b, loc, position, b.getI64Type());
          step = arith::SIToFPOp::create(b, loc, elementType, step);
          step = arith::MulFOp::create(b, loc, step, delta);
          return arith::AddFOp::create(b, loc, start, step);
        });
    rewriter.replaceOp(op, castChecked(rewriter, loc, op, result, type));
    return success();
  }

private:
  static OpFoldResult countFloats(OpBuilder &b, Location loc, RangeOp op,
                                  Value start, Value limit, Value delta) {
    Type f64 = b.getF64Type();
    auto widen = [&](Value value) -> Value {
      return value.getType() == f64
                 ? value
                 : b.createOrFold<arith::ExtFOp>(loc, f64, value);
    };
    Value distance =
        b.createOrFold<arith::SubFOp>(loc, widen(limit), widen(start));
    Value quotient = b.createOrFold<arith::DivFOp>(loc, distance, widen(delta));
    // An infinity or NaN (a step of 0 among others) is no number of elements.
    Value most = createConstant(b, loc, f64, 0x1p48);
    Value least = createConstant(b, loc, f64, -0x1p48);
    Value inRange = b.createOrFold<arith::AndIOp>(
        loc,
        b.createOrFold<arith::CmpFOp>(loc, arith::CmpFPredicate::OLE, quotient,
                                      most),
        b.createOrFold<arith::CmpFOp>(loc, arith::CmpFPredicate::OGE, quotient,
                                      least));
    emitCheck(b, loc, op, inRange, "the range does not end");
    Value truncated =
        b.createOrFold<arith::FPToSIOp>(loc, b.getI64Type(), quotient);
    Value back = b.createOrFold<arith::SIToFPOp>(loc, f64, truncated);
    Value more = b.createOrFold<arith::CmpFOp>(loc, arith::CmpFPredicate::OGT,
                                               quotient, back);
    OpFoldResult whole = foldExtent(castToIndex(b, loc, truncated));
    OpFoldResult extra = foldExtent(b.createOrFold<arith::SelectOp>(
        loc, more, createIndex(b, loc, 1), createIndex(b, loc, 0)));
    return maxExtents(b, loc, addExtents(b, loc, whole, extra),
                      b.getIndexAttr(0));
  }

  static OpFoldResult countInts(OpBuilder &b, Location loc, RangeOp op,
                                Value start, Value limit, Value delta,
                                bool isUnsigned) {
    auto toExtent = [&](Value value) -> OpFoldResult {
      if (isUnsigned)
        return foldExtent(
            b.createOrFold<arith::IndexCastUIOp>(loc, b.getIndexType(), value));
      return foldExtent(castToIndex(b, loc, value));
    };
    OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
    OpFoldResult step = toExtent(delta);
    emitCheck(b, loc, op, compareExtents(b, loc, CmpIPredicate::ne, step, zero),
              "the step is 0");
    OpFoldResult distance =
        subExtents(b, loc, toExtent(limit), toExtent(start));
    OpFoldResult quotient = divSigned(b, loc, distance, step);
    OpFoldResult rest =
        subExtents(b, loc, distance, mulExtents(b, loc, quotient, step));
    // Rounded up: truncation did so already where the signs differ.
    Value exact = compareExtents(b, loc, CmpIPredicate::eq, rest, zero);
    Value restNegative = compareExtents(b, loc, CmpIPredicate::slt, rest, zero);
    Value stepNegative = compareExtents(b, loc, CmpIPredicate::slt, step, zero);
    Value sameSign = b.createOrFold<arith::CmpIOp>(loc, CmpIPredicate::eq,
                                                   restNegative, stepNegative);
    OpFoldResult more = selectExtents(b, loc, sameSign, one, zero);
    more = selectExtents(b, loc, exact, zero, more);
    return maxExtents(b, loc, addExtents(b, loc, quotient, more), zero);
  }
};

struct LowerTrilu : public OpConversionPattern<TriluOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(TriluOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    int64_t rank = type.getRank();
    Value k = adaptor.getK()
                  ? castToIndex(rewriter, loc,
                                extractScalar(rewriter, loc, adaptor.getK()))
                  : createIndex(rewriter, loc, 0);
    CmpIPredicate keeps =
        op.getUpper() ? CmpIPredicate::sge : CmpIPredicate::sle;
    Value result = createParallelGeneric(
        rewriter, loc, getExtents(rewriter, loc, adaptor.getInput()),
        type.getElementType(), adaptor.getInput(),
        rewriter.getMultiDimIdentityMap(rank),
        [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
          Value row = linalg::IndexOp::create(b, loc, rank - 2);
          Value column = linalg::IndexOp::create(b, loc, rank - 1);
          Value diagonal = arith::SubIOp::create(b, loc, column, row);
          Value kept = arith::CmpIOp::create(b, loc, keeps, diagonal, k);
          Value zero = createZero(b, loc, type.getElementType());
          return arith::SelectOp::create(b, loc, kept, args[0], zero);
        });
    rewriter.replaceOp(op, castChecked(rewriter, loc, op, result, type));
    return success();
  }
};

} // namespace

void conversion::populateShapePatterns(const TypeConverter &converter,
                                       RewritePatternSet &patterns) {
  patterns.add<LowerReshape, LowerFlatten, LowerSqueeze, LowerUnsqueeze,
               LowerTranspose, LowerShape, LowerExpand, LowerFill, LowerRange,
               LowerTrilu>(converter, patterns.getContext());
  populateSlicePatterns(converter, patterns);
}
