//===- VectorJacobianAttention.cpp - Gradients of attention ---------------===//
//
// The weights of the values are computed again from query and key: attention
// does not return them.
//
//===----------------------------------------------------------------------===//

#include "Arithmetic.h"
#include "Inference.h"
#include <cmath>

using namespace slim;
using namespace slim::detail;

namespace {
/// The parts of an attention op as plain arithmetic, [B, H, ...] each.
class PlainAttention {
public:
  PlainAttention(OpBuilder &builder, AttentionOp op)
      : a(builder, op, op.getQuery()), op(op) {}

  /// Sets `scale`, `key`, `value` and `weights`.
  void build();
  /// The gradient of a key or value `of` from that of its repetition.
  Value sumHeads(Value gradient, Value of);

  Arithmetic a;
  Value scale, key, value, weights;

private:
  Value repeatHeads(Value of);
  Value buildCausalMask(Value scores);

  AttentionOp op;
  /// Queries' heads for each of the keys'; 1 where there are as many.
  bool isGrouped = false;
};
} // namespace

/// [B, Hkv, T, D] as [B, H, T, D], each head repeated.
Value PlainAttention::repeatHeads(Value of) {
  if (!isGrouped)
    return of;
  ImplicitLocOpBuilder &b = a.builder;
  Location loc = op.getLoc();
  RankedTensorType type = getTensorType(of);
  Value heads = buildShape(b, loc, {Extent::of(op.getQuery(), 1)});
  Value own = buildShape(b, loc, {Extent::of(of, 1)});
  Value repeats = DivOp::create(b, heads, own);
  Value batch = buildShape(b, loc, {Extent::of(of, 0)});
  Value tail = buildShape(b, loc, {Extent::of(of, 2), Extent::of(of, 3)});
  SmallVector<int64_t> shape(type.getShape());
  shape.insert(shape.begin() + 2, ShapedType::kDynamic);
  Value split = UnsqueezeOp::create(b, of, ArrayRef<int64_t>{2});
  Value repeated = ExpandOp::create(
      b, RankedTensorType::get(shape, type.getElementType()), split,
      ConcatOp::create(b, ValueRange{batch, own, repeats, tail}, /*axis=*/0));
  shape.erase(shape.begin() + 2);
  shape[1] = getTensorType(op.getQuery()).getDimSize(1);
  return ReshapeOp::create(
      b, RankedTensorType::get(shape, type.getElementType()), repeated,
      ConcatOp::create(b, ValueRange{batch, heads, tail}, /*axis=*/0),
      /*allow_zero=*/true);
}

Value PlainAttention::sumHeads(Value gradient, Value of) {
  if (!isGrouped)
    return gradient;
  ImplicitLocOpBuilder &b = a.builder;
  Location loc = op.getLoc();
  RankedTensorType type = getTensorType(of);
  Value heads = buildShape(b, loc, {Extent::of(op.getQuery(), 1)});
  Value own = buildShape(b, loc, {Extent::of(of, 1)});
  SmallVector<Value> parts = {
      buildShape(b, loc, {Extent::of(of, 0)}), own,
      DivOp::create(b, heads, own),
      buildShape(b, loc, {Extent::of(of, 2), Extent::of(of, 3)})};
  SmallVector<int64_t> shape(type.getShape());
  shape.insert(shape.begin() + 2, ShapedType::kDynamic);
  Value split = ReshapeOp::create(
      b, RankedTensorType::get(shape, type.getElementType()), gradient,
      ConcatOp::create(b, parts, /*axis=*/0), /*allow_zero=*/true);
  return ReduceSumOp::create(b, type, split, ArrayRef<int64_t>{2},
                             /*keep_dims=*/false);
}

/// Which key each query sees, [S, T].
Value PlainAttention::buildCausalMask(Value scores) {
  ImplicitLocOpBuilder &b = a.builder;
  Location loc = op.getLoc();
  RankedTensorType type = getTensorType(scores);
  Value ones = FillOp::create(
      b,
      RankedTensorType::get(type.getShape().take_back(2),
                            type.getElementType()),
      buildShape(b, loc, {Extent::of(scores, 2), Extent::of(scores, 3)}),
      a.number(1));
  Value queries = buildShape(b, loc, {Extent::of(scores, 2)});
  Value keys = buildShape(b, loc, {Extent::of(scores, 3)});
  Value ahead = SqueezeOp::create(b, SubOp::create(b, keys, queries),
                                  ArrayRef<int64_t>{0});
  Value seen = TriluOp::create(b, ones, ahead, /*upper=*/false);
  return a.greater(seen, a.number(0));
}

