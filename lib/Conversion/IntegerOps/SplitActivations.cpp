//===- SplitActivations.cpp - Floats as digits of integers ----------------===//
//
// The product of a row x of floats and a weight of codes is one of integers if
// x is an integer multiple of some unit. With m = max |x| and the unit u = m /
// (2^23 - 1), the nearest multiples are
//
//   x = u (65536 a + 256 b + c - 2^23) with bytes a, b, c,
//
// off by 2^-24 m at most: the size of the rounding errors that a sum in f32 has
// anyway. The digits are three rows of one product of bytes, which reads the
// weight once; the offset is corrected by the weight's sums, known at compile
// time. Integers cut into digits for exact products: Ozaki et al., "Error-free
// transformations of matrix multiplication", Numerical Algorithms 59 (2012).
//
//===----------------------------------------------------------------------===//
#include "../BlockProduct.h"
#include "IntegerOps.h"
#include "slim/Conversion/Passes.h"
#include "slim/IR/WeightTree.h"

namespace slim {
#define GEN_PASS_DEF_SPLITACTIVATIONSPASS
#include "slim/Conversion/Passes.h.inc"
} // namespace slim

using namespace slim;
using namespace slim::integerops;

/// Digits of an activation.
static constexpr int64_t kDigits = 3;
/// What makes all multiples of the unit positive.
static constexpr float kOffset = 1 << 23;
/// The greatest multiple, and one more where the quotient is rounded up: three
/// digits hold both.
static constexpr float kGreatest = kOffset - 2;
/// Numbers of which none is less than a unit's range above the least float.
static constexpr float kLeastRange = 0x1p-100f;

/// Results and terms of a product from which cutting its input into digits
/// pays.
static constexpr int64_t kMinColumns = 128, kMinDepth = 32;
/// The group of the weight of `op` if its input can be taken apart, else 0.
static int64_t getSplitGroup(LinearOp op) {
  auto weight = op.getWeight().getDefiningOp<DequantizeOp>();
  if (!weight || !getElementTypeOrSelf(op.getInput()).isF32() ||
      !getElementTypeOrSelf(op.getResult()).isF32() ||
      !hasConstantData(op.getWeight()) || hasConstantData(op.getInput()))
    return 0;
  // Integers already.
  if (auto cast = op.getInput().getDefiningOp<CastOp>();
      cast && isa<IntegerType>(getElementTypeOrSelf(cast.getInput())))
    return 0;
  if (getBlockedInput(op))
    return 0;
  int64_t reduced = op.getTransposed() ? 0 : 1;
  auto type = cast<ShapedType>(op.getWeight().getType());
  if (type.getDimSize(1 - reduced) < kMinColumns ||
      type.getDimSize(reduced) < kMinDepth)
    return 0;
  return getIntegerGroup(weight, reduced);
}

/// Terms of a sum, which the input's type may not tell.
static int64_t getDepth(LinearOp op) {
  return cast<ShapedType>(op.getWeight().getType())
      .getDimSize(op.getTransposed() ? 0 : 1);
}

