//===- NMFormat.cpp - Packed N:M sparse matrices --------------------------===//

#include "slim/Numerics/NMFormat.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cassert>

using namespace slim;

llvm::Error NMFormat::verify() const {
  if (n < 1 || n > m || m > 256)
    return llvm::createStringError(
        "%lld:%lld is not an N:M pattern with 1 <= N <= M <= 256", (long long)n,
        (long long)m);
  if (cols % m != 0)
    return llvm::createStringError(
        "rows of %lld elements are not divisible into chunks of %lld",
        (long long)cols, (long long)m);
  return llvm::Error::success();
}

unsigned NMFormat::bitsPerPosition() const { return llvm::Log2_64_Ceil(m); }

/// Adds `bits` to `bytes` from bit `offset` on; the target must be zero.
static void writeBits(llvm::MutableArrayRef<uint8_t> bytes, int64_t offset,
                      unsigned width, uint32_t bits) {
  for (unsigned i = 0; i < width; ++i, ++offset)
    bytes[offset / 8] |= (bits >> i & 1) << (offset % 8);
}

static uint32_t readBits(llvm::ArrayRef<uint8_t> bytes, int64_t offset,
                         unsigned width) {
  uint32_t bits = 0;
  for (unsigned i = 0; i < width; ++i, ++offset)
    bits |= uint32_t(bytes[offset / 8] >> (offset % 8) & 1) << i;
  return bits;
}

llvm::Error slim::encodeNMPositions(const NMFormat &format,
                                    llvm::ArrayRef<uint8_t> keep,
                                    llvm::MutableArrayRef<uint8_t> positions) {
  int64_t bytesPerRow = format.positionBytesPerRow();
  assert(int64_t(keep.size()) == format.rows * format.cols &&
         "one mask byte an element");
  assert(int64_t(positions.size()) == format.rows * bytesPerRow &&
         "positions fill the format");

  std::fill(positions.begin(), positions.end(), uint8_t(0));
  unsigned width = format.bitsPerPosition();
  llvm::SmallVector<uint8_t, 16> chosen(format.m);
  for (int64_t row = 0; row < format.rows; ++row) {
    auto rowBytes = positions.slice(row * bytesPerRow, bytesPerRow);
    int64_t offset = 0;
    for (int64_t chunk = 0; chunk < format.chunksPerRow(); ++chunk) {
      const uint8_t *mask = keep.data() + row * format.cols + chunk * format.m;
      int64_t count = 0;
      for (int64_t p = 0; p < format.m; ++p) {
        chosen[p] = mask[p] != 0;
        count += chosen[p];
      }
      if (count > format.n)
        return llvm::createStringError(
            "chunk %lld of row %lld has %lld survivors, more than %lld",
            (long long)chunk, (long long)row, (long long)count,
            (long long)format.n);
      for (int64_t p = format.m - 1; count < format.n; --p) {
        count += !chosen[p];
        chosen[p] = 1;
      }
      for (int64_t p = 0; p < format.m; ++p) {
        if (!chosen[p])
          continue;
        writeBits(rowBytes, offset, width, p);
        offset += width;
      }
    }
  }
  return llvm::Error::success();
}

void slim::decodeNMPositions(const NMFormat &format,
                             llvm::ArrayRef<uint8_t> positions,
                             llvm::MutableArrayRef<int64_t> columns) {
  int64_t bytesPerRow = format.positionBytesPerRow();
  int64_t valuesPerRow = format.valuesPerRow();
  assert(int64_t(positions.size()) == format.rows * bytesPerRow &&
         "positions fill the format");
  assert(int64_t(columns.size()) == format.rows * valuesPerRow &&
         "one column a value");

  unsigned width = format.bitsPerPosition();
  for (int64_t row = 0; row < format.rows; ++row) {
    auto rowBytes = positions.slice(row * bytesPerRow, bytesPerRow);
    for (int64_t k = 0; k < valuesPerRow; ++k)
      columns[row * valuesPerRow + k] =
          k / format.n * format.m + readBits(rowBytes, k * width, width);
  }
}

llvm::Error slim::verifyNMPositions(const NMFormat &format,
                                    llvm::ArrayRef<uint8_t> positions) {
  int64_t bytesPerRow = format.positionBytesPerRow();
  assert(int64_t(positions.size()) == format.rows * bytesPerRow &&
         "positions fill the format");
  unsigned width = format.bitsPerPosition();
  for (int64_t row = 0; row < format.rows; ++row) {
    auto rowBytes = positions.slice(row * bytesPerRow, bytesPerRow);
    int64_t previous = -1;
    for (int64_t k = 0; k < format.valuesPerRow(); ++k) {
      if (k % format.n == 0)
        previous = -1;
      int64_t position = readBits(rowBytes, k * width, width);
      if (position <= previous || position >= format.m)
        return llvm::createStringError(
            "chunk %lld of row %lld: positions must be ascending and below "
            "%lld",
            (long long)(k / format.n), (long long)row, (long long)format.m);
      previous = position;
    }
  }
  return llvm::Error::success();
}
