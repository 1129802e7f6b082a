//===- SlimInterfaces.h - Interfaces of the slim dialect --------*- C++ -*-===//
#ifndef SLIM_IR_SLIMINTERFACES_H
#define SLIM_IR_SLIMINTERFACES_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"
#include "slim/IR/TensorData.h"

namespace slim {

/// A correspondence between channels of an operand's dimension and of a
/// result's: operand channel i is result channels offset + i * repeat to
/// offset + (i + 1) * repeat - 1.
struct ChannelTie {
  unsigned operand;
  int64_t operandDim;
  unsigned result;
  int64_t resultDim;
  int64_t offset = 0;
  int64_t repeat = 1;
};

namespace detail {
/// Number of elements of all ranked tensors among `types`, or kDynamic.
int64_t countElements(TypeRange types);
/// Bytes of all operands and results of `op`, sub-byte types packed; kDynamic
/// where a shape is open.
int64_t countBytesMoved(Operation *op);
} // namespace detail
} // namespace slim

#include "slim/IR/SlimInterfaces.h.inc"

#endif // SLIM_IR_SLIMINTERFACES_H
