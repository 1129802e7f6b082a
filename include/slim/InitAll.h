//===- InitAll.h - Registration of everything -------------------*- C++ -*-===//
//
// What a tool calls to know all dialects and passes, slim's and upstream's.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_INITALL_H
#define SLIM_INITALL_H

#include "mlir/IR/DialectRegistry.h"

namespace slim {

/// Adds the slim dialect, upstream's dialects and the interface
/// implementations that the pipelines need.
void registerAllDialects(mlir::DialectRegistry &registry);

/// Registers slim's passes and pipelines and upstream's passes.
void registerAllPasses();

} // namespace slim

#endif // SLIM_INITALL_H
