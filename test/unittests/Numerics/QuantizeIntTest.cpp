//===- QuantizeIntTest.cpp - Tests of QuantizeInt.h -----------------------===//

#include "slim/Numerics/QuantizeInt.h"

#include "RandomMatrix.h"
#include "slim/Numerics/Statistics.h"

#include "gtest/gtest.h"

#include <cmath>
#include <limits>
#include <vector>

using namespace slim;

namespace {

TEST(QuantizeIntTest, FoldsShapesAroundAnAxis) {
  AxisView view = AxisView::of({2, 3, 4, 5}, 1);
  EXPECT_EQ(2, view.outer);
  EXPECT_EQ(3, view.extent);
  EXPECT_EQ(20, view.inner);
  EXPECT_EQ(120, view.size());
  EXPECT_EQ((1 * 3 + 2) * 20 + 7, view.index(1, 2, 7));
  EXPECT_EQ(1, AxisView::of({7}, 0).inner);
}

TEST(QuantizeIntTest, MatchesNumpyByHand) {
  // np.rint(w / s) with s = (abs(w).max(1) / 127).astype(float32).
  std::vector<float> values = {0.1f, -0.2f, 0.3f, 1.5f,   2.5f,  -3.5f,
                               0,    0,     0,    -0.05f, 1e-3f, 127.0f};
  AxisView rows = AxisView::of({4, 3}, 0);
  std::vector<float> scales(4);
  ASSERT_FALSE(bool(computeSymmetricScales(values, rows, 8, scales)));
  EXPECT_EQ((std::vector<float>{0x1.359e7p-9f, 0x1.c3870ep-6f, 1.0f, 1.0f}),
            scales);
  std::vector<int8_t> codes(12);
  quantizeSymmetric(values, rows, scales, 8, codes);
  EXPECT_EQ(
      (std::vector<int8_t>{42, -85, 127, 54, 91, -127, 0, 0, 0, 0, 0, 127}),
      codes);
  std::vector<float> back(12);
  dequantizeSymmetric(codes, rows, scales, back);
  EXPECT_EQ(42 * 0x1.359e7p-9f, back[0]);
  EXPECT_EQ(127.0f, back[11]);
}

TEST(QuantizeIntTest, AgreesWithPlainLoopsOnEveryAxis) {
  std::vector<int64_t> shape = {3, 5, 7};
  std::vector<float> values = slim_test::randomValues(3 * 5 * 7, 1);
  for (int64_t axis = 0; axis < 3; ++axis) {
    for (unsigned bits : {8u, 4u, 2u}) {
      AxisView view = AxisView::of(shape, axis);
      std::vector<float> scales(shape[axis]);
      ASSERT_FALSE(bool(computeSymmetricScales(values, view, bits, scales)));
      std::vector<int8_t> codes(values.size());
      quantizeSymmetric(values, view, scales, bits, codes);
      std::vector<float> back(values.size());
      dequantizeSymmetric(codes, view, scales, back);

      float top = float((1 << (bits - 1)) - 1);
      std::vector<float> absMax(shape[axis], 0.0f);
      auto channelOf = [&](int64_t i) {
        int64_t indices[3] = {i / 35, i / 7 % 5, i % 7};
        return indices[axis];
      };
      for (int64_t i = 0; i < 105; ++i)
        absMax[channelOf(i)] =
            std::fmax(absMax[channelOf(i)], std::fabs(values[i]));
      for (int64_t i = 0; i < 105; ++i) {
        float scale = absMax[channelOf(i)] / top;
        ASSERT_EQ(scale, scales[channelOf(i)]);
        ASSERT_EQ(std::nearbyint(values[i] / scale), codes[i]);
        ASSERT_LE(std::fabs(back[i] - values[i]), 0.500001f * scale);
      }
    }
  }
}

TEST(QuantizeIntTest, NeverUsesTheMostNegativeCode) {
  std::vector<float> values = {-1.0f, 1.0f, -0.3f};
  std::vector<float> scales = {0.005f}; // too small on purpose
  std::vector<int8_t> codes(3);
  quantizeSymmetric(values, AxisView::of({1, 3}, 0), scales, 8, codes);
  EXPECT_EQ((std::vector<int8_t>{-127, 127, -60}), codes);
}

TEST(QuantizeIntTest, KeepsTinyChannelsFinite) {
  std::vector<float> values = {1e-44f, 0, 1e-37f, -1e-37f};
  std::vector<float> scales(2);
  AxisView view = AxisView::of({2, 2}, 0);
  ASSERT_FALSE(bool(computeSymmetricScales(values, view, 8, scales)));
  EXPECT_EQ(std::numeric_limits<float>::min(), scales[0]);
  EXPECT_EQ(std::numeric_limits<float>::min(), scales[1]);
  std::vector<int8_t> codes(4);
  quantizeSymmetric(values, view, scales, 8, codes);
  EXPECT_EQ((std::vector<int8_t>{0, 0, 9, -9}), codes);
}

TEST(QuantizeIntTest, RejectsSpecialValues) {
  std::vector<float> values = {0, 1, 2, std::nanf("")};
  std::vector<float> scales(2);
  llvm::Error error =
      computeSymmetricScales(values, AxisView::of({2, 2}, 0), 8, scales);
  EXPECT_EQ("channel 1 has an infinite or NaN value",
            llvm::toString(std::move(error)));
}

TEST(QuantizeIntTest, HasTheExpectedErrorOnNormalWeights) {
  // A uniform error of variance scale^2 / 12 predicts the relative error.
  std::vector<float> values = slim_test::randomValues(64 * 512, 2);
  AxisView view = AxisView::of({64, 512}, 0);
  std::vector<float> scales(64), back(values.size());
  std::vector<int8_t> codes(values.size());
  ASSERT_FALSE(bool(computeSymmetricScales(values, view, 8, scales)));
  quantizeSymmetric(values, view, scales, 8, codes);
  dequantizeSymmetric(codes, view, scales, back);
  double expected = 0, energy = 0;
  for (float scale : scales)
    expected += 512 * double(scale) * scale / 12;
  for (float value : values)
    energy += double(value) * value;
  double relative = measureError(values, back).relativeFrobenius;
  EXPECT_NEAR(std::sqrt(expected / energy), relative, 0.02 * relative);
}

} // namespace
