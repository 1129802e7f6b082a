//===- MaterializeContiguous.cpp - Strided views behind plain types -------===//
//
// Where a function returns a view and its type promises a contiguous buffer,
// bufferization inserts a memref.cast if the types allow one. With open extents
// they do: the identity layout of memref<2x?xf32> has an open stride too, and
// memref<2x?xf32, strided<[6, 1]>> casts to it though it is not contiguous.
// Such casts become copies.
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "slim/CodeGen/CPU/Passes.h"

namespace slim {
#define GEN_PASS_DEF_MATERIALIZECONTIGUOUSPASS
#include "slim/CodeGen/CPU/Passes.h.inc"
} // namespace slim

using namespace mlir;
using namespace slim;

static bool assumesContiguity(memref::CastOp op) {
  auto source = dyn_cast<MemRefType>(op.getSource().getType());
  auto result = dyn_cast<MemRefType>(op.getType());
  return source && result && result.getRank() > 0 &&
         !source.getLayout().isIdentity() && result.getLayout().isIdentity();
}

namespace {
struct MaterializeContiguousPass
    : public slim::impl::MaterializeContiguousPassBase<
          MaterializeContiguousPass> {
  void runOnOperation() override {
    SmallVector<memref::CastOp> casts;
    getOperation().walk([&](memref::CastOp op) {
      if (assumesContiguity(op))
        casts.push_back(op);
    });
    for (memref::CastOp op : casts) {
      OpBuilder builder(op);
      Location loc = op.getLoc();
      auto type = cast<MemRefType>(op.getType());
      SmallVector<Value> sizes;
      for (int64_t dim = 0; dim < type.getRank(); ++dim)
        if (type.isDynamicDim(dim))
          sizes.push_back(
              memref::DimOp::create(builder, loc, op.getSource(), dim));
      Value copy = memref::AllocOp::create(builder, loc, type, sizes,
                                           builder.getI64IntegerAttr(64));
      memref::CopyOp::create(builder, loc, op.getSource(), copy);
      op.replaceAllUsesWith(copy);
      op.erase();
      ++numCopies;
    }
  }
};
} // namespace
