//===- FuseActivations.cpp - GELU, SiLU, hard Swish from arithmetic -------===//
//
// An activation x * g(x) is written as a product whose factors come in any
// order, with constants multiplied or divided in anywhere. So a product is
// taken apart into its factors, and what stands under erf or tanh into the
// coefficients of a polynomial in x.
//
//===----------------------------------------------------------------------===//

#include "FuseIdioms.h"
#include "slim/IR/SlimOps.h"
#include <cmath>

using namespace slim;
using namespace slim::detail;

static int64_t getRank(Value value) {
  return cast<RankedTensorType>(value.getType()).getRank();
}

static Type getElementType(Value value) {
  return cast<RankedTensorType>(value.getType()).getElementType();
}

namespace {

/// constant * factors[0] * factors[1] * ...
struct Product {
  double constant = 1;
  SmallVector<Value, 4> factors;
};

/// Coefficients of 1, x, x^2, x^3.
using Polynomial = std::array<double, 4>;

} // namespace

/// Takes products and quotients by constants apart, below `value` only those
/// that have no other use.
static void appendFactors(Value value, bool isRoot, Product &product) {
  constexpr size_t maxFactors = 8;
  Operation *op = value.getDefiningOp();
  bool mayOpen = op && (isRoot || value.hasOneUse()) &&
                 product.factors.size() < maxFactors;
  if (mayOpen && isa<MulOp, DivOp>(op)) {
    Value lhs = op->getOperand(0), rhs = op->getOperand(1);
    if (std::optional<double> number = matchScalar(rhs, getRank(lhs))) {
      product.constant *= isa<MulOp>(op) ? *number : 1 / *number;
      return appendFactors(lhs, /*isRoot=*/false, product);
    }
    if (isa<MulOp>(op)) {
      if (std::optional<double> number = matchScalar(lhs, getRank(rhs)))
        product.constant *= *number;
      else
        appendFactors(lhs, /*isRoot=*/false, product);
      return appendFactors(rhs, /*isRoot=*/false, product);
    }
  }
  product.factors.push_back(value);
}

/// The constant and the other operand of a sum.
static std::optional<std::pair<double, Value>> matchAddConstant(Value value) {
  auto add = value.getDefiningOp<AddOp>();
  if (!add)
    return std::nullopt;
  if (auto number = matchScalar(add.getRhs(), getRank(add.getLhs())))
    return std::pair(*number, add.getLhs());
  if (auto number = matchScalar(add.getLhs(), getRank(add.getRhs())))
    return std::pair(*number, add.getRhs());
  return std::nullopt;
}

static std::optional<Polynomial> multiply(const Polynomial &lhs,
                                          const Polynomial &rhs) {
  Polynomial product = {};
  for (size_t i = 0; i < lhs.size(); ++i)
    for (size_t j = 0; j < rhs.size(); ++j) {
      double term = lhs[i] * rhs[j];
      if (i + j < product.size())
        product[i + j] += term;
      else if (term != 0)
        return std::nullopt;
    }
  return product;
}

/// `value` as a polynomial in `x`, if it is one of the third degree at most.
static std::optional<Polynomial> matchPolynomial(Value value, Value x,
                                                 unsigned depth = 8) {
  if (value == x)
    return Polynomial{0, 1, 0, 0};
  if (auto number = matchScalar(value, getRank(x)))
    return Polynomial{*number, 0, 0, 0};
  Operation *op = value.getDefiningOp();
  if (!op || depth == 0 || !isa<AddOp, SubOp, MulOp, DivOp, PowOp>(op))
    return std::nullopt;
  auto lhs = matchPolynomial(op->getOperand(0), x, depth - 1);
  if (!lhs)
    return std::nullopt;
  if (isa<PowOp, DivOp>(op)) {
    auto number = matchScalar(op->getOperand(1), getRank(x));
    if (!number)
      return std::nullopt;
    if (isa<DivOp>(op))
      return multiply(*lhs, {1 / *number, 0, 0, 0});
    if (*number != 2 && *number != 3)
      return std::nullopt;
    auto square = multiply(*lhs, *lhs);
    return *number == 2 || !square ? square : multiply(*square, *lhs);
  }
  auto rhs = matchPolynomial(op->getOperand(1), x, depth - 1);
  if (!rhs)
    return std::nullopt;
  if (isa<MulOp>(op))
    return multiply(*lhs, *rhs);
  for (size_t i = 0; i < lhs->size(); ++i)
    (*lhs)[i] += isa<AddOp>(op) ? (*rhs)[i] : -(*rhs)[i];
  return lhs;
}

static bool isClose(const Polynomial &actual, const Polynomial &expected,
                    Type elementType) {
  for (size_t i = 0; i < actual.size(); ++i)
    if (!slim::detail::isClose(actual[i], expected[i], elementType))
      return false;
  return true;
}

