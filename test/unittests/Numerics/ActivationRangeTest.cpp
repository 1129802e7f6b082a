//===- ActivationRangeTest.cpp - Ranges from histograms -------------------===//

#include "slim/Numerics/ActivationRange.h"
#include "gtest/gtest.h"
#include <cmath>
#include <random>
#include <vector>

using namespace slim;

namespace {

/// The histogram of `values` over their own range.
struct Sample {
  std::vector<float> values;
  std::vector<uint64_t> counts;
  HistogramView view;

  explicit Sample(std::vector<float> all, size_t bins = 2048)
      : values(std::move(all)), counts(bins, 0) {
    auto [min, max] = std::minmax_element(values.begin(), values.end());
    view.range = {*min, *max};
    for (float value : values) {
      auto bin = size_t((value - *min) / (*max - *min) * bins);
      ++counts[std::min(bin, bins - 1)];
    }
    view.counts = counts;
  }

  /// The mean squared error of the values themselves.
  double measure(ValueRange range) const {
    AffineScale scale = getAffineScale(range, 256);
    double sum = 0;
    for (float value : values) {
      double code = std::nearbyint(
          std::clamp(value / scale.scale + scale.zero, 0.f, 255.f));
      double error = (code - scale.zero) * scale.scale - value;
      sum += error * error;
    }
    return sum / values.size();
  }
};

Sample makeNormal(double outlier) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  std::vector<float> values(100000);
  for (float &value : values)
    value = normal(random);
  if (outlier != 0)
    values.front() = outlier;
  return Sample(std::move(values));
}

ValueRange estimate(llvm::StringRef name, const Sample &sample,
                    RangeOptions options = {}) {
  return getRangeEstimator(name)->estimate(sample.view, options);
}

TEST(ActivationRangeTest, ScalesContainZero) {
  AffineScale positive = getAffineScale({2, 6}, 256);
  EXPECT_EQ(positive.zero, 0);
  EXPECT_FLOAT_EQ(positive.scale, 6.0f / 255);
  AffineScale negative = getAffineScale({-3, -1}, 256);
  EXPECT_EQ(negative.zero, 255);
  EXPECT_FLOAT_EQ(negative.scale, 3.0f / 255);
  AffineScale both = getAffineScale({-1, 3}, 256);
  EXPECT_EQ(both.zero, 64);
}

TEST(ActivationRangeTest, DegenerateRanges) {
  AffineScale zero = getAffineScale({0, 0}, 256);
  EXPECT_EQ(zero.scale, 1);
  EXPECT_EQ(zero.zero, 0);
  AffineScale tiny = getAffineScale({0, 1e-40f}, 256);
  EXPECT_GE(tiny.scale, std::numeric_limits<float>::min());
}

TEST(ActivationRangeTest, MinMaxNeedsNoCounts) {
  const RangeEstimator *estimator = getRangeEstimator("minmax");
  ASSERT_FALSE(estimator->needsCounts());
  ValueRange range = estimator->estimate({{}, {1, 5}}, {});
  EXPECT_EQ(range.min, 0);
  EXPECT_EQ(range.max, 5);
}

TEST(ActivationRangeTest, PercentileLeavesTheShareOutside) {
  Sample sample = makeNormal(0);
  RangeOptions options;
  options.percentile = 99;
  ValueRange range = estimate("percentile", sample, options);
  // The 99th percentile of a normal distribution is 2.326.
  EXPECT_NEAR(range.max, 2.326, 0.04);
  EXPECT_NEAR(range.min, -2.326, 0.04);
}

TEST(ActivationRangeTest, SearchesDropAnOutlier) {
  Sample sample = makeNormal(40);
  for (llvm::StringRef name : {"mse", "entropy"}) {
    ValueRange range = estimate(name, sample);
    EXPECT_LT(range.max, 38) << name.str();
    EXPECT_GT(range.max, 2.5) << name.str();
    EXPECT_LT(range.min, -2.5) << name.str();
  }
}

// Behind a ReLU most numbers are zero, which has a code in every range.
TEST(ActivationRangeTest, ZerosDoNotNarrowRanges) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal(-1, 2);
  std::vector<float> values(100000);
  for (float &value : values)
    value = std::clamp(normal(random), 0.f, 6.f);
  Sample sample(std::move(values));
  for (llvm::StringRef name : {"mse", "entropy"})
    EXPECT_GT(estimate(name, sample).max, 4.5) << name.str();
}

// Measured on the values, not on the bins that the search saw.
TEST(ActivationRangeTest, MeanSquaredErrorIsLeastOfAll) {
  for (double outlier : {0.0, 10.0, 40.0}) {
    Sample sample = makeNormal(outlier);
    double least = sample.measure(estimate("mse", sample));
    for (llvm::StringRef name : {"minmax", "percentile", "entropy"})
      EXPECT_LE(least, sample.measure(estimate(name, sample)) * 1.02)
          << name.str() << " with " << outlier;
    for (float end = 1; end < 12; end += 0.25)
      EXPECT_LE(least, sample.measure({-end, end}) * 1.02) << end;
  }
}

TEST(ActivationRangeTest, ErrorIsThatOfTheValues) {
  Sample sample = makeNormal(0);
  ValueRange range = {-3, 3};
  double square = 0;
  for (float value : sample.values)
    square += value * value;
  square /= sample.values.size();
  EXPECT_NEAR(relativeRangeError(sample.view, getAffineScale(range, 256), 256),
              sample.measure(range) / square,
              0.1 * sample.measure(range) / square);
}

TEST(ActivationRangeTest, UnknownNames) {
  EXPECT_EQ(getRangeEstimator("none"), nullptr);
  EXPECT_EQ(getRangeEstimatorNames().size(), 4u);
}

} // namespace
