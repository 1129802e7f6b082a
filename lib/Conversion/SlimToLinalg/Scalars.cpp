//===- Scalars.cpp - Constants and conversions of scalars -----------------===//
#include "Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace slim;
using namespace slim::conversion;

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

static Value createFloat(OpBuilder &b, Location loc, FloatType type,
                         const APFloat &value) {
  return arith::ConstantOp::create(b, loc, FloatAttr::get(type, value));
}

static Value createInt(OpBuilder &b, Location loc, Type type,
                       const APInt &value) {
  return arith::ConstantOp::create(b, loc, IntegerAttr::get(type, value));
}

static Value createInt(OpBuilder &b, Location loc, Type type, int64_t value) {
  return arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, value));
}

Value conversion::createConstant(OpBuilder &b, Location loc, Type type,
                                 double value) {
  if (isa<FloatType>(type))
    return arith::ConstantOp::create(b, loc, b.getFloatAttr(type, value));
  return createInt(b, loc, type, static_cast<int64_t>(value));
}

Value conversion::createZero(OpBuilder &b, Location loc, Type type) {
  return arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
}

Value conversion::createOne(OpBuilder &b, Location loc, Type type) {
  return arith::ConstantOp::create(b, loc, b.getOneAttr(type));
}

static Value createExtreme(OpBuilder &b, Location loc, Type type,
                           bool isUnsigned, bool lowest) {
  if (auto floatType = dyn_cast<FloatType>(type)) {
    const llvm::fltSemantics &semantics = floatType.getFloatSemantics();
    return createFloat(b, loc, floatType,
                       APFloat::semanticsHasInf(semantics)
                           ? APFloat::getInf(semantics, lowest)
                           : APFloat::getLargest(semantics, lowest));
  }
  unsigned width = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
  APInt value = lowest ? (isUnsigned ? APInt::getMinValue(width)
                                     : APInt::getSignedMinValue(width))
                       : (isUnsigned ? APInt::getMaxValue(width)
                                     : APInt::getSignedMaxValue(width));
  return createInt(b, loc, type, value);
}

Value conversion::createLowest(OpBuilder &b, Location loc, Type type,
                               bool isUnsigned) {
  return createExtreme(b, loc, type, isUnsigned, /*lowest=*/true);
}

Value conversion::createHighest(OpBuilder &b, Location loc, Type type,
                                bool isUnsigned) {
  return createExtreme(b, loc, type, isUnsigned, /*lowest=*/false);
}

//===----------------------------------------------------------------------===//
// Small floats: no target computes with them, so that they are converted by
// integer arithmetic.
//===----------------------------------------------------------------------===//

namespace {

/// The layout of a float type with a sign of one bit, `mantissa` bits below
/// the leading one and an exponent biased by `bias`.
struct SmallFloat {
  explicit SmallFloat(FloatType type)
      : type(type), semantics(type.getFloatSemantics()), width(type.getWidth()),
        mantissa(APFloat::semanticsPrecision(semantics) - 1),
        minExponent(APFloat::semanticsMinExponent(semantics)),
        bias(1 - minExponent) {}

  /// Bits of a value without sign.
  uint64_t encode(const APFloat &value) const {
    return value.bitcastToAPInt().getZExtValue();
  }
  uint64_t getLargest() const { return encode(APFloat::getLargest(semantics)); }
  bool hasInf() const { return APFloat::semanticsHasInf(semantics); }
  bool hasNaN() const { return APFloat::semanticsHasNaN(semantics); }
  uint64_t getInf() const { return encode(APFloat::getInf(semantics)); }
  uint64_t getNaN() const { return encode(APFloat::getNaN(semantics)); }
  /// NaN is what would be minus zero (the FNUZ types).
  bool nanIsNegativeZero() const { return hasNaN() && getNaN() == signBit(); }
  uint64_t signBit() const { return uint64_t(1) << (width - 1); }

