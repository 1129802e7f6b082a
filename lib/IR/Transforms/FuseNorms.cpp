//===- FuseNorms.cpp - Layer and RMS normalization from arithmetic --------===//

#include "FuseIdioms.h"
#include "slim/IR/SlimOps.h"
#include "slim/IR/WeightTree.h"

using namespace slim;
using namespace slim::detail;

static RankedTensorType getTensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// x of pow(x, 2) or x * x.
static Value matchSquare(Value value) {
  if (auto pow = value.getDefiningOp<PowOp>())
    return matchScalar(pow.getRhs(), getTensorType(pow.getLhs()).getRank()) ==
                   2.0
               ? pow.getLhs()
               : Value();
  auto mul = value.getDefiningOp<MulOp>();
  return mul && mul.getLhs() == mul.getRhs() ? mul.getLhs() : Value();
}

/// The first reduced axis of a mean over all dimensions from some axis on, all
/// of which stay with extent 1.
static std::optional<int64_t> matchTrailingMean(ReduceMeanOp mean) {
  if (!mean || !mean.getKeepDims() || mean.getAxes().empty())
    return std::nullopt;
  int64_t rank = getTensorType(mean.getInput()).getRank();
  int64_t first = *llvm::min_element(mean.getAxes());
  // They are distinct, so that their number tells whether any is missing.
  if (static_cast<int64_t>(mean.getAxes().size()) != rank - first)
    return std::nullopt;
  return first;
}

namespace {

/// value / sqrt(mean(square^2) + epsilon).
struct Normalized {
  Value value;
  Value square;
  int64_t axis;
  double epsilon;
};

} // namespace

/// What stands under the root of 1 / sqrt(...), or null.
static Value matchRsqrt(Value value) {
  if (auto rsqrt = value.getDefiningOp<RsqrtOp>())
    return rsqrt.getInput();
  Value root;
  if (auto reciprocal = value.getDefiningOp<ReciprocalOp>()) {
    root = reciprocal.getInput();
  } else if (auto div = value.getDefiningOp<DivOp>()) {
    if (matchScalar(div.getLhs(), getTensorType(div.getRhs()).getRank()) == 1.0)
      root = div.getRhs();
  } else if (auto pow = value.getDefiningOp<PowOp>()) {
    if (matchScalar(pow.getRhs(), getTensorType(pow.getLhs()).getRank()) ==
        -0.5)
      return pow.getLhs();
  }
  auto sqrt = root ? root.getDefiningOp<SqrtOp>() : SqrtOp();
  return sqrt ? sqrt.getInput() : Value();
}

static std::optional<Normalized> matchNormalized(Operation *op) {
  SmallVector<std::pair<Value, Value>, 2> candidates; // value, under the root
  Value lhs = op->getOperand(0), rhs = op->getOperand(1);
  if (isa<DivOp>(op)) {
    if (auto sqrt = rhs.getDefiningOp<SqrtOp>())
      candidates.emplace_back(lhs, sqrt.getInput());
  } else {
    candidates.emplace_back(lhs, matchRsqrt(rhs));
    candidates.emplace_back(rhs, matchRsqrt(lhs));
  }
  for (auto [value, radicand] : candidates) {
    auto sum = radicand ? radicand.getDefiningOp<AddOp>() : AddOp();
    if (!sum || value.getType() != op->getResult(0).getType() ||
        !isa<FloatType>(getTensorType(value).getElementType()))
      continue;
    for (auto [mean, number] : {std::pair(sum.getLhs(), sum.getRhs()),
                                std::pair(sum.getRhs(), sum.getLhs())}) {
      auto meanOp = mean.getDefiningOp<ReduceMeanOp>();
      std::optional<int64_t> axis = matchTrailingMean(meanOp);
      std::optional<double> epsilon =
          matchScalar(number, getTensorType(mean).getRank());
      if (!axis || !epsilon || !(*epsilon >= 0) || !std::isfinite(*epsilon))
        continue;
      if (Value square = matchSquare(meanOp.getInput()))
        return Normalized{value, square, *axis, *epsilon};
    }
  }
  return std::nullopt;
}

/// x of x - mean(x), the mean being over the dimensions from `axis` on.
static Value matchCentered(Value value, int64_t axis) {
  auto sub = value.getDefiningOp<SubOp>();
  if (!sub)
    return Value();
  auto mean = sub.getRhs().getDefiningOp<ReduceMeanOp>();
  if (matchTrailingMean(mean) != axis || mean.getInput() != sub.getLhs())
    return Value();
  return sub.getLhs();
}

