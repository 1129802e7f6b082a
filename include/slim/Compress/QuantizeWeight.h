//===- QuantizeWeight.h - A weight as codes and scales ----------*- C++ -*-===//
//
// What all quantization passes do to one weight: take the floats at the values
// leaf of its expression, which leaves positions of sparse weights and the like
// alone, let an algorithm round them, and store codes, scales, zero points and
// codebooks as weights beside each other.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_COMPRESS_QUANTIZEWEIGHT_H
#define SLIM_COMPRESS_QUANTIZEWEIGHT_H

#include "slim/Calibrate/ActivationStatistics.h"
#include "slim/Compress/CompressionDriver.h"
#include "slim/Numerics/RoundingAlgorithm.h"
#include <functional>

namespace slim {

/// A weight as the matrix that is rounded.
struct WeightMatrix {
  StringRef name;
  /// Row-major, a row an output channel.
  ArrayRef<float> values;
  int64_t rows, columns;
  /// For each element its index in the tensor that is stored.
  ArrayRef<int64_t> places;
  const QuantizationScheme &scheme;
  /// The dense weight is stored as it is, and ops sum over it.
  bool isPlain;
};

/// Rounds a matrix in place of the algorithm, which `round` is.
using MatrixRounder = std::function<llvm::Expected<QuantizedMatrix>(
    const WeightMatrix &matrix,
    llvm::function_ref<llvm::Expected<QuantizedMatrix>()> round)>;

/// How weights are quantized.
struct WeightQuantization {
  QuantizationScheme scheme;
  /// What `scheme` is called in reports: int4, mxfp8.
  std::string name;
  /// Scales have the type of the weight instead of `scheme.scale`.
  bool scalesAsWeight = true;
  const RoundingAlgorithm *algorithm = nullptr;
  /// Asked first, if not null.
  MatrixRounder rounder;
  RoundingOptions rounding;
  /// Quantize the inputs of linear ops while the model runs: to f8E4M3FN where
  /// codes are floats, else to integers of 8 bits.
  bool dynamicActivations = false;
  /// Elements of a row of them that share a scale and have no zero point; 0 for
  /// the whole row, with a zero point where codes are integers.
  int64_t activationBlock = 0;
  /// Take the mean error of the outputs out of the biases, where the means of
  /// the inputs are known (CorrectBias.h).
  bool correctBias = true;
  /// Give each output channel the norm that it had, or its outputs the mean
  /// square, by a factor of its scales (Banner et al., "Post training 4-bit
  /// quantization of convolutional networks for rapid-deployment", arXiv
  /// 1810.05723).
  bool correctNorm = false;
  /// What the layers' inputs were; null without calibration.
  const CalibrationStatistics *calibration = nullptr;
};

/// Quantizes `weight`, or says why not.
FailureOr<CompressionOutcome>
quantizeWeight(CompressibleWeight &weight, WeightRewriter &rewriter,
               const WeightQuantization &quantization);

} // namespace slim

#endif // SLIM_COMPRESS_QUANTIZEWEIGHT_H
