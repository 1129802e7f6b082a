//===- FastRounding.cpp - Rounding to bytes in few instructions -----------===//
//
// Quantization rounds, adds a zero point, saturates and converts, each step on
// floats. Processors convert to the nearest integer in one instruction, which
// leaves the zero point to the integer, or to the table that is read with it.
//
//===----------------------------------------------------------------------===//
#include "FastMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "slim/CodeGen/CPU/IR/SlimCPU.h"
#include <cmath>

using namespace slim;
using namespace slim::cpu;

/// Beyond these no saturated number lies; sums with them are exact in f32.
static constexpr double kMaxBound = 1 << 20;

/// A constant number, or the one that all elements of a constant vector are.
static std::optional<double> getNumber(Value value) {
  APFloat number(0.0f);
  if (!getElementTypeOrSelf(value).isF32() ||
      !matchPattern(value, m_ConstantFloat(&number)))
    return std::nullopt;
  return number.convertToFloat();
}

static std::optional<int64_t> getInteger(Value value) {
  APInt number;
  if (!matchPattern(value, m_ConstantInt(&number)))
    return std::nullopt;
  return number.getSExtValue();
}

/// x of select(compare(x, bound), x, bound) with a constant, which is put into
/// `bound`; null for anything else.
static Value matchLimit(Value value, arith::CmpFPredicate predicate,
                        double &bound) {
  auto select = value.getDefiningOp<arith::SelectOp>();
  auto compare = select ? select.getCondition().getDefiningOp<arith::CmpFOp>()
                        : arith::CmpFOp();
  if (!compare || compare.getPredicate() != predicate ||
      compare.getLhs() != select.getTrueValue() ||
      compare.getRhs() != select.getFalseValue())
    return {};
  std::optional<double> number = getNumber(compare.getRhs());
  if (!number || std::abs(*number) > kMaxBound || *number != std::rint(*number))
    return {};
  bound = *number;
  return compare.getLhs();
}

namespace {

/// min(max(value, low), high), of integers low and high; NaN gives low.
struct Saturated {
  Value value;
  double low, high;
};

} // namespace

static std::optional<Saturated> matchSaturated(Value value) {
  Saturated result;
  value = matchLimit(value, arith::CmpFPredicate::OLT, result.high);
  if (value)
    value = matchLimit(value, arith::CmpFPredicate::OGT, result.low);
  if (!value || result.low > result.high)
    return std::nullopt;
  result.value = value;
  return result;
}

namespace {

/// fptosi(saturate(roundeven(x) + z)) -> lrint(saturate(x)) + z with other
/// limits. Limits that are integers, and the rounding, may change places.
struct RoundByConversion : OpRewritePattern<arith::FPToSIOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::FPToSIOp op,
                                PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isInteger(32))
      return failure();
    std::optional<Saturated> saturated = matchSaturated(op.getIn());
    if (!saturated)
      return rewriter.notifyMatchFailure(op, "no saturation");
    Value rounded = saturated->value;
    double zero = 0;
    if (auto sum = rounded.getDefiningOp<arith::AddFOp>()) {
      std::optional<double> number = getNumber(sum.getRhs());
      if (!number || std::abs(*number) > kMaxBound ||
          *number != std::rint(*number))
        return rewriter.notifyMatchFailure(op, "no known zero point");
      zero = *number;
      rounded = sum.getLhs();
    }
    auto round = rounded.getDefiningOp<math::RoundEvenOp>();
    if (!round)
      return rewriter.notifyMatchFailure(op, "no rounding");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value value = round.getOperand();
    auto limit = [&](arith::CmpFPredicate predicate, double bound) {
      auto number = cast<TypedAttr>(makeConstant(
          value.getType(), b.getF32FloatAttr(static_cast<float>(bound))));
      Value constant = arith::ConstantOp::create(b, number);
      Value within = arith::CmpFOp::create(b, predicate, value, constant);
      value = arith::SelectOp::create(b, within, value, constant);
    };
    limit(arith::CmpFPredicate::OGT, saturated->low - zero);
    limit(arith::CmpFPredicate::OLT, saturated->high - zero);
    Value result = LLVM::LrintOp::create(b, op.getType(), value);
    if (zero != 0) {
      auto number = cast<TypedAttr>(makeConstant(
          op.getType(), b.getI32IntegerAttr(static_cast<int32_t>(zero))));
      result = arith::AddIOp::create(b, result,
                                     arith::ConstantOp::create(b, number));
    }
    rewriter.replaceOp(op, result);
    return success();
  }

  static Attribute makeConstant(Type type, TypedAttr number) {
    auto vector = dyn_cast<VectorType>(type);
    return vector ? Attribute(DenseElementsAttr::get(vector, number)) : number;
  }
};

