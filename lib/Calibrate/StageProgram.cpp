//===- StageProgram.cpp - The part of a model between stages --------------===//

#include "StageProgram.h"

#include "slim/Calibrate/ObserverNames.h"
#include "slim/IR/SlimOps.h"
#include "slim/IR/WeightTree.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace slim;
using namespace slim::calibration;

/// Integers of at most so many elements are computed again where they are used:
/// shapes say more to the compiler as arithmetic than as values.
static constexpr int64_t kMaxShapeElements = 64;

void calibration::visitOperands(Operation *op,
                                llvm::function_ref<void(Value)> visit) {
  op->walk([&](Operation *inner) {
    for (Value operand : inner->getOperands()) {
      Operation *definition = operand.getDefiningOp();
      Operation *owner =
          definition ? definition : operand.getParentBlock()->getParentOp();
      bool isInside =
          definition ? op->isProperAncestor(definition) : op->isAncestor(owner);
      if (!isInside)
        visit(operand);
    }
  });
}

namespace {

/// Values that every program can make for itself.
class CheapValues {
public:
  bool contains(Value value) {
    if (isa<BlockArgument>(value))
      return true;
    auto [known, isNew] = cache.try_emplace(value, false);
    if (isNew) {
      bool isCheap = compute(value);
      cache[value] = isCheap;
      return isCheap;
    }
    return known->second;
  }

private:
  bool compute(Value value) {
    if (isWeightOrConstant(value))
      return true;
    Operation *op = value.getDefiningOp();
    if (!isMemoryEffectFree(op) || op->getNumRegions() > 0)
      return false;
    for (Type type : op->getResultTypes()) {
      auto tensor = dyn_cast<RankedTensorType>(type);
      if (!tensor || !tensor.hasStaticShape() ||
          !isa<IntegerType>(tensor.getElementType()) ||
          tensor.getNumElements() > kMaxShapeElements)
        return false;
    }
    return llvm::all_of(op->getOperands(),
                        [&](Value operand) { return contains(operand); });
  }

  llvm::DenseMap<Value, bool> cache;
};

} // namespace

StageCut calibration::cutAtPendingOps(func::FuncOp function,
                                      const PendingOps &pending) {
  StageCut cut;
  llvm::DenseSet<Operation *> blocked;
  auto isBlocked = [&](Value value) {
    Operation *op = value.getDefiningOp();
    return op && blocked.contains(op);
  };
  Block &body = function.front();
  for (Operation &op : body.without_terminator()) {
    if (pending.contains(&op)) {
      blocked.insert(&op);
      if (!isBlocked(getActivation(cast<CompressibleOpInterface>(op))))
        cut.stage.push_back(&op);
      continue;
    }
    visitOperands(&op, [&](Value operand) {
      if (isBlocked(operand))
        blocked.insert(&op);
    });
  }

  // Of what is blocked, later stages need what leads to their activations.
  llvm::DenseSet<Value> needed;
  for (const auto &[op, name] : pending)
    if (!llvm::is_contained(cut.stage, op))
      needed.insert(getActivation(cast<CompressibleOpInterface>(op)));
  CheapValues cheap;
  for (Operation &op : llvm::reverse(body.without_terminator())) {
    if (!blocked.contains(&op) ||
        llvm::none_of(op.getResults(),
                      [&](Value result) { return needed.contains(result); }))
      continue;
    visitOperands(&op, [&](Value operand) { needed.insert(operand); });
  }
  for (Operation &op : body.without_terminator())
    if (!blocked.contains(&op))
      for (Value result : op.getResults())
        if (needed.contains(result) && !cheap.contains(result))
          cut.boundary.insert(result);
  return cut;
}

/// Copies the symbols that `op` refers to, and those that these refer to.
static void copySymbols(Operation *op, SymbolTable &from, SymbolTable &to) {
  std::optional<SymbolTable::UseRange> uses = SymbolTable::getSymbolUses(op);
  if (!uses)
    return;
  for (SymbolTable::SymbolUse use : *uses) {
    StringAttr name = use.getSymbolRef().getRootReference();
    Operation *symbol = from.lookup(name);
    if (!symbol || to.lookup(name))
      continue;
    Operation *copy = symbol->clone();
    if (auto function = dyn_cast<func::FuncOp>(copy))
      function.setPrivate();
    to.insert(copy);
    copySymbols(symbol, from, to);
  }
}

FailureOr<StageProgram> calibration::buildStageProgram(
    func::FuncOp function, ArrayRef<Value> outputs,
    ArrayRef<std::pair<CompressibleOpInterface, std::string>> observed,
    ArrayRef<std::string> kinds, llvm::function_ref<bool(Value)> isKnown) {
  MLIRContext *context = function.getContext();
  StageProgram program;
  program.outputs.assign(outputs.begin(), outputs.end());

  // What has to be computed, backwards.
  llvm::DenseSet<Operation *> wanted;
  llvm::SetVector<Value> inputs;
  SmallVector<Value> worklist(outputs);
  for (const auto &[op, name] : observed)
    llvm::append_range(worklist, op->getOperands());
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    Operation *op = value.getDefiningOp();
    if (!op || isKnown(value)) {
      inputs.insert(value);
      continue;
    }
    if (wanted.insert(op).second)
      visitOperands(op, [&](Value operand) { worklist.push_back(operand); });
  }
  program.inputs = inputs.takeVector();

  auto source = function->getParentOfType<ModuleOp>();
  program.module = ModuleOp::create(function.getLoc());
  SymbolTable from(source), to(*program.module);
  SmallVector<Type> inputTypes;
  for (Value input : program.inputs)
    inputTypes.push_back(input.getType());
  auto part = func::FuncOp::create(
      function.getLoc(), function.getSymName(),
      FunctionType::get(context, inputTypes, TypeRange(ValueRange(outputs))));
  to.insert(part);
  Block *body = part.addEntryBlock();
  IRMapping mapping;
  for (auto [number, input] : llvm::enumerate(program.inputs)) {
    mapping.map(input, body->getArgument(number));
    if (auto argument = dyn_cast<BlockArgument>(input))
      if (DictionaryAttr attributes =
              function.getArgAttrDict(argument.getArgNumber()))
        part.setArgAttrs(number, attributes);
  }
  OpBuilder builder = OpBuilder::atBlockEnd(body);
  auto copy = [&](Operation &op) {
    copySymbols(&op, from, to);
    return builder.clone(op, mapping);
  };
  for (Operation &op : function.front())
    if (wanted.contains(&op))
      copy(op);
  SmallVector<StringRef> kindRefs(kinds.begin(), kinds.end());
  for (const auto &[op, name] : observed) {
    // The op itself is there for the moment, to say how it sees its input.
    Operation *model = builder.clone(*op, mapping);
    observeInput(cast<CompressibleOpInterface>(model), name, kindRefs);
    model->erase();
  }
  SmallVector<Value> results;
  for (Value output : outputs)
    results.push_back(mapping.lookup(output));
  func::ReturnOp::create(builder, function.getLoc(), results);

  PassManager pm(context);
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  if (failed(pm.run(*program.module)))
    return failure();
  FailureOr<std::vector<Probe>> probes = exposeStatistics(part);
  if (failed(probes))
    return failure();
  program.probes = std::move(*probes);
  return program;
}
