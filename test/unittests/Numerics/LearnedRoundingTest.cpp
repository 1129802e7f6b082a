//===- LearnedRoundingTest.cpp - Tests of rounding by gradients -----------===//

#include "slim/Numerics/LearnedRounding.h"

#include "LayerProblem.h"

#include "llvm/ADT/STLExtras.h"

using namespace slim;
using slim_test::LayerProblem;

namespace {

struct SchemeCase {
  const char *name, *format;
  BlockShape block;
  bool asymmetric = false;
  ScaleFormat scale = ScaleFormat::F32;
};

const SchemeCase schemeCases[] = {
    {"int8", "int8", {1, 0}},
    {"int4", "int4", {1, 32}},
    {"int4 asymmetric", "int4", {1, 32}, true, ScaleFormat::F16},
    {"int3", "int3", {1, 32}},
    {"int3 per tensor", "int3", {0, 0}},
    {"int2 in blocks", "int2", {16, 24}},
    {"ternary", "ternary", {1, 0}},
    {"binary", "binary", {1, 16}},
    {"fp8e4m3", "fp8e4m3", {1, 0}},
    {"fp8e5m2", "fp8e5m2", {1, 0}},
    {"mxfp8", "fp8e4m3", {1, 32}, false, ScaleFormat::E8M0},
    {"fp4", "fp4e2m1", {1, 32}},
    {"mxfp4", "fp4e2m1", {1, 32}, false, ScaleFormat::E8M0},
    {"nvfp4", "fp4e2m1", {1, 16}, false, ScaleFormat::E4M3},
    {"nf4", "nf4", {1, 64}},
    {"kmeans3", "kmeans3", {1, 0}},
};

/// A layer whose codes are learned with the gradient of its output error.
struct Descent {
  Descent(const SchemeCase &given, llvm::StringRef algorithm, uint32_t seed)
      : layer(given.format, given.block, kRows, kColumns, seed),
        values(layer.weight.size()) {
    layer.problem.scheme.asymmetric = given.asymmetric;
    layer.problem.scheme.scale = given.scale;
    bool isUnlearned = layer.problem.scheme.format.isUnlearned();
    llvm::Expected<QuantizedMatrix> matrix =
        getRoundingAlgorithm(isUnlearned ? "kmeans" : algorithm)
            ->quantize(layer.problem, RoundingOptions());
    if (matrix)
      start = std::move(*matrix);
    else
      ADD_FAILURE() << llvm::toString(matrix.takeError());
  }

  /// The gradient of the mean of |(W' - W) x|^2.
  std::vector<float> getGradient() const {
    std::vector<float> gradient(values.size());
    for (int64_t row = 0; row < kRows; ++row)
      for (int64_t i = 0; i < kColumns; ++i) {
        float difference =
            values[row * kColumns + i] - layer.weight[row * kColumns + i];
        for (int64_t j = 0; j < kColumns; ++j)
          gradient[row * kColumns + j] +=
              2 * difference * layer.moment[i * kColumns + j];
      }
    return gradient;
  }

  /// The least error on the way, and its codes. `reach` is what offsets can
  /// move by in all.
  double run(LearnedRounding &rounding, float reach) {
    constexpr int64_t steps = 200;
    rounding.decode(values);
    double least = layer.getError(values);
    best = rounding.getMatrix();
    for (int64_t step = 0; step < steps; ++step) {
      float rate = 2 * reach * float(steps - step) / float(steps * steps);
      rounding.step(getGradient(), rate, rate / 2);
      rounding.decode(values);
      double error = layer.getError(values);
      if (error < least) {
        least = error;
        best = rounding.getMatrix();
      }
    }
    return least;
  }

