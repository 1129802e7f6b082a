//===- BodyEvaluator.cpp - Scalar bodies on vectors -----------------------===//
#include "MicroKernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"

using namespace slim;
using namespace slim::cpu;

bool BodyEvaluator::dependsOn(Value value, BlockArgument argument) {
  if (value == argument)
    return true;
  Operation *op = value.getDefiningOp();
  if (!op || op->getBlock() != block)
    return false;
  auto [entry, isNew] = dependences.try_emplace({value, argument}, false);
  if (!isNew)
    return entry->second;
  bool depends = llvm::any_of(op->getOperands(), [&](Value operand) {
    return dependsOn(operand, argument);
  });
  return dependences[{value, argument}] = depends;
}

void BodyEvaluator::set(unsigned number, Value value) {
  BlockArgument argument = block->getArgument(number);
  SmallVector<Value> forgotten;
  for (auto &[key, result] : known)
    if (dependsOn(key, argument))
      forgotten.push_back(key);
  for (Value key : forgotten)
    known.erase(key);
  known[argument] = value;
}

void BodyEvaluator::setCode(unsigned number, Value words) {
  set(number, Value());
  codes[block->getArgument(number)] = words;
}

static Value toVector(OpBuilder &b, Location loc, Value value, int64_t lanes) {
  if (isa<VectorType>(value.getType()))
    return value;
  return vector::BroadcastOp::create(
      b, loc, VectorType::get({lanes}, value.getType()), value);
}

Value BodyEvaluator::get(OpBuilder &b, Location loc, Value value) {
  if (Value found = known.lookup(value))
    return found;
  Operation *op = value.getDefiningOp();
  if (!op || op->getBlock() != block)
    return value;
  // A fused multiply-add has one rounding and one instruction.
  if (auto add = dyn_cast<arith::AddFOp>(op))
    for (unsigned i : {0, 1}) {
      auto product = add->getOperand(i).getDefiningOp<arith::MulFOp>();
      if (!product || product->getBlock() != block || !product->hasOneUse())
        continue;
      bool contract =
          bitEnumContainsAll(add.getFastmath(), arith::FastMathFlags::contract);
      bool isSum =
          add->getOperand(1 - i) == block->getArguments().back() || contract;
      if (!isSum)
        continue;
      Value lhs = get(b, loc, product.getLhs()),
            rhs = get(b, loc, product.getRhs()),
            sum = get(b, loc, add->getOperand(1 - i));
      if (!isa<VectorType>(lhs.getType()) && !isa<VectorType>(rhs.getType()) &&
          !isa<VectorType>(sum.getType()))
        break;
      Value result = vector::FMAOp::create(b, loc, toVector(b, loc, lhs, lanes),
                                           toVector(b, loc, rhs, lanes),
                                           toVector(b, loc, sum, lanes));
      return known[value] = result;
    }

  if (auto extend = dyn_cast<arith::ExtUIOp>(op))
    if (Value words = codes.lookup(extend.getIn())) {
      // Tables look at no other bits.
      if (llvm::all_of(value.getUsers(), llvm::IsaPred<TableOp>))
        return words;
      unsigned bits = extend.getIn().getType().getIntOrFloatBitWidth();
      Value mask = arith::ConstantOp::create(
          b, loc,
          DenseElementsAttr::get(cast<VectorType>(words.getType()),
                                 int32_t((1 << bits) - 1)));
      return known[value] = arith::AndIOp::create(b, loc, words, mask);
    }
  SmallVector<Value> operands;
  bool isVector = false;
  for (Value operand : op->getOperands()) {
    operands.push_back(get(b, loc, operand));
    isVector |= isa<VectorType>(operands.back().getType());
  }
  IRMapping mapping;
  for (auto [from, to] : llvm::zip_equal(op->getOperands(), operands))
    mapping.map(from, isVector ? toVector(b, loc, to, lanes) : to);
  Operation *clone = b.clone(*op, mapping);
  if (isVector)
    for (OpResult result : clone->getResults())
      result.setType(VectorType::get({lanes}, result.getType()));
  return known[value] =
             clone->getResult(cast<OpResult>(value).getResultNumber());
}

Value BodyEvaluator::getResult(OpBuilder &b, Location loc) {
  return toVector(b, loc, get(b, loc, block->getTerminator()->getOperand(0)),
                  lanes);
}

void cpu::createMaskedStore(OpBuilder &b, Location loc, Value vector,
                            Value buffer, ValueRange indices, Value mask) {
  auto create = mask.getDefiningOp<vector::CreateMaskOp>();
  Type elementType = cast<VectorType>(vector.getType()).getElementType();
  if (!create || elementType.getIntOrFloatBitWidth() >= 32 ||
      getConstantIntValue(create.getOperands().front()) != 1) {
    vector::MaskedStoreOp::create(b, loc, buffer, indices, mask, vector);
    return;
  }
  Value element = vector::ExtractOp::create(b, loc, vector, 0);
  memref::StoreOp::create(b, loc, element, buffer, indices);
}
