//===- Rounding.h - Rounding to integers and narrow floats ------*- C++ -*-===//
//
// The two roundings that every number format of slim is built on: to an integer
// range and to a narrow binary float. Both round to the nearest value and ties
// to the even one; both say what happens outside the range. The code generated
// by slim rounds alike, so that a weight quantized here and an activation
// quantized at run time follow one rule.
//
// All functions expect the default floating-point environment.
//
//===----------------------------------------------------------------------===//

#ifndef SLIM_NUMERICS_ROUNDING_H
#define SLIM_NUMERICS_ROUNDING_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>

namespace slim {

/// The closed range of integers that a `bits`-wide code can hold.
struct IntegerRange {
  int64_t min = 0;
  int64_t max = 0;

  /// [-2^(bits-1), 2^(bits-1)-1]. `bits` is between 1 and 32.
  static IntegerRange ofSigned(unsigned bits) {
    return {-(int64_t(1) << (bits - 1)), (int64_t(1) << (bits - 1)) - 1};
  }
  /// [0, 2^bits-1]. `bits` is between 1 and 32.
  static IntegerRange ofUnsigned(unsigned bits) {
    return {0, (int64_t(1) << bits) - 1};
  }
  /// [-(2^(bits-1)-1), 2^(bits-1)-1]: without the value that has no negative,
  /// as symmetric quantization uses it. `bits` is between 2 and 32.
  static IntegerRange ofSymmetric(unsigned bits) {
    return {1 - (int64_t(1) << (bits - 1)), (int64_t(1) << (bits - 1)) - 1};
  }
};

/// Rounds `value` to the nearest integer, ties to even. |value| < 2^51.
inline double roundHalfEven(double value) {
  // Adding 1.5 * 2^52 leaves no fraction bits, so that the addition itself
  // rounds. Unlike a call to nearbyint, this vectorizes on every CPU.
  constexpr double magic = 6755399441055744.0;
  return (value + magic) - magic;
}

/// Rounds `value` to the nearest integer, ties to even, and saturates it to
/// `range`; infinities saturate too and NaN becomes 0. The bounds of `range`
/// must be below 2^51 in magnitude.
inline int64_t roundSaturate(double value, IntegerRange range) {
  // Clamping first is equivalent, as the bounds are integers, and keeps the
  // rounding inside its domain.
  double clamped = value < double(range.min)   ? double(range.min)
                   : value > double(range.max) ? double(range.max)
                   : value == value            ? value
                                               : 0.0;
  return int64_t(roundHalfEven(clamped));
}

/// What a conversion to a narrow float does with a value whose rounded
/// magnitude exceeds the largest finite one (infinities included).
enum class Overflow {
  /// The format's own rule: infinity, NaN where there is no infinity, and the
  /// largest finite value where there is neither.
  Special,
  /// The largest finite value, with the sign kept.
  Saturate,
};

/// A sign-magnitude binary float of at most 16 bits: one sign bit, the exponent
/// field, the mantissa field, with subnormals.
struct FloatFormat {
  /// What the codes of the highest exponent mean.
  enum class Specials {
    /// Infinity and NaNs, as in IEEE 754.
    InfAndNan,
    /// Numbers, except for the code of all ones, which is NaN.
    NanOnly,
    /// Numbers.
    None,
  };

  unsigned exponentBits;
  unsigned mantissaBits;
  int bias;
  Specials specials;

  unsigned width() const { return 1 + exponentBits + mantissaBits; }
  /// The code of the largest finite value, without a sign.
  uint32_t maxFiniteCode() const;
  /// The largest finite value: 448 for E4M3FN, 65504 for half precision.
  float maxFinite() const;

  static FloatFormat float16() { return {5, 10, 15, Specials::InfAndNan}; }
  static FloatFormat bfloat16() { return {8, 7, 127, Specials::InfAndNan}; }
  static FloatFormat float8E5M2() { return {5, 2, 15, Specials::InfAndNan}; }
  static FloatFormat float8E4M3FN() { return {4, 3, 7, Specials::NanOnly}; }
  static FloatFormat float4E2M1FN() { return {2, 1, 1, Specials::None}; }
};

/// The code of the value of `format` nearest to `value`, ties to the even code.
/// Any NaN becomes the quiet NaN of the same sign (zero where the format has no
/// NaN).
uint32_t encodeFloat(float value, const FloatFormat &format,
                     Overflow overflow = Overflow::Special);

/// The value of `code` in `format`, exactly. Bits above the format's width are
/// ignored.
float decodeFloat(uint32_t code, const FloatFormat &format);

/// The code of the power of two (E8M0, 2^-127 to 2^127) nearest to `value`, of
/// two the greater, as ml_dtypes rounds; between 2^-127 and 2^-126, which are
/// subnormal floats, that is always the greater. 255, NaN, for what is not a
/// positive finite number, and with Overflow::Special for what rounds to 2^128.
uint8_t encodeE8M0(float value, Overflow overflow = Overflow::Special);

/// The power of two of `code`; NaN for 255.
float decodeE8M0(uint8_t code);

/// encodeFloat over whole arrays of equal length, for formats of up to 16 bits
/// and of up to 8 bits, one code an element.
void encodeFloats(llvm::ArrayRef<float> values, const FloatFormat &format,
                  llvm::MutableArrayRef<uint16_t> codes,
                  Overflow overflow = Overflow::Special);
void encodeFloats(llvm::ArrayRef<float> values, const FloatFormat &format,
                  llvm::MutableArrayRef<uint8_t> codes,
                  Overflow overflow = Overflow::Special);

/// decodeFloat over whole arrays of equal length.
void decodeFloats(llvm::ArrayRef<uint16_t> codes, const FloatFormat &format,
                  llvm::MutableArrayRef<float> values);
void decodeFloats(llvm::ArrayRef<uint8_t> codes, const FloatFormat &format,
                  llvm::MutableArrayRef<float> values);

} // namespace slim

#endif // SLIM_NUMERICS_ROUNDING_H
