//===- ScalarOps.cpp - Elementwise slim ops on scalars --------------------===//
#include "ScalarOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "slim/IR/SlimOps.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace slim;
using namespace slim::conversion;

namespace {

/// Builds scalar ops with the names of arith and math; `isUnsigned` is that of
/// the slim op's operands.
struct ScalarBuilder {
  OpBuilder &b;
  Location loc;
  bool isUnsigned;

  template <typename OpTy>
  Value make(Value value) {
    return b.createOrFold<OpTy>(loc, value);
  }
  template <typename OpTy>
  Value make(Value lhs, Value rhs) {
    return b.createOrFold<OpTy>(loc, lhs, rhs);
  }
  Value constant(Value like, double value) {
    return createConstant(b, loc, like.getType(), value);
  }
  Value zero(Value like) { return createZero(b, loc, like.getType()); }
  Value one(Value like) { return createOne(b, loc, like.getType()); }
  Value compare(arith::CmpFPredicate predicate, Value lhs, Value rhs) {
    return b.createOrFold<arith::CmpFOp>(loc, predicate, lhs, rhs);
  }
  Value compare(arith::CmpIPredicate predicate, Value lhs, Value rhs) {
    return b.createOrFold<arith::CmpIOp>(loc, predicate, lhs, rhs);
  }
  Value select(Value condition, Value onTrue, Value onFalse) {
    return b.createOrFold<arith::SelectOp>(loc, condition, onTrue, onFalse);
  }
  Value add(Value lhs, Value rhs) { return createAdd(b, loc, lhs, rhs); }
  Value mul(Value lhs, Value rhs) { return createMul(b, loc, lhs, rhs); }
  Value sub(Value lhs, Value rhs) {
    if (isFloat(lhs))
      return make<arith::SubFOp>(lhs, rhs);
    return make<arith::SubIOp>(lhs, rhs);
  }
  Value min(Value lhs, Value rhs) {
    return createMin(b, loc, lhs, rhs, isUnsigned);
  }
  Value max(Value lhs, Value rhs) {
    return createMax(b, loc, lhs, rhs, isUnsigned);
  }
  Value less(Value lhs, Value rhs) {
    return createLess(b, loc, lhs, rhs, isUnsigned);
  }

  static bool isFloat(Value value) { return isa<FloatType>(value.getType()); }

  //===--------------------------------------------------------------------===//
  // Functions of one number
  //===--------------------------------------------------------------------===//

  Value abs(Value x) {
    if (isFloat(x))
      return make<math::AbsFOp>(x);
    return isUnsigned ? x : make<math::AbsIOp>(x);
  }
  Value neg(Value x) {
    if (isFloat(x))
      return make<arith::NegFOp>(x);
    return make<arith::SubIOp>(zero(x), x);
  }
  Value sign(Value x) {
    Value zeroValue = zero(x), oneValue = one(x);
    if (isFloat(x)) {
      // Zeros and NaN stay what they are.
      Value result = select(compare(arith::CmpFPredicate::OLT, x, zeroValue),
                            constant(x, -1.0), x);
      return select(compare(arith::CmpFPredicate::OGT, x, zeroValue), oneValue,
                    result);
    }
    Value result = select(compare(arith::CmpIPredicate::ne, x, zeroValue),
                          oneValue, zeroValue);
    if (isUnsigned)
      return result;
    return select(compare(arith::CmpIPredicate::slt, x, zeroValue),
                  constant(x, -1.0), result);
  }
  /// As a comparison and a choice, which is one instruction where maxps is.
  Value relu(Value x) { return select(less(x, zero(x)), zero(x), x); }
  Value reciprocal(Value x) { return make<arith::DivFOp>(one(x), x); }
  Value sigmoid(Value x) {
    return reciprocal(add(one(x), make<math::ExpOp>(neg(x))));
  }
  Value softplus(Value x) {
    Value tail = make<math::Log1pOp>(make<math::ExpOp>(neg(abs(x))));
    return add(max(x, zero(x)), tail);
  }
  Value clampToUnit(Value x) { return max(min(x, one(x)), zero(x)); }
  Value gelu(Value x, bool tanhApproximation) {
    Value half = mul(x, constant(x, 0.5));
    Value inner;
    if (tanhApproximation) {
      Value cube = mul(mul(x, x), mul(x, constant(x, 0.044715)));
      // sqrt(2 / pi)
      inner = make<math::TanhOp>(
          mul(add(x, cube), constant(x, 0.79788456080286535588)));
    } else {
      // 1 / sqrt(2)
      inner = make<math::ErfOp>(mul(x, constant(x, 0.70710678118654752440)));
    }
    return mul(half, add(inner, one(x)));
  }

