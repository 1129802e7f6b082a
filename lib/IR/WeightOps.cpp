//===- WeightOps.cpp - Weights and constants --------------------*- C++ -*-===//
#include "slim/IR/SlimOps.h"
#include "slim/IR/TensorData.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace slim;

//===----------------------------------------------------------------------===//
// WeightOp
//===----------------------------------------------------------------------===//

void WeightOp::build(OpBuilder &builder, OperationState &state, StringRef name,
                     RankedTensorType type, Attribute data) {
  build(builder, state, builder.getStringAttr(name), /*sym_visibility=*/nullptr,
        TypeAttr::get(type), data);
}

/// The number of bytes that data of `type` take, or none where an i64 does not
/// hold it.
static std::optional<int64_t> countBytes(RankedTensorType type) {
  int64_t bytes = TensorData::getElementBytes(type.getElementType());
  for (int64_t extent : type.getShape())
    if (llvm::MulOverflow(bytes, extent, bytes))
      return std::nullopt;
  return bytes;
}

LogicalResult WeightOp::verify() {
  RankedTensorType type = getTensorType();
  if (!type.hasStaticShape())
    return emitOpError("has type ")
           << type << ", but a stored tensor has a static shape";
  if (type.getEncoding())
    return emitOpError("has type ")
           << type << ", but a stored tensor has no encoding";
  std::optional<int64_t> bytes = countBytes(type);
  if (!bytes)
    return emitOpError("has type ")
           << type << ", whose size in bytes exceeds 64 bits";
  Attribute data = getDataAttr();
  if (!data)
    return success();
  if (auto external = dyn_cast<ExternalAttr>(data)) {
    if (external.getPath().empty())
      return emitOpError("names no file for its data");
    uint64_t largest = std::numeric_limits<int64_t>::max() - *bytes;
    if (external.getOffset() > largest)
      return emitOpError("has data at offset ")
             << external.getOffset() << " of '" << external.getPath()
             << "', which no file reaches";
    return success();
  }
  if (!isa<DenseElementsAttr, DenseResourceElementsAttr>(data))
    return emitOpError("has data that are none of dense elements, a dense "
                       "resource and #slim.external");
  Type dataType = cast<ElementsAttr>(data).getType();
  if (dataType != type)
    return emitOpError("has type ") << type << " but data of type " << dataType;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(data)) {
    // A module printed without its resources still names them.
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (blob && static_cast<int64_t>(blob->getData().size()) != *bytes)
      return emitOpError("needs ") << *bytes << " bytes of data, but resource '"
                                   << resource.getRawHandle().getKey()
                                   << "' has " << blob->getData().size();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// GetWeightOp
//===----------------------------------------------------------------------===//

LogicalResult
GetWeightOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  Operation *symbol = symbolTable.lookupNearestSymbolFrom(*this, getNameAttr());
  if (!symbol)
    return emitOpError("refers to ")
           << getNameAttr() << ", which is not defined in this module";
  auto weight = dyn_cast<WeightOp>(symbol);
  if (!weight) {
    InFlightDiagnostic diagnostic = emitOpError("refers to ")
                                    << getNameAttr()
                                    << ", which is not a slim.weight";
    diagnostic.attachNote(symbol->getLoc()) << "it is defined here";
    return diagnostic;
  }
  if (weight.getType() != getType()) {
    InFlightDiagnostic diagnostic = emitOpError("reads ")
                                    << getNameAttr() << " as " << getType()
                                    << ", but its type is " << weight.getType();
    diagnostic.attachNote(symbol->getLoc()) << "it is defined here";
    return diagnostic;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// ConstantOp
//===----------------------------------------------------------------------===//

OpFoldResult ConstantOp::fold(FoldAdaptor adaptor) { return getValueAttr(); }
