//===- Sequential.cpp - Calibration stage after stage ---------------------===//

#include "SampleRunner.h"
#include "StageProgram.h"
#include "StoredTensor.h"
#include "slim/Calibrate/ObserverNames.h"
#include "slim/IR/SlimOps.h"

#include "llvm/Support/FileSystem.h"

using namespace mlir;
using namespace slim;
using namespace slim::calibration;

namespace {

/// One run of runSequential().
class SequentialCalibration {
public:
  SequentialCalibration(ModuleOp module, const DataSet &data,
                        const CalibrationOptions &options,
                        const ProgramCompiler &compile, StageCallback callback)
      : module(module), data(data), options(options), compile(compile),
        callback(callback), runner(options.threads) {}

  LogicalResult run();

private:
  using StageOps = SmallVector<std::pair<CompressibleOpInterface, std::string>>;

  LogicalResult runStage(unsigned number);
  LogicalResult runSamples(StageProgram &stage, unsigned number,
                           std::deque<Accumulator> &accumulators);
  std::string getStagePath(unsigned number) const {
    return options.partialPath + ".stage-" + std::to_string(number);
  }
  bool restoreStage(unsigned number, const CalibrationSource &expected,
                    CalibrationStatistics &statistics);

  ModuleOp module;
  const DataSet &data;
  const CalibrationOptions &options;
  const ProgramCompiler &compile;
  StageCallback callback;
  SampleRunner runner;
  int64_t samples = 0;
  CalibrationSource source;
  func::FuncOp function;
  PendingOps pending;
  unsigned numStages = 0;
  /// Of each sample.
  llvm::DenseMap<Value, std::vector<StoredTensor>> store;
};

} // namespace

/// Reads the statistics of a stage that an interrupted run has left.
bool SequentialCalibration::restoreStage(unsigned number,
                                         const CalibrationSource &expected,
                                         CalibrationStatistics &statistics) {
  if (options.partialPath.empty() ||
      !llvm::sys::fs::exists(getStagePath(number)))
    return false;
  llvm::Expected<CalibrationStatistics> loaded =
      CalibrationStatistics::load(getStagePath(number));
  auto warn = [&](const Twine &why) {
    module.emitWarning() << "the statistics in '" << getStagePath(number)
                         << "' are not used: " << why;
    return false;
  };
  if (!loaded)
    return warn(llvm::toString(loaded.takeError()));
  if (loaded->source.model != expected.model)
    return warn("they are of another model");
  if (loaded->source.data != expected.data)
    return warn("they are of other data");
  if (loaded->source.options != expected.options)
    return warn("they are of a run with other options");
  statistics = std::move(*loaded);
  return true;
}

LogicalResult
SequentialCalibration::runSamples(StageProgram &stage, unsigned number,
                                  std::deque<Accumulator> &accumulators) {
  FailureOr<std::unique_ptr<Program>> program =
      compile(*stage.module, runner.getSessions());
  if (failed(program))
    return failure();
  for (Value output : stage.outputs)
    store[output].resize(samples);
  bool readsArguments = llvm::any_of(
      stage.inputs, [](Value value) { return isa<BlockArgument>(value); });
  std::vector<Sample> loaded(runner.getSessions());
  auto load =
      [&](int64_t sample,
          unsigned session) -> llvm::Expected<std::vector<slim_tensor>> {
    if (readsArguments) {
      llvm::Expected<Sample> arguments = data.load(sample);
      if (!arguments)
        return arguments.takeError();
      loaded[session] = std::move(*arguments);
    }
    std::vector<slim_tensor> inputs;
    for (Value input : stage.inputs) {
      if (auto argument = dyn_cast<BlockArgument>(input))
        inputs.push_back(loaded[session].inputs[argument.getArgNumber()]);
      else
        inputs.push_back(store.find(input)->second[sample].get());
    }
    return inputs;
  };
  std::string phase = "stage " + std::to_string(number + 1) + " of at most " +
                      std::to_string(numStages);
  auto consume = [&](int64_t first,
                     ArrayRef<SampleRunner::Outputs> outputs) -> llvm::Error {
    for (auto [i, results] : llvm::enumerate(outputs))
      for (auto [output, result] : llvm::zip(stage.outputs, results)) {
        llvm::Expected<StoredTensor> copy = StoredTensor::copy(result);
        if (!copy)
          return copy.takeError();
        store.find(output)->second[first + i] = std::move(*copy);
      }
    if (llvm::Error error = runner.accumulate(accumulators, first, outputs))
      return error;
    if (options.progress)
      options.progress(phase, first + outputs.size(), samples);
    return llvm::Error::success();
  };
  if (llvm::Error error = runner.run(**program, 0, samples, load, consume))
    return module.emitError() << llvm::toString(std::move(error));
  return success();
}

