//===- QuantizeBlocks.cpp - Learned rounding with block outputs -----------===//

#include "LearnedWeights.h"
#include "RunModel.h"
#include "slim/Calibrate/Reconstruct.h"
#include "slim/Compress/QuantizationRequest.h"
#include "slim/IR/WeightData.h"
#include "slim/Numerics/LearnedRounding.h"
#include "slim/Pipelines/InProcess.h"
#include "slim/Pipelines/Passes.h"
#include "llvm/Support/FileSystem.h"
#include <cmath>
#include <numeric>
#include <random>

namespace slim {
#define GEN_PASS_DEF_QUANTIZEBLOCKSPASS
#include "slim/Pipelines/Passes.h.inc"
} // namespace slim

using namespace slim;

/// How often, within the steps of a block, the error over all samples is taken.
static constexpr int64_t kEvaluations = 5;
/// Steps of the multipliers of scales, relative to those of offsets.
static constexpr float kScaleRate = 0.5f;

namespace {

/// The steps of one block.
class BlockDescent {
public:
  BlockDescent(BlockRunner &runner, WeightStates &states, ModuleOp module)
      : runner(runner), states(states), module(module) {}

  /// Fails without a diagnostic of its own where a weight has no data.
  LogicalResult initialize();
  llvm::Error run(int64_t iterations, int64_t batch, uint64_t seed);

private:
  WeightState &getState(size_t weight) {
    return states.find(runner.getWeights()[weight].name)->second;
  }
  /// Moves the codes, and what the block runs with to what they stand for.
  void step(size_t weight, ArrayRef<float> gradient, float rate);

  BlockRunner &runner;
  WeightStates &states;
  ModuleOp module;
  std::vector<LearnedRounding> roundings;
  /// Of each weight, for the time of a step.
  std::vector<std::vector<float>> matrices;
};

struct QuantizeBlocksPass
    : slim::impl::QuantizeBlocksPassBase<QuantizeBlocksPass> {
  using Base::Base;
  friend struct slim::QuantizationRequest;
  friend struct slim::RunRequest;

  void runOnOperation() override;

private:
  InFlightDiagnostic error() {
    return emitError(getOperation().getLoc()) << getArgument() << ": ";
  }
  LogicalResult checkOptions();
  QuantizationRequest getQuantizationRequest();
  CompressionOptions getCompressionOptions(bool emitRemarks) {
    return {include, exclude, minElements, emitRemarks};
  }
  LogicalResult choose(const WeightQuantization &quantization);
  FailureOr<LearningSource> getSource(const DataSet &samples);
  LogicalResult learn();
  LogicalResult learnBlock(BlockRunner &runner);
  LogicalResult apply(const WeightQuantization &quantization);

  WeightStates states;
  LearningSource source;
};

} // namespace

//===----------------------------------------------------------------------===//
// BlockDescent
//===----------------------------------------------------------------------===//

LogicalResult BlockDescent::initialize() {
  SymbolTable symbols(module);
  for (const BlockWeight &weight : runner.getWeights()) {
    const WeightState &state = states.find(weight.name)->second;
    FailureOr<TensorData> data =
        readWeightData(symbols.lookup<WeightOp>(weight.name));
    if (failed(data))
      return failure();
    toMatrix(state, data->toFloats(), matrices.emplace_back());
    roundings.emplace_back(state.scheme, matrices.back(), state.matrix);
  }
  return success();
}

void BlockDescent::step(size_t weight, ArrayRef<float> gradient, float rate) {
  const WeightState &state = getState(weight);
  std::vector<float> &matrix = matrices[weight];
  toMatrix(state, gradient, matrix);
  roundings[weight].step(matrix, rate, kScaleRate * rate);
  roundings[weight].decode(matrix);
  toTensor(state, matrix, runner.getWeights()[weight].values);
}

