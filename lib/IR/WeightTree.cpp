//===- WeightTree.cpp - Which values are weights --------------------------===//

#include "slim/IR/WeightTree.h"

#include "slim/IR/SlimOps.h"

using namespace slim;

bool slim::isWeight(Value value) {
  SmallVector<Value, 4> worklist = {value};
  llvm::SmallPtrSet<Operation *, 8> seen;
  bool readsWeight = false;
  while (!worklist.empty()) {
    Operation *op = worklist.pop_back_val().getDefiningOp();
    if (!op)
      return false;
    if (!seen.insert(op).second)
      continue;
    if (isa<GetWeightOp>(op))
      readsWeight = true;
    else if (isa<DecodeOpInterface>(op))
      llvm::append_range(worklist, op->getOperands());
    else if (!isa<ConstantOp>(op))
      return false;
  }
  return readsWeight;
}

bool slim::isWeightOrConstant(Value value) {
  return value.getDefiningOp<ConstantOp>() || isWeight(value);
}
