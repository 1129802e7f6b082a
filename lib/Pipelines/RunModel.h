//===- RunModel.h - What passes that run the model share --------*- C++ -*-===//
#ifndef SLIM_LIB_PIPELINES_RUNMODEL_H
#define SLIM_LIB_PIPELINES_RUNMODEL_H

#include "slim/Pipelines/ToolSupport.h"

namespace slim {

/// The data that the options of a RunningPass name, for `module`, and the
/// options of calibration that they amount to. Reports what is wrong with them.
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

  FailureOr<std::unique_ptr<DataSet>> open(ModuleOp module) const;
  CalibrationOptions getOptions() const;
};

} // namespace slim

#endif // SLIM_LIB_PIPELINES_RUNMODEL_H
