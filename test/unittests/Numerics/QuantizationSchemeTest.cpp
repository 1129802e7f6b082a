//===- QuantizationSchemeTest.cpp - Tests of QuantizationScheme.h ---------===//

#include "slim/Numerics/QuantizationScheme.h"

#include "RandomMatrix.h"
#include "slim/Numerics/RoundingAlgorithm.h"
#include "slim/Numerics/Statistics.h"

#include "gtest/gtest.h"

#include <cmath>
#include <limits>

using namespace slim;

namespace {

QuantizationScheme makeScheme(llvm::StringRef format, BlockShape block = {1, 0},
                              bool asymmetric = false,
                              ScaleFormat scale = ScaleFormat::F32) {
  QuantizationScheme scheme;
  scheme.format = *getNumberFormat(format);
  scheme.block = block;
  scheme.scale = scale;
  scheme.asymmetric = asymmetric;
  return scheme;
}

QuantizedMatrix quantize(const QuantizationScheme &scheme,
                         llvm::ArrayRef<float> values, int64_t rows,
                         int64_t columns,
                         ScaleSearch search = ScaleSearch::AbsMax) {
  QuantizedMatrix matrix =
      chooseScales(scheme, values, rows, columns, {}, search);
  encodeMatrix(scheme, values, matrix);
  return matrix;
}

double getError(const QuantizationScheme &scheme, llvm::ArrayRef<float> values,
                int64_t rows, int64_t columns, ScaleSearch search) {
  QuantizedMatrix matrix = quantize(scheme, values, rows, columns, search);
  std::vector<float> back(values.size());
  decodeMatrix(scheme, matrix, back);
  return measureError(values, back).relativeFrobenius;
}

TEST(QuantizationSchemeTest, CountsBlocks) {
  BlockGrid grid({2, 3}, 5, 7);
  EXPECT_EQ(3, grid.gridRows);
  EXPECT_EQ(3, grid.gridColumns);
  EXPECT_EQ(0, grid.indexOf(1, 2));
  EXPECT_EQ(8, grid.indexOf(4, 6));
  EXPECT_EQ(1, BlockGrid({0, 0}, 5, 7).size());
  EXPECT_EQ(5, BlockGrid({1, 0}, 5, 7).size());

  std::vector<float> values(35), block;
  for (int i = 0; i < 35; ++i)
    values[i] = float(i);
  grid.gather(5, values, block);
  EXPECT_EQ((std::vector<float>{20, 27}), block);
  grid.gatherColumns(4, {0, 1, 2, 3, 4, 5, 6}, block);
  EXPECT_EQ((std::vector<float>{3, 4, 5, 3, 4, 5}), block);
}

TEST(QuantizationSchemeTest, MatchesNumpyByHand) {
  // np.rint(w / s) with s = (abs(w).max(1) / 127).astype(float32).
  std::vector<float> values = {0.1f, -0.2f, 0.3f, 1.5f,   2.5f,  -3.5f,
                               0,    0,     0,    -0.05f, 1e-3f, 127.0f};
  QuantizationScheme scheme = makeScheme("int8");
  QuantizedMatrix matrix = quantize(scheme, values, 4, 3);
  EXPECT_EQ((std::vector<float>{0x1.359e7p-9f, 0x1.c3870ep-6f, 1.0f, 1.0f}),
            matrix.scales);
  EXPECT_EQ(
      (std::vector<int8_t>{42, -85, 127, 54, 91, -127, 0, 0, 0, 0, 0, 127}),
      matrix.codes);
  std::vector<float> back(12);
  decodeMatrix(scheme, matrix, back);
  EXPECT_EQ(42 * 0x1.359e7p-9f, back[0]);
  EXPECT_EQ(127.0f, back[11]);
}

TEST(QuantizationSchemeTest, NeverUsesTheMostNegativeCodeWithoutZeroPoint) {
  QuantizationScheme scheme = makeScheme("int8");
  BlockScale scale;
  scale.scale = 0.005f; // too small on purpose
  EXPECT_EQ(-127, encodeValue(scheme, scale, -1.0f));
  EXPECT_EQ(127, encodeValue(scheme, scale, 1.0f));
  EXPECT_EQ(-60, encodeValue(scheme, scale, -0.3f));
  scheme.asymmetric = true;
  EXPECT_EQ(-128, encodeValue(scheme, scale, -1.0f));
}

TEST(QuantizationSchemeTest, KeepsTinyBlocksFinite) {
  std::vector<float> values = {1e-44f, 0, 1e-37f, -1e-37f};
  QuantizedMatrix matrix = quantize(makeScheme("int8"), values, 2, 2);
  EXPECT_EQ(std::numeric_limits<float>::min(), matrix.scales[0]);
  EXPECT_EQ(std::numeric_limits<float>::min(), matrix.scales[1]);
  EXPECT_EQ((std::vector<int8_t>{0, 0, 9, -9}), matrix.codes);
}

TEST(QuantizationSchemeTest, StaysWithinHalfAStepOnEveryGrid) {
  int64_t rows = 13, columns = 37;
  std::vector<float> values = slim_test::randomValues(rows * columns, 2);
  for (const char *name : {"int8", "int4", "int3", "int2"})
    for (BlockShape block : {BlockShape{0, 0}, BlockShape{1, 0},
                             BlockShape{1, 8}, BlockShape{4, 5}})
      for (bool asymmetric : {false, true}) {
        QuantizationScheme scheme = makeScheme(name, block, asymmetric);
        QuantizedMatrix matrix = quantize(scheme, values, rows, columns);
        BlockGrid grid(block, rows, columns);
        ASSERT_EQ(grid.size(), int64_t(matrix.scales.size()));
        ASSERT_EQ(asymmetric ? grid.size() : 0,
                  int64_t(matrix.zeroPoints.size()));
        std::vector<float> back(values.size());
        decodeMatrix(scheme, matrix, back);
        for (int64_t i = 0; i < rows * columns; ++i) {
          float scale = matrix.scales[grid.indexOf(i / columns, i % columns)];
          // A zero point is rounded, too.
          ASSERT_LE(std::fabs(back[i] - values[i]),
                    (asymmetric ? 1.0001f : 0.5001f) * scale);
        }
      }
}

TEST(QuantizationSchemeTest, HasTheExpectedErrorOnNormalWeights) {
  // A uniform error of variance scale^2 / 12 predicts the relative error.
  std::vector<float> values = slim_test::randomValues(64 * 512, 2);
  QuantizationScheme scheme = makeScheme("int8");
  QuantizedMatrix matrix = quantize(scheme, values, 64, 512);
  double expected = 0, energy = 0;
  for (float scale : matrix.scales)
    expected += 512 * double(scale) * scale / 12;
  for (float value : values)
    energy += double(value) * value;
  double relative = getError(scheme, values, 64, 512, ScaleSearch::AbsMax);
  EXPECT_NEAR(std::sqrt(expected / energy), relative, 0.02 * relative);
}

TEST(QuantizationSchemeTest, TakesMeansForTernaryAndBinary) {
  std::vector<float> values = {0.5f, -1.5f, 0.25f, -0.75f};
  QuantizedMatrix ternary = quantize(makeScheme("ternary"), values, 1, 4);
  EXPECT_EQ(0.75f, ternary.scales[0]);
  EXPECT_EQ((std::vector<int8_t>{1, -1, 0, -1}), ternary.codes);
  QuantizationScheme scheme = makeScheme("binary");
  QuantizedMatrix binary = quantize(scheme, values, 1, 4);
  EXPECT_EQ((std::vector<int8_t>{1, 0, 1, 0}), binary.codes);
  std::vector<float> back(4);
  decodeMatrix(scheme, binary, back);
  EXPECT_EQ((std::vector<float>{0.75f, -0.75f, 0.75f, -0.75f}), back);
}

TEST(QuantizationSchemeTest, ZerosStayZerosInEveryFormat) {
  // Binary has no zero, and neither has a table that was learned from blocks
  // without zeros.
  std::vector<float> values(4 * 16, 0.0f);
  for (int64_t i = 0; i < 16; ++i) {
    values[i] = i % 2 ? 1.0f : -1.0f;
    values[32 + i] = i % 2 ? 0.25f : -0.25f;
  }
  for (const std::string &name : getNumberFormatNames())
    for (ScaleFormat scale :
         {ScaleFormat::F32, ScaleFormat::F16, ScaleFormat::BF16,
          ScaleFormat::E8M0, ScaleFormat::E4M3}) {
      QuantizationScheme scheme = makeScheme(name, {1, 8}, false, scale);
      QuantizedMatrix matrix;
      if (scheme.format.isUnlearned()) {
        RoundingProblem problem;
        problem.scheme = scheme;
        problem.weight = values;
        problem.rows = 4;
        problem.columns = 16;
        matrix = llvm::cantFail(
            getRoundingAlgorithm("kmeans")->quantize(problem, {}));
      } else {
        matrix = quantize(scheme, values, 4, 16);
      }
      std::vector<float> back(values.size());
      decodeMatrix(scheme, matrix, back);
      for (int64_t i = 0; i < 4 * 16; ++i)
        if (values[i] == 0)
          EXPECT_LE(std::fabs(back[i]), 0x1p-126f)
              << name << " " << getName(scale).str();
    }
}

TEST(QuantizationSchemeTest, KeepsTheBitsOfSmallScales) {
  // 2^-17 is subnormal in f16; codes would be nearly all zeros by 2^-14.
  EXPECT_EQ(0x1p-17f, roundScale(ScaleFormat::F16, 0x1p-17f));
  EXPECT_EQ(0x1p-24f, roundScale(ScaleFormat::F16, 0));
  EXPECT_EQ(0x1p-126f, roundScale(ScaleFormat::BF16, 0));
}

TEST(QuantizationSchemeTest, FollowsTheMicroscalingRule) {
  // 2^(floor(log2 amax) - 2): 7 and 5 have scale 1, 3.9 a half; 7 saturates.
  std::vector<float> values = {7, 1, 5, -1, 3.9f, 0.3f};
  QuantizationScheme scheme =
      makeScheme("fp4e2m1", {1, 2}, false, ScaleFormat::E8M0);
  QuantizedMatrix matrix = quantize(scheme, values, 1, 6);
  EXPECT_EQ((std::vector<float>{1, 1, 0.5f}), matrix.scales);
  std::vector<float> back(6);
  decodeMatrix(scheme, matrix, back);
  EXPECT_EQ((std::vector<float>{6, 1, 4, -1, 4, 0.25f}).size(), back.size());
  EXPECT_EQ(6.0f, back[0]);
  EXPECT_EQ(1.0f, back[1]);
  EXPECT_EQ(4.0f, back[2]); // 5 lies between 4 (even) and 6
  EXPECT_EQ(3.0f, back[4]); // 7.8 saturates
}

TEST(QuantizationSchemeTest, ScalesTwiceForNVFP4) {
  std::vector<float> values = slim_test::randomValues(4 * 40, 3);
  NamedScheme named = *getQuantizationScheme("nvfp4");
  EXPECT_TRUE(named.isComposite);
  QuantizedMatrix matrix = quantize(named.scheme, values, 4, 40);
  EXPECT_EQ(12u, matrix.scales.size());
  float absMax = 0;
  for (float value : values)
    absMax = std::max(absMax, std::fabs(value));
  EXPECT_EQ(absMax / (6 * 448.0f), matrix.tensorScale);
  FloatFormat e4m3 = FloatFormat::float8E4M3FN();
  float largest = 0;
  for (float scale : matrix.scales) {
    EXPECT_EQ(scale, decodeFloat(encodeFloat(scale, e4m3), e4m3));
    largest = std::max(largest, scale);
  }
  EXPECT_EQ(448.0f, largest);
  EXPECT_LT(getError(named.scheme, values, 4, 40, ScaleSearch::AbsMax), 0.12);
}

TEST(QuantizationSchemeTest, SearchIsNeverWorseAndHelpsFewBits) {
  int64_t rows = 16, columns = 256;
  std::vector<float> values = slim_test::randomValues(rows * columns, 4);
  for (const std::string &name : getNumberFormatNames()) {
    if (getNumberFormat(name)->isUnlearned())
      continue;
    for (ScaleFormat scale :
         {ScaleFormat::F32, ScaleFormat::F16, ScaleFormat::BF16,
          ScaleFormat::E8M0, ScaleFormat::E4M3}) {
      QuantizationScheme scheme = makeScheme(name, {1, 64}, false, scale);
      double plain =
          getError(scheme, values, rows, columns, ScaleSearch::AbsMax);
      double searched = getError(scheme, values, rows, columns,
                                 ScaleSearch::MeanSquaredError);
      EXPECT_LE(searched, plain * (1 + 1e-6))
          << name << " " << getName(scale).str();
      if (scale == ScaleFormat::F32 && (name == "int3" || name == "int2"))
        EXPECT_LT(searched, 0.95 * plain) << name;
    }
  }
}

TEST(QuantizationSchemeTest, SearchWeighsByImportance) {
  // The outlier does not matter: the scale is that of the others.
  std::vector<float> values = {7, -3, 5, 1, 40};
  QuantizationScheme scheme = makeScheme("int4");
  BlockScale scale = chooseScale(scheme, values, {1, 1, 1, 1, 0},
                                 ScaleSearch::MeanSquaredError);
  for (int i = 0; i < 4; ++i)
    EXPECT_NEAR(
        values[i],
        decodeValue(scheme, scale, encodeValue(scheme, scale, values[i])), 0.6);
  BlockScale plain = chooseScale(scheme, values);
  EXPECT_EQ(40.0f / 7, plain.scale);
}

TEST(QuantizationSchemeTest, NamesItsContradictions) {
  auto check = [](QuantizationScheme scheme) {
    return llvm::toString(scheme.verify());
  };
  EXPECT_EQ("format 'nf4' has no zero points: its codes are no integers",
            check(makeScheme("nf4", {1, 0}, true)));
  EXPECT_EQ("format 'ternary' is symmetric: use int2 for codes with zero "
            "points",
            check(makeScheme("ternary", {1, 0}, true)));
  EXPECT_EQ("a block has a negative extent",
            check(makeScheme("int4", {1, -1})));
  EXPECT_EQ("", check(makeScheme("int4", {1, 0}, true)));
}

TEST(QuantizationSchemeTest, CountsBits) {
  EXPECT_EQ(4.25, makeScheme("int4", {1, 128}).getBitsPerElement(4, 256));
  EXPECT_EQ(4.125, makeScheme("int4", {1, 128}, false, ScaleFormat::F16)
                       .getBitsPerElement(4, 256));
  EXPECT_EQ(4.25,
            getQuantizationScheme("mxfp4")->scheme.getBitsPerElement(4, 256));
}

} // namespace
