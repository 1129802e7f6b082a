//===- Attention.cpp - Lowering of attention and rotary embedding ---------===//
//
// Two batched products with a softmax between them. With grouped queries the
// heads that share a key head are rows of one product, so that keys and values
// are not repeated.
//
//===----------------------------------------------------------------------===//
#include "Normalize.h"
#include "Patterns.h"
#include "Product.h"
#include "ScalarOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "slim/Conversion/Passes.h"
#include "slim/IR/SlimOps.h"
#include <cmath>

using namespace slim;
using namespace slim::conversion;

/// Checks what the op demands of extents.
static void checkExtents(OpBuilder &b, AttentionOp op,
                         ArrayRef<OpFoldResult> query,
                         ArrayRef<OpFoldResult> key,
                         ArrayRef<OpFoldResult> value) {
  auto check = [&](OpFoldResult lhs, OpFoldResult rhs, StringRef what) {
    emitEqualExtentsCheck(b, op.getLoc(), op, lhs, rhs, what);
  };
  check(query[0], key[0], "query and key have different batches");
  check(query[0], value[0], "query and value have different batches");
  check(key[1], value[1], "key and value have different heads");
  check(key[2], value[2], "key and value have different lengths");
  check(query[3], key[3], "query and key have different head sizes");
  if (areEqual(query[1], key[1]))
    return;
  // Heads that are no multiple would be read beyond the end.
  Location loc = op.getLoc();
  Value one = createIndex(b, loc, 1);
  Value keyHeads = toValue(b, loc, key[1]);
  Value divisor = b.createOrFold<arith::MaxUIOp>(loc, keyHeads, one);
  Value rest =
      b.createOrFold<arith::RemUIOp>(loc, toValue(b, loc, query[1]), divisor);
  check(foldExtent(rest), b.getIndexAttr(0),
        "the query heads are no multiple of the key heads");
}

namespace {

/// Leaves what a target fuses: attention of f32, and of bf16 where
/// `multipliesBF16`. Narrower floats are widened otherwise.
struct KeepAttention : OpConversionPattern<AttentionOp> {
  KeepAttention(const TypeConverter &converter, MLIRContext *context,
                bool multipliesBF16)
      : OpConversionPattern(converter, context, /*benefit=*/2),
        multipliesBF16(multipliesBF16) {}

  LogicalResult
  matchAndRewrite(AttentionOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto type = cast<RankedTensorType>(op.getType());
    Value query = adaptor.getQuery(), key = adaptor.getKey(),
          value = adaptor.getValue(), mask = adaptor.getMask();
    Type elementType = type.getElementType();
    Type f32 = rewriter.getF32Type();
    if (getComputeType(elementType) != f32)
      return failure();
    SmallVector<OpFoldResult> queryExtents = getExtents(rewriter, loc, query),
                              keyExtents = getExtents(rewriter, loc, key),
                              valueExtents = getExtents(rewriter, loc, value);
    // Buffers of a kernel are as large as a head.
    constexpr int64_t maxSize = 256;
    auto isModerate = [&](Value tensor) {
      int64_t size = cast<RankedTensorType>(tensor.getType()).getDimSize(3);
      return size > 0 && size <= maxSize;
    };
    auto hasStaticHeads = [&](Value tensor) {
      return !cast<RankedTensorType>(tensor.getType()).isDynamicDim(1);
    };
    bool areHeadsKnown = (hasStaticHeads(query) && hasStaticHeads(key)) ||
                         areEqual(queryExtents[1], keyExtents[1]);
    if (!isModerate(query) || !isModerate(key) || !isModerate(value) ||
        !areHeadsKnown)
      return failure();
    auto size = cast<RankedTensorType>(query.getType()).getDimSize(3);
    // What is known to be 1 must be so by its type.
    auto maskType =
        mask ? cast<RankedTensorType>(mask.getType()) : RankedTensorType();
    for (int64_t dim = 0, rank = mask ? maskType.getRank() : 0; dim < rank;
         ++dim)
      if (maskType.isDynamicDim(dim) &&
          isConstantIntValue(getExtent(rewriter, loc, mask, dim), 1))
        return failure();

    checkExtents(rewriter, op, queryExtents, keyExtents, valueExtents);
    if (mask) {
      AffineMap map;
      SmallVector<OpFoldResult> scores = {queryExtents[0], queryExtents[1],
                                          queryExtents[2], keyExtents[2]};
      mask = alignOperand(rewriter, loc, op, mask, scores, map);
      if (maskType.getElementType().isInteger(1))
        mask = createAddend(rewriter, loc, mask, f32);
      else
        mask =
            castElements(rewriter, loc, mask, maskType.getElementType(), f32);
    }
    // Instructions multiply pairs.
    bool isWidened = !elementType.isF32() &&
                     !(multipliesBF16 && elementType.isBF16() && size % 2 == 0);
    if (isWidened)
      for (Value *operand : {&query, &key, &value})
        *operand = castElements(rewriter, loc, *operand, elementType, f32);
    double scale = op.getScale() ? op.getScale()->convertToDouble()
                                 : 1.0 / std::sqrt(static_cast<double>(size));
    auto kept = AttentionOp::create(
        rewriter, loc, isWidened ? type.clone(f32) : type, query, key, value,
        mask, rewriter.getF32FloatAttr(static_cast<float>(scale)),
        op.getCausalAttr());
    kept->setAttr(kCheckedAttr, rewriter.getUnitAttr());
    Value result = kept.getResult();
    if (isWidened)
      result = castElements(rewriter, loc, result, f32, elementType);
    rewriter.replaceOp(op, result);
    return success();
  }

private:
  bool multipliesBF16;

