//===- SinkDecode.cpp - Decode what is read -------------------------------===//
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "slim/Conversion/Passes.h"
#include "slim/IR/SlimOps.h"

namespace slim {
#define GEN_PASS_DEF_SINKDECODEPASS
#include "slim/Conversion/Passes.h.inc"
} // namespace slim

using namespace slim;

namespace {

/// embedding(ids, dequantize(q, s)) -> dequantize(embedding(ids, q),
/// embedding(ids, s)) for a table with scales by row, or by row and block of
/// columns: the rows' scales are looked up as the rows are.
struct SinkDequantizeThroughEmbedding : OpRewritePattern<EmbeddingOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(EmbeddingOp op,
                                PatternRewriter &rewriter) const override {
    auto dequantize = op.getWeight().getDefiningOp<DequantizeOp>();
    if (!dequantize)
      return rewriter.notifyMatchFailure(op, "the table is not quantized");
    ArrayRef<int64_t> block = dequantize.getBlock();
    if (block.size() != 2 || block.front() != 1)
      return rewriter.notifyMatchFailure(op, "scales are not by row");

    auto resultType = cast<RankedTensorType>(op.getResult().getType());
    auto lookUp = [&](Value table) -> Value {
      auto type = cast<RankedTensorType>(table.getType());
      SmallVector<int64_t> shape(resultType.getShape());
      shape.back() = type.getDimSize(1);
      return EmbeddingOp::create(
          rewriter, op.getLoc(),
          RankedTensorType::get(shape, type.getElementType()), op.getIndices(),
          table);
    };
    SmallVector<int64_t> rowBlock(resultType.getRank(), 1);
    rowBlock.back() = block.back();
    Value values = lookUp(dequantize.getInput());
    Value scale = lookUp(dequantize.getScale());
    Value zeroPoint;
    if (dequantize.getZeroPoint())
      zeroPoint = lookUp(dequantize.getZeroPoint());
    rewriter.replaceOpWithNewOp<DequantizeOp>(op, resultType, values, scale,
                                              zeroPoint, rowBlock);
    return success();
  }
};

/// embedding(ids, cast(table)) -> cast(embedding(ids, table)): rows are
/// converted that are looked up.
struct SinkCastThroughEmbedding : OpRewritePattern<EmbeddingOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(EmbeddingOp op,
                                PatternRewriter &rewriter) const override {
    auto cast = op.getWeight().getDefiningOp<CastOp>();
    if (!cast)
      return rewriter.notifyMatchFailure(op, "the table is not converted");
    auto stored = llvm::cast<RankedTensorType>(cast.getInput().getType());
    auto resultType = llvm::cast<RankedTensorType>(op.getResult().getType());
    if (!isa<FloatType>(stored.getElementType()))
      return rewriter.notifyMatchFailure(op, "the table holds no floats");
    Value rows = EmbeddingOp::create(rewriter, op.getLoc(),
                                     resultType.clone(stored.getElementType()),
                                     op.getIndices(), cast.getInput());
    rewriter.replaceOpWithNewOp<CastOp>(op, resultType, rows, cast.getTo(),
                                        cast.getSaturate());
    return success();
  }
};

struct SinkDecodePass : public slim::impl::SinkDecodePassBase<SinkDecodePass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<SinkCastThroughEmbedding, SinkDequantizeThroughEmbedding>(
        &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
