//===- QuantizeInt.cpp - Symmetric integer quantization -------------------===//

#include "slim/Numerics/QuantizeInt.h"

#include "slim/Numerics/Rounding.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

using namespace slim;

llvm::Error slim::computeSymmetricScales(llvm::ArrayRef<float> values,
                                         const AxisView &view, unsigned bits,
                                         llvm::MutableArrayRef<float> scales) {
  assert(int64_t(values.size()) == view.size() && "values fill the view");
  assert(int64_t(scales.size()) == view.extent && "one scale a channel");
  assert(bits >= 2 && bits <= 8 && "unsupported width");

  std::fill(scales.begin(), scales.end(), 0.0f);
  for (int64_t o = 0; o < view.outer; ++o) {
    for (int64_t channel = 0; channel < view.extent; ++channel) {
      const float *row = values.data() + view.index(o, channel, 0);
      float absMax = scales[channel];
      for (int64_t i = 0; i < view.inner; ++i) {
        if (!std::isfinite(row[i]))
          return llvm::createStringError(
              "channel %lld has an infinite or NaN value", (long long)channel);
        absMax = std::max(absMax, std::fabs(row[i]));
      }
      scales[channel] = absMax;
    }
  }

  float maxCode = float(IntegerRange::ofSymmetric(bits).max);
  for (float &scale : scales)
    scale = scale == 0
                ? 1.0f
                : std::max(scale / maxCode, std::numeric_limits<float>::min());
  return llvm::Error::success();
}

void slim::quantizeSymmetric(llvm::ArrayRef<float> values, const AxisView &view,
                             llvm::ArrayRef<float> scales, unsigned bits,
                             llvm::MutableArrayRef<int8_t> codes) {
  assert(int64_t(values.size()) == view.size() && "values fill the view");
  assert(values.size() == codes.size() && "one code an element");
  assert(int64_t(scales.size()) == view.extent && "one scale a channel");

  IntegerRange range = IntegerRange::ofSymmetric(bits);
  for (int64_t o = 0; o < view.outer; ++o) {
    for (int64_t channel = 0; channel < view.extent; ++channel) {
      int64_t begin = view.index(o, channel, 0);
      float scale = scales[channel];
      for (int64_t i = begin; i < begin + view.inner; ++i)
        codes[i] = int8_t(roundSaturate(values[i] / scale, range));
    }
  }
}

void slim::dequantizeSymmetric(llvm::ArrayRef<int8_t> codes,
                               const AxisView &view,
                               llvm::ArrayRef<float> scales,
                               llvm::MutableArrayRef<float> values) {
  assert(int64_t(codes.size()) == view.size() && "codes fill the view");
  assert(values.size() == codes.size() && "one code an element");
  assert(int64_t(scales.size()) == view.extent && "one scale a channel");

  for (int64_t o = 0; o < view.outer; ++o) {
    for (int64_t channel = 0; channel < view.extent; ++channel) {
      int64_t begin = view.index(o, channel, 0);
      float scale = scales[channel];
      for (int64_t i = begin; i < begin + view.inner; ++i)
        values[i] = scale * float(codes[i]);
    }
  }
}
