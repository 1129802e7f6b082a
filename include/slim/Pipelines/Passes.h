//===- Passes.h - Passes that run the model ---------------------*- C++ -*-===//
#ifndef SLIM_PIPELINES_PASSES_H
#define SLIM_PIPELINES_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "slim/IR/SlimDialect.h"

namespace slim {

#define GEN_PASS_DECL
#include "slim/Pipelines/Passes.h.inc"

/// Declares registerSlimPipelinesPasses(), and a function for each pass.
#define GEN_PASS_REGISTRATION
#include "slim/Pipelines/Passes.h.inc"

} // namespace slim

#endif // SLIM_PIPELINES_PASSES_H
