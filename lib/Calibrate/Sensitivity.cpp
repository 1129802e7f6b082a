//===- Sensitivity.cpp - What a changed weight does to outputs ------------===//

#include "slim/Calibrate/Sensitivity.h"
#include "SampleRunner.h"
#include "slim/IR/SlimOps.h"
#include "slim/IR/WeightTree.h"

#include <cmath>

using namespace mlir;
using namespace slim;
using namespace slim::calibration;

//===----------------------------------------------------------------------===//
// The module with weights as arguments
//===----------------------------------------------------------------------===//

/// The values of `function` that are dense weights, by name.
static llvm::StringMap<SmallVector<Value>> collectRoots(func::FuncOp function) {
  llvm::StringMap<SmallVector<Value>> roots;
  function.walk([&](Operation *op) {
    if (!isa<GetWeightOp, DecodeOpInterface>(op))
      return;
    Value root = op->getResult(0);
    bool isDense = llvm::any_of(op->getUsers(), [](Operation *user) {
      return !isa<DecodeOpInterface>(user);
    });
    if (GetWeightOp leaf = isDense ? getDecodedWeight(root) : nullptr)
      roots[leaf.getName()].push_back(root);
  });
  return roots;
}

/// Gives the function an argument for each weight of `probes`; reports a weight
/// that is not there or has another size.
static LogicalResult makeArguments(func::FuncOp function,
                                   ArrayRef<WeightProbe> probes,
                                   SmallVectorImpl<RankedTensorType> &types) {
  llvm::StringMap<SmallVector<Value>> roots = collectRoots(function);
  for (const WeightProbe &probe : probes) {
    auto found = roots.find(probe.weight);
    auto type = found == roots.end()
                    ? RankedTensorType()
                    : cast<RankedTensorType>(found->second.front().getType());
    if (!type || !type.hasStaticShape() || !type.getElementType().isF32() ||
        type.getNumElements() != int64_t(probe.values.size()))
      return function.emitError()
             << "weight '" << probe.weight << "' is no f32 weight of "
             << probe.values.size() << " elements here";
    unsigned number = function.getNumArguments();
    if (failed(function.insertArgument(number, type, /*argAttrs=*/{},
                                       function.getLoc())))
      return failure();
    for (Value root : found->second)
      if (root.getType() == type)
        root.replaceAllUsesWith(function.getArgument(number));
    types.push_back(type);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Losses
//===----------------------------------------------------------------------===//

namespace {
/// An f32 output of one run.
struct Output {
  std::vector<float> values;
  int64_t columns = 1;
};
} // namespace

static std::vector<Output> copyOutputs(ArrayRef<slim_tensor> tensors) {
  std::vector<Output> outputs;
  for (const slim_tensor &tensor : tensors) {
    if (tensor.type != SLIM_F32)
      continue;
    Output &output = outputs.emplace_back();
    int64_t elements = 1;
    for (int32_t dim = 0; dim < tensor.rank; ++dim)
      elements *= tensor.shape[dim];
    if (tensor.rank > 0)
      output.columns = tensor.shape[tensor.rank - 1];
    auto *data = static_cast<const float *>(tensor.data);
    output.values.assign(data, data + elements);
  }
  return outputs;
}

static double getSquaredError(const Output &expected, const Output &actual) {
  double error = 0, size = 0;
  for (auto [y, changed] : llvm::zip_equal(expected.values, actual.values)) {
    error += (double(changed) - y) * (double(changed) - y);
    size += double(y) * y;
  }
  return size > 0 ? error / size : error;
}

/// log(sum exp(y)).
static double getLogSum(ArrayRef<float> row) {
  double top = *llvm::max_element(row), sum = 0;
  for (float y : row)
    sum += std::exp(y - top);
  return top + std::log(sum);
}

static double getDivergence(const Output &expected, const Output &actual) {
  int64_t columns = expected.columns;
  if (expected.values.empty())
    return 0;
  double divergence = 0;
  int64_t rows = expected.values.size() / columns;
  for (int64_t i = 0; i < rows; ++i) {
    auto row = ArrayRef(expected.values).slice(i * columns, columns);
    auto other = ArrayRef(actual.values).slice(i * columns, columns);
    double logSum = getLogSum(row), otherLogSum = getLogSum(other);
    for (auto [y, changed] : llvm::zip_equal(row, other)) {
      double logP = y - logSum;
      divergence += std::exp(logP) * (logP - (changed - otherLogSum));
    }
  }
  // Rounding may leave less than nothing of equal distributions.
  return std::max(0.0, divergence / double(rows));
}

static double getLoss(ArrayRef<Output> expected, ArrayRef<Output> actual,
                      OutputLoss loss) {
  double sum = 0;
  for (auto [y, changed] : llvm::zip_equal(expected, actual))
    sum += loss == OutputLoss::SquaredError ? getSquaredError(y, changed)
                                            : getDivergence(y, changed);
  return sum / double(expected.size());
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

/// All runs of one sample; sets the loss of each change.
static llvm::Error runSample(Program &program, unsigned session,
                             const DataSet &data, int64_t number,
                             ArrayRef<WeightProbe> probes,
                             ArrayRef<RankedTensorType> types, OutputLoss loss,
                             MutableArrayRef<double> losses) {
  llvm::Expected<Sample> sample = data.load(number);
  if (!sample)
    return sample.takeError();
  std::vector<slim_tensor> inputs = sample->inputs, results;
  size_t firstWeight = inputs.size();
  for (auto [probe, type] : llvm::zip_equal(probes, types))
    inputs.push_back(viewOf(type, probe.values.data()));
  if (llvm::Error error = program.run(session, inputs, results))
    return error;
  std::vector<Output> expected = copyOutputs(results);
  if (expected.empty())
    return llvm::createStringError(
        "the model has no f32 outputs that losses could be taken of");

  size_t position = 0;
  for (auto [index, probe] : llvm::enumerate(probes)) {
    slim_tensor &weight = inputs[firstWeight + index];
    for (const std::vector<float> &change : probe.changes) {
      weight = viewOf(types[index], change.data());
      if (llvm::Error error = program.run(session, inputs, results))
        return error;
      losses[position++] = getLoss(expected, copyOutputs(results), loss);
    }
    weight = viewOf(types[index], probe.values.data());
  }
  return llvm::Error::success();
}

FailureOr<std::vector<std::vector<double>>>
slim::measureSensitivity(ModuleOp module, const DataSet &data,
                         const CalibrationOptions &options,
                         const ProgramCompiler &compile,
                         ArrayRef<WeightProbe> probes, OutputLoss loss) {
  FailureOr<int64_t> samples = countSamples(module, data, options);
  OwningOpRef<ModuleOp> open = module.clone();
  FailureOr<func::FuncOp> entry = findEntry(*open, options.entry);
  SmallVector<RankedTensorType> types;
  if (failed(samples) || failed(entry) ||
      failed(makeArguments(*entry, probes, types)))
    return failure();
  SampleRunner runner(options.threads);
  FailureOr<std::unique_ptr<Program>> program =
      compile(*open, runner.getSessions());
  if (failed(program))
    return failure();

  size_t changes = 0;
  for (const WeightProbe &probe : probes)
    changes += probe.changes.size();
  int64_t step = runner.getSessions();
  std::vector<double> sums(changes);
  for (int64_t first = 0; first < *samples; first += step) {
    int64_t count = std::min(step, *samples - first);
    std::vector<std::vector<double>> losses(count,
                                            std::vector<double>(changes));
    std::vector<std::string> failures(count);
    runner.parallelFor(count, [&](size_t session) {
      failures[session] =
          llvm::toString(runSample(**program, session, data, first + session,
                                   probes, types, loss, losses[session]));
    });
    // In the order of samples, whatever the number of threads.
    for (int64_t i = 0; i < count; ++i) {
      if (!failures[i].empty())
        return module.emitError() << llvm::toString(
                   ofSample(first + i, llvm::createStringError(failures[i])));
      for (auto [sum, value] : llvm::zip_equal(sums, losses[i]))
        sum += value;
    }
    if (options.progress)
      options.progress("sensitivity", first + count, *samples);
  }

  std::vector<std::vector<double>> result;
  size_t position = 0;
  for (const WeightProbe &probe : probes) {
    std::vector<double> &ofWeight = result.emplace_back();
    for (size_t i = 0; i < probe.changes.size(); ++i)
      ofWeight.push_back(sums[position++] / double(*samples));
  }
  return result;
}
