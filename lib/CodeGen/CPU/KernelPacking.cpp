//===- KernelPacking.cpp - Operands copied before the loops ---------------===//
#include "KernelEmitter.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace slim;
using namespace slim::cpu;

/// Bytes after which addresses fall into the same set of a first-level cache,
/// which holds 8 to 12 lines a set.
static constexpr int64_t kSetBytes = 4096;

/// Whether the rows of a register block compete for one set of the cache, and
/// are read often enough for a copy to pay.
bool KernelEmitter::hasConflictingRows() {
  if (rowLoops.size() != 1 || reductions.size() != 1)
    return false;
  KernelOperand &left = getInput(0);
  Quantity stride = left.strides[rowLoops.front()];
  int64_t bytes = getElementType(left).getIntOrFloatBitWidth() / 8;
  if (!stride.isFixed() || !left.strides[reductions.front()].is(1) ||
      bytes == 0 || (stride.fixed * bytes) % kSetBytes != 0)
    return false;
  Quantity rows = getExtent(rowLoops.front()), width = getExtent(column);
  return width.isFixed() && width.fixed >= 4 * columns &&
         !(rows.isFixed() && rows.fixed < 8);
}

/// Copies the left operand to rows that do not compete.
void KernelEmitter::packLeft(bool parallel) {
  KernelOperand &left = getInput(0);
  Type type = getElementType(left);
  int64_t padding = 64 / (type.getIntOrFloatBitWidth() / 8);
  SmallVector<unsigned> outer;
  for (unsigned loop : nest.getLoops(LoopKind::Batch))
    if (!left.strides[loop].is(0))
      outer.push_back(loop);
  outer.push_back(rowLoops.front());
  KernelOperand copy;
  copy.offset = Quantity::of(int64_t(0));
  copy.strides.assign(nest.loops.size(), Quantity::of(int64_t(0)));
  copy.strides[reductions.front()] = Quantity::of(int64_t(1));
  Quantity size =
      index.add(getExtent(reductions.front()), Quantity::of(padding));
  for (unsigned loop : llvm::reverse(outer)) {
    copy.strides[loop] = size;
    size = index.mul(size, getExtent(loop));
  }
  copy.buffer = memref::AllocOp::create(
      b, loc, MemRefType::get({ShapedType::kDynamic}, type),
      ValueRange{index.get(size)}, b.getI64IntegerAttr(64));
  SmallVector<Value> bounds;
  for (unsigned loop : outer)
    bounds.push_back(index.get(getExtent(loop)));
  auto all = [](unsigned) { return true; };
  emitGrid(bounds, parallel, [&](ValueRange grid) {
    for (auto [loop, iv] : llvm::zip_equal(outer, grid))
      ivs[loop] = iv;
    Value offset = index.get(left.offset);
    emitLoops(reductions, [&] {
      Value from = index.add(getOffset(left, all), offset);
      Value element = memref::LoadOp::create(b, loc, left.buffer, from);
      memref::StoreOp::create(b, loc, element, copy.buffer,
                              getOffset(copy, all));
    });
    for (unsigned loop : reductions)
      ivs[loop] = Value();
  });
  for (unsigned loop : outer)
    ivs[loop] = Value();
  left = copy;
}

