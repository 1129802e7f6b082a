//===- CanonicalizeShape.cpp - Patterns of reshape, transpose, gather -----===//

#include "BuildSupport.h"
#include "Inference.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "slim/IR/SlimOps.h"
#include "slim/IR/WeightTree.h"

using namespace slim;
using namespace slim::detail;

/// Whether the type alone says how the elements are arranged: at most one
/// extent is open, and the number of elements determines it.
static bool determinesShape(RankedTensorType type) {
  return type.getNumDynamicDims() <= 1 &&
         (type.hasStaticShape() || !llvm::is_contained(type.getShape(), 0));
}

namespace {

/// reshape(x) => x, where the types leave no room for anything else.
struct DropIdentityReshape : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ReshapeOp op,
                                PatternRewriter &rewriter) const final {
    auto type = cast<RankedTensorType>(op.getType());
    if (op.getInput().getType() != type || !determinesShape(type))
      return failure();
    rewriter.replaceOp(op, op.getInput());
    return success();
  }
};

/// reshape(x, computed) => reshape(x, constant), where the type says enough.
struct MakeReshapeShapeConstant : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ReshapeOp op,
                                PatternRewriter &rewriter) const final {
    auto type = cast<RankedTensorType>(op.getType());
    if (op.getShape().getDefiningOp<ConstantOp>() || !determinesShape(type))
      return failure();
    SmallVector<int64_t> shape(type.getShape());
    std::replace(shape.begin(), shape.end(), ShapedType::kDynamic, int64_t(-1));
    Value constant = buildShapeConstant(rewriter, op.getLoc(), shape);
    // An extent of 0 is meant as such.
    bool allowZero = llvm::is_contained(shape, 0);
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, type, op.getInput(), constant,
                                           allowZero);
    return success();
  }
};

/// reshape(reshape(x)) => reshape(x), likewise for other ops that only change
/// the shape. The shape must not speak of the shape in between.
struct MergeReshapes : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ReshapeOp op,
                                PatternRewriter &rewriter) const final {
    Operation *producer = op.getInput().getDefiningOp();
    if (!isa_and_present<ReshapeOp, FlattenOp, SqueezeOp, UnsqueezeOp>(
            producer))
      return failure();
    DenseIntElementsAttr shape;
    if (!matchPattern(op.getShape(), m_Constant(&shape)))
      return failure();
    if (!op.getAllowZero() &&
        llvm::any_of(shape.getValues<APInt>(),
                     [](const APInt &extent) { return extent.isZero(); }))
      return failure();
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(),
                                           producer->getOperand(0),
                                           op.getShape(), op.getAllowZero());
    return success();
  }
};

/// transpose(x) => x for the identity.
struct DropIdentityTranspose : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(TransposeOp op,
                                PatternRewriter &rewriter) const final {
    ArrayRef<int64_t> permutation = op.getPermutation();
    if (op.getInput().getType() != op.getType() ||
        !llvm::equal(permutation, llvm::seq<int64_t>(0, permutation.size())))
      return failure();
    rewriter.replaceOp(op, op.getInput());
    return success();
  }
};

/// transpose(transpose(x)) => transpose(x).
struct MergeTransposes : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(TransposeOp op,
                                PatternRewriter &rewriter) const final {
    auto first = op.getInput().getDefiningOp<TransposeOp>();
    if (!first)
      return failure();
    SmallVector<int64_t> permutation;
    for (int64_t dim : op.getPermutation())
      permutation.push_back(first.getPermutation()[dim]);
    rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getType(), first.getInput(),
                                             permutation);
    return success();
  }
};

/// gather(table, indices) => embedding(indices, table) for the rows of a
/// matrix of floats that is a weight.
struct GatherRowsOfWeight : OpRewritePattern<GatherOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(GatherOp op,
                                PatternRewriter &rewriter) const final {
    auto type = cast<RankedTensorType>(op.getInput().getType());
    if (op.getAxis() != 0 || type.getRank() != 2 ||
        !isa<FloatType>(type.getElementType()) || !isWeight(op.getInput()))
      return failure();
    rewriter.replaceOpWithNewOp<EmbeddingOp>(op, op.getType(), op.getIndices(),
                                             op.getInput());
    return success();
  }
};

/// gather(shape(x), [i, i + 1, ...]) => shape(x) of those dimensions, and the
/// same for a scalar index.
struct GatherOfShape : OpRewritePattern<GatherOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(GatherOp op,
                                PatternRewriter &rewriter) const final {
    auto shape = op.getInput().getDefiningOp<ShapeOp>();
    DenseIntElementsAttr indices;
    if (!shape || !matchPattern(op.getIndices(), m_Constant(&indices)) ||
        indices.empty() || indices.getType().getRank() > 1)
      return failure();
    auto start = static_cast<int64_t>(shape.getStart());
    int64_t length = static_cast<int64_t>(shape.getEnd()) - start;
    SmallVector<int64_t> dims;
    for (const APInt &index : indices.getValues<APInt>()) {
      int64_t dim = index.getSExtValue();
      dim = dim < 0 ? dim + length : dim;
      if (dim < 0 || dim >= length || (!dims.empty() && dim != dims.back() + 1))
        return failure();
      dims.push_back(dim);
    }
    Value part = ShapeOp::create(rewriter, op.getLoc(), shape.getInput(),
                                 start + dims.front(), start + dims.back() + 1);
    if (indices.getType().getRank() == 0)
      part = SqueezeOp::create(rewriter, op.getLoc(), op.getType(), part,
                               ArrayRef<int64_t>{0});
    rewriter.replaceOp(op, part);
    return success();
  }
};

} // namespace

void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<DropIdentityReshape, MakeReshapeShapeConstant, MergeReshapes>(
      context);
}

void TransposeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {
  patterns.add<DropIdentityTranspose, MergeTransposes>(context);
}

void GatherOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                           MLIRContext *context) {
  patterns.add<GatherRowsOfWeight, GatherOfShape>(context);
}
