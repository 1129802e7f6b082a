//===- VectorJacobianNorm.cpp - Gradients of norms and reductions ---------===//

#include "Arithmetic.h"
#include "slim/IR/OpSupport.h"

using namespace slim;
using namespace slim::detail;

static SmallVector<int64_t> getTrailingAxes(Value input, uint64_t axis) {
  return llvm::to_vector(
      llvm::seq<int64_t>(axis, getTensorType(input).getRank()));
}

LogicalResult LogSoftmaxOp::buildVJP(OpBuilder &builder,
                                     ValueRange resultGradients,
                                     SmallVectorImpl<Value> &operandGradients) {
  // g - softmax(x) sum(g).
  Arithmetic a(builder, *this, getInput());
  Value gradient = resultGradients[0];
  Value total = a.sum(gradient, {static_cast<int64_t>(getAxis())});
  Value softmax = ExpOp::create(a.builder, getResult());
  operandGradients.push_back(a.sub(gradient, a.mul(softmax, total)));
  return success();
}

LogicalResult LayerNormOp::buildVJP(OpBuilder &builder,
                                    ValueRange resultGradients,
                                    SmallVectorImpl<Value> &operandGradients) {
  // With n = (x - mean) inv and h = g scale, the gradient of the input is
  // inv (h - mean(h) - n mean(h n)). The mean and inv, as results, add theirs.
  Arithmetic a(builder, *this, getInput());
  SmallVector<int64_t> axes = getTrailingAxes(getInput(), getAxis());
  Value inv = a.convert(getInvStdDev());
  Value normalized = a.mul(a.sub(getInput(), a.convert(getMean())), inv);
  Value ofInput, ofScale, ofBias;
  auto accumulate = [&](Value term) {
    ofInput = ofInput ? a.add(ofInput, term) : term;
  };
  if (Value gradient = resultGradients[0]) {
    Value scaled = gradient;
    if (Value scale = getScale()) {
      scaled = a.mul(gradient, scale);
      ofScale = a.unbroadcast(a.mul(gradient, normalized), scale, getInput());
    }
    if (Value bias = getBias())
      ofBias = a.unbroadcast(gradient, bias, getInput());
    Value along = a.mul(normalized, a.mean(a.mul(scaled, normalized), axes));
    accumulate(a.mul(inv, a.sub(a.sub(scaled, a.mean(scaled, axes)), along)));
  }
  // d mean / dx is 1 / count, d inv / dx is -inv^2 n / count.
  if (resultGradients[1] || resultGradients[2]) {
    Value zeros = buildZerosLike(builder, getLoc(), getInput());
    Value share = a.reciprocalCount(getInput(), axes);
    if (Value gradient = resultGradients[1])
      accumulate(a.add(zeros, a.mul(a.convert(gradient), share)));
    if (Value gradient = resultGradients[2])
      accumulate(a.mul(a.mul(normalized, a.square(inv)),
                       a.neg(a.mul(a.convert(gradient), share))));
  }
  operandGradients.push_back(ofInput);
  if (getScale())
    operandGradients.push_back(ofScale);
  if (getBias())
    operandGradients.push_back(ofBias);
  return success();
}

LogicalResult RMSNormOp::buildVJP(OpBuilder &builder,
                                  ValueRange resultGradients,
                                  SmallVectorImpl<Value> &operandGradients) {
  Arithmetic a(builder, *this, getInput());
  SmallVector<int64_t> axes = getTrailingAxes(getInput(), getAxis());
  Value gradient = resultGradients[0], scaled = gradient;
  Value meanSquare = a.mean(a.square(getInput()), axes);
  Value inv = RsqrtOp::create(
      a.builder, a.add(meanSquare, getEpsilon().convertToDouble()));
  Value normalized = a.mul(getInput(), inv);
  if (Value scale = getScale())
    scaled = a.mul(gradient, scale);
  Value along = a.mul(normalized, a.mean(a.mul(scaled, normalized), axes));
  operandGradients.push_back(a.mul(inv, a.sub(scaled, along)));
  if (Value scale = getScale())
    operandGradients.push_back(
        a.unbroadcast(a.mul(gradient, normalized), scale, getInput()));
  return success();
}

LogicalResult BatchNormOp::buildVJP(OpBuilder &builder,
                                    ValueRange resultGradients,
                                    SmallVectorImpl<Value> &operandGradients) {
  Arithmetic a(builder, *this, getInput());
  int64_t rank = getTensorType(getInput()).getRank();
  SmallVector<int64_t> others, spatial;
  for (int64_t dim = 0; dim < rank; ++dim)
    if (dim != 1)
      others.push_back(dim);
  for (int64_t dim = 1; dim + 1 < rank; ++dim)
    spatial.push_back(dim);
  // Parameters are [C]; those in a tensor are [C, 1, ...].
  auto along = [&](Value parameter) -> Value {
    if (spatial.empty())
      return parameter;
    return UnsqueezeOp::create(a.builder, parameter, spatial);
  };
  auto sum = [&](Value value, Value parameter) -> Value {
    return ReduceSumOp::create(a.builder, parameter.getType(), value, others,
                               /*keep_dims=*/false);
  };
  Value gradient = resultGradients[0];
  Value inv = RsqrtOp::create(
      a.builder, a.add(getVariance(), getEpsilon().convertToDouble()));
  Value slope = a.mul(getScale(), inv);
  Value centered = a.sub(getInput(), along(getMean()));
  Value total = sum(gradient, getBias());
  Value product = sum(a.mul(gradient, centered), getScale());
  operandGradients.push_back(a.mul(gradient, along(slope)));
  operandGradients.push_back(a.mul(product, inv));
  operandGradients.push_back(total);
  operandGradients.push_back(a.neg(a.mul(total, slope)));
  operandGradients.push_back(
      a.mul(a.mul(product, slope), a.mul(a.square(inv), -0.5)));
  return success();
}

/// Divides the gradient of an extreme evenly among the elements that are it.
static Value buildExtremeGradient(OpBuilder &builder, Operation *op,
                                  Value input, Value result, Value gradient,
                                  ArrayRef<int64_t> axes, bool keepDims) {
  if (axes.empty())
    return gradient;
  Arithmetic a(builder, op, input);
  auto expand = [&](Value value) {
    return expandReduced(builder, op->getLoc(), value, input, axes, keepDims);
  };
  Value isExtreme = EqualOp::create(a.builder, input, expand(result));
  Value ones = a.where(isExtreme, a.number(1));
  return a.where(isExtreme, a.div(expand(gradient), a.sum(ones, axes)));
}

LogicalResult ReduceMaxOp::buildVJP(OpBuilder &builder,
                                    ValueRange resultGradients,
                                    SmallVectorImpl<Value> &operandGradients) {
  operandGradients.push_back(
      buildExtremeGradient(builder, *this, getInput(), getResult(),
                           resultGradients[0], getAxes(), getKeepDims()));
  return success();
}

LogicalResult ReduceMinOp::buildVJP(OpBuilder &builder,
                                    ValueRange resultGradients,
                                    SmallVectorImpl<Value> &operandGradients) {
  operandGradients.push_back(
      buildExtremeGradient(builder, *this, getInput(), getResult(),
                           resultGradients[0], getAxes(), getKeepDims()));
  return success();
}
