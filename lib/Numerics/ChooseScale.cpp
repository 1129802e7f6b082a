//===- ChooseScale.cpp - The scale of a block -----------------------------===//

#include "slim/Numerics/QuantizationScheme.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

using namespace slim;

//===----------------------------------------------------------------------===//
// Rounding scales
//===----------------------------------------------------------------------===//

/// The greatest power of two up to `value`, which is positive.
static float floorPowerOfTwo(float value) {
  return std::ldexp(1.0f, std::ilogb(value));
}

static float roundToFloat(float value, const FloatFormat &format,
                          float smallest) {
  float rounded =
      decodeFloat(encodeFloat(value, format, Overflow::Saturate), format);
  return std::max(rounded, smallest);
}

float slim::roundScale(ScaleFormat format, float scale, float tensorScale) {
  constexpr float smallest = std::numeric_limits<float>::min();
  scale = std::max(scale, smallest);
  switch (format) {
  case ScaleFormat::F32:
    return scale;
  case ScaleFormat::F16:
    return roundToFloat(scale, FloatFormat::float16(), 0x1p-24f);
  case ScaleFormat::BF16:
    return roundToFloat(scale, FloatFormat::bfloat16(), smallest);
  case ScaleFormat::E8M0:
    return decodeE8M0(encodeE8M0(scale, Overflow::Saturate));
  case ScaleFormat::E4M3:
    return roundToFloat(scale / tensorScale, FloatFormat::float8E4M3FN(),
                        0x1p-9f);
  }
  return scale;
}

float slim::chooseTensorScale(const QuantizationScheme &scheme,
                              llvm::ArrayRef<float> values) {
  if (scheme.scale != ScaleFormat::E4M3)
    return 1;
  float absMax = 0;
  for (float value : values)
    absMax = std::max(absMax, std::fabs(value));
  float top =
      scheme.format.getMaxMagnitude() * FloatFormat::float8E4M3FN().maxFinite();
  if (absMax == 0)
    return 1;
  return std::max(absMax / top, std::numeric_limits<float>::min());
}

static BlockScale makeScale(const QuantizationScheme &scheme, float scale,
                            float tensorScale) {
  BlockScale result;
  result.stored = roundScale(scheme.scale, scale, tensorScale);
  result.scale = result.stored * tensorScale;
  return result;
}

//===----------------------------------------------------------------------===//
// Plain scales
//===----------------------------------------------------------------------===//

namespace {
/// What plain scales depend on.
struct Extent {
  explicit Extent(llvm::ArrayRef<float> values) {
    double sum = 0;
    for (float value : values) {
      least = std::min(least, value);
      greatest = std::max(greatest, value);
      sum += std::fabs(value);
    }
    absMax = std::max(-least, greatest);
    absMean = values.empty() ? 0.0f : float(sum / double(values.size()));
  }

  /// Zero included.
  float least = 0, greatest = 0;
  float absMax = 0, absMean = 0;
};
} // namespace

/// The scale at which codes reach from `least` to `greatest`.
static BlockScale fitRange(const QuantizationScheme &scheme, float least,
                           float greatest, float tensorScale) {
  IntegerRange range = scheme.getRange();
  float wanted = (greatest - least) / float(range.max - range.min);
  BlockScale result = makeScale(scheme, wanted, tensorScale);
  // The nearest power of two may be less, but the range has to fit.
  if (scheme.scale == ScaleFormat::E8M0 && result.scale < wanted)
    result = makeScale(scheme, 2 * result.scale, tensorScale);
  result.zeroPoint = int32_t(
      roundSaturate(double(range.min) - double(least) / result.scale, range));
  return result;
}

static BlockScale choosePlainScale(const QuantizationScheme &scheme,
                                   const Extent &extent, float tensorScale) {
  if (scheme.asymmetric)
    return fitRange(scheme, extent.least, extent.greatest, tensorScale);
  if (scheme.format.getScaleRule() == NumberFormat::ScaleRule::AbsMean)
    return makeScale(scheme, extent.absMean, tensorScale);
  float top = scheme.format.getMaxMagnitude();
  // OCP Microscaling Formats, section 6.3: the largest powers of two of the
  // values and of the format agree; what is above saturates.
  if (scheme.scale == ScaleFormat::E8M0)
    return makeScale(scheme,
                     floorPowerOfTwo(extent.absMax) / floorPowerOfTwo(top),
                     tensorScale);
  return makeScale(scheme, extent.absMax / top, tensorScale);
}

//===----------------------------------------------------------------------===//
// Search
//===----------------------------------------------------------------------===//

namespace {
/// The error of a scale, and the scale that is best for the codes it gives.
struct Fit {
  double error = 0;
  double refined = 0;
};
} // namespace

