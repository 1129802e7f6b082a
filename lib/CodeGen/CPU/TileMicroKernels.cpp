//===- TileMicroKernels.cpp - Products of tiles of 16 by 16 sums ----------===//
//
// The tiles of AMX are registers of 16 rows of 64 bytes. An instruction
// multiplies 16 rows of the left operand by 16 columns of the right one, 64
// bytes along the reduction, and adds to 16 by 16 sums of 32 bits. Of the right
// operand a tile's row has 4 bytes of each column: packed panels are those of
// vpdpbusd and vdpbf16ps. The left operand is read where it lies.
//
// All tiles of a function have one shape, so that its code configures them
// once. Rows that a tile lacks are read from a copy on the stack, and a single
// row by a stride of zero. Reductions that no whole number of tiles divides are
// left to other instructions.
//
// Steps take sums as tiles. Before and after them they go through the stack, as
// tiles are loaded from memory alone.
//
//===----------------------------------------------------------------------===//
#include "DotProduct.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace slim;
using namespace slim::cpu;

namespace {

constexpr int64_t kTileRows = 16, kTileBytes = 64;
/// Bytes along the reduction that lie side by side for each column.
constexpr int64_t kColumnBytes = 4;
/// Columns of a tile of sums.
constexpr int64_t kTileColumns = kTileBytes / kColumnBytes;
/// With two tiles of each operand and four of sums, all eight are in use.
constexpr unsigned kBlockTiles = 2;

class TileKernel : public MicroKernel {
public:
  TileKernel(const ProductForm &form, const KernelTarget &target)
      : MicroKernel("amx", form.sum, target, getDepth(form)), form(form),
        elementBytes(form.left.getIntOrFloatBitWidth() / 8) {
    rows = kBlockTiles * kTileRows;
  }

  static int64_t getDepth(const ProductForm &form) {
    return kTileBytes * 8 / form.left.getIntOrFloatBitWidth();
  }

  int64_t getPanelDepth() const override { return kColumnBytes / elementBytes; }
  int64_t getInstructionRows() const override { return kTileRows; }
  int64_t getMinLanes() const override { return lanes; }
  /// There are no tiles for more sums.
  bool canSplitSums() const override { return false; }
  bool canReadBitmask(const KernelTarget &target) const override {
    return canReadBytesByMask(form, target);
  }

  SmallVector<Value> enterSteps(OpBuilder &b, Location loc,
                                ArrayRef<Value> sums,
                                size_t numRows) const override {
    size_t numVectors = sums.size() / numRows;
    bool areZeros = llvm::all_of(sums, [](Value sum) {
      return matchPattern(sum, m_Zero()) || matchPattern(sum, m_AnyZeroFloat());
    });
    SmallVector<Value> tiles;
    if (areZeros) {
      for (size_t i = 0; i < getNumTiles(numRows) * numVectors; ++i)
        tiles.push_back(call(b, loc, getTileType(b), "tilezero", {}));
      return tiles;
    }
    Value buffer = allocateSums(b, loc, numRows, numVectors);
    for (auto [i, sum] : llvm::enumerate(sums))
      vector::StoreOp::create(b, loc, sum, buffer,
                              index(b, loc, int64_t(i) * kTileColumns));
    forTiles(b, loc, buffer, numRows, numVectors, [&](Value at, Value stride) {
      tiles.push_back(load(b, loc, at, stride));
    });
    return tiles;
  }

  SmallVector<Value> leaveSteps(OpBuilder &b, Location loc,
                                ArrayRef<Value> tiles,
                                size_t numRows) const override {
    size_t numVectors = tiles.size() / getNumTiles(numRows), next = 0;
    Value buffer = allocateSums(b, loc, numRows, numVectors);
    forTiles(b, loc, buffer, numRows, numVectors, [&](Value at, Value stride) {
      call(b, loc, Type(), "tilestored64", {at, stride, tiles[next++]});
    });
    SmallVector<Value> sums;
    auto type = VectorType::get({kTileColumns}, sumType);
    for (size_t i = 0; i < numRows * numVectors; ++i)
      sums.push_back(vector::LoadOp::create(
          b, loc, type, buffer, index(b, loc, int64_t(i) * kTileColumns)));
    return sums;
  }

