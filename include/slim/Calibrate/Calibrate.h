//===- Calibrate.h - Running models to take statistics ----------*- C++ -*-===//
//
// The model itself is run, compiled for this machine, on a data set: with
// observers at the inputs of all weights at once, or stage by stage, so that
// later layers see what earlier ones give after they have been compressed.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_CALIBRATE_CALIBRATE_H
#define SLIM_CALIBRATE_CALIBRATE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "slim/Calibrate/ActivationStatistics.h"
#include "slim/Calibrate/DataSet.h"
#include "slim/Calibrate/Program.h"
#include "slim/IR/SlimInterfaces.h"
#include <string>
#include <utility>
#include <vector>

namespace slim {

struct CalibrationOptions {
  /// The options of slim-insert-observers.
  std::vector<std::string> kinds = {"range", "channels"};
  std::string values = "none";
  std::vector<std::string> valueKinds = {"range"};
  unsigned histogramBins = 2048;
  /// How many samples to use, from the first; 0 for all.
  int64_t samples = 0;
  /// The function to run; empty for the only public one.
  std::string entry;
  /// Samples that run at the same time; 0 for the number of CPUs. The
  /// statistics do not depend on it.
  unsigned threads = 0;
  /// Where an interrupted run leaves what it has seen, for the next one to go
  /// on with; nowhere if empty. A sequential run adds ".stage-N" for each
  /// stage.
  std::string partialPath;
  /// Seconds, and samples if not 0, after which the partial file is written.
  double checkpointSeconds = 30;
  int64_t checkpointSamples = 0;
  /// What the callback of a sequential run does, in any words: partial files of
  /// runs that did something else are not used.
  std::string compression;
  /// Called after every few samples, by the calling thread.
  std::function<void(StringRef phase, int64_t done, int64_t total)> progress;
};

/// What identifies a model in CalibrationSource: a hash of its graph and its
/// weights, and one of each weight's data.
struct ModelFingerprint {
  std::string model;
  std::map<std::string, std::string> weights;
};
FailureOr<ModelFingerprint> getModelFingerprint(ModuleOp module);

/// Whether `statistics` are of this model, possibly with other weights
/// compressed since: at least one weight of the module is still the one that
/// was there or, where the module carries a report of compression, has its
/// name. Reports an error, which names `path`, if not.
LogicalResult checkStatistics(const CalibrationStatistics &statistics,
                              ModuleOp module, StringRef path);

/// The function that calibration runs; reports an error where `entry` names
/// none or, being empty, leaves a choice.
FailureOr<func::FuncOp> findEntry(ModuleOp module, StringRef entry);

/// Runs `module`, which stays as it is, on the samples and returns the
/// statistics of all inputs of weights. Reports what fails.
FailureOr<CalibrationStatistics> calibrate(ModuleOp module, const DataSet &data,
                                           const CalibrationOptions &options,
                                           const ProgramCompiler &compile);

/// Removes what interrupted runs with these options have left.
void removePartialFiles(const CalibrationOptions &options);

/// Weights whose inputs are known at the same time.
struct CalibrationStage {
  /// Counts from 0.
  unsigned number;
  /// The ops that multiply by these weights, each with its observer's name.
  ArrayRef<std::pair<CompressibleOpInterface, std::string>> ops;
  /// Of the inputs of these ops.
  const CalibrationStatistics &statistics;
};

/// Called when the inputs of a stage have been seen. It may change the weights
/// of the stage's ops, or replace the ops by others, in the module that is
/// calibrated; what these depend on and other ops stay as they are.
using StageCallback =
    llvm::function_ref<LogicalResult(const CalibrationStage &)>;

/// Runs `module` on the samples, stage after stage: a stage is all ops whose
/// inputs depend on weights of earlier stages only. The values that later
/// stages need are kept for every sample between the stages, and each op runs
/// once a sample. After the statistics of a stage are taken, `callback` may
/// compress its weights; later stages see what the compressed weights give.
///
/// Takes time linear in the number of ops, and memory for the weights of one
/// stage, its statistics and the values. `values` of the options are not
/// observed, and there are no histograms. Reports what fails.
LogicalResult runSequential(ModuleOp module, const DataSet &data,
                            const CalibrationOptions &options,
                            const ProgramCompiler &compile,
                            StageCallback callback);

/// The statistics of a sequential run that compresses nothing: those of
/// calibrate(), in less memory.
FailureOr<CalibrationStatistics>
calibrateSequentially(ModuleOp module, const DataSet &data,
                      const CalibrationOptions &options,
                      const ProgramCompiler &compile);

} // namespace slim

#endif // SLIM_CALIBRATE_CALIBRATE_H
