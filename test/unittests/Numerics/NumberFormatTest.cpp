//===- NumberFormatTest.cpp - Tests of NumberFormat.h ---------------------===//

#include "slim/Numerics/NumberFormat.h"

#include "RandomMatrix.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace slim;

namespace {

TEST(NumberFormatTest, KnowsItsFormats) {
  llvm::SmallVector<std::string> names = getNumberFormatNames();
  for (const char *name :
       {"int8", "int4", "int3", "int2", "ternary", "binary", "fp8e4m3",
        "fp8e5m2", "fp4e2m1", "nf4", "kmeans2", "kmeans8"}) {
    std::optional<NumberFormat> format = getNumberFormat(name);
    ASSERT_TRUE(format) << name;
    EXPECT_EQ(name, format->getName());
    EXPECT_NE(names.end(), std::find(names.begin(), names.end(), name));
  }
  EXPECT_FALSE(getNumberFormat("int5"));
}

TEST(NumberFormatTest, HasBitsAndMagnitudes) {
  auto check = [](const char *name, unsigned bits, float magnitude) {
    NumberFormat format = *getNumberFormat(name);
    EXPECT_EQ(bits, format.getBits()) << name;
    EXPECT_EQ(magnitude, format.getMaxMagnitude()) << name;
  };
  check("int8", 8, 127);
  check("int4", 4, 7);
  check("int3", 3, 3);
  check("int2", 2, 1);
  check("ternary", 2, 1);
  check("binary", 1, 1);
  check("fp8e4m3", 8, 448);
  check("fp8e5m2", 8, 57344);
  check("fp4e2m1", 4, 6);
  check("nf4", 4, 1);
  check("kmeans5", 5, 1);
}

/// The code of least distance, of two the even one, by looking at all.
int32_t encodeBySearch(const NumberFormat &format, float value) {
  int32_t first = 0, last = (1 << format.getBits()) - 1;
  if (format.getKind() == NumberFormat::Kind::Integer) {
    first = int32_t(format.getRange().min);
    last = int32_t(format.getRange().max);
  }
  if (format.getKind() == NumberFormat::Kind::Codebook)
    last = int32_t(format.getCodebook().size()) - 1;
  int32_t best = first;
  double bestDistance = INFINITY;
  for (int32_t code = first; code <= last; ++code) {
    double number = format.decode(code);
    if (!std::isfinite(number) ||
        (number == 0 && std::signbit(number) != std::signbit(value) &&
         format.getKind() == NumberFormat::Kind::Float))
      continue;
    double distance = std::fabs(number - value);
    if (distance < bestDistance ||
        (distance == bestDistance && code % 2 == 0)) {
      best = code;
      bestDistance = distance;
    }
  }
  return best;
}

TEST(NumberFormatTest, EncodesToTheNearestCode) {
  for (const std::string &name : getNumberFormatNames()) {
    NumberFormat format = *getNumberFormat(name);
    if (format.isUnlearned())
      format = format.withCodebook({-0.9f, -0.25f, 0.125f, 2.0f});
    std::vector<float> values = slim_test::randomValues(2000, 1);
    for (size_t i = 0; i < values.size(); ++i)
      values[i] *= std::ldexp(format.getMaxMagnitude(), -int(i % 12));
    // Numbers themselves, what lies between two, and what is too large.
    unsigned count = 1u << format.getBits();
    if (format.getKind() == NumberFormat::Kind::Codebook)
      count = format.getCodebook().size();
    for (unsigned byte = 0; byte < count; ++byte) {
      int32_t code = int32_t(byte);
      if (format.getKind() == NumberFormat::Kind::Integer)
        code -= int32_t(count / 2);
      float number = format.decode(code);
      if (!std::isfinite(number))
        continue;
      values.push_back(number);
      values.push_back(number + 0.5f);
      values.push_back(number * 1.25f);
      values.push_back(number * 1e9f);
    }
    for (float value : values)
      ASSERT_EQ(encodeBySearch(format, value), format.encode(value))
          << name << " " << value;
  }
}

TEST(NumberFormatTest, ReadsStoredBytes) {
  EXPECT_EQ(-3, getNumberFormat("int4")->fromByte(-3));
  EXPECT_EQ(253, getNumberFormat("fp8e4m3")->fromByte(int8_t(253)));
  EXPECT_EQ(200, getNumberFormat("kmeans8")->fromByte(int8_t(200)));
}

TEST(NumberFormatTest, CanBeExtended) {
  registerNumberFormat(
      NumberFormat::ofCodebook("powers", {-4, -2, -1, 0, 1, 2, 4}));
  std::optional<NumberFormat> format = getNumberFormat("powers");
  ASSERT_TRUE(format);
  EXPECT_EQ(3u, format->getBits());
  // 3 lies between 2 (code 5) and 4 (code 6).
  EXPECT_EQ(6, format->encode(3));
  EXPECT_EQ(-4.0f, format->decode(format->encode(-1e6f)));
}

} // namespace