/// The limits of an i32 number that is rounded from a saturated float.
std::optional<std::pair<double, double>> getRange(Value value) {
  double zero = 0;
  if (auto sum = value.getDefiningOp<arith::AddIOp>())
    if (std::optional<int64_t> number = getInteger(sum.getRhs())) {
      zero = static_cast<double>(*number);
      value = sum.getLhs();
    }
  Operation *op = value.getDefiningOp();
  if (!isa_and_present<LLVM::LrintOp, arith::FPToSIOp>(op))
    return std::nullopt;
  std::optional<Saturated> saturated = matchSaturated(op->getOperand(0));
  if (!saturated)
    return std::nullopt;
  return std::pair(saturated->low + zero, saturated->high + zero);
}

/// uitofp(trunci(x)) -> sitofp(x) where x fits the narrow type.
template <typename OpTy>
struct SkipNarrowing : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    auto narrow = op.getIn().template getDefiningOp<arith::TruncIOp>();
    if (!narrow || !getElementTypeOrSelf(narrow.getIn()).isInteger(32))
      return rewriter.notifyMatchFailure(op, "no narrowed i32");
    std::optional<std::pair<double, double>> range = getRange(narrow.getIn());
    unsigned width =
        getElementTypeOrSelf(narrow.getType()).getIntOrFloatBitWidth();
    bool isSigned = std::is_same_v<OpTy, arith::SIToFPOp>;
    double low = isSigned ? -std::ldexp(1.0, width - 1) : 0;
    double high = low + std::ldexp(1.0, width) - 1;
    if (!range || range->first < low || range->second > high)
      return rewriter.notifyMatchFailure(op, "it may not fit");
    rewriter.replaceOpWithNewOp<arith::SIToFPOp>(op, op.getType(),
                                                 narrow.getIn());
    return success();
  }
};

/// table[x + z] -> rotated table[x]
struct RotateTable : OpRewritePattern<LookupOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LookupOp op,
                                PatternRewriter &rewriter) const override {
    auto narrow = op.getInput().getDefiningOp<arith::TruncIOp>();
    auto sum = narrow ? narrow.getIn().getDefiningOp<arith::AddIOp>()
                      : arith::AddIOp();
    std::optional<int64_t> offset;
    if (sum)
      offset = getInteger(sum.getRhs());
    if (!offset)
      return rewriter.notifyMatchFailure(op, "no sum with a constant");
    auto bytes = llvm::to_vector(op.getTable().getValues<int8_t>());
    std::rotate(bytes.begin(), bytes.begin() + (*offset & 255), bytes.end());
    Value input = arith::TruncIOp::create(rewriter, op.getLoc(),
                                          narrow.getType(), sum.getLhs());
    rewriter.replaceOpWithNewOp<LookupOp>(
        op, input,
        DenseIntElementsAttr::get(op.getTable().getType(),
                                  ArrayRef<int8_t>(bytes)));
    return success();
  }
};

} // namespace

void cpu::populateFastRoundingPatterns(RewritePatternSet &patterns) {
  patterns.add<RoundByConversion, SkipNarrowing<arith::SIToFPOp>,
               SkipNarrowing<arith::UIToFPOp>, RotateTable>(
      patterns.getContext());
}
