//===- SlimDialect.h - The slim dialect -------------------------*- C++ -*-===//
#ifndef SLIM_IR_SLIMDIALECT_H
#define SLIM_IR_SLIMDIALECT_H

#include "mlir/IR/Dialect.h"
#include "slim/Support/LLVM.h"

#include "slim/IR/SlimDialect.h.inc"

#endif // SLIM_IR_SLIMDIALECT_H
