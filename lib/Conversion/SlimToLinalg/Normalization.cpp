//===- Normalization.cpp - Lowering of layer, group and batch norms -------===//
//
// Statistics are reductions in f32 (or wider); what follows is one elementwise
// generic over the input, which fuses with its neighbours.
//
//===----------------------------------------------------------------------===//
#include "Normalize.h"
#include "Patterns.h"
#include "ScalarOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "slim/IR/SlimOps.h"

using namespace slim;
using namespace slim::conversion;

/// Numbers of a float type, or of what it is computed in.
static Value widen(OpBuilder &b, Location loc, Value value, Type computeType) {
  return castScalar(b, loc, value, value.getType(), computeType);
}

/// 1 / sqrt(x + epsilon)
static Value createInverseDeviation(OpBuilder &b, Location loc, Value variance,
                                    double epsilon) {
  Type type = variance.getType();
  Value shifted = arith::AddFOp::create(b, loc, variance,
                                        createConstant(b, loc, type, epsilon));
  Value deviation = math::SqrtOp::create(b, loc, shifted);
  return arith::DivFOp::create(b, loc, createOne(b, loc, type), deviation);
}

static double toDouble(const APFloat &value) { return value.convertToDouble(); }

namespace {

/// Sums over the dimensions `axes` of `input`.
class Statistics {
public:
  Statistics(OpBuilder &b, Location loc, Value input, ArrayRef<int64_t> axes)
      : b(b), loc(loc), input(input), axes(axes),
        extents(getExtents(b, loc, input)),
        computeType(getComputeType(
            cast<RankedTensorType>(input.getType()).getElementType())),
        identity(b.getMultiDimIdentityMap(extents.size())),
        reduced(getReducedMap(b, extents.size(), axes)) {
    SmallVector<OpFoldResult> counts;
    for (int64_t axis : axes)
      counts.push_back(extents[axis]);
    Value elements = toValue(b, loc, mulExtents(b, loc, counts));
    Value integer =
        b.createOrFold<arith::IndexCastOp>(loc, b.getI64Type(), elements);
    count = b.createOrFold<arith::UIToFPOp>(loc, computeType, integer);
  }

  Value mean() {
    Value sum = createReduction(
        b, loc, extents, axes, createZero(b, loc, computeType), input, identity,
        [&](OpBuilder &b, Location loc, ValueRange args) {
          return createAdd(b, loc, args[1], widen(b, loc, args[0], computeType),
                           arith::FastMathFlags::reassoc);
        });
    return mapStatistic(sum, [&](OpBuilder &b, Location loc, Value value) {
      return arith::DivFOp::create(b, loc, value, count);
    });
  }

  /// 1 / sqrt(mean((x - mean)^2) + epsilon); without a mean that of x^2.
  Value inverseDeviation(Value mean, double epsilon) {
    SmallVector<Value> operands = {input};
    SmallVector<AffineMap> maps = {identity};
    if (mean) {
      operands.push_back(mean);
      maps.push_back(reduced);
    }
    Value sum = createReduction(
        b, loc, extents, axes, createZero(b, loc, computeType), operands, maps,
        [&](OpBuilder &b, Location loc, ValueRange args) {
          Value value = widen(b, loc, args[0], computeType);
          if (mean)
            value = arith::SubFOp::create(b, loc, value, args[1]);
          return createAdd(b, loc, args.back(), createMul(b, loc, value, value),
                           arith::FastMathFlags::reassoc);
        });
    return mapStatistic(sum, [&](OpBuilder &b, Location loc, Value value) {
      Value variance = arith::DivFOp::create(b, loc, value, count);
      return createInverseDeviation(b, loc, variance, epsilon);
    });
  }

