//===- Linear.cpp - Lowering of linear and matmul -------------------------===//
//
// With one weight for all rows, the leading dimensions stay: the product has
// the result's shape, in which the bias and the activation that follow fuse
// with it. With a matrix a batch they collapse to one batch dimension.
//
//===----------------------------------------------------------------------===//
#include "../BlockProduct.h"
#include "Patterns.h"
#include "Product.h"
#include "ScalarOps.h"
#include "slim/IR/SlimOps.h"

using namespace slim;
using namespace slim::conversion;

/// Dimensions 0 to count - 1 in one group, the others in one each.
static SmallVector<ReassociationIndices> groupLeading(int64_t count,
                                                      int64_t rank) {
  SmallVector<ReassociationIndices> groups(1);
  for (int64_t dim = 0; dim < count; ++dim)
    groups[0].push_back(dim);
  for (int64_t dim = count; dim < rank; ++dim)
    groups.push_back({dim});
  return groups;
}

/// Collapses the first `count` dimensions, one at least, into one.
static Value collapseLeading(OpBuilder &b, Location loc, Value tensor,
                             int64_t count) {
  int64_t rank = cast<RankedTensorType>(tensor.getType()).getRank();
  return collapse(b, loc, tensor, groupLeading(count, rank));
}

/// Undoes collapseLeading: `extents` are those of the result.
static Value expandLeading(OpBuilder &b, Location loc, Value tensor,
                           int64_t count, ArrayRef<OpFoldResult> extents) {
  return expand(b, loc, tensor, extents,
                groupLeading(count, static_cast<int64_t>(extents.size())));
}

/// Adds `bias` along the last dimension, if there is one, and converts to the
/// element type of `type`.
static Value addBias(OpBuilder &b, Location loc, Value product, Value bias,
                     RankedTensorType type) {
  auto productType = cast<RankedTensorType>(product.getType());
  Type accumulator = productType.getElementType();
  if (!bias)
    return castTensor(
        b, loc,
        castElements(b, loc, product, accumulator, type.getElementType()),
        type);
  int64_t rank = productType.getRank();
  AffineMap biasMap =
      AffineMap::get(rank, 0, b.getAffineDimExpr(rank - 1), b.getContext());
  Value result = createParallelGeneric(
      b, loc, getExtents(b, loc, product), type.getElementType(),
      {product, bias}, {b.getMultiDimIdentityMap(rank), biasMap},
      [&](OpBuilder &b, Location loc, ValueRange args) {
        Value wide =
            castScalar(b, loc, args[1], args[1].getType(), accumulator);
        Value sum = createAdd(b, loc, args[0], wide);
        return castScalar(b, loc, sum, accumulator, type.getElementType());
      });
  return castTensor(b, loc, result, type);
}

/// The codes of bytes that `original` converts to floats, where the weight is
/// one of codes, too: multiplied as they lie in memory, they may be summed as
/// integers.
static Value getStoredCodes(ConversionPatternRewriter &rewriter, Value original,
                            Value weight, bool &isUnsigned) {
  auto cast = original.getDefiningOp<CastOp>();
  auto dequantize = weight.getDefiningOp<DequantizeOp>();
  if (!cast || !dequantize || !cast.getTo().isF32())
    return Value();
  auto code = dyn_cast<IntegerType>(getElementTypeOrSelf(cast.getInput()));
  Type weightCode = getElementTypeOrSelf(dequantize.getInput());
  // The values of E2M1 are halves of integers.
  if (!code || code.getWidth() != 8 ||
      !isa<IntegerType, Float4E2M1FNType>(weightCode) ||
      weightCode.getIntOrFloatBitWidth() > 8)
    return Value();
  isUnsigned = code.isUnsigned();
  return rewriter.getRemappedValue(cast.getInput());
}

