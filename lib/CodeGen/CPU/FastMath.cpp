//===- FastMath.cpp - Fast transcendental functions -----------------===//
//
// Coefficients are minimax fits of the relative error (Lawson's iteration in
// f64, rounded to f32), evaluated by Horner's rule with fused multiply-adds.
//
//===----------------------------------------------------------------------===//
#include "FastMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include <limits>

using namespace slim;

namespace {

/// Builds arithmetic on f32 numbers, or on vectors of them.
class Builder32 : public ImplicitLocOpBuilder {
public:
  Builder32(PatternRewriter &rewriter, Value like)
      : ImplicitLocOpBuilder(like.getLoc(), rewriter), type(like.getType()) {}

  Value constant(float number) {
    return makeConstant(getF32FloatAttr(number), type);
  }
  Value constant(int32_t number) {
    return makeConstant(getI32IntegerAttr(number), getIntType());
  }
  Value fma(Value x, Value y, Value z) {
    return math::FmaOp::create(*this, x, y, z);
  }
  Value fma(Value x, float y, Value z) { return fma(x, constant(y), z); }
  Value toInt(Value x) {
    return arith::BitcastOp::create(*this, getIntType(), x);
  }
  Value toFloat(Value x) { return arith::BitcastOp::create(*this, type, x); }
  Value compare(arith::CmpFPredicate predicate, Value x, Value y) {
    return arith::CmpFOp::create(*this, predicate, x, y);
  }
  Value select(Value condition, Value x, Value y) {
    return arith::SelectOp::create(*this, condition, x, y);
  }
  /// coefficients[0] + coefficients[1] x + ...
  Value polynomial(Value x, ArrayRef<float> coefficients) {
    Value sum = constant(coefficients.back());
    for (float coefficient : llvm::reverse(coefficients.drop_back()))
      sum = fma(sum, x, constant(coefficient));
    return sum;
  }

private:
  Type getIntType() {
    auto shaped = dyn_cast<ShapedType>(type);
    return shaped ? Type(shaped.clone(getI32Type())) : getI32Type();
  }
  Value makeConstant(TypedAttr number, Type type) {
    if (auto shaped = dyn_cast<ShapedType>(type))
      number = DenseElementsAttr::get(shaped, number);
    return arith::ConstantOp::create(*this, type, number);
  }

  Type type;
};

bool isF32(Type type) {
  return getElementTypeOrSelf(type).isF32() &&
         (type.isF32() || isa<VectorType>(type));
}

/// exp(x) = 2^n exp(r) for the integer n nearest to x / ln 2. The exponent goes
/// into the bits of the polynomial's value, which works up to the greatest
/// results: there the value is below 1.
struct ExpandExp : OpRewritePattern<math::ExpOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::ExpOp op,
                                PatternRewriter &rewriter) const final {
    Value x = op.getOperand();
    if (!isF32(x.getType()))
      return failure();
    Builder32 b(rewriter, x);
    // Adding 1.5 * 2^23 leaves n in the low bits of the sum.
    Value magic = b.constant(12582912.0f);
    Value shifted = b.fma(x, 1.44269504f, magic);
    Value n = arith::SubFOp::create(b, shifted, magic);
    // ln 2 in two parts; products of n with the first are exact.
    Value r = b.fma(n, -0.693359375f, x);
    r = b.fma(n, 2.12194440e-4f, r);
    Value value =
        b.polynomial(r, {1.0f, 1.0f, 0.49999991059303284f, 0.16666419804096222f,
                         0.04166822507977486f, 0.008374824188649654f,
                         0.0013836835278198123f});
    Value exponent = arith::ShLIOp::create(b, b.toInt(shifted), b.constant(23));
    Value result =
        b.toFloat(arith::AddIOp::create(b, b.toInt(value), exponent));
    // Beyond the greatest result, and for NaN, a product that overflows or is
    // NaN; below the least normal one, 0.
    Value huge = arith::MulFOp::create(
        b, x, b.constant(std::numeric_limits<float>::max()));
    Value isFinite =
        b.compare(arith::CmpFPredicate::OLE, x, b.constant(88.72283935546875f));
    result = b.select(isFinite, result, huge);
    Value isTiny = b.compare(arith::CmpFPredicate::OLT, x,
                             b.constant(-87.33654022216797f));
    rewriter.replaceOp(op, b.select(isTiny, b.constant(0.0f), result));
    return success();
  }
};

