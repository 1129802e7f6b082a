//===- SampleRunner.cpp - Running a program on all samples ----------------===//

#include "SampleRunner.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace slim;
using namespace slim::calibration;

slim_tensor calibration::viewOf(RankedTensorType type, const void *values) {
  slim_tensor tensor = {};
  tensor.data = const_cast<void *>(values);
  tensor.type = SLIM_F32;
  tensor.rank = int32_t(type.getRank());
  llvm::copy(type.getShape(), tensor.shape);
  return tensor;
}

llvm::Error calibration::ofSample(int64_t sample, llvm::Error error) {
  if (!error)
    return error;
  return llvm::createStringError("sample " + Twine(sample) + ": " +
                                 llvm::toString(std::move(error)));
}

void SampleRunner::parallelFor(size_t count,
                               llvm::function_ref<void(size_t)> work) {
  if (count == 1 || getSessions() == 1) {
    for (size_t i = 0; i < count; ++i)
      work(i);
    return;
  }
  llvm::ThreadPoolTaskGroup group(pool);
  for (size_t i = 0; i < count; ++i)
    group.async([&, i] { work(i); });
  group.wait();
}

llvm::Error SampleRunner::run(Program &program, int64_t begin, int64_t end,
                              LoadInputs load, Consume consume) {
  int64_t step = getSessions();
  std::vector<Outputs> outputs(step);
  std::vector<std::string> failures(step);
  for (int64_t first = begin; first < end; first += step) {
    int64_t count = std::min(step, end - first);
    parallelFor(count, [&](size_t session) {
      auto runOne = [&]() -> llvm::Error {
        llvm::Expected<std::vector<slim_tensor>> inputs =
            load(first + session, session);
        if (!inputs)
          return inputs.takeError();
        return program.run(session, *inputs, outputs[session]);
      };
      failures[session] = llvm::toString(runOne());
    });
    for (int64_t i = 0; i < count; ++i)
      if (!failures[i].empty())
        return ofSample(first + i, llvm::createStringError(failures[i]));
    if (llvm::Error error = consume(first, ArrayRef(outputs).take_front(count)))
      return error;
  }
  return llvm::Error::success();
}

llvm::Error SampleRunner::accumulate(std::deque<Accumulator> &accumulators,
                                     int64_t first, ArrayRef<Outputs> outputs) {
  // Of the first sample that fails.
  std::vector<std::pair<int64_t, std::string>> failures(accumulators.size());
  parallelFor(accumulators.size(), [&](size_t number) {
    Accumulator &accumulator = accumulators[number];
    for (auto [i, results] : llvm::enumerate(outputs)) {
      llvm::Error error = accumulator.add(results);
      if (!error)
        continue;
      failures[number] = {first + i, llvm::toString(std::move(error))};
      return;
    }
  });
  const std::pair<int64_t, std::string> *earliest = nullptr;
  for (const auto &failure : failures)
    if (!failure.second.empty() &&
        (!earliest || failure.first < earliest->first))
      earliest = &failure;
  if (!earliest)
    return llvm::Error::success();
  return ofSample(earliest->first, llvm::createStringError(earliest->second));
}

FailureOr<int64_t>
calibration::countSamples(ModuleOp module, const DataSet &data,
                          const CalibrationOptions &options) {
  int64_t samples = options.samples ? options.samples : data.size();
  if (samples < 0 || samples > data.size())
    return module.emitError()
           << "the data have " << data.size() << " samples, not " << samples;
  return samples;
}

FailureOr<CalibrationSource>
calibration::getSource(ModuleOp module, const DataSet &data, int64_t samples,
                       const CalibrationOptions &options) {
  FailureOr<ModelFingerprint> model = getModelFingerprint(module);
  if (failed(model))
    return failure();
  llvm::Expected<std::string> fingerprint = data.getFingerprint(samples);
  if (!fingerprint)
    return module.emitError() << llvm::toString(fingerprint.takeError());
  CalibrationSource source;
  source.model = model->model;
  source.weights = std::move(model->weights);
  source.data = *fingerprint;
  source.options = ("samples=" + Twine(samples) + " entry=" + options.entry +
                    " kinds=" + llvm::join(options.kinds, ",") +
                    " values=" + options.values +
                    " value-kinds=" + llvm::join(options.valueKinds, ",") +
                    " histogram-bins=" + Twine(options.histogramBins))
                       .str();
  return source;
}
