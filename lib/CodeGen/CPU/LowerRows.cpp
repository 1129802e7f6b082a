//===- LowerRows.cpp - Row kernels to vector loops ------------------------===//
//
// Vectors run along one loop, that along which the operands are contiguous. If
// it is a loop of the row, a pass over the row keeps several vectors of partial
// results per reduction, combined at its end. If it is a parallel loop, a
// vector holds an element of as many rows, and passes walk their rows together.
//
// Reductions are numbered by the pass in which they end; a value that depends
// on one is available in the passes after it. A value that is expensive and is
// used in a later pass than that which computes it first is kept in the row of
// an output until the output's own value takes its place; others are computed
// again.
//
//===----------------------------------------------------------------------===//
#include "MicroKernel.h"
#include "ParallelWork.h"
#include "RowPlan.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "slim/CodeGen/CPU/Passes.h"

namespace slim {
#define GEN_PASS_DEF_LOWERROWSPASS
#include "slim/CodeGen/CPU/Passes.h.inc"
} // namespace slim

using namespace mlir;
using namespace slim;
using namespace slim::cpu;

/// Kernels of fewer elements than this stay on one thread.
static constexpr int64_t kParallelElements = 1 << 15;
/// Vectors that a loop works on at a time: they hide the latency of reductions.
static constexpr int64_t kUnroll = 4;

namespace {

/// Emits one kernel.
class Emitter {
public:
  Emitter(OpBuilder &b, RowsOp op, const LowerRowsPassOptions &options)
      : b(b), loc(op.getLoc()), op(op), plan(op), threads(options.threads) {
    lanes = plan.getLanes(options.vectorBytes);
    zero = index(0);
    one = index(1);
    ivs.assign(op.getNumLoops(), zero);
    for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
      extents.push_back(getExtent(loop));
  }

  void emit();

private:
  using Body = llvm::function_ref<void(ArrayRef<Value>)>;
  /// A run of elements along the vector loop, `count` vectors, with a mask if
  /// it may go beyond the end.
  struct Span {
    int64_t count;
    Value mask;
  };

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  Value getExtent(unsigned loop);
  VectorType getVectorType(Type type) { return VectorType::get({lanes}, type); }

  void emitNest(ArrayRef<Value> bounds, SmallVector<Value> loopIvs, Body body);
  /// All passes over the row (or vector of rows) at `ivs`.
  void emitRow(const Span &rows);
  void emitPass(unsigned pass, const Span &rows);
  /// The pass over the loops of the row from `depth` on.
  SmallVector<Value> emitRowLoops(unsigned pass, unsigned depth,
                                  SmallVector<Value> sums, const Span &rows);
  SmallVector<Value> emitVectorLoop(unsigned pass, SmallVector<Value> sums);
  /// One point of the row: `span.count` vectors of elements.
  SmallVector<Value> emitElements(unsigned pass, ArrayRef<Value> sums,
                                  const Span &span);
  void emitUniform(unsigned pass, const Span &rows);
  void storeStatistics(unsigned pass, const Span &rows);

  /// The value at vector `v` of the span.
  Value getVector(Value value, int64_t v);
  Value computeVector(Value value, unsigned pass, int64_t v, const Span &span,
                      llvm::DenseMap<Value, Value> &known);
  Value cloneAsVector(Operation *inner,
                      llvm::function_ref<Value(Value)> operand);
  Value load(OpOperand &operand, int64_t v, const Span &span);
  void store(OpOperand &operand, Value vector, int64_t v, const Span &span);
  SmallVector<Value> getIndices(OpOperand &operand, int64_t v);
  Value getNeutral(ReduceOp reduce);
  Value combine(vector::CombiningKind kind, Value lhs, Value rhs) {
    return vector::makeArithReduction(b, loc, kind, lhs, rhs);
  }

  OpBuilder &b;
  Location loc;
  RowsOp op;
  RowPlan plan;
  bool threads;
  int64_t lanes;
  Value zero, one;
  SmallVector<Value> ivs, extents;
  /// Of values that are the same in the whole row: one for each vector of rows,
  /// or a scalar and what it was broadcast to.
  llvm::DenseMap<Value, SmallVector<Value, 4>> uniform;
  llvm::DenseMap<Value, Value> splats;
};

} // namespace

