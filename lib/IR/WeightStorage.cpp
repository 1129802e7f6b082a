//===- WeightStorage.cpp - How weights are stored -------------------------===//
#include "slim/IR/WeightStorage.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/MathExtras.h"

using namespace slim;

/// Up to so many elements are stored as a dense attribute, which prints as
/// numbers.
static constexpr int64_t kMaxDenseElements = 64;

bool slim::hasWeightData(WeightOp weight) {
  Attribute data = weight.getDataAttr();
  if (auto resource = dyn_cast_or_null<DenseResourceElementsAttr>(data))
    return resource.getRawHandle().getBlob() != nullptr;
  return data != nullptr;
}

Attribute slim::buildWeightData(StringRef name, const TensorData &data) {
  if (data.getType().getNumElements() <= kMaxDenseElements)
    return data.toAttr();
  return DenseResourceElementsAttr::get(
      data.getType(), name,
      HeapAsmResourceBlob::allocateAndCopyWithAlign(data.getBytes(), 64,
                                                    /*dataIsMutable=*/false));
}

int64_t slim::getStoredBytes(RankedTensorType type) {
  return llvm::divideCeil(
      type.getNumElements() * int64_t(type.getElementTypeBitWidth()), 8);
}
