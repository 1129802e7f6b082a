//===- QuantizeBlocks.cpp - Learned rounding with block outputs -----------===//

#include "RunModel.h"
#include "slim/Calibrate/Reconstruct.h"
#include "slim/Compress/QuantizationRequest.h"
#include "slim/IR/WeightData.h"
#include "slim/Numerics/LearnedRounding.h"
#include "slim/Pipelines/InProcess.h"
#include "slim/Pipelines/Passes.h"
#include "llvm/ADT/StringMap.h"
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

/// A weight that is quantized, and what is learned of it.
struct WeightState {
  QuantizationScheme scheme;
  QuantizedMatrix matrix;
  /// Of its matrix' elements in the tensor.
  std::vector<int64_t> places;
  bool isPlain = false, isLearned = false;
  int64_t block = 0;
  double errorBefore = 0, errorAfter = 0;
};
using WeightStates = llvm::StringMap<WeightState>;

/// What the codes of `state` stand for, in the order of the tensor.
std::vector<float> decodeToTensor(const WeightState &state) {
  std::vector<float> matrix(state.places.size()), values(matrix.size());
  decodeMatrix(state.scheme, state.matrix, matrix);
  for (auto [value, place] : llvm::zip_equal(matrix, state.places))
    values[place] = value;
  return values;
}

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
  /// Sets what the block runs with to what the codes stand for.
  void decode(size_t weight);
  void step(size_t weight, ArrayRef<float> gradient, float rate);
  llvm::Expected<double> evaluate();

  BlockRunner &runner;
  WeightStates &states;
  ModuleOp module;
  std::vector<LearnedRounding> roundings;
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
  LogicalResult learn();
  LogicalResult apply(const WeightQuantization &quantization);

  WeightStates states;
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
    std::vector<float> values = data->toFloats(), matrix(values.size());
    for (auto [value, place] : llvm::zip_equal(matrix, state.places))
      value = values[place];
    roundings.emplace_back(state.scheme, matrix, state.matrix);
  }
  return success();
}

void BlockDescent::decode(size_t weight) {
  std::vector<float> matrix(roundings[weight].size());
  roundings[weight].decode(matrix);
  std::vector<float> &values = runner.getWeights()[weight].values;
  for (auto [value, place] : llvm::zip_equal(matrix, getState(weight).places))
    values[place] = value;
}

void BlockDescent::step(size_t weight, ArrayRef<float> gradient, float rate) {
  std::vector<float> matrix(gradient.size());
  for (auto [value, place] : llvm::zip_equal(matrix, getState(weight).places))
    value = gradient[place];
  roundings[weight].step(matrix, rate, kScaleRate * rate);
  decode(weight);
}

llvm::Expected<double> BlockDescent::evaluate() {
  std::vector<int64_t> all(runner.getSamples());
  std::iota(all.begin(), all.end(), 0);
  return runner.run(all, {});
}

llvm::Error BlockDescent::run(int64_t iterations, int64_t batch,
                              uint64_t seed) {
  size_t count = runner.getWeights().size();
  llvm::Expected<double> before = evaluate();
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
    llvm::Expected<double> error =
        runner.run(ArrayRef<int64_t>(order).slice(next, batch), gradients);
    if (!error)
      return error.takeError();
    next += batch;
    float rate =
        float(iterations - iteration) / (float(iterations) * float(iterations));
    runner.parallelFor(
        count, [&](size_t weight) { step(weight, gradients[weight], rate); });
    runner.showProgress(iteration + 1, iterations);
    bool isLast = iteration + 1 == iterations;
    if (!isLast && (iteration + 1) % period != 0)
      continue;
    llvm::Expected<double> now = evaluate();
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
    state.places.assign(matrix.places.begin(), matrix.places.end());
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
  auto descend = [&](BlockRunner &runner) -> LogicalResult {
    BlockDescent descent(runner, states, module);
    if (failed(descent.initialize()))
      return failure();
    if (llvm::Error failure = descent.run(iterations, batch, seed))
      return error() << llvm::toString(std::move(failure));
    ++numBlocks;
    numLearned += runner.getWeights().size();
    return success();
  };
  return reconstructBlocks(module, **samples, options, compileInProcess,
                           {isLearned, load}, descend);
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
  states.clear();
}
