//===- Softmax.cpp - Lowering of softmax and log_softmax ------------------===//
#include "Normalize.h"
#include "Patterns.h"
#include "ScalarOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "slim/IR/SlimOps.h"

using namespace slim;
using namespace slim::conversion;

AffineMap conversion::getReducedMap(OpBuilder &b, int64_t rank,
                                    ArrayRef<int64_t> axes) {
  SmallVector<AffineExpr> exprs;
  for (int64_t dim = 0; dim < rank; ++dim)
    if (!llvm::is_contained(axes, dim))
      exprs.push_back(b.getAffineDimExpr(dim));
  return AffineMap::get(rank, 0, exprs, b.getContext());
}

namespace {

/// The parts of a softmax: x, its maximum and the sum of exp(x - max).
struct SoftmaxParts {
  SoftmaxParts(OpBuilder &b, Location loc, Value input, int64_t axis)
      : b(b), loc(loc), input(input), axis(axis),
        extents(getExtents(b, loc, input)),
        elementType(cast<RankedTensorType>(input.getType()).getElementType()),
        computeType(getComputeType(elementType)),
        identity(b.getMultiDimIdentityMap(extents.size())),
        reduced(getReducedMap(b, extents.size(), axis)) {
    maximum = createReduction(
        b, loc, extents, axis,
        createLowest(b, loc, computeType, /*isUnsigned=*/false), input,
        identity, [&](OpBuilder &b, Location loc, ValueRange args) {
          return createMax(b, loc, widen(b, loc, args[0]), args[1],
                           /*isUnsigned=*/false);
        });
  }

  Value widen(OpBuilder &b, Location loc, Value value) {
    return castScalar(b, loc, value, value.getType(), computeType);
  }

  Value sum(Value terms) {
    return createReduction(
        b, loc, extents, axis, createZero(b, loc, computeType), terms, identity,
        [&](OpBuilder &b, Location loc, ValueRange args) {
          return createAdd(b, loc, args[1], widen(b, loc, args[0]),
                           arith::FastMathFlags::reassoc);
        });
  }

  OpBuilder &b;
  Location loc;
  Value input;
  int64_t axis;
  SmallVector<OpFoldResult> extents;
  Type elementType;
  Type computeType;
  AffineMap identity;
  AffineMap reduced;
  Value maximum;
};

struct ConvertSoftmax : OpConversionPattern<SoftmaxOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(SoftmaxOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op.getResult().getType());
    Value result = createSoftmax(rewriter, op.getLoc(), adaptor.getInput(),
                                 op.getAxis(), type.getElementType());
    rewriter.replaceOp(op, castTensor(rewriter, op.getLoc(), result, type));
    return success();
  }
};

struct ConvertLogSoftmax : OpConversionPattern<LogSoftmaxOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(LogSoftmaxOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto type = cast<RankedTensorType>(op.getResult().getType());
    SoftmaxParts parts(rewriter, loc, adaptor.getInput(), op.getAxis());
    Value exponentials = createParallelGeneric(
        rewriter, loc, parts.extents, parts.computeType,
        {parts.input, parts.maximum}, {parts.identity, parts.reduced},
        [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
          Value shifted = arith::SubFOp::create(
              b, loc, parts.widen(b, loc, args[0]), args[1]);
          return math::ExpOp::create(b, loc, shifted);
        });
    Value sum = parts.sum(exponentials);
    AffineMap reducedIdentity =
        rewriter.getMultiDimIdentityMap(parts.extents.size() - 1);
    Value logarithm = createParallelGeneric(
        rewriter, loc, getExtents(rewriter, loc, sum), parts.computeType,
        {sum, parts.maximum}, {reducedIdentity, reducedIdentity},
        [](OpBuilder &b, Location loc, ValueRange args) -> Value {
          return arith::AddFOp::create(
              b, loc, math::LogOp::create(b, loc, args[0]), args[1]);
        });
    Value result = createParallelGeneric(
        rewriter, loc, parts.extents, type.getElementType(),
        {parts.input, logarithm}, {parts.identity, parts.reduced},
        [&](OpBuilder &b, Location loc, ValueRange args) {
          Value value = arith::SubFOp::create(
              b, loc, parts.widen(b, loc, args[0]), args[1]);
          return castScalar(b, loc, value, parts.computeType,
                            type.getElementType());
        });
    rewriter.replaceOp(op, castTensor(rewriter, loc, result, type));
    return success();
  }
};

} // namespace

Value conversion::createSoftmax(OpBuilder &b, Location loc, Value input,
                                int64_t axis, Type elementType,
                                bool zeroIfMasked) {
  SoftmaxParts parts(b, loc, input, axis);
  // Exponentials and their sum are rounded to the element type, as a graph of
  // elementwise ops would, and as NumPy and ONNX's reference do.
  Value exponentials = createParallelGeneric(
      b, loc, parts.extents, elementType, {input, parts.maximum},
      {parts.identity, parts.reduced},
      [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
        Value maximum = args[1];
        if (zeroIfMasked) {
          // Minus infinity minus itself is NaN; minus 0 it stays.
          Value lowest = createLowest(b, loc, parts.computeType, false);
          Value isMasked = arith::CmpFOp::create(
              b, loc, arith::CmpFPredicate::OEQ, maximum, lowest);
          maximum = arith::SelectOp::create(
              b, loc, isMasked, createZero(b, loc, parts.computeType), maximum);
        }
        Value shifted = arith::SubFOp::create(
            b, loc, parts.widen(b, loc, args[0]), maximum);
        Value exponential = math::ExpOp::create(b, loc, shifted);
        return castScalar(b, loc, exponential, parts.computeType, elementType);
      });
  Value sum = parts.sum(exponentials);
  return createParallelGeneric(
      b, loc, parts.extents, elementType, {exponentials, sum},
      {parts.identity, parts.reduced},
      [&](OpBuilder &b, Location loc, ValueRange args) {
        Value total = parts.widen(
            b, loc,
            castScalar(b, loc, args[1], parts.computeType, elementType));
        if (zeroIfMasked) {
          Value zero = createZero(b, loc, parts.computeType);
          Value isMasked = arith::CmpFOp::create(
              b, loc, arith::CmpFPredicate::OEQ, total, zero);
          total = arith::SelectOp::create(
              b, loc, isMasked, createOne(b, loc, parts.computeType), total);
        }
        Value quotient =
            arith::DivFOp::create(b, loc, parts.widen(b, loc, args[0]), total);
        return castScalar(b, loc, quotient, parts.computeType, elementType);
      });
}

void conversion::populateSoftmaxPatterns(const TypeConverter &converter,
                                         RewritePatternSet &patterns) {
  patterns.add<ConvertLogSoftmax, ConvertSoftmax>(converter,
                                                  patterns.getContext());
}