namespace {

/// Rooted at the division by the standard deviation, or the product with its
/// reciprocal.
class FuseNormalization : public RewritePattern {
public:
  FuseNormalization(StringRef root, MLIRContext *context,
                    Pass::Statistic &count)
      : RewritePattern(root, /*benefit=*/2, context), count(count) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const final {
    std::optional<Normalized> match = matchNormalized(op);
    if (!match)
      return failure();
    APFloat epsilon(static_cast<float>(match->epsilon));
    // Exporters compute x - mean(x) once or twice.
    Value x = matchCentered(match->value, match->axis);
    if (x && x == matchCentered(match->square, match->axis)) {
      auto norm = LayerNormOp::create(rewriter, op->getLoc(), x,
                                      /*scale=*/Value(), /*bias=*/Value(),
                                      match->axis, epsilon);
      ++count;
      rewriter.replaceOp(op, norm.getResult());
      return success();
    }
    if (match->value != match->square)
      return failure();
    ++count;
    rewriter.replaceOpWithNewOp<RMSNormOp>(op, match->value, /*scale=*/Value(),
                                           match->axis, epsilon);
    return success();
  }

private:
  Pass::Statistic &count;
};

} // namespace

/// Whether a norm over the dimensions from `axis` on of `type` can take
/// `parameter` as scale or bias.
static bool fitsNorm(Value parameter, RankedTensorType type, int64_t axis) {
  RankedTensorType parameterType = getTensorType(parameter);
  int64_t rank = parameterType.getRank();
  if (!isWeightOrConstant(parameter) || rank > type.getRank() - axis)
    return false;
  for (int64_t dim = 0; dim < rank; ++dim) {
    int64_t extent = parameterType.getDimSize(dim);
    if (extent != 1 && extent != type.getDimSize(type.getRank() - rank + dim))
      return false;
  }
  return true;
}

static std::array<std::pair<Value, Value>, 2> bothOrders(Operation *op) {
  Value lhs = op->getOperand(0), rhs = op->getOperand(1);
  return {std::pair(lhs, rhs), std::pair(rhs, lhs)};
}

/// The layer norm that computes `value` for one user alone, if its type is
/// `type` and it has no bias yet.
static LayerNormOp matchOpenLayerNorm(Value value, Type type) {
  auto norm = value.getDefiningOp<LayerNormOp>();
  if (!norm || norm.getBias() || value != norm.getResult() ||
      !value.hasOneUse() || !norm.getMean().use_empty() ||
      !norm.getInvStdDev().use_empty() || value.getType() != type)
    return LayerNormOp();
  return norm;
}

namespace {

struct FuseScale : OpRewritePattern<MulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MulOp op,
                                PatternRewriter &rewriter) const final {
    for (auto [value, scale] : bothOrders(op)) {
      if (auto norm = matchOpenLayerNorm(value, op.getType());
          norm && !norm.getScale() &&
          fitsNorm(scale, getTensorType(value), norm.getAxis())) {
        auto scaled = LayerNormOp::create(
            rewriter, op.getLoc(), norm.getInput(), scale, /*bias=*/Value(),
            norm.getAxis(), norm.getEpsilon());
        rewriter.replaceOp(op, scaled.getResult());
        return success();
      }
      auto norm = value.getDefiningOp<RMSNormOp>();
      if (norm && !norm.getScale() && value.hasOneUse() &&
          value.getType() == op.getType() &&
          fitsNorm(scale, getTensorType(value), norm.getAxis())) {
        rewriter.replaceOpWithNewOp<RMSNormOp>(
            op, norm.getInput(), scale, norm.getAxis(), norm.getEpsilon());
        return success();
      }
    }
    return failure();
  }
};

struct FuseBias : OpRewritePattern<AddOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AddOp op,
                                PatternRewriter &rewriter) const final {
    for (auto [value, bias] : bothOrders(op)) {
      auto norm = matchOpenLayerNorm(value, op.getType());
      if (!norm || !fitsNorm(bias, getTensorType(value), norm.getAxis()))
        continue;
      auto biased = LayerNormOp::create(rewriter, op.getLoc(), norm.getInput(),
                                        norm.getScale(), bias, norm.getAxis(),
                                        norm.getEpsilon());
      rewriter.replaceOp(op, biased.getResult());
      return success();
    }
    return failure();
  }
};

} // namespace

void slim::detail::populateFuseNormPatterns(RewritePatternSet &patterns,
                                            Pass::Statistic &count) {
  MLIRContext *context = patterns.getContext();
  patterns.add<FuseNormalization>(MulOp::getOperationName(), context, count);
  patterns.add<FuseNormalization>(DivOp::getOperationName(), context, count);
  patterns.add<FuseScale, FuseBias>(context);
}
