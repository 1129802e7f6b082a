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
#include "IntegerOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
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
/// Groups of a multiple of this have dot products in every code.
static constexpr int64_t kGroupUnit = 16;
/// Terms of a sum of bytes that 32 bits hold.
static constexpr int64_t kMaxGroup = INT32_MAX / (255 * 128);

/// Whether sums with the weight, [N, K], have a form in integers.
static bool hasGroups(DequantizeOp weight) {
  auto type = cast<RankedTensorType>(weight.getResult().getType());
  auto code = dyn_cast<IntegerType>(getElementTypeOrSelf(weight.getInput()));
  if (!code || code.getWidth() > 8 || !type.hasStaticShape() ||
      type.getRank() != 2 || !type.getElementType().isF32() ||
      (code.getWidth() == 8 && weight.getZeroPoint()))
    return false;
  int64_t depth = type.getDimSize(1);
  ArrayRef<int64_t> block = weight.getBlock();
  int64_t group = block[1] == 0 ? depth : std::min(block[1], depth);
  return block[0] <= 1 && group <= kMaxGroup &&
         (group == depth || group % kGroupUnit == 0) &&
         type.getDimSize(0) >= kMinColumns && depth >= kMinDepth;
}

namespace {

struct SplitLinearInput : OpRewritePattern<LinearOp> {
  SplitLinearInput(MLIRContext *context, Pass::Statistic &numSplit)
      : OpRewritePattern(context), numSplit(numSplit) {}

  LogicalResult matchAndRewrite(LinearOp op,
                                PatternRewriter &rewriter) const override {
    Value x = op.getInput();
    auto type = cast<RankedTensorType>(x.getType());
    auto resultType = cast<RankedTensorType>(op.getResult().getType());
    auto weight = op.getWeight().getDefiningOp<DequantizeOp>();
    if (!weight || op.getTransposed() || !type.getElementType().isF32() ||
        !resultType.getElementType().isF32() ||
        !hasConstantData(op.getWeight()) || hasConstantData(x) ||
        !hasGroups(weight))
      return rewriter.notifyMatchFailure(op, "no weight of codes whose sums "
                                             "have a form in integers");
    if (auto cast = x.getDefiningOp<CastOp>();
        cast && isa<IntegerType>(getElementTypeOrSelf(cast.getInput())))
      return rewriter.notifyMatchFailure(op, "the input holds integers");
    FailureOr<TensorData> numbers = decodeConstant(op.getWeight());
    if (failed(numbers))
      return failure();

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
    multiple = UnsqueezeOp::create(rewriter, loc, multiple,
                                   ArrayRef<int64_t>{rank - 1});
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
    digits = CastOp::create(rewriter, loc, digitsType, digits,
                            rewriter.getF32Type());
    SmallVector<int64_t> sumsShape(digitsType.getShape());
    sumsShape.back() = channels;
    Value sums = LinearOp::create(
        rewriter, loc, RankedTensorType::get(sumsShape, rewriter.getF32Type()),
        digits, op.getWeight(), /*bias=*/Value(), /*transposed=*/false);
    std::vector<float> offset(kDigits * channels, 0);
    int64_t depth = type.getShape().back();
    for (int64_t n = 0; n < channels; ++n) {
      double sum = 0;
      for (int64_t k = 0; k < depth; ++k)
        sum += numbers->getFloat(n * depth + k);
      offset[n] = float(128 * sum);
    }
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
    if (result.getType() != resultType)
      return rewriter.notifyMatchFailure(op, "another result type");
    rewriter.replaceOp(op, result);
    ++numSplit;
    return success();
  }

private:
  Pass::Statistic &numSplit;
};

struct SplitActivationsPass
    : public slim::impl::SplitActivationsPassBase<SplitActivationsPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<SplitLinearInput>(&getContext(), numSplit);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