  //===--------------------------------------------------------------------===//
  // Division. The hardware traps on x / 0 and INT_MIN / -1: the first gives 0
  // here, the second wraps.
  //===--------------------------------------------------------------------===//

  /// A divisor that does not trap.
  Value makeSafeDivisor(Value divisor, Value isZero) {
    Value unsafe = isZero;
    if (!isUnsigned)
      unsafe =
          make<arith::OrIOp>(unsafe, compare(arith::CmpIPredicate::eq, divisor,
                                             constant(divisor, -1.0)));
    return select(unsafe, one(divisor), divisor);
  }
  Value divide(Value lhs, Value rhs) {
    if (isFloat(lhs))
      return make<arith::DivFOp>(lhs, rhs);
    Value isZero = compare(arith::CmpIPredicate::eq, rhs, zero(rhs));
    Value safe = makeSafeDivisor(rhs, isZero);
    Value quotient = isUnsigned ? make<arith::DivUIOp>(lhs, safe)
                                : make<arith::DivSIOp>(lhs, safe);
    if (!isUnsigned)
      quotient =
          select(compare(arith::CmpIPredicate::eq, rhs, constant(rhs, -1.0)),
                 neg(lhs), quotient);
    return select(isZero, zero(lhs), quotient);
  }
  Value remainder(Value lhs, Value rhs) {
    if (isFloat(lhs))
      return make<arith::RemFOp>(lhs, rhs);
    Value isZero = compare(arith::CmpIPredicate::eq, rhs, zero(rhs));
    Value safe = makeSafeDivisor(rhs, isZero);
    return isUnsigned ? make<arith::RemUIOp>(lhs, safe)
                      : make<arith::RemSIOp>(lhs, safe);
  }
  /// The remainder moved to the divisor's side of zero.
  Value modulo(Value lhs, Value rhs) {
    Value result = remainder(lhs, rhs);
    if (isUnsigned && !isFloat(lhs))
      return result;
    Value isNonZero =
        isFloat(lhs) ? compare(arith::CmpFPredicate::UNE, result, zero(result))
                     : compare(arith::CmpIPredicate::ne, result, zero(result));
    Value signsDiffer =
        make<arith::XOrIOp>(less(result, zero(result)), less(rhs, zero(rhs)));
    return select(make<arith::AndIOp>(isNonZero, signsDiffer), add(result, rhs),
                  result);
  }

  //===--------------------------------------------------------------------===//
  // Powers
  //===--------------------------------------------------------------------===//

