//===- SlimAttributes.h - Attributes of the slim dialect --------*- C++ -*-===//
#ifndef SLIM_IR_SLIMATTRIBUTES_H
#define SLIM_IR_SLIMATTRIBUTES_H

#include "mlir/IR/BuiltinAttributes.h"
#include "slim/IR/SlimDialect.h"

#include "slim/IR/SlimEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "slim/IR/SlimAttributes.h.inc"

#endif // SLIM_IR_SLIMATTRIBUTES_H
