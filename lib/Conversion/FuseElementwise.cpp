//===- FuseElementwise.cpp - Elementwise chains in one loop ---------------===//
//
// Fusion moves a producer's arithmetic into the loop of its consumer. It pays
// where the consumer reads every element once. Where it reads elements again
// and again, as a matrix product or a broadcast does, the arithmetic would be
// repeated with every read, and a product would no longer be one.
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "slim/Conversion/Passes.h"

namespace slim {
#define GEN_PASS_DEF_FUSEELEMENTWISEPASS
#include "slim/Conversion/Passes.h.inc"
} // namespace slim

using namespace slim;

/// Whether `op` computes nothing: its body yields an operand or a constant.
static bool onlyMoves(linalg::LinalgOp op) {
  return llvm::hasSingleElement(op.getBlock()->getOperations());
}

/// Whether arithmetic of the producer may move to `operand`'s owner.
static bool readsOnce(OpOperand *operand) {
  auto consumer = dyn_cast<linalg::LinalgOp>(operand->getOwner());
  auto producer = operand->get().getDefiningOp<linalg::LinalgOp>();
  if (!consumer || !producer || !producer->hasOneUse())
    return false;
  return consumer.getMatchingIndexingMap(operand).isPermutation() ||
         onlyMoves(producer);
}

/// Whether a reshape may move past the ops at both of its ends. Those with
/// reductions keep the dimensions that their lowering chose.
static bool isBetweenElementwise(OpOperand *operand) {
  auto isElementwise = [](Operation *op) {
    auto linalgOp = dyn_cast_or_null<linalg::LinalgOp>(op);
    return !linalgOp ||
           linalgOp.getNumParallelLoops() == linalgOp.getNumLoops();
  };
  Operation *producer = operand->get().getDefiningOp();
  return producer && producer->hasOneUse() && isElementwise(producer) &&
         isElementwise(operand->getOwner());
}

namespace {
struct FuseElementwisePass
    : public slim::impl::FuseElementwisePassBase<FuseElementwisePass> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet patterns(context);
    linalg::populateElementwiseOpsFusionPatterns(patterns, readsOnce);
    linalg::populateFoldReshapeOpsByExpansionPatterns(patterns,
                                                      isBetweenElementwise);
    linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
    linalg::GenericOp::getCanonicalizationPatterns(patterns, context);
    tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, context);
    tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns, context);
    // As upstream's pass: producers first finds longer chains.
    GreedyRewriteConfig config;
    config.setUseTopDownTraversal(true);
    if (failed(
            applyPatternsGreedily(getOperation(), std::move(patterns), config)))
      signalPassFailure();
  }
};
} // namespace