  FloatType type;
  const llvm::fltSemantics &semantics;
  unsigned width;
  unsigned mantissa;
  int minExponent;
  int bias;
};

/// Arithmetic on i32 and f32 with short names.
struct Emitter {
  Value constant(int64_t value) {
    return createInt(b, loc, b.getI32Type(), value);
  }
  Value number(double value) {
    return createConstant(b, loc, b.getF32Type(), value);
  }
  Value power(int exponent) { return number(std::ldexp(1.0, exponent)); }
  Value bitcast(Type type, Value value) {
    return arith::BitcastOp::create(b, loc, type, value);
  }
  Value toInt(Value value) { return bitcast(b.getI32Type(), value); }
  Value toFloat(Value value) { return bitcast(b.getF32Type(), value); }
  Value compare(arith::CmpIPredicate predicate, Value lhs, Value rhs) {
    return arith::CmpIOp::create(b, loc, predicate, lhs, rhs);
  }
  Value select(Value condition, Value onTrue, Value onFalse) {
    return arith::SelectOp::create(b, loc, condition, onTrue, onFalse);
  }
  template <typename OpTy>
  Value make(Value lhs, Value rhs) {
    return OpTy::create(b, loc, lhs, rhs);
  }

  OpBuilder &b;
  Location loc;
};

} // namespace

/// True for types that arith's own extf and truncf cannot lower.
static bool isSmallFloat(Type type) {
  auto floatType = dyn_cast<FloatType>(type);
  return floatType && floatType.getWidth() <= 8;
}

static bool isExponentOnly(Type type) { return isa<Float8E8M0FNUType>(type); }

/// A power of two: the exponent's bits are those of an f32.
static Value extendExponent(Emitter e, Value bits) {
  Value normal = e.toFloat(e.make<arith::ShLIOp>(bits, e.constant(23)));
  Value result =
      e.select(e.compare(arith::CmpIPredicate::eq, bits, e.constant(0)),
               e.power(-127), normal);
  return e.select(e.compare(arith::CmpIPredicate::eq, bits, e.constant(0xff)),
                  e.toFloat(e.constant(0x7fc00000)), result);
}

/// A small float as an f32, exactly: the bits, moved to where an f32 has
/// exponent and mantissa, are the number but for the difference of the biases.
static Value extendSmallFloat(OpBuilder &b, Location loc, Value value) {
  Emitter e{b, loc};
  SmallFloat format(cast<FloatType>(value.getType()));
  Value bits = arith::ExtUIOp::create(
      b, loc, b.getI32Type(), e.bitcast(b.getIntegerType(format.width), value));
  if (isExponentOnly(value.getType()))
    return extendExponent(e, bits);

  Value magnitude =
      e.make<arith::AndIOp>(bits, e.constant(format.signBit() - 1));
  Value sign = e.make<arith::ShLIOp>(
      e.make<arith::AndIOp>(bits, e.constant(format.signBit())),
      e.constant(32 - format.width));
  Value result =
      e.make<arith::MulFOp>(e.toFloat(e.make<arith::ShLIOp>(
                                magnitude, e.constant(23 - format.mantissa))),
                            e.power(127 - format.bias));
  Value nan = e.toFloat(e.constant(0x7fc00000));
  if (format.nanIsNegativeZero()) {
    result = e.toFloat(e.make<arith::OrIOp>(e.toInt(result), sign));
    return e.select(
        e.compare(arith::CmpIPredicate::eq, bits, e.constant(format.signBit())),
        nan, result);
  }
  if (format.hasInf())
    result = e.select(e.compare(arith::CmpIPredicate::eq, magnitude,
                                e.constant(format.getInf())),
                      e.toFloat(e.constant(0x7f800000)), result);
  if (format.hasNaN())
    result =
        e.select(e.compare(arith::CmpIPredicate::ugt, magnitude,
                           e.constant(format.hasInf() ? format.getInf()
                                                      : format.getLargest())),
                 nan, result);
  return e.toFloat(e.make<arith::OrIOp>(e.toInt(result), sign));
}

