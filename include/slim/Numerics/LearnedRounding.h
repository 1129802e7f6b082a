//===- LearnedRounding.h - Rounding that follows gradients ------*- C++ -*-===//
//
// Learned rounding (Cheng et al., "Optimize Weight Rounding via Signed Gradient
// Descent for the Quantization of LLMs", arXiv 2309.05516), for a loss that
// somebody else computes: that of the output of a layer, a block or a model.
//
//   W' = s m * nearest(W / (s m) + V * gap)
//
// with an offset V in [-0.5, 0.5] for each weight and a multiplier m of each
// scale; gap is the distance of the numbers on both sides of W / (s m), 1 for
// integers. Gradients with respect to W' pass straight through the rounding to
// V and m, which move against theirs: by the sign where the last ones agree, by
// less where they flip (Adam's quotient of running means, arXiv 1412.6980).
//
//===----------------------------------------------------------------------===//

#ifndef SLIM_NUMERICS_LEARNEDROUNDING_H
#define SLIM_NUMERICS_LEARNEDROUNDING_H

#include "slim/Numerics/QuantizationScheme.h"

namespace slim {

/// A matrix whose codes and scales are being learned.
class LearnedRounding {
public:
  /// `weight`, row-major, is what codes are to stand for; `start` the codes and
  /// scales to begin with, of any rounding algorithm. A code that is not the
  /// nearest one (GPTQ's) begins near the border of its neighbour.
  LearnedRounding(const QuantizationScheme &scheme,
                  llvm::ArrayRef<float> weight, QuantizedMatrix start);

  int64_t size() const { return int64_t(targets.size()); }

  /// Sets `values`, row-major, to what the codes now stand for.
  void decode(llvm::MutableArrayRef<float> values) const;

  /// Moves every offset by at most `rate`, and every multiplier by at most
  /// `scaleRate`, against its gradient, which follows from `gradient`, that of
  /// the values; then rounds again.
  void step(llvm::ArrayRef<float> gradient, float rate, float scaleRate);

  /// The codes and scales as they are.
  const QuantizedMatrix &getMatrix() const { return matrix; }

private:
  float getGap(float number, bool above) const;
  void round(int64_t block);
  void move(int64_t begin, llvm::ArrayRef<float> gradients, float rate,
            float correction);
  template <typename Visitor>
  void forEachSegment(int64_t block, Visitor visit) const;
  template <typename Visitor>
  void forEachElement(int64_t block, Visitor visit) const;

  QuantizationScheme scheme;
  BlockGrid grid;
  QuantizedMatrix matrix;
  /// Of floats and codebooks: the numbers, ascending.
  std::vector<float> table;
  /// W / s for the first scales, V.
  std::vector<float> targets, offsets;
  /// Running means of the offsets' gradients and of their squares, and those of
  /// the multipliers.
  std::vector<float> firstMoments, secondMoments;
  std::vector<std::pair<float, float>> scaleMoments;
  int64_t steps = 0;
  /// Of each block: its first scale and what it is multiplied by.
  std::vector<float> firstScales, multipliers;
  /// Whether scales can move by small steps.
  bool learnsScales = true;
};

} // namespace slim

#endif // SLIM_NUMERICS_LEARNEDROUNDING_H
