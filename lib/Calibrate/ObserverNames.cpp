//===- ObserverNames.cpp - What calibration calls values ------------------===//

#include "slim/Calibrate/ObserverNames.h"

#include "slim/IR/SlimDialect.h"
#include "slim/IR/SlimOps.h"
#include "slim/IR/WeightTree.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace slim;

static bool isFloatTensor(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && isa<FloatType>(type.getElementType());
}

StringRef slim::getWeightName(Value root) {
  if (!isWeight(root))
    return {};
  while (auto decode = root.getDefiningOp<DecodeOpInterface>())
    root = decode.getValuesOperand().get();
  auto leaf = root.getDefiningOp<GetWeightOp>();
  return leaf ? leaf.getName() : StringRef();
}

Value slim::getActivation(CompressibleOpInterface op) {
  if (op.getReductionDims().empty())
    return {};
  for (OpOperand &operand : op->getOpOperands())
    if (&operand != &op.getWeightOperand())
      return isFloatTensor(operand.get()) ? operand.get() : Value();
  return {};
}

std::vector<std::pair<CompressibleOpInterface, std::string>>
slim::nameWeightInputs(ModuleOp module) {
  std::vector<std::pair<CompressibleOpInterface, std::string>> named;
  llvm::StringMap<SmallVector<Value>> inputsOfWeight;
  module.walk([&](CompressibleOpInterface op) {
    StringRef weight = getWeightName(op.getWeightOperand().get());
    Value input = getActivation(op);
    if (weight.empty() || !input)
      return;
    SmallVector<Value> &inputs = inputsOfWeight[weight];
    size_t number = llvm::find(inputs, input) - inputs.begin();
    if (number == inputs.size())
      inputs.push_back(input);
    std::string name = weight.str();
    if (number > 0)
      name += "#" + std::to_string(number);
    named.emplace_back(op, std::move(name));
  });
  return named;
}

/// The name of a location that has one.
static StringRef getLocationName(Location location) {
  StringRef name;
  location->walk([&](Location part) {
    auto named = dyn_cast<NameLoc>(part);
    if (!named)
      return WalkResult::advance();
    name = named.getName().getValue();
    return WalkResult::interrupt();
  });
  return name;
}

std::vector<std::pair<Value, std::string>>
slim::nameActivations(func::FuncOp function) {
  std::vector<std::pair<Value, std::string>> named;
  llvm::StringMap<unsigned> taken;
  auto add = [&](Value value, const Twine &base) {
    std::string name = ("%" + base).str();
    // A name with a suffix may itself be that of another value.
    for (unsigned number = taken[name]++; number > 0;) {
      std::string candidate = name + "~" + std::to_string(number);
      if (taken.try_emplace(candidate, 1).second) {
        name = std::move(candidate);
        break;
      }
      number = taken[name]++;
    }
    named.emplace_back(value, std::move(name));
  };

  if (function.isDeclaration())
    return named;
  for (BlockArgument argument : function.getArguments()) {
    auto name = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(),
                                                      SlimDialect::kNameAttr);
    if (!isFloatTensor(argument))
      continue;
    if (name)
      add(argument, name.getValue());
    else
      add(argument, "arg" + Twine(argument.getArgNumber()));
  }
  for (Operation &op : function.front()) {
    StringRef name = getLocationName(op.getLoc());
    if (name.empty())
      name = op.getName().getStringRef();
    for (OpResult result : op.getResults()) {
      if (!isFloatTensor(result) || isWeightOrConstant(result))
        continue;
      if (op.getNumResults() > 1)
        add(result, name + ":" + Twine(result.getResultNumber()));
      else
        add(result, name);
    }
  }
  return named;
}
