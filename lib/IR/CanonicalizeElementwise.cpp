//===- CanonicalizeElementwise.cpp - Patterns of add and mul --------------===//

#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "slim/IR/SlimOps.h"
#include "slim/IR/WeightTree.h"

using namespace slim;

/// Whether all elements of the constant `value` are `number`.
static bool isSplatOf(Value value, int64_t number) {
  DenseElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)) || !elements.isSplat())
    return false;
  Type type = elements.getElementType();
  if (isa<FloatType>(type)) {
    APFloat splat = elements.getSplatValue<APFloat>();
    APFloat expected(static_cast<double>(number));
    bool losesInfo;
    expected.convert(splat.getSemantics(), APFloat::rmNearestTiesToEven,
                     &losesInfo);
    return splat == expected;
  }
  return isa<IntegerType>(type) &&
         elements.getSplatValue<APInt>() == static_cast<uint64_t>(number);
}

namespace {

/// x op neutral => x, where broadcasting changes nothing.
template <typename Op, int64_t neutral>
struct DropNeutralOperand : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const final {
    for (auto [operand, other] : {std::pair(op.getLhs(), op.getRhs()),
                                  std::pair(op.getRhs(), op.getLhs())}) {
      // An open extent might be one that broadcasting stretches, unless the
      // neutral element is a scalar.
      auto type = cast<RankedTensorType>(operand.getType());
      auto otherType = cast<RankedTensorType>(other.getType());
      bool isScalar = otherType.hasStaticShape() &&
                      otherType.getNumElements() == 1 &&
                      otherType.getRank() <= type.getRank();
      if (type != op.getType() || !(isScalar || type.hasStaticShape()) ||
          !isSplatOf(other, neutral))
        continue;
      rewriter.replaceOp(op, operand);
      return success();
    }
    return failure();
  }
};

/// linear(x, w) + vector => linear(x, w, vector), for a vector that does not
/// depend on the model's input.
struct FoldBiasIntoLinear : OpRewritePattern<AddOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AddOp op,
                                PatternRewriter &rewriter) const final {
    for (auto [product, bias] : {std::pair(op.getLhs(), op.getRhs()),
                                 std::pair(op.getRhs(), op.getLhs())}) {
      auto linear = product.getDefiningOp<LinearOp>();
      if (!linear || linear.getBias() || !linear->hasOneUse() ||
          !isWeightOrConstant(bias))
        continue;
      auto weightType = cast<RankedTensorType>(linear.getWeight().getType());
      auto biasType = cast<RankedTensorType>(bias.getType());
      int64_t outputs = weightType.getDimSize(linear.getTransposed() ? 1 : 0);
      if (biasType.getRank() != 1 || !biasType.hasStaticShape() ||
          biasType.getDimSize(0) != outputs)
        continue;
      rewriter.replaceOpWithNewOp<LinearOp>(op, op.getType(), linear.getInput(),
                                            linear.getWeight(), bias,
                                            linear.getTransposed());
      return success();
    }
    return failure();
  }
};

} // namespace

void AddOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                        MLIRContext *context) {
  patterns.add<DropNeutralOperand<AddOp, 0>, FoldBiasIntoLinear>(context);
}

void MulOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                        MLIRContext *context) {
  patterns.add<DropNeutralOperand<MulOp, 1>>(context);
}
