//===- QuantizationScheme.h - A format and what shares a scale --*- C++ -*-===//
//
// How a weight is quantized: the numbers that its codes stand for, the blocks
// that share a scale, and how scales are stored. A weight is a matrix here, its
// rows the output channels and its columns what is summed over:
//
//   value = (number(code) - zero point of the block) * scale of the block
//
// as slim.dequantize computes it, in fp32, bit by bit.
//
// The microscaling formats (OCP Microscaling Formats, version 1.0) are numbers
// of 4 or 8 bits with a power of two for each 32; NVFP4 has an E4M3 scale for
// each 16, relative to one fp32 scale of the tensor.
//
//===----------------------------------------------------------------------===//

#ifndef SLIM_NUMERICS_QUANTIZATIONSCHEME_H
#define SLIM_NUMERICS_QUANTIZATIONSCHEME_H

#include "slim/Numerics/NumberFormat.h"

#include "llvm/Support/Error.h"

namespace slim {

/// What scales are stored as.
enum class ScaleFormat {
  F32,
  F16,
  BF16,
  /// A power of two, 2^-127 to 2^127.
  E8M0,
  /// An 8-bit float relative to one fp32 scale of the tensor.
  E4M3,
};

/// The name of `format` in options and reports: f32, f16, bf16, e8m0, e4m3.
llvm::StringRef getName(ScaleFormat format);
std::optional<ScaleFormat> getScaleFormat(llvm::StringRef name);

/// The extents of the block that shares a scale; 0 stands for the whole extent
/// of the matrix, and blocks at the edges may be smaller. {0, 0} is a scale per
/// tensor, {1, 0} per channel, {1, 128} per group, {128, 128} DeepSeek-V3's.
struct BlockShape {
  int64_t rows = 1;
  int64_t columns = 0;

  bool operator==(const BlockShape &other) const {
    return rows == other.rows && columns == other.columns;
  }
};

/// The blocks of a matrix.
struct BlockGrid {
  BlockGrid(BlockShape shape, int64_t rows, int64_t columns);

  int64_t rows, columns;
  /// The extents of a block, not 0.
  int64_t blockRows, blockColumns;
  /// How many blocks there are along each dimension.
  int64_t gridRows, gridColumns;

  int64_t size() const { return gridRows * gridColumns; }
  int64_t indexOf(int64_t row, int64_t column) const {
    return row / blockRows * gridColumns + column / blockColumns;
  }

  /// Sets `block` to the elements of block `index` of the row-major `matrix`,
  /// row by row.
  void gather(int64_t index, llvm::ArrayRef<float> matrix,
              std::vector<float> &block) const;
  /// Sets `block` to the elements of `perColumn` [columns] for each element of
  /// block `index`; to nothing if `perColumn` is empty.
  void gatherColumns(int64_t index, llvm::ArrayRef<float> perColumn,
                     std::vector<float> &block) const;
};

/// How a weight is stored.
struct QuantizationScheme {
  NumberFormat format;
  BlockShape block;
  ScaleFormat scale = ScaleFormat::F32;
  /// Integers only: each block has a zero point of the codes' type, and codes
  /// use the whole range of their bits.
  bool asymmetric = false;

  /// The codes of integers, and of zero points.
  IntegerRange getRange() const {
    return asymmetric ? IntegerRange::ofSigned(format.getBits())
                      : format.getRange();
  }

  /// Bits for each element of a matrix, scales and zero points included.
  double getBitsPerElement(int64_t rows, int64_t columns) const;

  /// Fails, with the reason, if the parts do not go together.
  llvm::Error verify() const;
};

/// A matrix in a scheme.
struct QuantizedMatrix {
  int64_t rows = 0;
  int64_t columns = 0;
  /// Row-major, one byte a code (NumberFormat::fromByte).
  std::vector<int8_t> codes;
  /// For each block of BlockGrid, row-major, the scale as it is stored, without
  /// `tensorScale`.
  std::vector<float> scales;
  /// As `scales`; empty if symmetric.
  std::vector<int8_t> zeroPoints;
  /// What E4M3 scales are relative to; else 1.
  float tensorScale = 1;
  /// The table of a learned codebook; else empty.
  std::vector<float> codebook;
};

/// The scale of one block.
struct BlockScale {
  /// What numbers are multiplied by: stored * tensorScale.
  float scale = 1;
  int32_t zeroPoint = 0;
  /// The scale as it is stored, exactly.
  float stored = 1;

