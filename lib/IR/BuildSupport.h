//===- BuildSupport.h - Building shape arithmetic ---------------*- C++ -*-===//
//
// Private to this room: small compositions of slim ops that rewrites and
// vector-Jacobian products are made of.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_IR_BUILDSUPPORT_H
#define SLIM_LIB_IR_BUILDSUPPORT_H

#include "mlir/IR/Builders.h"
#include "slim/Support/LLVM.h"

namespace slim::detail {

/// A `slim.constant` tensor<Nxi64>.
Value buildShapeConstant(OpBuilder &builder, Location loc,
                         ArrayRef<int64_t> values);

/// A scalar `slim.constant` of a float or integer element type.
Value buildScalar(OpBuilder &builder, Location loc, Type elementType,
                  double value);

/// An extent of a shape that is being built: a number, or a dimension of a
/// value.
struct Extent {
  int64_t number;
  Value value;
  int64_t dim = 0;

  static Extent of(int64_t number) { return {number, Value(), 0}; }
  /// Dimension `dim` of `value`: its number if that is static.
  static Extent of(Value value, int64_t dim);
};

/// A tensor<Nxi64> of these extents.
Value buildShape(OpBuilder &builder, Location loc, ArrayRef<Extent> extents);

/// The value as a matrix that keeps the last dimension.
Value collapseToRows(OpBuilder &builder, Location loc, Value value);

/// The value with its last two dimensions (or the only one not) exchanged.
Value transposeMatrix(OpBuilder &builder, Location loc, Value value);

/// Undoes a broadcast: sums `value`, whose shape is that of `like` broadcast
/// with the shape `partner`, over what was repeated, so that it has the shape
/// of `like`. Dimensions may be dynamic.
Value sumToShapeOf(OpBuilder &builder, Location loc, Value value, Value like,
                   ArrayRef<int64_t> partner);

} // namespace slim::detail

#endif // SLIM_LIB_IR_BUILDSUPPORT_H