namespace {

struct ConvertLinear : OpConversionPattern<LinearOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(LinearOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value input = getStoredFactor(rewriter, op.getInput(), adaptor.getInput()),
          weight =
              getStoredFactor(rewriter, op.getWeight(), adaptor.getWeight());
    RankedTensorType type = getSignlessType(op.getResult().getType());
    int64_t leading = type.getRank() - 1;
    emitEqualExtentsCheck(
        rewriter, loc, op, getExtent(rewriter, loc, input, leading),
        getExtent(rewriter, loc, weight, op.getTransposed() ? 0 : 1),
        "the input's last extent is not the weight's");

    Product product;
    product.lhs = input;
    product.rhs = weight;
    product.transposeRhs = !op.getTransposed();
    product.lhsIsUnsigned = isUnsigned(op.getInput().getType());
    product.rhsIsUnsigned = isUnsigned(op.getWeight().getType());
    product.accumulator =
        getAccumulatorType(getElementTypeOrSelf(op.getInput()),
                           getElementTypeOrSelf(op.getWeight()));
    if (bool isCodeUnsigned;
        Value codes = getStoredCodes(rewriter, op.getInput(), op.getWeight(),
                                     isCodeUnsigned)) {
      product.lhs = codes;
      product.lhsIsUnsigned = isCodeUnsigned;
    }
    if (DequantizeOp decode = getBlockedInput(op)) {
      product.lhs = rewriter.getRemappedValue(decode.getInput());
      product.lhsIsUnsigned = isUnsigned(decode.getInput().getType());
      product.lhsScale = rewriter.getRemappedValue(decode.getScale());
      product.lhsBlock = decode.getBlock().back();
    }
    Value result = createLinearProduct(rewriter, loc, product);
    rewriter.replaceOp(op,
                       addBias(rewriter, loc, result, adaptor.getBias(), type));
    return success();
  }
};

struct ConvertMatmul : OpConversionPattern<MatmulOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(MatmulOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    // Vectors become matrices for the time being.
    Value lhs = getStoredFactor(rewriter, op.getLhs(), adaptor.getLhs()),
          rhs = getStoredFactor(rewriter, op.getRhs(), adaptor.getRhs());
    auto getRank = [](Value value) {
      return cast<RankedTensorType>(value.getType()).getRank();
    };
    bool lhsIsVector = getRank(lhs) == 1, rhsIsVector = getRank(rhs) == 1;
    if (lhsIsVector)
      lhs = insertUnitDims(rewriter, loc, lhs, 0);
    if (rhsIsVector)
      rhs = insertUnitDims(rewriter, loc, rhs, 1);
    SmallVector<OpFoldResult> lhsExtents = getExtents(rewriter, loc, lhs),
                              rhsExtents = getExtents(rewriter, loc, rhs);
    emitEqualExtentsCheck(rewriter, loc, op, lhsExtents.back(),
                          rhsExtents[rhsExtents.size() - 2],
                          "the inner extents differ");

    // Batch dimensions broadcast.
    SmallVector<SmallVector<OpFoldResult>> batches = {
        SmallVector<OpFoldResult>(
            ArrayRef<OpFoldResult>(lhsExtents).drop_back(2)),
        SmallVector<OpFoldResult>(
            ArrayRef<OpFoldResult>(rhsExtents).drop_back(2))};
    int64_t batchRank = std::max(batches[0].size(), batches[1].size());
    SmallVector<OpFoldResult> batch = broadcastExtents(
        rewriter, loc, batches, type.getShape().take_front(batchRank));

    Product product;
    product.lhsIsUnsigned = isUnsigned(op.getLhs().getType());
    product.rhsIsUnsigned = isUnsigned(op.getRhs().getType());
    product.accumulator = getAccumulatorType(getElementTypeOrSelf(op.getLhs()),
                                             getElementTypeOrSelf(op.getRhs()));
    SmallVector<OpFoldResult> extents(batch);
    extents.append({lhsExtents[lhsExtents.size() - 2], rhsExtents.back()});
    Value result;
    if (getRank(rhs) == 2) {
      // One matrix for all batches: their rows are rows of one product.
      product.lhs = lhs;
      product.rhs = rhs;
      result = createLinearProduct(rewriter, loc, product);
    } else {
      auto prepare = [&](Value operand, ArrayRef<OpFoldResult> ownExtents) {
        SmallVector<OpFoldResult> full(batch);
        llvm::append_range(full, ownExtents.take_back(2));
        operand = broadcastTo(rewriter, loc, op, operand, full);
        return collapseLeading(rewriter, loc, operand, batchRank);
      };
      product.lhs = prepare(lhs, lhsExtents);
      product.rhs = prepare(rhs, rhsExtents);
      result = createProduct(rewriter, loc, product);
      result = expandLeading(rewriter, loc, result, batchRank, extents);
    }

    SmallVector<int64_t> vectorDims;
    if (lhsIsVector)
      vectorDims.push_back(batchRank);
    if (rhsIsVector)
      vectorDims.push_back(batchRank + 1);
    result = dropUnitDims(rewriter, loc, result, vectorDims);
    rewriter.replaceOp(op, addBias(rewriter, loc, result, Value(), type));
    return success();
  }
};

} // namespace

void conversion::populateLinearPatterns(const TypeConverter &converter,
                                        RewritePatternSet &patterns) {
  patterns.add<ConvertLinear, ConvertMatmul>(converter, patterns.getContext());
}