/// `toNumber` rounds a scaled value to a number of the format.
template <typename ToNumber>
static Fit measure(llvm::ArrayRef<float> values,
                   llvm::ArrayRef<float> importance, float scale,
                   ToNumber toNumber) {
  double error = 0, product = 0, square = 0;
  for (size_t i = 0, e = values.size(); i < e; ++i) {
    float number = toNumber(values[i] / scale);
    float weight = importance.empty() ? 1.0f : importance[i];
    float difference = values[i] - number * scale;
    error += weight * difference * difference;
    product += weight * values[i] * number;
    square += weight * number * number;
  }
  return {error, square > 0 ? product / square : 0};
}

static Fit measure(const QuantizationScheme &scheme,
                   llvm::ArrayRef<float> values,
                   llvm::ArrayRef<float> importance, const BlockScale &scale) {
  IntegerRange range = scheme.getRange();
  if (scheme.format.getKind() == NumberFormat::Kind::Integer) {
    // Relative to the zero point.
    float low = float(range.min - scale.zeroPoint);
    float high = float(range.max - scale.zeroPoint);
    return measure(values, importance, scale.scale, [=](float scaled) {
      return float(roundHalfEven(std::min(std::max(scaled, low), high)));
    });
  }
  const NumberFormat &format = scheme.format;
  return measure(values, importance, scale.scale, [&](float scaled) {
    return format.decode(format.encode(scaled));
  });
}

namespace {
/// Keeps the best of the scales that are tried.
class Search {
public:
  Search(const QuantizationScheme &scheme, llvm::ArrayRef<float> values,
         llvm::ArrayRef<float> importance)
      : scheme(scheme), values(values), importance(importance) {}

  /// Whether `scale` is better than all before.
  bool visit(const BlockScale &scale) {
    Fit fit = measure(scheme, values, importance, scale);
    if (fit.error >= bestFit.error)
      return false;
    bestFit = fit;
    bestScale = scale;
    return true;
  }

  const BlockScale &getBest() const { return bestScale; }
  /// The scale that is best for the codes of the best one.
  double getRefined() const { return bestFit.refined; }

private:
  const QuantizationScheme &scheme;
  llvm::ArrayRef<float> values, importance;
  BlockScale bestScale;
  Fit bestFit{std::numeric_limits<double>::infinity(), 0};
};
} // namespace

/// The ratio of the scales that a search tries, from the greatest down.
static constexpr float step = 0.93f;

/// What plain scales are multiplied by in a search, least and greatest. The
/// fewer numbers there are, the more values may saturate; a mean is less than
/// the best scale of numbers up to 1 can be.
static std::pair<float, float> getFactors(const NumberFormat &format) {
  if (format.getScaleRule() == NumberFormat::ScaleRule::AbsMean)
    return {0.5f, 2.0f};
  return {format.getBits() > 4 ? 0.7f : 0.1f, 1.1f};
}

BlockScale slim::chooseScale(const QuantizationScheme &scheme,
                             llvm::ArrayRef<float> values,
                             llvm::ArrayRef<float> importance,
                             ScaleSearch search, float tensorScale) {
  assert((importance.empty() || importance.size() == values.size()) &&
         "one weight a value");
  Extent extent(values);
  if (extent.absMax == 0) {
    BlockScale result;
    if (!scheme.format.hasZero())
      result.stored =
          scheme.scale == ScaleFormat::E8M0 ? roundScale(scheme.scale, 0) : 0;
    result.scale = result.stored * tensorScale;
    return result;
  }
  BlockScale plain = choosePlainScale(scheme, extent, tensorScale);
  if (search == ScaleSearch::AbsMax)
    return plain;

  Search best(scheme, values, importance);
  best.visit(plain);
  if (scheme.scale == ScaleFormat::E8M0 && !scheme.asymmetric) {
    for (int exponent : {-2, -1, 1})
      best.visit(
          makeScale(scheme, std::ldexp(plain.scale, exponent), tensorScale));
    return best.getBest();
  }

  auto [first, last] = getFactors(scheme.format);
  if (scheme.asymmetric) {
    // Both ends of the range together, and then each.
    float low = 1, high = 1;
    auto tryRange = [&](float newLow, float newHigh) {
      if (!best.visit(fitRange(scheme, newLow * extent.least,
                               newHigh * extent.greatest, tensorScale)))
        return;
      low = newLow;
      high = newHigh;
    };
    for (float factor = last; factor > first; factor *= step)
      tryRange(factor, factor);
    for (float factor = last; factor > first; factor *= step)
      tryRange(factor, high);
    for (float factor = last; factor > first; factor *= step)
      tryRange(low, factor);
  } else {
    for (float factor = last; factor > first; factor *= step)
      best.visit(makeScale(scheme, factor * plain.scale, tensorScale));
  }
  for (int i = 0; i < 8; ++i) {
    double refined = best.getRefined();
    if (!(refined > 0))
      break;
    BlockScale scale = makeScale(scheme, float(refined), tensorScale);
    scale.zeroPoint = best.getBest().zeroPoint;
    if (!best.visit(scale))
      break;
  }
  return best.getBest();
}
