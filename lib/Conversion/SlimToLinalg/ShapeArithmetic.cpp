//===- ShapeArithmetic.cpp - Small integer tensors as scalars -------------===//
//
// Models compute shapes with tensor ops. Here such a tensor becomes its
// elements (tensor.from_elements), and an op on it scalar arithmetic on them,
// so that an extent computed by the model is an SSA value that the lowering of
// the op that it shapes, and canonicalization, can see. These patterns have a
// higher benefit than the ones that would build loops.
//
//===----------------------------------------------------------------------===//
#include "Patterns.h"
#include "ScalarOps.h"
#include "mlir/Dialect/Traits.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/Matchers.h"
#include "slim/IR/SlimOps.h"

using namespace slim;
using namespace slim::conversion;

/// Above that of the patterns that build loops.
static constexpr unsigned kBenefit = 10;
/// Largest number of elements that are treated one by one.
static constexpr int64_t kMaxElements = 32;

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

static Value lookThroughCasts(Value tensor) {
  while (auto cast = tensor.getDefiningOp<tensor::CastOp>()) {
    if (!isa<RankedTensorType>(cast.getSource().getType()))
      break;
    tensor = cast.getSource();
  }
  return tensor;
}

static bool isSmall(RankedTensorType type) {
  return type.hasStaticShape() && type.getNumElements() <= kMaxElements;
}

/// True for a tensor that consists of scalars already.
static bool isScalarized(Value tensor) {
  return lookThroughCasts(tensor).getDefiningOp<tensor::FromElementsOp>();
}

static bool isConstant(Value tensor) {
  return matchPattern(lookThroughCasts(tensor), m_Constant());
}

/// True if an op on `operands` (converted) should become scalar arithmetic:
/// small vectors of integers, and whatever is computed from scalars only.
static bool shouldScalarize(ValueRange operands) {
  bool areVectorsOfInts = true, areScalarized = true, anyScalarized = false;
  for (Value operand : operands) {
    auto type = cast<RankedTensorType>(lookThroughCasts(operand).getType());
    if (!isSmall(type))
      return false;
    areVectorsOfInts &=
        type.getRank() <= 1 && isa<IntegerType>(type.getElementType());
    areScalarized &= isScalarized(operand) || isConstant(operand);
    anyScalarized |= isScalarized(operand);
  }
  return areVectorsOfInts || (areScalarized && anyScalarized);
}

/// The element of `tensor` at `index`.
static Value extractAt(OpBuilder &b, Location loc, Value tensor,
                       ArrayRef<int64_t> index) {
  SmallVector<Value> indices;
  for (int64_t i : index)
    indices.push_back(createIndex(b, loc, i));
  return b.createOrFold<tensor::ExtractOp>(loc, tensor, indices);
}

/// All elements of a small tensor in row-major order.
static SmallVector<Value> extractAll(OpBuilder &b, Location loc, Value tensor) {
  tensor = lookThroughCasts(tensor);
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> strides = computeStrides(type.getShape());
  SmallVector<Value> elements;
  for (int64_t i = 0, e = type.getNumElements(); i < e; ++i)
    elements.push_back(extractAt(b, loc, tensor, delinearize(i, strides)));
  return elements;
}

/// The tensor of `shape` with these elements, as `type`.
static Value buildTensor(OpBuilder &b, Location loc, ArrayRef<int64_t> shape,
                         ValueRange elements, RankedTensorType type) {
  auto staticType = RankedTensorType::get(shape, type.getElementType());
  Value result;
  if (elements.empty())
    result = tensor::EmptyOp::create(b, loc, shape, type.getElementType());
  else
    result = tensor::FromElementsOp::create(b, loc, staticType, elements);
  return castTensor(b, loc, result, type);
}

/// The static shape of an op's converted operand.
static ArrayRef<int64_t> getShape(Value tensor) {
  return cast<RankedTensorType>(lookThroughCasts(tensor).getType()).getShape();
}

//===----------------------------------------------------------------------===//
// Elementwise ops
//===----------------------------------------------------------------------===//

static bool isNegativeConstant(Value value) {
  APInt constant;
  return matchPattern(value, m_ConstantInt(&constant)) && constant.isNegative();
}