  /// 0 where a condition is met and minus infinity elsewhere.
  static Value createAddend(OpBuilder &b, Location loc, Value mask, Type type) {
    SmallVector<OpFoldResult> extents = getExtents(b, loc, mask);
    return createParallelGeneric(
        b, loc, extents, type, mask, b.getMultiDimIdentityMap(extents.size()),
        [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
          return arith::SelectOp::create(
              b, loc, args[0], createZero(b, loc, type),
              createLowest(b, loc, type, /*isUnsigned=*/false));
        });
  }
};

struct ConvertAttention : OpConversionPattern<AttentionOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(AttentionOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto type = cast<RankedTensorType>(op.getResult().getType());
    Value query = adaptor.getQuery(), key = adaptor.getKey(),
          value = adaptor.getValue();
    Type elementType = type.getElementType();
    Type computeType = getComputeType(elementType);
    SmallVector<OpFoldResult> queryExtents = getExtents(rewriter, loc, query),
                              keyExtents = getExtents(rewriter, loc, key),
                              valueExtents = getExtents(rewriter, loc, value);
    checkExtents(rewriter, op, queryExtents, keyExtents, valueExtents);
    OpFoldResult batch = queryExtents[0], heads = queryExtents[1],
                 queries = queryExtents[2], keyHeads = keyExtents[1],
                 keys = keyExtents[2];
    OpFoldResult shared = areEqual(heads, keyHeads)
                              ? OpFoldResult(rewriter.getIndexAttr(1))
                              : divExtents(rewriter, loc, heads, keyHeads);

    // scores = scale * Q K^T, [B, H, S, T]
    Product product;
    product.lhs =
        groupHeads(rewriter, loc, query, queryExtents, keyHeads, shared);
    product.rhs = collapse(rewriter, loc, key, {{0, 1}, {2}, {3}});
    product.transposeRhs = true;
    product.accumulator = computeType;
    Value scores = createProduct(rewriter, loc, product);
    SmallVector<OpFoldResult> scoreExtents = {batch, heads, queries, keys};
    scores =
        ungroupHeads(rewriter, loc, scores, scoreExtents, keyHeads, shared);
    scores = maskScores(rewriter, op, scores, adaptor.getMask(), scoreExtents,
                        queryExtents[3]);
    Value weights =
        createSoftmax(rewriter, loc, scores, /*axis=*/3, computeType,
                      /*zeroIfMasked=*/true);

    product.lhs =
        groupHeads(rewriter, loc, weights, scoreExtents, keyHeads, shared);
    product.rhs =
        collapse(rewriter, loc,
                 castElements(rewriter, loc, value, elementType, computeType),
                 {{0, 1}, {2}, {3}});
    product.transposeRhs = false;
    Value result = createProduct(rewriter, loc, product);
    SmallVector<OpFoldResult> resultExtents = {batch, heads, queries,
                                               valueExtents[3]};
    result =
        ungroupHeads(rewriter, loc, result, resultExtents, keyHeads, shared);
    result = castElements(rewriter, loc, result, computeType, elementType);
    rewriter.replaceOp(op, castTensor(rewriter, loc, result, type));
    return success();
  }

private:
  /// [B, H, S, X] as [B * Hkv, H / Hkv * S, X].
  static Value groupHeads(OpBuilder &b, Location loc, Value tensor,
                          ArrayRef<OpFoldResult> extents, OpFoldResult keyHeads,
                          OpFoldResult shared) {
    if (isConstantIntValue(shared, 1))
      return collapse(b, loc, tensor, {{0, 1}, {2}, {3}});
    Value split = expand(b, loc, tensor,
                         {extents[0], keyHeads, shared, extents[2], extents[3]},
                         {{0}, {1, 2}, {3}, {4}});
    return collapse(b, loc, split, {{0, 1}, {2, 3}, {4}});
  }

