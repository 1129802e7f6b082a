//===- Cost.cpp - Parameters, operations and traffic of a model -----------===//

#include "slim/Analysis/Cost.h"

#include "slim/IR/SlimOps.h"
#include "slim/IR/WeightStorage.h"
#include "slim/IR/WeightTree.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MathExtras.h"

using namespace slim;

static void addSaturating(int64_t &sum, int64_t term) {
  int64_t result;
  sum = llvm::AddOverflow(sum, term, result)
            ? std::numeric_limits<int64_t>::max()
            : result;
}

void OpCost::add(const OpCost &other) {
  ops += other.ops;
  openOps += other.openOps;
  addSaturating(flops, other.flops);
  addSaturating(bytesMoved, other.bytesMoved);
}

static OpCost getOpCost(CostOpInterface op) {
  OpCost cost;
  cost.ops = 1;
  int64_t flops = op.getFlops(), bytesMoved = op.getBytesMoved();
  cost.openOps =
      ShapedType::isDynamic(flops) || ShapedType::isDynamic(bytesMoved);
  if (!ShapedType::isDynamic(flops))
    cost.flops = flops;
  if (!ShapedType::isDynamic(bytesMoved))
    cost.bytesMoved = bytesMoved;
  return cost;
}

/// The names of the weights that a decode tree reads.
static void collectLeaves(Value root, llvm::SetVector<StringRef> &names) {
  SmallVector<Value, 4> worklist = {root};
  llvm::SmallPtrSet<Operation *, 8> seen;
  while (!worklist.empty()) {
    Operation *op = worklist.pop_back_val().getDefiningOp();
    if (!op || !seen.insert(op).second)
      continue;
    if (auto read = dyn_cast<GetWeightOp>(op))
      names.insert(read.getName());
    llvm::append_range(worklist, op->getOperands());
  }
}

/// Counts the weights that ops other than decode ops read.
static void countWeights(Operation *scope, ModelCost &cost) {
  llvm::StringSet<> countedTrees, countedLeaves;
  scope->walk([&](Operation *op) {
    if (isa<DecodeOpInterface>(op) && isWeight(op->getResult(0)))
      return;
    for (Value operand : op->getOperands()) {
      if (!isWeight(operand))
        continue;
      llvm::SetVector<StringRef> leaves;
      collectLeaves(operand, leaves);
      if (!countedTrees.insert(llvm::join(leaves, "\n")).second)
        continue;
      if (int64_t count = slim::detail::countElements(operand.getType());
          !ShapedType::isDynamic(count))
        addSaturating(cost.params, count);
      for (StringRef name : leaves) {
        if (!countedLeaves.insert(name).second)
          continue;
        auto weight = SymbolTable::lookupNearestSymbolFrom<WeightOp>(
            op, StringAttr::get(op->getContext(), name));
        if (weight && !ShapedType::isDynamic(
                          slim::detail::countElements(weight.getTensorType())))
          addSaturating(cost.weightBytes,
                        getStoredBytes(weight.getTensorType()));
      }
    }
  });
}

ModelCost slim::computeCost(Operation *scope) {
  ModelCost cost;
  countWeights(scope, cost);
  scope->walk([&](CostOpInterface op) {
    OpCost opCost = getOpCost(op);
    cost.total.add(opCost);
    cost.byKind[op->getName().getStringRef()].add(opCost);
  });
  return cost;
}