/// What `op` computes of scalars; that an extent equals -1, which models ask in
/// order to find the extents to infer, is known to be false.
static Value computeScalar(OpBuilder &b, Location loc, Operation *op,
                           ValueRange args) {
  if (isa<EqualOp>(op) && !isUnsigned(op->getOperand(0).getType()) &&
      ((isNonNegative(args[0]) && isNegativeConstant(args[1])) ||
       (isNonNegative(args[1]) && isNegativeConstant(args[0]))))
    return createZero(b, loc, b.getI1Type());
  return createScalarOp(b, loc, op, args);
}

namespace {

template <typename OpTy>
struct ScalarizeElementwise : OpConversionPattern<OpTy> {
  ScalarizeElementwise(const TypeConverter &converter, MLIRContext *context)
      : OpConversionPattern<OpTy>(converter, context, kBenefit) {}

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ValueRange operands = adaptor.getOperands();
    if (!shouldScalarize(operands))
      return failure();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    SmallVector<int64_t> shape;
    for (Value operand : operands) {
      SmallVector<int64_t> wider;
      if (!OpTrait::util::getBroadcastedShape(shape, getShape(operand), wider))
        return failure();
      shape = wider;
    }
    if (!isSmall(type.clone(shape)))
      return failure();

    Location loc = op.getLoc();
    SmallVector<Value> elements;
    SmallVector<int64_t> strides = computeStrides(shape);
    for (int64_t i = 0, e = computeProduct(shape); i < e; ++i) {
      SmallVector<int64_t> index = delinearize(i, strides);
      SmallVector<Value> args;
      for (Value operand : operands) {
        ArrayRef<int64_t> operandShape = getShape(operand);
        SmallVector<int64_t> operandIndex(
            ArrayRef<int64_t>(index).take_back(operandShape.size()));
        for (auto [position, extent] : llvm::zip(operandIndex, operandShape))
          position = extent == 1 ? 0 : position;
        args.push_back(
            extractAt(rewriter, loc, lookThroughCasts(operand), operandIndex));
      }
      Value element = computeScalar(rewriter, loc, op, args);
      if (!element)
        return rewriter.notifyMatchFailure(op, "element types not supported");
      elements.push_back(element);
    }
    rewriter.replaceOp(op, buildTensor(rewriter, loc, shape, elements, type));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Shapes and movement
//===----------------------------------------------------------------------===//

struct ConvertShape : OpConversionPattern<ShapeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(ShapeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto type = cast<RankedTensorType>(op.getResult().getType());
    SmallVector<Value> elements;
    for (int64_t dim = op.getStart(); dim < static_cast<int64_t>(op.getEnd());
         ++dim)
      elements.push_back(castFromIndex(
          rewriter, loc, getDimValue(rewriter, loc, adaptor.getInput(), dim),
          type.getElementType()));
    rewriter.replaceOp(op, buildTensor(rewriter, loc,
                                       static_cast<int64_t>(elements.size()),
                                       elements, type));
    return success();
  }
};

/// Ops whose result has the elements of the operand in another static shape.
template <typename OpTy>
struct ScalarizeReshape : OpConversionPattern<OpTy> {
  ScalarizeReshape(const TypeConverter &converter, MLIRContext *context)
      : OpConversionPattern<OpTy>(converter, context, kBenefit) {}

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RankedTensorType type = getSignlessType(op.getResult().getType());
    Value input = adaptor.getInput();
    if (!type.hasStaticShape() || !shouldScalarize(input) ||
        computeProduct(getShape(input)) != type.getNumElements())
      return failure();
    SmallVector<Value> elements = extractAll(rewriter, op.getLoc(), input);
    rewriter.replaceOp(op, buildTensor(rewriter, op.getLoc(), type.getShape(),
                                       elements, type));
    return success();
  }
};

struct ScalarizeConcat : OpConversionPattern<ConcatOp> {
  ScalarizeConcat(const TypeConverter &converter, MLIRContext *context)
      : OpConversionPattern(converter, context, kBenefit) {}

