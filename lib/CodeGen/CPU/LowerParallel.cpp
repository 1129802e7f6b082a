//===- LowerParallel.cpp - Parallel loops to teams of threads -------------===//
//
// Each thread computes its share of the iterations itself. Upstream's
// conversion to OpenMP leaves that to the runtime (omp.wsloop), and pays for
// it: a second barrier a loop, and in builds of libomp that can trace, such as
// Debian's, two calls of malloc and of free for every thread and loop.
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/OpenMP/OpenMPDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/RegionUtils.h"
#include "slim/CodeGen/CPU/Passes.h"

namespace slim {
#define GEN_PASS_DEF_LOWERPARALLELPASS
#include "slim/CodeGen/CPU/Passes.h.inc"
} // namespace slim

using namespace mlir;
using namespace slim;

static constexpr llvm::StringLiteral kMaxThreads = "omp_get_max_threads";
static constexpr llvm::StringLiteral kNumThreads = "omp_get_num_threads";
static constexpr llvm::StringLiteral kThread = "omp_get_thread_num";

/// The number of iterations along each dimension.
static SmallVector<Value> getTripCounts(OpBuilder &b, scf::ParallelOp loop) {
  Location loc = loop.getLoc();
  SmallVector<Value> counts;
  for (auto [lower, upper, step] : llvm::zip_equal(
           loop.getLowerBound(), loop.getUpperBound(), loop.getStep())) {
    Value distance = b.createOrFold<arith::SubIOp>(loc, upper, lower);
    counts.push_back(b.createOrFold<arith::CeilDivSIOp>(loc, distance, step));
  }
  return counts;
}

/// The loop's induction variables in iteration number `number`, the last
/// dimension running fastest. `counts` are those of all dimensions but the
/// first.
static SmallVector<Value> getInductionVars(OpBuilder &b, Location loc,
                                           Value number, ValueRange counts,
                                           ValueRange lower, ValueRange step) {
  SmallVector<Value> vars(lower.size());
  for (size_t dim = lower.size(); dim-- > 0;) {
    Value index = number;
    if (dim > 0) {
      index = arith::RemUIOp::create(b, loc, number, counts[dim - 1]);
      number = arith::DivUIOp::create(b, loc, number, counts[dim - 1]);
    }
    Value offset = b.createOrFold<arith::MulIOp>(loc, index, step[dim]);
    vars[dim] = b.createOrFold<arith::AddIOp>(loc, lower[dim], offset);
  }
  return vars;
}

