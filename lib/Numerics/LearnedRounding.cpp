//===- LearnedRounding.cpp - Rounding that follows gradients --------------===//

#include "slim/Numerics/LearnedRounding.h"

#include "RoundingAlgorithms.h"

#include "llvm/ADT/STLExtras.h"

#include <cassert>
#include <cmath>

using namespace slim;

/// How far scales may go from where they start.
static constexpr float kMinMultiplier = 0.5f, kMaxMultiplier = 1.5f;
/// The least distance, in gaps, of a first target from the border of its code,
/// where the code is not the nearest one.
static constexpr float kMargin = 0.1f;
/// How much of the running means of gradients and of their squares a step
/// keeps.
static constexpr float kFirstDecay = 0.9f, kSecondDecay = 0.95f;

template <typename Visitor>
void LearnedRounding::forEachElement(int64_t block, Visitor visit) const {
  int64_t row = block / grid.gridColumns * grid.blockRows;
  int64_t column = block % grid.gridColumns * grid.blockColumns;
  int64_t endRow = std::min(grid.rows, row + grid.blockRows);
  int64_t endColumn = std::min(grid.columns, column + grid.blockColumns);
  for (; row < endRow; ++row)
    for (int64_t i = row * grid.columns + column,
                 e = row * grid.columns + endColumn;
         i < e; ++i)
      visit(i);
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
      offsets(weight.size()), offsetMoments(weight.size()),
      scaleMoments(grid.size()),
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
    IntegerRange range = scheme.getRange();
    forEachElement(block, [&](int64_t i) {
      matrix.codes[i] =
          int8_t(roundSaturate(targets[i] + zeroPoint + offsets[i], range));
    });
    return;
  }
  forEachElement(block, [&](int64_t i) {
    float gap = getGap(targets[i], /*above=*/true);
    matrix.codes[i] =
        int8_t(scheme.format.encode(targets[i] + offsets[i] * gap));
  });
}

float LearnedRounding::Moments::update(float gradient, float correction) {
  first += (1 - kFirstDecay) * (gradient - first);
  second += (1 - kSecondDecay) * (gradient * gradient - second);
  if (!(second > 0))
    return 0;
  return std::clamp(correction * first / std::sqrt(second), -1.0f, 1.0f);
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
    forEachElement(block, [&](int64_t i) {
      float moved =
          offsets[i] - rate * offsetMoments[i].update(gradient[i], correction);
      offsets[i] = std::clamp(moved, -0.5f, 0.5f);
      int32_t code = scheme.format.fromByte(matrix.codes[i]);
      float number = scheme.format.decode(code) - float(scale.zeroPoint);
      slope += double(gradient[i]) * number;
    });
    if (learnsScales) {
      float &multiplier = multipliers[block];
      multiplier -=
          scaleRate * scaleMoments[block].update(
                          float(slope * firstScales[block]), correction);
      multiplier = std::clamp(multiplier, kMinMultiplier, kMaxMultiplier);
      matrix.scales[block] = roundScale(
          scheme.scale, firstScales[block] * multiplier, matrix.tensorScale);
    }
    round(block);
  }
}