Value Emitter::getExtent(unsigned loop) {
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMap(operand);
    for (unsigned i = 0; i < map.getNumResults(); ++i)
      if (map.getDimPosition(i) == loop) {
        auto type = cast<MemRefType>(operand.get().getType());
        return type.isDynamicDim(i)
                   ? b.createOrFold<memref::DimOp>(loc, operand.get(), i)
                   : index(type.getDimSize(i));
      }
  }
  llvm_unreachable("the verifier wants an extent for every loop");
}

void Emitter::emitNest(ArrayRef<Value> bounds, SmallVector<Value> loopIvs,
                       Body body) {
  if (bounds.empty())
    return body(loopIvs);
  auto loop = scf::ForOp::create(b, loc, zero, bounds.front(), one);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  loopIvs.push_back(loop.getInductionVar());
  emitNest(bounds.drop_front(), loopIvs, body);
}

void Emitter::emit() {
  // The loop of vectors, where it is a parallel one, goes in steps.
  SmallVector<unsigned> outer;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
    if (!op.isReduction(loop) && loop != plan.vectorLoop)
      outer.push_back(loop);
  bool alongRows = !op.isReduction(plan.vectorLoop);
  SmallVector<Value> bounds;
  for (unsigned loop : outer)
    bounds.push_back(extents[loop]);
  Value step;
  if (alongRows) {
    step = index(kUnroll * lanes);
    bounds.push_back(b.createOrFold<arith::CeilDivUIOp>(
        loc, extents[plan.vectorLoop], step));
  }

  auto body = [&](ArrayRef<Value> loopIvs) {
    for (auto [loop, iv] : llvm::zip(outer, loopIvs))
      ivs[loop] = iv;
    if (!alongRows)
      return emitRow(Span{1, Value()});
    Value begin = arith::MulIOp::create(b, loc, loopIvs.back(), step);
    Value extent = extents[plan.vectorLoop];
    Value left = arith::SubIOp::create(b, loc, extent, begin);
    std::optional<int64_t> number = getConstantIntValue(extent);
    auto emitWhole = [&] {
      ivs[plan.vectorLoop] = begin;
      emitRow(Span{kUnroll, Value()});
    };
    if (number && *number % (kUnroll * lanes) == 0)
      return emitWhole();
    Value isWhole =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, left, step);
    auto branch = scf::IfOp::create(b, loc, isWhole, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    if (!number || *number >= kUnroll * lanes)
      emitWhole();
    b.setInsertionPointToStart(branch.elseBlock());
    auto loop = scf::ForOp::create(b, loc, begin, extent, index(lanes));
    b.setInsertionPointToStart(loop.getBody());
    ivs[plan.vectorLoop] = loop.getInductionVar();
    Value inside = arith::SubIOp::create(b, loc, extent, ivs[plan.vectorLoop]);
    Value mask = vector::CreateMaskOp::create(
        b, loc, getVectorType(b.getI1Type()), inside);
    emitRow(Span{1, mask});
  };
  if (threads && !bounds.empty() &&
      haveIterations(extents, kParallelElements) &&
      !op->getParentOfType<scf::ParallelOp>()) {
    SmallVector<Value> lower(bounds.size(), zero), steps(bounds.size(), one);
    auto loop = scf::ParallelOp::create(b, loc, lower, bounds, steps);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    return body(SmallVector<Value>(loop.getInductionVars()));
  }
  emitNest(bounds, {}, body);
}

void Emitter::emitRow(const Span &rows) {
  uniform.clear();
  splats.clear();
  for (unsigned pass = 0; pass <= plan.lastPass; ++pass) {
    emitUniform(pass, rows);
    storeStatistics(pass, rows);
    emitPass(pass, rows);
  }
  emitUniform(plan.lastPass + 1, rows);
  storeStatistics(plan.lastPass + 1, rows);
}

