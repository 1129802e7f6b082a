//===- LowRankTest.cpp - Tests of LowRank.h -------------------------------===//

#include "slim/Numerics/LowRank.h"

#include "RandomMatrix.h"
#include "slim/Numerics/Statistics.h"

#include "gtest/gtest.h"

#include <Eigen/Dense>

#include <chrono>
#include <cmath>
#include <vector>

using namespace slim;

namespace {

/// The matrix of this test's constants: (i * j % 7 - 3) + 0.5 * (i == j).
std::vector<float> sampleMatrix() {
  std::vector<float> matrix;
  for (int i = 1; i < 8; ++i)
    for (int j = 0; j < 5; ++j)
      matrix.push_back(float(i * j % 7 - 3) + (i == j ? 0.5f : 0.0f));
  return matrix;
}

TEST(LowRankTest, MatchesNumpySingularValues) {
  SingularValueDecomposition svd(sampleMatrix(), 7, 5);
  // numpy.linalg.svd of the same matrix.
  double expected[] = {8.00413145, 7.42026853, 5.68787144, 3.7939596,
                       2.66973476};
  ASSERT_EQ(5u, svd.singularValues().size());
  for (int i = 0; i < 5; ++i)
    EXPECT_NEAR(expected[i], svd.singularValues()[i], 1e-7);
}

TEST(LowRankTest, MatchesTheJacobiMethodOnEveryShape) {
  for (auto [rows, cols] : {std::pair<int64_t, int64_t>{40, 13},
                            {13, 40},
                            {24, 24},
                            {1, 9},
                            {9, 1},
                            {1, 1}}) {
    std::vector<float> matrix = slim_test::randomValues(rows * cols, rows);
    Eigen::MatrixXd reference(rows, cols);
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < cols; ++j)
        reference(i, j) = matrix[i * cols + j];
    Eigen::JacobiSVD<Eigen::MatrixXd> jacobi(
        reference, Eigen::ComputeThinU | Eigen::ComputeThinV);
    SingularValueDecomposition svd(matrix, rows, cols);
    int64_t order = std::min(rows, cols);
    ASSERT_EQ(order, int64_t(svd.singularValues().size()));
    for (int64_t i = 0; i < order; ++i)
      EXPECT_NEAR(jacobi.singularValues()[i], svd.singularValues()[i],
                  1e-7 * jacobi.singularValues()[0]);

    for (int64_t rank : {int64_t(1), (order + 1) / 2, order}) {
      Eigen::MatrixXd best = jacobi.matrixU().leftCols(rank) *
                             jacobi.singularValues().head(rank).asDiagonal() *
                             jacobi.matrixV().leftCols(rank).transpose();
      LowRankFactors factors = svd.factors(rank);
      ASSERT_EQ(rank, factors.rank);
      std::vector<float> product = multiplyFactors(factors, rows, cols);
      for (int64_t i = 0; i < rows; ++i)
        for (int64_t j = 0; j < cols; ++j)
          EXPECT_NEAR(best(i, j), product[i * cols + j],
                      1e-6 * jacobi.singularValues()[0]);
      EXPECT_NEAR((reference - best).norm() / reference.norm(),
                  svd.relativeError(rank), 1e-6);
    }
  }
}

TEST(LowRankTest, SplitsTheSingularValuesEvenly) {
  SingularValueDecomposition svd(sampleMatrix(), 7, 5);
  LowRankFactors factors = svd.factors(3);
  for (int64_t k = 0; k < 3; ++k) {
    double left = 0, right = 0;
    for (int64_t i = 0; i < 7; ++i)
      left += std::pow(double(factors.left[i * 3 + k]), 2);
    for (int64_t j = 0; j < 5; ++j)
      right += std::pow(double(factors.right[k * 5 + j]), 2);
    EXPECT_NEAR(svd.singularValues()[k], left, 1e-5);
    EXPECT_NEAR(svd.singularValues()[k], right, 1e-5);
  }
}

TEST(LowRankTest, SurvivesRankDeficiency) {
  // An outer product has rank 1, and a zero matrix has rank 0.
  std::vector<float> matrix(6 * 4);
  for (int i = 0; i < 6; ++i)
    for (int j = 0; j < 4; ++j)
      matrix[i * 4 + j] = float((i + 1) * (j - 2));
  SingularValueDecomposition svd(matrix, 6, 4);
  EXPECT_NEAR(0.0, svd.relativeError(1), 1e-7);
  std::vector<float> full = multiplyFactors(svd.factors(4), 6, 4);
  EXPECT_LT(measureError(matrix, full).relativeFrobenius, 1e-6);

  std::vector<float> zero(6 * 4, 0.0f);
  SingularValueDecomposition none(zero, 6, 4);
  EXPECT_EQ(zero, multiplyFactors(none.factors(2), 6, 4));
  EXPECT_EQ(0.0, none.relativeError(2));
  EXPECT_EQ(1, rankForEnergy(none.singularValues(), 0.9));
}

TEST(LowRankTest, ChoosesRanks) {
  std::vector<double> sigma = {3, 2, 1}; // squares 9, 4, 1 of 14
  EXPECT_EQ(1, rankForEnergy(sigma, 0.0));
  EXPECT_EQ(1, rankForEnergy(sigma, 9.0 / 14));
  EXPECT_EQ(2, rankForEnergy(sigma, 0.65));
  EXPECT_EQ(2, rankForEnergy(sigma, 0.92));
  EXPECT_EQ(3, rankForEnergy(sigma, 1.0));

  // r (m + n) < m n, strictly: 192 * 768 equals 384 * 384.
  EXPECT_EQ(191, breakEvenRank(384, 384));
  EXPECT_EQ(307, breakEvenRank(1536, 384));
  EXPECT_EQ(0, breakEvenRank(1, 100));
  EXPECT_EQ(0, breakEvenRank(0, 100));

  EXPECT_EQ(96, rankForRatio(384, 384, 0.5));
  EXPECT_EQ(153, rankForRatio(1536, 384, 0.5));

  EXPECT_EQ(144, alignRank(153, 16));
  EXPECT_EQ(16, alignRank(16, 16));
  EXPECT_EQ(9, alignRank(9, 16));
  EXPECT_EQ(153, alignRank(153, 1));
}

TEST(LowRankTest, IsDeterministic) {
  std::vector<float> matrix = slim_test::randomValues(50 * 30, 5);
  SingularValueDecomposition first(matrix, 50, 30), second(matrix, 50, 30);
  EXPECT_EQ(first.factors(7).left, second.factors(7).left);
  EXPECT_EQ(first.factors(7).right, second.factors(7).right);
}

TEST(LowRankTest, DecomposesTransformerLayers) {
  std::vector<float> matrix = slim_test::randomValues(1536 * 384, 6);
  auto start = std::chrono::steady_clock::now();
  SingularValueDecomposition svd(matrix, 1536, 384);
  LowRankFactors factors = svd.factors(128);
  std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - start;
  RecordProperty("seconds", std::to_string(seconds.count()));
  std::vector<float> product = multiplyFactors(factors, 1536, 384);
  EXPECT_NEAR(svd.relativeError(128),
              measureError(matrix, product).relativeFrobenius, 1e-6);
}

} // namespace
