//===- VectorJacobianElementwise.cpp - Gradients of elementwise ops -------===//

#include "Arithmetic.h"
#include "slim/IR/OpSupport.h"
#include <cmath>

using namespace slim;
using namespace slim::detail;

//===----------------------------------------------------------------------===//
// Of one operand
//===----------------------------------------------------------------------===//

/// Defines the product of a unary op from its slope, an expression in the
/// arithmetic `a`, the input `x` and the result `y`.
#define SLIM_UNARY_VJP(OpType, slope)                                          \
  LogicalResult OpType::buildVJP(OpBuilder &builder,                           \
                                 ValueRange resultGradients,                   \
                                 SmallVectorImpl<Value> &operandGradients) {   \
    Arithmetic a(builder, *this, getInput());                                  \
    [[maybe_unused]] Value x = getInput(), y = getResult();                    \
    operandGradients.push_back(a.mul(resultGradients[0], slope));              \
    return success();                                                          \
  }

SLIM_UNARY_VJP(NegOp, a.number(-1))
SLIM_UNARY_VJP(AbsOp, SignOp::create(a.builder, x))
SLIM_UNARY_VJP(ExpOp, y)
SLIM_UNARY_VJP(LogOp, ReciprocalOp::create(a.builder, x))
SLIM_UNARY_VJP(SqrtOp, a.div(a.number(0.5), y))
// (x^-1/2)' = -1/2 x^-3/2.
SLIM_UNARY_VJP(RsqrtOp, a.mul(a.mul(y, a.square(y)), -0.5))
SLIM_UNARY_VJP(ReciprocalOp, a.neg(a.square(y)))
SLIM_UNARY_VJP(SinOp, CosOp::create(a.builder, x))
SLIM_UNARY_VJP(CosOp, a.neg(SinOp::create(a.builder, x)))
SLIM_UNARY_VJP(AtanOp, ReciprocalOp::create(a.builder, a.add(a.square(x), 1)))
SLIM_UNARY_VJP(ErfOp, a.mul(ExpOp::create(a.builder, a.neg(a.square(x))),
                            2 / std::sqrt(std::acos(-1.0))))
SLIM_UNARY_VJP(SoftplusOp, SigmoidOp::create(a.builder, x))
// 1 / (1 + |x|)^2.
SLIM_UNARY_VJP(SoftsignOp,
               ReciprocalOp::create(
                   a.builder, a.square(a.add(AbsOp::create(a.builder, x), 1))))

LogicalResult MishOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                               SmallVectorImpl<Value> &operandGradients) {
  // With t = tanh(softplus(x)): t + x (1 - t^2) sigmoid(x).
  Arithmetic a(builder, *this, getInput());
  Value x = getInput();
  Value t = TanhOp::create(a.builder, SoftplusOp::create(a.builder, x));
  Value second = a.mul(a.mul(x, a.complement(a.square(t))),
                       SigmoidOp::create(a.builder, x));
  operandGradients.push_back(a.mul(resultGradients[0], a.add(t, second)));
  return success();
}

LogicalResult HardSwishOp::buildVJP(OpBuilder &builder,
                                    ValueRange resultGradients,
                                    SmallVectorImpl<Value> &operandGradients) {
  Arithmetic a(builder, *this, getInput());
  Value x = getInput();
  Value between = a.add(a.mul(x, 1.0 / 3), 0.5);
  Value slope = a.select(a.greater(x, a.number(3)), a.number(1),
                         a.where(a.greater(x, a.number(-3)), between));
  operandGradients.push_back(a.mul(resultGradients[0], slope));
  return success();
}

LogicalResult LeakyReluOp::buildVJP(OpBuilder &builder,
                                    ValueRange resultGradients,
                                    SmallVectorImpl<Value> &operandGradients) {
  Arithmetic a(builder, *this, getInput());
  Value gradient = resultGradients[0];
  operandGradients.push_back(
      a.select(a.atLeast(getInput(), a.number(0)), gradient,
               a.mul(gradient, getAlpha().convertToDouble())));
  return success();
}

LogicalResult EluOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                              SmallVectorImpl<Value> &operandGradients) {
  Arithmetic a(builder, *this, getInput());
  double gamma = getGamma().convertToDouble();
  double scale = getScale().convertToDouble();
  Value below = a.mul(ExpOp::create(a.builder, a.mul(getInput(), 1 / scale)),
                      gamma * getAlpha().convertToDouble() / scale);
  Value slope =
      a.select(a.greater(getInput(), a.number(0)), a.number(gamma), below);
  operandGradients.push_back(a.mul(resultGradients[0], slope));
  return success();
}

LogicalResult
HardSigmoidOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                        SmallVectorImpl<Value> &operandGradients) {
  Arithmetic a(builder, *this, getInput());
  Value isSloped = AndOp::create(a.builder, a.greater(getResult(), a.number(0)),
                                 a.greater(a.number(1), getResult()));
  operandGradients.push_back(a.where(
      isSloped, a.mul(resultGradients[0], getAlpha().convertToDouble())));
  return success();
}

LogicalResult CastOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                               SmallVectorImpl<Value> &operandGradients) {
  // Rounding to another float counts as the identity.
  if (!isa<FloatType>(getTensorType(getInput()).getElementType())) {
    operandGradients.push_back(Value());
    return success();
  }
  Arithmetic a(builder, *this, getInput());
  operandGradients.push_back(a.convert(resultGradients[0]));
  return success();
}

