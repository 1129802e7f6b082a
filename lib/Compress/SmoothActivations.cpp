//===- SmoothActivations.cpp - Scales between activations and weights -----===//
//
// First all inputs of linear ops are looked at and their scales computed, while
// the module is as it was calibrated. Then the driver goes over the weights;
// a weight's ops read the scaled input, a product by 1/s that is inserted once
// for each value. In the end the producers absorb what products they can. So
// filters that take out some of a value's weights cost a product and nothing
// else.
//
//===----------------------------------------------------------------------===//
#include "slim/Calibrate/ActivationStatistics.h"
#include "slim/Compress/CompressionDriver.h"
#include "slim/Compress/Passes.h"
#include "slim/IR/WeightStorage.h"
#include "slim/Numerics/ChannelScales.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FormatVariadic.h"

namespace slim {
#define GEN_PASS_DEF_SMOOTHACTIVATIONSPASS
#include "slim/Compress/Passes.h.inc"
} // namespace slim

using namespace slim;

namespace {

/// A value that linear ops multiply by weights.
struct ScaledInput {
  Value value;
  /// The ops that can read it scaled.
  SmallVector<LinearOp> consumers;
  std::vector<float> scales;
  double exponent = 0;
  /// Expected output error relative to that without scales, if known.
  std::optional<double> errorRatio;
  /// The product by 1/s, once inserted.
  MulOp product;
};

/// What the options say.
struct Smoothing {
  bool isAwq = false;
  std::optional<double> strength;
  QuantizationScheme scheme;
  bool insert = true;
};

/// How a weight is used.
struct WeightUses {
  SmallVector<LinearOp> linears;
  llvm::SmallDenseSet<Value> inputs;
  bool hasOthers = false;
};

} // namespace

static int64_t getColumns(LinearOp op) {
  auto type = cast<RankedTensorType>(op.getWeight().getType());
  return type.getDimSize(op.getTransposed() ? 0 : 1);
}

/// The weight of `op` as a matrix of output channels.
static FailureOr<std::vector<float>> readMatrix(LinearOp op) {
  FailureOr<std::vector<float>> stored = decodeToDense(op.getWeight());
  if (failed(stored) || !op.getTransposed())
    return stored;
  int64_t columns = getColumns(op), rows = stored->size() / columns;
  std::vector<float> matrix(stored->size());
  for (int64_t j = 0; j < columns; ++j)
    for (int64_t i = 0; i < rows; ++i)
      matrix[i * columns + j] = (*stored)[j * rows + i];
  return matrix;
}

//===----------------------------------------------------------------------===//
// Absorbing
//===----------------------------------------------------------------------===//

namespace {

/// Moves a factor for each channel, the last dimension of a value, into the op
/// that makes the value.
class FactorAbsorber {
public:
  explicit FactorAbsorber(const llvm::StringMap<WeightUses> &uses)
      : uses(uses) {}

  /// Whether the op that makes `value` can absorb a factor.
  bool canAbsorb(Value value) const {
    int64_t channels =
        cast<RankedTensorType>(value.getType()).getShape().back();
    Operation *op = value.getDefiningOp();
    if (!op)
      return false;
    if (auto norm = dyn_cast<LayerNormOp>(op))
      return value == norm.getResult() && isLast(norm.getAxis(), value) &&
             isVector(norm.getScale(), channels) &&
             (!norm.getBias() || isVector(norm.getBias(), channels));
    if (auto norm = dyn_cast<RMSNormOp>(op))
      return isLast(norm.getAxis(), value) &&
             (!norm.getScale() || isVector(norm.getScale(), channels));
    if (auto product = dyn_cast<MulOp>(op))
      return isVector(product.getRhs(), channels);
    if (auto linear = dyn_cast<LinearOp>(op)) {
      auto leaf = linear.getWeight().getDefiningOp<GetWeightOp>();
      if (!leaf || !hasConstantData(linear.getWeight()))
        return false;
      auto found = uses.find(leaf.getName());
      bool isAlone = found != uses.end() && !found->second.hasOthers &&
                     found->second.linears.size() == 1;
      return isAlone &&
             (!linear.getBias() || isVector(linear.getBias(), channels));
    }
    return false;
  }

