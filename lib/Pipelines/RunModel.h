//===- RunModel.h - What passes that run the model share --------*- C++ -*-===//
#ifndef SLIM_LIB_PIPELINES_RUNMODEL_H
#define SLIM_LIB_PIPELINES_RUNMODEL_H

#include "slim/Pipelines/ToolSupport.h"

namespace slim {

/// The common options of a RunningPass.
struct RunRequest {
  std::string pass, data, entry;
  int64_t samples = 0, sequenceLength = 0;
  unsigned tokenBits = 32, jobs = 0;
  bool secondMoment = false, progress = false;

  template <typename PassT>
  static RunRequest of(const PassT &pass) {
    RunRequest request;
    request.pass = pass.getArgument().str();
    request.data = pass.data;
    request.entry = pass.entry;
    request.samples = pass.samples;
    request.sequenceLength = pass.sequenceLength;
    request.tokenBits = pass.tokenBits;
    request.jobs = pass.jobs;
    request.secondMoment = pass.secondMoment;
    request.progress = pass.progress;
    return request;
  }

  /// The data for `module`. Reports what is wrong with the options.
  FailureOr<std::unique_ptr<DataSet>> open(ModuleOp module) const;
  /// What they are for calibration.
  CalibrationOptions getOptions() const;
};

/// Adds the dialects that the passes of `pipeline` load, for
/// getDependentDialects of a pass that runs them; nothing if it is no pipeline.
void addDialectsOf(StringRef pipeline, DialectRegistry &registry);

} // namespace slim

#endif // SLIM_LIB_PIPELINES_RUNMODEL_H
