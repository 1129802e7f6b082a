//===- FormLookups.cpp - Reads of tables as scalar ops --------------------===//
#include "StoredWeights.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/SymbolTable.h"
#include "slim/CodeGen/CPU/IR/SlimCPU.h"
#include "slim/CodeGen/CPU/Passes.h"
#include "slim/CodeGen/WeightSection.h"
#include "slim/IR/TensorData.h"
#include "slim/IR/WeightData.h"

namespace slim {
#define GEN_PASS_DEF_FORMLOOKUPSPASS
#include "slim/CodeGen/CPU/Passes.h.inc"
} // namespace slim

using namespace slim;
using namespace slim::cpu;

/// The code, of at most 8 bits, whose bits are the position that `read` reads;
/// null for other reads.
static Value getCode(tensor::ExtractOp read) {
  if (read.getIndices().size() != 1)
    return {};
  auto cast = read.getIndices().front().getDefiningOp<arith::IndexCastUIOp>();
  if (!cast || cast.getIn().getType().getIntOrFloatBitWidth() > 8)
    return {};
  return cast.getIn();
}

/// The codes that `code`, of the body of an op on tensors, is one of: bytes of
/// a stored weight. Nothing for other codes.
static FailureOr<std::optional<TensorData>> readCodes(Value code) {
  auto none = std::optional<TensorData>();
  auto argument = dyn_cast<BlockArgument>(code);
  auto op = argument
                ? dyn_cast<linalg::LinalgOp>(argument.getOwner()->getParentOp())
                : linalg::LinalgOp();
  if (!op)
    return none;
  Value operand = op->getOperand(argument.getArgNumber());
  auto type = dyn_cast<RankedTensorType>(operand.getType());
  memref::GetGlobalOp get = getStoredWeight(operand);
  if (!get || !type || !type.hasStaticShape())
    return none;
  auto global = SymbolTable::lookupNearestSymbolFrom<memref::GlobalOp>(
      op, get.getNameAttr());
  Attribute attr =
      global ? global->getAttr(WeightSection::kDataAttr) : Attribute();
  if (!attr)
    return none;
  FailureOr<TensorData> data = readWeightData(global, type, attr);
  if (failed(data))
    return failure();
  return std::optional(std::move(*data));
}

/// Whether `code`, of the type `from`, may be NaN, infinite, or 2^-127, which
/// f32 stores in another way than its neighbours.
static FailureOr<bool> mayBeSpecial(Type from, Value code) {
  FailureOr<std::optional<TensorData>> data = readCodes(code);
  if (failed(data))
    return failure();
  if (!*data)
    return true;
  return llvm::any_of((*data)->getBytes(), [&](char byte) {
    uint8_t bits = byte, magnitude = bits & 0x7f;
    if (isa<Float8E8M0FNUType>(from))
      return bits == 0 || bits == 255;
    return magnitude >= (isa<Float8E4M3FNType>(from) ? 0x7f : 0x7c);
  });
}

/// The value of the small float `code` of the type `from`, in f32, special ones
/// included if there may be some. A float of 32 bits with the same exponent and
/// mantissa is 2^(127 - bias) times too small, also where the code is
/// subnormal. Null for types that tables do better.
static Value decodeFloat(ImplicitLocOpBuilder &b, Type from, Value code,
                         bool hasSpecials) {
  unsigned mantissa = 0, bias = 0, firstSpecial = 0;
  if (isa<Float8E4M3FNType>(from))
    mantissa = 3, bias = 7, firstSpecial = 0x7f;
  else if (isa<Float8E5M2Type>(from))
    mantissa = 2, bias = 15, firstSpecial = 0x7c;
  else if (!isa<Float8E8M0FNUType>(from))
    return {};
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIntOp::create(b, b.getI32Type(), value);
  };
  auto toFloat = [&](Value bits) -> Value {
    return arith::BitcastOp::create(b, b.getF32Type(), bits);
  };
  using Predicate = arith::CmpIPredicate;
  if (mantissa == 0) {
    Value wide = arith::ExtUIOp::create(b, b.getI32Type(), code);
    Value bits = arith::ShLIOp::create(b, wide, constant(23));
    if (!hasSpecials)
      return toFloat(bits);
    Value isLeast = arith::CmpIOp::create(b, Predicate::eq, wide, constant(0));
    Value isNaN = arith::CmpIOp::create(b, Predicate::eq, wide, constant(255));
    bits = arith::SelectOp::create(b, isLeast, constant(1 << 22), bits);
    bits = arith::SelectOp::create(b, isNaN, constant(0x7fc00000), bits);
    return toFloat(bits);
  }
  Value wide = arith::ExtSIOp::create(b, b.getI32Type(), code);
  unsigned shift = 23 - mantissa;
  Value shifted = arith::ShLIOp::create(b, wide, constant(shift));
  Value factor = arith::ConstantOp::create(
      b, b.getF32FloatAttr(std::ldexp(1.0f, 127 - int(bias))));
  constexpr int64_t kSign = int64_t(-2147483647) - 1;
  if (!hasSpecials) {
    Value number = arith::AndIOp::create(
        b, shifted, constant(kSign | (int64_t(0x7f) << shift)));
    return arith::MulFOp::create(b, toFloat(number), factor);
  }
  Value magnitude = arith::AndIOp::create(b, shifted, constant(0x7f << shift));
  Value sign = arith::AndIOp::create(b, wide, constant(kSign));
  Value value = arith::MulFOp::create(b, toFloat(magnitude), factor);
  Value bits = arith::BitcastOp::create(b, b.getI32Type(), value);
  // NaN, and infinity where there is one.
  Value isSpecial = arith::CmpIOp::create(
      b, Predicate::uge, magnitude, constant(int64_t(firstSpecial) << shift));
  Value special = arith::OrIOp::create(b, magnitude, constant(0x7f800000));
  bits = arith::SelectOp::create(b, isSpecial, special, bits);
  return toFloat(arith::OrIOp::create(b, bits, sign));
}