/// What is the same in the whole row and known before the pass.
void Emitter::emitUniform(unsigned pass, const Span &rows) {
  bool alongRows = !op.isReduction(plan.vectorLoop);
  for (BlockArgument argument : op.getBody().front().getArguments()) {
    if (pass != 0 || plan.isVarying(argument))
      continue;
    OpOperand &operand = op->getOpOperand(argument.getArgNumber());
    auto &values = uniform[argument];
    if (!alongRows)
      values.push_back(memref::LoadOp::create(b, loc, operand.get(),
                                              getIndices(operand, 0)));
    for (int64_t v = 0; alongRows && v < rows.count; ++v)
      values.push_back(load(operand, v, rows));
  }
  for (Operation &inner : op.getBody().front().without_terminator()) {
    Value result = inner.getResult(0);
    if (plan.isVarying(result) || isa<ReduceOp>(inner) ||
        plan.getPass(result) != pass)
      continue;
    auto &values = uniform[result];
    if (!alongRows) {
      IRMapping mapping;
      for (Value value : inner.getOperands())
        if (auto it = uniform.find(value); it != uniform.end())
          mapping.map(value, it->second.front());
      values.push_back(b.clone(inner, mapping)->getResult(0));
      continue;
    }
    SmallVector<Value, 4> vectors;
    for (int64_t v = 0; v < rows.count; ++v)
      vectors.push_back(cloneAsVector(
          &inner, [&](Value value) { return getVector(value, v); }));
    uniform[result] = vectors;
  }
}

/// Outputs that have a value for each row.
void Emitter::storeStatistics(unsigned pass, const Span &rows) {
  for (OpOperand &operand :
       op->getOpOperands().drop_front(op.getInputs().size())) {
    Value value = plan.getYielded(operand);
    if (plan.isRowOutput(operand) || plan.getPass(value) != pass)
      continue;
    if (op.isReduction(plan.vectorLoop)) {
      auto it = uniform.find(value);
      Value scalar = it == uniform.end() ? value : it->second.front();
      memref::StoreOp::create(b, loc, scalar, operand.get(),
                              getIndices(operand, 0));
      continue;
    }
    for (int64_t v = 0; v < rows.count; ++v)
      store(operand, getVector(value, v), v, rows);
  }
}

Value Emitter::getNeutral(ReduceOp reduce) {
  Type type = reduce.getType();
  TypedAttr neutral = getNeutralElement(reduce.getKind(), type);
  return arith::ConstantOp::create(
      b, loc, DenseElementsAttr::get(getVectorType(type), neutral));
}

void Emitter::emitPass(unsigned pass, const Span &rows) {
  SmallVector<ReduceOp> &reductions = plan.passes[pass].reductions;
  if (reductions.empty() && plan.passes[pass].stores.empty())
    return;
  bool alongRows = !op.isReduction(plan.vectorLoop);
  int64_t count = alongRows ? rows.count : kUnroll;
  SmallVector<Value> sums;
  for (ReduceOp reduce : reductions)
    sums.append(count, getNeutral(reduce));
  sums = emitRowLoops(pass, 0, sums, rows);
  for (auto [i, reduce] : llvm::enumerate(reductions)) {
    ArrayRef<Value> own = ArrayRef(sums).slice(i * count, count);
    auto &values = uniform[reduce.getResult()];
    if (alongRows) {
      values.assign(own.begin(), own.end());
      continue;
    }
    SmallVector<Value> parts(own);
    for (int64_t width = count / 2; width > 0; width /= 2)
      for (int64_t v = 0; v < width; ++v)
        parts[v] = combine(reduce.getKind(), parts[v], parts[v + width]);
    values.push_back(vector::ReductionOp::create(
        b, loc, reduce.getKind(), parts[0], arith::FastMathFlags::reassoc));
  }
}

SmallVector<Value> Emitter::emitRowLoops(unsigned pass, unsigned depth,
                                         SmallVector<Value> sums,
                                         const Span &rows) {
  if (depth == plan.rowLoops.size()) {
    if (op.isReduction(plan.vectorLoop))
      return emitVectorLoop(pass, sums);
    return emitElements(pass, sums, rows);
  }
  unsigned row = plan.rowLoops[depth];
  auto loop = scf::ForOp::create(b, loc, zero, extents[row], one, sums);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  ivs[row] = loop.getInductionVar();
  SmallVector<Value> next = emitRowLoops(
      pass, depth + 1, SmallVector<Value>(loop.getRegionIterArgs()), rows);
  if (!sums.empty())
    scf::YieldOp::create(b, loc, next);
  return SmallVector<Value>(loop.getResults());
}

