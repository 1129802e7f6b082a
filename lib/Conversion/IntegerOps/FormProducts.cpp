//===- FormProducts.cpp - Products of quantized tensors -------------------===//
//
// With x = (q - z) s and a weight w = c t[f] (symmetric, a scale per output
// channel), a product is
//
//   sum x w = s t[f] (sum q c - z sum c),
//
// where the last sum is a constant. Everything up to the multiplication by the
// scales is exact in 32 bits as long as no sum leaves them: |q - z| <= 255 and
// |c| <= 128 allow 65,793 terms. A convolution surrounds its input by z instead
// of zero, so that the same holds at the margin.
//
// A weight with scales for groups of its elements, or of less than 8 bits,
// stays what it is, and the product becomes one of codes that are converted to
// floats,
//
//   sum x w = s (sum q w - z sum w),
//
// which code generation may sum in integers group by group. The last sum is a
// constant again.
//
//===----------------------------------------------------------------------===//
#include "IntegerOps.h"
#include "mlir/IR/Matchers.h"
#include "slim/IR/WeightStorage.h"
#include "slim/IR/WeightTree.h"
#include <cmath>

using namespace slim;
using namespace slim::integerops;

namespace {

/// What a product does, whichever op it is.
struct ProductShape {
  /// The dimension of the result that counts output channels, and of the
  /// weight.
  int64_t resultDim;
  int64_t weightDim;
  int64_t channels;
  /// Terms of a sum.
  int64_t depth;

  /// The shape in which a number per output channel broadcasts against the
  /// result.
  SmallVector<int64_t> getChannelShape(int64_t resultRank) const {
    SmallVector<int64_t> shape(resultRank - resultDim, 1);
    shape.front() = channels;
    return shape;
  }
};

/// A tensor of 8-bit codes and the zero point, broadcastable against it: known
/// (`zero`), or an i32 value (`zeroValue`).
struct Codes {
  Value codes;
  int64_t zero = 0;
  Value zeroValue;
};

/// A weight: signed codes without zero point; by output channel their sums, the
/// sums of their absolute values, and their scales, if they have any.
struct CodedWeight {
  Value codes;
  std::vector<int64_t> sums;
  std::vector<int64_t> absoluteSums;
  std::vector<float> scales;
};

} // namespace

static bool isByte(Value value) {
  auto type = dyn_cast<IntegerType>(getElementTypeOrSelf(value));
  return type && type.getWidth() == 8;
}

/// None for open shapes, and for a matmul that is not one of rows with a
/// matrix.
static std::optional<ProductShape> getProductShape(Operation *op) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  auto weight = cast<RankedTensorType>(op->getOperand(1).getType());
  if (!weight.hasStaticShape())
    return std::nullopt;
  ProductShape shape;
  shape.resultDim = isa<ConvOp>(op) ? 1 : type.getRank() - 1;
  if (auto compressible = dyn_cast<CompressibleOpInterface>(op)) {
    shape.weightDim = compressible.getOutputChannelDim();
  } else {
    auto input = cast<RankedTensorType>(op->getOperand(0).getType());
    if (weight.getRank() != 2 || input.getRank() < 2)
      return std::nullopt;
    shape.weightDim = 1;
  }
  shape.channels = weight.getDimSize(shape.weightDim);
  if (shape.channels == 0 || weight.getNumElements() == 0)
    return std::nullopt;
  shape.depth = weight.getNumElements() / shape.channels;
  return shape;
}

/// The most that the difference of two 8-bit numbers can be.
static constexpr int64_t kGreatestCode = 255;

