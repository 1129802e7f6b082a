//===- AttentionOp.cpp - Fused attention ----------------------------------===//
#include "slim/CodeGen/CPU/IR/SlimCPU.h"

using namespace slim;
using namespace slim::cpu;

AffineMap AttentionOp::getMap(OpOperand &operand) {
  return cast<AffineMapAttr>(getIndexingMaps()[operand.getOperandNumber()])
      .getValue();
}

LogicalResult AttentionOp::verify() {
  if (getIndexingMaps().size() != getNumOperands())
    return emitOpError("has ") << getIndexingMaps().size() << " maps for "
                               << getNumOperands() << " operands";
  if (getGroup() == 0)
    return emitOpError("has groups of no heads");
  for (OpOperand &operand : getOperation()->getOpOperands()) {
    AffineMap map = getMap(operand);
    auto type = dyn_cast<ShapedType>(operand.get().getType());
    bool isMask = getMask() && operand.get() == getMask() &&
                  operand.getOperandNumber() == 3;
    if (!type || !type.hasRank() || map.getNumDims() != 6 ||
        map.getNumResults() != type.getRank() ||
        !map.isProjectedPermutation(/*allowZeroInResults=*/isMask))
      return emitOpError("operand ")
             << operand.getOperandNumber() << " of type "
             << operand.get().getType() << " does not fit its map "
             << AffineMapAttr::get(map);
    Type elementType = isMask ? Type(Float32Type::get(getContext()))
                              : getElementTypeOrSelf(getQuery().getType());
    if (type.getElementType() != elementType ||
        !(elementType.isF32() || elementType.isBF16()))
      return emitOpError("operand ")
             << operand.getOperandNumber() << " has elements of type "
             << type.getElementType() << " instead of "
             << (elementType.isBF16() ? "bf16" : "f32");
    if (isMask) {
      if (map.isFunctionOfDim(Size) || map.isFunctionOfDim(ValueSize))
        return emitOpError("has a mask of elements, not scores");
      continue;
    }
    unsigned number = operand.getOperandNumber();
    bool isKey = number == 1 || number == 2;
    unsigned position = isKey ? Key : Query;
    unsigned last = number < 2 ? Size : ValueSize;
    if (type.getRank() != 4 || !map.isFunctionOfDim(Batch) ||
        !map.isFunctionOfDim(Head) || !map.isFunctionOfDim(position) ||
        map.getResult(3) !=
            mlir::getAffineDimExpr(last, getOperation()->getContext()) ||
        type.isDynamicDim(3))
      return emitOpError("operand ")
             << number
             << " is not indexed by batch, head and position and then its "
                "elements, whose number is static";
  }
  auto queryType = cast<ShapedType>(getQuery().getType());
  if (queryType.getElementType().isBF16() && queryType.getDimSize(3) % 2 != 0)
    return emitOpError("has bf16 queries of ")
           << queryType.getDimSize(3) << " elements, which make no pairs";
  if (getResult() ? getResult().getType() != getOutput().getType()
                  : !isa<MemRefType>(getOutput().getType()))
    return emitOpError("the result is not of the output's tensor type");
  return success();
}

void AttentionOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  if (!hasBufferSemantics())
    return;
  for (OpOperand &operand : getOperation()->getOpOperands())
    if (operand.getOperandNumber() + 1 < getNumOperands())
      effects.emplace_back(MemoryEffects::Read::get(), &operand);
    else
      effects.emplace_back(MemoryEffects::Write::get(), &operand);
}
