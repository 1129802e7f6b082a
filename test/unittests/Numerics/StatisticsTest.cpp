//===- StatisticsTest.cpp - Tests of Statistics.h -------------------------===//

#include "slim/Numerics/Statistics.h"

#include "gtest/gtest.h"

#include <cmath>
#include <limits>
#include <vector>

using namespace slim;

namespace {

TEST(StatisticsTest, MeasuresErrors) {
  std::vector<float> reference = {3, 0, -4, 0};
  std::vector<float> other = {3, 1, -4, -2};
  ErrorStatistics error = measureError(reference, other);
  EXPECT_DOUBLE_EQ(std::sqrt(5.0) / 5.0, error.relativeFrobenius);
  EXPECT_EQ(2.0, error.maxAbs);
}

TEST(StatisticsTest, HandlesZeroReferences) {
  std::vector<float> zero = {0, 0}, other = {0, 1e-3f};
  EXPECT_EQ(0.0, measureError(zero, zero).relativeFrobenius);
  EXPECT_EQ(std::numeric_limits<double>::infinity(),
            measureError(zero, other).relativeFrobenius);
  EXPECT_EQ(0.0, measureError({}, {}).relativeFrobenius);
}

TEST(StatisticsTest, CountsZeros) {
  std::vector<float> values = {0.0f, -0.0f, 1e-40f, 2.0f};
  SparsityStatistics sparsity = measureSparsity(values);
  EXPECT_EQ(4, sparsity.elements);
  EXPECT_EQ(2, sparsity.zeros);
  EXPECT_EQ(0.5, sparsity.sparsity());
  EXPECT_EQ(0.0, measureSparsity({}).sparsity());
}

TEST(StatisticsTest, FindsSpecialValues) {
  std::vector<float> values = {1.0f, 3.4e38f};
  EXPECT_TRUE(allFinite(values));
  values.push_back(std::nanf(""));
  EXPECT_FALSE(allFinite(values));
  values.back() = -std::numeric_limits<float>::infinity();
  EXPECT_FALSE(allFinite(values));
}

} // namespace
