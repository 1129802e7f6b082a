//===- FoldSupport.h - What folding reads and makes -------------*- C++ -*-===//
//
// Private to this room.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_IR_FOLDSUPPORT_H
#define SLIM_LIB_IR_FOLDSUPPORT_H

#include "Inference.h"
#include "slim/IR/OpSupport.h"
#include "slim/IR/TensorData.h"

namespace slim::detail {

/// The type if folding may make a constant of it: static, of few elements.
/// Null otherwise.
inline RankedTensorType getFoldedType(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || tensor.getEncoding() ||
      !tensor.getElementType().isIntOrFloat())
    return nullptr;
  int64_t count = multiplyExtents(tensor.getShape());
  return isDynamic(count) || count > kMaxFoldedElements ? nullptr : tensor;
}

/// The data of a constant operand. It may be larger than what folding makes
/// (a table to look up in), but a large splat would have to be written out.
inline std::optional<TensorData> getFoldedData(Attribute attr) {
  auto elements = dyn_cast_if_present<ElementsAttr>(attr);
  if (!elements || (isa<DenseElementsAttr>(elements) && elements.isSplat() &&
                    !getFoldedType(elements.getType())))
    return std::nullopt;
  return TensorData::fromAttr(elements);
}

} // namespace slim::detail

#endif // SLIM_LIB_IR_FOLDSUPPORT_H