/// Whether sums of `depth` products with signed 8-bit numbers fit 32 bits.
static bool fitsInt32(int64_t depth) {
  return depth <= INT32_MAX / (kGreatestCode * 128);
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

/// `codes` with their sums along all dimensions but `dim`.
static CodedWeight addSums(Value value, const TensorData &codes, int64_t dim) {
  ArrayRef<int64_t> shape = codes.getType().getShape();
  int64_t inner = 1, extent = shape[dim];
  for (int64_t more : shape.drop_front(dim + 1))
    inner *= more;
  CodedWeight weight{value,
                     std::vector<int64_t>(extent, 0),
                     std::vector<int64_t>(extent, 0),
                     {}};
  auto *bytes = reinterpret_cast<const int8_t *>(codes.getBytes().data());
  for (int64_t i = 0, e = codes.getNumElements(); i < e; i += inner) {
    int64_t sum = 0, absolute = 0;
    for (int64_t k = i; k < i + inner; ++k) {
      sum += bytes[k];
      absolute += std::abs(bytes[k]);
    }
    weight.sums[i / inner % extent] += sum;
    weight.absoluteSums[i / inner % extent] += absolute;
  }
  return weight;
}

/// Adds a weight with `data` to the module that `value` is in and reads it.
static Value createWeight(PatternRewriter &rewriter, Value like,
                          const TensorData &data) {
  Operation *op = like.getDefiningOp();
  auto module = op->getParentOfType<ModuleOp>();
  std::string name = "weight";
  WeightOp old;
  if (auto read = dyn_cast<GetWeightOp>(op)) {
    old = SymbolTable::lookupNearestSymbolFrom<WeightOp>(read,
                                                         read.getNameAttr());
    name = read.getName().str();
  }
  name += ".signed";
  SymbolTable symbols(module);
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointToStart(module.getBody());
  auto weight = WeightOp::create(rewriter, op->getLoc(), name, data.getType(),
                                 buildWeightData(name, data));
  weight->remove();
  symbols.insert(weight, old ? old->getIterator() : module.getBody()->begin());
  rewriter.setInsertionPointAfter(op);
  return GetWeightOp::create(rewriter, op->getLoc(), data.getType(),
                             weight.getSymNameAttr());
}

/// Reads a weight of 8-bit codes; `zeroPoint`, if there is one, has one element
/// or one for each output channel. Codes that have a zero point become new ones
/// that have none.
static std::optional<CodedWeight> readWeight(PatternRewriter &rewriter,
                                             Value codes, Value zeroPoint,
                                             const ProductShape &shape) {
  if (!isByte(codes) || !hasConstantData(codes))
    return std::nullopt;
  FailureOr<TensorData> data = decodeConstant(codes);
  if (failed(data))
    return std::nullopt;
  std::vector<int64_t> zeros(shape.channels, 0);
  if (zeroPoint) {
    if (!hasConstantData(zeroPoint))
      return std::nullopt;
    FailureOr<TensorData> zeroData = decodeConstant(zeroPoint);
    if (failed(zeroData) || (zeroData->getNumElements() != 1 &&
                             zeroData->getNumElements() != shape.channels))
      return std::nullopt;
    std::vector<int64_t> values = zeroData->toInts();
    for (int64_t f = 0; f < shape.channels; ++f)
      zeros[f] = values[values.size() == 1 ? 0 : f];
  }
  bool isSigned = !getElementTypeOrSelf(codes).isUnsignedInteger();
  bool hasZero = llvm::any_of(zeros, [](int64_t zero) { return zero != 0; });
  if (!isSigned || hasZero) {
    // Signed codes that mean the same, if eight bits hold them.
    std::vector<int64_t> values = data->toInts();
    int64_t inner = 1;
    for (int64_t extent :
         data->getType().getShape().drop_front(shape.weightDim + 1))
      inner *= extent;
    for (auto [i, value] : llvm::enumerate(values)) {
      value -= zeros[i / inner % shape.channels];
      if (value < INT8_MIN || value > INT8_MAX)
        return std::nullopt;
    }
    data = TensorData::fromInts(
        RankedTensorType::get(data->getType().getShape(), rewriter.getI8Type()),
        values);
    codes = createWeight(rewriter, codes, *data);
  }
  return addSums(codes, *data, shape.weightDim);
}

/// Reads a weight with scales of which there is one for all or one for each
/// output channel.
static std::optional<CodedWeight>
readDequantizedWeight(PatternRewriter &rewriter, Value value,
                      const ProductShape &shape) {
  auto op = value.getDefiningOp<DequantizeOp>();
  if (!op || !getElementTypeOrSelf(op.getScale()).isF32() ||
      !hasConstantData(op.getScale()))
    return std::nullopt;
  auto type = cast<RankedTensorType>(value.getType());
  for (auto [dim, extent] : llvm::enumerate(op.getBlock()))
    if (extent != 0 && extent < type.getDimSize(dim) &&
        !(extent == 1 && static_cast<int64_t>(dim) == shape.weightDim))
      return std::nullopt;
  FailureOr<TensorData> scales = decodeConstant(op.getScale());
  if (failed(scales))
    return std::nullopt;
  std::optional<CodedWeight> weight =
      readWeight(rewriter, op.getInput(), op.getZeroPoint(), shape);
  if (!weight)
    return std::nullopt;
  weight->scales = scales->toFloats();
  weight->scales.resize(shape.channels, weight->scales.front());
  return weight;
}

//===----------------------------------------------------------------------===//
// The integer product
//===----------------------------------------------------------------------===//

/// Surrounds the input of a convolution by its zero point, unless that is zero.
static Value padInput(PatternRewriter &rewriter, ConvOp op,
                      const Codes &input) {
  auto type = cast<RankedTensorType>(input.codes.getType());
  Location loc = op.getLoc();
  SmallVector<int64_t> pads(2 * type.getRank(), 0), shape(type.getShape());
  int64_t spatialRank = type.getRank() - 2;
  for (int64_t dim = 0; dim < spatialRank; ++dim) {
    pads[2 + dim] = op.getPads()[dim];
    pads[type.getRank() + 2 + dim] = op.getPads()[spatialRank + dim];
    if (!type.isDynamicDim(2 + dim))
      shape[2 + dim] += op.getPads()[dim] + op.getPads()[spatialRank + dim];
  }
  Type codeType = type.getElementType();
  Value zero;
  if (!input.zeroValue) {
    zero = createInts(rewriter, loc, {}, codeType, input.zero);
  } else {
    Value noDims = createInts(rewriter, loc, {0}, rewriter.getI64Type(), {});
    Value scalar = ReshapeOp::create(
        rewriter, loc, RankedTensorType::get({}, rewriter.getI32Type()),
        input.zeroValue, noDims);
    zero = CastOp::create(rewriter, loc, scalar, codeType);
  }
  Value padValue =
      createInts(rewriter, loc, {static_cast<int64_t>(pads.size())},
                 rewriter.getI64Type(), pads);
  return PadOp::create(rewriter, loc, RankedTensorType::get(shape, codeType),
                       input.codes, padValue, zero, PadMode::Constant);
}

/// The product `op` on codes: sum (q - z) c + bias in i32. `bias` has an
/// element for each output channel.
static Value createIntegerProduct(PatternRewriter &rewriter, Operation *op,
                                  const Codes &input, const CodedWeight &weight,
                                  const ProductShape &shape,
                                  std::vector<int64_t> bias) {
  Location loc = op->getLoc();
  Type i32 = rewriter.getI32Type();
  auto type = cast<RankedTensorType>(op->getResult(0).getType()).clone(i32);
  bool isZeroKnown = !input.zeroValue;
  if (isZeroKnown)
    for (auto [value, sum] : llvm::zip_equal(bias, weight.sums))
      value -= input.zero * sum;
  Value biasValue;
  if (llvm::any_of(bias, [](int64_t value) { return value != 0; }))
    biasValue = createInts(rewriter, loc, {shape.channels}, i32, bias);

  Value product;
  auto conv = dyn_cast<ConvOp>(op);
  if (!conv) {
    product = LinearOp::create(rewriter, loc, type, input.codes, weight.codes,
                               biasValue, /*transposed=*/shape.weightDim == 1);
  } else {
    Value padded = input.codes;
    SmallVector<int64_t> pads(conv.getPads());
    auto isNotZero = [](int64_t value) { return value != 0; };
    if (llvm::any_of(pads, isNotZero) && (!isZeroKnown || input.zero != 0)) {
      padded = padInput(rewriter, conv, input);
      pads.assign(pads.size(), 0);
    }
    product = ConvOp::create(rewriter, loc, type, padded, weight.codes,
                             biasValue, conv.getStrides(), pads,
                             conv.getDilations(), conv.getGroups());
  }
  product.getDefiningOp()->setDiscardableAttrs(
      op->getDiscardableAttrDictionary());
  if (isZeroKnown)
    return product;
  Value sums = createInts(rewriter, loc, shape.getChannelShape(type.getRank()),
                          i32, weight.sums);
  Value correction = MulOp::create(rewriter, loc, input.zeroValue, sums);
  return SubOp::create(rewriter, loc, type, product, correction);
}

/// The bias in the shape in which it broadcasts.
static Value spreadBias(PatternRewriter &rewriter, Location loc, Value bias,
                        ArrayRef<int64_t> channelShape) {
  if (channelShape.size() == 1)
    return bias;
  SmallVector<int64_t> axes = llvm::to_vector(
      llvm::seq<int64_t>(1, static_cast<int64_t>(channelShape.size())));
  return UnsqueezeOp::create(rewriter, loc, bias, axes);
}

//===----------------------------------------------------------------------===//
// Float products of dequantized tensors
//===----------------------------------------------------------------------===//

/// Takes what can be added to the integer sums out of a bias: where it is
/// stored in units of the scales of the sums, these units. What is left, which
/// is added to the rescaled sums, is none if nothing is.
static std::vector<int64_t> takeBiasCodes(PatternRewriter &rewriter,
                                          Value &bias, ArrayRef<float> units,
                                          const CodedWeight &weight) {
  std::vector<int64_t> taken(units.size(), 0);
  auto op = bias.getDefiningOp<DequantizeOp>();
  if (!op || !hasConstantData(bias) ||
      !isa<IntegerType>(getElementTypeOrSelf(op.getInput())))
    return taken;
  FailureOr<TensorData> codes = decodeConstant(op.getInput());
  FailureOr<TensorData> scales = decodeConstant(op.getScale());
  FailureOr<TensorData> numbers = decodeConstant(bias);
  if (failed(codes) || failed(scales) || failed(numbers))
    return taken;
  if (op.getZeroPoint()) {
    FailureOr<TensorData> zeros = decodeConstant(op.getZeroPoint());
    if (failed(zeros) ||
        llvm::any_of(zeros->toInts(), [](int64_t zero) { return zero != 0; }))
      return taken;
  }
  std::vector<float> rest = numbers->toFloats();
  bool isLeft = false;
  for (size_t f = 0; f < units.size(); ++f) {
    int64_t code = codes->getInt(f);
    float scale = scales->getFloat(scales->getNumElements() == 1 ? 0 : f);
    // Scales may have been multiplied in another order.
    bool isUnit = std::abs(scale - units[f]) <= 0x1p-22f * units[f];
    bool fits =
        std::abs(code) + kGreatestCode * weight.absoluteSums[f] <= INT32_MAX;
    if (isUnit && fits) {
      taken[f] = code;
      rest[f] = 0;
    }
    isLeft |= rest[f] != 0;
  }
  bias = isLeft ? createFloats(rewriter, bias.getLoc(),
                               static_cast<int64_t>(rest.size()), rest)
                : Value();
  return taken;
}

namespace {

/// conv and linear of dequantized tensors.
struct FormFloatProduct : RewritePattern {
  FormFloatProduct(StringRef name, MLIRContext *context,
                   Pass::Statistic &numFormed)
      : RewritePattern(name, /*benefit=*/1, context), numFormed(numFormed) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    DequantizeOp dequantize = getDequantizedActivation(op->getOperand(0));
    if (!dequantize)
      return rewriter.notifyMatchFailure(op, "the input is not quantized");
    std::optional<ProductShape> shape = getProductShape(op);
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    if (!shape || !type.getElementType().isF32())
      return rewriter.notifyMatchFailure(op, "the weight has an open shape or "
                                             "results are no f32");
    if (!fitsInt32(shape->depth))
      return rewriter.notifyMatchFailure(op, "sums may exceed 32 bits");
    std::optional<TensorScale> known = getTensorScale(dequantize);
    if (!known && !hasSeparableScale(op, dequantize))
      return rewriter.notifyMatchFailure(op, "the input's scale varies within "
                                             "a sum");
    std::optional<CodedWeight> weight =
        readDequantizedWeight(rewriter, op->getOperand(1), *shape);
    if (!weight)
      return formGroupProduct(op, rewriter, dequantize, known, *shape);

    Location loc = op->getLoc();
    Codes input;
    input.codes = dequantize.getInput();
    if (known)
      input.zero = known->zero;
    else if (dequantize.getZeroPoint())
      input.zeroValue = CastOp::create(rewriter, loc, dequantize.getZeroPoint(),
                                       rewriter.getI32Type());

    std::vector<float> units(weight->scales);
    if (known)
      for (float &unit : units)
        unit *= known->scale;
    Value bias = op->getNumOperands() > 2 ? op->getOperand(2) : Value();
    std::vector<int64_t> biasCodes(shape->channels, 0);
    if (bias && known)
      biasCodes = takeBiasCodes(rewriter, bias, units, *weight);

    Value sum = createIntegerProduct(rewriter, op, input, *weight, *shape,
                                     std::move(biasCodes));
    Value result =
        CastOp::create(rewriter, loc, type, sum, rewriter.getF32Type());
    SmallVector<int64_t> channelShape = shape->getChannelShape(type.getRank());
    result = MulOp::create(rewriter, loc, type, result,
                           createFloats(rewriter, loc, channelShape, units));
    if (!known)
      result =
          MulOp::create(rewriter, loc, type, result, dequantize.getScale());
    if (bias)
      result = AddOp::create(rewriter, loc, type, result,
                             spreadBias(rewriter, loc, bias, channelShape));
    rewriter.replaceOp(op, result);
    ++numFormed;
    return success();
  }

private:
  /// The product with a weight whose scales vary within a sum.
  LogicalResult formGroupProduct(Operation *op, PatternRewriter &rewriter,
                                 DequantizeOp dequantize,
                                 std::optional<TensorScale> known,
                                 const ProductShape &shape) const {
    auto linear = dyn_cast<LinearOp>(op);
    auto decode = op->getOperand(1).getDefiningOp<DequantizeOp>();
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    if (!linear || !decode || !hasConstantData(op->getOperand(1)) ||
        !getElementTypeOrSelf(op->getOperand(1)).isF32())
      return rewriter.notifyMatchFailure(op, "the weight is no constant of "
                                             "codes with f32 scales");
    Type code = getElementTypeOrSelf(decode.getInput());
    if (!isa<IntegerType, Float4E2M1FNType>(code) ||
        code.getIntOrFloatBitWidth() > 8)
      return rewriter.notifyMatchFailure(op, "the weight's codes are no "
                                             "integers of 8 bits at most");
    FailureOr<TensorData> weight = decodeConstant(op->getOperand(1));
    if (failed(weight))
      return failure();
    std::vector<double> sums(shape.channels, 0);
    for (int64_t f = 0; f < shape.channels; ++f)
      for (int64_t k = 0; k < shape.depth; ++k)
        sums[f] +=
            weight->getFloat(shape.weightDim == 0 ? f * shape.depth + k
                                                  : k * shape.channels + f);

    Location loc = op->getLoc();
    Type f32 = rewriter.getF32Type();
    Value codes = CastOp::create(
        rewriter, loc,
        cast<RankedTensorType>(dequantize.getInput().getType()).clone(f32),
        dequantize.getInput(), f32);
    Value result =
        LinearOp::create(rewriter, loc, type, codes, linear.getWeight(),
                         /*bias=*/Value(), linear.getTransposed());
    result.getDefiningOp()->setDiscardableAttrs(
        op->getDiscardableAttrDictionary());
    auto createSums = [&](double factor) {
      std::vector<float> values;
      for (double sum : sums)
        values.push_back(float(sum * factor));
      return createFloats(rewriter, loc, shape.channels, values);
    };
    if (known && known->zero != 0)
      result = SubOp::create(rewriter, loc, type, result,
                             createSums(double(known->zero)));
    if (!known && dequantize.getZeroPoint()) {
      Value zero =
          CastOp::create(rewriter, loc, dequantize.getZeroPoint(), f32);
      Value correction = MulOp::create(rewriter, loc, zero, createSums(1));
      result = SubOp::create(rewriter, loc, type, result, correction);
    }
    Value scale = known ? createFloats(rewriter, loc, 1, known->scale)
                        : dequantize.getScale();
    result = MulOp::create(rewriter, loc, type, result, scale);
    if (Value bias = linear.getBias())
      result = AddOp::create(rewriter, loc, type, result, bias);
    rewriter.replaceOp(op, result);
    ++numFormed;
    return success();
  }

  /// Whether the scale is the same for all that is summed.
  static bool hasSeparableScale(Operation *op, DequantizeOp dequantize) {
    if (!getElementTypeOrSelf(dequantize.getScale()).isF32())
      return false;
    ArrayRef<int64_t> block = dequantize.getBlock();
    // A linear op sums along the last dimension alone; a convolution over
    // windows.
    return !isa<ConvOp>(op)
               ? block.back() == 0 &&
                     llvm::all_of(block.drop_back(),
                                  [](int64_t extent) { return extent <= 1; })
               : llvm::all_of(block,
                              [](int64_t extent) { return extent == 0; });
  }

  Pass::Statistic &numFormed;
};

//===----------------------------------------------------------------------===//
// Integer products of widened tensors
//===----------------------------------------------------------------------===//

/// Products of 8-bit tensors that were widened to i32, zero points being
/// subtracted first.
struct NarrowIntegerProduct : RewritePattern {
  NarrowIntegerProduct(StringRef name, MLIRContext *context,
                       Pass::Statistic &numFormed)
      : RewritePattern(name, /*benefit=*/1, context), numFormed(numFormed) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op->getResult(0).getType()).isInteger(32))
      return failure();
    std::optional<Codes> input = matchWidened(op->getOperand(0));
    std::optional<Codes> weightCodes = matchWidened(op->getOperand(1));
    // One at least has to become narrower.
    if (!input || !weightCodes ||
        (input->codes == op->getOperand(0) &&
         weightCodes->codes == op->getOperand(1)))
      return rewriter.notifyMatchFailure(op, "operands are no widened bytes");
    auto codeType = cast<RankedTensorType>(input->codes.getType());
    if (isWeight(input->codes) || hasConstantData(input->codes))
      return rewriter.notifyMatchFailure(op, "the input is a constant");
    if (input->zeroValue)
      if (std::optional<int64_t> zero = getKnownInt(input->zeroValue)) {
        input->zero = *zero;
        input->zeroValue = Value();
      }
    if (input->zeroValue && !isPerRow(op, *input, codeType))
      return rewriter.notifyMatchFailure(op, "zero points vary within a sum");

    std::optional<ProductShape> shape = getProductShape(op);
    if (!shape)
      return rewriter.notifyMatchFailure(op, "no product with a fixed matrix");
    std::optional<CodedWeight> weight = readWeight(
        rewriter, weightCodes->codes, weightCodes->zeroValue, *shape);
    if (!weight)
      return rewriter.notifyMatchFailure(
          op, "the weight is no constant whose codes fit signed bytes");
    Value bias = op->getNumOperands() > 2 ? op->getOperand(2) : Value();
    Value sum = createIntegerProduct(rewriter, op, *input, *weight, *shape,
                                     std::vector<int64_t>(shape->channels, 0));
    auto type = cast<RankedTensorType>(sum.getType());
    if (bias)
      sum = AddOp::create(rewriter, op->getLoc(), type, sum,
                          spreadBias(rewriter, op->getLoc(), bias,
                                     shape->getChannelShape(type.getRank())));
    rewriter.replaceOp(op, sum);
    ++numFormed;
    return success();
  }

