//===- NumberFormat.h - What the codes of a tensor stand for ----*- C++ -*-===//
//
// A quantized tensor stores codes of a few bits. A number format says which
// number each code stands for before any scale, and which code stands for a
// number. There are three kinds:
//
//   integers   int8, int4, int3, int2, ternary   the code is the number
//   floats     fp8e4m3, fp8e5m2, fp4e2m1         as FloatFormat decodes them
//   codebooks  binary, nf4, kmeans2 .. kmeans8   an index into a table
//
// Formats are registered under their names; a plug-in adds its own.
//
//===----------------------------------------------------------------------===//

#ifndef SLIM_NUMERICS_NUMBERFORMAT_H
#define SLIM_NUMERICS_NUMBERFORMAT_H

#include "slim/Numerics/Rounding.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace slim {

/// The codes of a quantized tensor and the number each stands for. A value;
/// cheap to copy.
class NumberFormat {
public:
  enum class Kind { Integer, Float, Codebook };

  /// What the format's plain scale is made from, when none is searched for.
  enum class ScaleRule {
    /// The largest magnitude becomes the largest number: nothing saturates.
    AbsMax,
    /// The mean magnitude becomes 1: ternary (BitNet b1.58, arXiv 2402.17764)
    /// and binary weights (XNOR-Net, arXiv 1603.05279).
    AbsMean,
  };

  /// int8, without codes. So that schemes can be declared before they are set.
  NumberFormat() = default;

  /// Signed integers of `range`, in codes of `bits` (2 to 8).
  static NumberFormat ofIntegers(llvm::StringRef name, unsigned bits,
                                 IntegerRange range,
                                 ScaleRule rule = ScaleRule::AbsMax);
  /// `float_`'s numbers; at most 8 bits.
  static NumberFormat ofFloats(llvm::StringRef name, const FloatFormat &float_);
  /// The table `values`, ascending, of 2 to 256 finite numbers.
  static NumberFormat ofCodebook(llvm::StringRef name,
                                 std::vector<float> values,
                                 ScaleRule rule = ScaleRule::AbsMax);
  /// A table of 2^bits numbers that is learned for each tensor.
  static NumberFormat ofLearnedCodebook(llvm::StringRef name, unsigned bits);

  llvm::StringRef getName() const { return name; }
  Kind getKind() const { return kind; }
  /// Bits that a code takes where codes are packed.
  unsigned getBits() const { return bits; }
  ScaleRule getScaleRule() const { return rule; }

  /// Of integers: the codes, without the value that has no negative.
  IntegerRange getRange() const { return range; }
  /// Of floats.
  const FloatFormat &getFloat() const { return floats; }
  /// Of codebooks: the table; empty before it is learned.
  llvm::ArrayRef<float> getCodebook() const {
    return codebook ? llvm::ArrayRef<float>(*codebook)
                    : llvm::ArrayRef<float>();
  }
  /// Whether the format needs a table that is not there yet.
  bool isUnlearned() const { return kind == Kind::Codebook && !codebook; }
  /// The same format with the table `values`, ascending, of at most 2^bits.
  NumberFormat withCodebook(std::vector<float> values) const;

  /// Whether a code is known to stand for zero: none of binary does, and of a
  /// table that is to be learned nobody knows.
  bool hasZero() const;

  /// The largest magnitude that a code stands for: 127, 7, 448, 1.
  float getMaxMagnitude() const;

  /// The code of the number nearest to `scaled`: ties to the even code,
  /// magnitudes that are too large saturate. Integers are codes of their own;
  /// the codes of floats and codebooks are unsigned. `scaled` is not NaN.
  int32_t encode(float scaled) const {
    switch (kind) {
    case Kind::Integer:
      return int32_t(roundSaturate(scaled, range));
    case Kind::Float:
      return int32_t(encodeFloat(scaled, floats, Overflow::Saturate));
    case Kind::Codebook:
      return encodeIndex(scaled);
    }
    return 0;
  }

  /// The number of `code`, as `encode` makes it.
  float decode(int32_t code) const {
    if (kind == Kind::Integer)
      return float(code);
    return (*decoded)[code];
  }

  /// The code that is stored in `byte`.
  int32_t fromByte(int8_t byte) const {
    return kind == Kind::Integer ? int32_t(byte) : int32_t(uint8_t(byte));
  }

private:
  int32_t encodeIndex(float scaled) const;

  std::string name = "int8";
  Kind kind = Kind::Integer;
  ScaleRule rule = ScaleRule::AbsMax;
  unsigned bits = 8;
  IntegerRange range = IntegerRange::ofSymmetric(8);
  FloatFormat floats = FloatFormat::float8E4M3FN();
  std::shared_ptr<const std::vector<float>> codebook;
  /// The numbers of all codes of floats and codebooks.
  std::shared_ptr<const std::vector<float>> decoded;
};

/// Makes `format` known under its name, in place of one of that name.
void registerNumberFormat(const NumberFormat &format);

/// The format called `name`; none if there is no such.
std::optional<NumberFormat> getNumberFormat(llvm::StringRef name);

/// The names of all formats, sorted.
llvm::SmallVector<std::string> getNumberFormatNames();

} // namespace slim

#endif // SLIM_NUMERICS_NUMBERFORMAT_H
