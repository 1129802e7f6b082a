//===- NMFormatTest.cpp - Tests of NMFormat.h -----------------------------===//

#include "slim/Numerics/NMFormat.h"

#include "RandomMatrix.h"
#include "slim/Numerics/AxisView.h"
#include "slim/Numerics/Prune.h"

#include "gtest/gtest.h"

#include <vector>

using namespace slim;

namespace {

using Bytes = std::vector<uint8_t>;

std::string messageOf(llvm::Error error) {
  return llvm::toString(std::move(error));
}

TEST(NMFormatTest, EncodesTheNibblesOfThePtxIsa) {
  // One chunk of each legal code: 4, 8, 9, 0xC, 0xD, 0xE, low nibble first.
  Bytes keep = {1, 1, 0, 0, 1, 0, 1, 0, 0, 1, 1, 0,
                1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1};
  NMFormat format{1, 24, 2, 4};
  ASSERT_EQ(3, format.positionBytesPerRow());
  Bytes positions(3);
  ASSERT_FALSE(bool(encodeNMPositions(format, keep, positions)));
  EXPECT_EQ((Bytes{0x84, 0xC9, 0xED}), positions);
  EXPECT_FALSE(bool(verifyNMPositions(format, positions)));
}

TEST(NMFormatTest, FillsUpChunksWithFewerSurvivors) {
  // None, only 0, only 1, only 2, only 3.
  Bytes keep = {0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
  NMFormat format{1, 20, 2, 4};
  Bytes positions(format.positionBytesPerRow());
  ASSERT_EQ(3u, positions.size());
  ASSERT_FALSE(bool(encodeNMPositions(format, keep, positions)));
  EXPECT_EQ((Bytes{0xCE, 0xED, 0x0E}), positions);
  EXPECT_FALSE(bool(verifyNMPositions(format, positions)));
}

TEST(NMFormatTest, PacksAndUnpacksEveryPattern) {
  for (auto [n, m, cols] : {std::tuple<int64_t, int64_t, int64_t>{2, 4, 20},
                            {1, 4, 12},
                            {1, 2, 10},
                            {4, 8, 24},
                            {3, 6, 18},
                            {5, 7, 21},
                            {1, 1, 3},
                            {4, 4, 8},
                            {2, 16, 48}}) {
    int64_t rows = 5;
    NMFormat format{rows, cols, n, m};
    ASSERT_FALSE(bool(format.verify()));
    std::vector<float> dense = slim_test::randomValues(rows * cols, m);
    Bytes keep(dense.size());
    selectNM(dense, AxisView::of({rows, cols}, 1), n, m, keep);
    applyMask<float>(keep, dense);

    Bytes positions(rows * format.positionBytesPerRow());
    ASSERT_FALSE(bool(encodeNMPositions(format, keep, positions)));
    ASSERT_FALSE(bool(verifyNMPositions(format, positions)));
    std::vector<int64_t> columns(rows * format.valuesPerRow());
    decodeNMPositions(format, positions, columns);
    std::vector<float> values(columns.size());
    gatherNM<float>(format, columns, dense, values);
    std::vector<float> back(dense.size(), -1.0f);
    scatterNM<float>(format, columns, values, back);
    EXPECT_EQ(dense, back) << n << ":" << m;
  }
}

TEST(NMFormatTest, CountsBits) {
  EXPECT_EQ(0u, (NMFormat{1, 1, 1, 1}.bitsPerPosition()));
  EXPECT_EQ(1u, (NMFormat{1, 2, 1, 2}.bitsPerPosition()));
  EXPECT_EQ(2u, (NMFormat{1, 4, 2, 4}.bitsPerPosition()));
  EXPECT_EQ(3u, (NMFormat{1, 5, 2, 5}.bitsPerPosition()));
  EXPECT_EQ(4u, (NMFormat{1, 16, 2, 16}.bitsPerPosition()));
  EXPECT_EQ(96, (NMFormat{1, 768, 2, 4}.positionBytesPerRow()));
}

TEST(NMFormatTest, RejectsWhatItCannotStore) {
  EXPECT_EQ("5:4 is not an N:M pattern with 1 <= N <= M <= 256",
            messageOf(NMFormat{1, 4, 5, 4}.verify()));
  EXPECT_EQ("rows of 6 elements are not divisible into chunks of 4",
            messageOf(NMFormat{1, 6, 2, 4}.verify()));

  NMFormat format{2, 8, 2, 4};
  Bytes keep(16, 0), positions(2);
  keep[12] = keep[13] = keep[15] = 1;
  EXPECT_EQ("chunk 1 of row 1 has 3 survivors, more than 2",
            messageOf(encodeNMPositions(format, keep, positions)));
}

TEST(NMFormatTest, RejectsIllegalPositions) {
  NMFormat format{2, 8, 2, 4};
  EXPECT_FALSE(bool(verifyNMPositions(format, Bytes{0x44, 0xE9})));
  // 0 twice; descending.
  EXPECT_EQ("chunk 1 of row 0: positions must be ascending and below 4",
            messageOf(verifyNMPositions(format, Bytes{0x04, 0x44})));
  EXPECT_EQ("chunk 0 of row 1: positions must be ascending and below 4",
            messageOf(verifyNMPositions(format, Bytes{0x44, 0x41})));
  // Three bits hold 7, which is beyond a chunk of 6.
  NMFormat six{1, 6, 1, 6};
  EXPECT_EQ("chunk 0 of row 0: positions must be ascending and below 6",
            messageOf(verifyNMPositions(six, Bytes{0x07})));
}

} // namespace
