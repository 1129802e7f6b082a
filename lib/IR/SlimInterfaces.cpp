//===- SlimInterfaces.cpp - Interfaces of the slim dialect ------*- C++ -*-===//
#include "slim/IR/SlimInterfaces.h"

#include "slim/IR/SlimOps.h"
#include "llvm/Support/MathExtras.h"

using namespace slim;

#include "slim/IR/SlimInterfaces.cpp.inc"

/// The number of elements of `type`, or kDynamic where it is open or beyond
/// what an i64 holds.
static int64_t countElements(RankedTensorType type) {
  int64_t count = 1;
  for (int64_t extent : type.getShape())
    if (ShapedType::isDynamic(extent) ||
        llvm::MulOverflow(count, extent, count))
      return ShapedType::kDynamic;
  return count;
}

int64_t slim::detail::countElements(TypeRange types) {
  int64_t total = 0;
  for (Type type : types) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor)
      continue;
    int64_t count = ::countElements(tensor);
    if (ShapedType::isDynamic(count) || llvm::AddOverflow(total, count, total))
      return ShapedType::kDynamic;
  }
  return total;
}

int64_t slim::detail::countBytesMoved(Operation *op) {
  int64_t total = 0;
  auto add = [&](TypeRange types) {
    for (Type type : types) {
      auto tensor = dyn_cast<RankedTensorType>(type);
      if (!tensor || !tensor.getElementType().isIntOrFloat())
        continue;
      int64_t count = ::countElements(tensor), bits = 0;
      if (ShapedType::isDynamic(count) ||
          llvm::MulOverflow<int64_t>(count, tensor.getElementTypeBitWidth(),
                                     bits) ||
          llvm::AddOverflow<int64_t>(total, llvm::divideCeil(bits, 8), total))
        return false;
    }
    return true;
  };
  bool isKnown = add(op->getResultTypes());
  // A look-up reads of its table what it returns.
  if (auto embedding = dyn_cast<EmbeddingOp>(op))
    isKnown = isKnown && add(op->getResultTypes()) &&
              add(embedding.getIndices().getType());
  else if (isa<GatherOp, GatherElementsOp, GatherNDOp>(op))
    isKnown = isKnown && add(op->getResultTypes()) &&
              add(op->getOperand(1).getType());
  else
    isKnown = isKnown && add(op->getOperandTypes());
  return isKnown ? total : ShapedType::kDynamic;
}
