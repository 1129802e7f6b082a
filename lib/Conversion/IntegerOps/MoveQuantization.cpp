//===- MoveQuantization.cpp - Quantization past moves ---------------------===//
//
// With one positive scale for a whole tensor, quantization is the same
// monotone function of each element. So it commutes with ops that move
// elements and with maxima: codes are moved instead of numbers, and a
// quantize op meets the op that computes its numbers.
//
//===----------------------------------------------------------------------===//
#include "IntegerOps.h"
#include "slim/IR/WeightTree.h"

using namespace slim;
using namespace slim::integerops;

/// Whether each element of the result is one of operand 0, the greatest of
/// several of them, or (for the other operands) decides which.
static bool isMove(Operation *op) {
  return isa_and_present<ReshapeOp, FlattenOp, SqueezeOp, UnsqueezeOp,
                         TransposeOp, ExpandOp, SliceOp, GatherOp, TileOp,
                         MaxPoolOp>(op);
}

/// Copies the move `op` onto `input`.
static Operation *moveInstead(OpBuilder &builder, Operation *op, Value input) {
  Operation *copy = op->clone();
  copy->setOperand(0, input);
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  copy->getResult(0).setType(type.clone(getElementTypeOrSelf(input.getType())));
  builder.insert(copy);
  return copy;
}

namespace {

/// move(dequantize(q)) -> dequantize(move(q))
struct SinkDequantize : RewritePattern {
  SinkDequantize(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isMove(op))
      return failure();
    DequantizeOp dequantize = getDequantizedActivation(op->getOperand(0));
    if (!dequantize)
      return failure();
    std::optional<TensorScale> scale = getTensorScale(dequantize);
    if (!scale)
      return rewriter.notifyMatchFailure(op, "no single known scale");
    Operation *moved = moveInstead(rewriter, op, dequantize.getInput());
    rewriter.replaceOp(
        op, createDequantize(rewriter, op->getLoc(),
                             cast<RankedTensorType>(op->getResult(0).getType()),
                             moved->getResult(0), *scale));
    return success();
  }
};

/// concat(dequantize(q), dequantize(r)) -> dequantize(concat(q, r)) where all
/// have one scale.
struct SinkDequantizeThroughConcat : OpRewritePattern<ConcatOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ConcatOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<Value> codes;
    std::optional<TensorScale> common;
    for (Value input : op.getInputs()) {
      DequantizeOp dequantize = getDequantizedActivation(input);
      std::optional<TensorScale> scale;
      if (dequantize)
        scale = getTensorScale(dequantize);
      if (!scale || (common && !(*scale == *common)))
        return rewriter.notifyMatchFailure(op, "no common scale");
      common = scale;
      codes.push_back(dequantize.getInput());
      if (codes.front().getType() != codes.back().getType() &&
          getElementTypeOrSelf(codes.front()) !=
              getElementTypeOrSelf(codes.back()))
        return rewriter.notifyMatchFailure(op, "codes of different types");
    }
    if (codes.empty())
      return failure();
    auto type = cast<RankedTensorType>(op.getType());
    Value joined = ConcatOp::create(
        rewriter, op.getLoc(), type.clone(getElementTypeOrSelf(codes.front())),
        codes, op.getAxis());
    rewriter.replaceOp(
        op, createDequantize(rewriter, op.getLoc(), type, joined, *common));
    return success();
  }
};

/// quantize(move(x)) -> move(quantize(x)) where nothing else reads the moved
/// numbers, and quantize(dequantize(q)) -> q where the scales agree.
struct HoistQuantize : OpRewritePattern<QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<TensorScale> scale = getTensorScale(op);
    if (!scale)
      return rewriter.notifyMatchFailure(op, "no single known scale");
    Value input = op.getInput();
    // The codes times the scale, divided by it, are within a rounding error of
    // themselves.
    if (DequantizeOp dequantize = getDequantizedActivation(input))
      if (dequantize.getInput().getType() == op.getType() &&
          getTensorScale(dequantize) == scale) {
        rewriter.replaceOp(op, dequantize.getInput());
        return success();
      }
    Operation *producer = input.getDefiningOp();
    if (!producer || !producer->hasOneUse() ||
        !(isMove(producer) || isa<ConcatOp>(producer)))
      return rewriter.notifyMatchFailure(op, "its input is no move");
    auto quantize = [&](Value value) {
      auto type = cast<RankedTensorType>(value.getType());
      return createQuantize(rewriter, op.getLoc(), type.clone(op.getTo()),
                            value, *scale);
    };
    // It is not to quantize again and again what is read in several parts.
    if (isa<SliceOp, GatherOp, MaxPoolOp>(producer) &&
        !producer->getOperand(0).hasOneUse())
      return rewriter.notifyMatchFailure(op, "the numbers have other readers");
    rewriter.setInsertionPoint(producer);
    if (auto concat = dyn_cast<ConcatOp>(producer)) {
      SmallVector<Value> codes =
          llvm::map_to_vector(concat.getInputs(), quantize);
      rewriter.replaceOpWithNewOp<ConcatOp>(op, op.getType(), codes,
                                            concat.getAxis());
      return success();
    }
    Value codes = quantize(producer->getOperand(0));
    rewriter.replaceOp(op, moveInstead(rewriter, producer, codes));
    return success();
  }
};

/// The shape of quantized numbers is that of the codes, and the other way.
struct TakeShapeOfCodes : OpRewritePattern<ShapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ShapeOp op,
                                PatternRewriter &rewriter) const override {
    Operation *producer = op.getInput().getDefiningOp();
    if (!isa_and_present<QuantizeOp, DequantizeOp>(producer))
      return failure();
    rewriter.modifyOpInPlace(
        op, [&] { op.getInputMutable().assign(producer->getOperand(0)); });
    return success();
  }
};

} // namespace

void integerops::populateMoveQuantizationPatterns(RewritePatternSet &patterns) {
  patterns.add<SinkDequantize, SinkDequantizeThroughConcat, HoistQuantize,
               TakeShapeOfCodes>(patterns.getContext());
}
