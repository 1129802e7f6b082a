//===- CodePlanes.cpp - Codes of less than a byte, in kernels -------------===//
#include "CodePlanes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace slim;
using namespace slim::cpu;

/// The ops that read `code`, of integers, or what it is cast to.
static bool areKnownUsers(Value code) {
  return llvm::all_of(code.getUsers(), [&](Operation *user) {
    if (auto bits = dyn_cast<arith::BitcastOp>(user))
      return isa<FloatType>(code.getType()) &&
             bits.getType().isSignlessInteger() &&
             areKnownUsers(bits.getResult());
    return isa<IntegerType>(code.getType()) &&
           isa<arith::SIToFPOp, arith::UIToFPOp, arith::ExtSIOp, arith::ExtUIOp,
               TableOp>(user);
  });
}

bool cpu::canReadPlanes(KernelOp op, unsigned number) {
  return areKnownUsers(op.getBody().getArgument(number));
}

/// Replaces all that reads `old` by reading `code`, an i32 of the same bits.
static void replaceCode(ImplicitLocOpBuilder &b, Value old, Value code) {
  unsigned unused = 32 - old.getType().getIntOrFloatBitWidth();
  auto extendSign = [&]() -> Value {
    Value by = arith::ConstantIntOp::create(b, b.getI32Type(), unused);
    Value high = arith::ShLIOp::create(b, code, by);
    return arith::ShRSIOp::create(b, high, by);
  };
  auto resize = [&](Value value, Type type) -> Value {
    unsigned width = type.getIntOrFloatBitWidth();
    if (width < 32)
      return arith::TruncIOp::create(b, type, value);
    if (width > 32)
      return arith::ExtSIOp::create(b, type, value);
    return value;
  };
  for (Operation *user : llvm::make_early_inc_range(old.getUsers())) {
    b.setInsertionPoint(user);
    Type type = user->getResult(0).getType();
    Value result;
    if (isa<arith::BitcastOp>(user)) {
      replaceCode(b, user->getResult(0), code);
      user->erase();
      continue;
    }
    if (isa<arith::SIToFPOp>(user))
      result = arith::SIToFPOp::create(b, type, extendSign());
    else if (isa<arith::UIToFPOp>(user))
      result = arith::SIToFPOp::create(b, type, code);
    else if (isa<arith::ExtSIOp>(user))
      result = resize(extendSign(), type);
    else if (isa<arith::ExtUIOp>(user))
      result = resize(code, type);
    else
      result = TableOp::create(b, type, code, cast<TableOp>(user).getValues());
    user->getResult(0).replaceAllUsesWith(result);
    user->erase();
  }
}

void cpu::readPlanes(KernelOp op, unsigned number, ArrayRef<unsigned> planes) {
  Block &block = op.getBody().front();
  ImplicitLocOpBuilder b(op.getLoc(), op.getContext());
  b.setInsertionPointToStart(&block);
  Value code;
  unsigned below = 0;
  for (auto [i, bits] : llvm::enumerate(planes)) {
    Value plane = block.insertArgument(number + 1 + i, b.getIntegerType(bits),
                                       op.getLoc());
    Value part = arith::ExtUIOp::create(b, b.getI32Type(), plane);
    if (code) {
      Value by = arith::ConstantIntOp::create(b, b.getI32Type(), below);
      part = arith::ShLIOp::create(b, part, by);
      part = arith::OrIOp::create(b, code, part);
    }
    code = part;
    below += bits;
  }
  replaceCode(b, block.getArgument(number), code);
  block.eraseArgument(number);
}

TensorData cpu::getPlane(const TensorData &data, unsigned below,
                         unsigned bits) {
  std::vector<char> bytes(data.getBytes().begin(), data.getBytes().end());
  for (char &byte : bytes)
    byte = char((uint8_t(byte) >> below) & ((1u << bits) - 1));
  return TensorData(
      data.getType().clone(IntegerType::get(data.getType().getContext(), 8)),
      std::move(bytes));
}

TensorData cpu::packBits(const TensorData &data, unsigned bits) {
  SmallVector<int64_t> shape(data.getType().getShape());
  int64_t pieces = 8 / bits, bytes = shape.back() / pieces;
  shape.back() = bytes;
  auto type = RankedTensorType::get(
      shape, IntegerType::get(data.getType().getContext(), 8));
  std::vector<char> packed(TensorData::getNumBytes(type));
  const char *from = data.getBytes().data();
  for (size_t row = 0; row < packed.size(); row += bytes)
    for (int64_t piece = 0; piece < pieces; ++piece)
      for (int64_t i = 0; i < bytes; ++i)
        packed[row + i] |= (*from++ & ((1 << bits) - 1)) << (piece * bits);
  return TensorData(type, std::move(packed));
}