  SmallVector<Value> createStep(OpBuilder &b, Location loc,
                                const KernelStep &step,
                                ArrayRef<Value> tiles) const override {
    size_t numTiles = getNumTiles(step.rows.size()),
           numVectors = tiles.size() / numTiles;
    SmallVector<Value> right, next;
    Value stride = constant(b, loc, 64, getColumns() * kColumnBytes);
    for (size_t v = 0; v < numVectors; ++v) {
      Value at = b.createOrFold<arith::AddIOp>(
          loc, step.columns[0], index(b, loc, v * step.vectorStep[0]));
      right.push_back(
          load(b, loc, getPointer(b, loc, step.buffers[1], at), stride));
    }
    StringRef name = "tdpbf16ps";
    if (!form.multipliesBF16())
      name = form.leftIsUnsigned
                 ? (form.rightIsUnsigned ? "tdpbuud" : "tdpbusd")
                 : (form.rightIsUnsigned ? "tdpbsud" : "tdpbssd");
    for (size_t tile = 0; tile < numTiles; ++tile) {
      Value left = loadLeft(b, loc, step, tile * kTileRows);
      for (size_t v = 0; v < numVectors; ++v)
        next.push_back(call(b, loc, getTileType(b), name,
                            {constant(b, loc, 16, kTileBytes),
                             tiles[tile * numVectors + v], left, right[v]}));
    }
    return next;
  }

private:
  static size_t getNumTiles(size_t numRows) {
    return llvm::divideCeil(numRows, size_t(kTileRows));
  }
  static Type getTileType(OpBuilder &b) {
    return LLVM::LLVMX86AMXType::get(b.getContext());
  }
  static Value index(OpBuilder &b, Location loc, int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  static Value constant(OpBuilder &b, Location loc, unsigned width,
                        int64_t value) {
    return arith::ConstantIntOp::create(b, loc, b.getIntegerType(width), value);
  }

  /// The address of an element of a flat buffer.
  static Value getPointer(OpBuilder &b, Location loc, Value buffer, Value at) {
    auto type = cast<MemRefType>(buffer.getType());
    if (!type.getLayout().isIdentity()) {
      auto parts = memref::ExtractStridedMetadataOp::create(b, loc, buffer);
      at = arith::AddIOp::create(b, loc, at, parts.getOffset());
    }
    Value base = memref::ExtractAlignedPointerAsIndexOp::create(b, loc, buffer);
    base = arith::IndexCastOp::create(b, loc, b.getI64Type(), base);
    base = LLVM::IntToPtrOp::create(
        b, loc, LLVM::LLVMPointerType::get(b.getContext()), base);
    Value element = arith::IndexCastOp::create(b, loc, b.getI64Type(), at);
    return LLVM::GEPOp::create(b, loc, base.getType(), type.getElementType(),
                               base, ArrayRef<LLVM::GEPArg>{element});
  }

  /// An intrinsic for tiles of the one shape; no type for no result.
  static Value call(OpBuilder &b, Location loc, Type type, StringRef name,
                    ArrayRef<Value> arguments) {
    SmallVector<Value> all{constant(b, loc, 16, kTileRows),
                           constant(b, loc, 16, kTileBytes)};
    llvm::append_range(all, arguments);
    auto intrinsic = b.getStringAttr(("llvm.x86." + name + ".internal").str());
    if (type)
      return LLVM::CallIntrinsicOp::create(b, loc, type, intrinsic, all)
          .getResult(0);
    LLVM::CallIntrinsicOp::create(b, loc, intrinsic, all);
    return Value();
  }

  static Value load(OpBuilder &b, Location loc, Value pointer, Value stride) {
    return call(b, loc, getTileType(b), "tileloadd64", {pointer, stride});
  }

  /// Memory on the stack of the function, or of the threads' part of it.
  static Value allocate(OpBuilder &b, Location loc, int64_t elements,
                        Type type) {
    Operation *scope = b.getInsertionBlock()->getParentOp();
    while (!isa<scf::ParallelOp, FunctionOpInterface>(scope))
      scope = scope->getParentOp();
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&scope->getRegion(0).front());
    return memref::AllocaOp::create(b, loc, MemRefType::get({elements}, type),
                                    b.getI64IntegerAttr(64));
  }

  Value allocateSums(OpBuilder &b, Location loc, size_t numRows,
                     size_t numVectors) const {
    return allocate(
        b, loc, getNumTiles(numRows) * kTileRows * numVectors * kTileColumns,
        sumType);
  }

  /// Calls `body` for where the tiles of `buffer` begin, which holds rows of
  /// all vectors, and the bytes from row to row.
  void forTiles(OpBuilder &b, Location loc, Value buffer, size_t numRows,
                size_t numVectors,
                llvm::function_ref<void(Value, Value)> body) const {
    Value stride = constant(b, loc, 64, numVectors * kTileBytes);
    for (size_t tile = 0; tile < getNumTiles(numRows); ++tile)
      for (size_t v = 0; v < numVectors; ++v) {
        int64_t first = (tile * kTileRows * numVectors + v) * kTileColumns;
        body(getPointer(b, loc, buffer, index(b, loc, first)), stride);
      }
  }

  /// The rows of the left operand from `first` on, 16 or as many as there are.
  Value loadLeft(OpBuilder &b, Location loc, const KernelStep &step,
                 size_t first) const {
    size_t count = std::min<size_t>(kTileRows, step.rows.size() - first);
    Value from = getPointer(b, loc, step.buffers[0], step.rows[first]);
    if (count == 1)
      return load(b, loc, from, constant(b, loc, 64, 0));
    if (count == kTileRows) {
      Value stride =
          arith::SubIOp::create(b, loc, step.rows[first + 1], step.rows[first]);
      stride =
          arith::MulIOp::create(b, loc, stride, index(b, loc, elementBytes));
      stride = arith::IndexCastOp::create(b, loc, b.getI64Type(), stride);
      return load(b, loc, from, stride);
    }
    Value copy = allocate(b, loc, kTileRows * depth, form.left);
    auto type = VectorType::get({depth}, form.left);
    for (size_t row = 0; row < count; ++row) {
      Value elements = vector::LoadOp::create(b, loc, type, step.buffers[0],
                                              step.rows[first + row]);
      vector::StoreOp::create(b, loc, elements, copy,
                              index(b, loc, int64_t(row) * depth));
    }
    return load(b, loc, getPointer(b, loc, copy, index(b, loc, 0)),
                constant(b, loc, 64, kTileBytes));
  }

  ProductForm form;
  int64_t elementBytes;
};

} // namespace

std::unique_ptr<MicroKernel>
cpu::createTileMicroKernel(const ProductForm &form, const KernelTarget &target,
                           int64_t extent) {
  bool isThere = (form.multipliesBytes() && target.has("amx-int8")) ||
                 (form.multipliesBF16() && target.has("amx-bf16"));
  if (!isThere || target.vectorBytes != kTileBytes ||
      target.vectors > kBlockTiles || ShapedType::isDynamic(extent) ||
      extent % TileKernel::getDepth(form) != 0)
    return nullptr;
  return std::make_unique<TileKernel>(form, target);
}