namespace {

/// Patterns rooted at the last multiplication (or division by a constant).
class FuseProduct : public RewritePattern {
public:
  FuseProduct(StringRef root, MLIRContext *context, Pass::Statistic &count)
      : RewritePattern(root, /*benefit=*/1, context), count(count) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const final {
    if (!isa<FloatType>(getElementType(op->getResult(0))))
      return failure();
    Product product;
    appendFactors(op->getResult(0), /*isRoot=*/true, product);
    Operation *fused = nullptr;
    if (product.factors.size() == 1) {
      fused = fuseHardSigmoid(op, product, rewriter);
    } else if (product.factors.size() == 2) {
      for (auto [x, gate] : {std::pair(product.factors[0], product.factors[1]),
                             std::pair(product.factors[1], product.factors[0])})
        if (!fused && x.getType() == op->getResult(0).getType() &&
            gate.getType() == x.getType())
          fused = fuseGated(op, x, gate, product.constant, rewriter);
    }
    if (!fused)
      return failure();
    ++count;
    rewriter.replaceOp(op, fused);
    return success();
  }

private:
  Operation *fuseGated(Operation *op, Value x, Value gate, double constant,
                       PatternRewriter &rewriter) const;
  Operation *fuseHardSigmoid(Operation *op, const Product &product,
                             PatternRewriter &rewriter) const;

  Pass::Statistic &count;
};

} // namespace

/// If `value` is clamp(x + 3, 0, 6), gives x.
static Value matchRelu6OfShifted(Value value) {
  auto clamp = value.getDefiningOp<ClampOp>();
  if (!clamp || !clamp.getLower() || !clamp.getUpper() ||
      matchScalar(clamp.getLower(), 0) != 0.0 ||
      matchScalar(clamp.getUpper(), 0) != 6.0)
    return Value();
  auto sum = matchAddConstant(clamp.getInput());
  return sum && sum->first == 3 ? sum->second : Value();
}

Operation *FuseProduct::fuseHardSigmoid(Operation *op, const Product &product,
                                        PatternRewriter &rewriter) const {
  Value x = matchRelu6OfShifted(product.factors[0]);
  Type type = op->getResult(0).getType();
  if (!x || x.getType() != type ||
      !slim::detail::isClose(product.constant, 1.0 / 6, getElementType(x)))
    return nullptr;
  return HardSigmoidOp::create(rewriter, op->getLoc(), type, x,
                               APFloat(1.0f / 6), APFloat(0.5f));
}

Operation *FuseProduct::fuseGated(Operation *op, Value x, Value gate,
                                  double constant,
                                  PatternRewriter &rewriter) const {
  Location loc = op->getLoc();
  Type elementType = getElementType(x);
  auto isConstant = [&](double expected) {
    return slim::detail::isClose(constant, expected, elementType);
  };

  if (auto sigmoid = gate.getDefiningOp<SigmoidOp>())
    return sigmoid.getInput() == x && isConstant(1)
               ? SiluOp::create(rewriter, loc, x.getType(), x)
               : nullptr;

  // x * hard_sigmoid(x), the latter as an op or as arithmetic.
  if (auto sigmoid = gate.getDefiningOp<HardSigmoidOp>()) {
    double alpha = sigmoid.getAlpha().convertToDouble();
    double beta = sigmoid.getBeta().convertToDouble();
    return sigmoid.getInput() == x && isConstant(1) && beta == 0.5 &&
                   slim::detail::isClose(alpha, 1.0 / 6, rewriter.getF32Type())
               ? HardSwishOp::create(rewriter, loc, x.getType(), x)
               : nullptr;
  }
  if (matchRelu6OfShifted(gate) == x && isConstant(1.0 / 6))
    return HardSwishOp::create(rewriter, loc, x.getType(), x);

  // x / 2 * (1 + erf(...)) or x / 2 * (1 + tanh(...)).
  auto sum = matchAddConstant(gate);
  if (!sum || sum->first != 1 || !isConstant(0.5))
    return nullptr;
  const double pi = std::acos(-1.0);
  if (auto erf = sum->second.getDefiningOp<ErfOp>()) {
    auto inner = matchPolynomial(erf.getInput(), x);
    if (inner && isClose(*inner, {0, std::sqrt(0.5), 0, 0}, elementType))
      return GeluOp::create(rewriter, loc, x.getType(), x,
                            /*tanh_approximation=*/false);
  } else if (auto tanh = sum->second.getDefiningOp<TanhOp>()) {
    auto inner = matchPolynomial(tanh.getInput(), x);
    double c = std::sqrt(2 / pi);
    if (inner && isClose(*inner, {0, c, 0, c * 0.044715}, elementType))
      return GeluOp::create(rewriter, loc, x.getType(), x,
                            /*tanh_approximation=*/true);
  }
  return nullptr;
}

void slim::detail::populateFuseActivationPatterns(RewritePatternSet &patterns,
                                                  Pass::Statistic &count) {
  MLIRContext *context = patterns.getContext();
  patterns.add<FuseProduct>(MulOp::getOperationName(), context, count);
  patterns.add<FuseProduct>(DivOp::getOperationName(), context, count);
}
