//===- Sensitivity.h - What a changed weight does to outputs ----*- C++ -*-===//
//
// The second-order view of compression: a small change D of one weight changes
// the model's loss by D^T H D / 2 in the mean. It is measured by running the
// model, forwards only: with what a compression makes of the weight, or with
// random changes, for which the expectation is the trace of H times the mean
// square of D (Hutchinson). For squared errors of outputs H is the Gauss-Newton
// matrix, whose trace HAWQ-V2 (arXiv 1911.03852) plans by; for the divergence
// of output distributions it is Fisher's information.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_CALIBRATE_SENSITIVITY_H
#define SLIM_CALIBRATE_SENSITIVITY_H

#include "slim/Calibrate/Calibrate.h"
#include <map>
#include <optional>

namespace slim {

/// A change of one weight and what it did.
struct WeightSensitivity {
  /// ||W - W'||_F / ||W||_F of the change.
  double relativeError = 0;
  /// ||X (W - W')^T||_F / ||X W^T||_F over the inputs X of its layer, if known.
  std::optional<double> outputError;
  /// The loss of the outputs, in the mean over samples.
  double loss = 0;

  /// The loss that another change of the weight has, of these errors.
  double predict(double otherRelativeError,
                 std::optional<double> otherOutputError) const;
};

/// By the weight's name.
class SensitivityTable {
public:
  std::string method;
  std::map<std::string, WeightSensitivity, std::less<>> weights;

  /// Null if the weight was not measured.
  const WeightSensitivity *lookup(StringRef name) const {
    auto found = weights.find(name);
    return found == weights.end() ? nullptr : &found->second;
  }

  /// Writes a JSON file, which gets its name when it is complete.
  llvm::Error save(StringRef path) const;
  /// Fails, with a message that begins with the path, on anything else.
  static llvm::Expected<SensitivityTable> load(StringRef path);
};

/// A weight and what it is changed to, row-major, in the shape of the dense
/// weight.
struct WeightProbe {
  std::string weight;
  std::vector<float> values;
  std::vector<std::vector<float>> changes;
};

/// How far outputs are from those of the model as it is; all of them that are
/// f32 count alike.
enum class OutputLoss {
  /// ||y - y'||^2 / ||y||^2.
  SquaredError,
  /// The divergence KL(p || p') of the distributions softmax(y) over the last
  /// dimension, in the mean over rows.
  Divergence,
};

/// Runs `module`, which stays as it is, on the samples with each change by
/// itself, and returns for each weight the loss of each of its changes. The
/// model is compiled once, with the weights of `probes`, which are f32, as
/// arguments. Reports what fails.
FailureOr<std::vector<std::vector<double>>>
measureSensitivity(ModuleOp module, const DataSet &data,
                   const CalibrationOptions &options,
                   const ProgramCompiler &compile, ArrayRef<WeightProbe> probes,
                   OutputLoss loss);

} // namespace slim

#endif // SLIM_CALIBRATE_SENSITIVITY_H
