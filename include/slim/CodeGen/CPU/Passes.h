//===- Passes.h - Code generation for CPUs ----------------------*- C++ -*-===//
#ifndef SLIM_CODEGEN_CPU_PASSES_H
#define SLIM_CODEGEN_CPU_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "slim/CodeGen/CPU/IR/SlimCPU.h"
#include "slim/Support/LLVM.h"

namespace slim {

#define GEN_PASS_DECL
#include "slim/CodeGen/CPU/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "slim/CodeGen/CPU/Passes.h.inc"

} // namespace slim

#endif // SLIM_CODEGEN_CPU_PASSES_H
