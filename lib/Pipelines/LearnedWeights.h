//===- LearnedWeights.h - Weights whose codes are learned -------*- C++ -*-===//
#ifndef SLIM_LIB_PIPELINES_LEARNEDWEIGHTS_H
#define SLIM_LIB_PIPELINES_LEARNEDWEIGHTS_H

#include "slim/Numerics/QuantizationScheme.h"
#include "slim/Support/LLVM.h"
#include "llvm/ADT/StringMap.h"
#include <optional>
#include <string>
#include <vector>

namespace slim {

/// A weight that is quantized, and what is learned of it.
struct WeightState {
  QuantizationScheme scheme;
  QuantizedMatrix matrix;
  /// Of its matrix' elements in the tensor. With strides, of rows and columns,
  /// these give the places as well.
  std::vector<int64_t> places;
  std::optional<std::pair<int64_t, int64_t>> strides;
  bool isPlain = false, isLearned = false;
  int64_t block = 0;
  double errorBefore = 0, errorAfter = 0;

  void setPlaces(ArrayRef<int64_t> places);
};
/// By name.
using WeightStates = llvm::StringMap<WeightState>;

/// Sets `matrix` to the elements of `tensor`, and the other way round.
void toMatrix(const WeightState &state, ArrayRef<float> tensor,
              std::vector<float> &matrix);
void toTensor(const WeightState &state, ArrayRef<float> matrix,
              std::vector<float> &tensor);

/// What the codes of `state` stand for, in the order of the tensor.
std::vector<float> decodeToTensor(const WeightState &state);

/// What learned codes depend on, in any words.
struct LearningSource {
  std::string model, data, options;
};

/// A hash of all codes and scales.
std::string hashCodes(const WeightStates &states);

/// Writes the learned codes and scales to `path`, for another run to go on
/// with. The file gets its name when it is complete.
llvm::Error saveLearned(StringRef path, const LearningSource &source,
                        const WeightStates &states);

/// Takes over what saveLearned has written, if there is such a file. Fails,
/// with the reason and without a change, where it is not of the same source.
llvm::Error restoreLearned(StringRef path, const LearningSource &source,
                           WeightStates &states);

} // namespace slim

#endif // SLIM_LIB_PIPELINES_LEARNEDWEIGHTS_H
