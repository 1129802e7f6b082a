//===- LowerLookups.cpp - Tables of bytes in vector registers -------------===//
//
// A permutation of bytes reads a table that lies in registers. What the
// instruction cannot reach, 256 bytes at once, is chosen by the upper bits of
// the index, or falls out of the instruction's range and is left as it was.
// The tables are constants, which LLVM loads before the loop where registers
// are left.
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/SymbolTable.h"
#include "slim/CodeGen/CPU/IR/SlimCPU.h"
#include "slim/CodeGen/CPU/Passes.h"

namespace slim {
#define GEN_PASS_DEF_LOWERLOOKUPSPASS
#include "slim/CodeGen/CPU/Passes.h.inc"
} // namespace slim

using namespace mlir;
using namespace slim;
using namespace slim::cpu;

namespace {

/// Builds lookups of vectors of one length.
class TableBuilder : public ImplicitLocOpBuilder {
public:
  TableBuilder(Location loc, OpBuilder &b, ArrayRef<int8_t> table,
               int64_t bytes)
      : ImplicitLocOpBuilder(loc, b), table(table),
        type(VectorType::get({bytes}, getI8Type())) {}

  /// vpermi2b, whose index has 7 bits, on both halves of the table.
  Value permuteHalves(Value index) {
    auto half = [&](int64_t begin) {
      return call("llvm.x86.avx512.vpermi2var.qi.512",
                  {getRow(begin, 64), index, getRow(begin + 64, 64)});
    };
    Value low = half(0), high = half(128);
    return choose(hasBit(index, 7), high, low);
  }

  /// pshufb on rows of 16 bytes, then choices by the bits 4 to 7.
  Value permuteRows(Value index) {
    StringRef name = type.getNumElements() == 64 ? "llvm.x86.avx512.pshuf.b.512"
                     : type.getNumElements() == 32
                         ? "llvm.x86.avx2.pshuf.b"
                         : "llvm.x86.ssse3.pshuf.b.128";
    Value low = arith::AndIOp::create(*this, index, splat(15));
    SmallVector<Value> values;
    for (int64_t row = 0; row < 16; ++row)
      values.push_back(call(name, {getRow(16 * row, 16), low}));
    for (unsigned bit = 4; bit < 8; ++bit) {
      Value isSet = hasBit(index, bit);
      SmallVector<Value> chosen;
      for (size_t i = 0; i < values.size(); i += 2)
        chosen.push_back(choose(isSet, values[i + 1], values[i]));
      values = std::move(chosen);
    }
    return values.front();
  }

  /// One permutation of a table of up to 16 bytes, by the index's lowest bits.
  Value permuteSmall(Value index, ArrayRef<std::string> features) {
    int64_t bytes = type.getNumElements(), rows = 16;
    if (llvm::is_contained(features, "vbmi"))
      return call("llvm.x86.avx512.permvar.qi.512", {getRow(0, 64), index});
    index = arith::AndIOp::create(*this, index, splat(table.size() - 1));
    if (llvm::is_contained(features, "tbl"))
      return call("llvm.aarch64.neon.tbl1.v16i8", {getRow(0, rows), index});
    StringRef name = bytes == 64   ? "llvm.x86.avx512.pshuf.b.512"
                     : bytes == 32 ? "llvm.x86.avx2.pshuf.b"
                                   : "llvm.x86.ssse3.pshuf.b.128";
    return call(name, {getRow(0, rows), index});
  }

  /// tbl and tbx on 64 bytes each: indices out of the range give 0, or leave
  /// what is there.
  Value permuteQuarters(Value index) {
    Value result;
    for (int64_t begin = 0; begin < 256; begin += 64) {
      SmallVector<Value> arguments;
      if (result)
        arguments.push_back(result);
      for (int64_t row = 0; row < 4; ++row)
        arguments.push_back(getRow(begin + 16 * row, 16));
      arguments.push_back(
          begin ? arith::SubIOp::create(*this, index, splat(begin)).getResult()
                : index);
      result = call(result ? "llvm.aarch64.neon.tbx4.v16i8"
                           : "llvm.aarch64.neon.tbl4.v16i8",
                    arguments);
    }
    return result;
  }

private:
  Value call(StringRef intrinsic, ArrayRef<Value> arguments) {
    return LLVM::CallIntrinsicOp::create(*this, type, getStringAttr(intrinsic),
                                         arguments)
        .getResult(0);
  }
  Value splat(int64_t byte) {
    return arith::ConstantOp::create(
        *this, DenseElementsAttr::get(type, static_cast<int8_t>(byte)));
  }
  /// The `size` bytes of the table from `begin` on, again and again; smaller
  /// tables as often as it takes.
  Value getRow(int64_t begin, int64_t size) {
    SmallVector<int8_t> row;
    size = std::min<int64_t>(size, table.size());
    while (static_cast<int64_t>(row.size()) < type.getNumElements())
      llvm::append_range(row, table.slice(begin, size));
    return arith::ConstantOp::create(
        *this, DenseElementsAttr::get(type, ArrayRef<int8_t>(row)));
  }
  /// Whether a bit is set: as the sign, which is what choices look at.
  Value hasBit(Value index, unsigned bit) {
    if (bit < 7)
      index = arith::ShLIOp::create(*this, index, splat(7 - bit));
    return arith::CmpIOp::create(*this, arith::CmpIPredicate::slt, index,
                                 splat(0));
  }
  Value choose(Value condition, Value onTrue, Value onFalse) {
    return arith::SelectOp::create(*this, condition, onTrue, onFalse);
  }