  /// By repeated squaring; a negative exponent gives 1 / x^n, which is 0 but
  /// for the bases 1 and -1 (and for 0, as division by zero).
  Value powerOfInts(Value base, Value exponent, bool exponentIsUnsigned) {
    Value zeroExponent = zero(exponent), oneExponent = one(exponent);
    Value isNegative;
    Value count = exponent;
    if (!exponentIsUnsigned) {
      isNegative = compare(arith::CmpIPredicate::slt, exponent, zeroExponent);
      count = select(isNegative, make<arith::SubIOp>(zeroExponent, exponent),
                     exponent);
    }
    SmallVector<Type> types = {base.getType(), count.getType(), base.getType()};
    auto loop = scf::WhileOp::create(
        b, loc, types, ValueRange{base, count, one(base)},
        [&](OpBuilder &b, Location loc, ValueRange args) {
          Value goOn = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne,
                                             args[1], zeroExponent);
          scf::ConditionOp::create(b, loc, goOn, args);
        },
        [&](OpBuilder &b, Location loc, ValueRange args) {
          Value bit = arith::AndIOp::create(b, loc, args[1], oneExponent);
          Value isOdd = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne,
                                              bit, zeroExponent);
          Value product = arith::MulIOp::create(b, loc, args[2], args[0]);
          Value result =
              arith::SelectOp::create(b, loc, isOdd, product, args[2]);
          Value square = arith::MulIOp::create(b, loc, args[0], args[0]);
          Value rest = arith::ShRUIOp::create(b, loc, args[1], oneExponent);
          scf::YieldOp::create(b, loc, ValueRange{square, rest, result});
        });
    Value result = loop.getResult(2);
    if (!isNegative)
      return result;
    return select(isNegative, divide(one(base), result), result);
  }

  Value power(Value base, Value exponent, Type baseType, Type exponentType) {
    if (!isFloat(base) && !isFloat(exponent))
      return powerOfInts(base, exponent, conversion::isUnsigned(exponentType));
    // Small whole exponents, as in x^2, are products.
    APFloat constant(0.0);
    APInt constantInt;
    std::optional<double> known;
    if (matchPattern(exponent, m_ConstantFloat(&constant)))
      known = constant.convertToDouble();
    else if (matchPattern(exponent, m_ConstantInt(&constantInt)))
      known = conversion::isUnsigned(exponentType)
                  ? constantInt.roundToDouble(/*isSigned=*/false)
                  : constantInt.roundToDouble(/*isSigned=*/true);
    if (known && isFloat(base)) {
      if (*known == 1.0)
        return base;
      if (*known == 2.0)
        return mul(base, base);
      if (*known == 3.0)
        return mul(mul(base, base), base);
    }
    Type type = base.getType();
    Value result;
    if (isFloat(base)) {
      result = make<math::PowFOp>(
          base, castScalar(b, loc, exponent, getWidened(exponentType, exponent),
                           type));
      return result;
    }
    // An integer to a real power: by way of f64.
    Type f64 = b.getF64Type();
    result = make<math::PowFOp>(
        castScalar(b, loc, base, baseType, f64),
        castScalar(b, loc, exponent, getWidened(exponentType, exponent), f64));
    return castScalar(b, loc, result, f64, baseType);
  }

  /// The type of `value`, which has been widened for the computation, with the
  /// sign of the original type.
  static Type getWidened(Type original, Value value) {
    return isFloat(value) ? value.getType() : original;
  }

  //===--------------------------------------------------------------------===//
  // Bits
  //===--------------------------------------------------------------------===//

  /// A shift by the width or more leaves nothing but the sign.
  Value shift(Value lhs, Value rhs, bool left) {
    unsigned width = lhs.getType().getIntOrFloatBitWidth();
    Value tooFar = compare(arith::CmpIPredicate::uge, rhs,
                           constant(rhs, static_cast<double>(width)));
    Value amount = select(tooFar, zero(rhs), rhs);
    if (left)
      return select(tooFar, zero(lhs), make<arith::ShLIOp>(lhs, amount));
    if (isUnsigned)
      return select(tooFar, zero(lhs), make<arith::ShRUIOp>(lhs, amount));
    amount = select(tooFar, constant(rhs, width - 1.0), rhs);
    return make<arith::ShRSIOp>(lhs, amount);
  }

  Value compareNumbers(Value lhs, Value rhs, arith::CmpFPredicate ofFloats,
                       arith::CmpIPredicate ofSigned,
                       arith::CmpIPredicate ofUnsigned) {
    if (isFloat(lhs))
      return compare(ofFloats, lhs, rhs);
    return compare(isUnsigned ? ofUnsigned : ofSigned, lhs, rhs);
  }
};

} // namespace

