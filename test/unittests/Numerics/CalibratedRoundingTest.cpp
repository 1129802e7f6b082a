//===- CalibratedRoundingTest.cpp - Tests of gptq, autoround, awq-clip ----===//
//
// The GPTQ of the paper, slow and in fp64, is written down here once more: with
// the inverse of the Hessian of the columns that are left, instead of its
// factorization.
//
//===----------------------------------------------------------------------===//

#include "LayerProblem.h"

#include "llvm/ADT/STLExtras.h"

#include <Eigen/Dense>

#include <numeric>

using namespace slim;
using slim_test::LayerProblem;

namespace {

/// Equation 2 and 3 of arXiv 2210.17323, column by column, with given scales.
std::vector<float> runReference(const LayerProblem &layer,
                                const RoundingOptions &options,
                                const QuantizedMatrix &scales) {
  const RoundingProblem &problem = layer.problem;
  int64_t n = problem.columns, rows = problem.rows;
  Eigen::MatrixXd hessian(n, n), weight(rows, n);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j)
      hessian(i, j) = layer.moment[i * n + j];
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < n; ++j)
      weight(i, j) = layer.weight[i * n + j];
  std::vector<int64_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  if (options.actOrder)
    llvm::sort(order, [&](int64_t a, int64_t b) {
      return std::pair(-hessian(a, a), a) < std::pair(-hessian(b, b), b);
    });
  hessian.diagonal().array() += options.damping * hessian.diagonal().mean();
  Eigen::MatrixXd inverse = hessian.inverse();

  BlockGrid grid(problem.scheme.block, rows, n);
  std::vector<float> result(rows * n);
  for (int64_t j : order) {
    for (int64_t row = 0; row < rows; ++row) {
      BlockScale scale = getBlockScale(scales, grid.indexOf(row, j));
      float value = float(weight(row, j));
      float rounded = decodeValue(problem.scheme, scale,
                                  encodeValue(problem.scheme, scale, value));
      result[row * n + j] = rounded;
      weight.row(row) -=
          (weight(row, j) - rounded) / inverse(j, j) * inverse.row(j);
    }
    Eigen::MatrixXd left = inverse;
    inverse -= left.col(j) * left.row(j) / left(j, j);
  }
  return result;
}

struct SchemeCase {
  const char *format;
  BlockShape block;
  bool asymmetric = false;
  ScaleFormat scale = ScaleFormat::F32;
};

const SchemeCase schemeCases[] = {
    {"int4", {1, 0}},
    {"int4", {1, 32}},
    {"int4", {1, 32}, true},
    {"int4", {1, 32}, true, ScaleFormat::F16},
    {"int3", {0, 0}},
    {"int2", {16, 24}},
    {"int8", {1, 0}},
    {"ternary", {1, 0}},
    {"binary", {1, 16}},
    {"fp8e4m3", {1, 0}},
    {"fp4e2m1", {1, 32}, false, ScaleFormat::E8M0},
    {"fp4e2m1", {1, 16}, false, ScaleFormat::E4M3},
    {"nf4", {1, 64}},
    {"kmeans3", {1, 0}},
};

void setScheme(LayerProblem &layer, const SchemeCase &given) {
  layer.problem.scheme.asymmetric = given.asymmetric;
  layer.problem.scheme.scale = given.scale;
}

TEST(CalibratedRoundingTest, GptqAgreesWithTheReference) {
  double worst = 1;
  for (bool actOrder : {false, true})
    for (const SchemeCase &given : schemeCases) {
      LayerProblem layer(given.format, given.block, 41, 75);
      setScheme(layer, given);
      if (layer.problem.scheme.format.isUnlearned())
        continue;
      RoundingOptions options;
      options.actOrder = actOrder;
      options.blockSize = 20;
      std::vector<float> meanSquares;
      for (int64_t j = 0; j < 75; ++j)
        meanSquares.push_back(layer.moment[j * 75 + j]);
      QuantizedMatrix scales =
          chooseScales(layer.problem.scheme, layer.weight, 41, 75, meanSquares,
                       options.scaleSearch);
      double expected = layer.getError(runReference(layer, options, scales));
      double ratio = layer.getError("gptq", options) / expected;
      // Rounding errors can make a code another, and all after it.
      EXPECT_NEAR(1, ratio, 0.02) << given.format;
      worst = std::max(worst, std::max(ratio, 1 / ratio));
    }
  RecordProperty("worstRatio", std::to_string(worst));
}

