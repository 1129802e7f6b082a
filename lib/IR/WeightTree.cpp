//===- WeightTree.cpp - Which values are weights --------------------------===//

#include "slim/IR/WeightTree.h"

#include "mlir/IR/SymbolTable.h"
#include "slim/IR/SlimOps.h"
#include "slim/IR/WeightData.h"
#include "slim/IR/WeightStorage.h"

using namespace slim;

static WeightOp lookupWeight(GetWeightOp leaf) {
  return SymbolTable::lookupNearestSymbolFrom<WeightOp>(leaf,
                                                        leaf.getNameAttr());
}

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

GetWeightOp slim::getDecodedWeight(Value root) {
  while (auto decode = root.getDefiningOp<DecodeOpInterface>())
    root = decode.getValuesOperand().get();
  return root.getDefiningOp<GetWeightOp>();
}

bool slim::isWeightOrConstant(Value value) {
  return value.getDefiningOp<ConstantOp>() || isWeight(value);
}

bool slim::hasConstantData(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto leaf = dyn_cast_or_null<GetWeightOp>(op)) {
    WeightOp weight = lookupWeight(leaf);
    return weight && hasWeightData(weight);
  }
  return isa_and_present<ConstantOp>(op) ||
         (isa_and_present<DecodeOpInterface>(op) &&
          llvm::all_of(op->getOperands(), hasConstantData));
}

FailureOr<TensorData> slim::decodeConstant(Value root) {
  Operation *op = root.getDefiningOp();
  if (auto leaf = dyn_cast_or_null<GetWeightOp>(op)) {
    WeightOp weight = lookupWeight(leaf);
    if (!weight)
      return leaf.emitOpError("reads a weight that does not exist");
    return readWeightData(weight);
  }
  if (auto constant = dyn_cast_or_null<ConstantOp>(op)) {
    std::optional<TensorData> data = TensorData::fromAttr(constant.getValue());
    if (!data)
      return constant.emitOpError("has data that cannot be read");
    return *data;
  }
  auto decode = dyn_cast_or_null<DecodeOpInterface>(op);
  if (!decode) {
    emitError(root.getLoc(), "this value is not a constant");
    return failure();
  }
  SmallVector<TensorData> operands;
  for (Value operand : op->getOperands()) {
    FailureOr<TensorData> data = decodeConstant(operand);
    if (failed(data))
      return failure();
    operands.push_back(std::move(*data));
  }
  FailureOr<TensorData> result = decode.decodeConstants(operands);
  if (failed(result))
    op->emitOpError("has operands that are not a legal encoding");
  return result;
}
