//===- LowRankFactorize.cpp - A weight becomes two thinner ones -----------===//
//
// The stored tensor is a matrix W [m, n], m being its first dimension. With
// W ~ L R, L [m, r], R [r, n]:
//
//   linear     y = x W^T = (x R^T) L^T        two linear ops, R first
//   linear     y = x W = (x L) R               (transposed) L first
//   embedding  y = W[i] = L[i] R               a table and a transposed linear
//   conv       R as r filters, then L as m filters of extent 1
//
// The factors are those of the tensor as it is stored, so that consumers that
// share a weight (an embedding and the output layer tied to it) share factors.
//
//===----------------------------------------------------------------------===//
#include "slim/Compress/CompressionDriver.h"
#include "slim/Compress/Passes.h"
#include "slim/Numerics/LowRank.h"
#include "slim/Numerics/Statistics.h"
#include "llvm/ADT/TypeSwitch.h"

#define DEBUG_TYPE "lowrank-factorize"

namespace slim {
#define GEN_PASS_DEF_LOWRANKFACTORIZEPASS
#include "slim/Compress/Passes.h.inc"
} // namespace slim

using namespace slim;

namespace {

/// How the rank of a weight is chosen: exactly one of the first three is set.
struct RankRule {
  int64_t rank = 0;
  double energy = 0;
  double ratio = 0;
  int64_t align = 1;