  /// Multiplies what makes `value` by `factors`.
  LogicalResult absorb(Value value, ArrayRef<float> factors,
                       WeightRewriter &rewriter) {
    Operation *op = value.getDefiningOp();
    if (auto norm = dyn_cast<LayerNormOp>(op))
      return success(
          succeeded(scale(norm.getScaleMutable(), factors, 1, rewriter)) &&
          (!norm.getBias() ||
           succeeded(scale(norm.getBiasMutable(), factors, 1, rewriter))));
    if (auto norm = dyn_cast<RMSNormOp>(op)) {
      if (norm.getScale())
        return scale(norm.getScaleMutable(), factors, 1, rewriter);
      OpBuilder builder(op);
      auto type = RankedTensorType::get(
          {int64_t(factors.size())},
          cast<RankedTensorType>(value.getType()).getElementType());
      TensorData data = TensorData::fromFloats(type, factors);
      norm.getScaleMutable().assign(
          ConstantOp::create(builder, op->getLoc(), data.toAttr()));
      return success();
    }
    if (auto product = dyn_cast<MulOp>(op))
      return scale(MutableOperandRange(product.getRhsMutable()), factors, 1,
                   rewriter);
    auto linear = cast<LinearOp>(op);
    // A row of the weight is one channel.
    int64_t run = linear.getTransposed() ? 1 : getColumns(linear);
    return success(
        succeeded(scale(MutableOperandRange(linear.getWeightMutable()), factors,
                        run, rewriter)) &&
        (!linear.getBias() ||
         succeeded(scale(linear.getBiasMutable(), factors, 1, rewriter))));
  }

private:
  static bool isLast(int64_t axis, Value value) {
    int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
    return axis == rank - 1;
  }

  static bool isVector(Value value, int64_t channels) {
    if (!value || !isWeightOrConstant(value) || !hasConstantData(value))
      return false;
    auto type = cast<RankedTensorType>(value.getType());
    return type.getRank() == 1 && type.getDimSize(0) == channels;
  }

  /// Replaces the tensor of `operand` by one whose elements are multiplied by
  /// the factors in turn, each for `run` elements.
  LogicalResult scale(MutableOperandRange operand, ArrayRef<float> factors,
                      int64_t run, WeightRewriter &rewriter) {
    Value old = operand[0].get();
    FailureOr<std::vector<float>> values = decodeToDense(old);
    if (failed(values))
      return failure();
    for (int64_t i = 0, e = values->size(); i < e; ++i)
      (*values)[i] *= factors[i / run % int64_t(factors.size())];
    TensorData data =
        TensorData::fromFloats(cast<RankedTensorType>(old.getType()), *values);
    OpBuilder builder(operand.getOwner());
    Location loc = old.getLoc();
    if (std::optional<DecodeTree> tree = DecodeTree::match(old)) {
      WeightOp weight = tree->getWeights().front();
      WeightOp scaled = rewriter.addWeight(weight.getSymName(), data, weight);
      operand.assign(rewriter.readWeight(builder, loc, scaled));
    } else {
      operand.assign(ConstantOp::create(builder, loc, data.toAttr()));
    }
    rewriter.eraseTree(old);
    return success();
  }

  const llvm::StringMap<WeightUses> &uses;
};

//===----------------------------------------------------------------------===//
// Analysis
//===----------------------------------------------------------------------===//

/// Finds inputs and their scales.
class InputAnalysis {
public:
  InputAnalysis(ModuleOp module, const CalibrationStatistics &calibration,
                const Smoothing &smoothing)
      : module(module), calibration(calibration), smoothing(smoothing) {}

