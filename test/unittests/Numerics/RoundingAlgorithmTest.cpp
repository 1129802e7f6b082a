//===- RoundingAlgorithmTest.cpp - Tests of RoundingAlgorithm.h -----------===//

#include "slim/Numerics/RoundingAlgorithm.h"

#include "RandomMatrix.h"
#include "slim/Numerics/Statistics.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace slim;

namespace {

struct Problem {
  Problem(llvm::StringRef format, BlockShape block, bool asymmetric = false)
      : weight(slim_test::randomValues(24 * 96, 5)) {
    // Rows of different size, and a few outliers.
    for (int64_t i = 0; i < 24 * 96; ++i)
      weight[i] *= float(1 + i / 96) * (i % 41 == 0 ? 5.0f : 1.0f);
    for (int64_t column = 0; column < 96; ++column)
      meanSquare.push_back(column % 7 == 0 ? 25.0f : 1.0f);
    problem.weight = weight;
    problem.rows = 24;
    problem.columns = 96;
    problem.scheme.format = *getNumberFormat(format);
    problem.scheme.block = block;
    problem.scheme.asymmetric = asymmetric;
  }

  std::vector<float> run(llvm::StringRef algorithm) {
    const RoundingAlgorithm *found = getRoundingAlgorithm(algorithm);
    EXPECT_TRUE(found);
    llvm::Error error = found->checkProblem(problem);
    EXPECT_FALSE(bool(error)) << llvm::toString(std::move(error));
    llvm::Expected<QuantizedMatrix> matrix =
        found->quantize(problem, RoundingOptions());
    EXPECT_TRUE(bool(matrix));
    std::vector<float> back(weight.size());
    decodeMatrix(problem.scheme, *matrix, back);
    return back;
  }

  double getError(llvm::StringRef algorithm) {
    return measureError(weight, run(algorithm)).relativeFrobenius;
  }

  std::vector<float> weight, meanSquare;
  RoundingProblem problem;
};

TEST(RoundingAlgorithmTest, KnowsItsAlgorithms) {
  for (const char *name : {"rtn", "mse", "hqq", "kmeans"}) {
    const RoundingAlgorithm *algorithm = getRoundingAlgorithm(name);
    ASSERT_TRUE(algorithm) << name;
    EXPECT_EQ(name, algorithm->getName());
    EXPECT_FALSE(algorithm->getDescription().empty());
  }
  EXPECT_FALSE(getRoundingAlgorithm("none"));
}

TEST(RoundingAlgorithmTest, SearchesForScales) {
  for (const char *format : {"int4", "int3", "ternary", "nf4", "fp4e2m1"})
    for (bool asymmetric : {false, true}) {
      if (asymmetric && format[0] != 'i')
        continue;
      Problem problem(format, {1, 32}, asymmetric);
      EXPECT_LT(problem.getError("mse"), problem.getError("rtn")) << format;
    }
}

TEST(RoundingAlgorithmTest, WeighsByTheInputs) {
  Problem problem("int3", {1, 0});
  auto getOutputError = [&] {
    return relativeOutputError(problem.weight, problem.run("mse"), 24, 96,
                               problem.meanSquare);
  };
  double plain = getOutputError();
  problem.problem.meanSquare = problem.meanSquare;
  EXPECT_LT(getOutputError(), plain);
}

TEST(RoundingAlgorithmTest, HalfQuadraticForgivesOutliers) {
  auto norm = [](llvm::ArrayRef<float> a, llvm::ArrayRef<float> b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i)
      sum += std::pow(std::fabs(a[i] - b[i]), 0.7);
    return sum;
  };
  for (bool asymmetric : {false, true}) {
    Problem problem("int4", {1, 32}, asymmetric);
    EXPECT_LT(norm(problem.weight, problem.run("hqq")),
              0.97 * norm(problem.weight, problem.run("rtn")));
    EXPECT_LT(norm(problem.weight, problem.run("hqq")),
              norm(problem.weight, problem.run("mse")));
  }
}

