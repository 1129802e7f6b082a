//===- KernelGroups.cpp - Reductions in groups of elements ----------------===//
//
// A microkernel with groups sums those of the last reduction apart:
//
//   groups
//     the group's own sums from zero
//     steps within the group
//     the group's sums join the kernel's
//
// The group that is left over is shorter, and may end within a step.
//
//===----------------------------------------------------------------------===//
#include "KernelEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace slim;
using namespace slim::cpu;

/// Elements of the left operand that are summed at once.
static constexpr int64_t kMaxSummed = 64;

/// The sum of the left operand's `extent` elements from `begin` on.
Value KernelEmitter::sumLeftGroup(Value begin, int64_t extent) {
  KernelOperand &left = getInput(0);
  auto take = [&](Value sum, int64_t at, int64_t count) {
    ivs[reductions.back()] = index.add(begin, index.constant(at));
    Value from = index.add(getOffset(left, [](unsigned) { return true; }),
                           index.get(left.offset));
    Type type = getElementType(left);
    Value elements =
        count == 1
            ? Value(memref::LoadOp::create(b, loc, left.buffer, from))
            : Value(vector::LoadOp::create(b, loc, VectorType::get(count, type),
                                           left.buffer, from));
    return kernel->addLeftSum(b, loc, sum, elements);
  };
  Value sum = arith::ConstantIntOp::create(b, loc, b.getI32Type(), 0);
  int64_t done = extent / kMaxSummed * kMaxSummed;
  if (done > kMaxSummed) {
    auto loop =
        scf::ForOp::create(b, loc, index.constant(0), index.constant(done),
                           index.constant(kMaxSummed), sum);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value outer = begin;
    begin = index.add(begin, loop.getInductionVar());
    scf::YieldOp::create(b, loc,
                         take(loop.getRegionIterArgs().front(), 0, kMaxSummed));
    begin = outer;
    sum = loop.getResult(0);
  } else if (done) {
    sum = take(sum, 0, done);
  }
  for (int64_t count = kMaxSummed / 2; count > 0; count /= 2)
    if (extent - done >= count) {
      sum = take(sum, done, count);
      done += count;
    }
  ivs[reductions.back()] = Value();
  return sum;
}

/// Computes what the left operand's groups sum up to.
void KernelEmitter::sumLeft(bool parallel) {
  SmallVector<unsigned> outer = nest.getLoops(LoopKind::Batch);
  llvm::erase_if(
      outer, [&](unsigned loop) { return getInput(0).strides[loop].is(0); });
  llvm::append_range(outer, rowLoops);
  int64_t extent = getExtent(reductions.back()).fixed,
          group = kernel->getGroup(), full = extent / group;
  leftSums.strides.assign(nest.loops.size(), Quantity::of(int64_t(0)));
  leftSums.offset = Quantity::of(int64_t(0));
  Quantity size = Quantity::of(llvm::divideCeil(extent, group));
  SmallVector<Value> bounds;
  for (unsigned loop : llvm::reverse(outer)) {
    leftSums.strides[loop] = size;
    size = index.mul(size, getExtent(loop));
  }
  for (unsigned loop : outer)
    bounds.push_back(index.get(getExtent(loop)));
  leftSums.buffer = memref::AllocOp::create(
      b, loc, MemRefType::get({ShapedType::kDynamic}, b.getI32Type()),
      ValueRange{index.get(size)}, b.getI64IntegerAttr(64));
  emitGrid(bounds, parallel && !bounds.empty(), [&](ValueRange grid) {
    for (auto [loop, iv] : llvm::zip_equal(outer, grid))
      ivs[loop] = iv;
    Value row = getOffset(leftSums, [](unsigned) { return true; });
    auto store = [&](Value number, int64_t count) {
      Value sum = sumLeftGroup(index.mul(number, index.constant(group)), count);
      memref::StoreOp::create(b, loc, sum, leftSums.buffer,
                              index.add(row, number));
    };
    emitLoop(index.constant(0), index.constant(full), 1,
             [&](Value number) { store(number, group); });
    if (full * group < extent)
      store(index.constant(full), extent - full * group);
  });
  for (unsigned loop : outer)
    ivs[loop] = Value();
}

