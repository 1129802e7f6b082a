//===- PackedBits.cpp - Elements of less than a byte, packed --------------===//
#include "slim/IR/PackedBits.h"
#include "llvm/Support/MathExtras.h"

using namespace slim;

SmallVector<unsigned> slim::getBitPlanes(unsigned width) {
  SmallVector<unsigned> planes;
  for (unsigned plane : {8u, 4u, 2u, 1u})
    if (width & plane)
      planes.push_back(plane);
  return planes;
}

PackedRow::PackedRow(unsigned width, int64_t extent)
    : width(width), leastPlane(getBitPlanes(width).back()), extent(extent),
      runBytes(llvm::divideCeil(extent, getNumRuns())) {}

int64_t PackedRow::getRunExtent(int64_t run) const {
  return std::clamp<int64_t>(extent - getRunBegin(run), 0, runBytes);
}

SmallVector<PackedRow::Piece> PackedRow::getPieces(int64_t run) const {
  SmallVector<Piece> pieces;
  int64_t begin = 0;
  unsigned below = 0;
  for (unsigned bits : getBitPlanes(width)) {
    // A plane has as many bytes as this number of runs has elements.
    int64_t runs = bits / leastPlane;
    pieces.push_back({begin + run % runs * runBytes,
                      unsigned(run / runs) * bits, bits, below});
    begin += runs * runBytes;
    below += bits;
  }
  return pieces;
}

/// Calls `visit` with each row's number, run and piece.
static void
forEachPiece(const PackedRow &layout, int64_t rows,
             function_ref<void(int64_t, int64_t, PackedRow::Piece)> visit) {
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t run = 0; run < layout.getNumRuns(); ++run)
      for (PackedRow::Piece piece : layout.getPieces(run))
        visit(row, run, piece);
}

TensorData slim::packRows(const TensorData &data) {
  RankedTensorType type = data.getType();
  int64_t extent = type.getShape().back();
  PackedRow layout(type.getElementTypeBitWidth(), extent);
  SmallVector<int64_t> shape(type.getShape());
  shape.back() = layout.getNumBytes();
  auto packedType = RankedTensorType::get(
      shape, IntegerType::get(type.getContext(), 8, IntegerType::Unsigned));
  std::vector<char> packed(TensorData::getNumBytes(packedType));
  forEachPiece(layout, extent ? type.getNumElements() / extent : 0,
               [&](int64_t row, int64_t run, PackedRow::Piece piece) {
                 const char *from = data.getBytes().data() + row * extent +
                                    layout.getRunBegin(run);
                 char *to =
                     packed.data() + row * layout.getNumBytes() + piece.offset;
                 unsigned mask = (1u << piece.bits) - 1;
                 for (int64_t i = 0, e = layout.getRunExtent(run); i < e; ++i)
                   to[i] |= char(((uint8_t(from[i]) >> piece.below) & mask)
                                 << piece.shift);
               });
  return TensorData(packedType, std::move(packed));
}

TensorData slim::unpackRows(const TensorData &packed, RankedTensorType type) {
  int64_t extent = type.getShape().back();
  PackedRow layout(type.getElementTypeBitWidth(), extent);
  std::vector<char> bytes(TensorData::getNumBytes(type));
  forEachPiece(layout, extent ? type.getNumElements() / extent : 0,
               [&](int64_t row, int64_t run, PackedRow::Piece piece) {
                 const char *from = packed.getBytes().data() +
                                    row * layout.getNumBytes() + piece.offset;
                 char *to =
                     bytes.data() + row * extent + layout.getRunBegin(run);
                 unsigned mask = (1u << piece.bits) - 1;
                 for (int64_t i = 0, e = layout.getRunExtent(run); i < e; ++i)
                   to[i] |= char(((uint8_t(from[i]) >> piece.shift) & mask)
                                 << piece.below);
               });
  return TensorData(type, std::move(bytes));
}
