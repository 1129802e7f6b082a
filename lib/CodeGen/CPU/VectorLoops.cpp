//===- VectorLoops.cpp - Elementwise ops as loops on vectors --------------===//
#include "VectorLoops.h"
#include "MicroKernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace slim;
using namespace slim::cpu;

/// Whether vectors along the last loop are vectors of the operand in memory, or
/// one element of it.
static bool isVectorAccess(linalg::LinalgOp op, OpOperand &operand) {
  auto type = dyn_cast<MemRefType>(operand.get().getType());
  AffineMap map = op.getMatchingIndexingMap(&operand);
  unsigned last = op.getNumLoops() - 1;
  if (!type || !map.isProjectedPermutation(/*allowZeroInResults=*/true))
    return false;
  if (!map.isFunctionOfDim(last))
    return !op.isDpsInit(&operand);
  if (map.getResult(map.getNumResults() - 1) !=
      getAffineDimExpr(last, op.getContext()))
    return false;
  SmallVector<int64_t> strides;
  int64_t offset;
  return succeeded(type.getStridesAndOffset(strides, offset)) &&
         strides.back() == 1;
}

static bool isVectorizable(Operation &op) {
  auto isNumber = [](Type type) { return type.isIntOrFloat(); };
  if (op.hasTrait<OpTrait::ConstantLike>())
    return llvm::all_of(op.getResultTypes(), isNumber);
  return OpTrait::hasElementwiseMappableTraits(&op) && isPure(&op) &&
         llvm::all_of(op.getOperandTypes(), isNumber) &&
         llvm::all_of(op.getResultTypes(), isNumber);
}

bool cpu::needsVectorLoops(linalg::LinalgOp op) {
  auto operations = op.getBlock()->without_terminator();
  return op.hasPureBufferSemantics() && op.getNumLoops() > 0 &&
         op.getNumParallelLoops() == op.getNumLoops() &&
         op.getNumDpsInits() == 1 &&
         llvm::any_of(operations,
                      [](Operation &o) { return isa<LookupOp>(o); }) &&
         llvm::all_of(operations, isVectorizable) &&
         !op.payloadUsesValueFromOperand(op.getDpsInitOperand(0)) &&
         llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) {
           return isVectorAccess(op, operand);
         });
}

/// Elements whose widest value in the body, or in memory, fills a register.
static int64_t countLanes(linalg::LinalgOp op, unsigned vectorBytes) {
  unsigned bits = 8;
  auto widen = [&](Type type) {
    bits = std::max(bits, type.getIntOrFloatBitWidth());
  };
  for (BlockArgument argument : op.getBlock()->getArguments())
    widen(argument.getType());
  for (Operation &inner : op.getBlock()->without_terminator())
    for (Type type : inner.getResultTypes())
      widen(type);
  return std::max<int64_t>(1, vectorBytes * 8 / bits);
}

namespace {

/// Emits the innermost loop of one op at the values `ivs` of the others.
class Emitter {
public:
  Emitter(OpBuilder &b, linalg::LinalgOp op, int64_t lanes,
          SmallVector<Value> ivs)
      : b(b), loc(op.getLoc()), op(op), lanes(lanes), ivs(std::move(ivs)) {
    this->ivs.push_back(Value());
  }

  void emit(Value extent);

private:
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  SmallVector<Value> getIndices(OpOperand &operand);
  void emitVector(Value at, Value mask);

  OpBuilder &b;
  Location loc;
  linalg::LinalgOp op;
  int64_t lanes;
  SmallVector<Value> ivs;
};

} // namespace

SmallVector<Value> Emitter::getIndices(OpOperand &operand) {
  SmallVector<Value> indices;
  for (AffineExpr expr : op.getMatchingIndexingMap(&operand).getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    indices.push_back(dim ? ivs[dim.getPosition()] : index(0));
  }
  return indices;
}

void Emitter::emitVector(Value at, Value mask) {
  ivs.back() = at;
  BodyEvaluator body(*op.getBlock(), lanes);
  for (OpOperand *operand : op.getDpsInputOperands()) {
    SmallVector<Value> indices = getIndices(*operand);
    Value buffer = operand->get(), value;
    auto type = VectorType::get({lanes}, getElementTypeOrSelf(buffer));
    if (!op.getMatchingIndexingMap(operand).isFunctionOfDim(op.getNumLoops() -
                                                            1)) {
      value = memref::LoadOp::create(b, loc, buffer, indices);
    } else if (mask) {
      Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
      value = vector::MaskedLoadOp::create(b, loc, type, buffer, indices, mask,
                                           zero);
    } else {
      value = vector::LoadOp::create(b, loc, type, buffer, indices);
    }
    body.set(operand->getOperandNumber(), value);
  }
  Value result = body.getResult(b, loc);
  OpOperand &out = *op.getDpsInitOperand(0);
  if (mask)
    createMaskedStore(b, loc, result, out.get(), getIndices(out), mask);
  else
    vector::StoreOp::create(b, loc, result, out.get(), getIndices(out));
}

/// Full vectors, then one with a mask.
void Emitter::emit(Value extent) {
  std::optional<int64_t> fixed = getConstantIntValue(extent);
  Value end;
  if (fixed) {
    end = index(*fixed / lanes * lanes);
  } else {
    Value rest = arith::RemUIOp::create(b, loc, extent, index(lanes));
    end = arith::SubIOp::create(b, loc, extent, rest);
  }
  OpBuilder::InsertionGuard guard(b);
  if (!fixed || *fixed >= lanes) {
    auto loop = scf::ForOp::create(b, loc, index(0), end, index(lanes));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    emitVector(loop.getInductionVar(), Value());
  }
  if (fixed && *fixed % lanes == 0)
    return;
  if (!fixed) {
    Value any =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, end, extent);
    b.setInsertionPointToStart(
        scf::IfOp::create(b, loc, any, /*withElseRegion=*/false).thenBlock());
  }
  Value left = b.createOrFold<arith::SubIOp>(loc, extent, end);
  emitVector(end, vector::CreateMaskOp::create(
                      b, loc, VectorType::get({lanes}, b.getI1Type()), left));
}

SmallVector<Operation *> cpu::emitVectorLoops(OpBuilder &b, linalg::LinalgOp op,
                                              unsigned vectorBytes) {
  OpBuilder::InsertionGuard guard(b);
  Location loc = op.getLoc();
  SmallVector<Range> ranges = op.createLoopRanges(b, loc);
  SmallVector<Operation *> loops;
  SmallVector<Value> ivs;
  auto getValue = [&](OpFoldResult extent) {
    return getValueOrCreateConstantIndexOp(b, loc, extent);
  };
  Value extent = getValue(ranges.back().size);
  for (const Range &range : ArrayRef(ranges).drop_back()) {
    auto loop =
        scf::ForOp::create(b, loc, getValue(range.offset), getValue(range.size),
                           getValue(range.stride));
    loops.push_back(loop);
    ivs.push_back(loop.getInductionVar());
    b.setInsertionPointToStart(loop.getBody());
  }
  Emitter(b, op, countLanes(op, vectorBytes), ivs).emit(extent);
  return loops;
}
