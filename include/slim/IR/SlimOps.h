//===- SlimOps.h - Ops of the slim dialect ----------------------*- C++ -*-===//
#ifndef SLIM_IR_SLIMOPS_H
#define SLIM_IR_SLIMOPS_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "slim/IR/SlimAttributes.h"
#include "slim/IR/SlimInterfaces.h"

#define GET_OP_CLASSES
#include "slim/IR/SlimOps.h.inc"

#endif // SLIM_IR_SLIMOPS_H
