//===- Evaluate.cpp - Elementwise ops on numbers ----------------*- C++ -*-===//
#include "Evaluate.h"

#include "slim/IR/OpSupport.h"
#include "slim/IR/SlimOps.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace slim;
using namespace slim::detail;

int64_t slim::detail::wrapInt(int64_t value, IntegerType type) {
  unsigned width = type.getWidth();
  if (width >= 64)
    return value;
  if (type.isUnsigned() || width == 1)
    return value & llvm::maskTrailingOnes<uint64_t>(width);
  return llvm::SignExtend64(static_cast<uint64_t>(value), width);
}

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

namespace {
using Ints = ArrayRef<int64_t>;
using MaybeInt = std::optional<int64_t>;
} // namespace

/// Arithmetic that wraps around.
static int64_t addInts(int64_t lhs, int64_t rhs) {
  return static_cast<int64_t>(static_cast<uint64_t>(lhs) +
                              static_cast<uint64_t>(rhs));
}
static int64_t negateInt(int64_t value) {
  return static_cast<int64_t>(-static_cast<uint64_t>(value));
}
static int64_t multiplyInts(int64_t lhs, int64_t rhs) {
  return static_cast<int64_t>(static_cast<uint64_t>(lhs) *
                              static_cast<uint64_t>(rhs));
}

static MaybeInt divideInts(int64_t lhs, int64_t rhs, bool isUnsigned) {
  if (rhs == 0)
    return std::nullopt;
  if (isUnsigned)
    return static_cast<int64_t>(static_cast<uint64_t>(lhs) /
                                static_cast<uint64_t>(rhs));
  return rhs == -1 ? negateInt(lhs) : lhs / rhs;
}

static MaybeInt remainderInts(int64_t lhs, int64_t rhs, bool isUnsigned) {
  if (rhs == 0)
    return std::nullopt;
  if (isUnsigned)
    return static_cast<int64_t>(static_cast<uint64_t>(lhs) %
                                static_cast<uint64_t>(rhs));
  return rhs == -1 ? 0 : lhs % rhs;
}

static MaybeInt powerInts(int64_t base, int64_t exponent, bool isUnsigned) {
  if (!isUnsigned && exponent < 0) {
    if (base == 0)
      return std::nullopt;
    if (base == 1)
      return 1;
    if (base == -1)
      return exponent % 2 == 0 ? 1 : -1;
    return 0;
  }
  int64_t power = 1;
  for (auto rest = static_cast<uint64_t>(exponent); rest; rest >>= 1) {
    if (rest & 1)
      power = multiplyInts(power, base);
    base = multiplyInts(base, base);
  }
  return power;
}

/// A shift by the element's width or more has no meaning.
static bool isShift(int64_t amount, IntegerType type) {
  return amount >= 0 && amount < static_cast<int64_t>(type.getWidth());
}

