//===- Passes.h - Passes within the slim dialect ----------------*- C++ -*-===//
#ifndef SLIM_IR_TRANSFORMS_PASSES_H
#define SLIM_IR_TRANSFORMS_PASSES_H

#include "mlir/Pass/Pass.h"
#include "slim/IR/SlimDialect.h"

namespace slim {

#define GEN_PASS_DECL
#include "slim/IR/Transforms/Passes.h.inc"

/// Declares registerSlimIRPasses(), and a function for each pass.
#define GEN_PASS_REGISTRATION
#include "slim/IR/Transforms/Passes.h.inc"

} // namespace slim

#endif // SLIM_IR_TRANSFORMS_PASSES_H
