//===- Passes.h - The compression passes ------------------------*- C++ -*-===//
#ifndef SLIM_COMPRESS_PASSES_H
#define SLIM_COMPRESS_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "slim/IR/SlimDialect.h"

namespace slim {

#define GEN_PASS_DECL
#include "slim/Compress/Passes.h.inc"

/// Declares registerSlimCompressPasses(), and a function for each pass.
#define GEN_PASS_REGISTRATION
#include "slim/Compress/Passes.h.inc"

} // namespace slim

#endif // SLIM_COMPRESS_PASSES_H