IntFunction slim::detail::getIntFunction(Operation *op, IntegerType type) {
  if (type.getWidth() > 64)
    return nullptr;
  bool isUnsigned = type.isUnsigned() || type.getWidth() == 1;
  auto less = [=](int64_t lhs, int64_t rhs) {
    return isUnsigned ? static_cast<uint64_t>(lhs) < static_cast<uint64_t>(rhs)
                      : lhs < rhs;
  };
  using llvm::TypeSwitch;
  IntFunction arithmetic =
      TypeSwitch<Operation *, IntFunction>(op)
          .Case<AddOp>([](auto) {
            return [](Ints x) -> MaybeInt { return addInts(x[0], x[1]); };
          })
          .Case<SubOp>([](auto) {
            return [](Ints x) -> MaybeInt {
              return addInts(x[0], negateInt(x[1]));
            };
          })
          .Case<MulOp>([](auto) {
            return [](Ints x) -> MaybeInt { return multiplyInts(x[0], x[1]); };
          })
          .Case<DivOp>([=](auto) {
            return [=](Ints x) { return divideInts(x[0], x[1], isUnsigned); };
          })
          .Case<RemOp>([=](auto) {
            return
                [=](Ints x) { return remainderInts(x[0], x[1], isUnsigned); };
          })
          .Case<ModOp>([=](auto) {
            return [=](Ints x) {
              MaybeInt rest = remainderInts(x[0], x[1], isUnsigned);
              if (rest && *rest != 0 && !isUnsigned &&
                  (*rest < 0) != (x[1] < 0))
                return MaybeInt(*rest + x[1]);
              return rest;
            };
          })
          .Case<PowOp>([=](auto) {
            return [=](Ints x) { return powerInts(x[0], x[1], isUnsigned); };
          })
          .Case<MinOp>([=](auto) {
            return [=](Ints x) -> MaybeInt {
              return less(x[1], x[0]) ? x[1] : x[0];
            };
          })
          .Case<MaxOp>([=](auto) {
            return [=](Ints x) -> MaybeInt {
              return less(x[0], x[1]) ? x[1] : x[0];
            };
          })
          .Case<PReluOp>([=](auto) {
            return [=](Ints x) -> MaybeInt {
              return less(x[0], 0) ? multiplyInts(x[0], x[1]) : x[0];
            };
          })
          .Default(IntFunction());
  if (arithmetic)
    return arithmetic;

  return TypeSwitch<Operation *, IntFunction>(op)
      .Case<AbsOp>([=](auto) {
        return [=](Ints x) -> MaybeInt {
          return less(x[0], 0) ? negateInt(x[0]) : x[0];
        };
      })
      .Case<NegOp>([](auto) {
        return [](Ints x) -> MaybeInt { return negateInt(x[0]); };
      })
      .Case<SignOp>([=](auto) {
        return [=](Ints x) -> MaybeInt {
          return less(x[0], 0) ? -1 : (x[0] != 0 ? 1 : 0);
        };
      })
      .Case<ReluOp>([=](auto) {
        return [=](Ints x) -> MaybeInt { return less(x[0], 0) ? 0 : x[0]; };
      })
      .Case<NotOp>(
          [](auto) { return [](Ints x) -> MaybeInt { return ~x[0]; }; })
      .Case<AndOp>(
          [](auto) { return [](Ints x) -> MaybeInt { return x[0] & x[1]; }; })
      .Case<OrOp>(
          [](auto) { return [](Ints x) -> MaybeInt { return x[0] | x[1]; }; })
      .Case<XorOp>(
          [](auto) { return [](Ints x) -> MaybeInt { return x[0] ^ x[1]; }; })
      .Case<ShiftLeftOp>([=](auto) {
        return [=](Ints x) -> MaybeInt {
          if (!isShift(x[1], type))
            return std::nullopt;
          return static_cast<int64_t>(static_cast<uint64_t>(x[0]) << x[1]);
        };
      })
      .Case<ShiftRightOp>([=](auto) {
        return [=](Ints x) -> MaybeInt {
          if (!isShift(x[1], type))
            return std::nullopt;
          if (isUnsigned)
            return static_cast<int64_t>(static_cast<uint64_t>(x[0]) >> x[1]);
          return x[0] >> x[1];
        };
      })
      .Case<EqualOp>(
          [](auto) { return [](Ints x) -> MaybeInt { return x[0] == x[1]; }; })
      .Case<LessOp>([=](auto) {
        return [=](Ints x) -> MaybeInt { return less(x[0], x[1]); };
      })
      .Case<LessEqualOp>([=](auto) {
        return [=](Ints x) -> MaybeInt { return !less(x[1], x[0]); };
      })
      .Case<GreaterOp>([=](auto) {
        return [=](Ints x) -> MaybeInt { return less(x[1], x[0]); };
      })
      .Case<GreaterEqualOp>([=](auto) {
        return [=](Ints x) -> MaybeInt { return !less(x[0], x[1]); };
      })
      .Case<SelectOp>([](auto) {
        return [](Ints x) -> MaybeInt { return x[0] ? x[1] : x[2]; };
      })
      .Default(IntFunction());
}

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

namespace {
using Floats = ArrayRef<double>;
using MaybeFloat = std::optional<double>;
} // namespace

template <double (*function)(double)>
static MaybeFloat apply(Floats x) {
  return function(x[0]);
}

static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
static double softplus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x)));
}
static double clampUnit(double x) { return std::min(std::max(x, 0.0), 1.0); }
/// NaN wins, and 0 is above -0.
static double maximum(double lhs, double rhs) {
  if (std::isnan(lhs) || std::isnan(rhs))
    return std::numeric_limits<double>::quiet_NaN();
  if (lhs == rhs)
    return std::signbit(lhs) ? rhs : lhs;
  return lhs < rhs ? rhs : lhs;
}
static double minimum(double lhs, double rhs) { return -maximum(-lhs, -rhs); }