  LogicalResult run(const FactorAbsorber &absorber) {
    module.walk([&](LinearOp op) {
      auto leaf = op.getWeight().getDefiningOp<GetWeightOp>();
      if (!leaf || !hasConstantData(op.getWeight()))
        return;
      std::string &reason = reasons[leaf.getName()];
      reason = checkWeight(uses[leaf.getName()]);
      if (!reason.empty())
        return;
      auto [it, isNew] = numbers.try_emplace(op.getInput(), inputs.size());
      if (isNew)
        inputs.emplace_back().value = op.getInput();
      inputs[it->second].consumers.push_back(op);
    });
    for (auto [index, input] : llvm::enumerate(inputs)) {
      std::string reason;
      if (failed(computeScales(input, absorber, reason)))
        return failure();
      for (LinearOp op : input.consumers) {
        StringRef name = op.getWeight().getDefiningOp<GetWeightOp>().getName();
        reasons[name] = reason;
        if (reason.empty())
          inputOfWeight[name] = index;
      }
    }
    return success();
  }

  /// The input of the weight called `name`; null if it is not scaled.
  ScaledInput *lookup(StringRef name) {
    auto found = inputOfWeight.find(name);
    return found == inputOfWeight.end() ? nullptr : &inputs[found->second];
  }
  /// Why it is not.
  std::string getReason(StringRef name) const {
    auto found = reasons.find(name);
    if (found == reasons.end())
      return "no linear op multiplies by it";
    return found->second;
  }

  MutableArrayRef<ScaledInput> getInputs() { return inputs; }
  const llvm::StringMap<WeightUses> &getUses() const { return uses; }

  /// Has to come first: who uses which weight.
  void collectUses() {
    module.walk([&](GetWeightOp leaf) {
      WeightUses &known = uses[leaf.getName()];
      for (OpOperand &use : leaf.getResult().getUses()) {
        auto linear = dyn_cast<LinearOp>(use.getOwner());
        if (!linear || &use != &linear.getWeightMutable()) {
          known.hasOthers = true;
          continue;
        }
        known.linears.push_back(linear);
        known.inputs.insert(linear.getInput());
      }
    });
  }

private:
  static std::string checkWeight(const WeightUses &uses) {
    if (uses.hasOthers)
      return "other ops use it, too";
    if (uses.inputs.size() > 1)
      return "it multiplies several values";
    return {};
  }

  /// Sets `reason` if the input is not scaled. Fails on unreadable weights.
  LogicalResult computeScales(ScaledInput &input,
                              const FactorAbsorber &absorber,
                              std::string &reason) {
    int64_t columns = getColumns(input.consumers.front());
    const ActivationStatistics *statistics = nullptr;
    for (LinearOp op : input.consumers)
      if (!statistics)
        statistics = calibration.lookup(
            op.getWeight().getDefiningOp<GetWeightOp>().getName());
    if (!statistics || statistics->getColumns() != columns) {
      reason = "there are no statistics of its input";
      return success();
    }
    if (!smoothing.insert) {
      size_t uses =
          std::distance(input.value.use_begin(), input.value.use_end());
      if (uses != input.consumers.size() || !absorber.canAbsorb(input.value)) {
        reason = "no op can absorb the factors of its input";
        return success();
      }
    }

    std::vector<std::vector<float>> matrices;
    std::vector<LayerWeight> layers;
    for (LinearOp op : input.consumers) {
      FailureOr<std::vector<float>> matrix = readMatrix(op);
      if (failed(matrix))
        return failure();
      matrices.push_back(std::move(*matrix));
    }
    for (const std::vector<float> &matrix : matrices)
      layers.push_back({matrix, int64_t(matrix.size()) / columns});

    ArrayRef<float> moment = statistics->secondMoment;
    std::vector<float> diagonal(statistics->channelMeanSquare.begin(),
                                statistics->channelMeanSquare.end());
    if (smoothing.isAwq) {
      if (moment.empty()) {
        reason = "awq needs the second moment of its input: calibrate with "
                 "second moments";
        return success();
      }
      std::vector<float> absMean(statistics->channelAbsMean.begin(),
                                 statistics->channelAbsMean.end());
      take(input, searchChannelScales(layers, columns, smoothing.scheme,
                                      absMean, moment));
    } else if (smoothing.strength) {
      input.exponent = *smoothing.strength;
      input.scales = computeSmoothingScales(
          statistics->channelAbsMax, computeColumnAbsMax(layers, columns),
          *smoothing.strength);
    } else {
      double low = statistics->min, high = statistics->max;
      double top = 2 * std::max(std::fabs(low), std::fabs(high));
      ActivationRange range;
      range.absMax = statistics->channelAbsMax;
      if (top > 0 && std::isfinite(top))
        range.share = (std::max(high, 0.0) - std::min(low, 0.0)) / top;
      take(input, searchSmoothingScales(
                      layers, columns, smoothing.scheme, range,
                      moment.empty() ? ArrayRef<float>(diagonal) : moment));
    }
    if (llvm::all_of(input.scales, [](float scale) { return scale == 1; }))
      reason = "no scales are better than none";
    return success();
  }

