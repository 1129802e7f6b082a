//===- Passes.h - Passes that report on models ------------------*- C++ -*-===//
#ifndef SLIM_ANALYSIS_PASSES_H
#define SLIM_ANALYSIS_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "slim/IR/SlimDialect.h"

namespace slim {

#define GEN_PASS_DECL
#include "slim/Analysis/Passes.h.inc"

/// Declares registerSlimAnalysisPasses(), and a function for each pass.
#define GEN_PASS_REGISTRATION
#include "slim/Analysis/Passes.h.inc"

} // namespace slim

#endif // SLIM_ANALYSIS_PASSES_H
