//===- NMFormat.h - Packed N:M sparse matrices ------------------*- C++ -*-===//
//
// Storage of a matrix [rows, cols] in which every `m` consecutive elements of a
// row (a chunk) have at most `n` nonzeros:
//
//  - values [rows, cols / m * n]: the survivors of each chunk, in order;
//  - positions [rows, bytes per row]: where in its chunk each survivor stands,
//    ceil(log2 m) bits a position, filled from the low bits of each byte on;
//    every row starts at a whole byte.
//
// The n positions of a chunk are always distinct and ascending, even if the
// chunk has fewer nonzeros (the rest are stored zeros), because sparse tensor
// cores define nothing else. For 2:4 a chunk is thus the nibble
// `idx0 | idx1 << 2` of the PTX ISA's metadata operand of `mma.sp`, one of 4,
// 8, 9, 0xC, 0xD and 0xE, with chunk 0 in the low nibble.
//
//===----------------------------------------------------------------------===//

#ifndef SLIM_NUMERICS_NMFORMAT_H
#define SLIM_NUMERICS_NMFORMAT_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>

namespace slim {

/// The shape of a packed N:M matrix.
struct NMFormat {
  int64_t rows = 0;
  int64_t cols = 0;
  int64_t n = 2;
  int64_t m = 4;

  /// Fails, saying what is wrong, unless 1 <= n <= m <= 256 and m divides cols.
  llvm::Error verify() const;

  int64_t chunksPerRow() const { return cols / m; }
  /// The columns of the values matrix.
  int64_t valuesPerRow() const { return chunksPerRow() * n; }
  /// ceil(log2 m); 0 for m = 1, where there is one position.
  unsigned bitsPerPosition() const;
  int64_t positionBytesPerRow() const {
    return (valuesPerRow() * bitsPerPosition() + 7) / 8;
  }
};

/// Encodes the positions of the survivors. `keep` [rows, cols] marks them with
/// nonzero bytes; a chunk with fewer than n is filled up with its highest free
/// positions. `positions` [rows, positionBytesPerRow]. Fails, naming row and
/// chunk, if a chunk has more than n survivors.
llvm::Error encodeNMPositions(const NMFormat &format,
                              llvm::ArrayRef<uint8_t> keep,
                              llvm::MutableArrayRef<uint8_t> positions);

/// Decodes `positions` to the columns of the dense matrix:
/// `columns` [rows, valuesPerRow], each below cols for positions that
/// verifyNMPositions accepts.
void decodeNMPositions(const NMFormat &format,
                       llvm::ArrayRef<uint8_t> positions,
                       llvm::MutableArrayRef<int64_t> columns);

/// Fails, naming row and chunk, unless all positions are below m, distinct and
/// ascending inside their chunk.
llvm::Error verifyNMPositions(const NMFormat &format,
                              llvm::ArrayRef<uint8_t> positions);

/// Collects the survivors of `dense` [rows, cols] that `columns` (see
/// decodeNMPositions) names into `values` [rows, valuesPerRow].
template <typename T>
void gatherNM(const NMFormat &format, llvm::ArrayRef<int64_t> columns,
              llvm::ArrayRef<T> dense, llvm::MutableArrayRef<T> values) {
  int64_t perRow = format.valuesPerRow();
  for (int64_t row = 0; row < format.rows; ++row)
    for (int64_t k = 0; k < perRow; ++k)
      values[row * perRow + k] =
          dense[row * format.cols + columns[row * perRow + k]];
}

/// The inverse of gatherNM: writes `values` to their places in `dense` and zero
/// everywhere else.
template <typename T>
void scatterNM(const NMFormat &format, llvm::ArrayRef<int64_t> columns,
               llvm::ArrayRef<T> values, llvm::MutableArrayRef<T> dense) {
  int64_t perRow = format.valuesPerRow();
  for (T &value : dense)
    value = T(0);
  for (int64_t row = 0; row < format.rows; ++row)
    for (int64_t k = 0; k < perRow; ++k)
      dense[row * format.cols + columns[row * perRow + k]] =
          values[row * perRow + k];
}

} // namespace slim

#endif // SLIM_NUMERICS_NMFORMAT_H
