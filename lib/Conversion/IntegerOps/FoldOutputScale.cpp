//===- FoldOutputScale.cpp - Requantization by one multiplication ---------===//
//
// quantize divides by its scale. Where its input is a linear expression of
// numbers that are multiplied by constants anyway (a product's rescaled sums,
// dequantized codes), these constants take the division over:
//
//   quantize(acc * m + b, s) = quantize(acc * (m / s) + b / s, 1).
//
// The factors are rounded once more, which may move a number that lies within
// that rounding error of the middle between two codes.
//
//===----------------------------------------------------------------------===//
#include "IntegerOps.h"
#include "slim/IR/WeightTree.h"
#include <cmath>

using namespace slim;
using namespace slim::integerops;

static std::optional<TensorData> readFloats(Value value) {
  constexpr int64_t maxElements = 1 << 16;
  auto type = cast<RankedTensorType>(value.getType());
  if (!type.hasStaticShape() || !type.getElementType().isF32() ||
      type.getNumElements() > maxElements || !hasConstantData(value))
    return std::nullopt;
  FailureOr<TensorData> data = decodeConstant(value);
  if (failed(data))
    return std::nullopt;
  return *data;
}

/// Whether `value` divided by a positive number is an expression of the same
/// ops, read by nothing else, with other constants.
static bool isDivisible(Value value) {
  if (readFloats(value))
    return true;
  if (DequantizeOp dequantize = getDequantizedActivation(value))
    return getTensorScale(dequantize).has_value();
  Operation *op = value.getDefiningOp();
  if (!op || !op->hasOneUse())
    return false;
  if (isa<AddOp, SubOp>(op))
    return isDivisible(op->getOperand(0)) && isDivisible(op->getOperand(1));
  if (isa<MulOp>(op))
    return readFloats(op->getOperand(0)) || readFloats(op->getOperand(1));
  if (auto clamp = dyn_cast<ClampOp>(op))
    return (!clamp.getLower() || readFloats(clamp.getLower())) &&
           (!clamp.getUpper() || readFloats(clamp.getUpper())) &&
           isDivisible(clamp.getInput());
  return isa<ReluOp, LeakyReluOp, ReduceMeanOp, AvgPoolOp>(op) &&
         isDivisible(op->getOperand(0));
}

/// `value` / `divisor`, for a value that isDivisible.
static Value divide(PatternRewriter &rewriter, Value value, float divisor) {
  Location loc = value.getLoc();
  if (std::optional<TensorData> data = readFloats(value)) {
    std::vector<float> values = data->toFloats();
    for (float &element : values)
      element /= divisor;
    return createFloats(rewriter, loc, data->getType().getShape(), values);
  }
  auto type = cast<RankedTensorType>(value.getType());
  if (DequantizeOp dequantize = getDequantizedActivation(value)) {
    TensorScale scale = *getTensorScale(dequantize);
    scale.scale /= divisor;
    return createDequantize(rewriter, loc, type, dequantize.getInput(), scale);
  }
  Operation *op = value.getDefiningOp();
  SmallVector<Value> operands(op->getOperands());
  if (isa<MulOp>(op)) {
    Value &factor = readFloats(operands[0]) ? operands[0] : operands[1];
    factor = divide(rewriter, factor, divisor);
  } else {
    for (Value &operand : operands)
      operand = divide(rewriter, operand, divisor);
  }
  Operation *copy = op->clone();
  copy->setOperands(operands);
  rewriter.insert(copy);
  return copy->getResult(0);
}

namespace {

struct FoldOutputScale : OpRewritePattern<QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<TensorScale> scale = getTensorScale(op);
    if (!scale || scale->scale == 1)
      return rewriter.notifyMatchFailure(op, "no single known scale but 1");
    Value input = op.getInput();
    if (readFloats(input) || !isDivisible(input))
      return rewriter.notifyMatchFailure(op, "nothing takes the scale over");
    input = divide(rewriter, input, scale->scale);
    rewriter.replaceOp(op, createQuantize(rewriter, op.getLoc(),
                                          cast<RankedTensorType>(op.getType()),
                                          input, {1, scale->zero}));
    return success();
  }
};

/// A limit that saturation sets anyway: relu and clamp before quantize.
struct DropSaturatedLimits : OpRewritePattern<QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<TensorScale> scale = getTensorScale(op);
    auto integer = dyn_cast<IntegerType>(op.getTo());
    if (!scale || !integer || integer.getWidth() > 16)
      return failure();
    int64_t least = integer.isUnsigned() ? 0 : -(1 << (integer.getWidth() - 1));
    int64_t greatest = least + (1 << integer.getWidth()) - 1;
    auto quantize = [&](float limit) {
      return std::nearbyint(limit / scale->scale) + scale->zero;
    };
    Operation *producer = op.getInput().getDefiningOp();
    Value input;
    if (auto relu = dyn_cast_or_null<ReluOp>(producer)) {
      if (scale->zero <= least)
        input = relu.getInput();
    } else if (auto clamp = dyn_cast_or_null<ClampOp>(producer)) {
      auto isKept = [&](Value limit, bool isLower) {
        if (!limit)
          return false;
        std::optional<float> number = getKnownFloat(limit);
        return !number || (isLower ? quantize(*number) > least
                                   : quantize(*number) < greatest);
      };
      if (!isKept(clamp.getLower(), true) && !isKept(clamp.getUpper(), false))
        input = clamp.getInput();
    }
    if (!input || input.getType() != op.getInput().getType())
      return rewriter.notifyMatchFailure(op, "no limit that saturation sets");
    rewriter.modifyOpInPlace(op, [&] { op.getInputMutable().assign(input); });
    return success();
  }
};

/// A small constant in codes as the numbers that they stand for, where it is
/// not the weight of a product, which is read in codes.
struct DecodeConstant : OpRewritePattern<DequantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(DequantizeOp op,
                                PatternRewriter &rewriter) const override {
    Value result = op.getResult();
    std::optional<TensorData> data = readFloats(result);
    if (!data)
      return rewriter.notifyMatchFailure(op, "no small constant");
    for (OpOperand &use : result.getUses()) {
      auto product = dyn_cast<CompressibleOpInterface>(use.getOwner());
      if (isa<DecodeOpInterface>(use.getOwner()) ||
          (product && product.getWeightOperand() == use))
        return rewriter.notifyMatchFailure(op, "part of a weight");
    }
    rewriter.replaceOp(op, createFloats(rewriter, op.getLoc(),
                                        data->getType().getShape(),
                                        data->toFloats()));
    return success();
  }
};

} // namespace

void integerops::populateDecodeConstantPatterns(RewritePatternSet &patterns) {
  patterns.add<DecodeConstant>(patterns.getContext());
}

void integerops::populateFoldOutputScalePatterns(RewritePatternSet &patterns) {
  patterns.add<FoldOutputScale, DropSaturatedLimits>(patterns.getContext());
}
