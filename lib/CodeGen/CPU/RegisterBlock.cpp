//===- RegisterBlock.cpp - Sums of outer products in registers ------------===//
#include "RegisterBlock.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace slim;
using namespace slim::cpu;

SmallVector<Value> RegisterBlock::createZeros(OpBuilder &b,
                                              Location loc) const {
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  return SmallVector<Value>(rows * vectors, zero);
}

SmallVector<Value>
RegisterBlock::multiply(OpBuilder &b, Location loc, Value begin, Value end,
                        ValueRange sums,
                        llvm::function_ref<Value(int64_t, Value)> loadLeft,
                        llvm::function_ref<Value(int64_t, Value)> loadRight,
                        MultiplyAdd multiplyAdd) const {
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  auto loop = scf::ForOp::create(b, loc, begin, end, one, sums);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value k = loop.getInductionVar();
  SmallVector<Value> right;
  for (int64_t v = 0; v < vectors; ++v)
    right.push_back(loadRight(v, k));
  SmallVector<Value> next;
  for (int64_t row = 0; row < rows; ++row) {
    Value left = loadLeft(row, k);
    for (int64_t v = 0; v < vectors; ++v)
      next.push_back(multiplyAdd(left, right[v],
                                 loop.getRegionIterArgs()[row * vectors + v]));
  }
  scf::YieldOp::create(b, loc, next);
  return SmallVector<Value>(loop.getResults());
}

void cpu::transposeTile(OpBuilder &b, Location loc,
                        SmallVectorImpl<Value> &tile) {
  auto lanes = static_cast<int64_t>(tile.size());
  SmallVector<int64_t> low, high;
  for (int64_t i = 0; i < lanes / 2; ++i) {
    low.append({i, lanes + i});
    high.append({lanes / 2 + i, lanes + lanes / 2 + i});
  }
  // Every round is a perfect shuffle of the square's elements.
  for (int64_t width = 1; width < lanes; width *= 2) {
    SmallVector<Value> next;
    for (int64_t i = 0; i < lanes / 2; ++i) {
      Value lhs = tile[i], rhs = tile[i + lanes / 2];
      next.push_back(vector::ShuffleOp::create(b, loc, lhs, rhs, low));
      next.push_back(vector::ShuffleOp::create(b, loc, lhs, rhs, high));
    }
    tile.assign(next.begin(), next.end());
  }
}
