//===- MatrixMicroKernels.cpp - Products of 2 rows by 2 columns -----------===//
//
// smmla, ummla, usmmla and bfmmla of AArch64 multiply 2 rows by 2 columns of 8
// bytes each, and add to a register of 2 by 2 sums. Packed panels have the 8
// bytes of a column side by side, so that a register holds 2 columns. For the
// left operand it holds 2 rows.
//
// Steps take sums as such tiles: for each pair of rows and vector of 4 columns
// two of them. A row without another is multiplied by the instructions that sum
// the products of 4 bytes (sdot, bfdot): they take the same registers and leave
// two sums for each column, which are added in the end.
//
//===----------------------------------------------------------------------===//
#include "DotKernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace slim;
using namespace slim::cpu;

namespace {

/// Bytes along the reduction that a register holds of each row or column.
constexpr int64_t kTileBytes = 8;

/// Columns of a vector of sums in 128 bits.
constexpr int64_t kColumns = 4;

Value shuffle(OpBuilder &b, Location loc, Value lhs, Value rhs,
              ArrayRef<int64_t> elements) {
  return vector::ShuffleOp::create(b, loc, lhs, rhs, elements);
}

class NeonMatrixKernel : public DotKernel {
public:
  NeonMatrixKernel(StringRef name, const ProductForm &form,
                   const KernelTarget &target)
      : DotKernel(name, form, target, getDepth(form)) {}

  static bool supports(const KernelTarget &target) {
    return target.vectorBytes * 8 == kColumns * 32;
  }
  /// Neighbours of one instruction.
  static int64_t getDepth(const ProductForm &form) {
    return kTileBytes * 8 / form.left.getIntOrFloatBitWidth();
  }

  int64_t getInstructionRows() const override { return 2; }

  SmallVector<Value> enterSteps(OpBuilder &b, Location loc,
                                ArrayRef<Value> sums,
                                size_t numRows) const override {
    size_t numVectors = sums.size() / numRows;
    SmallVector<Value> tiles;
    for (size_t row = 0; row < numRows; row += 2)
      for (size_t v = 0; v < numVectors; ++v) {
        Value first = sums[row * numVectors + v];
        if (row + 1 == numRows) {
          Value zero =
              arith::ConstantOp::create(b, loc, b.getZeroAttr(first.getType()));
          tiles.push_back(shuffle(b, loc, first, zero, {0, 4, 1, 5}));
          tiles.push_back(shuffle(b, loc, first, zero, {2, 6, 3, 7}));
          continue;
        }
        Value second = sums[(row + 1) * numVectors + v];
        bool swaps = swapsOperands();
        tiles.push_back(swaps ? shuffle(b, loc, first, second, {0, 4, 1, 5})
                              : shuffle(b, loc, first, second, {0, 1, 4, 5}));
        tiles.push_back(swaps ? shuffle(b, loc, first, second, {2, 6, 3, 7})
                              : shuffle(b, loc, first, second, {2, 3, 6, 7}));
      }
    return tiles;
  }

  SmallVector<Value> leaveSteps(OpBuilder &b, Location loc,
                                ArrayRef<Value> tiles,
                                size_t numRows) const override {
    size_t numVectors = getNumVectors(tiles, numRows);
    SmallVector<Value> sums(numRows * numVectors);
    for (size_t row = 0; row < numRows; row += 2)
      for (size_t v = 0; v < numVectors; ++v) {
        Value low = tiles[row * numVectors + 2 * v],
              high = tiles[row * numVectors + 2 * v + 1];
        Value even = shuffle(b, loc, low, high, {0, 2, 4, 6}),
              odd = shuffle(b, loc, low, high, {1, 3, 5, 7});
        Value &first = sums[row * numVectors + v];
        if (row + 1 == numRows) {
          first = addSums(b, loc, even, odd);
          continue;
        }
        bool swaps = swapsOperands();
        first = swaps ? even : shuffle(b, loc, low, high, {0, 1, 4, 5});
        sums[(row + 1) * numVectors + v] =
            swaps ? odd : shuffle(b, loc, low, high, {2, 3, 6, 7});
      }
    return sums;
  }

