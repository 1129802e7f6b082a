//===- DotKernel.cpp - Instructions that sum several products -------------===//
#include "DotKernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace slim;
using namespace slim::cpu;

DotKernel::DotKernel(StringRef name, const ProductForm &form,
                     const KernelTarget &target, int64_t depth)
    : MicroKernel(name, form.sum, target, depth * (8 / form.rightBits)),
      neighbours(depth), pieces(8 / form.rightBits), form(form) {
  rightBits = form.rightBits;
}

SmallVector<Value> DotKernel::createStep(OpBuilder &b, Location loc,
                                         const KernelStep &step,
                                         ArrayRef<Value> sums) const {
  size_t numRows = step.rows.size();
  SmallVector<Value> state(sums.take_back(getNumState()));
  sums = sums.drop_back(getNumState());
  size_t numVectors = sums.size() / numRows;
  SmallVector<Value> right =
      loadRight(b, loc, step, sums.take_front(numVectors), state);
  SmallVector<Value> next(sums);
  for (int64_t piece = 0; piece < pieces; ++piece)
    for (size_t row = 0; row < numRows; ++row) {
      Value left = loadLeft(b, loc, step, row, piece);
      for (size_t v = 0; v < numVectors; ++v) {
        Value &sum = next[row * numVectors + v];
        sum = createDot(b, loc, sum,
                        splatNeighbours(b, loc, left, getNumLanes(sum)),
                        right[piece * numVectors + v], form);
      }
    }
  llvm::append_range(next, state);
  return next;
}

SmallVector<Value> DotKernel::loadRight(OpBuilder &b, Location loc,
                                        const KernelStep &step,
                                        ArrayRef<Value> sums,
                                        SmallVectorImpl<Value> &state) const {
  SmallVector<Value> loaded, right;
  for (size_t v = 0; v < sums.size(); ++v) {
    auto type =
        VectorType::get({getNumLanes(sums[v]) * neighbours}, form.right);
    Value at = arith::AddIOp::create(
        b, loc, step.columns[0],
        arith::ConstantIndexOp::create(b, loc, v * step.vectorStep[0]));
    loaded.push_back(vector::LoadOp::create(b, loc, type, step.buffers[1], at));
  }
  for (int64_t piece = 0; piece < pieces; ++piece)
    for (auto [v, value] : llvm::enumerate(loaded)) {
      Value decoded = pieces > 1 ? decode(b, loc, value, piece) : value;
      right.push_back(convertRight(b, loc, decoded));
    }
  return right;
}

/// The elements number `piece` of bytes that hold several. Shifts are of
/// words of 16 bits, a mask takes away what comes from their other byte: x86
/// has no others, and where LLVM may choose how to shift bytes it takes
/// vgf2p8affineqb, which competes with the products.
Value DotKernel::decode(OpBuilder &b, Location loc, Value bytes,
                        int64_t piece) const {
  auto type = cast<VectorType>(bytes.getType());
  auto words = VectorType::get({type.getDimSize(0) / 2}, b.getI16Type());
  auto constant = [&](VectorType type, uint64_t value) -> Value {
    unsigned width = type.getElementTypeBitWidth();
    return arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(type, APInt(width, value)));
  };
  auto shift = [&](auto create, unsigned by) {
    if (by == 0)
      return bytes;
    Value word = vector::BitCastOp::create(b, loc, words, bytes);
    word = create(word, constant(words, by));
    return Value(vector::BitCastOp::create(b, loc, type, word));
  };
  unsigned bits = form.rightBits, below = piece * bits;
  if (!form.table.empty()) {
    // Tables look at the lowest bits alone.
    bytes = shift(
        [&](Value word, Value by) -> Value {
          return arith::ShRUIOp::create(b, loc, word, by);
        },
        below);
    auto values = DenseElementsAttr::get(
        RankedTensorType::get(form.table.size(), b.getI8Type()),
        ArrayRef(form.table));
    return TableOp::create(b, loc, type, bytes, values);
  }
  if (!form.codesAreUnsigned) {
    // In the upper bits, where the sign is.
    bytes = shift(
        [&](Value word, Value by) -> Value {
          return arith::ShLIOp::create(b, loc, word, by);
        },
        8 - bits - below);
    return arith::AndIOp::create(b, loc, bytes,
                                 constant(type, 0x100 - (1 << (8 - bits))));
  }
  bytes = shift(
      [&](Value word, Value by) -> Value {
        return arith::ShRUIOp::create(b, loc, word, by);
      },
      below);
  return arith::AndIOp::create(b, loc, bytes, constant(type, (1 << bits) - 1));
}

Value DotKernel::loadLeft(OpBuilder &b, Location loc, const KernelStep &step,
                          size_t row, int64_t piece) const {
  auto type = VectorType::get({neighbours}, form.left);
  Value at = step.rows[row], left;
  Value skipped = arith::ConstantIndexOp::create(b, loc, piece * neighbours);
  if (piece)
    at = arith::AddIOp::create(b, loc, at, skipped);
  if (step.valid) {
    Value valid = step.valid;
    if (piece)
      valid = b.createOrFold<arith::SubIOp>(loc, valid, skipped);
    Value mask = vector::CreateMaskOp::create(
        b, loc, VectorType::get({neighbours}, b.getI1Type()), valid);
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
    left = vector::MaskedLoadOp::create(b, loc, type, step.buffers[0], at, mask,
                                        zero);
  } else {
    left = vector::LoadOp::create(b, loc, type, step.buffers[0], at);
  }
  return convertLeft(b, loc, left);
}

Value DotKernel::call(OpBuilder &b, Location loc, Type type,
                      StringRef intrinsic, ArrayRef<Value> arguments) {
  return LLVM::CallIntrinsicOp::create(b, loc, type, b.getStringAttr(intrinsic),
                                       arguments)
      .getResult(0);
}
