//===- LowerLoops.cpp - Linalg on buffers to loops ------------------------===//
//
// The loop order is the iteration order of the op, except that a parallel
// dimension along which the result is contiguous is moved innermost when the
// innermost loop would be a reduction: LLVM vectorizes loops over contiguous
// stores better than reductions, and needs no reassociation for it.
//
//===----------------------------------------------------------------------===//
#include "VectorLoops.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "slim/CodeGen/CPU/Passes.h"

namespace slim {
#define GEN_PASS_DEF_LOWERLOOPSPASS
#include "slim/CodeGen/CPU/Passes.h.inc"
} // namespace slim

using namespace mlir;
using namespace slim;

/// Ops of fewer iterations than this stay on one thread.
static constexpr int64_t kParallelIterations = 1 << 15;

/// A copy as a linalg op, so that every layout is handled.
static LogicalResult lowerCopy(IRRewriter &rewriter, memref::CopyOp op) {
  auto type = dyn_cast<MemRefType>(op.getSource().getType());
  if (!type || !isa<MemRefType>(op.getTarget().getType()))
    return op.emitOpError("copies an unranked buffer, which no loop can");
  rewriter.setInsertionPoint(op);
  SmallVector<AffineMap> maps(2,
                              rewriter.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> iterators(type.getRank(),
                                             utils::IteratorType::parallel);
  linalg::GenericOp::create(rewriter, op.getLoc(), ValueRange{op.getSource()},
                            ValueRange{op.getTarget()}, maps, iterators,
                            [](OpBuilder &b, Location loc, ValueRange args) {
                              linalg::YieldOp::create(b, loc, args.front());
                            });
  rewriter.eraseOp(op);
  return success();
}

/// Moves the dimension along which the result is contiguous innermost.
static FailureOr<linalg::LinalgOp> chooseOrder(IRRewriter &rewriter,
                                               linalg::LinalgOp op) {
  unsigned numLoops = op.getNumLoops();
  if (numLoops < 2 || op.getNumDpsInits() != 1 ||
      op.getIteratorTypesArray().back() != utils::IteratorType::reduction)
    return op;
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (map.getNumResults() == 0)
    return op;
  auto last = dyn_cast<AffineDimExpr>(map.getResults().back());
  if (!last)
    return op;
  SmallVector<unsigned> order;
  for (unsigned dim = 0; dim < numLoops; ++dim)
    if (dim != last.getPosition())
      order.push_back(dim);
  order.push_back(last.getPosition());
  if (op.hasIndexSemantics())
    return op;
  rewriter.setInsertionPoint(op);
  FailureOr<linalg::GenericOp> generic =
      isa<linalg::GenericOp>(op)
          ? FailureOr<linalg::GenericOp>(
                cast<linalg::GenericOp>(op.getOperation()))
          : linalg::generalizeNamedOp(rewriter, op);
  if (failed(generic))
    return failure();
  rewriter.setInsertionPoint(*generic);
  FailureOr<linalg::GenericOp> result =
      linalg::interchangeGenericOp(rewriter, *generic, order);
  if (failed(result))
    return failure();
  return cast<linalg::LinalgOp>(result->getOperation());
}

/// Lets LLVM reorder the sums of a contraction's reduction loop.
static void allowReassociation(linalg::LinalgOp op) {
  if (op.getNumReductionLoops() == 0)
    return;
  op->walk([](arith::AddFOp add) {
    add.setFastmath(add.getFastmath() | arith::FastMathFlags::reassoc |
                    arith::FastMathFlags::contract);
  });
}

/// Turns a loop, whose iterations are independent, into a parallel one.
static void parallelize(IRRewriter &rewriter, scf::ForOp loop) {
  rewriter.setInsertionPoint(loop);
  auto parallel = scf::ParallelOp::create(
      rewriter, loop.getLoc(), ValueRange{loop.getLowerBound()},
      ValueRange{loop.getUpperBound()}, ValueRange{loop.getStep()});
  rewriter.eraseOp(loop.getBody()->getTerminator());
  rewriter.inlineBlockBefore(loop.getBody(),
                             parallel.getBody()->getTerminator(),
                             parallel.getInductionVars());
  rewriter.eraseOp(loop);
}

/// The outermost loop of more than one iteration, if it is parallel: of
/// `loops`, those of `op` in order.
static scf::ForOp chooseParallel(linalg::LinalgOp op,
                                 ArrayRef<Operation *> loops) {
  SmallVector<utils::IteratorType> types = op.getIteratorTypesArray();
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  for (auto [loop, type, extent] : llvm::zip(loops, types, extents)) {
    if (type != utils::IteratorType::parallel)
      break;
    if (extent != 1)
      return dyn_cast<scf::ForOp>(loop);
  }
  return {};
}

static bool isLarge(linalg::LinalgOp op) {
  int64_t iterations = 1;
  for (int64_t extent : op.getStaticLoopRanges()) {
    if (ShapedType::isDynamic(extent))
      return true;
    if (llvm::MulOverflow(iterations, extent, iterations))
      return true;
  }
  return iterations >= kParallelIterations;
}

namespace {
struct LowerLoopsPass : public slim::impl::LowerLoopsPassBase<LowerLoopsPass> {
  using LowerLoopsPassBase::LowerLoopsPassBase;

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<memref::CopyOp> copies;
    getOperation().walk([&](memref::CopyOp op) { copies.push_back(op); });
    for (memref::CopyOp copy : copies)
      if (failed(lowerCopy(rewriter, copy)))
        return signalPassFailure();

    SmallVector<linalg::LinalgOp> ops;
    getOperation().walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    for (linalg::LinalgOp op : ops) {
      allowReassociation(op);
      FailureOr<linalg::LinalgOp> ordered = chooseOrder(rewriter, op);
      if (failed(ordered)) {
        op.emitOpError("has no loop form");
        return signalPassFailure();
      }
      linalg::LinalgOp linalgOp = *ordered;
      bool parallel = threads && isLarge(linalgOp) &&
                      !linalgOp->getParentOfType<scf::ParallelOp>();
      rewriter.setInsertionPoint(linalgOp);
      SmallVector<Operation *> loops;
      if (cpu::needsVectorLoops(linalgOp)) {
        loops = cpu::emitVectorLoops(rewriter, linalgOp, vectorBytes);
      } else {
        FailureOr<linalg::LinalgLoops> scalar =
            linalg::linalgOpToLoops(rewriter, linalgOp);
        if (failed(scalar)) {
          linalgOp.emitOpError("has no loop form");
          return signalPassFailure();
        }
        loops.assign(scalar->begin(), scalar->end());
      }
      if (parallel)
        if (scf::ForOp loop = chooseParallel(linalgOp, loops))
          parallelize(rewriter, loop);
      rewriter.eraseOp(linalgOp);
    }
  }
};
} // namespace
