//===- SlimCPU.h - The slim_cpu dialect -------------------------*- C++ -*-===//
#ifndef SLIM_CODEGEN_CPU_IR_SLIMCPU_H
#define SLIM_CODEGEN_CPU_IR_SLIMCPU_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "slim/Support/LLVM.h"

#include "slim/CodeGen/CPU/IR/SlimCPUDialect.h.inc"

#define GET_OP_CLASSES
#include "slim/CodeGen/CPU/IR/SlimCPU.h.inc"

namespace slim::cpu {

/// Lets one-shot bufferization take the dialect's ops.
void registerBufferizationModels(DialectRegistry &registry);

} // namespace slim::cpu

#endif // SLIM_CODEGEN_CPU_IR_SLIMCPU_H