/// Copies the right operand to panels, as packed weights are.
void KernelEmitter::packRight(bool parallel) {
  KernelOperand &right = getInput(1);
  int64_t depth = kernel->getPanelDepth();
  SmallVector<unsigned> batch;
  for (unsigned loop : nest.getLoops(LoopKind::Batch))
    if (!right.strides[loop].is(0))
      batch.push_back(loop);
  Value panels = b.createOrFold<arith::CeilDivUIOp>(
      loc, index.get(getExtent(column)), index.constant(columns));

  // Sizes from the inside out.
  KernelOperand packed;
  packed.offset = Quantity::of(int64_t(0));
  packed.strides.assign(nest.loops.size(), Quantity::of(int64_t(0)));
  packed.panelColumns = columns;
  packed.strides[column] = Quantity::of(depth);
  Quantity size = Quantity::of(columns);
  for (unsigned loop : llvm::reverse(reductions)) {
    packed.strides[loop] = size;
    Quantity extent = getExtent(loop);
    if (loop == reductions.back() && depth > 1) {
      Value rounded = b.createOrFold<arith::CeilDivUIOp>(loc, index.get(extent),
                                                         index.constant(depth));
      extent = index.mul(Quantity::of(rounded), Quantity::of(depth));
    }
    size = index.mul(size, extent);
  }
  packed.panelStride = size;
  size = index.mul(size, Quantity::of(panels));
  for (unsigned loop : llvm::reverse(batch)) {
    packed.strides[loop] = size;
    size = index.mul(size, getExtent(loop));
  }
  Type type = getElementType(right);
  packed.buffer = memref::AllocOp::create(
      b, loc, MemRefType::get({ShapedType::kDynamic}, type),
      ValueRange{index.get(size)}, b.getI64IntegerAttr(64));

  SmallVector<Value> bounds;
  for (unsigned loop : batch)
    bounds.push_back(index.get(getExtent(loop)));
  bounds.push_back(panels);
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  emitGrid(bounds, parallel, [&](ValueRange grid) {
    for (auto [loop, iv] : llvm::zip(batch, grid))
      ivs[loop] = iv;
    Value first = index.mul(grid.back(), index.constant(columns));
    Value left =
        arith::SubIOp::create(b, loc, index.get(getExtent(column)), first);
    Value width = index.constant(columns);
    Value valid = arith::MinSIOp::create(b, loc, left, width);
    auto all = [](unsigned) { return true; };
    Value target =
        index.get(index.mul(Quantity::of(grid.back()), packed.panelStride));
    auto address = [&](KernelOperand &operand, Value start, Value at) {
      ivs[column] = at;
      Value offset = index.add(getOffset(operand, all), start);
      ivs[column] = Value();
      return offset;
    };
    // Elements of a group of `depth` lie side by side in the packed operand.
    auto getTarget = [&](Value at) {
      if (depth == 1)
        return address(packed, target, at);
      Value k = ivs[reductions.back()];
      Value by = index.constant(depth);
      Value group = arith::DivUIOp::create(b, loc, k, by);
      Value within = arith::RemUIOp::create(b, loc, k, by);
      ivs[reductions.back()] = index.mul(group, by);
      Value offset = index.add(address(packed, target, at), within);
      ivs[reductions.back()] = k;
      return offset;
    };
    Value source = index.add(
        index.get(index.mul(Quantity::of(first), right.strides[column])),
        index.get(right.offset));
    emitLoop(index.constant(0), valid, 1, [&](Value j) {
      emitLoops(reductions, [&] {
        Value element = memref::LoadOp::create(b, loc, right.buffer,
                                               address(right, source, j));
        memref::StoreOp::create(b, loc, element, packed.buffer, getTarget(j));
      });
    });
    emitLoop(valid, width, 1, [&](Value j) {
      emitLoops(reductions, [&] {
        memref::StoreOp::create(b, loc, zero, packed.buffer, getTarget(j));
      });
    });
    // What pads the last group is multiplied by zeros of the left operand.
    if (depth > 1) {
      Quantity extent = getExtent(reductions.back());
      Value end = index.get(extent);
      Value rounded = index.mul(
          Value(arith::CeilDivUIOp::create(b, loc, end, index.constant(depth))),
          index.constant(depth));
      emitLoops(ArrayRef(reductions).drop_back(), [&] {
        emitLoop(end, rounded, 1, [&](Value k) {
          ivs[reductions.back()] = k;
          emitLoop(index.constant(0), width, 1, [&](Value j) {
            memref::StoreOp::create(b, loc, zero, packed.buffer, getTarget(j));
          });
        });
      });
    }
    for (unsigned loop : reductions)
      ivs[loop] = Value();
  });
  for (unsigned loop : batch)
    ivs[loop] = Value();
  right = packed;
}
