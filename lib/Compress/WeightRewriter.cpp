//===- WeightRewriter.cpp - Changing weights and their symbols ------------===//
#include "slim/Compress/CompressionDriver.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "slim/IR/WeightStorage.h"

using namespace slim;

WeightOp WeightRewriter::addWeight(StringRef name, const TensorData &data,
                                   WeightOp old) {
  OpBuilder builder(module.getContext());
  auto weight = WeightOp::create(builder, old.getLoc(), name, data.getType(),
                                 buildWeightData(name, data));
  // Makes the name unique.
  symbols.insert(weight, std::next(old->getIterator()));
  wishes.emplace_back(weight, builder.getStringAttr(name));
  return weight;
}

Value WeightRewriter::readWeight(OpBuilder &builder, Location loc,
                                 WeightOp weight) {
  return GetWeightOp::create(builder, loc, weight.getTensorType(),
                             FlatSymbolRefAttr::get(weight.getSymNameAttr()));
}

void WeightRewriter::replaceRoots(
    CompressibleWeight &weight, function_ref<Value(OpBuilder &, Value)> build) {
  SmallVector<WeightOp> oldWeights(weight.tree.getWeights());
  SmallVector<Value> newRoots;
  for (Value root : weight.roots) {
    OpBuilder builder(root.getDefiningOp());
    builder.setInsertionPointAfterValue(root);
    Value newRoot = build(builder, root);
    // The new tree may contain the old root's operands, not the root itself.
    root.replaceAllUsesWith(newRoot);
    newRoots.push_back(newRoot);
    eraseTree(root);
  }
  replaced.insert(oldWeights.begin(), oldWeights.end());
  weight.roots = std::move(newRoots);
  std::optional<DecodeTree> tree = DecodeTree::match(weight.roots.front());
  assert(tree && "a rewritten weight is a decode tree");
  weight.tree = std::move(*tree);
}

void WeightRewriter::eraseTree(Value root) {
  Operation *op = root.getDefiningOp();
  if (!op || !isOpTriviallyDead(op))
    return;
  if (auto leaf = dyn_cast<GetWeightOp>(op))
    if (auto weight = symbols.lookup<WeightOp>(leaf.getName()))
      replaced.insert(weight);
  SmallVector<Value> operands(op->getOperands());
  op->erase();
  for (Value operand : operands)
    eraseTree(operand);
}

void WeightRewriter::finalize() {
  if (replaced.empty() && wishes.empty())
    return;
  DenseMap<StringAttr, SmallVector<GetWeightOp>> readers;
  module.walk([&](GetWeightOp op) {
    readers[op.getNameAttr().getAttr()].push_back(op);
  });
  for (WeightOp weight : replaced)
    if (!readers.contains(weight.getSymNameAttr()))
      symbols.erase(weight);
  replaced.clear();

  for (auto &[weight, name] : wishes) {
    StringAttr oldName = weight.getSymNameAttr();
    if (oldName == name || symbols.lookup(name))
      continue;
    symbols.remove(weight);
    weight.setSymNameAttr(name);
    symbols.insert(weight);
    for (GetWeightOp reader : readers[oldName])
      reader.setNameAttr(FlatSymbolRefAttr::get(name));
  }
  wishes.clear();
}
