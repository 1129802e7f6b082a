//===- NumberFormat.cpp - What the codes of a tensor stand for ------------===//

#include "slim/Numerics/NumberFormat.h"

#include "slim/Support/Registry.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"

#include <algorithm>
#include <cassert>
#include <cmath>

using namespace slim;

NumberFormat NumberFormat::ofIntegers(llvm::StringRef name, unsigned bits,
                                      IntegerRange range, ScaleRule rule) {
  assert(bits >= 2 && bits <= 8 && "unsupported width");
  NumberFormat format;
  format.name = name.str();
  format.kind = Kind::Integer;
  format.bits = bits;
  format.range = range;
  format.rule = rule;
  return format;
}

NumberFormat NumberFormat::ofFloats(llvm::StringRef name,
                                    const FloatFormat &float_) {
  assert(float_.width() <= 8 && "unsupported width");
  NumberFormat format;
  format.name = name.str();
  format.kind = Kind::Float;
  format.bits = float_.width();
  format.floats = float_;
  auto values = std::make_shared<std::vector<float>>();
  for (uint32_t code = 0; code < (1u << float_.width()); ++code)
    values->push_back(decodeFloat(code, float_));
  format.decoded = std::move(values);
  return format;
}

NumberFormat NumberFormat::ofLearnedCodebook(llvm::StringRef name,
                                             unsigned bits) {
  assert(bits >= 1 && bits <= 8 && "unsupported width");
  NumberFormat format;
  format.name = name.str();
  format.kind = Kind::Codebook;
  format.bits = bits;
  return format;
}

NumberFormat NumberFormat::ofCodebook(llvm::StringRef name,
                                      std::vector<float> values,
                                      ScaleRule rule) {
  unsigned bits = 1;
  while ((size_t(1) << bits) < values.size())
    ++bits;
  NumberFormat format = ofLearnedCodebook(name, bits);
  format.rule = rule;
  return format.withCodebook(std::move(values));
}

NumberFormat NumberFormat::withCodebook(std::vector<float> values) const {
  assert(kind == Kind::Codebook && "the format has no table");
  assert(!values.empty() && values.size() <= (size_t(1) << bits) &&
         "one number a code");
  assert(llvm::is_sorted(values) && "tables are ascending");
  NumberFormat format = *this;
  format.codebook = std::make_shared<std::vector<float>>(std::move(values));
  format.decoded = format.codebook;
  return format;
}

bool NumberFormat::hasZero() const {
  return kind != Kind::Codebook || llvm::is_contained(getCodebook(), 0.0f);
}

float NumberFormat::getMaxMagnitude() const {
  switch (kind) {
  case Kind::Integer:
    return float(std::max(-range.min, range.max));
  case Kind::Float:
    return floats.maxFinite();
  case Kind::Codebook:
    // Learned tables are those of values that were scaled to 1.
    if (!codebook)
      return 1;
    return std::max(std::fabs(codebook->front()), std::fabs(codebook->back()));
  }
  return 1;
}

int32_t NumberFormat::encodeIndex(float scaled) const {
  assert(codebook && "the codebook is not learned yet");
  const std::vector<float> &table = *codebook;
  int32_t upper =
      std::lower_bound(table.begin(), table.end(), scaled) - table.begin();
  if (upper == 0)
    return 0;
  int32_t lower = upper - 1;
  if (upper == int32_t(table.size()))
    return lower;
  double below = double(scaled) - table[lower];
  double above = double(table[upper]) - scaled;
  if (below != above)
    return below < above ? lower : upper;
  return lower % 2 == 0 ? lower : upper;
}

//===----------------------------------------------------------------------===//
// Registry
//===----------------------------------------------------------------------===//

/// QLoRA's 4-bit NormalFloat (Dettmers et al., arXiv 2305.14314, appendix E):
/// quantiles of the normal distribution, scaled to [-1, 1], with an exact zero.
static std::vector<float> getNormalFloat4() {
  return {-1.0f,
          -0.6961928009986877f,
          -0.5250730514526367f,
          -0.39491748809814453f,
          -0.28444138169288635f,
          -0.18477343022823334f,
          -0.09105003625154495f,
          0.0f,
          0.07958029955625534f,
          0.16093020141124725f,
          0.24611230194568634f,
          0.33791524171829224f,
          0.44070982933044434f,
          0.5626170039176941f,
          0.7229568362236023f,
          1.0f};
}

static Registry<NumberFormat> &getRegistry() {
  static Registry<NumberFormat> *registry = [] {
    auto *formats = new Registry<NumberFormat>;
    auto add = [&](NumberFormat format) {
      formats->add(format.getName(), format);
    };
    for (unsigned bits : {8, 4, 3, 2})
      add(NumberFormat::ofIntegers(("int" + llvm::Twine(bits)).str(), bits,
                                   IntegerRange::ofSymmetric(bits)));
    add(NumberFormat::ofIntegers("ternary", 2, IntegerRange{-1, 1},
                                 NumberFormat::ScaleRule::AbsMean));
    add(NumberFormat::ofFloats("fp8e4m3", FloatFormat::float8E4M3FN()));
    add(NumberFormat::ofFloats("fp8e5m2", FloatFormat::float8E5M2()));
    add(NumberFormat::ofFloats("fp4e2m1", FloatFormat::float4E2M1FN()));
    add(NumberFormat::ofCodebook("binary", {-1, 1},
                                 NumberFormat::ScaleRule::AbsMean));
    add(NumberFormat::ofCodebook("nf4", getNormalFloat4()));
    for (unsigned bits = 2; bits <= 8; ++bits)
      add(NumberFormat::ofLearnedCodebook(("kmeans" + llvm::Twine(bits)).str(),
                                          bits));
    return formats;
  }();
  return *registry;
}

void slim::registerNumberFormat(const NumberFormat &format) {
  getRegistry().add(format.getName(), format);
}

std::optional<NumberFormat> slim::getNumberFormat(llvm::StringRef name) {
  return getRegistry().get(name);
}

llvm::SmallVector<std::string> slim::getNumberFormatNames() {
  return getRegistry().getNames();
}
