//===- QuantizeInt8.cpp - Weights as 8-bit integers -----------------------===//
//
// Round-to-nearest, symmetric, one scale per channel. The floats that are
// quantized are those at the values leaf of the weight's expression, so that
// the pass composes with formats that rearrange values: the survivors of an N:M
// sparse weight are quantized and its positions stay.
//
//===----------------------------------------------------------------------===//
#include "mlir/Support/DebugStringHelper.h"
#include "slim/Compress/CompressionDriver.h"
#include "slim/Compress/Passes.h"
#include "slim/IR/WeightData.h"
#include "slim/IR/WeightStorage.h"
#include "slim/Numerics/QuantizeInt.h"

#define DEBUG_TYPE "quantize-int8"

namespace slim {
#define GEN_PASS_DEF_QUANTIZEINT8PASS
#include "slim/Compress/Passes.h.inc"
} // namespace slim

using namespace slim;

/// Sums of at most so many products of a difference of 8-bit numbers and an
/// 8-bit number fit 32 bits.
static constexpr int64_t kMaxTerms = INT32_MAX / (255 * 128);

/// Quantizes the inputs of the linear ops that multiply by `weight`, row by
/// row. Returns how many these are.
static int64_t quantizeActivations(const CompressibleWeight &weight) {
  int64_t count = 0;
  for (CompressibleOpInterface consumer : weight.consumers) {
    auto linear = dyn_cast<LinearOp>(consumer.getOperation());
    // The weight of an integer product is codes and scales, nothing else.
    if (!linear || !linear.getWeight().getDefiningOp<DequantizeOp>())
      continue;
    auto type = cast<RankedTensorType>(linear.getInput().getType());
    auto weightType = cast<RankedTensorType>(linear.getWeight().getType());
    if (!type.getElementType().isF32() ||
        weightType.getDimSize(linear.getTransposed() ? 0 : 1) > kMaxTerms)
      continue;
    OpBuilder builder(linear);
    Location loc = linear.getLoc();
    auto codes = DynamicQuantizeOp::create(builder, loc, linear.getInput(),
                                           /*per_row=*/true);
    SmallVector<int64_t> block(type.getRank(), 1);
    block.back() = 0;
    Value input =
        DequantizeOp::create(builder, loc, type, codes.getResult(),
                             codes.getScale(), codes.getZeroPoint(), block);
    linear.getInputMutable().assign(input);
    ++count;
  }
  return count;
}

static FailureOr<CompressionOutcome>
quantize(CompressibleWeight &weight, WeightRewriter &rewriter, bool isDynamic) {
  WeightOp stored = weight.tree.getWeights().front();
  RankedTensorType storedType = stored.getTensorType();
  Type elementType = storedType.getElementType();
  if (!elementType.isF32() && !elementType.isF16() && !elementType.isBF16())
    return CompressionOutcome::skipped("its values are " +
                                       debugString(elementType) + " already");
  std::optional<int64_t> dim =
      traceDimension(weight.tree, weight.outputChannelDim);
  if (!dim)
    return CompressionOutcome::skipped(
        "its stored layout has no dimension of output channels");

  FailureOr<TensorData> data = readWeightData(stored);
  if (failed(data))
    return failure();
  std::vector<float> values = data->toFloats();
  AxisView view = AxisView::of(storedType.getShape(), *dim);

  // One scale per channel, of the weight's type, as decoding computes in it.
  // The codes are made with the scales as they are stored.
  SmallVector<int64_t> scaleShape(storedType.getRank(), 1);
  scaleShape[*dim] = view.extent;
  auto scaleType = RankedTensorType::get(scaleShape, elementType);
  std::vector<float> scales(view.extent);
  if (llvm::Error error = computeSymmetricScales(values, view, 8, scales))
    return CompressionOutcome::skipped(llvm::toString(std::move(error)));
  float smallest = APFloat::getSmallestNormalized(
                       cast<FloatType>(elementType).getFloatSemantics())
                       .convertToDouble();
  for (float &scale : scales)
    scale = std::max(scale, smallest);
  TensorData scaleData = TensorData::fromFloats(scaleType, scales);
  scales = scaleData.toFloats();

  auto codeType = RankedTensorType::get(
      storedType.getShape(), IntegerType::get(storedType.getContext(), 8));
  int64_t bytes = getStoredBytes(codeType) + getStoredBytes(scaleType);
  if (bytes >= getStoredBytes(storedType))
    return CompressionOutcome::skipped("its scales outweigh what codes save");
  std::vector<char> codes(values.size());
  quantizeSymmetric(
      values, view, scales, 8,
      MutableArrayRef(reinterpret_cast<int8_t *>(codes.data()), codes.size()));

  WeightOp codeWeight = rewriter.addWeight(
      stored.getSymName(), TensorData(codeType, std::move(codes)), stored);
  WeightOp scaleWeight = rewriter.addWeight(
      (stored.getSymName() + ".scale").str(), scaleData, codeWeight);
  SmallVector<int64_t> block(storedType.getRank(), 0);
  block[*dim] = 1;
  rewriter.replaceRoots(weight, [&](OpBuilder &builder, Value root) -> Value {
    Location loc = root.getLoc();
    Value code = rewriter.readWeight(builder, loc, codeWeight);
    Value scale = rewriter.readWeight(builder, loc, scaleWeight);
    Value leaf = DequantizeOp::create(builder, loc, storedType, code, scale,
                                      /*zero_point=*/Value(), block);
    return rebuildTree(builder, root, leaf);
  });
  int64_t products = isDynamic ? quantizeActivations(weight) : 0;
  auto outcome = CompressionOutcome::applied(
      "8-bit codes with " + Twine(view.extent) +
      (view.extent == 1 ? " scale" : " scales") +
      (products ? ", activations quantized by row" : ""));
  if (products)
    outcome.with("integer_products",
                 Builder(storedType.getContext()).getI64IntegerAttr(products));
  return outcome;
}

namespace {
struct QuantizeInt8Pass : slim::impl::QuantizeInt8PassBase<QuantizeInt8Pass> {
  using Base::Base;

  void runOnOperation() override {
    if (activations != "none" && activations != "dynamic") {
      emitError(getOperation().getLoc(), "quantize-int8: option 'activations' "
                                         "must be none or dynamic, not '")
          << activations << "'";
      return signalPassFailure();
    }
    bool isDynamic = activations == "dynamic";
    FailureOr<CompressionCounts> counts = compressWeights(
        getOperation(), getArgument(), {include, exclude, minElements},
        [&](CompressibleWeight &weight, WeightRewriter &rewriter) {
          return quantize(weight, rewriter, isDynamic);
        });
    if (failed(counts))
      return signalPassFailure();
    numCompressed += counts->applied;
    numSkipped += counts->skipped;
    bytesBefore += counts->bytesBefore;
    bytesAfter += counts->bytesAfter;
  }
};
} // namespace
