//===- Arithmetic.h - What vector-Jacobian products are made of -*- C++ -*-===//
//
// Private to this room. Gradients are built from slim ops and have the shapes
// of the operands, also where these are dynamic and where broadcasting repeated
// them.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_IR_ARITHMETIC_H
#define SLIM_LIB_IR_ARITHMETIC_H

#include "BuildSupport.h"
#include "Inference.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "slim/IR/SlimOps.h"

namespace slim::detail {

inline RankedTensorType getTensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Arithmetic on tensors of one element type, with numbers as scalars.
class Arithmetic {
public:
  Arithmetic(OpBuilder &builder, Operation *op, Value like)
      : builder(op->getLoc(), builder),
        elementType(getTensorType(like).getElementType()) {}

  Value number(double value) {
    return buildScalar(builder, builder.getLoc(), elementType, value);
  }
  Value add(Value lhs, Value rhs) { return AddOp::create(builder, lhs, rhs); }
  Value sub(Value lhs, Value rhs) { return SubOp::create(builder, lhs, rhs); }
  Value mul(Value lhs, Value rhs) { return MulOp::create(builder, lhs, rhs); }
  Value div(Value lhs, Value rhs) { return DivOp::create(builder, lhs, rhs); }
  Value neg(Value value) { return NegOp::create(builder, value); }
  Value add(Value lhs, double rhs) { return add(lhs, number(rhs)); }
  Value mul(Value lhs, double rhs) { return mul(lhs, number(rhs)); }
  /// 1 - value.
  Value complement(Value value) { return sub(number(1), value); }
  Value square(Value value) { return mul(value, value); }
  /// lhs > rhs, and the like.
  Value greater(Value lhs, Value rhs) {
    return GreaterOp::create(builder, lhs, rhs);
  }
  Value atLeast(Value lhs, Value rhs) {
    return GreaterEqualOp::create(builder, lhs, rhs);
  }
  Value select(Value condition, Value onTrue, Value onFalse) {
    return SelectOp::create(builder, condition, onTrue, onFalse);
  }
  /// `value` where `condition` holds, 0 elsewhere.
  Value where(Value condition, Value value) {
    return select(condition, value, number(0));
  }
  /// Sum and mean along `axes`, which stay with extent 1.
  Value sum(Value value, ArrayRef<int64_t> axes) {
    return ReduceSumOp::create(builder, value, axes, /*keep_dims=*/true);
  }
  Value mean(Value value, ArrayRef<int64_t> axes) {
    return ReduceMeanOp::create(builder, value, axes, /*keep_dims=*/true);
  }
  /// 1 / n, a scalar, of the n elements along `axes`.
  Value reciprocalCount(Value value, ArrayRef<int64_t> axes);
  /// `value` in the element type of these tensors.
  Value convert(Value value) {
    if (getTensorType(value).getElementType() == elementType)
      return value;
    return CastOp::create(builder, value, elementType);
  }
  /// The gradient of `operand` from that of its broadcast with `partner`.
  Value unbroadcast(Value gradient, Value operand, Value partner) {
    return sumToShapeOf(builder, builder.getLoc(), gradient, operand,
                        getTensorType(partner).getShape());
  }

  ImplicitLocOpBuilder builder;

private:
  Type elementType;
};

inline Value Arithmetic::reciprocalCount(Value value, ArrayRef<int64_t> axes) {
  SmallVector<int64_t> numbers;
  SmallVector<Extent> extents;
  for (int64_t axis : axes) {
    numbers.push_back(getTensorType(value).getDimSize(axis));
    extents.push_back(Extent::of(value, axis));
  }
  int64_t count = multiplyExtents(numbers);
  if (!isDynamic(count))
    // The mean of nothing has no gradient that matters.
    return number(count == 0 ? 0.0 : 1.0 / double(count));
  Value product = ReduceProdOp::create(
      builder, buildShape(builder, builder.getLoc(), extents),
      ArrayRef<int64_t>{0}, /*keep_dims=*/false);
  return div(number(1), convert(product));
}

/// A tensor<Nxi64> of the extents of `value`.
inline Value buildShapeOf(OpBuilder &builder, Location loc, Value value) {
  SmallVector<Extent> extents;
  for (int64_t dim = 0, rank = getTensorType(value).getRank(); dim < rank;
       ++dim)
    extents.push_back(Extent::of(value, dim));
  return buildShape(builder, loc, extents);
}

/// Zeros in the shape of `value`.
inline Value buildZerosLike(OpBuilder &builder, Location loc, Value value) {
  RankedTensorType type = getTensorType(value);
  return FillOp::create(builder, loc, type, buildShapeOf(builder, loc, value),
                        buildScalar(builder, loc, type.getElementType(), 0));
}

/// Reshapes `value` to the type and the shape of `like`.
inline Value reshapeLike(OpBuilder &builder, Location loc, Value value,
                         Value like) {
  return ReshapeOp::create(builder, loc, like.getType(), value,
                           buildShapeOf(builder, loc, like),
                           /*allow_zero=*/true);
}

/// Repeats the gradient of a reduction along the reduced dimensions.
inline Value expandReduced(OpBuilder &builder, Location loc, Value gradient,
                           Value input, ArrayRef<int64_t> axes, bool keepDims) {
  if (axes.empty())
    return gradient;
  if (!keepDims)
    gradient = UnsqueezeOp::create(builder, loc, gradient, axes);
  return ExpandOp::create(builder, loc, input.getType(), gradient,
                          buildShapeOf(builder, loc, input));
}

} // namespace slim::detail

#endif // SLIM_LIB_IR_ARITHMETIC_H