  /// What a number is to be near to; zero if the block is zeros.
  float divide(float value) const { return scale == 0 ? 0 : value / scale; }
};

/// How a scale is chosen.
enum class ScaleSearch {
  /// By the format's ScaleRule, or from the least to the greatest value.
  AbsMax,
  /// So that the sum of importance * (value - decoded value)^2 is least, over
  /// a range of saturations, each refined by least squares.
  MeanSquaredError,
};

/// The scale nearest to `scale` that is stored as `format`, is not zero, and is
/// normal in f32: subnormal numbers of F16 and E4M3 are.
float roundScale(ScaleFormat format, float scale, float tensorScale = 1);

/// The fp32 scale of a tensor whose block scales are E4M3: the largest block
/// scale becomes the largest E4M3 number. 1 for other scale formats.
float chooseTensorScale(const QuantizationScheme &scheme,
                        llvm::ArrayRef<float> values);

/// The scale and zero point of the block that holds `values`, in any order.
/// `importance` weighs their squared errors in a search; empty if all weigh
/// alike. A block of zeros has scale 1, and 0 (the least, of those that have no
/// zero) if the format's numbers may have none.
BlockScale chooseScale(const QuantizationScheme &scheme,
                       llvm::ArrayRef<float> values,
                       llvm::ArrayRef<float> importance = {},
                       ScaleSearch search = ScaleSearch::AbsMax,
                       float tensorScale = 1);

/// The code nearest to `value`. For every finite value.
inline int32_t encodeValue(const QuantizationScheme &scheme,
                           const BlockScale &scale, float value) {
  float scaled = scale.divide(value);
  if (!scheme.asymmetric)
    return scheme.format.encode(scaled);
  return int32_t(
      roundSaturate(double(scaled) + scale.zeroPoint, scheme.getRange()));
}

/// The value of `code`: what slim.dequantize computes in fp32.
inline float decodeValue(const QuantizationScheme &scheme,
                         const BlockScale &scale, int32_t code) {
  return (scheme.format.decode(code) - float(scale.zeroPoint)) * scale.scale;
}

/// A matrix [rows x columns] with the scales of all blocks of the row-major
/// `values`, and no codes. `columnImportance` has one weight a column for a
/// search, or is empty.
QuantizedMatrix chooseScales(const QuantizationScheme &scheme,
                             llvm::ArrayRef<float> values, int64_t rows,
                             int64_t columns,
                             llvm::ArrayRef<float> columnImportance = {},
                             ScaleSearch search = ScaleSearch::AbsMax);

/// The scale of block `index` of `matrix`.
BlockScale getBlockScale(const QuantizedMatrix &matrix, int64_t index);

/// Sets the codes of `matrix`, which has its scales, to those nearest to
/// `values`.
void encodeMatrix(const QuantizationScheme &scheme,
                  llvm::ArrayRef<float> values, QuantizedMatrix &matrix);

/// The values of all codes, row-major. Uses the codebook of `matrix` where it
/// has one.
void decodeMatrix(const QuantizationScheme &scheme,
                  const QuantizedMatrix &matrix,
                  llvm::MutableArrayRef<float> values);

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

/// A scheme with a name: a number format with the blocks that it is usually
/// used with, or a composite such as mxfp4, whose blocks and scales are part of
/// its definition.
struct NamedScheme {
  std::string name;
  QuantizationScheme scheme;
  /// Whether blocks and scales are fixed by the name.
  bool isComposite = false;
};

/// Makes `scheme` known under its name.
void registerQuantizationScheme(const NamedScheme &scheme);

/// The scheme called `name`, or the number format of that name with a scale per
/// channel; none if there is neither.
std::optional<NamedScheme> getQuantizationScheme(llvm::StringRef name);

/// The names of all schemes and number formats, sorted.
llvm::SmallVector<std::string> getQuantizationSchemeNames();

} // namespace slim

#endif // SLIM_NUMERICS_QUANTIZATIONSCHEME_H
