//===- PackedBitsTest.cpp - Tests of packed elements ----------------------===//
#include "slim/IR/PackedBits.h"
#include "slim/IR/SlimOps.h"
#include "gtest/gtest.h"

using namespace slim;

namespace {

TEST(PackedBitsTest, PutsRunsSideBySide) {
  MLIRContext context;
  auto nibble = IntegerType::get(&context, 4, IntegerType::Unsigned);
  TensorData packed = packRows(TensorData::fromInts(
      RankedTensorType::get({2, 5}, nibble), {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
  EXPECT_EQ(packed.getType().getShape(), (ArrayRef<int64_t>{2, 3}));
  EXPECT_EQ(packed.toInts(),
            (std::vector<int64_t>{0x41, 0x52, 0x03, 0x96, 0xa7, 0x08}));
}

TEST(PackedBitsTest, PutsTheBitsThatAreLeftBehind) {
  MLIRContext context;
  auto code = IntegerType::get(&context, 3, IntegerType::Unsigned);
  // The lower two bits of four elements each, then the upper ones of eight.
  TensorData packed = packRows(TensorData::fromInts(
      RankedTensorType::get({8}, code), {7, 0, 5, 2, 1, 6, 3, 4}));
  EXPECT_EQ(packed.toInts(),
            (std::vector<int64_t>{3 | 1 << 2 | 1 << 4 | 3 << 6,
                                  0 | 2 << 2 | 2 << 4 | 0 << 6, 0b10100101}));
}

TEST(PackedBitsTest, GivesBackWhatWasPacked) {
  MLIRContext context;
  for (unsigned width = 1; width < 8; ++width)
    for (int64_t extent : {0, 1, 2, 3, 7, 8, 9, 16, 31, 100}) {
      auto type = RankedTensorType::get(
          {3, extent},
          IntegerType::get(&context, width, IntegerType::Unsigned));
      std::vector<int64_t> codes;
      for (int64_t i = 0; i < 3 * extent; ++i)
        codes.push_back(i * 37 % (1 << width));
      TensorData data = TensorData::fromInts(type, codes);
      TensorData packed = packRows(data);
      EXPECT_EQ(unpackRows(packed, type).toInts(), codes);
      // No more than a byte for each run of elements.
      EXPECT_LE(packed.getNumElements() * 8,
                3 * (extent * width + 7 * int64_t(width)));
    }
}

} // namespace
