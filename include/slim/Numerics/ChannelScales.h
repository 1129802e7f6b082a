//===- ChannelScales.h - Scales between activations and weights -*- C++ -*-===//
//
// y = W x = (W diag(s)) (diag(s)^-1 x): a scale for each input channel moves
// magnitude from the activation into the weight or back, and the layer computes
// the same. Where the activation comes from an op that can absorb diag(s)^-1,
// this costs nothing, and one of the two becomes easier to quantize.
//
// SmoothQuant (Xiao et al., arXiv 2211.10438) takes the scales from the largest
// magnitudes of both, for activations that are quantized. AWQ (Lin et al.,
// arXiv 2306.00978) searches those that make the error of the quantized weights
// least, for weights alone.
//
//===----------------------------------------------------------------------===//

#ifndef SLIM_NUMERICS_CHANNELSCALES_H
#define SLIM_NUMERICS_CHANNELSCALES_H

#include "slim/Numerics/QuantizationScheme.h"

namespace slim {

/// The weight of a layer, row-major [rows x columns].
struct LayerWeight {
  llvm::ArrayRef<float> values;
  int64_t rows = 0;
};

/// The largest magnitude of each column over all `layers`, which have `columns`
/// each.
std::vector<float> computeColumnAbsMax(llvm::ArrayRef<LayerWeight> layers,
                                       int64_t columns);

/// s_j = max|x_j|^strength / max|w_j|^(1 - strength), by which the weight's
/// column j is multiplied. 1 where either is zero. `strength` from 0 (the
/// activations keep their range) to 1 (all become alike).
std::vector<float> computeSmoothingScales(llvm::ArrayRef<float> inputAbsMax,
                                          llvm::ArrayRef<float> weightAbsMax,
                                          double strength);

struct ChannelScaleSearch {
  /// By which the columns of the weights are multiplied; all 1 if nothing
  /// helps.
  std::vector<float> scales;
  /// The exponent of the best scales.
  double exponent = 0;
  /// The squared output error that is expected with these scales, and without.
  double error = 0, plainError = 0;
};

/// The output error of a layer whose weight is W - D, tr(D H D^T), with D the
/// difference between W and Q(W diag(s)) diag(s)^-1, Q rounding to nearest in
/// `scheme`. `secondMoment` is H, row-major, or its diagonal alone.
double measureScaledError(const LayerWeight &layer, int64_t columns,
                          const QuantizationScheme &scheme,
                          llvm::ArrayRef<float> scales,
                          llvm::ArrayRef<float> secondMoment);

/// How the activation of layers is quantized, with one scale.
struct ActivationRange {
  /// max|x_j| of each channel.
  llvm::ArrayRef<float> absMax;
  /// The range of values relative to twice the largest magnitude: 1 for
  /// activations that are as large on both sides of zero, 0.5 on one side only.
  double share = 1;
  unsigned bits = 8;
};

/// SmoothQuant with the strength of a grid at which the expected output error
/// is least: that of the weights (`measureScaledError`), and that of the
/// activation, whose rounding by steps of width d adds d^2/12 to each channel's
/// variance. Summed over the `layers`, which have one input of `columns`
/// channels.
ChannelScaleSearch searchSmoothingScales(llvm::ArrayRef<LayerWeight> layers,
                                         int64_t columns,
                                         const QuantizationScheme &scheme,
                                         const ActivationRange &activation,
                                         llvm::ArrayRef<float> secondMoment);

/// AWQ's search: s_j = E|x_j|^a / m_j^(1-a), with m_j the mean over rows of
/// |w_j| relative to its block's largest magnitude, normalized by
/// sqrt(max s min s), for a = 0, 0.05 .. 0.95. The error is
/// that of the weights (`measureScaledError`), summed over the `layers`, which
/// have one input of `columns` channels. `inputAbsMean` is E|x_j|.
ChannelScaleSearch searchChannelScales(llvm::ArrayRef<LayerWeight> layers,
                                       int64_t columns,
                                       const QuantizationScheme &scheme,
                                       llvm::ArrayRef<float> inputAbsMean,
                                       llvm::ArrayRef<float> secondMoment);

} // namespace slim

#endif // SLIM_NUMERICS_CHANNELSCALES_H
