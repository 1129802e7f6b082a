//===- ChannelScalesTest.cpp - Tests of ChannelScales.h -------------------===//

#include "slim/Numerics/ChannelScales.h"

#include "LayerProblem.h"

using namespace slim;
using slim_test::LayerProblem;

namespace {

TEST(ChannelScalesTest, SmoothsByBothMagnitudes) {
  std::vector<float> first = {1, -4, 0, 2}, second = {-3, 1, 0, 2};
  std::vector<float> absMax = computeColumnAbsMax({{first, 1}, {second, 1}}, 4);
  EXPECT_EQ((std::vector<float>{3, 4, 0, 2}), absMax);
  EXPECT_EQ((std::vector<float>{2, 1, 1, 1}),
            computeSmoothingScales({12, 4, 9, 0}, absMax, 0.5));
  EXPECT_EQ((std::vector<float>{12, 4, 1, 1}),
            computeSmoothingScales({12, 4, 9, 0}, absMax, 1));
}

TEST(ChannelScalesTest, SearchesForTheStrength) {
  LayerProblem layer("int8", {1, 0}, 48, 96, 5);
  std::vector<float> absMax, diagonal;
  for (int64_t j = 0; j < 96; ++j) {
    diagonal.push_back(layer.moment[j * 97]);
    absMax.push_back(4 * std::sqrt(diagonal[j]));
  }
  auto search = [&](llvm::ArrayRef<float> moment, double share) {
    return searchSmoothingScales({{layer.weight, 48}}, 96, layer.problem.scheme,
                                 {absMax, share, 8}, moment);
  };
  ChannelScaleSearch found = search(layer.moment, 1);
  EXPECT_LT(found.error, 0.7 * found.plainError);
  EXPECT_GT(found.exponent, 0.3);
  // Activations that are easy to quantize leave the weights more.
  EXPECT_LE(search(layer.moment, 0.05).exponent, found.exponent);
  EXPECT_LT(search(diagonal, 1).error, 0.7 * search(diagonal, 1).plainError);
}

TEST(ChannelScalesTest, SearchLowersTheError) {
  for (const char *format : {"int4", "int3", "fp4e2m1", "nf4"})
    for (BlockShape block : {BlockShape{1, 0}, {1, 32}}) {
      LayerProblem layer(format, block, 48, 96, 5),
          other(format, block, 20, 96);
      std::vector<LayerWeight> layers = {{layer.weight, 48},
                                         {other.weight, 20}};
      ChannelScaleSearch found = searchChannelScales(
          layers, 96, layer.problem.scheme, layer.absMean, layer.moment);
      EXPECT_LT(found.error, 0.95 * found.plainError) << format;

      // The errors are those of round to nearest.
      double plain = 0, error = 0;
      for (LayerWeight part : layers) {
        RoundingProblem problem = layer.problem;
        problem.rows = part.rows;
        auto measure = [&](llvm::ArrayRef<float> scales) {
          std::vector<float> values(part.values);
          for (size_t i = 0; i < values.size(); ++i)
            values[i] *= scales[i % 96];
          problem.weight = values;
          llvm::Expected<QuantizedMatrix> matrix =
              getRoundingAlgorithm("rtn")->quantize(problem, {});
          EXPECT_TRUE(bool(matrix));
          std::vector<float> back(values.size()), none(values.size());
          decodeMatrix(problem.scheme, *matrix, back);
          double energy = 0;
          for (size_t i = 0; i < values.size(); ++i)
            back[i] = part.values[i] - back[i] / scales[i % 96];
          for (int64_t row = 0; row < part.rows; ++row)
            for (int64_t i = 0; i < 96; ++i)
              for (int64_t j = 0; j < 96; ++j)
                energy += double(back[row * 96 + i]) * back[row * 96 + j] *
                          layer.moment[i * 96 + j];
          return energy;
        };
        plain += measure(std::vector<float>(96, 1));
        error += measure(found.scales);
      }
      EXPECT_NEAR(plain, found.plainError, 1e-3 * plain);
      EXPECT_NEAR(error, found.error, 1e-3 * error);
    }
}

} // namespace