  ArrayRef<int8_t> table;
  VectorType type;
};

/// Builds lookups of f32 values in tables of a power of two of them, by codes
/// whose upper bits do not matter.
class FloatTableBuilder : public ImplicitLocOpBuilder {
public:
  /// `width` values are looked up at once in `reach` of them.
  FloatTableBuilder(Location loc, OpBuilder &b, ArrayRef<float> table,
                    int64_t width, int64_t reach)
      : ImplicitLocOpBuilder(loc, b), table(table), width(width), reach(reach) {
  }

  /// `permute` looks up in `reach` values from the given one on.
  Value choose(Value index, int64_t begin, int64_t count,
               llvm::function_ref<Value(Value, int64_t)> permute) {
    if (count <= reach)
      return permute(index, begin);
    int64_t half = count / 2;
    Value low = choose(index, begin, half, permute),
          high = choose(index, begin + half, half, permute);
    Value bit = arith::AndIOp::create(*this, index, splat(half));
    Value isHigh =
        arith::CmpIOp::create(*this, arith::CmpIPredicate::ne, bit, splat(0));
    return arith::SelectOp::create(*this, isHigh, high, low);
  }

  Value permuteAvx512(Value index, int64_t begin) {
    if (static_cast<int64_t>(table.size()) <= 16)
      return call("llvm.x86.avx512.permvar.sf.512", {getRow(begin, 16), index});
    return call("llvm.x86.avx512.vpermi2var.ps.512",
                {getRow(begin, 16), index, getRow(begin + 16, 16)});
  }

  Value permuteAvx2(Value index, int64_t begin) {
    return call("llvm.x86.avx2.permps", {getRow(begin, 8), index});
  }

  /// tbl on the bytes of 16 values.
  Value permuteNeon(Value index, int64_t begin) {
    auto bytes = VectorType::get({16}, getI8Type());
    index = arith::AndIOp::create(*this, index, splat(15));
    index = arith::MulIOp::create(*this, index, splat(0x04040404));
    index = arith::AddIOp::create(*this, index, splat(0x03020100));
    SmallVector<Value> arguments;
    for (int64_t row = 0; row < 4; ++row)
      arguments.push_back(
          vector::BitCastOp::create(*this, bytes, getRow(begin + 4 * row, 4)));
    arguments.push_back(vector::BitCastOp::create(*this, bytes, index));
    Value found = LLVM::CallIntrinsicOp::create(
                      *this, bytes,
                      getStringAttr("llvm.aarch64.neon.tbl4.v16i8"), arguments)
                      .getResult(0);
    return vector::BitCastOp::create(*this, getType(), found);
  }

private:
  VectorType getType() { return VectorType::get({width}, getF32Type()); }
  Value call(StringRef intrinsic, ArrayRef<Value> arguments) {
    return LLVM::CallIntrinsicOp::create(*this, getType(),
                                         getStringAttr(intrinsic), arguments)
        .getResult(0);
  }
  Value splat(int32_t value) {
    return arith::ConstantOp::create(
        *this,
        DenseElementsAttr::get(VectorType::get({width}, getI32Type()), value));
  }
  /// `size` values from `begin` on; small tables again and again.
  Value getRow(int64_t begin, int64_t size) {
    SmallVector<float> row;
    for (int64_t i = 0; i < size; ++i)
      row.push_back(table[(begin + i) % table.size()]);
    return arith::ConstantOp::create(
        *this, DenseElementsAttr::get(VectorType::get({size}, getF32Type()),
                                      ArrayRef<float>(row)));
  }