LogicalResult SequentialCalibration::runStage(unsigned number) {
  StageCut cut = cutAtPendingOps(function, pending);
  StageOps ops;
  CalibrationSource expected = source;
  expected.options += " stage=" + std::to_string(number);
  for (Operation *op : cut.stage) {
    ops.emplace_back(cast<CompressibleOpInterface>(op), pending.lookup(op));
    expected.options += " " + ops.back().second;
  }
  CalibrationStatistics statistics;
  bool isRestored = restoreStage(number, expected, statistics);

  SmallVector<Value> outputs;
  for (Value value : cut.boundary)
    if (!store.contains(value))
      outputs.push_back(value);
  if (!isRestored || !outputs.empty()) {
    FailureOr<StageProgram> stage = buildStageProgram(
        function, outputs, isRestored ? StageOps() : ops, options.kinds,
        [&](Value value) { return store.contains(value); });
    if (failed(stage))
      return failure();
    std::deque<Accumulator> accumulators;
    for (const Probe &probe : stage->probes)
      accumulators.emplace_back(probe);
    if (failed(runSamples(*stage, number, accumulators)))
      return failure();
    if (!isRestored)
      collectStatistics(accumulators, statistics);
  }
  statistics.source = std::move(expected);
  if (!isRestored && !options.partialPath.empty())
    if (llvm::Error error = statistics.save(getStagePath(number)))
      return module.emitError() << llvm::toString(std::move(error));

  SmallVector<Value> dead;
  for (const auto &[value, tensors] : store)
    if (!cut.boundary.contains(value))
      dead.push_back(value);
  for (Value value : dead)
    store.erase(value);
  // The callback may erase them.
  for (Operation *op : cut.stage)
    pending.erase(op);
  return callback({number, ops, statistics});
}

LogicalResult SequentialCalibration::run() {
  FailureOr<int64_t> count = countSamples(module, data, options);
  FailureOr<func::FuncOp> entry = findEntry(module, options.entry);
  if (failed(count) || failed(entry))
    return failure();
  samples = *count;
  function = *entry;
  FailureOr<CalibrationSource> found =
      getSource(module, data, samples, options);
  if (failed(found))
    return failure();
  source = std::move(*found);
  source.options += " compression=" + options.compression;
  // Ops in regions run any number of times: they stay what they are.
  for (auto &[op, name] : nameWeightInputs(module))
    if (op->getBlock() == &function.front())
      pending.insert({op.getOperation(), name});
  if (pending.empty())
    return module.emitError() << "the model has no op that multiplies by a "
                                 "weight: there is nothing to observe";
  numStages = pending.size();
  for (unsigned number = 0; !pending.empty(); ++number)
    if (failed(runStage(number)))
      return failure();
  return success();
}

LogicalResult slim::runSequential(ModuleOp module, const DataSet &data,
                                  const CalibrationOptions &options,
                                  const ProgramCompiler &compile,
                                  StageCallback callback) {
  return SequentialCalibration(module, data, options, compile, callback).run();
}

FailureOr<CalibrationStatistics>
slim::calibrateSequentially(ModuleOp module, const DataSet &data,
                            const CalibrationOptions &options,
                            const ProgramCompiler &compile) {
  CalibrationStatistics all;
  FailureOr<int64_t> samples = countSamples(module, data, options);
  if (failed(samples))
    return failure();
  FailureOr<CalibrationSource> source =
      getSource(module, data, *samples, options);
  if (failed(source))
    return failure();
  all.source = std::move(*source);
  if (failed(runSequential(module, data, options, compile,
                           [&](const CalibrationStage &stage) {
                             all.merge(stage.statistics);
                             return success();
                           })))
    return failure();
  return all;
}

void slim::removePartialFiles(const CalibrationOptions &options) {
  if (options.partialPath.empty())
    return;
  llvm::sys::fs::remove(options.partialPath);
  for (unsigned number = 0;; ++number) {
    std::string path = options.partialPath + ".stage-" + std::to_string(number);
    if (!llvm::sys::fs::exists(path))
      return;
    llvm::sys::fs::remove(path);
  }
}
