//===- SlimAttributes.cpp - Attributes of the slim dialect ------*- C++ -*-===//
#include "slim/IR/SlimAttributes.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace slim;

#include "slim/IR/SlimEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "slim/IR/SlimAttributes.cpp.inc"

void SlimDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "slim/IR/SlimAttributes.cpp.inc"
      >();
}