  ArrayRef<float> table;
  int64_t width, reach;
};

/// Permutations for one vector above which loads are faster.
constexpr int64_t kMaxPermutations = 8;

struct LowerLookupsPass
    : public slim::impl::LowerLookupsPassBase<LowerLookupsPass> {
  using LowerLookupsPassBase::LowerLookupsPassBase;

  void runOnOperation() override {
    SmallVector<LookupOp> lookups;
    SmallVector<TableOp> tables;
    getOperation().walk([&](LookupOp op) { lookups.push_back(op); });
    getOperation().walk([&](TableOp op) { tables.push_back(op); });
    if (lookups.empty() && tables.empty())
      return;
    SymbolTable symbols(getOperation());
    for (LookupOp op : lookups) {
      ImplicitLocOpBuilder b(op.getLoc(), op);
      op.replaceAllUsesWith(lower(b, op, symbols));
      op.erase();
    }
    for (TableOp op : tables) {
      ImplicitLocOpBuilder b(op.getLoc(), op);
      op.replaceAllUsesWith(lowerTable(b, op, symbols));
      op.erase();
    }
  }

private:
  Value lowerTable(ImplicitLocOpBuilder &b, TableOp op, SymbolTable &symbols) {
    auto values = cast<DenseElementsAttr>(op.getValues());
    int64_t count = values.getNumElements();
    Value code = op.getCode();
    auto type = dyn_cast<VectorType>(code.getType());
    if (type && values.getElementType().isInteger(8) && getMaxBytes() > 0) {
      auto table = llvm::to_vector(values.getValues<int8_t>());
      return lookUp(b, code, [&](Value part) {
        TableBuilder tables(b.getLoc(), b, table,
                            cast<VectorType>(part.getType()).getNumElements());
        return tables.permuteSmall(
            part, SmallVector<std::string>(features.begin(), features.end()));
      });
    }
    Type element = getElementTypeOrSelf(code);
    auto widen = [&](Value value) -> Value {
      Type wide = b.getI32Type();
      if (type)
        wide = VectorType::get(type.getShape(), wide);
      if (element.getIntOrFloatBitWidth() < 32)
        return arith::ExtUIOp::create(b, wide, value);
      if (element.getIntOrFloatBitWidth() > 32)
        return arith::TruncIOp::create(b, wide, value);
      return value;
    };
    Value index = widen(code);
    bool hasTbl = llvm::is_contained(features, "tbl"),
         hasAvx2 = vectorBytes >= 32 && llvm::is_contained(features, "pshufb");
    int64_t width = hasTbl ? 4 : int64_t(vectorBytes) / 4;
    int64_t reach = !hasAvx2 ? 16 : width == 8 ? 8 : count > 16 ? 32 : 16;
    if (type && values.getElementType().isF32() && (hasTbl || hasAvx2) &&
        count <= kMaxPermutations * reach) {
      auto table = llvm::to_vector(values.getValues<float>());
      int64_t lanes = type.getNumElements();
      FloatTableBuilder tables(b.getLoc(), b, table, width, reach);
      auto permute = [&](Value part, int64_t begin) {
        return hasTbl        ? tables.permuteNeon(part, begin)
               : width == 16 ? tables.permuteAvx512(part, begin)
                             : tables.permuteAvx2(part, begin);
      };
      auto resultType = cast<VectorType>(op.getResult().getType());
      Value result =
          lanes > width
              ? Value(arith::ConstantOp::create(b, b.getZeroAttr(resultType)))
              : Value();
      for (int64_t begin = 0; begin < lanes; begin += width) {
        int64_t part = std::min(width, lanes - begin);
        Value found = tables.choose(take(b, index, begin, part, width), 0,
                                    count, permute);
        found = take(b, found, 0, width, part);
        if (!result)
          return found;
        result = vector::InsertStridedSliceOp::create(b, found, result, begin,
                                                      /*strides=*/1);
      }
      return result;
    }
    Value buffer = getTable(b, values, symbols);
    auto load = [&](Value position) -> Value {
      position = arith::AndIOp::create(
          b, position,
          arith::ConstantIntOp::create(b, b.getI32Type(), count - 1));
      return memref::LoadOp::create(b, buffer,
                                    ValueRange{arith::IndexCastUIOp::create(
                                        b, b.getIndexType(), position)});
    };
    if (!type)
      return load(index);
    SmallVector<Value> elements;
    for (int64_t i = 0; i < type.getNumElements(); ++i)
      elements.push_back(load(vector::ExtractOp::create(b, index, i)));
    return vector::FromElementsOp::create(
        b, cast<VectorType>(op.getResult().getType()), elements);
  }

  /// Bytes that one permutation looks up at most; 0 if there is none.
  int64_t getMaxBytes() const {
    if (llvm::is_contained(features, "vbmi"))
      return 64;
    if (llvm::is_contained(features, "tbl"))
      return 16;
    return llvm::is_contained(features, "pshufb") ? int64_t(vectorBytes) : 0;
  }

  Value lower(ImplicitLocOpBuilder &b, LookupOp op, SymbolTable &symbols) {
    Value input = op.getInput();
    auto type = dyn_cast<VectorType>(input.getType());
    if (!type)
      return load(b, input, getBuffer(b, op, symbols));
    int64_t lanes = type.getNumElements();
    if (getMaxBytes() == 0) {
      Value buffer = getBuffer(b, op, symbols);
      SmallVector<Value> elements;
      for (int64_t i = 0; i < lanes; ++i)
        elements.push_back(
            load(b, vector::ExtractOp::create(b, input, i), buffer));
      return vector::FromElementsOp::create(b, type, elements);
    }
    auto table = llvm::to_vector(op.getTable().getValues<int8_t>());
    return lookUp(b, input,
                  [&](Value part) { return permute(b, part, table); });
  }

  /// Looks up `input`, bytes, by parts of the size of a register.
  Value lookUp(ImplicitLocOpBuilder &b, Value input,
               llvm::function_ref<Value(Value)> permute) {
    auto type = cast<VectorType>(input.getType());
    int64_t lanes = type.getNumElements(), maxBytes = getMaxBytes();
    Value result;
    if (lanes > maxBytes)
      result = arith::ConstantOp::create(b, b.getZeroAttr(type));
    for (int64_t begin = 0; begin < lanes; begin += maxBytes) {
      int64_t count = std::min(maxBytes, lanes - begin);
      Value part = permute(take(b, input, begin, count, getWidth(count)));
      part = take(b, part, 0, getWidth(count), count);
      if (!result)
        return part;
      result = vector::InsertStridedSliceOp::create(b, part, result, begin,
                                                    /*strides=*/1);
    }
    return result;
  }

  /// Bytes of the register in which `count` bytes are looked up.
  int64_t getWidth(int64_t count) const {
    if (llvm::is_contained(features, "vbmi"))
      return 64;
    return std::max<int64_t>(16, llvm::PowerOf2Ceil(count));
  }

  Value permute(ImplicitLocOpBuilder &b, Value index, ArrayRef<int8_t> table) {
    TableBuilder tables(b.getLoc(), b, table,
                        cast<VectorType>(index.getType()).getNumElements());
    if (llvm::is_contained(features, "vbmi"))
      return tables.permuteHalves(index);
    return llvm::is_contained(features, "tbl") ? tables.permuteQuarters(index)
                                               : tables.permuteRows(index);
  }

  /// `count` elements of `vector` from `begin` on, in a vector of `width`.
  static Value take(ImplicitLocOpBuilder &b, Value vector, int64_t begin,
                    int64_t count, int64_t width) {
    int64_t lanes = cast<VectorType>(vector.getType()).getNumElements();
    if (begin == 0 && lanes == width)
      return vector;
    SmallVector<int64_t> order(width, vector::ShuffleOp::kPoisonIndex);
    for (int64_t i = 0; i < std::min(count, width); ++i)
      order[i] = begin + i;
    return vector::ShuffleOp::create(b, vector, vector, order);
  }

  static Value load(ImplicitLocOpBuilder &b, Value byte, Value buffer) {
    Value position = arith::IndexCastUIOp::create(b, b.getIndexType(), byte);
    return memref::LoadOp::create(b, buffer, position);
  }

  Value getBuffer(ImplicitLocOpBuilder &b, LookupOp op, SymbolTable &symbols) {
    return getTable(b, op.getTable(), symbols);
  }

  /// A table in memory; equal ones are one.
  Value getTable(ImplicitLocOpBuilder &b, ElementsAttr values,
                 SymbolTable &symbols) {
    auto type = MemRefType::get(values.getShapedType().getShape(),
                                values.getElementType());
    memref::GlobalOp &global = globals[values];
    if (!global) {
      OpBuilder top(&getContext());
      global = memref::GlobalOp::create(
          top, b.getLoc(), "slim_table", top.getStringAttr("private"), type,
          values, /*constant=*/true, top.getI64IntegerAttr(64));
      symbols.insert(global, getOperation().getBody()->begin());
    }
    return memref::GetGlobalOp::create(b, type, global.getSymName());
  }

  DenseMap<Attribute, memref::GlobalOp> globals;
};

} // namespace
