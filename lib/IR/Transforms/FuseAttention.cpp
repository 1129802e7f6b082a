//===- FuseAttention.cpp - Attention from matrix products and softmax -----===//
//
// The pattern is rooted at the product of the weights with the values and goes
// back through the softmax, masks and scale to the product of queries and keys.
// Ops in between must have no other use. Heads are split off and merged by
// reshapes and transposes around all this, which stay.
//
//===----------------------------------------------------------------------===//

#include "../KnownExtents.h"
#include "FuseIdioms.h"
#include "slim/IR/SlimOps.h"
#include <cmath>

using namespace slim;
using namespace slim::detail;

static RankedTensorType getTensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static int64_t getRank(Value value) { return getTensorType(value).getRank(); }

namespace {

struct Match {
  Value query, key, value;
  /// Of the key: where its dimensions lie in `key`.
  SmallVector<int64_t> keyPermutation;
  double scale = 1;
  /// Addends of the scores.
  SmallVector<Value> masks;
  /// Conditions, with what replaces the scores where they are not met.
  struct Choice {
    SelectOp op;
    bool admitsIfTrue;
  };
  SmallVector<Choice> choices;
};

} // namespace

/// Steps over products with, and quotients by, a constant.
static Value skipScale(Value value, double &scale) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<MulOp, DivOp>(op) || !value.hasOneUse())
      break;
    Value lhs = op->getOperand(0), rhs = op->getOperand(1);
    if (std::optional<double> number = matchScalar(rhs, getRank(lhs))) {
      scale *= isa<MulOp>(op) ? *number : 1 / *number;
      value = lhs;
      continue;
    }
    std::optional<double> number = matchScalar(lhs, getRank(rhs));
    if (!isa<MulOp>(op) || !number)
      break;
    scale *= *number;
    value = rhs;
  }
  return value;
}

/// If `value` is where(isnan(x), 0, x), gives x.
static Value skipNaNGuard(Value value) {
  auto select = value.getDefiningOp<SelectOp>();
  if (!select)
    return value;
  auto isNaN = select.getCondition().getDefiningOp<IsNaNOp>();
  Value weights = select.getOnFalse();
  if (!isNaN || isNaN.getInput() != weights || !isNaN->hasOneUse() ||
      matchScalar(select.getOnTrue(), getRank(weights)) != 0.0)
    return Value();
  for (Operation *user : weights.getUsers())
    if (user != isNaN && user != select)
      return Value();
  return weights;
}

/// Whether adding the number to a score gives the number: minus infinity, or
/// what exporters write for it, the least number of a type.
static bool isMasking(Value value, int64_t rank) {
  std::optional<double> number = matchScalar(value, rank);
  Type type = getTensorType(value).getElementType();
  return number && isa<FloatType>(type) &&
         *number <=
             -APFloat::getLargest(cast<FloatType>(type).getFloatSemantics())
                     .convertToDouble() /
                 2;
}

/// x, where `key` is x with its last two dimensions exchanged and all before
/// them taken together in between: reshape(transpose(reshape(x))).
static Value matchFlatExchange(Value key) {
  auto outer = key.getDefiningOp<ReshapeOp>();
  auto transpose =
      outer ? outer.getInput().getDefiningOp<TransposeOp>() : TransposeOp();
  auto inner =
      transpose ? transpose.getInput().getDefiningOp<ReshapeOp>() : ReshapeOp();
  if (!inner || !outer.getInput().hasOneUse() ||
      transpose.getPermutation() != ArrayRef<int64_t>{0, 2, 1})
    return Value();
  Value source = inner.getInput(), flat = inner.getResult();
  int64_t rank = getRank(source);
  if (rank < 3 || rank != getRank(key))
    return Value();
  // The extents before the last two are determined by the others but one.
  if (!haveEqualExtents(source, rank - 2, flat, 1) ||
      !haveEqualExtents(source, rank - 1, flat, 2) ||
      !haveEqualExtents(source, rank - 2, key, rank - 1) ||
      !haveEqualExtents(source, rank - 1, key, rank - 2))
    return Value();
  for (int64_t dim = 0; dim < rank - 2; ++dim)
    if (!haveEqualExtents(source, dim, key, dim))
      return Value();
  return source;
}

