//===- PackTables.cpp - Tables of elements of less than a byte ------------===//
#include "mlir/IR/SymbolTable.h"
#include "slim/Conversion/Passes.h"
#include "slim/IR/PackedBits.h"
#include "slim/IR/SlimOps.h"
#include "slim/IR/WeightData.h"
#include "slim/IR/WeightStorage.h"

namespace slim {
#define GEN_PASS_DEF_PACKTABLESPASS
#include "slim/Conversion/Passes.h.inc"
} // namespace slim

using namespace slim;

/// The elements of a row of `type`; nothing if packing makes no row shorter.
static std::optional<int64_t> getPackedExtent(RankedTensorType type) {
  unsigned width = type.getElementTypeBitWidth();
  if (width >= 8 || type.getRank() < 1)
    return std::nullopt;
  int64_t extent = type.getShape().back();
  return PackedRow(width, extent).getNumBytes() < extent
             ? std::optional<int64_t>(extent)
             : std::nullopt;
}

namespace {
struct PackTablesPass : public slim::impl::PackTablesPassBase<PackTablesPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<EmbeddingOp> lookups;
    getOperation().walk([&](EmbeddingOp op) { lookups.push_back(op); });
    for (EmbeddingOp op : lookups) {
      auto read = op.getWeight().getDefiningOp<GetWeightOp>();
      auto weight =
          read ? symbols.lookup<WeightOp>(read.getName()) : WeightOp();
      if (!weight || !hasWeightData(weight))
        continue;
      std::optional<int64_t> extent = getPackedExtent(weight.getTensorType());
      if (!extent)
        continue;
      FailureOr<WeightOp> packed = getPacked(weight, symbols);
      if (failed(packed))
        return signalPassFailure();
      lookUp(op, *packed, *extent);
      if (read.use_empty())
        read.erase();
    }
    eraseUnused();
  }

private:
  /// The weight that holds the elements of `weight` packed.
  FailureOr<WeightOp> getPacked(WeightOp weight, SymbolTable &symbols) {
    WeightOp &packed = packedWeights[weight];
    if (packed)
      return packed;
    FailureOr<TensorData> data = readWeightData(weight);
    if (failed(data))
      return failure();
    TensorData rows = packRows(*data);
    std::string name = (weight.getSymName() + ".packed").str();
    OpBuilder b(weight.getContext());
    packed = WeightOp::create(b, weight.getLoc(), name, rows.getType(),
                              buildWeightData(name, rows));
    // Makes the name unique.
    symbols.insert(packed, std::next(weight->getIterator()));
    ++numPacked;
    return packed;
  }

  /// Replaces `op` by a look-up in `packed`.
  static void lookUp(EmbeddingOp op, WeightOp packed, int64_t extent) {
    OpBuilder b(op);
    RankedTensorType table = packed.getTensorType();
    auto type = cast<RankedTensorType>(op.getResult().getType());
    Value stored = GetWeightOp::create(
        b, op.getLoc(), table, FlatSymbolRefAttr::get(packed.getSymNameAttr()));
    SmallVector<int64_t> shape(type.getShape());
    shape.back() = table.getShape().back();
    Value bytes = EmbeddingOp::create(
        b, op.getLoc(), RankedTensorType::get(shape, table.getElementType()),
        op.getIndices(), stored);
    Value rows = UnpackBitsOp::create(b, op.getLoc(), type, bytes, extent,
                                      type.getElementType());
    op.getResult().replaceAllUsesWith(rows);
    op.erase();
  }

  /// Erases the weights whose every reader now reads them packed.
  void eraseUnused() {
    DenseSet<StringAttr> used;
    getOperation().walk(
        [&](GetWeightOp op) { used.insert(op.getNameAttr().getAttr()); });
    for (auto &[weight, packed] : packedWeights)
      if (!used.contains(weight.getSymNameAttr()))
        weight.erase();
  }

  llvm::MapVector<WeightOp, WeightOp> packedWeights;
};
} // namespace
