//===- PackCodes.cpp - Codes that kernels read as bytes, packed -----------===//
//
// Kernels unpack the codes of a product's right operand in registers. What else
// has less than a byte an element (filters of depthwise convolutions, zero
// points, weights that elementwise ops decode) they read as bytes, and so often
// that unpacking it once a run is a small part of their work.
//
//===----------------------------------------------------------------------===//
#include "CodePlanes.h"
#include "StoredWeights.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/SymbolTable.h"
#include "slim/CodeGen/CPU/Passes.h"
#include "slim/CodeGen/WeightSection.h"
#include "slim/IR/PackedBits.h"
#include "slim/IR/WeightData.h"
#include "slim/IR/WeightStorage.h"
#include "llvm/Support/MathExtras.h"

namespace slim {
#define GEN_PASS_DEF_PACKCODESPASS
#include "slim/CodeGen/CPU/Passes.h.inc"
} // namespace slim

using namespace slim;
using namespace slim::cpu;

/// Fewer bytes than this are not worth the code that unpacks.
static constexpr int64_t kMinSaved = 1024;

/// Kernels may wait for the memory of more bytes than this, of which unpacking
/// would take as much again.
static constexpr int64_t kMaxKernelBytes = 1 << 16;

/// The type of the codes that `global` stores, each in a byte; null for others.
static Type getCodeType(memref::GlobalOp global) {
  Type type = global.getType().getElementType();
  if (type.getIntOrFloatBitWidth() < 8)
    return type;
  auto codes = global->getAttrOfType<TypeAttr>(kCodesAttr);
  return codes ? codes.getValue() : Type();
}

/// The codes of `width` bits, `extent` of them, in the row `bytes`: as a row of
/// bytes, which are signed numbers or zero-extended bits.
static Value unpackRow(ImplicitLocOpBuilder &b, Value bytes, unsigned width,
                       int64_t extent, bool isSigned) {
  PackedRow layout(width, extent);
  Type byte = b.getI8Type();
  // A run's number in binary, a loop for each digit, highest first, and then
  // the elements of a run. The digits below a plane's width count its bytes,
  // and those above say how far they are shifted.
  unsigned digits = llvm::Log2_64(layout.getNumRuns());
  int64_t runBytes = layout.getRunBegin(1);
  auto getShape = [&](unsigned digits) {
    SmallVector<int64_t> shape(digits, 2);
    shape.push_back(runBytes);
    return shape;
  };
  SmallVector<Value> planes;
  SmallVector<AffineMap> maps;
  SmallVector<unsigned> planeDigits;
  SmallVector<PackedRow::Piece> pieces = layout.getPieces(0);
  unsigned leastPlane = pieces.back().bits;
  for (const PackedRow::Piece &piece : pieces) {
    unsigned low = llvm::Log2_64(piece.bits / leastPlane);
    int64_t size = runBytes << low;
    Value plane = tensor::ExtractSliceOp::create(
        b, RankedTensorType::get({size}, byte), bytes,
        ArrayRef<OpFoldResult>{b.getIndexAttr(piece.offset)},
        ArrayRef<OpFoldResult>{b.getIndexAttr(size)},
        ArrayRef<OpFoldResult>{b.getIndexAttr(1)});
    if (low > 0)
      plane = tensor::ExpandShapeOp::create(
          b, RankedTensorType::get(getShape(low), byte), plane,
          ArrayRef<ReassociationIndices>{
              llvm::to_vector<2>(llvm::seq<int64_t>(0, low + 1))});
    planes.push_back(plane);
    planeDigits.push_back(low);
    maps.push_back(AffineMap::getMultiDimIdentityMap(digits + 1, b.getContext())
                       .getMinorSubMap(low + 1));
  }
  maps.push_back(b.getMultiDimIdentityMap(digits + 1));
  Value init = tensor::EmptyOp::create(b, getShape(digits), byte);
  auto generic = linalg::GenericOp::create(
      b, init.getType(), planes, init, maps,
      SmallVector<utils::IteratorType>(digits + 1,
                                       utils::IteratorType::parallel),
      [&](OpBuilder &builder, Location loc, ValueRange args) {
        ImplicitLocOpBuilder b(loc, builder);
        auto constant = [&](int64_t value) -> Value {
          return arith::ConstantIntOp::create(b, byte, value);
        };
        Value joined;
        for (auto [arg, piece, low] :
             llvm::zip_equal(args.drop_back(), pieces, planeDigits)) {
          Value code = arg;
          for (unsigned digit = low; digit < digits; ++digit) {
            Value index = linalg::IndexOp::create(b, digits - 1 - digit);
            Value by = arith::IndexCastOp::create(b, byte, index);
            by = arith::MulIOp::create(
                b, by, constant(int64_t(piece.bits) << (digit - low)));
            code = arith::ShRUIOp::create(b, code, by);
          }
          code =
              arith::AndIOp::create(b, code, constant((1 << piece.bits) - 1));
          if (piece.below > 0)
            code = arith::ShLIOp::create(b, code, constant(piece.below));
          joined = joined ? arith::OrIOp::create(b, joined, code) : code;
        }
        if (isSigned) {
          Value unused = constant(8 - width);
          joined = arith::ShLIOp::create(b, joined, unused);
          joined = arith::ShRSIOp::create(b, joined, unused);
        }
        linalg::YieldOp::create(b, joined);
      });
  Value row = generic.getResult(0);
  if (digits > 0)
    row = tensor::CollapseShapeOp::create(
        b, row,
        ArrayRef<ReassociationIndices>{
            llvm::to_vector<2>(llvm::seq<int64_t>(0, digits + 1))});
  if (extent < (runBytes << digits))
    row = tensor::ExtractSliceOp::create(
        b, RankedTensorType::get({extent}, byte), row,
        ArrayRef<OpFoldResult>{b.getIndexAttr(0)},
        ArrayRef<OpFoldResult>{b.getIndexAttr(extent)},
        ArrayRef<OpFoldResult>{b.getIndexAttr(1)});
  return row;
}

