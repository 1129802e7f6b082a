//===- VectorJacobian.cpp - Gradients of the differentiable ops -----------===//
//
// Gradients are built from slim ops and have the shapes of the operands, also
// where these are dynamic and where broadcasting repeated them.
//
//===----------------------------------------------------------------------===//

#include "BuildSupport.h"
#include "Inference.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "slim/IR/SlimOps.h"
#include <cmath>

using namespace slim;
using namespace slim::detail;

static RankedTensorType getTensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

namespace {
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
  Value add(Value lhs, double rhs) { return add(lhs, number(rhs)); }
  Value mul(Value lhs, double rhs) { return mul(lhs, number(rhs)); }
  /// 1 - value.
  Value complement(Value value) { return sub(number(1), value); }
  Value square(Value value) { return mul(value, value); }

  ImplicitLocOpBuilder builder;

private:
  Type elementType;
};
} // namespace

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

LogicalResult TanhOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                               SmallVectorImpl<Value> &operandGradients) {
  Arithmetic a(builder, *this, getInput());
  operandGradients.push_back(
      a.mul(resultGradients[0], a.complement(a.square(getResult()))));
  return success();
}

LogicalResult SigmoidOp::buildVJP(OpBuilder &builder,
                                  ValueRange resultGradients,
                                  SmallVectorImpl<Value> &operandGradients) {
  Arithmetic a(builder, *this, getInput());
  Value slope = a.mul(getResult(), a.complement(getResult()));
  operandGradients.push_back(a.mul(resultGradients[0], slope));
  return success();
}

LogicalResult ReluOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                               SmallVectorImpl<Value> &operandGradients) {
  Arithmetic a(builder, *this, getInput());
  Value zero = a.number(0);
  Value passes = GreaterOp::create(a.builder, getInput(), zero);
  operandGradients.push_back(
      SelectOp::create(a.builder, passes, resultGradients[0], zero));
  return success();
}

LogicalResult SiluOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                               SmallVectorImpl<Value> &operandGradients) {
  // silu' = s (1 + x (1 - s)) with s = sigmoid(x).
  Arithmetic a(builder, *this, getInput());
  Value sigmoid = SigmoidOp::create(a.builder, getInput());
  Value bracket = a.add(a.mul(getInput(), a.complement(sigmoid)), 1);
  operandGradients.push_back(
      a.mul(resultGradients[0], a.mul(sigmoid, bracket)));
  return success();
}

LogicalResult GeluOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                               SmallVectorImpl<Value> &operandGradients) {
  Arithmetic a(builder, *this, getInput());
  Value x = getInput(), slope;
  const double pi = std::acos(-1.0);
  if (getTanhApproximation()) {
    // With t = tanh(c (x + k x^3)):
    // (1 + t) / 2 + x / 2 (1 - t^2) c (1 + 3 k x^2).
    const double c = std::sqrt(2 / pi), k = 0.044715;
    Value xSquared = a.square(x);
    Value inner = a.mul(a.mul(x, a.add(a.mul(xSquared, k), 1)), c);
    Value t = TanhOp::create(a.builder, inner);
    Value innerSlope = a.mul(a.add(a.mul(xSquared, 3 * k), 1), c / 2);
    Value second = a.mul(a.mul(x, innerSlope), a.complement(a.square(t)));
    slope = a.add(a.mul(a.add(t, 1), 0.5), second);
  } else {
    // Phi(x) + x phi(x), of the normal distribution.
    Value erf = ErfOp::create(a.builder, a.mul(x, std::sqrt(0.5)));
    Value cumulative = a.mul(a.add(erf, 1), 0.5);
    Value bell = ExpOp::create(a.builder, a.mul(a.square(x), -0.5));
    Value density = a.mul(bell, 1 / std::sqrt(2 * pi));
    slope = a.add(cumulative, a.mul(x, density));
  }
  operandGradients.push_back(a.mul(resultGradients[0], slope));
  return success();
}

//===----------------------------------------------------------------------===//
// Broadcasting arithmetic
//===----------------------------------------------------------------------===//

/// The gradient of an operand from that of its broadcast.
static Value unbroadcast(OpBuilder &builder, Location loc, Value gradient,
                         Value operand, Value partner) {
  return sumToShapeOf(builder, loc, gradient, operand,
                      getTensorType(partner).getShape());
}

