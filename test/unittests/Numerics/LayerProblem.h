//===- LayerProblem.h - A random layer with its inputs ----------*- C++ -*-===//

#ifndef SLIM_TEST_UNITTESTS_NUMERICS_LAYERPROBLEM_H
#define SLIM_TEST_UNITTESTS_NUMERICS_LAYERPROBLEM_H

#include "RandomMatrix.h"
#include "slim/Numerics/RoundingAlgorithm.h"

#include "gtest/gtest.h"

#include <cmath>

namespace slim_test {

/// A random weight, and the second moment of correlated inputs of uneven size.
struct LayerProblem {
  LayerProblem(llvm::StringRef format, slim::BlockShape block, int64_t rows,
               int64_t columns, uint32_t seed = 1)
      : weight(randomValues(rows * columns, seed)), moment(columns * columns),
        absMean(columns) {
    constexpr int64_t samples = 300, sources = 24;
    std::vector<float> mix = randomValues(sources * columns, seed + 1);
    std::vector<float> source = randomValues(samples * sources, seed + 2);
    std::vector<float> noise = randomValues(samples * columns, seed + 3);
    std::vector<float> inputs(samples * columns);
    for (int64_t n = 0; n < samples; ++n)
      for (int64_t j = 0; j < columns; ++j) {
        float value = noise[n * columns + j];
        for (int64_t k = 0; k < sources; ++k)
          value += source[n * sources + k] * mix[k * columns + j] / 4;
        inputs[n * columns + j] = value * (j % 13 == 0 ? 6.0f : 1.0f);
        absMean[j] += std::fabs(inputs[n * columns + j]) / samples;
      }
    for (int64_t i = 0; i < columns; ++i)
      for (int64_t j = 0; j < columns; ++j) {
        double sum = 0;
        for (int64_t n = 0; n < samples; ++n)
          sum += inputs[n * columns + i] * inputs[n * columns + j];
        moment[i * columns + j] = float(sum / samples);
      }
    problem.rows = rows;
    problem.columns = columns;
    problem.scheme.format = *slim::getNumberFormat(format);
    problem.scheme.block = block;
    problem.weight = weight;
    problem.secondMoment = moment;
  }

  /// The dense values of what `algorithm` makes of the problem.
  std::vector<float>
  run(llvm::StringRef algorithm,
      const slim::RoundingOptions &options = slim::RoundingOptions()) {
    const slim::RoundingAlgorithm *found =
        slim::getRoundingAlgorithm(algorithm);
    EXPECT_TRUE(found) << algorithm.str();
    std::vector<float> values(weight.size());
    if (llvm::Error error = found->checkProblem(problem)) {
      ADD_FAILURE() << llvm::toString(std::move(error));
      return values;
    }
    llvm::Expected<slim::QuantizedMatrix> matrix =
        found->quantize(problem, options);
    if (!matrix) {
      ADD_FAILURE() << llvm::toString(matrix.takeError());
      return values;
    }
    slim::decodeMatrix(problem.scheme, *matrix, values);
    return values;
  }

  double getError(llvm::ArrayRef<float> quantized) const {
    return slim::relativeOutputError(weight, quantized, problem.rows,
                                     problem.columns, moment);
  }
  double
  getError(llvm::StringRef algorithm,
           const slim::RoundingOptions &options = slim::RoundingOptions()) {
    return getError(run(algorithm, options));
  }

  std::vector<float> weight, moment, absMean;
  slim::RoundingProblem problem;
};

} // namespace slim_test

#endif // SLIM_TEST_UNITTESTS_NUMERICS_LAYERPROBLEM_H