/// Lets `operand` read `bytes`, the bits of whose elements are those of what it
/// reads now.
static void readBytes(OpOperand &operand, Value bytes) {
  auto generic = cast<linalg::GenericOp>(operand.getOwner());
  BlockArgument argument = generic.getMatchingBlockArgument(&operand);
  Type type = argument.getType();
  ImplicitLocOpBuilder b(generic.getLoc(), generic.getContext());
  b.setInsertionPointToStart(generic.getBody());
  argument.setType(b.getI8Type());
  auto bits = arith::TruncIOp::create(
      b, b.getIntegerType(type.getIntOrFloatBitWidth()), argument);
  Value value = bits;
  if (isa<FloatType>(type))
    value = arith::BitcastOp::create(b, type, value);
  argument.replaceAllUsesExcept(value, bits);
  operand.set(bytes);
}

namespace {
struct PackCodesPass : public slim::impl::PackCodesPassBase<PackCodesPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    DenseMap<StringAttr, SmallVector<memref::GetGlobalOp>> reads;
    getOperation().walk([&](memref::GetGlobalOp op) {
      reads[op.getNameAttr().getAttr()].push_back(op);
    });
    for (auto global :
         llvm::make_early_inc_range(getOperation().getOps<memref::GlobalOp>()))
      if (failed(pack(global, reads[global.getSymNameAttr()], symbols)))
        return signalPassFailure();
  }