TEST(CalibratedRoundingTest, AllAreBetterThanRoundToNearest) {
  for (const SchemeCase &given : schemeCases) {
    LayerProblem layer(given.format, given.block, 50, 97, 7);
    setScheme(layer, given);
    bool isLearned = layer.problem.scheme.format.isUnlearned();
    double nearest = layer.getError(isLearned ? "kmeans" : "rtn");
    SCOPED_TRACE(given.format);
    EXPECT_LT(layer.getError("gptq"), 0.7 * nearest);
    EXPECT_LT(layer.getError("autoround"), 0.8 * nearest);
    // Where codes saturate at the plain scale or scales are powers of two,
    // there may be nothing to clip.
    EXPECT_LE(layer.getError("awq-clip"), 1.0001 * nearest);
  }
}

TEST(CalibratedRoundingTest, GptqChoosesScalesOnTheWay) {
  for (BlockShape block : {BlockShape{1, 32}, {1, 7}, {8, 24}, {1, 200}}) {
    LayerProblem layer("int3", block, 45, 130, 9);
    RoundingOptions options;
    options.actOrder = false;
    options.staticGroups = false;
    options.blockSize = 50;
    EXPECT_LT(layer.getError("gptq", options), 0.7 * layer.getError("rtn"));
  }
  LayerProblem layer("int3", {1, 32}, 8, 64);
  RoundingOptions options;
  options.staticGroups = false;
  EXPECT_EQ(
      "act-order needs static-groups: a block's columns come at different "
      "times",
      llvm::toString(getRoundingAlgorithm("gptq")
                         ->quantize(layer.problem, options)
                         .takeError()));
}

TEST(CalibratedRoundingTest, CopesWithDegenerateMoments) {
  for (const char *algorithm : {"gptq", "autoround", "awq-clip"}) {
    SCOPED_TRACE(algorithm);
    // An input that is always zero, and two that are always equal.
    LayerProblem layer("int4", {1, 16}, 20, 40, 11);
    for (int64_t j = 0; j < 40; ++j) {
      layer.moment[5 * 40 + j] = layer.moment[j * 40 + 5] = 0;
      layer.moment[7 * 40 + j] = layer.moment[6 * 40 + j];
    }
    for (int64_t j = 0; j < 40; ++j)
      layer.moment[j * 40 + 7] = layer.moment[j * 40 + 6];
    RoundingOptions options;
    options.damping = 0;
    EXPECT_LE(layer.getError(algorithm, options), layer.getError("rtn"));
    // No input at all: the nearest codes.
    std::vector<float> zeros(40 * 40);
    layer.problem.secondMoment = zeros;
    options.scaleSearch = ScaleSearch::AbsMax;
    EXPECT_EQ(layer.run("rtn"), layer.run(algorithm, options));
    // One column, one row.
    LayerProblem one("int4", {1, 0}, 1, 1);
    EXPECT_NEAR(one.weight[0], one.run(algorithm)[0], 1e-6);
  }
}

TEST(CalibratedRoundingTest, NeedsTheSecondMoment) {
  LayerProblem layer("int4", {1, 0}, 4, 8);
  layer.problem.secondMoment = {};
  EXPECT_EQ("algorithm 'gptq' needs the second moment of the inputs: calibrate "
            "the model first",
            llvm::toString(
                getRoundingAlgorithm("gptq")->checkProblem(layer.problem)));
}

} // namespace
