//===- SlimDialect.cpp - The slim dialect -----------------------*- C++ -*-===//
#include "slim/IR/SlimDialect.h"

#include "WeightFiles.h"
#include "mlir/Transforms/InliningUtils.h"
#include "slim/IR/SlimOps.h"

using namespace slim;

#include "slim/IR/SlimDialect.cpp.inc"

namespace {
/// Every slim op means the same in any function.
struct SlimInlinerInterface : DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;
  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final {
    return true;
  }
};
} // namespace

void SlimDialect::initialize() {
  registerSlimDialectOperations(this);
  registerAttributes();
  addInterfaces<SlimInlinerInterface, slim::detail::WeightFiles>();
}

Operation *SlimDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                            Type type, Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || elements.getType() != type || !isa<RankedTensorType>(type))
    return nullptr;
  return ConstantOp::create(builder, loc, type, elements);
}