void PlainAttention::build() {
  ImplicitLocOpBuilder &b = a.builder;
  Location loc = op.getLoc();
  int64_t heads = getTensorType(op.getQuery()).getDimSize(1);
  int64_t keyHeads = getTensorType(op.getKey()).getDimSize(1);
  isGrouped = heads != keyHeads || isDynamic(heads);
  key = repeatHeads(op.getKey());
  value = repeatHeads(op.getValue());
  int64_t size = getTensorType(op.getQuery()).getDimSize(3);
  if (op.getScale()) {
    scale = a.number(op.getScale()->convertToDouble());
  } else if (!isDynamic(size)) {
    scale = a.number(1 / std::sqrt(double(size)));
  } else {
    Value extent =
        SqueezeOp::create(b, buildShape(b, loc, {Extent::of(op.getQuery(), 3)}),
                          ArrayRef<int64_t>{0});
    scale = RsqrtOp::create(b, a.convert(extent));
  }

  Value scores =
      MatmulOp::create(b, op.getQuery(), transposeMatrix(b, loc, key));
  scores = a.mul(scores, scale);
  Value least = a.number(-std::numeric_limits<double>::infinity());
  bool mayHideAll = false;
  if (Value mask = op.getMask()) {
    mayHideAll = true;
    scores = getTensorType(mask).getElementType().isInteger(1)
                 ? a.select(mask, scores, least)
                 : a.add(scores, a.convert(mask));
  }
  if (op.getCausal()) {
    mayHideAll = true;
    scores = a.select(buildCausalMask(scores), scores, least);
  }
  weights = SoftmaxOp::create(b, scores, /*axis=*/3);
  if (mayHideAll) {
    // A query that sees nothing weighs nothing.
    Value top = ReduceMaxOp::create(b, scores, ArrayRef<int64_t>{3},
                                    /*keep_dims=*/true);
    weights = a.where(a.greater(top, least), weights);
  }
}

LogicalResult AttentionOp::buildVJP(OpBuilder &builder,
                                    ValueRange resultGradients,
                                    SmallVectorImpl<Value> &operandGradients) {
  PlainAttention plain(builder, *this);
  plain.build();
  Arithmetic &a = plain.a;
  ImplicitLocOpBuilder &b = a.builder;
  Value gradient = resultGradients[0], weights = plain.weights;
  auto transpose = [&](Value matrices) {
    return transposeMatrix(b, getLoc(), matrices);
  };
  Value ofValue = MatmulOp::create(b, transpose(weights), gradient);
  Value ofWeights = MatmulOp::create(b, gradient, transpose(plain.value));
  // As softmax.
  Value total = a.sum(a.mul(ofWeights, weights), {3});
  Value ofScores = a.mul(weights, a.sub(ofWeights, total));
  Value scaled = a.mul(ofScores, plain.scale);
  Value ofQuery = MatmulOp::create(b, getQuery().getType(), scaled, plain.key);
  Value ofKey = MatmulOp::create(b, transpose(scaled), getQuery());
  operandGradients.append({ofQuery, plain.sumHeads(ofKey, getKey()),
                           plain.sumHeads(ofValue, getValue())});
  if (Value mask = getMask()) {
    bool isBoolean = getTensorType(mask).getElementType().isInteger(1);
    Value ofMask;
    if (!isBoolean)
      ofMask = Arithmetic(b, *this, mask)
                   .convert(sumToShapeOf(
                       b, getLoc(), ofScores, mask,
                       SmallVector<int64_t>(4, ShapedType::kDynamic)));
    operandGradients.push_back(ofMask);
  }
  return success();
}

LogicalResult
RotaryEmbeddingOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                            SmallVectorImpl<Value> &operandGradients) {
  // Rotates back. Angles come from positions, which have no gradient.
  Value back = NegOp::create(builder, getLoc(), getSin());
  operandGradients.push_back(RotaryEmbeddingOp::create(
      builder, getLoc(), getInput().getType(), resultGradients[0], getCos(),
      back, getInterleaved()));
  operandGradients.append(2, Value());
  return success();
}