/// An f32 as a small float, rounded to nearest even.
static Value truncateToSmallFloat(OpBuilder &b, Location loc, Value value,
                                  FloatType type, bool saturate) {
  Emitter e{b, loc};
  SmallFloat format(type);
  Value bits = e.toInt(value);
  Value magnitude = e.make<arith::AndIOp>(bits, e.constant(0x7fffffff));
  Value absolute = e.toFloat(magnitude);
  unsigned shift = 23 - format.mantissa;

  // Normal numbers: round the mantissa, then correct the exponent's bias.
  Value odd = e.make<arith::AndIOp>(
      e.make<arith::ShRUIOp>(magnitude, e.constant(shift)), e.constant(1));
  Value rounded = e.make<arith::AddIOp>(
      e.make<arith::AddIOp>(magnitude,
                            e.constant((int64_t(1) << (shift - 1)) - 1)),
      odd);
  Value normal = e.make<arith::SubIOp>(
      e.make<arith::ShRUIOp>(rounded, e.constant(shift)),
      e.constant(int64_t(127 - format.bias) << format.mantissa));
  // Others: adding a number whose last place is the type's last place rounds.
  int magic = format.minExponent - static_cast<int>(format.mantissa) + 23;
  Value subnormal = e.make<arith::SubIOp>(
      e.toInt(e.make<arith::AddFOp>(absolute, e.power(magic))),
      e.toInt(e.power(magic)));
  Value isSubnormal = arith::CmpFOp::create(
      b, loc, arith::CmpFPredicate::OLT, absolute, e.power(format.minExponent));
  Value result = e.select(isSubnormal, subnormal, normal);

  Value largest = e.constant(format.getLargest());
  uint64_t beyond = format.getLargest();
  if (!saturate && (format.hasInf() || format.hasNaN()))
    beyond = format.hasInf() ? format.getInf() : format.getNaN();
  result = e.select(e.compare(arith::CmpIPredicate::sgt, result, largest),
                    e.constant(beyond), result);
  Value sign = e.make<arith::ShRUIOp>(
      e.make<arith::AndIOp>(bits, e.constant(int64_t(1) << 31)),
      e.constant(32 - format.width));
  Value isNaN =
      e.compare(arith::CmpIPredicate::sgt, magnitude, e.constant(0x7f800000));
  if (format.nanIsNegativeZero())
    sign = e.select(e.compare(arith::CmpIPredicate::eq, result, e.constant(0)),
                    e.constant(0), sign);
  result = e.make<arith::OrIOp>(result, sign);
  if (format.hasNaN())
    result = e.select(isNaN, e.constant(format.getNaN()), result);
  Value narrow =
      arith::TruncIOp::create(b, loc, b.getIntegerType(format.width), result);
  return e.bitcast(type, narrow);
}

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

static Value castFloatToFloat(OpBuilder &b, Location loc, Value value,
                              FloatType to, bool saturate) {
  Type from = value.getType();
  if (from == to)
    return value;
  Type f32 = b.getF32Type();
  if (isSmallFloat(from))
    return castFloatToFloat(b, loc, extendSmallFloat(b, loc, value), to,
                            saturate);
  if (isSmallFloat(to)) {
    if (isExponentOnly(to))
      return {};
    value = castFloatToFloat(b, loc, value, cast<FloatType>(f32), saturate);
    return truncateToSmallFloat(b, loc, value, to, saturate);
  }
  unsigned fromWidth = from.getIntOrFloatBitWidth(), toWidth = to.getWidth();
  if (fromWidth > 64 || toWidth > 64)
    return {};
  // By way of f32, so that no target needs a routine between f64 and 16 bits.
  bool halfAndDouble =
      fromWidth == 16 ? toWidth != 32 : toWidth == 16 && fromWidth != 32;
  if (halfAndDouble) {
    value = castFloatToFloat(b, loc, value, cast<FloatType>(f32), saturate);
    return castFloatToFloat(b, loc, value, to, saturate);
  }
  if (fromWidth < toWidth)
    return b.createOrFold<arith::ExtFOp>(loc, to, value);
  return b.createOrFold<arith::TruncFOp>(loc, to, value);
}