LogicalResult AddOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                              SmallVectorImpl<Value> &operandGradients) {
  Value gradient = resultGradients[0];
  operandGradients.append(
      {unbroadcast(builder, getLoc(), gradient, getLhs(), getRhs()),
       unbroadcast(builder, getLoc(), gradient, getRhs(), getLhs())});
  return success();
}

LogicalResult SubOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                              SmallVectorImpl<Value> &operandGradients) {
  Value gradient = resultGradients[0];
  Value negated = NegOp::create(builder, getLoc(), gradient);
  operandGradients.append(
      {unbroadcast(builder, getLoc(), gradient, getLhs(), getRhs()),
       unbroadcast(builder, getLoc(), negated, getRhs(), getLhs())});
  return success();
}

LogicalResult MulOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                              SmallVectorImpl<Value> &operandGradients) {
  Arithmetic a(builder, *this, getLhs());
  Value lhs = a.mul(resultGradients[0], getRhs());
  Value rhs = a.mul(resultGradients[0], getLhs());
  operandGradients.append(
      {unbroadcast(a.builder, getLoc(), lhs, getLhs(), getRhs()),
       unbroadcast(a.builder, getLoc(), rhs, getRhs(), getLhs())});
  return success();
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

LogicalResult LinearOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                                 SmallVectorImpl<Value> &operandGradients) {
  Location loc = getLoc();
  Value gradient = resultGradients[0];
  operandGradients.push_back(
      LinearOp::create(builder, loc, getInput().getType(), gradient,
                       getWeight(), /*bias=*/Value(), !getTransposed()));

  // The sum over all rows of the outer products.
  Value rows = collapseToRows(builder, loc, getInput());
  Value gradientRows = collapseToRows(builder, loc, gradient);
  Value lhs = getTransposed() ? rows : gradientRows;
  Value rhs = getTransposed() ? gradientRows : rows;
  operandGradients.push_back(
      MatmulOp::create(builder, loc, getWeight().getType(),
                       transposeMatrix(builder, loc, lhs), rhs));
  if (Value bias = getBias())
    operandGradients.push_back(
        ReduceSumOp::create(builder, loc, bias.getType(), gradientRows,
                            ArrayRef<int64_t>{0}, /*keep_dims=*/false));
  return success();
}

LogicalResult MatmulOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                                 SmallVectorImpl<Value> &operandGradients) {
  ImplicitLocOpBuilder b(getLoc(), builder);
  Value lhs = getLhs(), rhs = getRhs(), gradient = resultGradients[0];
  bool lhsIsVector = getTensorType(lhs).getRank() == 1;
  bool rhsIsVector = getTensorType(rhs).getRank() == 1;
  // Make matrices of vectors: a row on the left, a column on the right.
  if (rhsIsVector) {
    rhs = UnsqueezeOp::create(b, rhs, ArrayRef<int64_t>{1});
    gradient = UnsqueezeOp::create(
        b, gradient, ArrayRef<int64_t>{getTensorType(gradient).getRank()});
  }
  if (lhsIsVector) {
    lhs = UnsqueezeOp::create(b, lhs, ArrayRef<int64_t>{0});
    gradient = UnsqueezeOp::create(
        b, gradient, ArrayRef<int64_t>{getTensorType(gradient).getRank() - 1});
  }

  auto getBatchShape = [](Value matrices) {
    SmallVector<int64_t> shape(getTensorType(matrices).getShape());
    std::fill(shape.end() - 2, shape.end(), 1);
    return shape;
  };
  Value lhsGradient =
      MatmulOp::create(b, gradient, transposeMatrix(b, getLoc(), rhs));
  Value rhsGradient =
      MatmulOp::create(b, transposeMatrix(b, getLoc(), lhs), gradient);
  lhsGradient = sumToShapeOf(b, getLoc(), lhsGradient, lhs, getBatchShape(rhs));
  rhsGradient = sumToShapeOf(b, getLoc(), rhsGradient, rhs, getBatchShape(lhs));
  if (lhsIsVector)
    lhsGradient = SqueezeOp::create(b, getLhs().getType(), lhsGradient,
                                    ArrayRef<int64_t>{0});
  if (rhsIsVector)
    rhsGradient = SqueezeOp::create(b, getRhs().getType(), rhsGradient,
                                    ArrayRef<int64_t>{1});
  operandGradients.append({lhsGradient, rhsGradient});
  return success();
}