  SmallVector<Value> createStep(OpBuilder &b, Location loc,
                                const KernelStep &step,
                                ArrayRef<Value> tiles) const override {
    size_t numRows = step.rows.size(),
           numVectors = getNumVectors(tiles, numRows);
    SmallVector<Value> state;
    SmallVector<Value> right =
        loadRight(b, loc, step, tiles.take_front(numVectors), state);
    SmallVector<Value> next(tiles);
    SmallVector<int64_t> both =
        llvm::to_vector(llvm::seq<int64_t>(2 * neighbours));
    for (int64_t piece = 0; piece < pieces; ++piece)
      for (size_t row = 0; row < numRows; row += 2) {
        bool isPair = row + 1 < numRows;
        Value left = loadLeft(b, loc, step, row, piece);
        Value other = isPair ? loadLeft(b, loc, step, row + 1, piece) : left;
        left = shuffle(b, loc, left, other, both);
        for (size_t i = 0; i < 2 * numVectors; ++i) {
          Value columns = vector::ExtractStridedSliceOp::create(
              b, loc, right[piece * numVectors + i / 2],
              /*offsets=*/int64_t(i % 2) * 2 * neighbours,
              /*sizes=*/2 * neighbours, /*strides=*/1);
          Value &sum = next[row * numVectors + i];
          sum = isPair ? createProduct(b, loc, sum, left, columns)
                       : createDot(b, loc, sum, left, columns, form);
        }
      }
    return next;
  }

protected:
  /// Adds the products of 2 rows by 2 columns.
  virtual Value createProduct(OpBuilder &b, Location loc, Value sum, Value left,
                              Value right) const = 0;
  /// Whether the right operand comes first, and tiles are transposed.
  virtual bool swapsOperands() const { return false; }

private:
  static size_t getNumVectors(ArrayRef<Value> tiles, size_t numRows) {
    return tiles.size() / llvm::alignTo<2>(numRows);
  }
};

/// Bytes of either sign.
class ByteMatrixKernel : public NeonMatrixKernel {
public:
  ByteMatrixKernel(const ProductForm &form, const KernelTarget &target)
      : NeonMatrixKernel("i8mm", form, target) {}

protected:
  Value createProduct(OpBuilder &b, Location loc, Value sum, Value left,
                      Value right) const override {
    return create(b, loc, "mmla", sum, left, right);
  }
  Value createDot(OpBuilder &b, Location loc, Value sum, Value left,
                  Value right, const ProductForm &) const override {
    return create(b, loc, "dot", sum, left, right);
  }
  bool swapsOperands() const override {
    return form.rightIsUnsigned && !form.leftIsUnsigned;
  }

private:
  Value create(OpBuilder &b, Location loc, StringRef instruction, Value sum,
               Value left, Value right) const {
    StringRef sign = form.leftIsUnsigned != form.rightIsUnsigned ? "us"
                     : form.leftIsUnsigned                       ? "u"
                                                                 : "s";
    // The unsigned operand comes first.
    if (swapsOperands())
      std::swap(left, right);
    std::string name =
        ("llvm.aarch64.neon." + sign + instruction + ".v4i32.v16i8").str();
    return call(b, loc, sum.getType(), name, {sum, left, right});
  }
};

class BF16MatrixKernel : public NeonMatrixKernel {
public:
  BF16MatrixKernel(const ProductForm &form, const KernelTarget &target)
      : NeonMatrixKernel("bfmmla", form, target) {}

protected:
  Value createProduct(OpBuilder &b, Location loc, Value sum, Value left,
                      Value right) const override {
    return call(b, loc, sum.getType(), "llvm.aarch64.neon.bfmmla",
                {sum, left, right});
  }
  Value createDot(OpBuilder &b, Location loc, Value sum, Value left,
                  Value right, const ProductForm &) const override {
    return createBF16Dot(b, loc, sum, left, right, BF16Dot::Neon);
  }
};

} // namespace

std::unique_ptr<MicroKernel>
cpu::createMatrixMicroKernel(const ProductForm &form,
                             const KernelTarget &target, int64_t extent,
                             bool isGroup) {
  if (!NeonMatrixKernel::supports(target))
    return nullptr;
  // An instruction for half as many neighbours computes the same if there are
  // no more, and groups end with steps.
  int64_t depth = NeonMatrixKernel::getDepth(form) * (8 / form.rightBits);
  if (!ShapedType::isDynamic(extent) &&
      (isGroup ? extent % depth != 0 : extent <= depth / 2))
    return nullptr;
  if (form.multipliesBF16() && target.has("bfdot"))
    return std::make_unique<BF16MatrixKernel>(form, target);
  if (form.multipliesBytes() && target.has("dotprod") && target.has("i8mm"))
    return std::make_unique<ByteMatrixKernel>(form, target);
  return nullptr;
}
