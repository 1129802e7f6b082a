//===- RowPlan.cpp - In which pass a row kernel does what -----------------===//
#include "RowPlan.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace slim;
using namespace slim::cpu;
using vector::CombiningKind;

TypedAttr cpu::getNeutralElement(CombiningKind kind, Type type) {
  Builder b(type.getContext());
  auto number = [&](double value) -> TypedAttr {
    if (auto floatType = dyn_cast<FloatType>(type))
      return b.getFloatAttr(floatType, value);
    return b.getIntegerAttr(type, static_cast<int64_t>(value));
  };
  const double infinity = std::numeric_limits<double>::infinity();
  switch (kind) {
  case CombiningKind::ADD:
    return number(0);
  case CombiningKind::MUL:
    return number(1);
  case CombiningKind::MAXIMUMF:
  case CombiningKind::MAXNUMF:
    return number(-infinity);
  case CombiningKind::MINIMUMF:
  case CombiningKind::MINNUMF:
    return number(infinity);
  case CombiningKind::MAXSI:
    return b.getIntegerAttr(
        type, APInt::getSignedMinValue(type.getIntOrFloatBitWidth()));
  case CombiningKind::MINSI:
    return b.getIntegerAttr(
        type, APInt::getSignedMaxValue(type.getIntOrFloatBitWidth()));
  default:
    return TypedAttr();
  }
}

RowPlan::RowPlan(RowsOp op) : op(op) {
  chooseVectorLoop();
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
    if (op.isReduction(loop) && loop != vectorLoop)
      rowLoops.push_back(loop);

  Block &body = op.getBody().front();
  for (BlockArgument argument : body.getArguments()) {
    AffineMap map = op.getMap(op->getOpOperand(argument.getArgNumber()));
    for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
      if (op.isReduction(loop) && map.isFunctionOfDim(loop))
        varying.insert(argument);
    passOf[argument] = 0;
  }
  for (Operation &inner : body.without_terminator()) {
    Value result = inner.getResult(0);
    unsigned pass = 0;
    bool isVarying = false;
    for (Value operand : inner.getOperands()) {
      pass = std::max(pass, passOf.lookup(operand));
      isVarying |= varying.contains(operand);
    }
    if (auto reduce = dyn_cast<ReduceOp>(inner)) {
      passes.resize(std::max<size_t>(passes.size(), pass + 1));
      passes[pass].reductions.push_back(reduce);
      passOf[result] = pass + 1;
      continue;
    }
    passOf[result] = pass;
    if (isVarying)
      varying.insert(result);
  }
  for (OpOperand &output :
       op->getOpOperands().drop_front(op.getInputs().size())) {
    if (!isRowOutput(output))
      continue;
    Value value = getYielded(output);
    unsigned pass = getPass(value);
    passes.resize(std::max<size_t>(passes.size(), pass + 1));
    passes[pass].stores.emplace_back(&output, value);
  }
  passes.resize(std::max<size_t>(passes.size(), 1));
  lastPass = passes.size() - 1;
  assignSlots();
}

Value RowPlan::getYielded(OpOperand &output) const {
  return op->getRegion(0).front().getTerminator()->getOperand(
      output.getOperandNumber() - RowsOp(op).getInputs().size());
}

bool RowPlan::isRowOutput(OpOperand &output) const {
  return RowsOp(op).getMap(output).getNumResults() == RowsOp(op).getNumLoops();
}

/// Whether the elements along the last dimension are neighbours.
static bool hasUnitStride(OpOperand &operand) {
  auto type = cast<MemRefType>(operand.get().getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  return succeeded(type.getStridesAndOffset(strides, offset)) &&
         !strides.empty() && strides.back() == 1;
}

/// Whether vectors along the vector loop can be loaded and stored at once.
bool RowPlan::isContiguous(OpOperand &operand) const {
  AffineMap map = RowsOp(op).getMap(operand);
  if (!map.isFunctionOfDim(vectorLoop))
    return true;
  return map.getDimPosition(map.getNumResults() - 1) == vectorLoop &&
         hasUnitStride(operand);
}

void RowPlan::chooseVectorLoop() {
  // The one along which most operands with all loops are contiguous.
  SmallVector<unsigned> votes(op.getNumLoops());
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMap(operand);
    if (map.getNumResults() == op.getNumLoops() && hasUnitStride(operand))
      ++votes[map.getDimPosition(map.getNumResults() - 1)];
  }
  // Of equals the last, which loops of ops without such operands end with.
  vectorLoop = op.getNumLoops() - 1;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
    if (votes[loop] > votes[vectorLoop])
      vectorLoop = loop;
}