  LogicalResult
  matchAndRewrite(ConcatOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RankedTensorType type = getSignlessType(op.getResult().getType());
    ValueRange inputs = adaptor.getInputs();
    if (type.getRank() != 1 || !shouldScalarize(inputs))
      return failure();
    SmallVector<Value> elements;
    for (Value input : inputs)
      llvm::append_range(elements, extractAll(rewriter, op.getLoc(), input));
    if (static_cast<int64_t>(elements.size()) > kMaxElements)
      return failure();
    rewriter.replaceOp(op, buildTensor(rewriter, op.getLoc(),
                                       static_cast<int64_t>(elements.size()),
                                       elements, type));
    return success();
  }
};

/// The constant elements of an integer tensor, or nothing.
std::optional<SmallVector<int64_t>> getConstantElements(Value tensor) {
  DenseIntElementsAttr elements;
  if (!matchPattern(lookThroughCasts(tensor), m_Constant(&elements))) {
    auto fromElements =
        lookThroughCasts(tensor).getDefiningOp<tensor::FromElementsOp>();
    if (!fromElements)
      return std::nullopt;
    SmallVector<int64_t> values;
    for (Value element : fromElements.getElements()) {
      APInt value;
      if (!matchPattern(element, m_ConstantInt(&value)))
        return std::nullopt;
      values.push_back(value.getSExtValue());
    }
    return values;
  }
  return llvm::map_to_vector(elements.getValues<APInt>(),
                             [](const APInt &v) { return v.getSExtValue(); });
}

struct ScalarizeGather : OpConversionPattern<GatherOp> {
  ScalarizeGather(const TypeConverter &converter, MLIRContext *context)
      : OpConversionPattern(converter, context, kBenefit) {}

  LogicalResult
  matchAndRewrite(GatherOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RankedTensorType type = getSignlessType(op.getResult().getType());
    Value input = adaptor.getInput();
    std::optional<SmallVector<int64_t>> indices =
        getConstantElements(adaptor.getIndices());
    if (!indices || !isSmall(type) || !shouldScalarize(input) ||
        getShape(input).size() != 1)
      return failure();
    int64_t extent = getShape(input)[0];
    SmallVector<Value> elements;
    for (int64_t index : *indices) {
      index += index < 0 ? extent : 0;
      if (index < 0 || index >= extent)
        return rewriter.notifyMatchFailure(op, "index outside");
      elements.push_back(
          extractAt(rewriter, op.getLoc(), lookThroughCasts(input), index));
    }
    rewriter.replaceOp(op, buildTensor(rewriter, op.getLoc(), type.getShape(),
                                       elements, type));
    return success();
  }
};

struct ScalarizeSlice : OpConversionPattern<SliceOp> {
  ScalarizeSlice(const TypeConverter &converter, MLIRContext *context)
      : OpConversionPattern(converter, context, kBenefit) {}

  LogicalResult
  matchAndRewrite(SliceOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RankedTensorType type = getSignlessType(op.getResult().getType());
    Value input = adaptor.getInput();
    auto starts = getConstantElements(adaptor.getStarts()),
         ends = getConstantElements(adaptor.getEnds()),
         steps = getConstantElements(adaptor.getSteps());
    if (!starts || !ends || !steps || starts->size() != 1 ||
        ends->size() != 1 || steps->size() != 1 || steps->front() == 0 ||
        !shouldScalarize(input) || getShape(input).size() != 1)
      return failure();
    int64_t extent = getShape(input)[0], step = steps->front();
    // Positions are cut to where the walk may begin and end.
    int64_t first = step > 0 ? 0 : -1, last = step > 0 ? extent : extent - 1;
    auto resolve = [&](int64_t position) {
      position += position < 0 ? extent : 0;
      return std::clamp(position, first, last);
    };
    int64_t end = resolve(ends->front());
    SmallVector<Value> elements;
    for (int64_t i = resolve(starts->front()); step > 0 ? i < end : i > end;
         i += step) {
      elements.push_back(
          extractAt(rewriter, op.getLoc(), lookThroughCasts(input), i));
      if (std::abs(step) > extent)
        break;
    }
    rewriter.replaceOp(op, buildTensor(rewriter, op.getLoc(),
                                       static_cast<int64_t>(elements.size()),
                                       elements, type));
    return success();
  }
};

