//===- RandomMatrix.h - Reproducible test data ------------------*- C++ -*-===//

#ifndef SLIM_TEST_UNITTESTS_NUMERICS_RANDOMMATRIX_H
#define SLIM_TEST_UNITTESTS_NUMERICS_RANDOMMATRIX_H

#include <cstdint>
#include <random>
#include <vector>

namespace slim_test {

/// `size` values of a symmetric, roughly normal distribution. Only the engine's
/// raw output is used: the distributions of <random> differ between libraries.
inline std::vector<float> randomValues(int64_t size, uint32_t seed) {
  std::mt19937 engine(seed);
  std::vector<float> values(size);
  for (float &value : values) {
    int64_t sum = 0;
    for (int i = 0; i < 4; ++i)
      sum += int64_t(engine() >> 8) - (1 << 23);
    value = float(double(sum) / double(1 << 23));
  }
  return values;
}

} // namespace slim_test

#endif // SLIM_TEST_UNITTESTS_NUMERICS_RANDOMMATRIX_H
