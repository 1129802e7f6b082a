//===- PlaceDeallocations.cpp - Free buffers after their last use ---------===//
#include "mlir/Dialect/Bufferization/Transforms/BufferViewFlowAnalysis.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "slim/CodeGen/CPU/Passes.h"

namespace slim {
#define GEN_PASS_DEF_PLACEDEALLOCATIONSPASS
#include "slim/CodeGen/CPU/Passes.h.inc"
} // namespace slim

using namespace mlir;
using namespace slim;

/// The last op of `block` that uses `value` or an alias of it; null when one of
/// them leaves the block or is used outside of it.
static Operation *findLastUse(const BufferViewFlowAnalysis &analysis,
                              memref::AllocOp alloc) {
  Block *block = alloc->getBlock();
  Operation *last = alloc;
  for (Value alias : analysis.resolve(alloc))
    for (Operation *user : alias.getUsers()) {
      if (isa<memref::DeallocOp>(user))
        return nullptr;
      Operation *ancestor = block->findAncestorOpInBlock(*user);
      if (!ancestor || ancestor->hasTrait<OpTrait::IsTerminator>())
        return nullptr;
      if (last->isBeforeInBlock(ancestor))
        last = ancestor;
    }
  return last;
}

namespace {
struct PlaceDeallocationsPass
    : public slim::impl::PlaceDeallocationsPassBase<PlaceDeallocationsPass> {
  void runOnOperation() override {
    BufferViewFlowAnalysis analysis(getOperation());
    SmallVector<memref::AllocOp> allocs;
    getOperation().walk([&](memref::AllocOp op) { allocs.push_back(op); });
    for (memref::AllocOp alloc : allocs) {
      Operation *last = findLastUse(analysis, alloc);
      if (!last) {
        ++numEscaping;
        continue;
      }
      OpBuilder builder(alloc.getContext());
      builder.setInsertionPointAfter(last);
      memref::DeallocOp::create(builder, alloc.getLoc(), alloc);
      ++numPlaced;
    }
  }
};
} // namespace
