//===- Passes.h - Passes that prepare calibration ---------------*- C++ -*-===//
#ifndef SLIM_CALIBRATE_PASSES_H
#define SLIM_CALIBRATE_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "slim/IR/SlimDialect.h"

namespace slim {

#define GEN_PASS_DECL
#include "slim/Calibrate/Passes.h.inc"

/// Declares registerSlimCalibratePasses(), and a function for each pass.
#define GEN_PASS_REGISTRATION
#include "slim/Calibrate/Passes.h.inc"

} // namespace slim

#endif // SLIM_CALIBRATE_PASSES_H
