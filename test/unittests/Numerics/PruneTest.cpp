//===- PruneTest.cpp - Tests of Prune.h -----------------------------------===//

#include "slim/Numerics/Prune.h"

#include "RandomMatrix.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

using namespace slim;

namespace {

using Mask = std::vector<uint8_t>;

TEST(PruneTest, RemovesExactlyTheSmallest) {
  for (int64_t size : {1, 7, 64, 1001}) {
    std::vector<float> values = slim_test::randomValues(size, size);
    for (double sparsity : {0.0, 0.1, 0.5, 0.77, 1.0}) {
      Mask keep(size);
      int64_t removed = selectUnstructured(values, sparsity, keep);
      EXPECT_EQ(std::llround(sparsity * size), removed);
      EXPECT_EQ(removed, std::count(keep.begin(), keep.end(), 0));

      // Independently: sort all by magnitude, then index.
      std::vector<int64_t> order(size);
      std::iota(order.begin(), order.end(), 0);
      std::sort(order.begin(), order.end(), [&](auto l, auto r) {
        float left = std::fabs(values[l]), right = std::fabs(values[r]);
        return left != right ? left > right : l < r;
      });
      Mask expected(size, 0);
      for (int64_t i = 0; i < size - removed; ++i)
        expected[order[i]] = 1;
      EXPECT_EQ(expected, keep);
    }
  }
}

TEST(PruneTest, BreaksTiesByPosition) {
  std::vector<float> values = {1, -1, 1, 2, -1, 0};
  Mask keep(6);
  EXPECT_EQ(3, selectUnstructured(values, 0.5, keep));
  EXPECT_EQ((Mask{1, 1, 0, 1, 0, 0}), keep);
  std::vector<float> equal(5, 0.5f);
  keep.resize(5);
  EXPECT_EQ(2, selectUnstructured(equal, 0.4, keep));
  EXPECT_EQ((Mask{1, 1, 1, 0, 0}), keep);
}

TEST(PruneTest, TreatsNanAsLargest) {
  std::vector<float> values = {std::nanf(""), INFINITY, 1, -0.0f};
  Mask keep(4);
  EXPECT_EQ(3, selectUnstructured(values, 0.75, keep));
  EXPECT_EQ((Mask{1, 0, 0, 0}), keep);
}

TEST(PruneTest, SelectsTwoOfFour) {
  std::vector<float> values = {1, -3, 2, 0,  /**/ 1, 1, 1, 1,
                               0, 0,  0, -5, /**/ 4, 3, 2, 1};
  Mask keep(16);
  EXPECT_EQ(8, selectNM(values, AxisView::of({2, 8}, 1), 2, 4, keep));
  EXPECT_EQ((Mask{0, 1, 1, 0, 1, 1, 0, 0, 1, 0, 0, 1, 1, 1, 0, 0}), keep);
}

TEST(PruneTest, SelectsAlongOtherAxesAndShortTails) {
  // 6 x 3, chunks of 4 along the first axis: 4 rows and a tail of 2.
  std::vector<int64_t> shape = {6, 3};
  std::vector<float> values = slim_test::randomValues(18, 3);
  Mask keep(18);
  EXPECT_EQ(6, selectNM(values, AxisView::of(shape, 0), 2, 4, keep));
  for (int64_t col = 0; col < 3; ++col) {
    int64_t kept = 0;
    float smallestKept = INFINITY, largestRemoved = 0;
    for (int64_t row = 0; row < 4; ++row) {
      float magnitude = std::fabs(values[row * 3 + col]);
      if (keep[row * 3 + col]) {
        ++kept;
        smallestKept = std::min(smallestKept, magnitude);
      } else {
        largestRemoved = std::max(largestRemoved, magnitude);
      }
    }
    EXPECT_EQ(2, kept);
    EXPECT_GE(smallestKept, largestRemoved);
    EXPECT_TRUE(keep[4 * 3 + col] && keep[5 * 3 + col]);
  }
}

TEST(PruneTest, MaximizesTheKeptMagnitudeByBruteForce) {
  std::vector<float> values = slim_test::randomValues(7 * 24, 4);
  for (auto [n, m] : {std::pair<int64_t, int64_t>{1, 4},
                      {2, 4},
                      {4, 8},
                      {3, 6},
                      {1, 2},
                      {8, 8}}) {
    Mask keep(values.size());
    selectNM(values, AxisView::of({7, 24}, 1), n, m, keep);
    for (int64_t begin = 0; begin < 7 * 24; begin += m) {
      double kept = 0, best = 0;
      for (int64_t bits = 0; bits < 1 << m; ++bits) {
        if (__builtin_popcountll(bits) != n)
          continue;
        double sum = 0;
        for (int64_t i = 0; i < m; ++i)
          if (bits >> i & 1)
            sum += std::fabs(values[begin + i]);
        best = std::max(best, sum);
      }
      for (int64_t i = 0; i < m; ++i)
        if (keep[begin + i])
          kept += std::fabs(values[begin + i]);
      ASSERT_DOUBLE_EQ(best, kept) << n << ":" << m;
    }
  }
}

TEST(PruneTest, AppliesMasksToAnyStorage) {
  Mask keep = {1, 0, 1};
  std::vector<float> floats = {1, -2, 3};
  std::vector<int8_t> codes = {5, -6, 7};
  applyMask<float>(keep, floats);
  applyMask<int8_t>(keep, codes);
  EXPECT_EQ((std::vector<float>{1, 0, 3}), floats);
  EXPECT_FALSE(std::signbit(floats[1]));
  EXPECT_EQ((std::vector<int8_t>{5, 0, 7}), codes);
}

} // namespace