private:
  LogicalResult pack(memref::GlobalOp global,
                     ArrayRef<memref::GetGlobalOp> reads,
                     SymbolTable &symbols) {
    Type code = getCodeType(global);
    Attribute attr = global->getAttr(WeightSection::kDataAttr);
    if (!code || !attr || reads.empty())
      return success();
    auto type = RankedTensorType::get(global.getType().getShape(),
                                      global.getType().getElementType());
    int64_t extent = type.getNumElements();
    unsigned width = code.getIntOrFloatBitWidth();
    if (extent - PackedRow(width, extent).getNumBytes() < kMinSaved)
      return success();
    SmallVector<OpOperand *> uses;
    for (memref::GetGlobalOp read : reads)
      if (!collectUses(read, uses))
        return success();

    FailureOr<TensorData> data = readWeightData(global, type, attr);
    if (failed(data))
      return failure();
    TensorData row = packRows(TensorData(RankedTensorType::get({extent}, code),
                                         data->getBytes(), data->getOwner()));
    std::string name = (global.getSymName() + ".packed").str();
    OpBuilder b(global);
    auto packed = memref::GlobalOp::create(
        b, global.getLoc(), name, StringAttr(),
        MemRefType::get(row.getType().getShape(), b.getI8Type()), Attribute(),
        /*constant=*/true, global.getAlignmentAttr());
    packed->setAttr(WeightSection::kDataAttr, buildWeightData(name, row));
    symbols.insert(packed);
    for (OpOperand *use : uses)
      unpack(*use, packed, code);
    for (memref::GetGlobalOp read : reads) {
      for (Operation *user : llvm::make_early_inc_range(read->getUsers()))
        user->erase();
      read.erase();
    }
    symbols.erase(global);
    ++numPacked;
    return success();
  }

  /// Adds what reads the weight to `uses`; false if some of it cannot read
  /// unpacked bytes, or should not.
  static bool collectUses(memref::GetGlobalOp read,
                          SmallVectorImpl<OpOperand *> &uses) {
    for (Operation *user : read->getUsers()) {
      auto toTensor = dyn_cast<bufferization::ToTensorOp>(user);
      if (!toTensor)
        return false;
      auto type = cast<RankedTensorType>(toTensor.getType());
      bool areBytes = type.getElementType().isInteger(8);
      for (OpOperand &use : toTensor->getUses()) {
        if (areBytes ? !isa<KernelOp>(use.getOwner()) ||
                           type.getNumElements() > kMaxKernelBytes
                     : !isa<linalg::GenericOp>(use.getOwner()))
          return false;
        uses.push_back(&use);
      }
    }
    return true;
  }

  /// Lets `use` read what `packed` holds, unpacked where its function comes to
  /// it.
  static void unpack(OpOperand &use, memref::GlobalOp packed, Type code) {
    Operation *owner = use.getOwner();
    auto type = cast<RankedTensorType>(use.get().getType());
    auto function = owner->getParentOfType<FunctionOpInterface>();
    ImplicitLocOpBuilder b(owner->getLoc(), owner->getContext());
    b.setInsertionPoint(
        function.getFunctionBody().findAncestorOpInRegion(*owner));
    Value memory =
        memref::GetGlobalOp::create(b, packed.getType(), packed.getSymName());
    Value bytes = bufferization::ToTensorOp::create(
        b, RankedTensorType::get(packed.getType().getShape(), b.getI8Type()),
        memory, /*restrict=*/true);
    auto integer = dyn_cast<IntegerType>(code);
    bool areBytes = type.getElementType().isInteger(8);
    Value codes =
        unpackRow(b, bytes, code.getIntOrFloatBitWidth(), type.getNumElements(),
                  areBytes && integer && !integer.isUnsigned());
    if (type.getRank() != 1)
      codes = tensor::ExpandShapeOp::create(
          b, RankedTensorType::get(type.getShape(), b.getI8Type()), codes,
          ArrayRef<ReassociationIndices>{
              llvm::to_vector<2>(llvm::seq<int64_t>(0, type.getRank()))});
    if (areBytes)
      use.set(codes);
    else
      readBytes(use, codes);
  }
};
} // namespace
