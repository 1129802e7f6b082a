//===- FormAttention.cpp - Attention in place -----------------------------===//
//
// The conversion to linalg has checked the extents and left the op. What is
// done here is to look through the transposes that split heads off rows, and
// the one that merges them again.
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "slim/CodeGen/CPU/IR/SlimCPU.h"
#include "slim/CodeGen/CPU/Passes.h"
#include "slim/Conversion/Passes.h"
#include "slim/IR/SlimOps.h"

namespace slim {
#define GEN_PASS_DEF_FORMATTENTIONPASS
#include "slim/CodeGen/CPU/Passes.h.inc"
} // namespace slim

using namespace mlir;
using namespace slim;

using Loop = cpu::AttentionOp::Loop;

namespace {

/// A tensor and the loops that its dimensions are.
struct Operand {
  Value tensor;
  SmallVector<AffineExpr> exprs;
};

class Former {
public:
  Former(IRRewriter &rewriter, slim::AttentionOp op)
      : rewriter(rewriter), op(op), loc(op.getLoc()) {}

  void form();

private:
  AffineExpr dim(Loop loop) { return rewriter.getAffineDimExpr(loop); }
  Operand look(Value tensor, Loop position, Loop last);
  Operand lookAtMask();
  Value getExtent(Value tensor, int64_t dim) {
    return tensor::DimOp::create(rewriter, loc, tensor, dim);
  }

  IRRewriter &rewriter;
  slim::AttentionOp op;
  Location loc;
};

} // namespace

/// Goes back through transposes that leave the last dimension where it is.
Operand Former::look(Value tensor, Loop position, Loop last) {
  Operand operand{
      tensor, {dim(Loop::Batch), dim(Loop::Head), dim(position), dim(last)}};
  while (auto transpose = operand.tensor.getDefiningOp<linalg::TransposeOp>()) {
    ArrayRef<int64_t> permutation = transpose.getPermutation();
    if (permutation.back() != 3)
      break;
    SmallVector<AffineExpr> exprs(4);
    for (auto [to, from] : llvm::enumerate(permutation))
      exprs[from] = operand.exprs[to];
    operand = {transpose.getInput(), exprs};
  }
  return operand;
}

Operand Former::lookAtMask() {
  Operand operand{op.getMask(), {}};
  auto type = cast<RankedTensorType>(op.getMask().getType());
  for (int64_t i = 0, rank = type.getRank(); i < rank; ++i)
    operand.exprs.push_back(type.getDimSize(i) == 1
                                ? rewriter.getAffineConstantExpr(0)
                                : dim(static_cast<Loop>(4 - rank + i)));
  return operand;
}

void Former::form() {
  rewriter.setInsertionPoint(op);
  SmallVector<Operand> operands = {
      look(op.getQuery(), Loop::Query, Loop::Size),
      look(op.getKey(), Loop::Key, Loop::Size),
      look(op.getValue(), Loop::Key, Loop::ValueSize)};
  if (op.getMask())
    operands.push_back(lookAtMask());

  // The result in the order in which its only user wants it.
  auto type = cast<RankedTensorType>(op.getType());
  SmallVector<int64_t> order = {0, 1, 2, 3};
  linalg::TransposeOp merge;
  if (op->hasOneUse())
    merge = dyn_cast<linalg::TransposeOp>(*op->user_begin());
  if (merge && merge.getInput() == op.getResult() &&
      merge.getPermutation().back() == 3)
    order.assign(merge.getPermutation().begin(), merge.getPermutation().end());
  else
    merge = nullptr;
  SmallVector<int64_t> shape;
  SmallVector<Value> sizes;
  SmallVector<AffineExpr> exprs;
  const Loop loops[] = {Loop::Batch, Loop::Head, Loop::Query, Loop::ValueSize};
  for (int64_t from : order) {
    shape.push_back(type.getDimSize(from));
    exprs.push_back(dim(loops[from]));
    if (type.isDynamicDim(from))
      sizes.push_back(getExtent(op.getQuery(), from));
  }
  Value empty = tensor::EmptyOp::create(rewriter, loc, shape,
                                        type.getElementType(), sizes);
  operands.push_back({empty, exprs});

  SmallVector<AffineMap> maps;
  for (const Operand &operand : operands)
    maps.push_back(AffineMap::get(6, 0, operand.exprs, rewriter.getContext()));
  int64_t heads = type.getDimSize(1);
  int64_t keyHeads =
      cast<RankedTensorType>(op.getKey().getType()).getDimSize(1);
  // Without static numbers they are known to be equal.
  int64_t group = ShapedType::isDynamic(heads) ||
                          ShapedType::isDynamic(keyHeads) || keyHeads == 0
                      ? 1
                      : heads / keyHeads;
  auto attention = cpu::AttentionOp::create(
      rewriter, loc, empty.getType(), operands[0].tensor, operands[1].tensor,
      operands[2].tensor, op.getMask(), empty,
      rewriter.getAffineMapArrayAttr(maps), op.getScaleAttr(),
      rewriter.getI64IntegerAttr(group),
      op.getCausal() ? rewriter.getUnitAttr() : UnitAttr());
  if (!merge)
    return rewriter.replaceOp(op, attention.getResult());
  rewriter.replaceOp(merge, attention.getResult());
  rewriter.eraseOp(op);
}

namespace {
struct FormAttentionPass
    : public slim::impl::FormAttentionPassBase<FormAttentionPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<slim::AttentionOp> ops;
    getOperation().walk([&](slim::AttentionOp op) {
      if (op->hasAttr(kCheckedAttr))
        ops.push_back(op);
    });
    for (slim::AttentionOp op : ops) {
      Former(rewriter, op).form();
      ++numFormed;
    }
  }
};
} // namespace
