//===- LearnedRounding.cpp - Rounding that follows gradients --------------===//

#include "slim/Numerics/LearnedRounding.h"

#include "RoundingAlgorithms.h"

#include "llvm/ADT/STLExtras.h"

#include <array>
#include <cassert>
#include <cmath>
#include <numeric>

using namespace slim;

/// How far scales may go from where they start.
static constexpr float kMinMultiplier = 0.5f, kMaxMultiplier = 1.5f;
/// The least distance, in gaps, of a first target from the border of its code,
/// where the code is not the nearest one.
static constexpr float kMargin = 0.1f;
/// How much of the running means of gradients and of their squares a step
/// keeps.
static constexpr float kFirstDecay = 0.9f, kSecondDecay = 0.95f;

/// Rounds to the nearest integer, ties to the even one, as the sum of `value`
/// and a number whose last place is 1 does. For magnitudes below 2^22.
static float roundSmall(float value) {
  constexpr float shift = 0x1.8p23f;
  return (value + shift) - shift;
}

/// The sum of gradient * (code - zeroPoint), in any order.
static float sumSlopes(llvm::ArrayRef<float> gradient,
                       llvm::ArrayRef<int8_t> codes, float zeroPoint) {
  constexpr size_t lanes = 16;
  std::array<float, lanes> sums = {};
  size_t i = 0;
  for (; i + lanes <= gradient.size(); i += lanes)
    for (size_t lane = 0; lane < lanes; ++lane)
      sums[lane] += gradient[i + lane] * (float(codes[i + lane]) - zeroPoint);
  for (; i < gradient.size(); ++i)
    sums[0] += gradient[i] * (float(codes[i]) - zeroPoint);
  return std::accumulate(sums.begin(), sums.end(), 0.0f);
}

template <typename Visitor>
void LearnedRounding::forEachSegment(int64_t block, Visitor visit) const {
  int64_t row = block / grid.gridColumns * grid.blockRows;
  int64_t column = block % grid.gridColumns * grid.blockColumns;
  int64_t endRow = std::min(grid.rows, row + grid.blockRows);
  int64_t endColumn = std::min(grid.columns, column + grid.blockColumns);
  for (; row < endRow; ++row)
    visit(row * grid.columns + column, endColumn - column);
}

template <typename Visitor>
void LearnedRounding::forEachElement(int64_t block, Visitor visit) const {
  forEachSegment(block, [&](int64_t begin, int64_t count) {
    for (int64_t i = begin, e = begin + count; i < e; ++i)
      visit(i);
  });
}

/// The distance from `number` to the next one of the format in a direction.
float LearnedRounding::getGap(float number, bool above) const {
  if (table.size() < 2)
    return 1;
  auto next = above ? std::upper_bound(table.begin(), table.end(), number)
                    : std::lower_bound(table.begin(), table.end(), number);
  next = std::clamp(next, table.begin() + 1, table.end() - 1);
  return *next - *(next - 1);
}

LearnedRounding::LearnedRounding(const QuantizationScheme &given,
                                 llvm::ArrayRef<float> weight,
                                 QuantizedMatrix start)
    : scheme(getLearnedScheme(given, start)),
      grid(given.block, start.rows, start.columns), matrix(std::move(start)),
      table(getNumbers(scheme.format)), targets(weight.size()),
      offsets(weight.size()), firstMoments(weight.size()),
      secondMoments(weight.size()), scaleMoments(grid.size()),
      // Powers of two jump.
      learnsScales(given.scale != ScaleFormat::E8M0) {
  assert(matrix.codes.size() == weight.size() && "a code for each weight");
  multipliers.assign(grid.size(), 1);
  for (int64_t block = 0; block < grid.size(); ++block) {
    BlockScale scale = getBlockScale(matrix, block);
    firstScales.push_back(scale.scale);
    forEachElement(block, [&](int64_t i) {
      float target = scale.divide(weight[i]);
      int32_t code = scheme.format.fromByte(matrix.codes[i]);
      if (encodeValue(scheme, scale, weight[i]) != code) {
        float number = scheme.format.decode(code) - float(scale.zeroPoint);
        float difference = target - number;
        float reach = (0.5f - kMargin) *
                      getGap(scheme.format.decode(code), difference > 0);
        target = number + std::clamp(difference, -reach, reach);
      }
      targets[i] = target;
    });
  }
}

