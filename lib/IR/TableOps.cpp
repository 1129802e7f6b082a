//===- TableOps.cpp - Functions of a byte by table --------------*- C++ -*-===//
#include "FoldSupport.h"
#include "Inference.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "slim/IR/SlimOps.h"

using namespace slim;
using namespace slim::detail;

static constexpr int64_t kTableSize = 256;

LogicalResult TableLookupOp::inferReturnTypes(MLIRContext *context,
                                              std::optional<Location> location,
                                              Adaptor adaptor,
                                              SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto type = inference.getTensor(adaptor.getInput(), "input");
  auto table = inference.getTensor(adaptor.getTable(), "table", 1, 1);
  if (failed(type) || failed(table) ||
      failed(inference.requireExtent(*table, "table", 0, kTableSize,
                                     "the number of codes of a byte")))
    return failure();
  for (auto [operand, name] :
       {std::pair(*type, "input"), std::pair(*table, "table")})
    if (operand.getElementTypeBitWidth() != 8)
      return inference.error(name, " must have elements of 8 bits, not ",
                             operand.getElementType());
  types.push_back(
      RankedTensorType::get(type->getShape(), table->getElementType()));
  return success();
}

/// The elements of the input keep their places; the table is all channels'.
void TableLookupOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  for (int64_t dim = 0, rank = getInput().getType().getRank(); dim < rank;
       ++dim)
    ties.push_back({0, dim, 0, dim});
}

/// The elements of `table` where the bytes of `input` say.
static TensorData lookUp(const TensorData &input, const TensorData &table,
                         RankedTensorType type) {
  std::vector<char> bytes;
  bytes.reserve(input.getNumElements());
  for (char code : input.getBytes())
    bytes.push_back(table.getBytes()[static_cast<unsigned char>(code)]);
  return TensorData(type, std::move(bytes));
}

OpFoldResult TableLookupOp::fold(FoldAdaptor adaptor) {
  std::optional<TensorData> table = getFoldedData(adaptor.getTable());
  if (!table || table->getNumElements() != kTableSize)
    return {};
  if (getInput().getType() == getType() &&
      llvm::all_of(llvm::enumerate(table->getBytes()), [](auto entry) {
        return entry.index() == static_cast<unsigned char>(entry.value());
      }))
    return getInput();
  RankedTensorType type = getFoldedType(getType());
  std::optional<TensorData> input = getFoldedData(adaptor.getInput());
  if (!type || !input || input->getType().getShape() != type.getShape())
    return {};
  return lookUp(*input, *table, type).toAttr();
}

namespace {

/// table_lookup(table_lookup(x, t), u) -> table_lookup(x, u[t]) where nothing
/// else reads the codes between.
struct MergeLookups : OpRewritePattern<TableLookupOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(TableLookupOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<TableLookupOp>();
    ElementsAttr innerTable, outerTable;
    if (!inner || !inner->hasOneUse() ||
        !matchPattern(inner.getTable(), m_Constant(&innerTable)) ||
        !matchPattern(op.getTable(), m_Constant(&outerTable)))
      return rewriter.notifyMatchFailure(op, "no lookup of a lookup");
    std::optional<TensorData> first = getFoldedData(innerTable),
                              second = getFoldedData(outerTable);
    if (!first || !second)
      return rewriter.notifyMatchFailure(op, "a table without data");
    TensorData table = lookUp(*first, *second,
                              first->getType().clone(second->getElementType()));
    Value constant = ConstantOp::create(rewriter, op.getLoc(), table.toAttr());
    rewriter.replaceOpWithNewOp<TableLookupOp>(op, op.getType(),
                                               inner.getInput(), constant);
    return success();
  }
};

} // namespace

void TableLookupOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                MLIRContext *context) {
  patterns.add<MergeLookups>(context);
}
