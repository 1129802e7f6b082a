//===- CanonicalizeLinear.cpp - Patterns of matmul and conv ---------------===//

#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "slim/IR/OpSupport.h"
#include "slim/IR/SlimOps.h"
#include "slim/IR/WeightTree.h"

using namespace slim;

namespace {

/// matmul(x, w) => linear(x, w) for a matrix w that is a weight, or the
/// transpose of one.
struct MatmulByWeight : OpRewritePattern<MatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MatmulOp op,
                                PatternRewriter &rewriter) const final {
    Value weight = op.getRhs();
    if (cast<RankedTensorType>(weight.getType()).getRank() != 2)
      return failure();
    bool transposed = true;
    if (auto transpose = weight.getDefiningOp<TransposeOp>()) {
      transposed = transpose.getPermutation() != ArrayRef<int64_t>{1, 0};
      weight = transpose.getInput();
    }
    if (!isWeight(weight))
      return failure();
    rewriter.replaceOpWithNewOp<LinearOp>(op, op.getType(), op.getLhs(), weight,
                                          /*bias=*/Value(), transposed);
    return success();
  }
};

/// conv(pad(x)) => conv(x), for a margin of zeros in the spatial dimensions.
struct FoldPadIntoConv : OpRewritePattern<ConvOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ConvOp op,
                                PatternRewriter &rewriter) const final {
    auto pad = op.getInput().getDefiningOp<PadOp>();
    if (!pad || pad.getMode() != PadMode::Constant)
      return failure();
    if (Value value = pad.getValue(); value &&
                                      !matchPattern(value, m_AnyZeroFloat()) &&
                                      !matchPattern(value, m_Zero()))
      return failure();
    std::optional<SmallVector<int64_t>> margins =
        slim::detail::getKnownInts(pad.getPads());
    int64_t rank = cast<RankedTensorType>(op.getInput().getType()).getRank();
    if (!margins || static_cast<int64_t>(margins->size()) != 2 * rank)
      return failure();

    SmallVector<int64_t> pads(op.getPads());
    constexpr int64_t maxMargin = std::numeric_limits<int32_t>::max();
    for (int64_t side : {0, 1})
      for (int64_t dim = 0; dim < rank; ++dim) {
        int64_t margin = (*margins)[side * rank + dim];
        if (margin < 0 || margin > maxMargin || (dim < 2 && margin != 0))
          return failure();
        if (dim < 2)
          continue;
        int64_t &padding = pads[side * (rank - 2) + dim - 2];
        if (padding > maxMargin)
          return failure();
        padding += margin;
      }
    rewriter.replaceOpWithNewOp<ConvOp>(
        op, op.getType(), pad.getInput(), op.getWeight(), op.getBias(),
        op.getStrides(), pads, op.getDilations(), op.getGroups());
    return success();
  }
};

} // namespace

void MatmulOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                           MLIRContext *context) {
  patterns.add<MatmulByWeight>(context);
}

void ConvOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                         MLIRContext *context) {
  patterns.add<FoldPadIntoConv>(context);
}
