//===- FastExtremes.cpp - Minimum and maximum as one instruction ----------===//
//
// The general minimumf and maximumf, which a NaN on either side wins, are a
// comparison for that and a choice more than what processors have: x86's minps
// gives its second operand if either is NaN. That is a comparison and a choice,
// and right where the first operand is no NaN.
//
//===----------------------------------------------------------------------===//
#include "FastMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace slim;

static bool isNumber(Value value) {
  APFloat number(0.0);
  if (matchPattern(value, m_ConstantFloat(&number)))
    return !number.isNaN();
  DenseFPElementsAttr elements;
  return matchPattern(value, m_Constant(&elements)) &&
         llvm::none_of(elements,
                       [](const APFloat &number) { return number.isNaN(); });
}

namespace {

/// The op of which `predicate` chooses the left operand.
template <typename OpTy, arith::CmpFPredicate predicate>
struct CompareAndSelect : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    Value first = op.getLhs(), second = op.getRhs();
    if (!bitEnumContainsAll(op.getFastmath(), arith::FastMathFlags::nnan) &&
        !isNumber(first)) {
      std::swap(first, second);
      if (!isNumber(first))
        return rewriter.notifyMatchFailure(op, "both may be NaN");
    }
    Value isFirst =
        arith::CmpFOp::create(rewriter, op.getLoc(), predicate, first, second);
    rewriter.replaceOpWithNewOp<arith::SelectOp>(op, isFirst, first, second);
    return success();
  }
};

} // namespace

void cpu::populateFastExtremePatterns(RewritePatternSet &patterns) {
  patterns.add<CompareAndSelect<arith::MinimumFOp, arith::CmpFPredicate::OLT>,
               CompareAndSelect<arith::MaximumFOp, arith::CmpFPredicate::OGT>>(
      patterns.getContext());
}