  static void take(ScaledInput &input, ChannelScaleSearch &&search) {
    input.scales = std::move(search.scales);
    input.exponent = search.exponent;
    if (search.plainError > 0)
      input.errorRatio = search.error / search.plainError;
  }

  ModuleOp module;
  const CalibrationStatistics &calibration;
  const Smoothing &smoothing;
  llvm::StringMap<WeightUses> uses;
  std::vector<ScaledInput> inputs;
  DenseMap<Value, size_t> numbers;
  llvm::StringMap<std::string> reasons;
  llvm::StringMap<size_t> inputOfWeight;
};

} // namespace

//===----------------------------------------------------------------------===//
// Rewriting
//===----------------------------------------------------------------------===//

/// Inserts the product of the input by 1/s.
static void insertProduct(ScaledInput &input, WeightOp neighbour,
                          StringRef name, WeightRewriter &rewriter) {
  auto type = cast<RankedTensorType>(input.value.getType());
  std::vector<float> factors;
  for (float scale : input.scales)
    factors.push_back(1 / scale);
  auto vectorType =
      RankedTensorType::get({int64_t(factors.size())}, type.getElementType());
  WeightOp weight = rewriter.addWeight(
      (name + ".input_factor").str(),
      TensorData::fromFloats(vectorType, factors), neighbour);
  OpBuilder builder(input.value.getContext());
  builder.setInsertionPointAfterValue(input.value);
  Location loc = input.value.getLoc();
  input.product = MulOp::create(builder, loc, type, input.value,
                                rewriter.readWeight(builder, loc, weight));
}

/// Multiplies the columns of `weight`, as `op` sees it.
static void scaleColumns(CompressibleWeight &weight, LinearOp op,
                         ArrayRef<float> scales, WeightRewriter &rewriter) {
  std::vector<float> values = weight.dense;
  int64_t columns = scales.size();
  int64_t run = op.getTransposed() ? int64_t(values.size()) / columns : 1;
  for (int64_t i = 0, e = values.size(); i < e; ++i)
    values[i] *= scales[i / run % columns];
  WeightOp stored = weight.tree.getWeights().front();
  WeightOp scaled = rewriter.addWeight(
      stored.getSymName(), TensorData::fromFloats(weight.getType(), values),
      stored);
  rewriter.replaceRoots(weight, [&](OpBuilder &builder, Value root) {
    return rewriter.readWeight(builder, root.getLoc(), scaled);
  });
}

namespace {
struct SmoothActivationsPass
    : slim::impl::SmoothActivationsPassBase<SmoothActivationsPass> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    FailureOr<Smoothing> smoothing = readOptions();
    if (failed(smoothing))
      return signalPassFailure();
    llvm::Expected<CalibrationStatistics> statistics =
        CalibrationStatistics::load(calibration);
    if (!statistics) {
      emitError(module.getLoc()) << "smooth-activations: option 'calibration': "
                                 << llvm::toString(statistics.takeError());
      return signalPassFailure();
    }

    InputAnalysis analysis(module, *statistics, *smoothing);
    analysis.collectUses();
    FactorAbsorber absorber(analysis.getUses());
    if (failed(analysis.run(absorber)))
      return signalPassFailure();
    FailureOr<CompressionCounts> counts = compressWeights(
        module, getArgument(), {include, exclude, minElements},
        [&](CompressibleWeight &weight, WeightRewriter &rewriter) {
          return smooth(weight, rewriter, analysis);
        });
    if (failed(counts))
      return signalPassFailure();
    WeightRewriter rewriter(module);
    if (failed(absorbFactors(analysis, absorber, rewriter)))
      return signalPassFailure();
    rewriter.finalize();
    numCompressed += counts->applied;
    numSkipped += counts->skipped;
    bytesBefore += counts->bytesBefore;
    bytesAfter += counts->bytesAfter;
  }

