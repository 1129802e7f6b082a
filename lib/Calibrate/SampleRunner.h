//===- SampleRunner.h - Running a program on all samples --------*- C++ -*-===//
//
// Private to this room.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CALIBRATE_SAMPLERUNNER_H
#define SLIM_LIB_CALIBRATE_SAMPLERUNNER_H

#include "Accumulator.h"
#include "slim/Calibrate/Calibrate.h"
#include "llvm/Support/ThreadPool.h"

namespace slim::calibration {

/// Runs programs on samples, several at a time.
class SampleRunner {
public:
  explicit SampleRunner(unsigned threads)
      : pool(llvm::hardware_concurrency(threads)) {}

  /// Sessions that a program needs.
  unsigned getSessions() const { return pool.getMaxConcurrency(); }

  using Outputs = std::vector<slim_tensor>;
  /// Inputs of a run; called by several threads.
  using LoadInputs =
      llvm::function_ref<llvm::Expected<std::vector<slim_tensor>>(
          int64_t sample, unsigned session)>;
  /// Takes the outputs of consecutive samples, from `first`.
  using Consume =
      llvm::function_ref<llvm::Error(int64_t first, ArrayRef<Outputs> outputs)>;

  /// Runs samples `begin` to `end`. The first failure, in the order of samples,
  /// ends it and is returned with the sample's number.
  llvm::Error run(Program &program, int64_t begin, int64_t end, LoadInputs load,
                  Consume consume);

  /// Adds outputs of consecutive samples to all accumulators.
  llvm::Error accumulate(std::deque<Accumulator> &accumulators, int64_t first,
                         ArrayRef<Outputs> outputs);

  /// Calls `work` with 0 to `count` - 1, in parallel.
  void parallelFor(size_t count, llvm::function_ref<void(size_t)> work);

private:
  llvm::DefaultThreadPool pool;
};

/// An f32 tensor of `type`, whose elements lie at `values`, as programs take
/// it.
slim_tensor viewOf(RankedTensorType type, const void *values);

/// "sample 3: message".
llvm::Error ofSample(int64_t sample, llvm::Error error);

/// How many samples of `data` are used.
FailureOr<int64_t> countSamples(ModuleOp module, const DataSet &data,
                                const CalibrationOptions &options);

/// Where statistics of these come from.
FailureOr<CalibrationSource> getSource(ModuleOp module, const DataSet &data,
                                       int64_t samples,
                                       const CalibrationOptions &options);

} // namespace slim::calibration

#endif // SLIM_LIB_CALIBRATE_SAMPLERUNNER_H