void LearnedRounding::decode(llvm::MutableArrayRef<float> values) const {
  decodeMatrix(scheme, matrix, values);
}

/// Sets the codes to the numbers nearest to the targets.
void LearnedRounding::round(int64_t block) {
  auto zeroPoint = float(getBlockScale(matrix, block).zeroPoint);
  if (scheme.format.getKind() == NumberFormat::Kind::Integer) {
    auto least = float(scheme.getRange().min);
    auto most = float(scheme.getRange().max);
    forEachElement(block, [&](int64_t i) {
      float target = targets[i] + zeroPoint + offsets[i];
      target = target > least ? target : least;
      target = target > most ? most : target;
      matrix.codes[i] = int8_t(roundSmall(target));
    });
    return;
  }
  forEachElement(block, [&](int64_t i) {
    float gap = getGap(targets[i], /*above=*/true);
    matrix.codes[i] =
        int8_t(scheme.format.encode(targets[i] + offsets[i] * gap));
  });
}

/// Takes a gradient into the running means of it and of its square. Returns the
/// direction, in [-1, 1]: the quotient of the means times `correction`.
static float update(float &first, float &second, float gradient,
                    float correction) {
  first += (1 - kFirstDecay) * (gradient - first);
  second += (1 - kSecondDecay) * (gradient * gradient - second);
  float direction = correction * first / std::sqrt(second);
  direction = direction < -1 ? -1 : direction;
  direction = direction > 1 ? 1 : direction;
  return second > 0 ? direction : 0;
}

/// Moves the offsets from `begin` on against their gradients.
void LearnedRounding::move(int64_t begin, llvm::ArrayRef<float> gradients,
                           float rate, float correction) {
  float *offset = &offsets[begin];
  float *first = &firstMoments[begin], *second = &secondMoments[begin];
  for (size_t i = 0, e = gradients.size(); i < e; ++i) {
    float moved = offset[i] -
                  rate * update(first[i], second[i], gradients[i], correction);
    moved = moved < -0.5f ? -0.5f : moved;
    offset[i] = moved > 0.5f ? 0.5f : moved;
  }
}

void LearnedRounding::step(llvm::ArrayRef<float> gradient, float rate,
                           float scaleRate) {
  assert(gradient.size() == targets.size() && "a gradient for each weight");
  // The means begin at zero and are too small at first (Adam's correction).
  ++steps;
  float correction =
      float(std::sqrt(1 - std::pow(double(kSecondDecay), double(steps))) /
            (1 - std::pow(double(kFirstDecay), double(steps))));
  for (int64_t block = 0; block < grid.size(); ++block) {
    BlockScale scale = getBlockScale(matrix, block);
    if (scale.scale == 0)
      continue;
    // dW' / dV = s gap, of which the sign counts, and dW' / dm = s number.
    double slope = 0;
    forEachSegment(block, [&](int64_t begin, int64_t count) {
      llvm::ArrayRef<float> gradients = gradient.slice(begin, count);
      move(begin, gradients, rate, correction);
      if (!learnsScales)
        return;
      auto codes = llvm::ArrayRef(matrix.codes).slice(begin, count);
      auto zeroPoint = float(scale.zeroPoint);
      if (scheme.format.getKind() == NumberFormat::Kind::Integer) {
        slope += sumSlopes(gradients, codes, zeroPoint);
        return;
      }
      for (auto [value, code] : llvm::zip_equal(gradients, codes))
        slope += value * scheme.format.decode(scheme.format.fromByte(code));
    });
    if (learnsScales) {
      float &multiplier = multipliers[block];
      auto &[first, second] = scaleMoments[block];
      multiplier -=
          scaleRate *
          update(first, second, float(slope * firstScales[block]), correction);
      multiplier = std::clamp(multiplier, kMinMultiplier, kMaxMultiplier);
      matrix.scales[block] = roundScale(
          scheme.scale, firstScales[block] * multiplier, matrix.tensorScale);
    }
    round(block);
  }
}
