//===- VectorJacobian.cpp - Gradients of the commonest ops ----------------===//
//
// Gradients are built from slim ops and have the shapes of the operands, also
// where these are dynamic and where broadcasting repeated them.
//
//===----------------------------------------------------------------------===//

#include "Arithmetic.h"
#include "Inference.h"
#include "slim/IR/SlimOps.h"
#include <cmath>

using namespace slim;
using namespace slim::detail;

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

LogicalResult AddOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                              SmallVectorImpl<Value> &operandGradients) {
  Arithmetic a(builder, *this, getLhs());
  Value gradient = resultGradients[0];
  operandGradients.append({a.unbroadcast(gradient, getLhs(), getRhs()),
                           a.unbroadcast(gradient, getRhs(), getLhs())});
  return success();
}

LogicalResult SubOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                              SmallVectorImpl<Value> &operandGradients) {
  Arithmetic a(builder, *this, getLhs());
  Value gradient = resultGradients[0], negated = a.neg(gradient);
  operandGradients.append({a.unbroadcast(gradient, getLhs(), getRhs()),
                           a.unbroadcast(negated, getRhs(), getLhs())});
  return success();
}

LogicalResult MulOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                              SmallVectorImpl<Value> &operandGradients) {
  Arithmetic a(builder, *this, getLhs());
  Value lhs = a.mul(resultGradients[0], getRhs());
  Value rhs = a.mul(resultGradients[0], getLhs());
  operandGradients.append({a.unbroadcast(lhs, getLhs(), getRhs()),
                           a.unbroadcast(rhs, getRhs(), getLhs())});
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
  operandGradients.push_back(
      reshapeLike(builder, getLoc(), resultGradients[0], getInput()));
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
  Value gradient =
      a.mul(resultGradients[0], a.reciprocalCount(getInput(), getAxes()));
  operandGradients.push_back(expandReduced(
      a.builder, getLoc(), gradient, getInput(), getAxes(), getKeepDims()));
  return success();
}