private:
  /// cast(q) - z, cast(q) or q, in i32.
  static std::optional<Codes> matchWidened(Value value) {
    Codes result;
    if (auto sub = value.getDefiningOp<SubOp>()) {
      result.zeroValue = sub.getRhs();
      value = sub.getLhs();
      if (cast<RankedTensorType>(value.getType()) != sub.getType())
        return std::nullopt;
    }
    auto cast = value.getDefiningOp<CastOp>();
    if (cast && getElementTypeOrSelf(value).isInteger(32))
      value = cast.getInput();
    if (!isByte(value))
      return std::nullopt;
    result.codes = value;
    return result;
  }

  /// Whether the zero point is one for all that is summed.
  static bool isPerRow(Operation *op, const Codes &input,
                       RankedTensorType type) {
    auto zeroType = cast<RankedTensorType>(input.zeroValue.getType());
    if (isa<ConvOp>(op))
      return zeroType.hasStaticShape() && zeroType.getNumElements() == 1;
    return zeroType.getRank() == 0 || (zeroType.getShape().back() == 1 &&
                                       zeroType.getRank() <= type.getRank());
  }

  Pass::Statistic &numFormed;
};

} // namespace

void integerops::populateFormProductPatterns(RewritePatternSet &patterns,
                                             Pass::Statistic &numFormed) {
  MLIRContext *context = patterns.getContext();
  for (StringRef name :
       {LinearOp::getOperationName(), ConvOp::getOperationName(),
        MatmulOp::getOperationName()}) {
    patterns.add<FormFloatProduct>(name, context, numFormed);
    patterns.add<NarrowIntegerProduct>(name, context, numFormed);
  }
}