/// Replaces `op` by a product of digits.
static LogicalResult splitInput(RewriterBase &rewriter, LinearOp op) {
  Value x = op.getInput();
  auto type = cast<RankedTensorType>(x.getType());
  auto resultType = cast<RankedTensorType>(op.getResult().getType());
  bool transposed = op.getTransposed();
  FailureOr<TensorData> numbers = decodeConstant(op.getWeight());
  if (failed(numbers))
    return failure();
  rewriter.setInsertionPoint(op);
  Location loc = op.getLoc();
  int64_t rank = type.getRank(), channels = resultType.getShape().back();
  auto number = [&](float value) {
    return createFloats(rewriter, loc, {}, value);
  };
  // [..., K] and [..., 1]. NaN and infinity make the row's unit so.
  Value range = ReduceMaxOp::create(
      rewriter, loc, AbsOp::create(rewriter, loc, x).getResult(),
      ArrayRef<int64_t>{rank - 1}, /*keep_dims=*/true);
  range = MaxOp::create(rewriter, loc, range, number(kLeastRange));
  Value perUnit = DivOp::create(rewriter, loc, number(kGreatest), range);
  Value multiple = RoundOp::create(
      rewriter, loc, MulOp::create(rewriter, loc, x, perUnit).getResult());
  multiple = AddOp::create(rewriter, loc, multiple, number(kOffset));

  // [..., 3, K]: each digit is what the next place leaves.
  multiple =
      UnsqueezeOp::create(rewriter, loc, multiple, ArrayRef<int64_t>{rank - 1});
  Value places = createFloats(rewriter, loc, {kDigits, 1},
                              ArrayRef<float>{0x1p-16f, 0x1p-8f, 1});
  Value shifted = FloorOp::create(
      rewriter, loc,
      MulOp::create(rewriter, loc, multiple, places).getResult());
  Value above = FloorOp::create(
      rewriter, loc,
      MulOp::create(rewriter, loc, shifted, number(0x1p-8f)).getResult());
  above = MulOp::create(rewriter, loc, above, number(256));
  Value digits = SubOp::create(rewriter, loc, shifted, above);
  auto byte = rewriter.getIntegerType(8, /*isSigned=*/false);
  auto digitsType = cast<RankedTensorType>(digits.getType());
  digits = createQuantize(rewriter, loc, digitsType.clone(byte), digits,
                          TensorScale{});

  // [..., 3, N]; the offset of 2^23 is one of 128 in the first digit.
  digits =
      CastOp::create(rewriter, loc, digitsType, digits, rewriter.getF32Type());
  SmallVector<int64_t> sumsShape(digitsType.getShape());
  sumsShape.back() = channels;
  Value sums = LinearOp::create(
      rewriter, loc, RankedTensorType::get(sumsShape, rewriter.getF32Type()),
      digits, op.getWeight(), /*bias=*/Value(), transposed);
  int64_t depth = getDepth(op);
  std::vector<double> weightSums(channels);
  for (int64_t i = 0; i < depth * channels; ++i)
    weightSums[transposed ? i % channels : i / depth] += numbers->getFloat(i);
  std::vector<float> offset(kDigits * channels, 0);
  for (int64_t n = 0; n < channels; ++n)
    offset[n] = float(128 * weightSums[n]);
  sums =
      SubOp::create(rewriter, loc, sums,
                    createFloats(rewriter, loc, {kDigits, channels}, offset));
  sums = MulOp::create(rewriter, loc, sums,
                       createFloats(rewriter, loc, {kDigits, 1},
                                    ArrayRef<float>{0x1p16f, 0x1p8f, 1}));
  Value result =
      ReduceSumOp::create(rewriter, loc, sums, ArrayRef<int64_t>{rank - 1},
                          /*keep_dims=*/false);
  Value unit = MulOp::create(rewriter, loc, range, number(1 / kGreatest));
  result = MulOp::create(rewriter, loc, result, unit);
  if (op.getBias())
    result = AddOp::create(rewriter, loc, result, op.getBias());
  rewriter.replaceOp(op, result);
  return success();
}

namespace {

struct SplitActivationsPass
    : public slim::impl::SplitActivationsPassBase<SplitActivationsPass> {
  using SplitActivationsPassBase::SplitActivationsPassBase;

  void runOnOperation() override {
    SmallVector<LinearOp> ops;
    getOperation()->walk([&](LinearOp op) { ops.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (LinearOp op : ops) {
      int64_t group = getSplitGroup(op);
      if (group == 0)
        continue;
      if (isCheaperInFloats(op, group)) {
        ++numCheaperInFloats;
        continue;
      }
      if (failed(splitInput(rewriter, op)))
        return signalPassFailure();
      ++numSplit;
    }
  }

private:
  /// Compares instructions for one vector of results, one row and one group of
  /// the weight. Open extents of the activation may be 1: where few rows are
  /// possible, they are what most is lost with.
  bool isCheaperInFloats(LinearOp op, int64_t group) {
    auto weight = op.getWeight().getDefiningOp<DequantizeOp>();
    int64_t rows = 1;
    for (int64_t extent :
         cast<ShapedType>(op.getInput().getType()).getShape().drop_back())
      if (!ShapedType::isDynamic(extent))
        rows *= extent;
    // Four terms a dot product; a conversion and a multiply-add for a group.
    double dots = group / 4.0, end = 2;
    if (correctsSigns) {
      // A row of sums more to each block, which has half as many rows as one of
      // floats, and one more addition for a group.
      dots *= 1 + 1 / std::max(1.0, blockRows / 2.0);
      end += 1;
    }
    // A multiply-add a term. A block's rows share what decodes the weight: a
    // widening load, a conversion, a zero point, a scale.
    bool hasGroups = group < getDepth(op);
    double decode = 2 + bool(weight.getZeroPoint()) + hasGroups;
    double shared = std::min<double>(rows, std::max(1u, blockRows.getValue()));
    return kDigits * (dots + end) >= group * (1 + decode / shared);
  }
};

} // namespace