  /// Undoes groupHeads; `extents` are those of the result.
  static Value ungroupHeads(OpBuilder &b, Location loc, Value tensor,
                            ArrayRef<OpFoldResult> extents,
                            OpFoldResult keyHeads, OpFoldResult shared) {
    if (isConstantIntValue(shared, 1))
      return expand(b, loc, tensor, extents, {{0, 1}, {2}, {3}});
    Value split = expand(b, loc, tensor,
                         {extents[0], keyHeads, shared, extents[2], extents[3]},
                         {{0, 1}, {2, 3}, {4}});
    return collapse(b, loc, split, {{0}, {1, 2}, {3}, {4}});
  }

  /// Scales the products and applies masks, in one generic.
  static Value maskScores(OpBuilder &b, AttentionOp op, Value scores,
                          Value mask, ArrayRef<OpFoldResult> extents,
                          OpFoldResult headSize) {
    Location loc = op.getLoc();
    Type type = cast<RankedTensorType>(scores.getType()).getElementType();
    Value scale;
    if (std::optional<APFloat> given = op.getScale()) {
      scale = createConstant(b, loc, type, given->convertToDouble());
    } else if (std::optional<int64_t> size = getConstantIntValue(headSize)) {
      scale = createConstant(b, loc, type,
                             1.0 / std::sqrt(static_cast<double>(*size)));
    } else {
      Value integer = arith::IndexCastOp::create(b, loc, b.getI64Type(),
                                                 toValue(b, loc, headSize));
      Value number = arith::UIToFPOp::create(b, loc, type, integer);
      scale = arith::DivFOp::create(b, loc, createOne(b, loc, type),
                                    math::SqrtOp::create(b, loc, number));
    }
    SmallVector<Value> operands = {scores};
    SmallVector<AffineMap> maps = {b.getMultiDimIdentityMap(4)};
    if (mask) {
      AffineMap map;
      operands.push_back(alignOperand(b, loc, op, mask, extents, map));
      maps.push_back(map);
    }
    // Query s sees keys up to s + keys - queries.
    Value lead;
    if (op.getCausal())
      lead = toValue(b, loc, subExtents(b, loc, extents[3], extents[2]));
    return createParallelGeneric(
        b, loc, extents, type, operands, maps,
        [&](OpBuilder &b, Location loc, ValueRange args) {
          Value score = createMul(b, loc, args[0], scale);
          Value lowest = createLowest(b, loc, type, /*isUnsigned=*/false);
          if (mask && args[1].getType().isInteger(1))
            score = arith::SelectOp::create(b, loc, args[1], score, lowest);
          else if (mask)
            score =
                createAdd(b, loc, score,
                          castScalar(b, loc, args[1], args[1].getType(), type));
          if (!lead)
            return score;
          Value position = linalg::IndexOp::create(b, loc, 2);
          Value last = arith::AddIOp::create(b, loc, position, lead);
          Value isSeen =
              arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sle,
                                    linalg::IndexOp::create(b, loc, 3), last);
          return Value(arith::SelectOp::create(b, loc, isSeen, score, lowest));
        });
  }
};

