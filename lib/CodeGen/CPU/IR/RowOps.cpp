//===- RowOps.cpp - Ops that go row by row --------------------------------===//
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "slim/CodeGen/CPU/IR/SlimCPU.h"

using namespace slim;
using namespace slim::cpu;

bool RowsOp::isReduction(unsigned loop) {
  return cast<StringAttr>(getIteratorTypes()[loop]).getValue() == "reduction";
}

AffineMap RowsOp::getMap(OpOperand &operand) {
  return cast<AffineMapAttr>(getIndexingMaps()[operand.getOperandNumber()])
      .getValue();
}

LogicalResult RowsOp::verify() {
  unsigned numLoops = getNumLoops();
  if (getIndexingMaps().size() != getNumOperands())
    return emitOpError("has ") << getIndexingMaps().size() << " maps for "
                               << getNumOperands() << " operands";
  llvm::SmallBitVector reduction(numLoops), sized(numLoops);
  for (unsigned loop = 0; loop < numLoops; ++loop) {
    StringRef type = cast<StringAttr>(getIteratorTypes()[loop]).getValue();
    if (type != "parallel" && type != "reduction")
      return emitOpError("has an iterator type '")
             << type << "'; known are parallel and reduction";
    reduction[loop] = type == "reduction";
  }
  for (OpOperand &operand : getOperation()->getOpOperands()) {
    AffineMap map = getMap(operand);
    auto type = dyn_cast<ShapedType>(operand.get().getType());
    if (!type || !type.hasRank() || map.getNumDims() != numLoops ||
        map.getNumResults() != type.getRank() || !map.isProjectedPermutation())
      return emitOpError("operand ")
             << operand.getOperandNumber() << " of type "
             << operand.get().getType() << " does not fit its map "
             << AffineMapAttr::get(map);
    llvm::SmallBitVector used(numLoops);
    for (unsigned i = 0; i < map.getNumResults(); ++i)
      used.set(map.getDimPosition(i));
    sized |= used;
    bool isOutput = operand.getOperandNumber() >= getInputs().size();
    llvm::SmallBitVector parallel = reduction;
    parallel.flip();
    if (isOutput && !used.all() && used != parallel)
      return emitOpError("output ")
             << operand.getOperandNumber() - getInputs().size()
             << " has neither all loops nor all parallel loops";
  }
  if (!sized.all())
    return emitOpError("loop ")
           << sized.find_first_unset() << " has no extent: no map has it as a "
           << "result";

  Block &block = getBody().front();
  auto yield = dyn_cast<RowsYieldOp>(block.getTerminator());
  if (!yield)
    return emitOpError("does not end in slim_cpu.rows_yield");
  auto check = [&](ValueRange operands, TypeRange types, StringRef what) {
    if (operands.size() != types.size())
      return emitOpError("has ") << types.size() << " " << what << " for "
                                 << operands.size() << " operands";
    for (auto [operand, type] : llvm::zip_equal(operands, types))
      if (getElementTypeOrSelf(operand) != type)
        return emitOpError("has a ")
               << type << " for an operand of type " << operand.getType();
    return InFlightDiagnostic();
  };
  if (failed(check(getInputs(), block.getArgumentTypes(), "arguments")) ||
      failed(check(getOutputs(), yield.getOperandTypes(), "yielded values")))
    return failure();
  if (getNumResults() != 0 &&
      TypeRange(getOutputs().getTypes()) != getResultTypes())
    return emitOpError("has results of other types than its outputs");
  return success();
}

void RowsOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  if (!hasBufferSemantics())
    return;
  for (OpOperand &operand : getOperation()->getOpOperands())
    if (operand.getOperandNumber() < getInputs().size())
      effects.emplace_back(MemoryEffects::Read::get(), &operand);
    else
      effects.emplace_back(MemoryEffects::Write::get(), &operand);
}
