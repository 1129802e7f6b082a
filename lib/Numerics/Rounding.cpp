//===- Rounding.cpp - Rounding to integers and narrow floats --------------===//

#include "slim/Numerics/Rounding.h"

#include "llvm/ADT/bit.h"

#include <algorithm>
#include <cassert>
#include <cmath>

using namespace slim;

using Specials = FloatFormat::Specials;

uint32_t FloatFormat::maxFiniteCode() const {
  uint32_t allOnes = (1u << (exponentBits + mantissaBits)) - 1;
  switch (specials) {
  case Specials::InfAndNan:
    // One less than infinity, whose mantissa is zero.
    return (allOnes >> mantissaBits << mantissaBits) - 1;
  case Specials::NanOnly:
    return allOnes - 1;
  case Specials::None:
    return allOnes;
  }
  return allOnes;
}

float FloatFormat::maxFinite() const {
  return decodeFloat(maxFiniteCode(), *this);
}

/// The code of the quiet NaN without a sign.
static uint32_t nanCode(const FloatFormat &format) {
  uint32_t allOnes = (1u << (format.exponentBits + format.mantissaBits)) - 1;
  switch (format.specials) {
  case Specials::InfAndNan:
    return allOnes >> (format.mantissaBits - 1) << (format.mantissaBits - 1);
  case Specials::NanOnly:
    return allOnes;
  case Specials::None:
    return 0;
  }
  return 0;
}

/// The code that stands for too large a magnitude.
static uint32_t overflowCode(const FloatFormat &format, Overflow overflow) {
  if (overflow == Overflow::Saturate || format.specials == Specials::None)
    return format.maxFiniteCode();
  // Infinity follows the largest finite code; so does the only NaN of NanOnly.
  return format.maxFiniteCode() + 1;
}

uint32_t slim::encodeFloat(float value, const FloatFormat &format,
                           Overflow overflow) {
  uint32_t bits = llvm::bit_cast<uint32_t>(value);
  uint32_t sign = bits >> 31 << (format.width() - 1);
  uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000)
    return sign | nanCode(format);
  if (magnitude == 0x7f800000)
    return sign | overflowCode(format, overflow);

  // |value| = significand * 2^(exponent - 23).
  uint32_t field = magnitude >> 23;
  uint32_t significand = (magnitude & 0x7fffff) | (field ? 1u << 23 : 0);
  int exponent = int(field ? field : 1) - 127;

  // Below the smallest normal exponent the spacing of the format stays the
  // same: more bits are shifted out, which makes the subnormals.
  int minExponent = 1 - format.bias;
  int targetExponent = exponent > minExponent ? exponent : minExponent;
  int shift = 23 - int(format.mantissaBits) + (targetExponent - exponent);
  // A shift by 25 or more leaves less than half a unit.
  if (shift > 24)
    return sign;
  uint32_t rounded = significand >> shift;
  uint32_t rest = significand & ((1u << shift) - 1);
  uint32_t half = shift ? 1u << (shift - 1) : 0;
  if (shift && (rest > half || (rest == half && (rounded & 1))))
    ++rounded;

  // `rounded` contains the leading one of a normal number, which adds one to
  // the exponent field; a carry out of the mantissa does the same.
  uint32_t code =
      (uint32_t(targetExponent - minExponent) << format.mantissaBits) + rounded;
  if (code > format.maxFiniteCode())
    code = overflowCode(format, overflow);
  return sign | code;
}

float slim::decodeFloat(uint32_t code, const FloatFormat &format) {
  unsigned mantissaBits = format.mantissaBits;
  uint32_t sign = (code >> (format.width() - 1) & 1) << 31;
  uint32_t magnitude = code & ((1u << (format.width() - 1)) - 1);
  uint32_t mantissa = magnitude & ((1u << mantissaBits) - 1);
  uint32_t field = magnitude >> mantissaBits;

  uint32_t bits;
  if (magnitude > format.maxFiniteCode()) {
    // Infinity, or a NaN with its payload; made quiet.
    bool isNan = format.specials == Specials::NanOnly || mantissa;
    bits =
        0x7f800000 | (isNan ? 0x400000 | mantissa << (23 - mantissaBits) : 0);
  } else if (field) {
    bits = uint32_t(int(field) - format.bias + 127) << 23 |
           mantissa << (23 - mantissaBits);
  } else {
    float unit = std::ldexp(1.0f, 1 - format.bias - int(mantissaBits));
    bits = llvm::bit_cast<uint32_t>(float(mantissa) * unit);
  }
  return llvm::bit_cast<float>(sign | bits);
}

uint8_t slim::encodeE8M0(float value, Overflow overflow) {
  uint32_t bits = llvm::bit_cast<uint32_t>(value);
  if (bits == 0 || bits >= 0x7f800000) // negative ones are above, too
    return 255;
  // Code n is 2^(n - 127), which has the exponent field n, but 2^-127.
  if (bits < 0x00800000)
    return bits > 0x00400000 ? 1 : 0;
  uint32_t code = (bits + 0x00400000) >> 23;
  return uint8_t(overflow == Overflow::Saturate ? std::min(code, 254u) : code);
}

float slim::decodeE8M0(uint8_t code) {
  if (code == 255)
    return llvm::bit_cast<float>(0x7fc00000);
  return std::ldexp(1.0f, int(code) - 127);
}

template <typename Code>
static void encodeAll(llvm::ArrayRef<float> values, const FloatFormat &format,
                      llvm::MutableArrayRef<Code> codes, Overflow overflow) {
  assert(values.size() == codes.size() && "one code an element");
  assert(format.width() <= 8 * sizeof(Code) && "format too wide");
  for (size_t i = 0, e = values.size(); i < e; ++i)
    codes[i] = Code(encodeFloat(values[i], format, overflow));
}

template <typename Code>
static void decodeAll(llvm::ArrayRef<Code> codes, const FloatFormat &format,
                      llvm::MutableArrayRef<float> values) {
  assert(values.size() == codes.size() && "one code an element");
  for (size_t i = 0, e = codes.size(); i < e; ++i)
    values[i] = decodeFloat(codes[i], format);
}

void slim::encodeFloats(llvm::ArrayRef<float> values, const FloatFormat &format,
                        llvm::MutableArrayRef<uint16_t> codes,
                        Overflow overflow) {
  encodeAll(values, format, codes, overflow);
}

void slim::encodeFloats(llvm::ArrayRef<float> values, const FloatFormat &format,
                        llvm::MutableArrayRef<uint8_t> codes,
                        Overflow overflow) {
  encodeAll(values, format, codes, overflow);
}

void slim::decodeFloats(llvm::ArrayRef<uint16_t> codes,
                        const FloatFormat &format,
                        llvm::MutableArrayRef<float> values) {
  decodeAll(codes, format, values);
}

void slim::decodeFloats(llvm::ArrayRef<uint8_t> codes,
                        const FloatFormat &format,
                        llvm::MutableArrayRef<float> values) {
  decodeAll(codes, format, values);
}