/// Every element of the rotated part reads its partner from the input.
struct ConvertRotaryEmbedding : OpConversionPattern<RotaryEmbeddingOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(RotaryEmbeddingOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto type = cast<RankedTensorType>(op.getResult().getType());
    Value input = adaptor.getInput(), cosines = adaptor.getCos(),
          sines = adaptor.getSin();
    Type elementType = type.getElementType();
    Type computeType = getComputeType(elementType);
    bool interleaved = op.getInterleaved();
    SmallVector<OpFoldResult> extents = getExtents(rewriter, loc, input);
    auto checkTable = [&](Value table) {
      SmallVector<OpFoldResult> own = getExtents(rewriter, loc, table);
      emitEqualExtentsCheck(rewriter, loc, op, own[own.size() - 2], extents[2],
                            "the table has another number of positions");
      if (own.size() == 3 && !isConstantIntValue(own[0], 1))
        emitEqualExtentsCheck(rewriter, loc, op, own[0], extents[0],
                              "the table has another batch");
      return own;
    };
    SmallVector<OpFoldResult> cosExtents = checkTable(cosines),
                              sinExtents = checkTable(sines);
    emitEqualExtentsCheck(rewriter, loc, op, cosExtents.back(),
                          sinExtents.back(),
                          "cosines and sines have different extents");
    Value half = toValue(rewriter, loc, cosExtents.back());
    Value rotated = toValue(
        rewriter, loc,
        mulExtents(rewriter, loc, cosExtents.back(), rewriter.getIndexAttr(2)));
    Value fits = rewriter.createOrFold<arith::CmpIOp>(
        loc, arith::CmpIPredicate::ule, rotated,
        toValue(rewriter, loc, extents[3]));
    emitCheck(rewriter, loc, op, fits, "more elements rotate than there are");
    bool isWhole = areEqual(foldExtent(rotated), extents[3]);

    Value result = createParallelGeneric(
        rewriter, loc, extents, elementType, input,
        rewriter.getMultiDimIdentityMap(4),
        [&](OpBuilder &b, Location loc, ValueRange args) {
          SmallVector<Value> at;
          for (int64_t dim = 0; dim < 4; ++dim)
            at.push_back(linalg::IndexOp::create(b, loc, dim));
          Value zero = createIndex(b, loc, 0), one = createIndex(b, loc, 1),
                two = createIndex(b, loc, 2);
          Value position = at[3];
          // Positions behind the rotated part read the first pair, in vain.
          Value isRotated;
          if (!isWhole) {
            isRotated = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult,
                                              position, rotated);
            position =
                arith::SelectOp::create(b, loc, isRotated, position, zero);
          }
          Value pair, partner, isFirst;
          if (interleaved) {
            pair = arith::DivUIOp::create(b, loc, position, two);
            Value odd = arith::AndIOp::create(b, loc, position, one);
            isFirst = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                            odd, zero);
            partner = arith::XOrIOp::create(b, loc, position, one);
          } else {
            isFirst = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult,
                                            position, half);
            Value before = arith::SubIOp::create(b, loc, position, half);
            Value after = arith::AddIOp::create(b, loc, position, half);
            pair = arith::SelectOp::create(b, loc, isFirst, position, before);
            partner = arith::SelectOp::create(b, loc, isFirst, after, before);
          }
          auto widen = [&](Value value) {
            return castScalar(b, loc, value, value.getType(), computeType);
          };
          auto lookUp = [&](Value table, ArrayRef<OpFoldResult> own) {
            SmallVector<Value> indices = {at[2], pair};
            if (own.size() == 3)
              indices.insert(indices.begin(),
                             isConstantIntValue(own[0], 1) ? zero : at[0]);
            return widen(tensor::ExtractOp::create(b, loc, table, indices));
          };
          Value own = widen(args[0]);
          Value other = widen(tensor::ExtractOp::create(
              b, loc, input, ValueRange{at[0], at[1], at[2], partner}));
          // a cos - b sin for the first of a pair, b cos + a sin for the
          // second.
          Value along = createMul(b, loc, own, lookUp(cosines, cosExtents));
          Value across = createMul(b, loc, other, lookUp(sines, sinExtents));
          Value turned = arith::SelectOp::create(
              b, loc, isFirst, arith::SubFOp::create(b, loc, along, across),
              arith::AddFOp::create(b, loc, along, across));
          if (isRotated)
            turned = arith::SelectOp::create(b, loc, isRotated, turned, own);
          return castScalar(b, loc, turned, computeType, elementType);
        });
    rewriter.replaceOp(op, castTensor(rewriter, loc, result, type));
    return success();
  }
};

} // namespace

void conversion::populateAttentionPatterns(const TypeConverter &converter,
                                           RewritePatternSet &patterns,
                                           const AttentionOptions &options) {
  MLIRContext *context = patterns.getContext();
  patterns.add<ConvertAttention, ConvertRotaryEmbedding>(converter, context);
  if (options.keep)
    patterns.add<KeepAttention>(converter, context, options.multipliesBF16);
}