namespace {
struct LowerParallelPass
    : public slim::impl::LowerParallelPassBase<LowerParallelPass> {
  void runOnOperation() override {
    SmallVector<scf::ParallelOp> loops;
    getOperation().walk<WalkOrder::PreOrder>([&](scf::ParallelOp loop) {
      if (loop.getNumReductions() == 0)
        loops.push_back(loop);
      return WalkResult::skip(); // Loops inside run in one thread.
    });
    if (loops.empty())
      return;
    SymbolTable symbols(getOperation());
    for (StringRef name : {kMaxThreads, kNumThreads, kThread})
      declare(name, symbols);
    for (scf::ParallelOp loop : loops)
      lower(loop, symbols);
    numLoops += loops.size();
  }

private:
  void declare(StringRef name, SymbolTable &symbols) {
    if (symbols.lookup(name))
      return;
    OpBuilder b = OpBuilder::atBlockBegin(getOperation().getBody());
    auto function =
        func::FuncOp::create(b, getOperation().getLoc(), name,
                             b.getFunctionType({}, {b.getI32Type()}));
    function.setPrivate();
    symbols.insert(function);
  }

  /// The result of a function of OpenMP as an index.
  static Value ask(OpBuilder &b, Location loc, StringRef name) {
    auto call = func::CallOp::create(b, loc, name, b.getI32Type());
    return arith::IndexCastOp::create(b, loc, b.getIndexType(),
                                      call.getResult(0));
  }

  /// Moves the loop's body to a function of the first and the past-the-end
  /// iteration and of the values in `captured`, to which is added what the
  /// function needs besides.
  func::FuncOp outline(scf::ParallelOp loop, ValueRange counts,
                       SmallVectorImpl<Value> &captured, SymbolTable &symbols) {
    Location loc = loop.getLoc();
    llvm::SetVector<Value> used;
    getUsedValuesDefinedAbove(loop->getRegions(), used);
    used.insert_range(loop.getLowerBound());
    used.insert_range(loop.getStep());
    used.insert_range(counts.drop_front());

    IRRewriter b(&getContext());
    b.setInsertionPointToStart(getOperation().getBody());
    auto function = func::FuncOp::create(b, loc, "parallel_body",
                                         b.getFunctionType({}, {}));
    function.setPrivate();
    // It is called in two places, and long.
    function->setAttr("passthrough", b.getStrArrayAttr({"noinline"}));
    symbols.insert(function);
    Block *entry = function.addEntryBlock();
    Value begin = entry->addArgument(b.getIndexType(), loc);
    Value end = entry->addArgument(b.getIndexType(), loc);
    b.setInsertionPointToStart(entry);
    IRMapping inside;
    for (Value value : used) {
      Operation *constant = value.getDefiningOp();
      if (constant && constant->hasTrait<OpTrait::ConstantLike>()) {
        b.clone(*constant, inside);
        continue;
      }
      inside.map(value, entry->addArgument(value.getType(), loc));
      captured.push_back(value);
    }
    function.setFunctionType(
        b.getFunctionType(entry->getArgumentTypes(), TypeRange()));

    auto mapped = [&](ValueRange values) {
      return llvm::map_to_vector(
          values, [&](Value value) { return inside.lookup(value); });
    };
    Value one = arith::ConstantIndexOp::create(b, loc, 1);
    auto share = scf::ForOp::create(b, loc, begin, end, one);
    func::ReturnOp::create(b, loc);
    b.setInsertionPointToStart(share.getBody());
    SmallVector<Value> vars = getInductionVars(
        b, loc, share.getInductionVar(), mapped(counts.drop_front()),
        mapped(loop.getLowerBound()), mapped(loop.getStep()));
    b.eraseOp(loop.getBody()->getTerminator());
    b.inlineBlockBefore(loop.getBody(), share.getBody()->getTerminator(), vars);
    for (Value value : used)
      b.replaceUsesWithIf(value, inside.lookup(value), [&](OpOperand &use) {
        return function->isProperAncestor(use.getOwner());
      });
    hoistStackBuffers(share);
    return function;
  }

  /// A buffer on the stack lives until the function returns: one for all
  /// iterations, where its size allows it.
  static void hoistStackBuffers(scf::ForOp share) {
    share.walk([&](memref::AllocaOp buffer) {
      if (llvm::all_of(buffer->getOperands(), [&](Value operand) {
            return share.isDefinedOutsideOfLoop(operand);
          }))
        buffer->moveBefore(share);
    });
  }

  void lower(scf::ParallelOp loop, SymbolTable &symbols) {
    Location loc = loop.getLoc();
    IRRewriter b(loop);
    SmallVector<Value> counts = getTripCounts(b, loop);
    Value total = counts.front();
    for (Value count : ArrayRef(counts).drop_front())
      total = b.createOrFold<arith::MulIOp>(loc, total, count);
    SmallVector<Value> captured;
    func::FuncOp body = outline(loop, counts, captured, symbols);
    auto callBody = [&](OpBuilder &b, Value begin, Value end) {
      SmallVector<Value> arguments = {begin, end};
      llvm::append_range(arguments, captured);
      func::CallOp::create(b, loc, body, arguments);
    };

    Value one = arith::ConstantIndexOp::create(b, loc, 1);
    Value threads = ask(b, loc, kMaxThreads);
    Value usable = arith::MinSIOp::create(b, loc, threads, total);
    Value many =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sgt, usable, one);
    auto choice = scf::IfOp::create(b, loc, many, /*withElseRegion=*/true);
    b.setInsertionPointToStart(choice.thenBlock());
    auto team = omp::ParallelOp::create(b, loc);
    b.createBlock(&team.getRegion());
    Value thread = ask(b, loc, kThread);
    Value size = ask(b, loc, kNumThreads);
    // Thread t of n takes the iterations [total * t / n, total * (t + 1) / n).
    auto bound = [&](Value number) -> Value {
      Value product = arith::MulIOp::create(b, loc, total, number);
      return arith::DivUIOp::create(b, loc, product, size);
    };
    Value begin = bound(thread);
    Value end = bound(arith::AddIOp::create(b, loc, thread, one));
    callBody(b, begin, end);
    omp::TerminatorOp::create(b, loc);
    b.setInsertionPointToStart(choice.elseBlock());
    callBody(b, arith::ConstantIndexOp::create(b, loc, 0), total);
    b.eraseOp(loop);
  }
};
} // namespace