int64_t RowPlan::getLanes(unsigned vectorBytes) {
  unsigned bits = 8;
  for (OpOperand &operand : op->getOpOperands()) {
    bits = std::max(
        bits, getElementTypeOrSelf(operand.get()).getIntOrFloatBitWidth());
    if (!isContiguous(operand))
      return 1;
  }
  for (Operation &inner : op.getBody().front().without_terminator())
    bits = std::max(bits, inner.getResult(0).getType().getIntOrFloatBitWidth());
  return std::max<int64_t>(1, vectorBytes * 8 / bits);
}

/// About how many instructions the value takes at every element, kept ones
/// being at hand.
static unsigned getCost(Value value, const RowPlan &plan,
                        const llvm::DenseMap<Value, OpOperand *> &slots) {
  if (!plan.isVarying(value))
    return 0;
  Operation *inner = value.getDefiningOp();
  if (!inner || slots.contains(value))
    return 1;
  unsigned cost = isa<math::MathDialect>(inner->getDialect()) ? 10
                  : isa<arith::DivFOp>(inner)                 ? 5
                                                              : 1;
  for (Value operand : inner->getOperands())
    cost += getCost(operand, plan, slots);
  return cost;
}

void RowPlan::assignSlots() {
  // Values that stay in their own output.
  SmallVector<OpOperand *> free;
  for (Pass &pass : passes)
    for (auto [output, value] : pass.stores) {
      if (isVarying(value) && value.getDefiningOp())
        slots.try_emplace(value, output);
      free.push_back(output);
    }
  for (unsigned pass = 1; pass <= lastPass; ++pass) {
    // What this pass needs and earlier ones could have computed.
    SmallVector<Value> work, candidates;
    for (ReduceOp reduce : passes[pass].reductions)
      work.push_back(reduce.getValue());
    for (auto [output, value] : passes[pass].stores)
      work.push_back(value);
    llvm::DenseSet<Value> seen;
    while (!work.empty()) {
      Value value = work.pop_back_val();
      if (!isVarying(value) || !seen.insert(value).second)
        continue;
      if (getSlot(value, pass))
        continue;
      Operation *inner = value.getDefiningOp();
      if (inner && getPass(value) < pass)
        candidates.push_back(value);
      else if (inner)
        work.append(inner->operand_begin(), inner->operand_end());
    }
    llvm::sort(candidates, [&](Value lhs, Value rhs) {
      unsigned lhsCost = getCost(lhs, *this, slots);
      unsigned rhsCost = getCost(rhs, *this, slots);
      if (lhsCost != rhsCost)
        return lhsCost > rhsCost;
      return lhs != rhs &&
             lhs.getDefiningOp()->isBeforeInBlock(rhs.getDefiningOp());
    });
    constexpr unsigned minCost = 3; // a load is 1, and the store counts too
    for (Value value : candidates) {
      if (getCost(value, *this, slots) < minCost)
        break;
      // The output's own value must come in this pass or later.
      auto *slot = llvm::find_if(free, [&](OpOperand *output) {
        return getPass(getYielded(*output)) >= pass &&
               getElementTypeOrSelf(output->get()) == value.getType();
      });
      if (slot == free.end())
        continue;
      slots[value] = *slot;
      passes[getPass(value)].stores.emplace_back(*slot, value);
      free.erase(slot);
    }
  }
}

OpOperand *RowPlan::getSlot(Value value, unsigned pass) const {
  auto it = slots.find(value);
  if (it == slots.end() || getPass(value) >= pass)
    return nullptr;
  // Gone when the output has its own value.
  Value own = getYielded(*it->second);
  return own == value || pass <= getPass(own) ? it->second : nullptr;
}