/// Whole vectors first, several at a time, then what is left, with a mask.
SmallVector<Value> Emitter::emitVectorLoop(unsigned pass,
                                           SmallVector<Value> sums) {
  Value extent = extents[plan.vectorLoop];
  std::optional<int64_t> number = getConstantIntValue(extent);
  Value end;
  if (number) {
    end = index(*number - *number % (kUnroll * lanes));
  } else {
    Value rest = arith::RemUIOp::create(b, loc, extent, index(kUnroll * lanes));
    end = arith::SubIOp::create(b, loc, extent, rest);
  }
  auto emitLoop =
      [&](Value from, Value to, int64_t step,
          llvm::function_ref<SmallVector<Value>(ArrayRef<Value>)> body) {
        auto loop = scf::ForOp::create(b, loc, from, to, index(step), sums);
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToStart(loop.getBody());
        ivs[plan.vectorLoop] = loop.getInductionVar();
        SmallVector<Value> args(loop.getRegionIterArgs());
        SmallVector<Value> next = body(args);
        if (!sums.empty())
          scf::YieldOp::create(b, loc, next);
        sums = SmallVector<Value>(loop.getResults());
      };
  if (!number || *number >= kUnroll * lanes)
    emitLoop(zero, end, kUnroll * lanes, [&](ArrayRef<Value> args) {
      return emitElements(pass, args, Span{kUnroll, Value()});
    });
  if (number && *number % (kUnroll * lanes) == 0)
    return sums;
  // The first of each reduction's vectors takes the rest.
  emitLoop(end, extent, lanes, [&](ArrayRef<Value> args) {
    Value mask;
    if (!number || *number % lanes != 0) {
      Value left = arith::SubIOp::create(b, loc, extent, ivs[plan.vectorLoop]);
      mask = vector::CreateMaskOp::create(b, loc, getVectorType(b.getI1Type()),
                                          left);
    }
    SmallVector<Value> next(args), firsts;
    for (size_t i = 0; i < args.size(); i += kUnroll)
      firsts.push_back(args[i]);
    SmallVector<Value> sumsOfFirsts = emitElements(pass, firsts, Span{1, mask});
    for (auto [i, sum] : llvm::enumerate(sumsOfFirsts))
      next[i * kUnroll] = sum;
    return next;
  });
  return sums;
}

SmallVector<Value> Emitter::emitElements(unsigned pass, ArrayRef<Value> sums,
                                         const Span &span) {
  RowPlan::Pass &work = plan.passes[pass];
  SmallVector<Value> next(sums);
  for (int64_t v = 0; v < span.count; ++v) {
    llvm::DenseMap<Value, Value> known;
    auto compute = [&](Value value) {
      return computeVector(value, pass, v, span, known);
    };
    for (auto [i, reduce] : llvm::enumerate(work.reductions)) {
      Value &sum = next[i * span.count + v];
      Value combined =
          combine(reduce.getKind(), compute(reduce.getValue()), sum);
      // A mask of rows hides whole sums; one of elements leaves them out.
      bool isPart = span.mask && op.isReduction(plan.vectorLoop);
      sum = isPart ? arith::SelectOp::create(b, loc, span.mask, combined, sum)
                   : combined;
    }
    SmallVector<std::pair<OpOperand *, Value>> stores;
    for (auto [operand, value] : work.stores)
      stores.emplace_back(operand, compute(value));
    for (auto [operand, vector] : stores)
      store(*operand, vector, v, span);
  }
  return next;
}

Value Emitter::getVector(Value value, int64_t v) {
  auto it = uniform.find(value);
  if (it != uniform.end() && !op.isReduction(plan.vectorLoop))
    return it->second[v];
  Value scalar = it == uniform.end() ? value : it->second.front();
  return vector::BroadcastOp::create(b, loc, getVectorType(value.getType()),
                                     scalar);
}

