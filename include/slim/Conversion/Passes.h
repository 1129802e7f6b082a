//===- Passes.h - Conversions out of the slim dialect -----------*- C++ -*-===//
#ifndef SLIM_CONVERSION_PASSES_H
#define SLIM_CONVERSION_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "slim/Support/LLVM.h"

namespace slim {

/// Where the channels of an image [N, C, spatial...] lie in memory.
enum class ImageOrder { ChannelsLast, ChannelsFirst };

/// Attribute of a `slim.attention` that convert-slim-to-linalg has left: its
/// extents are checked, every extent of its mask is 1 or the scores', the type
/// saying which, and the mask is of floats.
inline constexpr llvm::StringLiteral kCheckedAttr = "slim.checked";

#define GEN_PASS_DECL
#include "slim/Conversion/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "slim/Conversion/Passes.h.inc"

} // namespace slim

#endif // SLIM_CONVERSION_PASSES_H