/// Truncates toward zero; what does not fit becomes the nearest integer that
/// does, and NaN zero.
static Value castFloatToInt(OpBuilder &b, Location loc, Value value,
                            IntegerType type, bool isUnsigned) {
  Type floatType = value.getType();
  unsigned width = type.getWidth();
  // Both bounds are powers of two and thus exact.
  double lower = isUnsigned ? 0.0 : -std::ldexp(1.0, width - 1);
  double upper = std::ldexp(1.0, isUnsigned ? width : width - 1);
  auto intType = IntegerType::get(b.getContext(), width);
  Value lowerBound = createConstant(b, loc, floatType, lower);
  Value upperBound = createConstant(b, loc, floatType, upper);
  auto compare = [&](arith::CmpFPredicate predicate, Value bound) -> Value {
    return b.createOrFold<arith::CmpFOp>(loc, predicate, value, bound);
  };
  Value above = compare(arith::CmpFPredicate::OGE, upperBound);
  Value below = compare(arith::CmpFPredicate::OLT, lowerBound);
  // False for NaN too.
  Value fits = b.createOrFold<arith::AndIOp>(
      loc, compare(arith::CmpFPredicate::OGE, lowerBound),
      compare(arith::CmpFPredicate::OLT, upperBound));
  Value safe = b.createOrFold<arith::SelectOp>(loc, fits, value,
                                               createZero(b, loc, floatType));
  Value result = isUnsigned
                     ? b.createOrFold<arith::FPToUIOp>(loc, intType, safe)
                     : b.createOrFold<arith::FPToSIOp>(loc, intType, safe);
  result = b.createOrFold<arith::SelectOp>(
      loc, above, createHighest(b, loc, intType, isUnsigned), result);
  return b.createOrFold<arith::SelectOp>(
      loc, below, createLowest(b, loc, intType, isUnsigned), result);
}

Value conversion::castScalar(OpBuilder &b, Location loc, Value value, Type from,
                             Type to, bool saturate) {
  if (from == to)
    return value;
  auto fromFloat = dyn_cast<FloatType>(from);
  auto toFloat = dyn_cast<FloatType>(to);
  auto fromInt = dyn_cast<IntegerType>(from);
  auto toInt = dyn_cast<IntegerType>(to);
  if (fromFloat && toFloat)
    return castFloatToFloat(b, loc, value, toFloat, saturate);

  if (fromInt && toInt) {
    auto type = IntegerType::get(b.getContext(), toInt.getWidth());
    if (toInt.getWidth() == 1)
      return b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::ne, value,
                                           createZero(b, loc, value.getType()));
    if (fromInt.getWidth() == toInt.getWidth())
      return value;
    if (fromInt.getWidth() > toInt.getWidth())
      return b.createOrFold<arith::TruncIOp>(loc, type, value);
    if (isUnsigned(from))
      return b.createOrFold<arith::ExtUIOp>(loc, type, value);
    return b.createOrFold<arith::ExtSIOp>(loc, type, value);
  }

  if (fromInt && toFloat) {
    // Narrow floats by way of f32.
    Type direct = getComputeType(toFloat);
    value = isUnsigned(from)
                ? b.createOrFold<arith::UIToFPOp>(loc, direct, value)
                : b.createOrFold<arith::SIToFPOp>(loc, direct, value);
    return castFloatToFloat(b, loc, value, toFloat, saturate);
  }

  if (fromFloat && toInt) {
    Type direct = getComputeType(fromFloat);
    value = castFloatToFloat(b, loc, value, cast<FloatType>(direct), saturate);
    if (!value)
      return {};
    if (toInt.getWidth() == 1)
      return b.createOrFold<arith::CmpFOp>(loc, arith::CmpFPredicate::UNE,
                                           value, createZero(b, loc, direct));
    return castFloatToInt(b, loc, value, toInt, isUnsigned(to));
  }
  return {};
}
