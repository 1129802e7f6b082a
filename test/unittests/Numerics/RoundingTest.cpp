//===- RoundingTest.cpp - Tests of Rounding.h -----------------------------===//

#include "slim/Numerics/Rounding.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/bit.h"

#include "gtest/gtest.h"

#include <cmath>
#include <limits>
#include <vector>

using namespace slim;

namespace {

struct NamedFormat {
  const char *name;
  FloatFormat format;
  const llvm::fltSemantics &semantics;
};

/// Every format beside LLVM's independent definition of it.
std::vector<NamedFormat> allFormats() {
  return {
      {"f16", FloatFormat::float16(), llvm::APFloat::IEEEhalf()},
      {"bf16", FloatFormat::bfloat16(), llvm::APFloat::BFloat()},
      {"f8E5M2", FloatFormat::float8E5M2(), llvm::APFloat::Float8E5M2()},
      {"f8E4M3FN", FloatFormat::float8E4M3FN(), llvm::APFloat::Float8E4M3FN()},
      {"f4E2M1FN", FloatFormat::float4E2M1FN(), llvm::APFloat::Float4E2M1FN()},
  };
}

uint32_t encodeByApFloat(float value, const llvm::fltSemantics &semantics) {
  llvm::APFloat number(value);
  bool losesInfo;
  number.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return number.bitcastToAPInt().getZExtValue();
}

float decodeByApFloat(uint32_t code, const FloatFormat &format,
                      const llvm::fltSemantics &semantics) {
  llvm::APFloat number(semantics, llvm::APInt(format.width(), code));
  bool losesInfo;
  number.convert(llvm::APFloat::IEEEsingle(),
                 llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return number.convertToFloat();
}

uint32_t bitsOf(float value) { return llvm::bit_cast<uint32_t>(value); }

TEST(RoundingTest, DecodesEveryCodeAsApFloat) {
  for (const NamedFormat &entry : allFormats()) {
    for (uint32_t code = 0; code < 1u << entry.format.width(); ++code) {
      float expected = decodeByApFloat(code, entry.format, entry.semantics);
      float actual = decodeFloat(code, entry.format);
      if (std::isnan(expected))
        ASSERT_TRUE(std::isnan(actual)) << entry.name << " code " << code;
      else
        ASSERT_EQ(bitsOf(expected), bitsOf(actual))
            << entry.name << " code " << code;
    }
  }
}

TEST(RoundingTest, EncodesEveryValueAndEveryBoundaryAsApFloat) {
  float infinity = std::numeric_limits<float>::infinity();
  for (const NamedFormat &entry : allFormats()) {
    const FloatFormat &format = entry.format;
    auto check = [&](float value) {
      ASSERT_EQ(encodeByApFloat(value, entry.semantics),
                encodeFloat(value, format))
          << entry.name << " value " << value;
    };
    for (uint32_t code = 0; code < 1u << format.width(); ++code) {
      float value = decodeFloat(code, format);
      if (!std::isfinite(value))
        continue;
      // Exact values return to their code, and the middle between neighbours,
      // where the tie is decided, and its neighbours in fp32 agree.
      ASSERT_EQ(code, encodeFloat(value, format)) << entry.name;
      if ((code & format.maxFiniteCode()) == format.maxFiniteCode())
        continue;
      float next = decodeFloat(code + 1, format);
      if (!std::isfinite(next))
        continue;
      float middle = float((double(value) + double(next)) / 2);
      check(middle);
      check(std::nextafterf(middle, infinity));
      check(std::nextafterf(middle, -infinity));
    }
  }
}

TEST(RoundingTest, OverflowsAsApFloatOrSaturates) {
  for (const NamedFormat &entry : allFormats()) {
    const FloatFormat &format = entry.format;
    float largest = format.maxFinite();
    float previous = decodeFloat(format.maxFiniteCode() - 1, format);
    // Up to half a spacing above the largest value is still rounded down.
    float edge = float(double(largest) + (double(largest) - previous) / 2);
    for (float value : {largest, edge, std::nextafterf(edge, 0.0f),
                        std::nextafterf(edge, 1e30f), 3.402e38f}) {
      for (float sign : {1.0f, -1.0f}) {
        ASSERT_EQ(encodeByApFloat(sign * value, entry.semantics),
                  encodeFloat(sign * value, format))
            << entry.name << " value " << sign * value;
        uint32_t code = encodeFloat(sign * value, format, Overflow::Saturate);
        ASSERT_EQ(sign * largest, decodeFloat(code, format)) << entry.name;
      }
    }
    float infinity = std::numeric_limits<float>::infinity();
    EXPECT_EQ(-largest,
              decodeFloat(encodeFloat(-infinity, format, Overflow::Saturate),
                          format));
  }
}

TEST(RoundingTest, KeepsNanAndSignOfZero) {
  float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(0x7e00u, encodeFloat(nan, FloatFormat::float16()));
  EXPECT_EQ(0xfe00u, encodeFloat(-nan, FloatFormat::float16()));
  EXPECT_EQ(0x7fc0u, encodeFloat(nan, FloatFormat::bfloat16()));
  EXPECT_EQ(0x7eu, encodeFloat(nan, FloatFormat::float8E5M2()));
  EXPECT_EQ(0x7fu, encodeFloat(nan, FloatFormat::float8E4M3FN()));
  EXPECT_EQ(0x0u, encodeFloat(nan, FloatFormat::float4E2M1FN()));
  EXPECT_EQ(0x8000u, encodeFloat(-0.0f, FloatFormat::float16()));
  EXPECT_EQ(0x80u, encodeFloat(-1e-30f, FloatFormat::float8E4M3FN()));
}

TEST(RoundingTest, MatchesMlDtypes) {
  // The codes that ml_dtypes 0.5 and NumPy give for the same numbers.
  std::vector<float> values = {0.3f,     -1.7f,    447.9f,   464.0f,
                               465.0f,   1e-3f,    0x1p-10f, 57344.0f,
                               61439.0f, 61440.0f, 65519.0f, 65520.0f};
  std::vector<uint8_t> e4m3(values.size()), e5m2(values.size());
  encodeFloats(values, FloatFormat::float8E4M3FN(), e4m3);
  encodeFloats(values, FloatFormat::float8E5M2(), e5m2);
  EXPECT_EQ((std::vector<uint8_t>{0x2a, 0xbe, 0x7e, 0x7e, 0x7f, 0x01, 0x00,
                                  0x7f, 0x7f, 0x7f, 0x7f, 0x7f}),
            e4m3);
  EXPECT_EQ((std::vector<uint8_t>{0x35, 0xbf, 0x5f, 0x5f, 0x5f, 0x14, 0x14,
                                  0x7b, 0x7b, 0x7c, 0x7c, 0x7c}),
            e5m2);
  std::vector<uint16_t> half(values.size()), brain(values.size());
  encodeFloats(values, FloatFormat::float16(), half);
  encodeFloats(values, FloatFormat::bfloat16(), brain);
  EXPECT_EQ(
      (std::vector<uint16_t>{0x34cd, 0xbecd, 0x5f00, 0x5f40, 0x5f44, 0x1419,
                             0x1400, 0x7b00, 0x7b80, 0x7b80, 0x7bff, 0x7c00}),
      half);
  EXPECT_EQ(
      (std::vector<uint16_t>{0x3e9a, 0xbfda, 0x43e0, 0x43e8, 0x43e8, 0x3a83,
                             0x3a80, 0x4760, 0x4770, 0x4770, 0x4780, 0x4780}),
      brain);

  std::vector<float> decoded(values.size());
  decodeFloats(e5m2, FloatFormat::float8E5M2(), decoded);
  EXPECT_EQ(0.3125f, decoded[0]);
  decodeFloats(half, FloatFormat::float16(), decoded);
  EXPECT_EQ(65504.0f, decoded[10]);
}

TEST(RoundingTest, RoundsHalfToEven) {
  for (int i = -1000; i <= 1000; ++i) {
    double value = i / 4.0;
    EXPECT_EQ(std::nearbyint(value), roundHalfEven(value)) << value;
  }
  EXPECT_EQ(2147483648.0, roundHalfEven(2147483647.5));
  EXPECT_EQ(2147483646.0, roundHalfEven(2147483646.5));
}

TEST(RoundingTest, SaturatesToIntegerRanges) {
  IntegerRange i8 = IntegerRange::ofSigned(8);
  IntegerRange u8 = IntegerRange::ofUnsigned(8);
  IntegerRange i32 = IntegerRange::ofSigned(32);
  float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(0, roundSaturate(0.5, i8));
  EXPECT_EQ(2, roundSaturate(1.5, i8));
  EXPECT_EQ(-2, roundSaturate(-2.5, i8));
  EXPECT_EQ(127, roundSaturate(127.5, i8));
  EXPECT_EQ(-128, roundSaturate(-128.5, i8));
  EXPECT_EQ(-128, roundSaturate(-infinity, i8));
  EXPECT_EQ(127, roundSaturate(infinity, i8));
  EXPECT_EQ(0, roundSaturate(std::nan(""), i8));
  EXPECT_EQ(0, roundSaturate(-3.0, u8));
  EXPECT_EQ(255, roundSaturate(254.5000001, u8));
  EXPECT_EQ(254, roundSaturate(254.5, u8));
  EXPECT_EQ(2147483647, roundSaturate(1e20, i32));
  EXPECT_EQ(-2147483648LL, roundSaturate(-1e20, i32));
  EXPECT_EQ(-7, IntegerRange::ofSymmetric(4).min);
  EXPECT_EQ(7, IntegerRange::ofSymmetric(4).max);
}

} // namespace