  static constexpr int64_t kRows = 45, kColumns = 91;
  LayerProblem layer;
  std::vector<float> values;
  QuantizedMatrix start, best;
};

/// Whether `matrix` has what can be stored: codes of the format and scales that
/// rounding leaves as they are.
void expectOnGrid(QuantizationScheme scheme, const QuantizedMatrix &start,
                  const QuantizedMatrix &matrix) {
  EXPECT_EQ(start.zeroPoints, matrix.zeroPoints);
  EXPECT_EQ(start.tensorScale, matrix.tensorScale);
  EXPECT_EQ(start.codebook, matrix.codebook);
  if (!matrix.codebook.empty())
    scheme.format = scheme.format.withCodebook(matrix.codebook);
  bool isInteger = scheme.format.getKind() == NumberFormat::Kind::Integer;
  IntegerRange range =
      isInteger ? scheme.getRange() : IntegerRange::ofSigned(8);
  for (int8_t byte : matrix.codes) {
    int32_t code = scheme.format.fromByte(byte);
    if (isInteger) {
      ASSERT_GE(code, range.min);
      ASSERT_LE(code, range.max);
      continue;
    }
    ASSERT_LT(code, 1 << scheme.format.getBits());
    ASSERT_TRUE(std::isfinite(scheme.format.decode(code)));
  }
  for (float scale : matrix.scales) {
    ASSERT_TRUE(std::isfinite(scale));
    ASSERT_EQ(roundScale(scheme.scale, scale, 1), scale);
  }
}

TEST(LearnedRoundingTest, BeatsRoundToNearest) {
  for (const SchemeCase &given : schemeCases) {
    SCOPED_TRACE(given.name);
    Descent descent(given, "rtn", 3);
    LearnedRounding rounding(descent.layer.problem.scheme, descent.layer.weight,
                             descent.start);
    rounding.decode(descent.values);
    double nearest = descent.layer.getError(descent.values);
    double learned = descent.run(rounding, 0.15f);
    EXPECT_LT(learned, 0.9 * nearest);
    RecordProperty(given.name, std::to_string(learned / nearest));
    expectOnGrid(descent.layer.problem.scheme, descent.start, descent.best);
    // What was kept is what the error was taken of.
    QuantizationScheme scheme = descent.layer.problem.scheme;
    decodeMatrix(scheme, descent.best, descent.values);
    EXPECT_EQ(learned, descent.layer.getError(descent.values));
  }
}

TEST(LearnedRoundingTest, BeatsWhatGptqPicks) {
  for (const SchemeCase &given : schemeCases) {
    SCOPED_TRACE(given.name);
    Descent descent(given, "gptq", 5);
    LearnedRounding rounding(descent.layer.problem.scheme, descent.layer.weight,
                             descent.start);
    rounding.decode(descent.values);
    double before = descent.layer.getError(descent.values);
    double learned = descent.run(rounding, 0.05f);
    // Of what there is little left to learn where scales are powers of two.
    if (given.scale == ScaleFormat::E8M0)
      EXPECT_LE(learned, before);
    else
      EXPECT_LT(learned, before);
    RecordProperty(given.name, std::to_string(learned / before));
    expectOnGrid(descent.layer.problem.scheme, descent.start, descent.best);
  }
}

// Codes that are not the nearest ones are the first ones all the same.
TEST(LearnedRoundingTest, BeginsWithTheGivenCodes) {
  for (const SchemeCase &given : schemeCases)
    for (const char *algorithm : {"rtn", "gptq"}) {
      SCOPED_TRACE(given.name);
      Descent descent(given, algorithm, 7);
      LearnedRounding rounding(descent.layer.problem.scheme,
                               descent.layer.weight, descent.start);
      EXPECT_EQ(int64_t(descent.layer.weight.size()), rounding.size());
      QuantizationScheme scheme = descent.layer.problem.scheme;
      std::vector<float> first(descent.layer.weight.size());
      decodeMatrix(scheme, descent.start, first);
      rounding.decode(descent.values);
      EXPECT_EQ(first, descent.values);
      std::vector<float> none(descent.layer.weight.size());
      rounding.step(none, 0.5f, 0.5f);
      rounding.decode(descent.values);
      // Zeros may change their sign.
      EXPECT_EQ(first, descent.values);
      EXPECT_EQ(descent.start.scales, rounding.getMatrix().scales);
    }
}

// An offset is never more than half the way to the next number, whatever the
// gradients: codes go to neighbours of the exact value only.
TEST(LearnedRoundingTest, StaysNextToTheWeights) {
  for (const SchemeCase &given : schemeCases) {
    SCOPED_TRACE(given.name);
    Descent descent(given, "rtn", 9);
    LearnedRounding rounding(descent.layer.problem.scheme, descent.layer.weight,
                             descent.start);
    std::vector<float> gradient =
        slim_test::randomValues(descent.layer.weight.size(), 10);
    for (float &value : gradient)
      value = std::copysign(1e30f, value);
    for (int step = 0; step < 20; ++step)
      rounding.step(gradient, 1, 0);
    rounding.decode(descent.values);
    QuantizationScheme scheme = descent.layer.problem.scheme;
    if (!descent.start.codebook.empty())
      scheme.format = scheme.format.withCodebook(descent.start.codebook);
    std::vector<float> numbers;
    for (int32_t code = -128; code < 256; ++code) {
      bool isCode =
          scheme.format.getKind() == NumberFormat::Kind::Integer
              ? code >= scheme.getRange().min && code <= scheme.getRange().max
              : code >= 0 && code < 1 << scheme.format.getBits();
      if (isCode && std::isfinite(scheme.format.decode(code)))
        numbers.push_back(scheme.format.decode(code));
    }
    llvm::sort(numbers);
    BlockGrid grid(scheme.block, Descent::kRows, Descent::kColumns);
    for (size_t i = 0; i < descent.values.size(); ++i) {
      BlockScale scale =
          getBlockScale(descent.start, grid.indexOf(i / Descent::kColumns,
                                                    i % Descent::kColumns));
      float exact = scale.divide(descent.layer.weight[i]) + scale.zeroPoint;
      // The numbers on both sides, with what rounding of the sum may add.
      auto above = llvm::lower_bound(numbers, exact * (1 + 1e-5f));
      float upper = above == numbers.end() ? numbers.back() : *above;
      auto below = llvm::upper_bound(numbers, exact * (1 - 1e-5f));
      float lower = below == numbers.begin() ? numbers.front() : *(below - 1);
      float code = scheme.format.decode(
          scheme.format.fromByte(rounding.getMatrix().codes[i]));
      ASSERT_LE(code, std::max(upper, lower)) << exact;
      ASSERT_GE(code, std::min(upper, lower)) << exact;
    }
  }
}

} // namespace
