//===- Attention.cpp - ONNX's Attention -------------------------*- C++ -*-===//
//
// Scores that nobody looks at and plain masks become `slim.attention`; what it
// does not express (a soft cap, scores as a result, another precision) is
// built from matrix products.
//
//===----------------------------------------------------------------------===//
#include "Registry.h"

using namespace slim;
using namespace slim::onnximport;

namespace {
/// The operands in the shape [batch, heads, sequence, size].
struct Heads {
  Value query, key, value;
};
} // namespace

/// [B, S, H * D] to [B, H, S, D].
static Value splitHeads(NodeBuilder &node, Value value, int64_t heads) {
  Value split = node.reshape(value, {0, 0, heads, -1});
  return node.transpose(split, {0, 2, 1, 3});
}

/// Positions of queries [S, 1] less those of keys [1, T], in the coordinates of
/// the keys: the distance by which a key lies in the past. `offset` is how many
/// keys precede the first query: an i64 scalar or, an element a batch, [B].
static Value getDistance(NodeBuilder &node, Value query, Value key,
                         Value offset) {
  Value rows = node.unsqueeze(node.iota(node.dim(query, 2)), {1});
  Value columns = node.unsqueeze(node.iota(node.dim(key, 2)), {0});
  if (node.rank(offset) == 1)
    offset = node.unsqueeze(offset, {1, 2, 3}); // [B, 1, 1, 1]
  Value positions = node.create<AddOp>(rows, offset);
  return node.create<SubOp>(positions, columns);
}

/// Pads a mask for fewer keys than there are: what it lacks is masked.
static Value padMask(NodeBuilder &node, Value mask, Value key) {
  int64_t rank = node.rank(mask);
  int64_t width = rank ? node.shape(mask)[rank - 1] : 0;
  if (!rank || (width == node.shape(key)[2] && !ShapedType::isDynamic(width)))
    return mask;
  Type elementType = node.elementType(mask);
  Value missing =
      node.create<SubOp>(node.dim(key, 2), node.dim(mask, rank - 1));
  SmallVector<Value> pads(2 * rank, node.ints({0}));
  pads.back() = missing;
  Value masked = node.scalar(
      elementType.isInteger(1) ? 0 : -std::numeric_limits<double>::infinity(),
      elementType);
  return node.create<PadOp>(mask, node.concat(pads, 0), masked,
                            PadMode::Constant);
}

/// The sum of all that masks, an addend of the scores; null for none.
static Value getBias(NodeBuilder &node, const Heads &heads, Value mask,
                     bool causal, Value past, Value lengths) {
  Type elementType = node.elementType(heads.query);
  Value zero = node.scalar(0, elementType);
  Value masked =
      node.scalar(-std::numeric_limits<double>::infinity(), elementType);
  auto toBias = [&](Value admits) {
    return node.create<SelectOp>(admits, zero, masked);
  };
  Value bias;
  auto add = [&](Value more) {
    bias = bias ? node.create<AddOp>(bias, more) : more;
  };
  if (mask) {
    mask = padMask(node, mask, heads.key);
    bool isBool = mask && node.elementType(mask).isInteger(1);
    add(isBool ? toBias(mask) : node.convert(mask, elementType));
  }
  int64_t left = node.intAttr("left_window_size", -1);
  int64_t right = node.intAttr("right_window_size", -1);
  if (causal || left >= 0 || right >= 0) {
    Value offset = node.intScalar(0);
    if (past)
      offset = node.toScalar(node.dim(past, 2));
    else if (lengths)
      offset =
          node.create<SubOp>(lengths, node.toScalar(node.dim(heads.query, 2)));
    Value distance = getDistance(node, heads.query, heads.key, offset);
    auto admit = [&](Value admits) { add(toBias(admits)); };
    if (causal)
      admit(node.create<GreaterEqualOp>(distance, node.intScalar(0)));
    if (left >= 0)
      admit(node.create<LessEqualOp>(distance, node.intScalar(left)));
    if (right >= 0)
      admit(node.create<GreaterEqualOp>(distance, node.intScalar(-right)));
  }
  if (lengths) {
    Value columns = node.iota(node.dim(heads.key, 2));
    Value limits = node.unsqueeze(lengths, {1, 2, 3});
    add(toBias(node.create<LessOp>(columns, limits)));
  }
  return bias;
}

/// Each key/value head as often as query heads share it.
static Value repeatHeads(NodeBuilder &node, Value value, int64_t repeats) {
  if (repeats == 1)
    return value;
  Value batch = node.dim(value, 0), heads = node.dim(value, 1);
  Value rest = node.create<ShapeOp>(value, /*start=*/2, /*end=*/4);
  Value grouped = node.unsqueeze(value, {2});
  Value count = node.ints({repeats});
  Value spread =
      node.expand(grouped, node.concat({batch, heads, count, rest}, 0));
  Value all = node.create<MulOp>(heads, count);
  return node.reshape(spread, node.concat({batch, all, rest}, 0));
}

/// True where a query sees no key at all: its output is zero.
static Value isFullyMasked(NodeBuilder &node, Value bias) {
  int64_t last = node.rank(bias) - 1;
  Value greatest = node.create<ReduceMaxOp>(bias, ArrayRef<int64_t>(last),
                                            /*keep_dims=*/true);
  return node.create<IsInfOp>(greatest, /*positive=*/false, /*negative=*/true);
}