/// Functions of one number that <cmath> has.
static FloatFunction getLibraryFunction(Operation *op) {
  return llvm::TypeSwitch<Operation *, FloatFunction>(op)
      .Case<AbsOp>([](auto) { return apply<std::fabs>; })
      .Case<ExpOp>([](auto) { return apply<std::exp>; })
      .Case<LogOp>([](auto) { return apply<std::log>; })
      .Case<SqrtOp>([](auto) { return apply<std::sqrt>; })
      .Case<FloorOp>([](auto) { return apply<std::floor>; })
      .Case<CeilOp>([](auto) { return apply<std::ceil>; })
      // The rounding mode of a process that does not change it.
      .Case<RoundOp>([](auto) { return apply<std::nearbyint>; })
      .Case<SinOp>([](auto) { return apply<std::sin>; })
      .Case<CosOp>([](auto) { return apply<std::cos>; })
      .Case<TanOp>([](auto) { return apply<std::tan>; })
      .Case<AsinOp>([](auto) { return apply<std::asin>; })
      .Case<AcosOp>([](auto) { return apply<std::acos>; })
      .Case<AtanOp>([](auto) { return apply<std::atan>; })
      .Case<SinhOp>([](auto) { return apply<std::sinh>; })
      .Case<CoshOp>([](auto) { return apply<std::cosh>; })
      .Case<TanhOp>([](auto) { return apply<std::tanh>; })
      .Case<AsinhOp>([](auto) { return apply<std::asinh>; })
      .Case<AcoshOp>([](auto) { return apply<std::acosh>; })
      .Case<AtanhOp>([](auto) { return apply<std::atanh>; })
      .Case<ErfOp>([](auto) { return apply<std::erf>; })
      .Default(FloatFunction());
}

/// Other functions of one number.
static FloatFunction getActivation(Operation *op) {
  return llvm::TypeSwitch<Operation *, FloatFunction>(op)
      .Case<NegOp>(
          [](auto) { return [](Floats x) -> MaybeFloat { return -x[0]; }; })
      .Case<SignOp>([](auto) {
        return [](Floats x) -> MaybeFloat {
          return std::isnan(x[0]) ? x[0] : (x[0] > 0) - (x[0] < 0);
        };
      })
      .Case<RsqrtOp>([](auto) {
        return [](Floats x) -> MaybeFloat { return 1 / std::sqrt(x[0]); };
      })
      .Case<ReciprocalOp>(
          [](auto) { return [](Floats x) -> MaybeFloat { return 1 / x[0]; }; })
      .Case<SigmoidOp>([](auto) { return apply<sigmoid>; })
      .Case<ReluOp>([](auto) {
        return [](Floats x) -> MaybeFloat { return maximum(x[0], 0.0); };
      })
      .Case<SiluOp>([](auto) {
        return [](Floats x) -> MaybeFloat { return x[0] * sigmoid(x[0]); };
      })
      .Case<SoftplusOp>([](auto) { return apply<softplus>; })
      .Case<SoftsignOp>([](auto) {
        return
            [](Floats x) -> MaybeFloat { return x[0] / (1 + std::fabs(x[0])); };
      })
      .Case<MishOp>([](auto) {
        return [](Floats x) -> MaybeFloat {
          return x[0] * std::tanh(softplus(x[0]));
        };
      })
      .Case<HardSwishOp>([](auto) {
        return [](Floats x) -> MaybeFloat {
          return x[0] * clampUnit(x[0] / 6 + 0.5);
        };
      })
      .Case<HardSigmoidOp>([](HardSigmoidOp hard) {
        double alpha = hard.getAlpha().convertToDouble();
        double beta = hard.getBeta().convertToDouble();
        return [=](Floats x) -> MaybeFloat {
          return clampUnit(alpha * x[0] + beta);
        };
      })
      .Case<LeakyReluOp>([](LeakyReluOp leaky) {
        double alpha = leaky.getAlpha().convertToDouble();
        return [=](Floats x) -> MaybeFloat {
          return x[0] >= 0 ? x[0] : alpha * x[0];
        };
      })
      .Case<EluOp>([](EluOp elu) {
        double alpha = elu.getAlpha().convertToDouble();
        double gamma = elu.getGamma().convertToDouble();
        double scale = elu.getScale().convertToDouble();
        return [=](Floats x) -> MaybeFloat {
          return gamma * (x[0] > 0 ? x[0] : alpha * std::expm1(x[0] / scale));
        };
      })
      .Case<GeluOp>([](GeluOp gelu) {
        bool approximate = gelu.getTanhApproximation();
        return [=](Floats x) -> MaybeFloat {
          double inner = approximate
                             ? std::tanh(0.79788456080286536 *
                                         (x[0] + 0.044715 * x[0] * x[0] * x[0]))
                             : std::erf(x[0] * 0.70710678118654752);
          return x[0] / 2 * (1 + inner);
        };
      })
      .Case<IsNaNOp>([](auto) {
        return [](Floats x) -> MaybeFloat { return std::isnan(x[0]); };
      })
      .Case<IsInfOp>([](IsInfOp test) {
        bool positive = test.getPositive(), negative = test.getNegative();
        return [=](Floats x) -> MaybeFloat {
          return std::isinf(x[0]) && (x[0] > 0 ? positive : negative);
        };
      })
      .Default(FloatFunction());
}