private:
  FailureOr<Smoothing> readOptions() {
    auto error = [&](const Twine &message) {
      return emitError(getOperation().getLoc())
             << "smooth-activations: " << message;
    };
    Smoothing smoothing;
    smoothing.insert = insert;
    if (method != "smoothquant" && method != "awq")
      return error("option 'method' must be smoothquant or awq, not '" +
                   method + "'");
    smoothing.isAwq = method == "awq";
    if (calibration.empty())
      return error("option 'calibration' must name the file of statistics that "
                   "calibration has written");
    if (strength != -1) {
      if (!(strength >= 0 && strength <= 1))
        return error("option 'strength' must be from 0 to 1");
      smoothing.strength = strength;
    }
    if (groupSize < 0)
      return error("option 'group-size' must not be negative");
    std::string name = format;
    if (name.empty())
      name = smoothing.isAwq ? "int4" : "int8";
    std::optional<NamedScheme> scheme = getQuantizationScheme(name);
    if (!scheme)
      return error("option 'format': there is no format '" + name + "'");
    smoothing.scheme = scheme->scheme;
    if (smoothing.scheme.format.isUnlearned())
      return error("option 'format': '" + name +
                   "' has no numbers before they "
                   "are learned");
    if (groupSize > 0)
      smoothing.scheme.block = {1, groupSize};
    return smoothing;
  }

  CompressionOutcome smooth(CompressibleWeight &weight,
                            WeightRewriter &rewriter, InputAnalysis &analysis) {
    std::string name = weight.getName().str();
    if (!weight.tree.getPath().empty())
      return CompressionOutcome::skipped("it is compressed already");
    ScaledInput *input = analysis.lookup(name);
    if (!input)
      return CompressionOutcome::skipped(analysis.getReason(name));
    if (!input->product)
      insertProduct(*input, weight.tree.getWeights().front(), name, rewriter);
    auto first = cast<LinearOp>(weight.consumers.front().getOperation());
    scaleColumns(weight, first, input->scales, rewriter);
    for (CompressibleOpInterface consumer : weight.consumers)
      cast<LinearOp>(consumer.getOperation())
          .getInputMutable()
          .assign(input->product.getResult());

    auto [least, greatest] =
        std::minmax_element(input->scales.begin(), input->scales.end());
    auto outcome = CompressionOutcome::applied(
        llvm::formatv("columns times {0:f3} to {1:f3}, exponent {2:f2}", *least,
                      *greatest, input->exponent));
    // The function stays the same, and so does what it takes.
    outcome.bytesAfter = weight.tree.getStoredBytes();
    outcome.relativeError = 0;
    Builder builder(&getContext());
    outcome.with("exponent", builder.getF64FloatAttr(input->exponent));
    if (input->errorRatio)
      outcome.with("expected_error_ratio",
                   builder.getF64FloatAttr(*input->errorRatio));
    return outcome;
  }

  LogicalResult absorbFactors(InputAnalysis &analysis, FactorAbsorber &absorber,
                              WeightRewriter &rewriter) {
    for (ScaledInput &input : analysis.getInputs()) {
      if (!input.product)
        continue;
      if (!input.value.hasOneUse() || !absorber.canAbsorb(input.value)) {
        ++numInserted;
        continue;
      }
      std::vector<float> factors;
      for (float scale : input.scales)
        factors.push_back(1 / scale);
      if (failed(absorber.absorb(input.value, factors, rewriter)))
        return failure();
      Value factor = input.product.getRhs();
      input.product.replaceAllUsesWith(input.value);
      input.product.erase();
      rewriter.eraseTree(factor);
      ++numAbsorbed;
    }
    return success();
  }
};
} // namespace
