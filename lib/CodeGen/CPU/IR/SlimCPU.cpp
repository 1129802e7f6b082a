//===- SlimCPU.cpp - The slim_cpu dialect ---------------------------------===//
#include "slim/CodeGen/CPU/IR/SlimCPU.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/OpImplementation.h"

using namespace slim;
using namespace slim::cpu;

#include "slim/CodeGen/CPU/IR/SlimCPUDialect.cpp.inc"

#define GET_OP_CLASSES
#include "slim/CodeGen/CPU/IR/SlimCPU.cpp.inc"

void SlimCPUDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "slim/CodeGen/CPU/IR/SlimCPU.cpp.inc"
      >();
}

bool KernelOp::isReduction(unsigned loop) {
  return cast<StringAttr>(getIteratorTypes()[loop]).getValue() == "reduction";
}

AffineMap KernelOp::getMap(OpOperand &operand) {
  return cast<AffineMapAttr>(getIndexingMaps()[operand.getOperandNumber()])
      .getValue();
}

AffineMap KernelOp::getInputMap(unsigned i) {
  return cast<AffineMapAttr>(getIndexingMaps()[i]).getValue();
}

AffineMap KernelOp::getExtraMap(unsigned i) {
  return getInputMap(getInputs().size() + i);
}

AffineMap KernelOp::getOutputMap() {
  return cast<AffineMapAttr>(getIndexingMaps().getValue().back()).getValue();
}

Type KernelOp::getSumType() { return getInit().getType(); }

unsigned KernelOp::getPackedBits(unsigned i) {
  if (i == 0 || i >= getInputs().size() || i >= getBody().getNumArguments() ||
      !getElementTypeOrSelf(getInputs()[i]).isInteger(8))
    return 0;
  auto type = dyn_cast<IntegerType>(getBody().getArgument(i).getType());
  return type && llvm::is_contained({1u, 2u, 4u}, type.getWidth())
             ? type.getWidth()
             : 0;
}

/// Checks a region's arguments against the elements of `values` and a sum.
static LogicalResult verifyRegion(KernelOp op, Region &region, StringRef name,
                                  ArrayRef<Type> arguments, Type result) {
  Block &block = region.front();
  if (block.getArgumentTypes() != TypeRange(arguments))
    return op.emitOpError(name) << " takes " << block.getArgumentTypes()
                                << " but the operands are " << arguments;
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  if (!yield)
    return op.emitOpError(name) << " does not end in slim_cpu.yield";
  if (yield.getValue().getType() != result)
    return op.emitOpError(name) << " yields " << yield.getValue().getType()
                                << " instead of " << result;
  return success();
}

LogicalResult KernelOp::verify() {
  unsigned numOperands = getNumOperands(), numLoops = getNumLoops();
  if (getIndexingMaps().size() != numOperands)
    return emitOpError("has ") << getIndexingMaps().size() << " maps for "
                               << numOperands << " operands";
  for (Attribute type : getIteratorTypes())
    if (!llvm::is_contained({"parallel", "reduction"},
                            cast<StringAttr>(type).getValue()))
      return emitOpError("has an iterator type ")
             << type << "; known are parallel and reduction";
  llvm::SmallBitVector sized(numLoops), readByOthers(numLoops);
  for (OpOperand &operand : getOperation()->getOpOperands()) {
    AffineMap map = getMap(operand);
    auto type = dyn_cast<ShapedType>(operand.get().getType());
    if (!type || !type.hasRank() || map.getNumSymbols() ||
        map.getNumDims() != numLoops || map.getNumResults() != type.getRank())
      return emitOpError("operand ")
             << operand.getOperandNumber() << " of type "
             << operand.get().getType() << " does not fit its map "
             << AffineMapAttr::get(map);
    for (AffineExpr expr : map.getResults())
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        sized.set(dim.getPosition());
    if (operand.getOperandNumber() < getInputs().size())
      continue;
    for (unsigned loop = 0; loop < numLoops; ++loop)
      if (isReduction(loop) && map.isFunctionOfDim(loop))
        return emitOpError("operand ")
               << operand.getOperandNumber()
               << " depends on a reduction loop, which only inputs may";
  }
  if (!sized.all())
    return emitOpError("loop ")
           << sized.find_first_unset() << " has no extent: no map has it as a "
           << "result";
  AffineMap outputMap = getOutputMap();
  if (!outputMap.isProjectedPermutation())
    return emitOpError("the output's map is no projected permutation");
  for (unsigned loop = 0; loop < numLoops; ++loop)
    if (!isReduction(loop) && !outputMap.isFunctionOfDim(loop))
      return emitOpError("the output does not depend on parallel loop ")
             << loop;
  if (getResult() ? getResult().getType() != getOutput().getType()
                  : !isa<MemRefType>(getOutput().getType()))
    return emitOpError("the result is not of the output's tensor type");

  SmallVector<Type> bodyTypes, epilogueTypes{getSumType()};
  for (auto [i, input] : llvm::enumerate(getInputs()))
    bodyTypes.push_back(getPackedBits(i) ? getBody().getArgument(i).getType()
                                         : getElementTypeOrSelf(input));
  bodyTypes.push_back(getSumType());
  for (Value extra : getExtras())
    epilogueTypes.push_back(getElementTypeOrSelf(extra));
  if (failed(verifyRegion(*this, getBody(), "body", bodyTypes, getSumType())))
    return failure();
  return verifyRegion(*this, getEpilogue(), "epilogue", epilogueTypes,
                      getElementTypeOrSelf(getOutput()));
}

void KernelOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  if (!hasBufferSemantics())
    return;
  for (OpOperand &operand : getOperation()->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    if (operand.get() == getOutput() &&
        operand.getOperandNumber() + 1 == getNumOperands())
      effects.emplace_back(MemoryEffects::Write::get(), &operand);
    else
      effects.emplace_back(MemoryEffects::Read::get(), &operand);
  }
}

LogicalResult LookupOp::verify() {
  if (getTable().getNumElements() != 256 ||
      !getTable().getElementType().isInteger(8))
    return emitOpError("needs a table of 256 elements of type i8, not ")
           << getTable().getType();
  return success();
}

LogicalResult TableOp::verify() {
  auto type = cast<ShapedType>(getValues().getType());
  if (type.getRank() != 1 || type.getNumElements() > 256 ||
      !llvm::isPowerOf2_64(type.getNumElements()) ||
      type.getElementType() != getElementTypeOrSelf(getResult()))
    return emitOpError("needs a table of up to 256 values of type ")
           << getElementTypeOrSelf(getResult())
           << ", a power of two of them, not " << type;
  if (type.getElementType().isInteger(8) &&
      (type.getNumElements() > 16 ||
       !getElementTypeOrSelf(getCode()).isInteger(8)))
    return emitOpError("looks up bytes by bytes in tables of up to 16");
  return success();
}
