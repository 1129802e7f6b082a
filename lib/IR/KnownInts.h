//===- KnownInts.h - What is known of a computed shape ----------*- C++ -*-===//
//
// Private to this room.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_IR_KNOWNINTS_H
#define SLIM_LIB_IR_KNOWNINTS_H

#include "mlir/IR/Value.h"
#include "slim/Support/LLVM.h"
#include <optional>

namespace slim::detail {

/// An element of an integer tensor: a number, or the dynamic extent of
/// dimension `dim` of `tensor`, or, where both are absent, unknown.
struct KnownInt {
  std::optional<int64_t> number;
  Value tensor;
  int64_t dim = 0;

  static KnownInt unknown() { return {}; }
  static KnownInt of(int64_t number) { return {number, Value(), 0}; }
  static KnownInt ofExtent(Value tensor, int64_t dim) {
    return {std::nullopt, tensor, dim};
  }
};

/// As getKnownInts, with more detail: an element that is not a number may still
/// be an extent of a known tensor, and any number can be told from an unknown
/// one. The elements of tensors of higher rank are listed in row-major order.
std::optional<SmallVector<KnownInt>> getKnownElements(Value value);

/// The tensor that `tensor.cast` ops made `value` of: it has the more precise
/// type, and is the one that KnownInt names.
Value skipCasts(Value value);

/// The element of a scalar or one-element tensor.
KnownInt getKnownElement(Value value);

} // namespace slim::detail

#endif // SLIM_LIB_IR_KNOWNINTS_H