namespace {
struct FormLookupsPass
    : public slim::impl::FormLookupsPassBase<FormLookupsPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<tensor::ExtractOp> reads;
    getOperation()->walk([&](tensor::ExtractOp read) {
      if (isa<linalg::LinalgOp>(read->getParentOp()))
        reads.push_back(read);
    });
    for (tensor::ExtractOp read : reads) {
      Value code = getCode(read);
      if (!code)
        continue;
      rewriter.setInsertionPoint(read);
      FailureOr<Value> value = form(rewriter, read, code);
      if (failed(value))
        return signalPassFailure();
      if (!*value)
        continue;
      SmallVector<Operation *> dead{read.getIndices().front().getDefiningOp(),
                                    code.getDefiningOp()};
      rewriter.replaceOp(read, *value);
      for (Operation *op : dead)
        if (op && isOpTriviallyDead(op))
          rewriter.eraseOp(op);
      ++numLookups;
    }
  }

private:
  /// What `read` reads, without reading; null where that is not known.
  FailureOr<Value> form(OpBuilder &builder, tensor::ExtractOp read,
                        Value code) {
    ImplicitLocOpBuilder b(read.getLoc(), builder);
    auto type = cast<RankedTensorType>(read.getTensor().getType());
    Type element = type.getElementType();
    int64_t count = int64_t(1) << code.getType().getIntOrFloatBitWidth();
    if (element.isInteger(8)) {
      DenseIntElementsAttr table;
      if (count != 256 || !matchPattern(read.getTensor(), m_Constant(&table)) ||
          table.getNumElements() != 256)
        return Value();
      return LookupOp::create(b, code, table).getResult();
    }
    if (!element.isF32() || !type.hasStaticShape() ||
        type.getNumElements() > count)
      return Value();
    DenseElementsAttr constant;
    std::optional<TensorData> values;
    if (matchPattern(read.getTensor(), m_Constant(&constant))) {
      if (auto bits = code.getDefiningOp<arith::BitcastOp>()) {
        Type from = bits.getIn().getType();
        FailureOr<bool> hasSpecials = mayBeSpecial(from, bits.getIn());
        if (failed(hasSpecials))
          return failure();
        if (Value value = decodeFloat(b, from, code, *hasSpecials))
          return value;
      }
      values = TensorData::fromAttr(constant);
    } else if (memref::GetGlobalOp get = getStoredWeight(read.getTensor())) {
      auto global = SymbolTable::lookupNearestSymbolFrom<memref::GlobalOp>(
          read, get.getNameAttr());
      Attribute attr =
          global ? global->getAttr(WeightSection::kDataAttr) : Attribute();
      if (!attr)
        return Value();
      FailureOr<TensorData> data = readWeightData(global, type, attr);
      if (failed(data))
        return failure();
      values = std::move(*data);
    }
    if (!values)
      return Value();
    // A codebook may have fewer values than there are codes.
    SmallVector<float> padded(count, 0);
    for (int64_t i = 0; i < type.getNumElements(); ++i)
      padded[i] = values->getFloat(i);
    auto attr = DenseElementsAttr::get(
        RankedTensorType::get({count}, b.getF32Type()), ArrayRef(padded));
    return TableOp::create(b, element, code, attr).getResult();
  }
};
} // namespace