static void importAttention(NodeBuilder &node) {
  Heads heads{node.operand(0), node.operand(1), node.operand(2)};
  Value mask = node.operand(3), pastKey = node.operand(4),
        pastValue = node.operand(5), lengths = node.toI64(node.operand(6));
  int64_t rank = node.rank(heads.query);
  if ((rank != 3 && rank != 4) || node.rank(heads.key) != rank ||
      node.rank(heads.value) != rank)
    node.invalid("needs operands of rank 3 or of rank 4");
  if (!pastKey != !pastValue)
    node.invalid("has one of past_key and past_value");
  if (mask && node.rank(mask) == 0)
    node.invalid("has a mask of rank 0");
  if (lengths && node.rank(lengths) != 1)
    node.invalid("has lengths that are no vector");
  if (rank == 3) {
    int64_t queryHeads = node.intAttr("q_num_heads", 0);
    int64_t keyHeads = node.intAttr("kv_num_heads", 0);
    if (queryHeads <= 0 || keyHeads <= 0)
      node.invalid("needs the numbers of heads for operands of rank 3");
    heads.query = splitHeads(node, heads.query, queryHeads);
    heads.key = splitHeads(node, heads.key, keyHeads);
    heads.value = splitHeads(node, heads.value, keyHeads);
  }
  // The op's own causal mask lets the last query see all keys, which is what
  // ONNX means where there are as many new keys as queries.
  ArrayRef<int64_t> queryShape = node.shape(heads.query);
  bool isSquare = rank && node.isOk() &&
                  !ShapedType::isDynamic(queryShape[2]) &&
                  queryShape[2] == node.shape(heads.key)[2];
  if (pastKey) {
    heads.key = node.concat({pastKey, heads.key}, 2);
    heads.value = node.concat({pastValue, heads.value}, 2);
  }
  if (!node.isOk())
    return;

  Type elementType = node.elementType(heads.query);
  int64_t size = node.shape(heads.query)[3];
  bool hasScale = node.hasAttr("scale");
  float scale = node.floatAttr("scale", 0);
  float softcap = node.floatAttr("softcap", 0);
  bool causal = node.boolAttr("is_causal", false);
  bool isPlain = !node.wantsResult(3) && softcap == 0 &&
                 !node.hasAttr("softmax_precision");
  bool ownCausal = causal && isPlain && isSquare && !mask && !lengths;
  Value bias =
      getBias(node, heads, mask, causal && !ownCausal, pastKey, lengths);

  Value result, scores;
  if (isPlain) {
    result = node.create<AttentionOp>(
        heads.query, heads.key, heads.value, bias,
        hasScale ? node.getBuilder().getF32FloatAttr(scale) : FloatAttr(),
        node.getBuilder().getBoolAttr(ownCausal));
  } else {
    int64_t queryHeads = node.shape(heads.query)[1];
    int64_t keyHeads = node.shape(heads.key)[1];
    if (ShapedType::isDynamic(queryHeads) || ShapedType::isDynamic(keyHeads) ||
        keyHeads <= 0 || queryHeads % keyHeads) {
      node.unsupported("numbers of heads that are unknown or do not divide");
      return;
    }
    if (!hasScale && ShapedType::isDynamic(size)) {
      node.unsupported("a head size that is unknown");
      return;
    }
    // The scale is shared between the factors, to keep small floats in range.
    double share = std::sqrt(hasScale ? double(scale) : 1 / std::sqrt(size));
    Value factor = node.scalar(share, elementType);
    Value key = repeatHeads(node, heads.key, queryHeads / keyHeads);
    Value value = repeatHeads(node, heads.value, queryHeads / keyHeads);
    Value query = node.create<MulOp>(heads.query, factor);
    key = node.create<MulOp>(node.transpose(key, {0, 1, 3, 2}), factor);
    Value logits = node.create<MatmulOp>(query, key);
    int64_t mode = node.intAttr("qk_matmul_output_mode", 0);
    scores = logits;
    if (softcap > 0) {
      Value cap = node.scalar(softcap, elementType);
      Value quotient = node.create<DivOp>(logits, cap);
      Value squashed = node.create<TanhOp>(quotient);
      logits = node.create<MulOp>(squashed, cap);
    }
    if (mode == 1)
      scores = logits;
    if (bias)
      logits = node.create<AddOp>(logits, bias);
    if (mode == 2)
      scores = logits;
    if (node.hasAttr("softmax_precision")) {
      int64_t precision = node.intAttr("softmax_precision", 1);
      Type precise = getElementType(precision, node.getContext());
      if (!precise || !isa<FloatType>(precise)) {
        node.invalid("has no float type as softmax_precision");
        return;
      }
      logits = node.convert(logits, precise);
    }
    Value weights = node.create<SoftmaxOp>(logits, /*axis=*/3);
    if (bias) {
      Value zero = node.scalar(0, node.elementType(weights));
      weights = node.create<SelectOp>(isFullyMasked(node, bias), zero, weights);
    }
    weights = node.convert(weights, elementType);
    if (mode == 3)
      scores = weights;
    result = node.create<MatmulOp>(weights, value);
  }
  if (bias) {
    Value zero = node.scalar(0, elementType);
    result = node.create<SelectOp>(isFullyMasked(node, bias), zero, result);
  }
  if (rank == 3) {
    Value merged = node.transpose(result, {0, 2, 1, 3});
    result = node.reshape(merged, {0, 0, -1});
  }
  node.setResults({result, heads.key, heads.value, scores});
}

void slim::onnximport::registerAttention(Registry &registry) {
  registry.add("Attention", 3, 7, importAttention);
}
