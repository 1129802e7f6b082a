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
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace slim;
using namespace slim::cpu;

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
  GroupStart start =
      kernel->createGroupStart(b, loc, operands.get(Value(), {}), sums);
  SmallVector<Value> own = start.sums;
  if (full / depth * int64_t(sums.size()) <= kMaxUnrolledProducts) {
    for (int64_t at = 0; at < full; at += depth)
      own = emitStep(bases, own, at, Value(), start.zeros);
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
                                  0, Value(), start.zeros));
    own.assign(loop.getResults().begin(), loop.getResults().end());
    ivs[loopNumber] = begin;
  }
  if (full < extent) {
    ivs[loopNumber] = index.add(begin, index.constant(full));
    own = emitStep(bases, own, 0, index.constant(extent - full), start.zeros);
    ivs[loopNumber] = begin;
  }
  return kernel->createGroupEnd(b, loc, operands.get(Value(), {}), own, sums);
}

SmallVector<Value> KernelEmitter::emitGroups(ArrayRef<Value> bases,
                                             SmallVector<Value> sums) {
  int64_t extent = getExtent(reductions.back()).fixed,
          group = kernel->getGroup(), full = extent / group * group;
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
  return sums;
}