LogicalResult ClampOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                                SmallVectorImpl<Value> &operandGradients) {
  Arithmetic a(builder, *this, getInput());
  Value gradient = resultGradients[0];
  SmallVector<int64_t> all = llvm::to_vector(
      llvm::seq<int64_t>(0, getTensorType(getInput()).getRank()));
  auto sumAll = [&](Value value) -> Value {
    return ReduceSumOp::create(a.builder, value, all, /*keep_dims=*/false);
  };
  Value inner = gradient, x = getInput(), ofUpper, ofLower;
  if (Value upper = getUpper()) {
    // The upper bound is applied last.
    Value limited = x;
    if (getLower())
      limited = MaxOp::create(a.builder, x, getLower());
    Value isAbove = a.greater(limited, upper);
    ofUpper = sumAll(a.where(isAbove, gradient));
    inner = a.select(isAbove, a.number(0), gradient);
  }
  Value ofInput = inner;
  if (Value lower = getLower()) {
    Value isBelow = a.greater(lower, x);
    ofLower = sumAll(a.where(isBelow, inner));
    ofInput = a.select(isBelow, a.number(0), inner);
  }
  operandGradients.push_back(ofInput);
  if (getLower())
    operandGradients.push_back(ofLower);
  if (getUpper())
    operandGradients.push_back(ofUpper);
  return success();
}

//===----------------------------------------------------------------------===//
// Of several operands, broadcast
//===----------------------------------------------------------------------===//

LogicalResult DivOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                              SmallVectorImpl<Value> &operandGradients) {
  // (x / y)' = 1 / y, -(x / y) / y.
  Arithmetic a(builder, *this, getLhs());
  Value lhs = a.div(resultGradients[0], getRhs());
  Value rhs = a.neg(a.mul(lhs, getResult()));
  operandGradients.append({a.unbroadcast(lhs, getLhs(), getRhs()),
                           a.unbroadcast(rhs, getRhs(), getLhs())});
  return success();
}

LogicalResult PowOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                              SmallVectorImpl<Value> &operandGradients) {
  // (x^e)' = e x^(e - 1), x^e log x.
  Arithmetic a(builder, *this, getLhs());
  Value exponent = a.convert(getRhs());
  Value less = PowOp::create(a.builder, getLhs(), a.add(exponent, -1));
  Value lhs = a.mul(resultGradients[0], a.mul(exponent, less));
  operandGradients.push_back(a.unbroadcast(lhs, getLhs(), getRhs()));
  if (!isa<FloatType>(getTensorType(getRhs()).getElementType())) {
    operandGradients.push_back(Value());
    return success();
  }
  Value log = LogOp::create(a.builder, getLhs());
  // 0^e is 0 for all e above 0.
  Value slope =
      a.where(a.greater(getLhs(), a.number(0)), a.mul(getResult(), log));
  Value rhs =
      a.unbroadcast(a.mul(resultGradients[0], slope), getRhs(), getLhs());
  operandGradients.push_back(
      Arithmetic(a.builder, *this, getRhs()).convert(rhs));
  return success();
}

/// The gradient goes to one of two operands, by `isLeft`.
static void appendChosen(Arithmetic &a, Value isLeft, Value gradient, Value lhs,
                         Value rhs, SmallVectorImpl<Value> &gradients) {
  Value toLeft = a.where(isLeft, gradient);
  Value toRight = a.select(isLeft, a.number(0), gradient);
  gradients.append(
      {a.unbroadcast(toLeft, lhs, rhs), a.unbroadcast(toRight, rhs, lhs)});
}

LogicalResult MinOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                              SmallVectorImpl<Value> &operandGradients) {
  Arithmetic a(builder, *this, getLhs());
  appendChosen(a, a.atLeast(getRhs(), getLhs()), resultGradients[0], getLhs(),
               getRhs(), operandGradients);
  return success();
}

LogicalResult MaxOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                              SmallVectorImpl<Value> &operandGradients) {
  Arithmetic a(builder, *this, getLhs());
  appendChosen(a, a.atLeast(getLhs(), getRhs()), resultGradients[0], getLhs(),
               getRhs(), operandGradients);
  return success();
}

LogicalResult PReluOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                                SmallVectorImpl<Value> &operandGradients) {
  Arithmetic a(builder, *this, getLhs());
  Value gradient = resultGradients[0];
  Value passes = a.atLeast(getLhs(), a.number(0));
  Value lhs = a.select(passes, gradient, a.mul(gradient, getRhs()));
  Value rhs = a.select(passes, a.number(0), a.mul(gradient, getLhs()));
  operandGradients.append({a.unbroadcast(lhs, getLhs(), getRhs()),
                           a.unbroadcast(rhs, getRhs(), getLhs())});
  return success();
}

LogicalResult SelectOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                                 SmallVectorImpl<Value> &operandGradients) {
  Arithmetic a(builder, *this, getOnTrue());
  Value gradient = resultGradients[0];
  ArrayRef<int64_t> condition = getTensorType(getCondition()).getShape();
  auto unbroadcast = [&](Value value, Value operand,
                         Value other) -> FailureOr<Value> {
    FailureOr<SmallVector<int64_t>> partner =
        broadcastShapes({condition, getTensorType(other).getShape()});
    if (failed(partner))
      return failure();
    return sumToShapeOf(builder, getLoc(), value, operand, *partner);
  };
  FailureOr<Value> onTrue =
      unbroadcast(a.where(getCondition(), gradient), getOnTrue(), getOnFalse());
  FailureOr<Value> onFalse =
      unbroadcast(a.select(getCondition(), a.number(0), gradient), getOnFalse(),
                  getOnTrue());
  if (failed(onTrue) || failed(onFalse))
    return failure();
  operandGradients.append({Value(), *onTrue, *onFalse});
  return success();
}