//===----------------------------------------------------------------------===//
// Movement
//===----------------------------------------------------------------------===//

LogicalResult ReshapeOp::buildVJP(OpBuilder &builder,
                                  ValueRange resultGradients,
                                  SmallVectorImpl<Value> &operandGradients) {
  SmallVector<Extent> extents;
  for (int64_t dim = 0; dim < getTensorType(getInput()).getRank(); ++dim)
    extents.push_back(Extent::of(getInput(), dim));
  Value shape = buildShape(builder, getLoc(), extents);
  operandGradients.push_back(
      ReshapeOp::create(builder, getLoc(), getInput().getType(),
                        resultGradients[0], shape, /*allow_zero=*/true));
  operandGradients.push_back(Value());
  return success();
}

LogicalResult TransposeOp::buildVJP(OpBuilder &builder,
                                    ValueRange resultGradients,
                                    SmallVectorImpl<Value> &operandGradients) {
  ArrayRef<int64_t> permutation = getPermutation();
  SmallVector<int64_t> inverse(permutation.size());
  for (auto [position, dim] : llvm::enumerate(permutation))
    inverse[dim] = position;
  operandGradients.push_back(TransposeOp::create(
      builder, getLoc(), getInput().getType(), resultGradients[0], inverse));
  return success();
}

//===----------------------------------------------------------------------===//
// Softmax and reductions
//===----------------------------------------------------------------------===//

LogicalResult SoftmaxOp::buildVJP(OpBuilder &builder,
                                  ValueRange resultGradients,
                                  SmallVectorImpl<Value> &operandGradients) {
  // y (g - sum(g y)).
  Arithmetic a(builder, *this, getInput());
  Value gradient = resultGradients[0];
  Value sum = ReduceSumOp::create(
      a.builder, a.mul(gradient, getResult()),
      ArrayRef<int64_t>{static_cast<int64_t>(getAxis())}, /*keep_dims=*/true);
  operandGradients.push_back(a.mul(getResult(), a.sub(gradient, sum)));
  return success();
}

/// Repeats the gradient of a reduction along the reduced dimensions.
static Value expandReduced(OpBuilder &builder, Location loc, Value gradient,
                           Value input, ArrayRef<int64_t> axes, bool keepDims) {
  if (axes.empty())
    return gradient;
  if (!keepDims)
    gradient = UnsqueezeOp::create(builder, loc, gradient, axes);
  SmallVector<Extent> extents;
  for (int64_t dim = 0; dim < getTensorType(input).getRank(); ++dim)
    extents.push_back(Extent::of(input, dim));
  return ExpandOp::create(builder, loc, input.getType(), gradient,
                          buildShape(builder, loc, extents));
}

LogicalResult ReduceSumOp::buildVJP(OpBuilder &builder,
                                    ValueRange resultGradients,
                                    SmallVectorImpl<Value> &operandGradients) {
  operandGradients.push_back(expandReduced(builder, getLoc(),
                                           resultGradients[0], getInput(),
                                           getAxes(), getKeepDims()));
  return success();
}

LogicalResult ReduceMeanOp::buildVJP(OpBuilder &builder,
                                     ValueRange resultGradients,
                                     SmallVectorImpl<Value> &operandGradients) {
  Arithmetic a(builder, *this, getInput());
  RankedTensorType type = getTensorType(getInput());
  SmallVector<int64_t> reduced;
  SmallVector<Extent> extents;
  for (int64_t axis : getAxes()) {
    reduced.push_back(type.getDimSize(axis));
    extents.push_back(Extent::of(getInput(), axis));
  }
  Value gradient = resultGradients[0];
  int64_t count = multiplyExtents(reduced);
  if (!isDynamic(count)) {
    // The mean of nothing has no gradient that matters.
    gradient = a.mul(gradient, count == 0 ? 0.0 : 1.0 / count);
  } else {
    Value shape = buildShape(a.builder, getLoc(), extents);
    Value product = ReduceProdOp::create(a.builder, shape, ArrayRef<int64_t>{0},
                                         /*keep_dims=*/false);
    Value divisor = CastOp::create(a.builder, product, type.getElementType());
    gradient = DivOp::create(a.builder, gradient, divisor);
  }
  operandGradients.push_back(expandReduced(
      a.builder, getLoc(), gradient, getInput(), getAxes(), getKeepDims()));
  return success();
}