  OpBuilder &b;
  Location loc;
  Value input;
  SmallVector<int64_t> axes;
  SmallVector<OpFoldResult> extents;
  Type computeType;
  AffineMap identity;
  AffineMap reduced;
  Value count;

private:
  Value mapStatistic(Value statistic,
                     function_ref<Value(OpBuilder &, Location, Value)> body) {
    SmallVector<OpFoldResult> ownExtents = getExtents(b, loc, statistic);
    return createParallelGeneric(
        b, loc, ownExtents, computeType, statistic,
        b.getMultiDimIdentityMap(ownExtents.size()),
        [&](OpBuilder &b, Location loc, ValueRange args) {
          return body(b, loc, args[0]);
        });
  }
};

/// A normalization's last step: (x - mean) * factor * scale + bias, each with
/// its map, where it is there.
struct NormalizeStep {
  void add(Value &slot, Value value, AffineMap map) {
    slot = value;
    operands.push_back(value);
    maps.push_back(map);
  }

  Value create(Statistics &statistics, Type elementType) {
    Type computeType = statistics.computeType;
    return createParallelGeneric(
        statistics.b, statistics.loc, statistics.extents, elementType, operands,
        maps, [&](OpBuilder &b, Location loc, ValueRange args) {
          unsigned next = 0;
          auto take = [&]() {
            return widen(b, loc, args[next++], computeType);
          };
          Value value = take();
          if (mean)
            value = arith::SubFOp::create(b, loc, value, take());
          if (factor)
            value = createMul(b, loc, value, take());
          if (scale)
            value = createMul(b, loc, value, take());
          if (bias)
            value = createAdd(b, loc, value, take());
          return castScalar(b, loc, value, computeType, elementType);
        });
  }

  SmallVector<Value> operands;
  SmallVector<AffineMap> maps;
  Value input, mean, factor, scale, bias;
};

/// Layer norm and RMS norm, which have no mean and no bias.
template <typename OpTy>
struct ConvertTrailingNorm : OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    constexpr bool isLayerNorm = std::is_same_v<OpTy, LayerNormOp>;
    Location loc = op.getLoc();
    Value input = adaptor.getInput();
    auto type = cast<RankedTensorType>(op.getResult().getType());
    SmallVector<int64_t> axes =
        llvm::to_vector(llvm::seq<int64_t>(op.getAxis(), type.getRank()));
    Statistics statistics(rewriter, loc, input, axes);

    NormalizeStep step;
    step.add(step.input, input, statistics.identity);
    if (isLayerNorm)
      step.add(step.mean, statistics.mean(), statistics.reduced);
    step.add(step.factor,
             statistics.inverseDeviation(step.mean, toDouble(op.getEpsilon())),
             statistics.reduced);
    auto addParameter = [&](Value &slot, Value parameter) {
      if (!parameter)
        return;
      AffineMap map;
      parameter =
          alignOperand(rewriter, loc, op, parameter, statistics.extents, map);
      step.add(slot, parameter, map);
    };
    addParameter(step.scale, adaptor.getScale());
    if constexpr (isLayerNorm)
      addParameter(step.bias, adaptor.getBias());
    SmallVector<Value> results = {castTensor(
        rewriter, loc, step.create(statistics, type.getElementType()), type)};

    if constexpr (isLayerNorm) {
      auto addStatistic = [&](Value value, Value result) {
        auto resultType = cast<RankedTensorType>(result.getType());
        value = castElements(rewriter, loc, value, statistics.computeType,
                             resultType.getElementType());
        value = insertUnitDims(rewriter, loc, value, axes);
        results.push_back(castTensor(rewriter, loc, value, resultType));
      };
      addStatistic(step.mean, op.getMean());
      addStatistic(step.factor, op.getInvStdDev());
    }
    rewriter.replaceOp(op, results);
    return success();
  }
};

