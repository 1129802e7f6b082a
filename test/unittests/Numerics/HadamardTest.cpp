//===- HadamardTest.cpp - Tests of Hadamard.h -----------------------------===//

#include "slim/Numerics/Hadamard.h"

#include "RandomMatrix.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace slim;

namespace {

TEST(HadamardTest, RowsAreOrthogonal) {
  for (int64_t n : {1, 2, 4, 8, 12, 20, 24, 28, 36, 40, 48, 56, 60, 64, 96, 384,
                    448, 576}) {
    std::optional<std::vector<float>> matrix = buildHadamard(n);
    ASSERT_TRUE(matrix) << n;
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = i; j < n; ++j) {
        int64_t sum = 0;
        for (int64_t k = 0; k < n; ++k) {
          float a = (*matrix)[i * n + k], b = (*matrix)[j * n + k];
          ASSERT_EQ(1, std::fabs(a));
          sum += int64_t(a * b);
        }
        ASSERT_EQ(i == j ? n : 0, sum) << n << ": " << i << ", " << j;
      }
  }
  for (int64_t n : {-4, 0, 3, 6, 10, 92})
    EXPECT_FALSE(buildHadamard(n)) << n;
}

TEST(HadamardTest, RotationsKeepProducts) {
  int64_t n = 12, rows = 5, columns = 24;
  std::optional<std::vector<double>> rotation = buildRandomRotation(n, 3);
  ASSERT_TRUE(rotation);
  EXPECT_EQ(*rotation, *buildRandomRotation(n, 3));
  EXPECT_NE(*rotation, *buildRandomRotation(n, 4));
  // (W R) (R^T V) = W V.
  std::vector<float> left = slim_test::randomValues(rows * columns, 1);
  std::vector<float> right = slim_test::randomValues(columns * 3, 2);
  auto multiply = [&] {
    std::vector<double> product(rows * 3);
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t k = 0; k < columns; ++k)
        for (int64_t j = 0; j < 3; ++j)
          product[i * 3 + j] +=
              double(left[i * columns + k]) * right[k * 3 + j];
    return product;
  };
  std::vector<double> before = multiply();
  std::vector<float> old = left;
  rotateColumns(left, rows, columns, *rotation, n);
  rotateRows(right, columns, 3, *rotation, n);
  EXPECT_NE(old, left);
  std::vector<double> after = multiply();
  for (size_t i = 0; i < before.size(); ++i)
    EXPECT_NEAR(before[i], after[i], 1e-5);
}

} // namespace