  int64_t choose(const SingularValueDecomposition &svd) const {
    if (rank)
      return rank;
    if (energy)
      return std::min<int64_t>(
          llvm::alignTo(rankForEnergy(svd.singularValues(), energy), align),
          svd.singularValues().size());
    return alignRank(rankForRatio(svd.rows(), svd.cols(), ratio), align);
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// Factorized consumers
//===----------------------------------------------------------------------===//

/// Why `consumer` has no factorized form; empty if it has one.
static std::string checkConsumer(Operation *consumer) {
  if (isa<LinearOp, EmbeddingOp>(consumer))
    return {};
  if (auto conv = dyn_cast<ConvOp>(consumer)) {
    if (conv.getGroups() == 1)
      return {};
    return "it is the filter of a grouped convolution";
  }
  return ("its consumer " + consumer->getName().getStringRef() +
          " has no factorized form")
      .str();
}

/// `type` with another last extent.
static RankedTensorType withLastExtent(Type type, int64_t extent) {
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape(tensor.getShape());
  shape.back() = extent;
  return tensor.clone(shape);
}

static Value buildFactorized(OpBuilder &builder, LinearOp op, Value left,
                             Value right, int64_t rank) {
  bool transposed = op.getTransposed();
  Type hiddenType = withLastExtent(op.getType(), rank);
  Value hidden =
      LinearOp::create(builder, op.getLoc(), hiddenType, op.getInput(),
                       transposed ? left : right, Value(), transposed);
  return LinearOp::create(builder, op.getLoc(), op.getType(), hidden,
                          transposed ? right : left, op.getBias(), transposed);
}

static Value buildFactorized(OpBuilder &builder, EmbeddingOp op, Value left,
                             Value right, int64_t rank) {
  Type hiddenType = withLastExtent(op.getType(), rank);
  Value hidden = EmbeddingOp::create(builder, op.getLoc(), hiddenType,
                                     op.getIndices(), left);
  return LinearOp::create(builder, op.getLoc(), op.getType(), hidden, right,
                          Value(), /*transposed=*/true);
}

static Value buildFactorized(OpBuilder &builder, ConvOp op, Value left,
                             Value right, int64_t rank) {
  auto resultType = cast<RankedTensorType>(op.getType());
  SmallVector<int64_t> hiddenShape(resultType.getShape());
  hiddenShape[1] = rank;
  Value hidden = ConvOp::create(
      builder, op.getLoc(), resultType.clone(hiddenShape), op.getInput(), right,
      Value(), op.getStrides(), op.getPads(), op.getDilations(), 1);
  int64_t spatialRank = resultType.getRank() - 2;
  SmallVector<int64_t> ones(spatialRank, 1), zeros(2 * spatialRank, 0);
  return ConvOp::create(builder, op.getLoc(), resultType, hidden, left,
                        op.getBias(), ones, zeros, ones, 1);
}

//===----------------------------------------------------------------------===//
// Factorizing
//===----------------------------------------------------------------------===//

static FailureOr<CompressionOutcome> factorize(CompressibleWeight &weight,
                                               WeightRewriter &rewriter,
                                               const RankRule &rule) {
  RankedTensorType type = weight.getType();
  if (type.getRank() < 2)
    return CompressionOutcome::skipped("it is no matrix");
  for (CompressibleOpInterface consumer : weight.consumers) {
    std::string reason = checkConsumer(consumer);
    if (!reason.empty())
      return CompressionOutcome::skipped(reason);
  }
  DenseSet<Operation *> consumers(weight.consumers.begin(),
                                  weight.consumers.end());
  for (Value root : weight.roots)
    for (OpOperand &use : root.getUses())
      if (!consumers.contains(use.getOwner()) ||
          use !=
              cast<CompressibleOpInterface>(use.getOwner()).getWeightOperand())
        return CompressionOutcome::skipped(
            "it is also read by " + use.getOwner()->getName().getStringRef());

  int64_t rows = type.getDimSize(0);
  int64_t cols = type.getNumElements() / rows;
  int64_t elementBytes = TensorData::getElementBytes(type.getElementType());
  int64_t bytesBefore = weight.tree.getStoredBytes();
  // Cheap to know without the decomposition.
  if (rule.rank > std::min(rows, cols))
    return CompressionOutcome::skipped("rank " + Twine(rule.rank) +
                                       " exceeds that of a " + Twine(rows) +
                                       "x" + Twine(cols) + " matrix");
  SingularValueDecomposition svd(weight.dense, rows, cols);
  int64_t rank = rule.choose(svd);
  if (rank < 1)
    return CompressionOutcome::skipped("the ratio leaves no rank for a " +
                                       Twine(rows) + "x" + Twine(cols) +
                                       " matrix");
  int64_t bytesAfter = rank * (rows + cols) * elementBytes;
  if (bytesAfter >= bytesBefore)
    return CompressionOutcome::skipped(
        "factors of rank " + Twine(rank) + " take " + Twine(bytesAfter) +
        " bytes, not less than its " + Twine(bytesBefore));

  LowRankFactors factors = svd.factors(rank);
  SmallVector<int64_t> leftShape = {rows, rank};
  SmallVector<int64_t> rightShape(type.getShape());
  rightShape[0] = rank;
  leftShape.resize(type.getRank(), 1);
  TensorData left = TensorData::fromFloats(type.clone(leftShape), factors.left);
  TensorData right =
      TensorData::fromFloats(type.clone(rightShape), factors.right);
  // The error of what is stored, which may be rounded to 16 bits.
  double relativeError =
      measureError(weight.dense,
                   multiplyFactors({rank, left.toFloats(), right.toFloats()},
                                   rows, cols))
          .relativeFrobenius;

  WeightOp stored = weight.tree.getWeights().front();
  std::string name = stored.getSymName().str();
  WeightOp leftWeight = rewriter.addWeight(name + ".left", left, stored);
  WeightOp rightWeight = rewriter.addWeight(name + ".right", right, leftWeight);
  for (CompressibleOpInterface consumer : weight.consumers) {
    OpBuilder builder(consumer);
    Location loc = consumer.getLoc();
    Value leftValue = rewriter.readWeight(builder, loc, leftWeight);
    Value rightValue = rewriter.readWeight(builder, loc, rightWeight);
    Value result =
        TypeSwitch<Operation *, Value>(consumer)
            .Case<LinearOp, EmbeddingOp, ConvOp>([&](auto op) {
              return buildFactorized(builder, op, leftValue, rightValue, rank);
            });
    result.getDefiningOp()->setDiscardableAttrs(
        consumer->getDiscardableAttrDictionary());
    consumer->getResult(0).replaceAllUsesWith(result);
    consumer->erase();
  }
  for (Value root : weight.roots)
    rewriter.eraseTree(root);

  auto outcome = CompressionOutcome::applied("rank " + Twine(rank) + " of " +
                                             Twine(std::min(rows, cols)));
  outcome.with("rank", Builder(type.getContext()).getI64IntegerAttr(rank));
  outcome.bytesAfter = bytesAfter;
  outcome.relativeError = relativeError;
  return outcome;
}

namespace {
struct LowRankFactorizePass
    : slim::impl::LowRankFactorizePassBase<LowRankFactorizePass> {
  using Base::Base;

  LogicalResult checkOptions() {
    auto error = [&](const Twine &message) {
      return emitError(getOperation().getLoc(), "lowrank-factorize: ")
             << message;
    };
    if ((rank != 0) + (energy != 0) + (ratio != 0) != 1)
      return error("exactly one of the options 'rank', 'energy' and 'ratio' "
                   "must be given");
    if (rank < 0)
      return error("option 'rank' must be positive");
    // The comparisons are false for NaN too.
    if (energy != 0 && !(energy > 0 && energy <= 1))
      return error("option 'energy' must be above 0 and at most 1");
    if (ratio != 0 && !(ratio > 0 && ratio <= 1))
      return error("option 'ratio' must be above 0 and at most 1");
    if (align < 1)
      return error("option 'align' must be positive");
    return success();
  }

  void runOnOperation() override {
    if (failed(checkOptions()))
      return signalPassFailure();
    RankRule rule{rank, energy, ratio, align};
    FailureOr<CompressionCounts> counts = compressWeights(
        getOperation(), getArgument(), {include, exclude, minElements},
        [&](CompressibleWeight &weight, WeightRewriter &rewriter) {
          return factorize(weight, rewriter, rule);
        });
    if (failed(counts))
      return signalPassFailure();
    numCompressed += counts->applied;
    numSkipped += counts->skipped;
    bytesBefore += counts->bytesBefore;
    bytesAfter += counts->bytesAfter;
  }
};
} // namespace
