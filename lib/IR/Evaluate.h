//===- Evaluate.h - Elementwise ops on numbers ------------------*- C++ -*-===//
//
// Private to this room: what an elementwise op computes from one element of
// each operand. Folding and the analysis of shapes are built on it.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_IR_EVALUATE_H
#define SLIM_LIB_IR_EVALUATE_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"
#include "slim/Support/LLVM.h"
#include <functional>
#include <optional>

namespace slim::detail {

/// From one integer an operand to the result, or none where the op's meaning is
/// undefined (division by zero) or not known here. Integers are sign-extended
/// to 64 bits, unsigned ones and truth values zero-extended; the result is to
/// be wrapped to the result's element type.
using IntFunction =
    std::function<std::optional<int64_t>(ArrayRef<int64_t> operands)>;

/// The same for floats; computed in f64, to be rounded to the element type.
using FloatFunction =
    std::function<std::optional<double>(ArrayRef<double> operands)>;

/// The function of an elementwise op on operands of integer element type
/// `type`; null for ops that have none. `slim.select` takes its condition as
/// the first number.
IntFunction getIntFunction(Operation *op, IntegerType type);

/// The function of an elementwise op on floats; null for ops that have none.
/// Comparisons and tests give 0 and 1.
FloatFunction getFloatFunction(Operation *op);

/// `value` cut to the width of `type` and extended again.
int64_t wrapInt(int64_t value, IntegerType type);

} // namespace slim::detail

#endif // SLIM_LIB_IR_EVALUATE_H
