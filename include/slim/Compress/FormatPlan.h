//===- FormatPlan.h - Which format each weight gets -------------*- C++ -*-===//
//
// Chooses one of several quantizations for each weight, so that the weights
// together keep within a budget of bits and the outputs of layers err least.
// What a quantization does to a weight is measured by doing it, on a copy of
// the module. Weights of layers with one input (q, k and v) get one format.
//
// The loss of a choice is the squared error of the layer's output relative to
// the output's square over the calibration data, summed over layers; without
// statistics of a layer's inputs, the same of the weight. With sensitivities it
// is the predicted loss of the model's outputs (slim/Calibrate/Sensitivity.h).
// It is Numerics that plans: slim/Numerics/FormatBudget.h.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_COMPRESS_FORMATPLAN_H
#define SLIM_COMPRESS_FORMATPLAN_H

#include "slim/Calibrate/Sensitivity.h"
#include "slim/Compress/QuantizeWeight.h"
#include "llvm/ADT/StringMap.h"

namespace slim {

struct FormatPlan {
  /// The number of the quantization that each weight gets, by name. Weights
  /// that none of them applies to are missing.
  llvm::StringMap<size_t> choices;
  /// Bits per element of these weights, scales included.
  double bits = 0;
  /// The sum of losses, and what no plan within the budget can go below.
  double loss = 0, lossBound = 0;
};

/// Plans for the weights of `module` that pass the filters of `options`, with
/// at most `bits` per element, by `sensitivity` if it is given. Fails, with a
/// diagnostic, where a weight's data cannot be read and where even the smallest
/// formats take more.
FailureOr<FormatPlan>
planFormats(ModuleOp module, StringRef pass, const CompressionOptions &options,
            ArrayRef<WeightQuantization> candidates, double bits,
            const SensitivityTable *sensitivity = nullptr);

} // namespace slim

#endif // SLIM_COMPRESS_FORMATPLAN_H
