//===- ScalarKernels.cpp - Kernels as plain loops -------------------------===//
#include "KernelEmitter.h"
#include "ParallelWork.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

using namespace slim;
using namespace slim::cpu;

/// Kernels of fewer evaluations of their bodies than this stay on one thread.
static constexpr int64_t kParallelWork = 1 << 14;
/// Tasks that any few threads share out about equally.
static constexpr int64_t kTasks = 32;

void cpu::emitScalarLoops(OpBuilder &b, KernelOp op, bool threads) {
  Location loc = op.getLoc();
  unsigned numLoops = op.getNumLoops();
  Value zero = arith::ConstantIndexOp::create(b, loc, 0),
        one = arith::ConstantIndexOp::create(b, loc, 1);
  SmallVector<Value> extents(numLoops), ivs(numLoops);
  for (OpOperand &operand : op->getOpOperands())
    for (auto [i, expr] : llvm::enumerate(op.getMap(operand).getResults()))
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        if (Value &extent = extents[dim.getPosition()]; !extent)
          extent = b.createOrFold<memref::DimOp>(loc, operand.get(), i);
  auto load = [&](OpOperand &operand) -> Value {
    SmallVector<Value> dims;
    for (Value iv : ivs)
      dims.push_back(iv ? iv : zero);
    SmallVector<Value> indices;
    AffineMap map = op.getMap(operand);
    for (AffineExpr expr : map.getResults())
      indices.push_back(affine::AffineApplyOp::create(
          b, loc, AffineMap::get(numLoops, 0, expr), dims));
    unsigned bits = op.getPackedBits(operand.getOperandNumber());
    if (!bits)
      return memref::LoadOp::create(b, loc, operand.get(), indices);
    // One of a byte's elements.
    Value element = indices.back();
    Value bytes = memref::DimOp::create(b, loc, operand.get(),
                                        int64_t(indices.size()) - 1);
    indices.back() = arith::RemUIOp::create(b, loc, element, bytes);
    Value byte = memref::LoadOp::create(b, loc, operand.get(), indices);
    Value below = arith::DivUIOp::create(b, loc, element, bytes);
    below = arith::IndexCastOp::create(b, loc, b.getI8Type(), below);
    below = arith::MulIOp::create(
        b, loc, below,
        arith::ConstantOp::create(b, loc, b.getI8IntegerAttr(bits)));
    byte = arith::ShRUIOp::create(b, loc, byte, below);
    return arith::TruncIOp::create(b, loc, b.getIntegerType(bits), byte);
  };
  auto clone = [&](Block &block, ArrayRef<Value> arguments) {
    IRMapping mapping;
    for (auto [argument, value] :
         llvm::zip_equal(block.getArguments(), arguments))
      mapping.map(argument, value);
    for (Operation &inner : block.without_terminator())
      b.clone(inner, mapping);
    return mapping.lookupOrDefault(block.getTerminator()->getOperand(0));
  };
  SmallVector<unsigned> parallel, reduction;
  for (unsigned loop = 0; loop < numLoops; ++loop)
    (op.isReduction(loop) ? reduction : parallel).push_back(loop);
  OpBuilder::InsertionGuard guard(b);
  if (threads && !parallel.empty() && haveIterations(extents, kParallelWork) &&
      !op->getParentOfType<scf::ParallelOp>()) {
    // As many outer loops as it takes to share out: the number of an iteration
    // is divided by their extents.
    int64_t tasks = 1;
    SmallVector<unsigned> shared;
    while (!parallel.empty() && tasks < kTasks) {
      shared.push_back(parallel.front());
      std::optional<int64_t> known =
          getConstantIntValue(extents[parallel.front()]);
      tasks *= known ? std::clamp<int64_t>(*known, 1, kTasks) : kTasks;
      parallel.erase(parallel.begin());
    }
    SmallVector<Value> lower(shared.size(), zero), upper,
        steps(shared.size(), one);
    for (unsigned loop : shared)
      upper.push_back(extents[loop]);
    auto grid = scf::ParallelOp::create(b, loc, lower, upper, steps);
    b.setInsertionPointToStart(grid.getBody());
    for (auto [loop, iv] : llvm::zip_equal(shared, grid.getInductionVars()))
      ivs[loop] = iv;
  }
  for (unsigned loop : parallel) {
    auto loopOp = scf::ForOp::create(b, loc, zero, extents[loop], one);
    b.setInsertionPointToStart(loopOp.getBody());
    ivs[loop] = loopOp.getInductionVar();
  }
  std::function<Value(ArrayRef<unsigned>, Value)> reduce =
      [&](ArrayRef<unsigned> loops, Value sum) -> Value {
    if (loops.empty()) {
      SmallVector<Value> arguments;
      for (unsigned i = 0; i < op.getInputs().size(); ++i)
        arguments.push_back(load(op->getOpOperand(i)));
      arguments.push_back(sum);
      return clone(op.getBody().front(), arguments);
    }
    auto loopOp = scf::ForOp::create(b, loc, zero, extents[loops.front()], one,
                                     ValueRange{sum});
    OpBuilder::InsertionGuard inner(b);
    b.setInsertionPointToStart(loopOp.getBody());
    ivs[loops.front()] = loopOp.getInductionVar();
    Value next = reduce(loops.drop_front(), loopOp.getRegionIterArg(0));
    scf::YieldOp::create(b, loc, next);
    return loopOp.getResult(0);
  };
  Value init = arith::ConstantOp::create(b, loc, op.getInit());
  Value sum = reduce(reduction, init);
  for (unsigned loop : reduction)
    ivs[loop] = Value();
  SmallVector<Value> arguments{sum};
  for (unsigned i = 0; i < op.getExtras().size(); ++i)
    arguments.push_back(load(op->getOpOperand(op.getInputs().size() + i)));
  Value result = clone(op.getEpilogue().front(), arguments);
  SmallVector<Value> indices;
  for (AffineExpr expr : op.getOutputMap().getResults())
    indices.push_back(ivs[cast<AffineDimExpr>(expr).getPosition()]);
  memref::StoreOp::create(b, loc, result, op.getOutput(), indices);
}
