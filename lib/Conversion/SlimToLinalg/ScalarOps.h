//===- ScalarOps.h - Elementwise slim ops on scalars ------------*- C++ -*-===//
#ifndef SLIM_LIB_CONVERSION_SLIMTOLINALG_SCALAROPS_H
#define SLIM_LIB_CONVERSION_SLIMTOLINALG_SCALAROPS_H

#include "Utils.h"

namespace slim::conversion {

/// What the elementwise slim op `op` computes of `args`, one element of each of
/// its operands, in signless types. Floats narrower than f32 are computed in
/// f32. Null if the op has no lowering for its types.
Value createScalarOp(OpBuilder &b, Location loc, Operation *op,
                     ValueRange args);

/// min and max by type; NaN wins.
Value createMin(OpBuilder &b, Location loc, Value lhs, Value rhs,
                bool isUnsigned);
Value createMax(OpBuilder &b, Location loc, Value lhs, Value rhs,
                bool isUnsigned);

/// lhs < rhs (false with NaN).
Value createLess(OpBuilder &b, Location loc, Value lhs, Value rhs,
                 bool isUnsigned);

/// Sum and product by type; `fastmath` applies to floats.
Value createAdd(OpBuilder &b, Location loc, Value lhs, Value rhs,
                arith::FastMathFlags fastmath = arith::FastMathFlags::none);
Value createMul(OpBuilder &b, Location loc, Value lhs, Value rhs);

} // namespace slim::conversion

#endif // SLIM_LIB_CONVERSION_SLIMTOLINALG_SCALAROPS_H
