//===- IntegerArithmetic.h - Integers with zero points ----------*- C++ -*-===//
#ifndef SLIM_LIB_IMPORT_ONNX_INTEGERARITHMETIC_H
#define SLIM_LIB_IMPORT_ONNX_INTEGERARITHMETIC_H

#include "NodeBuilder.h"

namespace slim::onnximport {

/// input - zeroPoint in i32; a zero point that is absent or known to be zero
/// leaves integers of 8 bits as they are. It is a scalar, has the input's rank,
/// or has an element for each position along `axis`.
Value subtractZeroPoint(NodeBuilder &node, Value input, Value zeroPoint,
                        int64_t axis);

/// A vector along `axis` of a tensor of that rank, or a scalar, such that it
/// broadcasts against it. Tensors of that rank are returned as they are.
Value alignAlong(NodeBuilder &node, Value vector, int64_t axis, int64_t rank);

/// Casts both to i32 where a product of their types is not defined.
void unifyIntegers(NodeBuilder &node, Value &lhs, Value &rhs);

/// saturate(round(sum * aScale * bScale / scale) + zeroPoint) in the zero
/// point's type; `scale` and `zeroPoint` have one element.
Value requantize(NodeBuilder &node, Value sum, Value aScale, Value bScale,
                 Value scale, Value zeroPoint);

/// The matrix product of integers with zero points, in i32: `a` has one a
/// row, `b` one a column, or each one for all.
Value multiplyIntegers(NodeBuilder &node, Value a, Value b, Value aZeroPoint,
                       Value bZeroPoint);

} // namespace slim::onnximport

#endif // SLIM_LIB_IMPORT_ONNX_INTEGERARITHMETIC_H