Value conversion::createMin(OpBuilder &b, Location loc, Value lhs, Value rhs,
                            bool isUnsigned) {
  if (isa<FloatType>(lhs.getType()))
    return b.createOrFold<arith::MinimumFOp>(loc, lhs, rhs);
  if (isUnsigned)
    return b.createOrFold<arith::MinUIOp>(loc, lhs, rhs);
  return b.createOrFold<arith::MinSIOp>(loc, lhs, rhs);
}

Value conversion::createMax(OpBuilder &b, Location loc, Value lhs, Value rhs,
                            bool isUnsigned) {
  if (isa<FloatType>(lhs.getType()))
    return b.createOrFold<arith::MaximumFOp>(loc, lhs, rhs);
  if (isUnsigned)
    return b.createOrFold<arith::MaxUIOp>(loc, lhs, rhs);
  return b.createOrFold<arith::MaxSIOp>(loc, lhs, rhs);
}

Value conversion::createLess(OpBuilder &b, Location loc, Value lhs, Value rhs,
                             bool isUnsigned) {
  if (isa<FloatType>(lhs.getType()))
    return b.createOrFold<arith::CmpFOp>(loc, arith::CmpFPredicate::OLT, lhs,
                                         rhs);
  return b.createOrFold<arith::CmpIOp>(
      loc, isUnsigned ? arith::CmpIPredicate::ult : arith::CmpIPredicate::slt,
      lhs, rhs);
}

Value conversion::createAdd(OpBuilder &b, Location loc, Value lhs, Value rhs,
                            arith::FastMathFlags fastmath) {
  if (isa<FloatType>(lhs.getType()))
    return b.createOrFold<arith::AddFOp>(loc, lhs, rhs, fastmath);
  return b.createOrFold<arith::AddIOp>(loc, lhs, rhs);
}

Value conversion::createMul(OpBuilder &b, Location loc, Value lhs, Value rhs) {
  if (isa<FloatType>(lhs.getType()))
    return b.createOrFold<arith::MulFOp>(loc, lhs, rhs);
  return b.createOrFold<arith::MulIOp>(loc, lhs, rhs);
}

/// Unary ops on floats that are one op of math.
static Value createMathFunction(ScalarBuilder &s, Operation *op, Value x) {
  return TypeSwitch<Operation *, Value>(op)
      .Case<ExpOp>([&](auto) { return s.make<math::ExpOp>(x); })
      .Case<LogOp>([&](auto) { return s.make<math::LogOp>(x); })
      .Case<SqrtOp>([&](auto) { return s.make<math::SqrtOp>(x); })
      .Case<FloorOp>([&](auto) { return s.make<math::FloorOp>(x); })
      .Case<CeilOp>([&](auto) { return s.make<math::CeilOp>(x); })
      .Case<RoundOp>([&](auto) { return s.make<math::RoundEvenOp>(x); })
      .Case<SinOp>([&](auto) { return s.make<math::SinOp>(x); })
      .Case<CosOp>([&](auto) { return s.make<math::CosOp>(x); })
      .Case<TanOp>([&](auto) { return s.make<math::TanOp>(x); })
      .Case<AsinOp>([&](auto) { return s.make<math::AsinOp>(x); })
      .Case<AcosOp>([&](auto) { return s.make<math::AcosOp>(x); })
      .Case<AtanOp>([&](auto) { return s.make<math::AtanOp>(x); })
      .Case<SinhOp>([&](auto) { return s.make<math::SinhOp>(x); })
      .Case<CoshOp>([&](auto) { return s.make<math::CoshOp>(x); })
      .Case<TanhOp>([&](auto) { return s.make<math::TanhOp>(x); })
      .Case<AsinhOp>([&](auto) { return s.make<math::AsinhOp>(x); })
      .Case<AcoshOp>([&](auto) { return s.make<math::AcoshOp>(x); })
      .Case<AtanhOp>([&](auto) { return s.make<math::AtanhOp>(x); })
      .Case<ErfOp>([&](auto) { return s.make<math::ErfOp>(x); })
      .Default(Value());
}