/// A small tensor of one value whose shape is known.
struct ScalarizeFill : OpConversionPattern<FillOp> {
  ScalarizeFill(const TypeConverter &converter, MLIRContext *context)
      : OpConversionPattern(converter, context, kBenefit) {}

  LogicalResult
  matchAndRewrite(FillOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RankedTensorType type = getSignlessType(op.getResult().getType());
    if (!isSmall(type) || type.getRank() > 1 ||
        !isa<IntegerType>(type.getElementType()))
      return failure();
    Value value = extractAt(rewriter, op.getLoc(), adaptor.getValue(), {});
    SmallVector<Value> elements(type.getNumElements(), value);
    rewriter.replaceOp(op, buildTensor(rewriter, op.getLoc(), type.getShape(),
                                       elements, type));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

template <typename OpTy>
struct ScalarizeReduction : OpConversionPattern<OpTy> {
  ScalarizeReduction(const TypeConverter &converter, MLIRContext *context)
      : OpConversionPattern<OpTy>(converter, context, kBenefit) {}

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RankedTensorType type = getSignlessType(op.getResult().getType());
    Value input = adaptor.getInput();
    if (!shouldScalarize(input) || op.getAxes().size() != 1 ||
        getShape(input).size() != 1 || getShape(input)[0] == 0 ||
        !isa<IntegerType>(type.getElementType()))
      return failure();
    Location loc = op.getLoc();
    SmallVector<Value> elements = extractAll(rewriter, loc, input);
    Value result = elements.front();
    bool isUnsignedInput = isUnsigned(op.getInput().getType());
    for (Value element : llvm::drop_begin(elements)) {
      if constexpr (std::is_same_v<OpTy, ReduceSumOp>)
        result = createAdd(rewriter, loc, result, element);
      else if constexpr (std::is_same_v<OpTy, ReduceProdOp>)
        result = createMul(rewriter, loc, result, element);
      else if constexpr (std::is_same_v<OpTy, ReduceMaxOp>)
        result = createMax(rewriter, loc, result, element, isUnsignedInput);
      else
        result = createMin(rewriter, loc, result, element, isUnsignedInput);
    }
    rewriter.replaceOp(
        op, buildTensor(rewriter, loc, type.getShape(), result, type));
    return success();
  }
};

} // namespace

void conversion::populateShapeArithmeticPatterns(const TypeConverter &converter,
                                                 RewritePatternSet &patterns) {
  patterns.add<
      ConvertShape, ScalarizeConcat, ScalarizeFill, ScalarizeGather,
      ScalarizeSlice, ScalarizeReshape<FlattenOp>, ScalarizeReshape<ReshapeOp>,
      ScalarizeReshape<SqueezeOp>, ScalarizeReshape<UnsqueezeOp>,
      ScalarizeReduction<ReduceMaxOp>, ScalarizeReduction<ReduceMinOp>,
      ScalarizeReduction<ReduceProdOp>, ScalarizeReduction<ReduceSumOp>,
      ScalarizeElementwise<AbsOp>, ScalarizeElementwise<AddOp>,
      ScalarizeElementwise<AndOp>, ScalarizeElementwise<CastOp>,
      ScalarizeElementwise<CeilOp>, ScalarizeElementwise<ClampOp>,
      ScalarizeElementwise<DivOp>, ScalarizeElementwise<EqualOp>,
      ScalarizeElementwise<FloorOp>, ScalarizeElementwise<GreaterEqualOp>,
      ScalarizeElementwise<GreaterOp>, ScalarizeElementwise<LessEqualOp>,
      ScalarizeElementwise<LessOp>, ScalarizeElementwise<MaxOp>,
      ScalarizeElementwise<MinOp>, ScalarizeElementwise<ModOp>,
      ScalarizeElementwise<MulOp>, ScalarizeElementwise<NegOp>,
      ScalarizeElementwise<NotOp>, ScalarizeElementwise<OrOp>,
      ScalarizeElementwise<RemOp>, ScalarizeElementwise<RoundOp>,
      ScalarizeElementwise<SelectOp>, ScalarizeElementwise<SignOp>,
      ScalarizeElementwise<SqrtOp>, ScalarizeElementwise<SubOp>,
      ScalarizeElementwise<XorOp>>(converter, patterns.getContext());
}