/// erf(x) = x P(x^2) / Q(x^2) where it is not 1.
struct ExpandErf : OpRewritePattern<math::ErfOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::ErfOp op,
                                PatternRewriter &rewriter) const final {
    Value x = op.getOperand();
    if (!isF32(x.getType()))
      return failure();
    Builder32 b(rewriter, x);
    constexpr float limit = 3.84f;
    // These comparisons keep NaN.
    Value high = b.constant(limit), low = b.constant(-limit);
    Value inside =
        b.select(b.compare(arith::CmpFPredicate::OLT, high, x), high, x);
    inside = b.select(b.compare(arith::CmpFPredicate::OGT, low, inside), low,
                      inside);
    Value square = arith::MulFOp::create(b, inside, inside);
    Value numerator =
        b.polynomial(square, {1.1283791065216064f, 0.1875598281621933f,
                              0.05244455114006996f, 0.003661775728687644f,
                              0.00028582525555975735f, 2.116744099112111e-06f});
    Value denominator =
        b.polynomial(square, {1.0f, 0.49955347180366516f, 0.11299791187047958f,
                              0.014760550111532211f, 0.0011433176696300507f,
                              3.8826619856990874e-05f});
    Value quotient = arith::DivFOp::create(
        b, arith::MulFOp::create(b, inside, numerator), denominator);
    Value isOutside = b.compare(arith::CmpFPredicate::ONE, inside, x);
    Value one = math::CopySignOp::create(b, b.constant(1.0f), x);
    rewriter.replaceOp(op, b.select(isOutside, one, quotient));
    return success();
  }
};

/// log(x) = e ln 2 + log(1 + f) with 1 + f between 2/3 and 4/3.
struct ExpandLog : OpRewritePattern<math::LogOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::LogOp op,
                                PatternRewriter &rewriter) const final {
    Value x = op.getOperand();
    if (!isF32(x.getType()))
      return failure();
    Builder32 b(rewriter, x);
    using arith::CmpFPredicate;
    const float infinity = std::numeric_limits<float>::infinity();
    Value zero = b.constant(0.0f);
    // Subnormal numbers are made normal.
    Value isSmall = b.compare(CmpFPredicate::OLT, x,
                              b.constant(std::numeric_limits<float>::min()));
    Value scaled = arith::MulFOp::create(b, x, b.constant(8388608.0f));
    Value normal = b.select(isSmall, scaled, x);
    Value bits = b.toInt(normal);
    // The exponent, in its place in the word: that of normal / (2/3).
    Value exponent = arith::SubIOp::create(b, bits, b.constant(0x3f2aaaab));
    exponent =
        arith::AndIOp::create(b, exponent, b.constant(int32_t(~0u << 23)));
    Value mantissa = b.toFloat(arith::SubIOp::create(b, bits, exponent));
    Value e = arith::SIToFPOp::create(b, x.getType(), exponent);
    Value start = b.select(isSmall, b.constant(-23.0f), zero);
    e = b.fma(e, 1.1920928955078125e-7f, start);
    Value f = arith::SubFOp::create(b, mantissa, b.constant(1.0f));
    Value square = arith::MulFOp::create(b, f, f);
    Value even = b.polynomial(
        square, {-0.249996200f, -0.166846052f, -0.121484190f, -0.130310059f});
    Value odd =
        b.polynomial(square, {0.200120345f, 0.139814854f, 0.140869141f});
    Value r = b.fma(odd, f, even);
    r = b.fma(r, f, b.constant(0.333331972f));
    r = b.fma(r, f, b.constant(-0.5f));
    r = b.fma(r, square, f);
    r = b.fma(e, 0.693147182f, r);
    // Infinity and NaN give themselves, 0 minus infinity, the rest NaN.
    Value isFinite = b.compare(CmpFPredicate::OLT, x, b.constant(infinity));
    r = b.select(isFinite, r, x);
    Value isPositive = b.compare(CmpFPredicate::UGT, x, zero);
    Value isZero = b.compare(CmpFPredicate::OEQ, x, zero);
    Value rest = b.select(isZero, b.constant(-infinity),
                          b.constant(std::numeric_limits<float>::quiet_NaN()));
    rewriter.replaceOp(op, b.select(isPositive, r, rest));
    return success();
  }
};

} // namespace

void cpu::populateFastMathPatterns(RewritePatternSet &patterns) {
  patterns.add<ExpandErf, ExpandExp, ExpandLog>(patterns.getContext());
}
