//===- TensorDataTest.cpp - Tests of constant tensors ---------------------===//
#include "slim/IR/TensorData.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace slim;

namespace {

class TensorDataTest : public ::testing::Test {
protected:
  MLIRContext context;
  Builder builder{&context};

  RankedTensorType vectorOf(Type elementType, int64_t count) {
    return RankedTensorType::get({count}, elementType);
  }
};

TEST_F(TensorDataTest, ReadsIntegersByValue) {
  auto read = [&](Type type, char byte) {
    return TensorData(vectorOf(type, 1), std::vector<char>{byte}).getInt(0);
  };
  EXPECT_EQ(read(builder.getI8Type(), '\xff'), -1);
  EXPECT_EQ(read(builder.getIntegerType(8, false), '\xff'), 255);
  EXPECT_EQ(read(builder.getI1Type(), 1), 1);
  // The upper half of a sub-byte element's byte says nothing.
  EXPECT_EQ(read(builder.getI4Type(), '\x0f'), -1);
  EXPECT_EQ(read(builder.getI4Type(), '\xf7'), 7);
  EXPECT_EQ(read(builder.getIntegerType(4, false), '\x0f'), 15);
}

TEST_F(TensorDataTest, ReadsEveryHalfAsAPFloatDoes) {
  for (Type type : {Type(builder.getF16Type()), Type(builder.getBF16Type())}) {
    std::vector<char> bytes;
    for (int bits = 0; bits < 65536; ++bits) {
      bytes.push_back(static_cast<char>(bits & 0xff));
      bytes.push_back(static_cast<char>(bits >> 8));
    }
    TensorData data(vectorOf(type, 65536), bytes);
    for (int bits = 0; bits < 65536; ++bits) {
      double expected =
          APFloat(cast<FloatType>(type).getFloatSemantics(), APInt(16, bits))
              .convertToDouble();
      double actual = data.getDouble(bits);
      if (std::isnan(expected))
        EXPECT_TRUE(std::isnan(actual)) << bits;
      else
        EXPECT_EQ(actual, expected) << bits;
    }
  }
}

TEST_F(TensorDataTest, RoundsToNearestEven) {
  auto round = [&](Type type, double value) {
    return TensorData::fromDoubles(vectorOf(type, 1), {value}).getDouble(0);
  };
  EXPECT_EQ(round(builder.getF16Type(), 2049), 2048);
  EXPECT_EQ(round(builder.getF16Type(), 2051), 2052);
  EXPECT_EQ(round(builder.getBF16Type(), 257), 256);
  EXPECT_EQ(round(builder.getBF16Type(), 259), 260);
  EXPECT_TRUE(std::isinf(round(builder.getF16Type(), 65520)));
  EXPECT_EQ(round(Float8E4M3FNType::get(&context), 17), 16);
  EXPECT_EQ(round(Float8E4M3FNType::get(&context), 19), 20);
}

TEST_F(TensorDataTest, RoundsFloatsAsDoubles) {
  // One float of every exponent and some mantissas, both signs.
  std::vector<float> floats;
  for (uint32_t bits = 0; bits < 0x7f800000; bits += 0x01234)
    for (uint32_t sign : {0u, 0x80000000u})
      floats.push_back(llvm::bit_cast<float>(bits | sign));
  std::vector<double> doubles(floats.begin(), floats.end());
  for (Type element :
       {Type(builder.getBF16Type()), Type(builder.getF16Type())}) {
    RankedTensorType type = vectorOf(element, floats.size());
    TensorData fromFloats = TensorData::fromFloats(type, floats);
    TensorData fromDoubles = TensorData::fromDoubles(type, doubles);
    EXPECT_EQ(fromFloats.getBytes(), fromDoubles.getBytes());
  }
}

TEST_F(TensorDataTest, CutsIntegers) {
  RankedTensorType type = vectorOf(builder.getI4Type(), 2);
  TensorData data = TensorData::fromInts(type, {-1, 9});
  EXPECT_EQ(data.toInts(), (std::vector<int64_t>{-1, -7}));
}

TEST_F(TensorDataTest, FloatsSaturateAsIntegers) {
  RankedTensorType type = vectorOf(builder.getF64Type(), 4);
  TensorData data = TensorData::fromDoubles(type, {1e300, -1e300, NAN, -2.9});
  EXPECT_EQ(data.toInts(), (std::vector<int64_t>{INT64_MAX, INT64_MIN, 0, -2}));
}

TEST_F(TensorDataTest, ConvertsAttributesBothWays) {
  for (Type element :
       {Type(builder.getI1Type()), Type(builder.getI4Type()),
        Type(builder.getI64Type()), Type(builder.getIntegerType(16, false))}) {
    TensorData data =
        TensorData::fromInts(vectorOf(element, 5), {1, 0, 1, 1, 0});
    DenseElementsAttr attr = data.toAttr();
    EXPECT_EQ(attr.getType(), data.getType());
    std::optional<TensorData> back = TensorData::fromAttr(attr);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->toInts(), data.toInts());
  }
}

TEST_F(TensorDataTest, MakesAndReadsSplats) {
  RankedTensorType type = vectorOf(builder.getF32Type(), 3);
  DenseElementsAttr attr = TensorData::fromFloats(type, {2, 2, 2}).toAttr();
  EXPECT_TRUE(attr.isSplat());
  EXPECT_EQ(attr, DenseElementsAttr::get(type, 2.0f));
  EXPECT_EQ(TensorData::fromAttr(attr)->toFloats(),
            (std::vector<float>{2, 2, 2}));
}

TEST_F(TensorDataTest, HoldsNothing) {
  RankedTensorType type = vectorOf(builder.getF32Type(), 0);
  TensorData data = TensorData::fromFloats(type, {});
  EXPECT_EQ(data.toAttr().getNumElements(), 0);
  EXPECT_TRUE(TensorData::fromAttr(data.toAttr())->toFloats().empty());
}

TEST_F(TensorDataTest, KeepsItsOwnerAlive) {
  std::weak_ptr<const void> owner;
  TensorData copy;
  {
    TensorData data =
        TensorData::fromInts(vectorOf(builder.getI8Type(), 1), {5});
    owner = data.getOwner();
    copy = data;
  }
  EXPECT_FALSE(owner.expired());
  EXPECT_EQ(copy.getInt(0), 5);
}

} // namespace