struct ConvertBatchNorm : OpConversionPattern<BatchNormOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(BatchNormOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto type = cast<RankedTensorType>(op.getResult().getType());
    Type computeType = getComputeType(type.getElementType());
    double epsilon = toDouble(op.getEpsilon());
    // scale / sqrt(variance + epsilon), one a channel.
    AffineMap vector = rewriter.getMultiDimIdentityMap(1);
    Value factor = createParallelGeneric(
        rewriter, loc, getExtents(rewriter, loc, adaptor.getScale()),
        computeType, {adaptor.getScale(), adaptor.getVariance()},
        {vector, vector}, [&](OpBuilder &b, Location loc, ValueRange args) {
          Value scale = widen(b, loc, args[0], computeType);
          Value variance = widen(b, loc, args[1], computeType);
          Value shifted = createAdd(
              b, loc, variance, createConstant(b, loc, computeType, epsilon));
          Value deviation = math::SqrtOp::create(b, loc, shifted);
          return arith::DivFOp::create(b, loc, scale, deviation);
        });
    SmallVector<OpFoldResult> extents =
        getExtents(rewriter, loc, adaptor.getInput());
    int64_t rank = extents.size();
    AffineMap channel = AffineMap::get(rank, 0, rewriter.getAffineDimExpr(1),
                                       rewriter.getContext());
    AffineMap identity = rewriter.getMultiDimIdentityMap(rank);
    Value result = createParallelGeneric(
        rewriter, loc, extents, type.getElementType(),
        {adaptor.getInput(), adaptor.getMean(), factor, adaptor.getBias()},
        {identity, channel, channel, channel},
        [&](OpBuilder &b, Location loc, ValueRange args) {
          Value value = widen(b, loc, args[0], computeType);
          Value mean = widen(b, loc, args[1], computeType);
          Value bias = widen(b, loc, args[3], computeType);
          value = arith::SubFOp::create(b, loc, value, mean);
          value = createAdd(b, loc, createMul(b, loc, value, args[2]), bias);
          return castScalar(b, loc, value, computeType, type.getElementType());
        });
    rewriter.replaceOp(op, castTensor(rewriter, loc, result, type));
    return success();
  }
};

struct ConvertGroupNorm : OpConversionPattern<GroupNormOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(GroupNormOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto type = cast<RankedTensorType>(op.getResult().getType());
    Value input = adaptor.getInput(), scale = adaptor.getScale(),
          bias = adaptor.getBias();
    int64_t rank = type.getRank();
    auto groups = static_cast<int64_t>(op.getGroups());

    // Without groups the channels are the groups; with them channels become
    // two dimensions: group and channel within the group.
    SmallVector<ReassociationIndices> split;
    SmallVector<int64_t> axes =
        llvm::to_vector(llvm::seq<int64_t>(2, groups ? rank + 1 : rank));
    AffineExpr d1 = rewriter.getAffineDimExpr(1),
               d2 = rewriter.getAffineDimExpr(2);
    SmallVector<AffineExpr> channelExprs = {d1};
    if (groups) {
      SmallVector<OpFoldResult> extents = getExtents(rewriter, loc, input);
      OpFoldResult count = rewriter.getIndexAttr(groups);
      OpFoldResult channels = divExtents(rewriter, loc, extents[1], count);
      emitEqualExtentsCheck(rewriter, loc, op,
                            mulExtents(rewriter, loc, channels, count),
                            extents[1], "groups do not divide the channels");
      extents[1] = channels;
      extents.insert(extents.begin() + 1, count);
      split = {{0}, {1, 2}};
      for (int64_t dim = 3; dim <= rank; ++dim)
        split.push_back({dim});
      input = expand(rewriter, loc, input, extents, split);
      auto splitVector = [&](Value vector) {
        return expand(rewriter, loc, vector, {count, channels},
                      ReassociationIndices{0, 1});
      };
      scale = splitVector(scale);
      bias = splitVector(bias);
      channelExprs.push_back(d2);
    }
    Statistics statistics(rewriter, loc, input, axes);
    AffineMap channel = AffineMap::get(groups ? rank + 1 : rank, 0,
                                       channelExprs, rewriter.getContext());
    NormalizeStep step;
    step.add(step.input, input, statistics.identity);
    step.add(step.mean, statistics.mean(), statistics.reduced);
    step.add(step.factor,
             statistics.inverseDeviation(step.mean, toDouble(op.getEpsilon())),
             statistics.reduced);
    step.add(step.scale, scale, channel);
    step.add(step.bias, bias, channel);
    Value result = step.create(statistics, type.getElementType());
    if (groups)
      result = collapse(rewriter, loc, result, split);
    rewriter.replaceOp(op, castTensor(rewriter, loc, result, type));
    return success();
  }
};