TEST(RoundingAlgorithmTest, LearnsCodebooks) {
  double previous = 1;
  for (const char *format : {"kmeans2", "kmeans3", "kmeans4", "kmeans8"}) {
    Problem problem(format, {0, 0});
    double error = problem.getError("kmeans");
    EXPECT_LT(error, 0.65 * previous) << format;
    previous = error;
  }
  Problem fixed("nf4", {1, 0}), learned("kmeans4", {1, 0});
  EXPECT_LT(learned.getError("kmeans"), fixed.getError("mse"));

  // Fewer values than codes are exact.
  Problem few("kmeans3", {0, 0});
  for (size_t i = 0; i < few.weight.size(); ++i)
    few.weight[i] = float(i % 5) - 1.5f;
  EXPECT_EQ(0, few.getError("kmeans"));
}

TEST(RoundingAlgorithmTest, NamesWhatDoesNotFit) {
  Problem problem("kmeans4", {1, 0});
  EXPECT_EQ("algorithm 'rtn' learns no codebook, as format 'kmeans4' needs it: "
            "use algorithm kmeans",
            llvm::toString(
                getRoundingAlgorithm("rtn")->checkProblem(problem.problem)));
  Problem integers("int4", {1, 0});
  EXPECT_EQ("algorithm 'kmeans' learns a codebook, but format 'int4' has its "
            "numbers: use kmeans2 to kmeans8",
            llvm::toString(getRoundingAlgorithm("kmeans")->checkProblem(
                integers.problem)));
  std::vector<float> tooFew(5);
  integers.problem.meanSquare = tooFew;
  EXPECT_EQ("there are 5 mean squares of inputs for 96 columns",
            llvm::toString(
                getRoundingAlgorithm("mse")->checkProblem(integers.problem)));
}

TEST(RoundingAlgorithmTest, ReadsOptions) {
  llvm::Expected<RoundingOptions> options = RoundingOptions::parse(
      {"act-order=false", "damping=0.05", "iterations=7", "seed=3"});
  ASSERT_TRUE(bool(options));
  EXPECT_FALSE(options->actOrder);
  EXPECT_EQ(0.05, options->damping);
  EXPECT_EQ(7, options->iterations);
  EXPECT_EQ(3u, options->seed);
  EXPECT_EQ("option 'damping' must be a number from 0 on, not '-1'",
            llvm::toString(RoundingOptions::parse({"damping=-1"}).takeError()));
  std::string unknown =
      llvm::toString(RoundingOptions::parse({"speed=3"}).takeError());
  EXPECT_NE(std::string::npos,
            unknown.find("unknown option 'speed' in 'speed=3'; there are "));
}

TEST(RoundingAlgorithmTest, MeasuresOutputErrors) {
  // Against the plain sum over inputs x with E[x x^T] = sum of x x^T.
  int64_t rows = 3, columns = 5;
  std::vector<float> weight = slim_test::randomValues(rows * columns, 6);
  std::vector<float> other = slim_test::randomValues(rows * columns, 7);
  std::vector<float> inputs = slim_test::randomValues(20 * columns, 8);
  std::vector<float> moment(columns * columns), diagonal(columns);
  double error = 0, energy = 0;
  for (int64_t n = 0; n < 20; ++n) {
    const float *x = inputs.data() + n * columns;
    for (int64_t row = 0; row < rows; ++row) {
      double exact = 0, difference = 0;
      for (int64_t j = 0; j < columns; ++j) {
        exact += double(weight[row * columns + j]) * x[j];
        difference +=
            double(weight[row * columns + j] - other[row * columns + j]) * x[j];
      }
      error += difference * difference;
      energy += exact * exact;
    }
    for (int64_t i = 0; i < columns; ++i)
      for (int64_t j = 0; j < columns; ++j)
        moment[i * columns + j] += x[i] * x[j];
  }
  for (int64_t j = 0; j < columns; ++j)
    diagonal[j] = moment[j * columns + j];
  EXPECT_NEAR(error / energy,
              relativeOutputError(weight, other, rows, columns, moment),
              1e-5 * error / energy);
  EXPECT_EQ(0, relativeOutputError(weight, weight, rows, columns, moment));
  EXPECT_GT(relativeOutputError(weight, other, rows, columns, diagonal), 0);
}

} // namespace