/// The sums of the group from `begin` on, one a row of the block.
SmallVector<Value> KernelEmitter::loadLeftSums(Value begin) {
  SmallVector<Value> sums;
  if (!leftSums.buffer)
    return sums;
  Value at = getOffset(leftSums, [](unsigned) { return true; });
  at = index.add(at, b.createOrFold<arith::DivUIOp>(
                         loc, begin, index.constant(kernel->getGroup())));
  for (unsigned row = 0; row < blockRows; ++row) {
    Value own = at;
    if (row > 0)
      own = index.add(at,
                      index.get(index.mul(Quantity::of(int64_t(row)),
                                          leftSums.strides[rowLoops.back()])));
    sums.push_back(memref::LoadOp::create(b, loc, leftSums.buffer, own));
  }
  return sums;
}

/// Products of the largest group whose steps are written one after another.
static constexpr int64_t kMaxUnrolledProducts = 128;

/// The sums after the group of `extent` elements from `begin` on.
SmallVector<Value> KernelEmitter::emitGroup(Value begin, int64_t extent,
                                            ArrayRef<Value> bases,
                                            ArrayRef<Value> sums) {
  unsigned loopNumber = reductions.back();
  int64_t depth = kernel->getDepth(), full = extent / depth * depth;
  ivs[loopNumber] = begin;
  StepOperands operands = getStepOperands(bases, 0);
  SmallVector<Value> left = loadLeftSums(begin);
  SmallVector<Value> own =
      kernel->createGroupStart(b, loc, operands.get(Value(), left), sums);
  if (full / depth * int64_t(sums.size()) <= kMaxUnrolledProducts) {
    for (int64_t at = 0; at < full; at += depth)
      own = emitStep(bases, own, at, Value());
  } else {
    Value end = index.add(begin, index.constant(full));
    auto loop =
        scf::ForOp::create(b, loc, begin, end, index.constant(depth), own);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    ivs[loopNumber] = loop.getInductionVar();
    scf::YieldOp::create(b, loc,
                         emitStep(bases,
                                  SmallVector<Value>(loop.getRegionIterArgs()),
                                  0, Value()));
    own.assign(loop.getResults().begin(), loop.getResults().end());
    ivs[loopNumber] = begin;
  }
  if (full < extent) {
    ivs[loopNumber] = index.add(begin, index.constant(full));
    own = emitStep(bases, own, 0, index.constant(extent - full));
    ivs[loopNumber] = begin;
  }
  return kernel->createGroupEnd(b, loc, operands.get(Value(), {}), own, sums);
}

SmallVector<Value> KernelEmitter::emitGroups(ArrayRef<Value> bases,
                                             SmallVector<Value> sums) {
  int64_t extent = getExtent(reductions.back()).fixed,
          group = kernel->getGroup(), full = extent / group * group;
  SmallVector<Value> start(sums);
  if (kernel->sumsGroupsApart())
    for (Value &sum : sums)
      sum = kernel->createStart(b, loc,
                                cast<TypedAttr>(b.getZeroAttr(op.getSumType())),
                                getNumLanes(sum));
  if (full > group) {
    auto loop =
        scf::ForOp::create(b, loc, index.constant(0), index.constant(full),
                           index.constant(group), sums);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    scf::YieldOp::create(
        b, loc,
        emitGroup(loop.getInductionVar(), group, bases,
                  SmallVector<Value>(loop.getRegionIterArgs())));
    sums.assign(loop.getResults().begin(), loop.getResults().end());
  } else if (full == group) {
    sums = emitGroup(index.constant(0), group, bases, sums);
  }
  if (full < extent)
    sums = emitGroup(index.constant(full), extent - full, bases, sums);
  if (kernel->sumsGroupsApart())
    for (auto [first, sum] : llvm::zip_equal(start, sums))
      sum = kernel->joinGroups(b, loc, first, sum);
  return sums;
}