/// The squares, with zeros around along the channels, are summed over windows.
struct ConvertLRN : OpConversionPattern<LRNOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(LRNOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto type = cast<RankedTensorType>(op.getResult().getType());
    Value input = adaptor.getInput();
    Type computeType = getComputeType(type.getElementType());
    auto size = static_cast<int64_t>(op.getSize());
    int64_t before = (size - 1) / 2, after = size - 1 - before;
    SmallVector<OpFoldResult> extents = getExtents(rewriter, loc, input);
    int64_t rank = extents.size();
    AffineMap identity = rewriter.getMultiDimIdentityMap(rank);
    Value squares = createParallelGeneric(
        rewriter, loc, extents, computeType, input, identity,
        [&](OpBuilder &b, Location loc, ValueRange args) {
          Value value = widen(b, loc, args[0], computeType);
          return createMul(b, loc, value, value);
        });
    SmallVector<OpFoldResult> low(rank, rewriter.getIndexAttr(0)), high(low);
    low[1] = rewriter.getIndexAttr(before);
    high[1] = rewriter.getIndexAttr(after);
    SmallVector<int64_t> paddedShape(
        cast<RankedTensorType>(squares.getType()).getShape());
    if (!ShapedType::isDynamic(paddedShape[1]))
      paddedShape[1] += size - 1;
    Value padded = tensor::PadOp::create(
        rewriter, loc, RankedTensorType::get(paddedShape, computeType), squares,
        low, high, createZero(rewriter, loc, computeType));

    // The last loop runs over the window, whose shape an empty tensor carries.
    SmallVector<OpFoldResult> loopExtents(extents);
    loopExtents.push_back(rewriter.getIndexAttr(size));
    Value window =
        createEmpty(rewriter, loc, {rewriter.getIndexAttr(size)}, computeType);
    SmallVector<AffineExpr> exprs;
    for (int64_t dim = 0; dim < rank; ++dim)
      exprs.push_back(rewriter.getAffineDimExpr(dim));
    exprs[1] = exprs[1] + rewriter.getAffineDimExpr(rank);
    AffineMap paddedMap =
        AffineMap::get(rank + 1, 0, exprs, rewriter.getContext());
    AffineMap windowMap = AffineMap::get(
        rank + 1, 0, rewriter.getAffineDimExpr(rank), rewriter.getContext());
    Value sums =
        createReduction(rewriter, loc, loopExtents, rank,
                        createZero(rewriter, loc, computeType),
                        {padded, window}, {paddedMap, windowMap},
                        [](OpBuilder &b, Location loc, ValueRange args) {
                          return createAdd(b, loc, args[2], args[0]);
                        });
    Value result = createParallelGeneric(
        rewriter, loc, extents, type.getElementType(), {input, sums},
        {identity, identity}, [&](OpBuilder &b, Location loc, ValueRange args) {
          auto constant = [&](double value) {
            return createConstant(b, loc, computeType, value);
          };
          Value mean = createMul(b, loc, args[1],
                                 constant(toDouble(op.getAlpha()) / size));
          Value base =
              createAdd(b, loc, mean, constant(toDouble(op.getBias())));
          Value divisor = math::PowFOp::create(
              b, loc, base, constant(toDouble(op.getBeta())));
          Value value = arith::DivFOp::create(
              b, loc, widen(b, loc, args[0], computeType), divisor);
          return castScalar(b, loc, value, computeType, type.getElementType());
        });
    rewriter.replaceOp(op, castTensor(rewriter, loc, result, type));
    return success();
  }
};

} // namespace

void conversion::populateNormalizationPatterns(const TypeConverter &converter,
                                               RewritePatternSet &patterns) {
  patterns
      .add<ConvertBatchNorm, ConvertGroupNorm, ConvertLRN,
           ConvertTrailingNorm<LayerNormOp>, ConvertTrailingNorm<RMSNormOp>>(
          converter, patterns.getContext());
}