static Value createUnary(ScalarBuilder &s, Operation *op, Value x) {
  if (Value result = createMathFunction(s, op, x))
    return result;
  auto constant = [&](const APFloat &value) {
    return s.constant(x, value.convertToDouble());
  };
  return TypeSwitch<Operation *, Value>(op)
      .Case<AbsOp>([&](auto) { return s.abs(x); })
      .Case<NegOp>([&](auto) { return s.neg(x); })
      .Case<SignOp>([&](auto) { return s.sign(x); })
      .Case<RsqrtOp>(
          [&](auto) { return s.reciprocal(s.make<math::SqrtOp>(x)); })
      .Case<ReciprocalOp>([&](auto) { return s.reciprocal(x); })
      .Case<SigmoidOp>([&](auto) { return s.sigmoid(x); })
      .Case<ReluOp>([&](auto) { return s.relu(x); })
      .Case<SiluOp>([&](auto) { return s.mul(x, s.sigmoid(x)); })
      .Case<SoftplusOp>([&](auto) { return s.softplus(x); })
      .Case<SoftsignOp>([&](auto) {
        return s.make<arith::DivFOp>(x, s.add(s.one(x), s.abs(x)));
      })
      .Case<MishOp>(
          [&](auto) { return s.mul(x, s.make<math::TanhOp>(s.softplus(x))); })
      .Case<HardSwishOp>([&](auto) {
        Value gate =
            s.add(s.mul(x, s.constant(x, 1.0 / 6.0)), s.constant(x, 0.5));
        return s.mul(x, s.clampToUnit(gate));
      })
      .Case<HardSigmoidOp>([&](HardSigmoidOp op) {
        return s.clampToUnit(
            s.add(s.mul(x, constant(op.getAlpha())), constant(op.getBeta())));
      })
      .Case<GeluOp>(
          [&](GeluOp op) { return s.gelu(x, op.getTanhApproximation()); })
      .Case<LeakyReluOp>([&](LeakyReluOp op) {
        return s.select(s.less(x, s.zero(x)), s.mul(x, constant(op.getAlpha())),
                        x);
      })
      .Case<EluOp>([&](EluOp op) {
        Value scaled = s.make<arith::DivFOp>(x, constant(op.getScale()));
        Value below = s.mul(constant(op.getAlpha()),
                            s.sub(s.make<math::ExpOp>(scaled), s.one(x)));
        Value isPositive = s.compare(arith::CmpFPredicate::OGT, x, s.zero(x));
        return s.mul(constant(op.getGamma()), s.select(isPositive, x, below));
      })
      .Case<NotOp>([&](auto) {
        Value allOnes =
            createHighest(s.b, s.loc, x.getType(), /*isUnsigned=*/true);
        return s.make<arith::XOrIOp>(x, allOnes);
      })
      .Case<IsNaNOp>(
          [&](auto) { return s.compare(arith::CmpFPredicate::UNO, x, x); })
      .Case<IsInfOp>([&](IsInfOp op) {
        auto isInfinity = [&](bool negative) {
          auto infinity = createConstant(s.b, s.loc, x.getType(),
                                         negative ? -INFINITY : INFINITY);
          return s.compare(arith::CmpFPredicate::OEQ, x, infinity);
        };
        Value result = createConstant(s.b, s.loc, s.b.getI1Type(), 0.0);
        if (op.getPositive())
          result = s.make<arith::OrIOp>(result, isInfinity(false));
        if (op.getNegative())
          result = s.make<arith::OrIOp>(result, isInfinity(true));
        return result;
      })
      .Default(Value());
}

