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
/// columns: the rows' scales are looked up as the rows are. Scales that all
/// rows share stay.
struct SinkDequantizeThroughEmbedding : OpRewritePattern<EmbeddingOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(EmbeddingOp op,
                                PatternRewriter &rewriter) const override {
    auto dequantize = op.getWeight().getDefiningOp<DequantizeOp>();
    if (!dequantize)
      return rewriter.notifyMatchFailure(op, "the table is not quantized");
    ArrayRef<int64_t> block = dequantize.getBlock();
    if (block.size() != 2 || block.front() > 1)
      return rewriter.notifyMatchFailure(op, "scales are by blocks of rows");
    bool isShared = block.front() == 0;

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
    auto unfold = [&](Value shared) -> Value {
      auto type = cast<RankedTensorType>(shared.getType());
      SmallVector<int64_t> shape(resultType.getRank(), 1);
      shape.back() = type.getDimSize(1);
      if (shape == type.getShape())
        return shared;
      return ReshapeDecodeOp::create(rewriter, op.getLoc(), type.clone(shape),
                                     shared, ArrayRef<int64_t>{0, 1}, shape);
    };
    SmallVector<int64_t> rowBlock(resultType.getRank(), isShared ? 0 : 1);
    rowBlock.back() = block.back();
    Value values = lookUp(dequantize.getInput());
    Value scale = isShared ? unfold(dequantize.getScale())
                           : lookUp(dequantize.getScale());
    Value zeroPoint = dequantize.getZeroPoint();
    if (zeroPoint)
      zeroPoint = isShared ? unfold(zeroPoint) : lookUp(zeroPoint);
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

/// embedding(ids, codebook_decode(q, t)) -> codebook_decode(embedding(ids, q),
/// t).
struct SinkCodebookThroughEmbedding : OpRewritePattern<EmbeddingOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(EmbeddingOp op,
                                PatternRewriter &rewriter) const override {
    auto decode = op.getWeight().getDefiningOp<CodebookDecodeOp>();
    if (!decode)
      return rewriter.notifyMatchFailure(op, "the table has no codebook");
    auto stored = cast<RankedTensorType>(decode.getCodes().getType());
    auto resultType = cast<RankedTensorType>(op.getResult().getType());
    Value rows = EmbeddingOp::create(rewriter, op.getLoc(),
                                     resultType.clone(stored.getElementType()),
                                     op.getIndices(), decode.getCodes());
    rewriter.replaceOpWithNewOp<CodebookDecodeOp>(op, resultType, rows,
                                                  decode.getTable());
    return success();
  }
};

struct SinkDecodePass : public slim::impl::SinkDecodePassBase<SinkDecodePass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<SinkCastThroughEmbedding, SinkCodebookThroughEmbedding,
                 SinkDequantizeThroughEmbedding>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