llvm::Error BlockDescent::run(int64_t iterations, int64_t batch,
                              uint64_t seed) {
  size_t count = runner.getWeights().size();
  llvm::Expected<double> before = runner.getError();
  if (!before)
    return before.takeError();
  double best = *before;
  std::vector<int64_t> order(runner.getSamples());
  std::iota(order.begin(), order.end(), 0);
  batch = std::min<int64_t>(batch, order.size());
  // The same on every machine.
  std::mt19937_64 random(seed + runner.getNumber());
  size_t next = order.size();
  int64_t period = std::max<int64_t>(1, iterations / kEvaluations);
  std::vector<std::vector<float>> gradients(count);
  for (int64_t iteration = 0; iteration < iterations; ++iteration) {
    if (next + batch > order.size()) {
      for (size_t i = order.size(); i > 1; --i)
        std::swap(order[i - 1], order[random() % i]);
      next = 0;
    }
    if (llvm::Error failure = runner.getGradients(
            ArrayRef<int64_t>(order).slice(next, batch), gradients))
      return failure;
    next += batch;
    float rate =
        float(iterations - iteration) / (float(iterations) * float(iterations));
    runner.parallelFor(
        count, [&](size_t weight) { step(weight, gradients[weight], rate); });
    runner.showProgress(iteration + 1, iterations);
    bool isLast = iteration + 1 == iterations;
    if (!isLast && (iteration + 1) % period != 0)
      continue;
    llvm::Expected<double> now = runner.getError();
    if (!now)
      return now.takeError();
    if (!(*now < best))
      continue;
    best = *now;
    for (size_t weight = 0; weight < count; ++weight)
      getState(weight).matrix = roundings[weight].getMatrix();
  }
  for (size_t weight = 0; weight < count; ++weight) {
    WeightState &state = getState(weight);
    runner.getWeights()[weight].values = decodeToTensor(state);
    state.isLearned = true;
    state.block = runner.getNumber();
    state.errorBefore = std::sqrt(*before);
    state.errorAfter = std::sqrt(best);
  }
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// QuantizeBlocksPass
//===----------------------------------------------------------------------===//

LogicalResult QuantizeBlocksPass::checkOptions() {
  if (iterations < 1)
    return error() << "option 'iterations' must be at least 1";
  if (batch < 1)
    return error() << "option 'batch' must be at least 1";
  if (blockWeights < 1)
    return error() << "option 'block-weights' must be at least 1";
  if (!checkpoint.empty())
    if (llvm::Error failure = checkOutputPath(checkpoint))
      return error() << "option 'checkpoint': "
                     << llvm::toString(std::move(failure));
  return success();
}

QuantizationRequest QuantizeBlocksPass::getQuantizationRequest() {
  QuantizationRequest request = QuantizationRequest::of(*this);
  // What a layer errs in the mean is part of what the block's output loses.
  request.correctBias = false;
  return request;
}

/// Lets the algorithm round the weights, and keeps what it chose.
LogicalResult
QuantizeBlocksPass::choose(const WeightQuantization &quantization) {
  WeightQuantization choice = quantization;
  choice.dynamicActivations = false;
  choice.rounder =
      [&](const WeightMatrix &matrix,
          llvm::function_ref<llvm::Expected<QuantizedMatrix>()> round)
      -> llvm::Expected<QuantizedMatrix> {
    llvm::Expected<QuantizedMatrix> rounded = round();
    if (!rounded)
      return rounded;
    WeightState &state = states[matrix.name];
    state.scheme = matrix.scheme;
    state.matrix = *rounded;
    state.setPlaces(matrix.places);
    state.isPlain = matrix.isPlain;
    // The copy stays as it is.
    return llvm::createStringError("it is only tried");
  };
  OwningOpRef<ModuleOp> copy = getOperation().clone();
  FailureOr<CompressionCounts> counts = compressWeights(
      *copy, getArgument(), getCompressionOptions(/*emitRemarks=*/false),
      [&](CompressibleWeight &weight, WeightRewriter &rewriter) {
        return quantizeWeight(weight, rewriter, choice);
      });
  return success(succeeded(counts));
}

/// What the result depends on; how codes begin stands for the options of the
/// format and of the algorithm.
FailureOr<LearningSource>
QuantizeBlocksPass::getSource(const DataSet &samples) {
  FailureOr<ModelFingerprint> model = getModelFingerprint(getOperation());
  if (failed(model))
    return failure();
  int64_t count = this->samples ? this->samples : samples.size();
  llvm::Expected<std::string> data = samples.getFingerprint(count);
  if (!data)
    return error() << llvm::toString(data.takeError());
  std::string options;
  llvm::raw_string_ostream os(options);
  os << "entry=" << entry << " block-weights=" << blockWeights
     << " iterations=" << iterations << " batch=" << batch
     << " quantized-inputs=" << quantizedInputs << " seed=" << seed
     << " codes=" << hashCodes(states);
  return LearningSource{model->model, *data, options};
}

LogicalResult QuantizeBlocksPass::learnBlock(BlockRunner &runner) {
  auto stateOf = [&](const BlockWeight &weight) -> WeightState & {
    return states.find(weight.name)->second;
  };
  MutableArrayRef<BlockWeight> weights = runner.getWeights();
  ++numBlocks;
  numLearned += weights.size();
  // By an earlier run.
  if (llvm::all_of(weights, [&](const BlockWeight &weight) {
        return stateOf(weight).isLearned;
      })) {
    for (BlockWeight &weight : weights)
      weight.values = decodeToTensor(stateOf(weight));
    return success();
  }
  BlockDescent descent(runner, states, getOperation());
  if (failed(runner.prepareGradients()) || failed(descent.initialize()))
    return failure();
  if (llvm::Error failure = descent.run(iterations, batch, seed))
    return error() << llvm::toString(std::move(failure));
  if (checkpoint.empty())
    return success();
  if (llvm::Error failure = saveLearned(checkpoint, source, states))
    return error() << llvm::toString(std::move(failure));
  return success();
}

LogicalResult QuantizeBlocksPass::learn() {
  ModuleOp module = getOperation();
  RunRequest request = RunRequest::of(*this);
  FailureOr<std::unique_ptr<DataSet>> samples = request.open(module);
  if (failed(samples))
    return failure();
  ReconstructionOptions options;
  options.run = request.getOptions();
  options.blockWeights = blockWeights;
  options.changedInputs = quantizedInputs;
  auto isLearned = [&](StringRef name) {
    auto state = states.find(name);
    return state != states.end() && state->second.isPlain;
  };
  auto load = [&](StringRef name) -> FailureOr<std::vector<float>> {
    auto found = states.find(name);
    return found == states.end() ? std::vector<float>()
                                 : decodeToTensor(found->second);
  };
  if (!checkpoint.empty()) {
    FailureOr<LearningSource> found = getSource(**samples);
    if (failed(found))
      return failure();
    source = std::move(*found);
    if (llvm::Error why = restoreLearned(checkpoint, source, states))
      module.emitWarning() << getArgument() << ": the codes in '" << checkpoint
                           << "' are not used: "
                           << llvm::toString(std::move(why));
  }
  return reconstructBlocks(
      module, **samples, options, compileInProcess, {isLearned, load},
      [&](BlockRunner &runner) { return learnBlock(runner); });
}

/// Quantizes the module with the codes that were chosen and learned.
LogicalResult
QuantizeBlocksPass::apply(const WeightQuantization &quantization) {
  WeightQuantization result = quantization;
  result.rounder =
      [&](const WeightMatrix &matrix,
          llvm::function_ref<llvm::Expected<QuantizedMatrix>()> round)
      -> llvm::Expected<QuantizedMatrix> {
    auto state = states.find(matrix.name);
    return state == states.end() ? round() : state->second.matrix;
  };
  Builder builder(&getContext());
  FailureOr<CompressionCounts> counts = compressWeights(
      getOperation(), getArgument(),
      getCompressionOptions(/*emitRemarks=*/true),
      [&](CompressibleWeight &weight,
          WeightRewriter &rewriter) -> FailureOr<CompressionOutcome> {
        std::string name = weight.getName().str();
        FailureOr<CompressionOutcome> outcome =
            quantizeWeight(weight, rewriter, result);
        auto state = states.find(name);
        if (failed(outcome) || !outcome->wasApplied || state == states.end() ||
            !state->second.isLearned)
          return outcome;
        const WeightState &learned = state->second;
        outcome->message += ", learned";
        outcome->with("block", builder.getI64IntegerAttr(learned.block));
        outcome->with("block_error_before",
                      builder.getF64FloatAttr(learned.errorBefore));
        outcome->with("block_error",
                      builder.getF64FloatAttr(learned.errorAfter));
        return outcome;
      });
  if (failed(counts))
    return failure();
  numCompressed += counts->applied;
  numSkipped += counts->skipped;
  bytesBefore += counts->bytesBefore;
  bytesAfter += counts->bytesAfter;
  return success();
}

void QuantizeBlocksPass::runOnOperation() {
  ModuleOp module = getOperation();
  states.clear();
  QuantizationRequest request = getQuantizationRequest();
  if (failed(checkOptions()))
    return signalPassFailure();
  FailureOr<WeightQuantization> quantization =
      readQuantization(module, getArgument(), request);
  FailureOr<std::optional<CalibrationStatistics>> statistics =
      loadCalibration(module, getArgument(), request);
  if (failed(quantization) || failed(statistics))
    return signalPassFailure();
  if (*statistics)
    quantization->calibration = &**statistics;
  if (failed(choose(*quantization)) || failed(learn()) ||
      failed(apply(*quantization)))
    signalPassFailure();
  else if (!checkpoint.empty())
    llvm::sys::fs::remove(checkpoint);
  states.clear();
}