/// Takes the right operand of the first product, [..., D, T], back to keys
/// [..., T, D]: through scales and transposes.
static void matchKey(Value value, Match &match) {
  int64_t rank = getRank(value);
  SmallVector<int64_t> &permutation = match.keyPermutation;
  permutation.assign(llvm::to_vector(llvm::seq<int64_t>(rank)));
  std::swap(permutation[rank - 1], permutation[rank - 2]);
  while (true) {
    value = skipScale(value, match.scale);
    if (auto transpose = value.getDefiningOp<TransposeOp>()) {
      for (int64_t &dim : permutation)
        dim = transpose.getPermutation()[dim];
      value = transpose.getInput();
      continue;
    }
    Value source = matchFlatExchange(value);
    if (!source)
      break;
    for (int64_t &dim : permutation)
      if (dim >= rank - 2)
        dim = 2 * rank - 3 - dim;
    value = source;
  }
  match.key = value;
}

/// Whether the mask, aligned at the last dimension, broadcasts to the scores
/// and not the other way round.
static bool fitsScores(Value mask, Value scores) {
  int64_t shift = getRank(scores) - getRank(mask);
  if (shift < 0)
    return false;
  for (int64_t dim = 0, rank = getRank(mask); dim < rank; ++dim)
    if (getTensorType(mask).getDimSize(dim) != 1 &&
        !haveEqualExtents(mask, dim, scores, dim + shift))
      return false;
  return true;
}

/// Takes the softmax's operand apart. `scores` ends up as the first product.
static MatmulOp matchScores(Value value, Match &match) {
  // Masks come after the scale.
  while (value.hasOneUse()) {
    if (auto add = value.getDefiningOp<AddOp>()) {
      // The scores are on the side on which a product is found.
      auto leadsToProduct = [](Value side) {
        for (unsigned step = 0; step < 4; ++step) {
          double scale = 1;
          side = skipScale(side, scale);
          if (side.getDefiningOp<MatmulOp>())
            return true;
          auto inner = side.getDefiningOp<AddOp>();
          if (!inner || !side.hasOneUse())
            return false;
          side = inner.getLhs();
        }
        return false;
      };
      Value scores = add.getLhs(), mask = add.getRhs();
      if (!leadsToProduct(scores))
        std::swap(scores, mask);
      match.masks.push_back(mask);
      value = scores;
      continue;
    }
    auto select = value.getDefiningOp<SelectOp>();
    if (!select)
      break;
    int64_t rank = getRank(value);
    bool admitsIfTrue = isMasking(select.getOnFalse(), rank);
    if (!admitsIfTrue && !isMasking(select.getOnTrue(), rank))
      return MatmulOp();
    match.choices.push_back({select, admitsIfTrue});
    value = admitsIfTrue ? select.getOnTrue() : select.getOnFalse();
  }
  if (!value.hasOneUse())
    return MatmulOp();
  value = skipScale(value, match.scale);
  auto product = value.getDefiningOp<MatmulOp>();
  return product && value.hasOneUse() ? product : MatmulOp();
}

/// Whether operands agree in the dimensions before the last two; keys and
/// values may have one head for all.
static bool haveEqualBatches(const Match &match, MatmulOp scores) {
  Value keyOperand = scores.getRhs();
  int64_t rank = getRank(match.query);
  auto areEqual = [&](Value lhs, Value rhs, int64_t dim) {
    return haveEqualExtents(lhs, dim, rhs, dim);
  };
  for (int64_t dim = 0; dim < rank - 2; ++dim) {
    if (!areEqual(keyOperand, match.value, dim))
      return false;
    bool isShared = dim == 1 &&
                    getTensorType(keyOperand).getDimSize(dim) == 1 &&
                    getTensorType(match.value).getDimSize(dim) == 1;
    if (!isShared && !areEqual(match.query, keyOperand, dim))
      return false;
  }
  return true;
}

