//===- BlockCut.cpp - The blocks of a model -------------------------------===//
//
// All flow passes through a value if it alone is live behind its definition:
// its ancestors stand before it, its descendants behind it, and there is
// nothing else, in whatever order ops stand. So one scan with live values finds
// all cuts.
//
//===----------------------------------------------------------------------===//

#include "BlockCut.h"

#include "StageProgram.h"
#include "slim/IR/SlimOps.h"
#include "slim/IR/WeightTree.h"

using namespace mlir;
using namespace slim;
using namespace slim::calibration;

/// Integers of at most so many elements may pass a cut.
static constexpr int64_t kMaxCarriedElements = 64;

static bool isFloat(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && isa<FloatType>(type.getElementType());
}

static bool isSmallInteger(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.hasStaticShape() &&
         isa<IntegerType>(type.getElementType()) &&
         type.getNumElements() <= kMaxCarriedElements;
}

namespace {
class Cutter {
public:
  Cutter(func::FuncOp function, int64_t minWeights,
         llvm::function_ref<bool(StringRef)> isLearned)
      : function(function), minWeights(minWeights), isLearned(isLearned) {}

  std::vector<ModelBlock> run();

private:
  void findFlow();
  StringRef getLearnedWeight(Operation &op);
  void updateLive(Operation &op);
  void takeCut();
  void finish();
  void dropSharedWeights();

  func::FuncOp function;
  int64_t minWeights;
  llvm::function_ref<bool(StringRef)> isLearned;
  /// Values that depend on a weight by which something is multiplied, or of
  /// which rows are looked up.
  llvm::DenseSet<Value> flow;
  llvm::DenseMap<Value, Operation *> lastUses;
  llvm::SetVector<Value> live;

  std::vector<ModelBlock> blocks;
  ModelBlock current;
  /// The latest cut behind the weights of `current`.
  std::optional<ModelBlock> cut;
};
} // namespace

void Cutter::findFlow() {
  for (Operation &op : function.front().without_terminator()) {
    auto compressible = dyn_cast<CompressibleOpInterface>(op);
    bool carries =
        compressible && isWeight(compressible.getWeightOperand().get());
    visitOperands(&op, [&](Value operand) {
      carries |= flow.contains(operand);
      lastUses[operand] = &op;
    });
    if (carries)
      flow.insert(op.result_begin(), op.result_end());
  }
}

StringRef Cutter::getLearnedWeight(Operation &op) {
  auto compressible = dyn_cast<CompressibleOpInterface>(op);
  if (!compressible)
    return {};
  auto read =
      compressible.getWeightOperand().get().getDefiningOp<GetWeightOp>();
  return read && isLearned(read.getName()) ? read.getName() : StringRef();
}

void Cutter::updateLive(Operation &op) {
  for (Value result : op.getResults())
    if (flow.contains(result) && lastUses.contains(result))
      live.insert(result);
  visitOperands(&op, [&](Value operand) {
    if (lastUses.lookup(operand) == &op)
      live.remove(operand);
  });
}

/// Notes a cut behind the op that `live` is of, if there is one.
void Cutter::takeCut() {
  ModelBlock block;
  for (Value value : live) {
    if (isSmallInteger(value))
      block.carried.push_back(value);
    else if (isFloat(value) && block.outputs.empty())
      block.outputs.push_back(value);
    else
      return;
  }
  if (!block.outputs.empty())
    cut = std::move(block);
}

void Cutter::finish() {
  cut->weights = std::move(current.weights);
  blocks.push_back(std::move(*cut));
  cut.reset();
  current = {};
}

std::vector<ModelBlock> Cutter::run() {
  findFlow();
  for (Operation &op : function.front().without_terminator()) {
    if (StringRef weight = getLearnedWeight(op); !weight.empty()) {
      if (cut && int64_t(current.weights.size()) >= minWeights)
        finish();
      cut.reset();
      if (!llvm::is_contained(current.weights, weight))
        current.weights.push_back(weight.str());
    }
    updateLive(op);
    if (!current.weights.empty())
      takeCut();
  }
  // The last block ends with the results, or where flow was a single value last
  // if nothing of it is returned in floats.
  Operation *begin =
      blocks.empty() ? nullptr : blocks.back().outputs.front().getDefiningOp();
  SmallVector<Value> results;
  for (Value value : function.front().getTerminator()->getOperands())
    if (flow.contains(value) && isFloat(value) &&
        (!begin || begin->isBeforeInBlock(value.getDefiningOp())) &&
        !llvm::is_contained(results, value))
      results.push_back(value);
  if (!current.weights.empty()) {
    if (!results.empty())
      cut = ModelBlock{results, {}, {}};
    if (cut)
      finish();
  }
  dropSharedWeights();
  return std::move(blocks);
}

void Cutter::dropSharedWeights() {
  llvm::StringMap<unsigned> blocksOf;
  for (const ModelBlock &block : blocks)
    for (StringRef weight : block.weights)
      ++blocksOf[weight];
  auto module = function->getParentOfType<ModuleOp>();
  module.walk([&](GetWeightOp read) {
    auto known = blocksOf.find(read.getName());
    if (known == blocksOf.end())
      return;
    for (Operation *user : read->getUsers()) {
      auto compressible = dyn_cast<CompressibleOpInterface>(user);
      if (user->getBlock() != &function.front() || !compressible ||
          compressible.getWeightOperand().get() != read.getResult())
        ++known->second;
    }
  });
  for (ModelBlock &block : blocks)
    llvm::erase_if(block.weights, [&](StringRef weight) {
      return blocksOf.lookup(weight) > 1;
    });
}

std::vector<ModelBlock>
calibration::cutIntoBlocks(func::FuncOp function, int64_t minWeights,
                           llvm::function_ref<bool(StringRef)> isLearned) {
  return Cutter(function, minWeights, isLearned).run();
}