/// Functions of several numbers.
static FloatFunction getArithmetic(Operation *op) {
  return llvm::TypeSwitch<Operation *, FloatFunction>(op)
      .Case<AddOp>([](auto) {
        return [](Floats x) -> MaybeFloat { return x[0] + x[1]; };
      })
      .Case<SubOp>([](auto) {
        return [](Floats x) -> MaybeFloat { return x[0] - x[1]; };
      })
      .Case<MulOp>([](auto) {
        return [](Floats x) -> MaybeFloat { return x[0] * x[1]; };
      })
      .Case<DivOp>([](auto) {
        return [](Floats x) -> MaybeFloat { return x[0] / x[1]; };
      })
      .Case<PowOp>([](auto) {
        return [](Floats x) -> MaybeFloat { return std::pow(x[0], x[1]); };
      })
      .Case<MinOp>([](auto) {
        return [](Floats x) -> MaybeFloat { return minimum(x[0], x[1]); };
      })
      .Case<MaxOp>([](auto) {
        return [](Floats x) -> MaybeFloat { return maximum(x[0], x[1]); };
      })
      .Case<RemOp>([](auto) {
        return [](Floats x) -> MaybeFloat { return std::fmod(x[0], x[1]); };
      })
      .Case<ModOp>([](auto) {
        return [](Floats x) -> MaybeFloat {
          double rest = std::fmod(x[0], x[1]);
          if (rest != 0 && std::signbit(rest) != std::signbit(x[1]))
            rest += x[1];
          return rest;
        };
      })
      .Case<PReluOp>([](auto) {
        return [](Floats x) -> MaybeFloat {
          return x[0] >= 0 ? x[0] : x[0] * x[1];
        };
      })
      .Case<EqualOp>([](auto) {
        return [](Floats x) -> MaybeFloat { return x[0] == x[1]; };
      })
      .Case<LessOp>([](auto) {
        return [](Floats x) -> MaybeFloat { return x[0] < x[1]; };
      })
      .Case<LessEqualOp>([](auto) {
        return [](Floats x) -> MaybeFloat { return x[0] <= x[1]; };
      })
      .Case<GreaterOp>([](auto) {
        return [](Floats x) -> MaybeFloat { return x[0] > x[1]; };
      })
      .Case<GreaterEqualOp>([](auto) {
        return [](Floats x) -> MaybeFloat { return x[0] >= x[1]; };
      })
      .Default(FloatFunction());
}

FloatFunction slim::detail::getFloatFunction(Operation *op) {
  for (auto *get : {getLibraryFunction, getActivation, getArithmetic})
    if (FloatFunction function = get(op))
      return function;
  return nullptr;
}

bool slim::detail::isElementwise(Operation *op) {
  return isa<CastOp, ClampOp>(op) || getFloatFunction(op) ||
         getIntFunction(op, IntegerType::get(op->getContext(), 64));
}
