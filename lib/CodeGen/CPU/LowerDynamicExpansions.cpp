//===- LowerDynamicExpansions.cpp - Views with several open extents -------===//
//
// Upstream's expand-strided-metadata supposes one dynamic extent a group of a
// memref.expand_shape and crashes on more (MLIR 22.1.8). A group such as
// batch x sequence has two, and the op names both, so the strides follow.
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "slim/CodeGen/CPU/Passes.h"

namespace slim {
#define GEN_PASS_DEF_LOWERDYNAMICEXPANSIONSPASS
#include "slim/CodeGen/CPU/Passes.h.inc"
} // namespace slim

using namespace mlir;
using namespace slim;

static bool hasSeveralOpenExtents(memref::ExpandShapeOp op) {
  ArrayRef<int64_t> shape = op.getResultType().getShape();
  return llvm::any_of(op.getReassociationIndices(),
                      [&](const ReassociationIndices &group) {
                        return llvm::count_if(group, [&](int64_t dim) {
                                 return ShapedType::isDynamic(shape[dim]);
                               }) > 1;
                      });
}

static OpFoldResult multiply(OpBuilder &b, Location loc, OpFoldResult lhs,
                             OpFoldResult rhs) {
  std::optional<int64_t> lhsInt = getConstantIntValue(lhs);
  std::optional<int64_t> rhsInt = getConstantIntValue(rhs);
  if (lhsInt && rhsInt)
    return b.getIndexAttr(*lhsInt * *rhsInt);
  return b.createOrFold<arith::MulIOp>(
      loc, getValueOrCreateConstantIndexOp(b, loc, lhs),
      getValueOrCreateConstantIndexOp(b, loc, rhs));
}

static void lower(IRRewriter &rewriter, memref::ExpandShapeOp op) {
  Location loc = op.getLoc();
  rewriter.setInsertionPoint(op);
  MemRefType type = op.getResultType();
  auto metadata =
      memref::ExtractStridedMetadataOp::create(rewriter, loc, op.getSrc());
  SmallVector<OpFoldResult> sourceStrides =
      metadata.getConstifiedMixedStrides();
  SmallVector<OpFoldResult> sizes = op.getMixedOutputShape();
  SmallVector<OpFoldResult> strides(type.getRank());
  for (auto [i, group] : llvm::enumerate(op.getReassociationIndices())) {
    OpFoldResult stride = sourceStrides[i];
    for (int64_t dim : llvm::reverse(group)) {
      strides[dim] = stride;
      if (dim != group.front())
        stride = multiply(rewriter, loc, stride, sizes[dim]);
    }
  }
  // Strides that the type states are constants, whatever they are here.
  SmallVector<int64_t> stated;
  int64_t offset;
  if (succeeded(type.getStridesAndOffset(stated, offset)))
    for (auto [stride, known] : llvm::zip_equal(strides, stated))
      if (!ShapedType::isDynamic(known))
        stride = rewriter.getIndexAttr(known);
  rewriter.replaceOpWithNewOp<memref::ReinterpretCastOp>(
      op, type, metadata.getBaseBuffer(), metadata.getConstifiedMixedOffset(),
      sizes, strides);
}

namespace {
struct LowerDynamicExpansionsPass
    : public slim::impl::LowerDynamicExpansionsPassBase<
          LowerDynamicExpansionsPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<memref::ExpandShapeOp> ops;
    getOperation().walk([&](memref::ExpandShapeOp op) {
      if (hasSeveralOpenExtents(op))
        ops.push_back(op);
    });
    for (memref::ExpandShapeOp op : ops)
      lower(rewriter, op);
  }
};
} // namespace
