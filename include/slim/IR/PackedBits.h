//===- PackedBits.h - Elements of less than a byte, packed ------*- C++ -*-===//
//
// How `slim.unpack_bits` finds the elements of a row in its bytes. The layout
// is made for vectors: what one byte holds lies far apart in the row, so that
// the bytes of a run, shifted and masked, are elements in their order.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_IR_PACKEDBITS_H
#define SLIM_IR_PACKEDBITS_H

#include "slim/IR/TensorData.h"

namespace slim {

/// The widths of the planes that a code of `width` bits, at most 8, is divided
/// into, from the lowest bits up: 8, 4, 2 and 1, of which a byte holds a whole
/// number.
SmallVector<unsigned> getBitPlanes(unsigned width);

/// A row of `extent` elements of `width` bits, at most 8, in bytes. Elements
/// are divided into `numRuns` runs of `runBytes` elements each, of which the
/// last ones may be shorter or empty. A plane of b bits holds the bits of 8 / b
/// elements in a byte: those of the first runs in the lowest bits.
class PackedRow {
public:
  PackedRow(unsigned width, int64_t extent);

  /// Where the bits of a run's elements lie: those of element i in byte
  /// `offset + i`, from bit `shift` up, and `bits` of them. They are the bits
  /// from `below` up of the element.
  struct Piece {
    int64_t offset;
    unsigned shift, bits, below;
  };

  int64_t getNumBytes() const { return runBytes * (width / leastPlane); }
  int64_t getNumRuns() const { return 8 / leastPlane; }
  /// The number of elements in run `run`; zero where the row has ended.
  int64_t getRunExtent(int64_t run) const;
  int64_t getRunBegin(int64_t run) const { return run * runBytes; }
  /// The pieces, one a plane, that the elements of run `run` are made of.
  SmallVector<Piece> getPieces(int64_t run) const;

private:
  unsigned width, leastPlane;
  int64_t extent, runBytes;
};

/// `data`, of elements of less than 8 bits, with its last dimension packed:
/// ui8.
TensorData packRows(const TensorData &data);

/// The elements, of `type`, that `packed` holds.
TensorData unpackRows(const TensorData &packed, RankedTensorType type);

} // namespace slim

#endif // SLIM_IR_PACKEDBITS_H
