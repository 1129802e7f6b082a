//===- FormLookups.cpp - Reads of tables of bytes as scalar ops -----------===//
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "slim/CodeGen/CPU/IR/SlimCPU.h"
#include "slim/CodeGen/CPU/Passes.h"

namespace slim {
#define GEN_PASS_DEF_FORMLOOKUPSPASS
#include "slim/CodeGen/CPU/Passes.h.inc"
} // namespace slim

using namespace slim;
using namespace slim::cpu;

/// The table that `read` reads at the bits of a byte, which is put into
/// `byte`; null for other reads.
static DenseIntElementsAttr getTable(tensor::ExtractOp read, Value &byte) {
  DenseIntElementsAttr table;
  if (read.getIndices().size() != 1 ||
      !matchPattern(read.getTensor(), m_Constant(&table)) ||
      table.getNumElements() != 256 || !table.getElementType().isInteger(8))
    return {};
  auto cast = read.getIndices().front().getDefiningOp<arith::IndexCastUIOp>();
  if (!cast || !cast.getIn().getType().isInteger(8))
    return {};
  byte = cast.getIn();
  return table;
}

namespace {
struct FormLookupsPass
    : public slim::impl::FormLookupsPassBase<FormLookupsPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation()->walk([&](tensor::ExtractOp read) {
      Value byte;
      DenseIntElementsAttr table = getTable(read, byte);
      if (!table || !isa<linalg::LinalgOp>(read->getParentOp()))
        return;
      Operation *position = read.getIndices().front().getDefiningOp();
      rewriter.setInsertionPoint(read);
      rewriter.replaceOpWithNewOp<LookupOp>(read, byte, table);
      if (position->use_empty())
        rewriter.eraseOp(position);
      ++numLookups;
    });
  }
};
} // namespace