static Value createBinary(ScalarBuilder &s, Operation *op, Value lhs,
                          Value rhs) {
  using F = arith::CmpFPredicate;
  using I = arith::CmpIPredicate;
  return TypeSwitch<Operation *, Value>(op)
      .Case<AddOp>([&](auto) { return s.add(lhs, rhs); })
      .Case<SubOp>([&](auto) { return s.sub(lhs, rhs); })
      .Case<MulOp>([&](auto) { return s.mul(lhs, rhs); })
      .Case<DivOp>([&](auto) { return s.divide(lhs, rhs); })
      .Case<ModOp>([&](auto) { return s.modulo(lhs, rhs); })
      .Case<RemOp>([&](auto) { return s.remainder(lhs, rhs); })
      .Case<MinOp>([&](auto) { return s.min(lhs, rhs); })
      .Case<MaxOp>([&](auto) { return s.max(lhs, rhs); })
      .Case<PReluOp>([&](auto) {
        return s.select(s.less(lhs, s.zero(lhs)), s.mul(lhs, rhs), lhs);
      })
      .Case<PowOp>([&](PowOp op) {
        return s.power(lhs, rhs, getElementTypeOrSelf(op.getLhs()),
                       getElementTypeOrSelf(op.getRhs()));
      })
      .Case<AndOp>([&](auto) { return s.make<arith::AndIOp>(lhs, rhs); })
      .Case<OrOp>([&](auto) { return s.make<arith::OrIOp>(lhs, rhs); })
      .Case<XorOp>([&](auto) { return s.make<arith::XOrIOp>(lhs, rhs); })
      .Case<ShiftLeftOp>([&](auto) { return s.shift(lhs, rhs, true); })
      .Case<ShiftRightOp>([&](auto) { return s.shift(lhs, rhs, false); })
      .Case<EqualOp>([&](auto) {
        return s.compareNumbers(lhs, rhs, F::OEQ, I::eq, I::eq);
      })
      .Case<LessOp>([&](auto) {
        return s.compareNumbers(lhs, rhs, F::OLT, I::slt, I::ult);
      })
      .Case<LessEqualOp>([&](auto) {
        return s.compareNumbers(lhs, rhs, F::OLE, I::sle, I::ule);
      })
      .Case<GreaterOp>([&](auto) {
        return s.compareNumbers(lhs, rhs, F::OGT, I::sgt, I::ugt);
      })
      .Case<GreaterEqualOp>([&](auto) {
        return s.compareNumbers(lhs, rhs, F::OGE, I::sge, I::uge);
      })
      .Default(Value());
}

Value conversion::createScalarOp(OpBuilder &b, Location loc, Operation *op,
                                 ValueRange args) {
  // These move elements and need no arithmetic on them.
  if (isa<SelectOp>(op))
    return b.createOrFold<arith::SelectOp>(loc, args[0], args[1], args[2]);
  if (auto cast = dyn_cast<CastOp>(op))
    return castScalar(b, loc, args[0], getElementTypeOrSelf(cast.getInput()),
                      cast.getTo(), cast.getSaturate());

  SmallVector<Value> operands;
  for (Value arg : args) {
    Type computeType = getComputeType(arg.getType());
    Value operand = castScalar(b, loc, arg, arg.getType(), computeType);
    if (!operand)
      return {};
    operands.push_back(operand);
  }
  ScalarBuilder s{b, loc, conversion::isUnsigned(op->getOperand(0).getType())};
  Value result;
  if (auto clamp = dyn_cast<ClampOp>(op)) {
    result = operands[0];
    unsigned next = 1;
    if (clamp.getLower())
      result = s.max(result, operands[next++]);
    if (clamp.getUpper())
      result = s.min(result, operands[next]);
  } else if (operands.size() == 1) {
    result = createUnary(s, op, operands[0]);
  } else if (operands.size() == 2) {
    result = createBinary(s, op, operands[0], operands[1]);
  }
  if (!result || !isa<FloatType>(result.getType()))
    return result;
  return castScalar(b, loc, result, result.getType(),
                    getElementTypeOrSelf(op->getResult(0)));
}