static std::optional<Match> matchAttention(MatmulOp root) {
  Match match;
  match.value = root.getRhs();
  int64_t rank = getRank(match.value);
  Value weights = root.getLhs();
  if ((rank != 3 && rank != 4) || getRank(weights) != rank ||
      !isa<FloatType>(getTensorType(weights).getElementType()) ||
      !weights.hasOneUse())
    return std::nullopt;
  weights = skipNaNGuard(weights);
  auto softmax = weights ? weights.getDefiningOp<SoftmaxOp>() : SoftmaxOp();
  if (!softmax || static_cast<int64_t>(softmax.getAxis()) != rank - 1 ||
      (root.getLhs() == weights && !weights.hasOneUse()))
    return std::nullopt;
  MatmulOp scores = matchScores(softmax.getInput(), match);
  if (!scores || getRank(scores.getLhs()) != rank ||
      getRank(scores.getRhs()) != rank)
    return std::nullopt;
  match.query = skipScale(scores.getLhs(), match.scale);
  matchKey(scores.getRhs(), match);
  if (!std::isfinite(match.scale) || !haveEqualBatches(match, scores))
    return std::nullopt;
  auto fits = [&](Value mask) { return fitsScores(mask, scores.getResult()); };
  if (!llvm::all_of(match.masks, fits))
    return std::nullopt;
  for (Match::Choice &choice : match.choices)
    if (!fits(choice.op.getCondition()))
      return std::nullopt;
  return match;
}

namespace {

struct FuseAttention : OpRewritePattern<MatmulOp> {
  FuseAttention(MLIRContext *context, Pass::Statistic &count)
      : OpRewritePattern(context), count(count) {}

  LogicalResult matchAndRewrite(MatmulOp op,
                                PatternRewriter &rewriter) const final {
    std::optional<Match> match = matchAttention(op);
    if (!match)
      return failure();
    Location loc = op.getLoc();
    int64_t rank = getRank(match->query);
    SmallVector<Value> masks;
    for (const Match::Choice &choice : match->choices)
      masks.push_back(createMask(rewriter, loc, choice));
    masks.append(match->masks);
    Value mask;
    for (Value next : masks)
      mask = mask ? AddOp::create(rewriter, loc, mask, next).getResult() : next;

    Value query = match->query, value = match->value;
    Value key =
        TransposeOp::create(rewriter, loc, match->key, match->keyPermutation);
    // Without a dimension of heads there is one.
    const int64_t headAxis = 1;
    auto addHead = [&](Value tensor) -> Value {
      return UnsqueezeOp::create(rewriter, loc, tensor, headAxis);
    };
    if (rank == 3) {
      query = addHead(query);
      key = addHead(key);
      value = addHead(value);
      if (mask && getRank(mask) == 3)
        mask = addHead(mask);
    }
    Value result = AttentionOp::create(
        rewriter, loc, query, key, value, mask,
        rewriter.getF32FloatAttr(static_cast<float>(match->scale)),
        rewriter.getBoolAttr(false));
    if (rank == 3)
      result = SqueezeOp::create(rewriter, loc, result, headAxis);
    ++count;
    rewriter.replaceOp(op, result);
    return success();
  }

private:
  /// An addend that has the effect of the choice: 0, or minus infinity.
  static Value createMask(PatternRewriter &rewriter, Location loc,
                          const Match::Choice &choice) {
    SelectOp op = choice.op;
    Value masked = choice.admitsIfTrue ? op.getOnFalse() : op.getOnTrue();
    Type elementType = getTensorType(masked).getElementType();
    auto scalarType = RankedTensorType::get({}, elementType);
    Value zero = ConstantOp::create(
        rewriter, loc,
        DenseElementsAttr::get(scalarType, rewriter.getZeroAttr(elementType)));
    return SelectOp::create(rewriter, loc, op.getCondition(),
                            choice.admitsIfTrue ? zero : masked,
                            choice.admitsIfTrue ? masked : zero);
  }

  Pass::Statistic &count;
};

} // namespace

void slim::detail::populateFuseAttentionPatterns(RewritePatternSet &patterns,
                                                 Pass::Statistic &count) {
  patterns.add<FuseAttention>(patterns.getContext(), count);
}
