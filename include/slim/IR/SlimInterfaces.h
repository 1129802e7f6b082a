//===- SlimInterfaces.h - Interfaces of the slim dialect --------*- C++ -*-===//
#ifndef SLIM_IR_SLIMINTERFACES_H
#define SLIM_IR_SLIMINTERFACES_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"
#include "slim/IR/TensorData.h"

namespace slim {

/// A dimension of an operand or of a result of an op.
struct ChannelEnd {
  bool isResult;
  unsigned index;
  int64_t dim;

  static ChannelEnd operand(unsigned index, int64_t dim) {
    return {false, index, dim};
  }
  static ChannelEnd result(unsigned index, int64_t dim) {
    return {true, index, dim};
  }
  bool operator==(const ChannelEnd &other) const {
    return isResult == other.isResult && index == other.index &&
           dim == other.dim;
  }
  Value getValue(Operation *op) const {
    return isResult ? Value(op->getResult(index)) : op->getOperand(index);
  }
};

/// A correspondence between channels of two dimensions: channel i of `from` and
/// the channels offset + i * repeat to offset + (i + 1) * repeat - 1 of `to`
/// are kept or removed together, as far as `to` has them. The ends are an
/// operand and a result (elementwise ops, concatenation), two operands (the
/// input channels of a convolution and those of its weight), or a dimension
/// and itself, or its twin, at another offset (the groups of a grouped
/// convolution, which must stay equally large). Ties are transitive.
struct ChannelTie {
  ChannelTie(ChannelEnd from, ChannelEnd to, int64_t offset = 0,
             int64_t repeat = 1)
      : from(from), to(to), offset(offset), repeat(repeat) {}
  /// The frequent case: from an operand's dimension to a result's.
  ChannelTie(unsigned operand, int64_t operandDim, unsigned result,
             int64_t resultDim, int64_t offset = 0, int64_t repeat = 1)
      : ChannelTie(ChannelEnd::operand(operand, operandDim),
                   ChannelEnd::result(result, resultDim), offset, repeat) {}

  ChannelEnd from;
  ChannelEnd to;
  int64_t offset;
  int64_t repeat;
};

/// The channels that an end keeps; see ChannelOpInterface.
using KeptChannels =
    function_ref<std::optional<ArrayRef<int64_t>>(const ChannelEnd &)>;

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
