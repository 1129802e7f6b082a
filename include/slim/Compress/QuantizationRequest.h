//===- QuantizationRequest.h - Textual options of quantization --*- C++ -*-===//
#ifndef SLIM_COMPRESS_QUANTIZATIONREQUEST_H
#define SLIM_COMPRESS_QUANTIZATIONREQUEST_H

#include "slim/Compress/QuantizeWeight.h"

namespace slim {

/// The options of the general pass, as they are written.
struct QuantizationRequest {
  std::string format;
  /// Empty for the format's own.
  std::string granularity;
  int64_t groupSize = 0;
  std::string block;
  std::string algorithm = "rtn";
  std::vector<std::string> algorithmOptions;
  std::string scaleType;
  bool asymmetric = false;
  std::string activations = "none";
  int64_t activationBlock = 0;
  std::string calibration;
  bool correctBias = true;
  bool correctNorm = false;
  /// Bits per element; 0 for the one format.
  double budget = 0;
  /// The formats that a budget is divided among, each with its group size after
  /// a colon if that is not `groupSize`.
  std::vector<std::string> formats;
  /// A file of sensitivities for the plan.
  std::string sensitivity;

  /// The options that `quantize` and `quantize-blocks` have in common, of a
  /// pass that is its friend.
  template <typename PassT>
  static QuantizationRequest of(PassT &pass) {
    QuantizationRequest request;
    request.format = pass.format;
    request.granularity = pass.granularity;
    request.groupSize = pass.groupSize;
    request.block = pass.block;
    request.algorithm = pass.algorithm;
    request.algorithmOptions.assign(pass.algorithmOptions.begin(),
                                    pass.algorithmOptions.end());
    request.scaleType = pass.scaleType;
    request.asymmetric = pass.asymmetric;
    request.activations = pass.activations;
    request.calibration = pass.calibration;
    return request;
  }
};

/// What `request` asks for, without the statistics that its `calibration` names
/// and without a budget. Reports what is wrong, with the name of the pass and
/// of the option.
FailureOr<WeightQuantization>
readQuantization(ModuleOp module, StringRef pass,
                 const QuantizationRequest &request);

/// The statistics that `request` names, none if it names none.
FailureOr<std::optional<CalibrationStatistics>>
loadCalibration(ModuleOp module, StringRef pass,
                const QuantizationRequest &request);

} // namespace slim

#endif // SLIM_COMPRESS_QUANTIZATIONREQUEST_H