Value Emitter::computeVector(Value value, unsigned pass, int64_t v,
                             const Span &span,
                             llvm::DenseMap<Value, Value> &known) {
  if (!plan.isVarying(value))
    return getVector(value, v);
  if (auto it = known.find(value); it != known.end())
    return it->second;
  Value result;
  if (OpOperand *slot = plan.getSlot(value, pass)) {
    result = load(*slot, v, span);
  } else if (auto argument = dyn_cast<BlockArgument>(value)) {
    result = load(op->getOpOperand(argument.getArgNumber()), v, span);
  } else {
    result = cloneAsVector(value.getDefiningOp(), [&](Value operand) {
      return computeVector(operand, pass, v, span, known);
    });
  }
  known[value] = result;
  return result;
}

Value Emitter::cloneAsVector(Operation *inner,
                             llvm::function_ref<Value(Value)> operand) {
  SmallVector<Value> operands;
  for (Value value : inner->getOperands())
    operands.push_back(operand(value));
  Type type = getVectorType(inner->getResult(0).getType());
  if (inner->hasTrait<OpTrait::ConstantLike>()) {
    Value scalar = b.clone(*inner)->getResult(0);
    return vector::BroadcastOp::create(b, loc, type, scalar);
  }
  return b
      .create(inner->getLoc(), inner->getName().getIdentifier(), operands, type,
              inner->getAttrs())
      ->getResult(0);
}

SmallVector<Value> Emitter::getIndices(OpOperand &operand, int64_t v) {
  AffineMap map = op.getMap(operand);
  SmallVector<Value> indices;
  for (unsigned i = 0; i < map.getNumResults(); ++i) {
    unsigned loop = map.getDimPosition(i);
    Value iv = ivs[loop];
    if (loop == plan.vectorLoop && v != 0)
      iv = b.createOrFold<arith::AddIOp>(loc, iv, index(v * lanes));
    indices.push_back(iv);
  }
  return indices;
}

Value Emitter::load(OpOperand &operand, int64_t v, const Span &span) {
  SmallVector<Value> indices = getIndices(operand, v);
  VectorType type = getVectorType(getElementTypeOrSelf(operand.get()));
  if (!op.getMap(operand).isFunctionOfDim(plan.vectorLoop) || lanes == 1) {
    Value element = memref::LoadOp::create(b, loc, operand.get(), indices);
    return vector::BroadcastOp::create(b, loc, type, element);
  }
  if (!span.mask)
    return vector::LoadOp::create(b, loc, type, operand.get(), indices);
  Value nothing = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  return vector::MaskedLoadOp::create(b, loc, type, operand.get(), indices,
                                      span.mask, nothing);
}

void Emitter::store(OpOperand &operand, Value vector, int64_t v,
                    const Span &span) {
  SmallVector<Value> indices = getIndices(operand, v);
  if (lanes == 1) {
    Value element = vector::ExtractOp::create(b, loc, vector, 0);
    memref::StoreOp::create(b, loc, element, operand.get(), indices);
  } else if (span.mask) {
    cpu::createMaskedStore(b, loc, vector, operand.get(), indices, span.mask);
  } else {
    vector::StoreOp::create(b, loc, vector, operand.get(), indices);
  }
}

namespace {
struct LowerRowsPass : public slim::impl::LowerRowsPassBase<LowerRowsPass> {
  using LowerRowsPassBase::LowerRowsPassBase;

  void runOnOperation() override {
    LowerRowsPassOptions options;
    options.vectorBytes = vectorBytes;
    options.threads = threads;
    SmallVector<RowsOp> ops;
    getOperation().walk([&](RowsOp op) { ops.push_back(op); });
    for (RowsOp op : ops) {
      if (!op.hasBufferSemantics()) {
        op.emitOpError("is on tensors; bufferize it first");
        return signalPassFailure();
      }
      OpBuilder builder(op);
      Emitter(builder, op, options).emit();
      op.erase();
      ++numLowered;
    }
  }
};
} // namespace
