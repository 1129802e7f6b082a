//===- Conv.cpp - Lowering of convolutions --------------------------------===//
//
// A convolution is a matrix product per sample and group: filters as rows times
// the patches as columns (im2col). A pointwise convolution's input already is
// that matrix. Depthwise convolutions are parallel loops along the rows of the
// image.
//
//===----------------------------------------------------------------------===//
#include "Patterns.h"
#include "Product.h"
#include "Windows.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "slim/IR/SlimOps.h"

using namespace slim;
using namespace slim::conversion;

namespace {

/// lhs * rhs + sum, which may be contracted to a fused multiply-add.
Value multiplyAdd(OpBuilder &b, Location loc, Value lhs, Value rhs, Value sum) {
  if (!isa<FloatType>(sum.getType())) {
    Value product = arith::MulIOp::create(b, loc, lhs, rhs);
    return arith::AddIOp::create(b, loc, sum, product);
  }
  auto flags = arith::FastMathFlags::contract;
  Value product = arith::MulFOp::create(b, loc, lhs, rhs, flags);
  return arith::AddFOp::create(b, loc, sum, product, flags);
}

/// Splits dimension `dim` in `count` parts.
SmallVector<OpFoldResult> splitExtent(OpBuilder &b, Location loc,
                                      ArrayRef<OpFoldResult> extents,
                                      int64_t dim, int64_t count) {
  SmallVector<OpFoldResult> result(extents);
  OpFoldResult parts = b.getIndexAttr(count);
  result[dim] = divExtents(b, loc, extents[dim], parts);
  result.insert(result.begin() + dim, parts);
  return result;
}

/// Patches of `sample` [C, padded spatial...] as columns: [C * kernel,
/// outputs].
Value createColumns(OpBuilder &b, Location loc, const Windows &windows,
                    Value sample) {
  size_t rank = windows.getRank();
  OpFoldResult channels = getExtent(b, loc, sample, 0);
  SmallVector<OpFoldResult> loops{channels};
  llvm::append_range(loops, windows.kernel);
  llvm::append_range(loops, windows.output);
  SmallVector<AffineExpr> exprs{b.getAffineDimExpr(0)};
  llvm::append_range(exprs,
                     getWindowExprs(b.getContext(), windows, 1 + rank, 1));
  AffineMap map = AffineMap::get(loops.size(), 0, exprs, b.getContext());
  Value columns = createParallelGeneric(
      b, loc, loops, getElementTypeOrSelf(sample), sample, map,
      [](OpBuilder &, Location, ValueRange args) { return args[0]; });
  ArrayRef<OpFoldResult> all(loops);
  return reshapeTensor(b, loc, columns,
                       {mulExtents(b, loc, all.take_front(1 + rank)),
                        mulExtents(b, loc, all.drop_front(1 + rank))});
}

/// The body of a loop over samples and groups, given their positions and the
/// part of the result to write; returns that part's value.
using SampleBuilder =
    function_ref<Value(OpBuilder &, Location, OpFoldResult sample,
                       OpFoldResult group, Value part)>;

/// A tensor of `extents` [N, G, ...] made part by part; no loop over a
/// dimension of extent 1.
Value createBySamples(OpBuilder &b, Location loc,
                      ArrayRef<OpFoldResult> extents, Type elementType,
                      SampleBuilder body) {
  Value empty = createEmpty(b, loc, extents, elementType);
  OpFoldResult zero = b.getIndexAttr(0);
  SmallVector<OpFoldResult> bounds;
  SmallVector<int64_t> looped;
  for (int64_t dim : {0, 1})
    if (!isConstantIntValue(extents[dim], 1)) {
      bounds.push_back(extents[dim]);
      looped.push_back(dim);
    }
  return createLoopNest(b, loc, bounds, empty,
                        [&](OpBuilder &b, Location loc, ValueRange positions,
                            ValueRange values) -> SmallVector<Value> {
                          SmallVector<OpFoldResult> at(2, zero);
                          for (auto [dim, position] :
                               llvm::zip_equal(looped, positions))
                            at[dim] = position;
                          Value part = extractLeading(b, loc, values[0], at);
                          part = body(b, loc, at[0], at[1], part);
                          return {insertLeading(b, loc, part, values[0], at)};
                        })
      .front();
}

/// Fills `part` [F, ...] with the bias of group `group`, or with zeros.
Value createBiasInit(OpBuilder &b, Location loc, Value bias, OpFoldResult group,
                     Value part) {
  auto type = cast<RankedTensorType>(part.getType());
  if (!bias)
    return linalg::FillOp::create(
               b, loc, createZero(b, loc, type.getElementType()), part)
        .getResult(0);
  Value vector = extractLeading(b, loc, bias, group);
  vector = castTensor(
      b, loc, vector,
      RankedTensorType::get({type.getDimSize(0)}, type.getElementType()));
  SmallVector<int64_t> added;
  for (int64_t dim = 1; dim < type.getRank(); ++dim)
    added.push_back(dim);
  return linalg::BroadcastOp::create(b, loc, vector, part, added)->getResult(0);
}

//===----------------------------------------------------------------------===//
// Convolution
//===----------------------------------------------------------------------===//

struct LowerConv : public OpConversionPattern<ConvOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(ConvOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    Type compute = getComputeType(type.getElementType());
    bool isFloat = isa<FloatType>(compute);
    // Integers are widened where they are multiplied: bytes stay bytes in
    // memory.
    auto widen = [&](Value value, Value original) {
      return isFloat ? castElements(rewriter, loc, value,
                                    getElementTypeOrSelf(original), compute)
                     : value;
    };
    for (Value operand : op.getOperands())
      if (isa<FloatType>(getElementTypeOrSelf(operand)) != isFloat)
        return rewriter.notifyMatchFailure(op, "mixes floats and integers");
    Value input = widen(adaptor.getInput(), op.getInput());
    Value weight = widen(adaptor.getWeight(), op.getWeight());
    Value bias;
    if (adaptor.getBias())
      bias = widen(adaptor.getBias(), op.getBias());

    int64_t groups = op.getGroups();
    SmallVector<OpFoldResult> inputExtents = getExtents(rewriter, loc, input);
    SmallVector<OpFoldResult> weightExtents = getExtents(rewriter, loc, weight);
    FailureOr<Windows> windows = createWindows(
        rewriter, loc, op, input, ArrayRef(weightExtents).drop_front(2),
        op.getStrides(), op.getPads(), op.getDilations());
    if (failed(windows))
      return rewriter.notifyMatchFailure(op, "has negative pads");
    emitEqualExtentsCheck(rewriter, loc, op, inputExtents[1],
                          mulExtents(rewriter, loc, weightExtents[1],
                                     rewriter.getIndexAttr(groups)),
                          "the input's channels do not match the weight's");
    if (bias)
      emitEqualExtentsCheck(rewriter, loc, op, weightExtents[0],
                            getExtent(rewriter, loc, bias, 0),
                            "the bias does not match the weight");

    Value zero = createZero(rewriter, loc, getElementTypeOrSelf(input));
    Value padded = padForWindows(rewriter, loc, *windows, input, zero);
    Product product;
    product.accumulator = compute;
    product.lhsIsUnsigned = isUnsigned(op.getWeight().getType());
    product.rhsIsUnsigned = isUnsigned(op.getInput().getType());
    std::optional<int64_t> taps = windows->getNumTaps();
    bool depthwise = groups > 1 && isConstantIntValue(weightExtents[1], 1) &&
                     taps && *taps <= kUnrolledTaps;
    Value result = depthwise ? lowerDepthwise(rewriter, loc, *windows, padded,
                                              weight, bias, groups, product)
                             : lowerByMatmul(rewriter, loc, *windows, padded,
                                             weight, bias, groups, product);
    result =
        castElements(rewriter, loc, result, compute, type.getElementType());
    rewriter.replaceOp(op, castChecked(rewriter, loc, op, result, type));
    return success();
  }

private:
  /// Loops over [N, groups, filters a group, spatial...], the taps written out.
  static Value lowerDepthwise(OpBuilder &b, Location loc,
                              const Windows &windows, Value input, Value weight,
                              Value bias, int64_t groups,
                              const Product &product) {
    MLIRContext *context = b.getContext();
    SmallVector<OpFoldResult> weightExtents = getExtents(b, loc, weight);
    OpFoldResult batch = getExtent(b, loc, input, 0);
    OpFoldResult channels = weightExtents[0];
    OpFoldResult perGroup =
        divExtents(b, loc, channels, b.getIndexAttr(groups));
    bool single = isConstantIntValue(perGroup, 1);

    // Without a loop over the filters of a group if there is one.
    SmallVector<OpFoldResult> loops{batch, b.getIndexAttr(groups)};
    SmallVector<OpFoldResult> filters{b.getIndexAttr(groups)};
    if (!single) {
      loops.push_back(perGroup);
      filters.push_back(perGroup);
    }
    SmallVector<OpFoldResult> kernels(filters);
    llvm::append_range(kernels, windows.kernel);
    unsigned firstOutput = loops.size();
    llvm::append_range(loops, windows.output);
    weight = reshapeTensor(b, loc, weight, kernels);

    SmallVector<AffineExpr> filter;
    for (unsigned dim = 1; dim < firstOutput; ++dim)
      filter.push_back(b.getAffineDimExpr(dim));
    SmallVector<Value> operands;
    SmallVector<AffineMap> maps;
    SmallVector<AffineExpr> position{b.getAffineDimExpr(0),
                                     b.getAffineDimExpr(1)};
    for (unsigned dim = firstOutput; dim < loops.size(); ++dim)
      position.push_back(b.getAffineDimExpr(dim));
    AffineMap read = AffineMap::get(loops.size(), 0, position, context);
    for (auto [tap, slice] :
         llvm::zip_equal(getTaps(windows), sliceTaps(b, loc, windows, input))) {
      operands.push_back(slice);
      maps.push_back(read);
      SmallVector<AffineExpr> element(filter);
      for (int64_t k : tap)
        element.push_back(b.getAffineConstantExpr(k));
      operands.push_back(weight);
      maps.push_back(AffineMap::get(loops.size(), 0, element, context));
    }
    if (bias) {
      operands.push_back(reshapeTensor(b, loc, bias, filters));
      maps.push_back(AffineMap::get(loops.size(), 0, filter, context));
    }
    Type elementType = product.accumulator;
    Value result = createParallelGeneric(
        b, loc, loops, elementType, operands, maps,
        [&](OpBuilder &b, Location loc, ValueRange args) {
          Value sum = bias ? args.back() : createZero(b, loc, elementType);
          for (size_t i = 0; i + 1 < args.size(); i += 2)
            sum = multiplyAdd(b, loc,
                              widenFactor(b, loc, args[i], elementType,
                                          product.rhsIsUnsigned),
                              widenFactor(b, loc, args[i + 1], elementType,
                                          product.lhsIsUnsigned),
                              sum);
          return sum;
        });
    SmallVector<OpFoldResult> extents{batch, channels};
    llvm::append_range(extents, windows.output);
    return reshapeTensor(b, loc, result, extents);
  }

  static Value lowerByMatmul(OpBuilder &b, Location loc, const Windows &windows,
                             Value input, Value weight, Value bias,
                             int64_t groups, Product product) {
    SmallVector<OpFoldResult> inputExtents = getExtents(b, loc, input);
    SmallVector<OpFoldResult> weightExtents = getExtents(b, loc, weight);
    OpFoldResult batch = inputExtents[0], filters = weightExtents[0];
    OpFoldResult count = mulExtents(b, loc, windows.output);
    OpFoldResult depth =
        mulExtents(b, loc, ArrayRef(weightExtents).drop_front(1));
    OpFoldResult parts = b.getIndexAttr(groups);
    OpFoldResult perGroup = divExtents(b, loc, filters, parts);

    auto isOne = [](int64_t value) { return value == 1; };
    bool pointwise =
        windows.getNumTaps() == 1 && llvm::all_of(windows.strides, isOne);
    SmallVector<OpFoldResult> grouped =
        splitExtent(b, loc, inputExtents, 1, groups);
    if (pointwise)
      grouped = {grouped[0], grouped[1], grouped[2], count};
    input = reshapeTensor(b, loc, input, grouped);
    weight = reshapeTensor(b, loc, weight, {parts, perGroup, depth});
    if (bias)
      bias = reshapeTensor(b, loc, bias, {parts, perGroup});

    Value result = createBySamples(
        b, loc, {batch, parts, perGroup, count}, product.accumulator,
        [&](OpBuilder &b, Location loc, OpFoldResult sample, OpFoldResult group,
            Value part) {
          Value columns = extractLeading(b, loc, input, {sample, group});
          if (!pointwise)
            columns = createColumns(b, loc, windows, columns);
          product.lhs = extractLeading(b, loc, weight, group);
          product.rhs = columns;
          product.init = createBiasInit(b, loc, bias, group, part);
          return createProduct(b, loc, product);
        });
    SmallVector<OpFoldResult> extents{batch, filters};
    llvm::append_range(extents, windows.output);
    return reshapeTensor(b, loc, result, extents);
  }
};

struct LowerIm2Col : public OpConversionPattern<Im2ColOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(Im2ColOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    MLIRContext *context = rewriter.getContext();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    Value input = adaptor.getInput();
    SmallVector<OpFoldResult> kernel =
        getAsIndexOpFoldResult(context, op.getKernel());
    FailureOr<Windows> windows =
        createWindows(rewriter, loc, op, input, kernel, op.getStrides(),
                      op.getPads(), op.getDilations());
    if (failed(windows))
      return rewriter.notifyMatchFailure(op, "has negative pads");
    size_t rank = windows->getRank();
    Value padded =
        padForWindows(rewriter, loc, *windows, input,
                      createZero(rewriter, loc, type.getElementType()));

    // Loops: sample, window, channel, element of the window.
    SmallVector<OpFoldResult> loops{getExtent(rewriter, loc, input, 0)};
    llvm::append_range(loops, windows->output);
    loops.push_back(getExtent(rewriter, loc, input, 1));
    llvm::append_range(loops, kernel);
    SmallVector<AffineExpr> exprs{rewriter.getAffineDimExpr(0),
                                  rewriter.getAffineDimExpr(1 + rank)};
    llvm::append_range(exprs, getWindowExprs(context, *windows, 1, 2 + rank));
    Value rows = createParallelGeneric(
        rewriter, loc, loops, type.getElementType(), padded,
        AffineMap::get(loops.size(), 0, exprs, context),
        [](OpBuilder &, Location, ValueRange args) { return args[0]; });
    ArrayRef<OpFoldResult> all(loops);
    rows = reshapeTensor(rewriter, loc, rows,
                         {mulExtents(rewriter, loc, all.take_front(1 + rank)),
                          mulExtents(rewriter, loc, all.drop_front(1 + rank))});
    rewriter.replaceOp(op, castChecked(rewriter, loc, op, rows, type));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Transposed convolution
//===----------------------------------------------------------------------===//

/// Extents and parameters of a transposed convolution.
struct Transposed {
  SmallVector<OpFoldResult> input, kernel, full, output;
  SmallVector<int64_t> strides, dilations, padLow;
  /// Windows that neither overlap nor leave gaps nor are cut.
  bool tiles = true;
};

struct LowerConvTranspose : public OpConversionPattern<ConvTransposeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(ConvTransposeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    Type compute = getComputeType(type.getElementType());
    auto widen = [&](Value value) {
      return castElements(rewriter, loc, value, getElementTypeOrSelf(value),
                          compute);
    };
    if (llvm::any_of(op.getPads(), [](int64_t pad) { return pad < 0; }))
      return rewriter.notifyMatchFailure(op, "has negative pads");
    Value input = widen(adaptor.getInput());
    Value weight = widen(adaptor.getWeight());
    Value bias = adaptor.getBias() ? widen(adaptor.getBias()) : Value();
    int64_t groups = op.getGroups();
    SmallVector<OpFoldResult> inputExtents = getExtents(rewriter, loc, input);
    SmallVector<OpFoldResult> weightExtents = getExtents(rewriter, loc, weight);
    emitEqualExtentsCheck(rewriter, loc, op, inputExtents[1], weightExtents[0],
                          "the input's channels do not match the weight's");

    Transposed shape = getShape(rewriter, loc, op, inputExtents, weightExtents);
    OpFoldResult batch = inputExtents[0];
    OpFoldResult parts = rewriter.getIndexAttr(groups);
    OpFoldResult perGroup = weightExtents[1];
    OpFoldResult channels = divExtents(rewriter, loc, inputExtents[1], parts);
    OpFoldResult filters = mulExtents(rewriter, loc, perGroup, parts);
    OpFoldResult positions = mulExtents(rewriter, loc, shape.input);
    OpFoldResult taps =
        mulExtents(rewriter, loc, ArrayRef(weightExtents).drop_front(1));

    input = reshapeTensor(rewriter, loc, input,
                          {batch, parts, channels, positions});
    weight = reshapeTensor(rewriter, loc, weight, {parts, channels, taps});
    weight = transposeTensor(rewriter, loc, weight, {0, 2, 1});
    if (bias)
      bias = reshapeTensor(rewriter, loc, bias, {parts, perGroup});

    SmallVector<OpFoldResult> extents{batch, parts, perGroup};
    llvm::append_range(extents, shape.full);
    Value result = createBySamples(
        rewriter, loc, extents, compute,
        [&](OpBuilder &b, Location loc, OpFoldResult sample, OpFoldResult group,
            Value part) {
          Value image = extractLeading(b, loc, input, {sample, group});
          Value kernels = extractLeading(b, loc, weight, group);
          Value zeros = createFilled(b, loc, {taps, positions},
                                     createZero(b, loc, compute));
          Value columns = createMatmul(b, loc, kernels, image, zeros);
          SmallVector<OpFoldResult> split{perGroup};
          llvm::append_range(split, shape.kernel);
          llvm::append_range(split, shape.input);
          columns = reshapeTensor(b, loc, columns, split);
          if (shape.tiles)
            return interleave(b, loc, shape, columns, bias, group);
          return scatter(b, loc, shape, columns,
                         createBiasInit(b, loc, bias, group, part));
        });
    SmallVector<OpFoldResult> whole{batch, filters};
    llvm::append_range(whole, shape.full);
    result = reshapeTensor(rewriter, loc, result, whole);

    SmallVector<OpFoldResult> offsets(2, rewriter.getIndexAttr(0));
    SmallVector<OpFoldResult> sizes{batch, filters};
    for (int64_t pad : shape.padLow)
      offsets.push_back(rewriter.getIndexAttr(pad));
    llvm::append_range(sizes, shape.output);
    result = extractPart(rewriter, loc, result, offsets, sizes);
    result =
        castElements(rewriter, loc, result, compute, type.getElementType());
    rewriter.replaceOp(op, castChecked(rewriter, loc, op, result, type));
    return success();
  }

private:
  static Transposed getShape(OpBuilder &b, Location loc, ConvTransposeOp op,
                             ArrayRef<OpFoldResult> inputExtents,
                             ArrayRef<OpFoldResult> weightExtents) {
    Transposed shape;
    shape.input.assign(inputExtents.begin() + 2, inputExtents.end());
    shape.kernel.assign(weightExtents.begin() + 2, weightExtents.end());
    shape.strides.assign(op.getStrides().begin(), op.getStrides().end());
    shape.dilations.assign(op.getDilations().begin(), op.getDilations().end());
    size_t rank = shape.input.size();
    OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
    for (size_t dim = 0; dim < rank; ++dim) {
      int64_t low = op.getPads()[dim], high = op.getPads()[rank + dim];
      int64_t extra = op.getOutputPadding()[dim];
      shape.padLow.push_back(low);
      emitCheck(b, loc, op,
                compareExtents(b, loc, arith::CmpIPredicate::sgt,
                               shape.input[dim], zero),
                "the input is empty");
      OpFoldResult steps = subExtents(b, loc, shape.input[dim], one);
      OpFoldResult gaps = subExtents(b, loc, shape.kernel[dim], one);
      OpFoldResult full = addExtents(
          b, loc,
          addExtents(
              b, loc,
              mulExtents(b, loc, steps, b.getIndexAttr(shape.strides[dim])),
              mulExtents(b, loc, gaps, b.getIndexAttr(shape.dilations[dim]))),
          one);
      OpFoldResult output =
          addExtents(b, loc, full, b.getIndexAttr(extra - low - high));
      emitCheck(b, loc, op,
                compareExtents(b, loc, arith::CmpIPredicate::sge, output, zero),
                "the pads are larger than the result");
      shape.output.push_back(output);
      // Output padding beyond the end padding receives no products.
      shape.full.push_back(addExtents(
          b, loc, full, b.getIndexAttr(std::max<int64_t>(extra - high, 0))));
      shape.tiles &= low == 0 && high == 0 && extra == 0 &&
                     shape.dilations[dim] == 1 &&
                     isConstantIntValue(shape.kernel[dim], shape.strides[dim]);
    }
    // Spelled as a product where it is one, for reshapes to see.
    if (shape.tiles)
      for (size_t dim = 0; dim < rank; ++dim) {
        shape.full[dim] =
            mulExtents(b, loc, shape.input[dim], shape.kernel[dim]);
        shape.output[dim] = shape.full[dim];
      }
    return shape;
  }

  /// Columns [F, kernel..., input...] side by side: [F, input * kernel...].
  static Value interleave(OpBuilder &b, Location loc, const Transposed &shape,
                          Value columns, Value bias, OpFoldResult group) {
    size_t rank = shape.input.size();
    OpFoldResult filters = getExtent(b, loc, columns, 0);
    SmallVector<OpFoldResult> loops{filters};
    SmallVector<AffineExpr> kernelExprs, inputExprs;
    for (size_t dim = 0; dim < rank; ++dim) {
      inputExprs.push_back(b.getAffineDimExpr(loops.size()));
      loops.push_back(shape.input[dim]);
      kernelExprs.push_back(b.getAffineDimExpr(loops.size()));
      loops.push_back(shape.kernel[dim]);
    }
    SmallVector<AffineExpr> exprs{b.getAffineDimExpr(0)};
    llvm::append_range(exprs, kernelExprs);
    llvm::append_range(exprs, inputExprs);
    SmallVector<Value> operands{columns};
    SmallVector<AffineMap> maps{
        AffineMap::get(loops.size(), 0, exprs, b.getContext())};
    if (bias) {
      operands.push_back(extractLeading(b, loc, bias, group));
      maps.push_back(AffineMap::get(loops.size(), 0, b.getAffineDimExpr(0)));
    }
    Value result = createParallelGeneric(
        b, loc, loops, getElementTypeOrSelf(columns), operands, maps,
        [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
          return bias ? arith::AddFOp::create(b, loc, args[0], args[1])
                      : args[0];
        });
    SmallVector<OpFoldResult> extents{filters};
    llvm::append_range(extents, shape.full);
    return reshapeTensor(b, loc, result, extents);
  }

  /// Adds columns [F, kernel..., input...] to `target` [F, full...], for each
  /// kernel position to every stride-th element.
  static Value scatter(OpBuilder &b, Location loc, const Transposed &shape,
                       Value columns, Value target) {
    size_t rank = shape.input.size();
    OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
    OpFoldResult filters = getExtent(b, loc, columns, 0);
    Type elementType = getElementTypeOrSelf(columns);
    SmallVector<OpFoldResult> sizes{filters};
    llvm::append_range(sizes, shape.input);
    auto partType = RankedTensorType::get(getStaticShape(sizes), elementType);
    return createLoopNest(
               b, loc, shape.kernel, target,
               [&](OpBuilder &b, Location loc, ValueRange positions,
                   ValueRange values) -> SmallVector<Value> {
                 SmallVector<OpFoldResult> from{zero}, fromSizes{filters};
                 SmallVector<OpFoldResult> to{zero}, steps{one};
                 for (size_t dim = 0; dim < rank; ++dim) {
                   from.push_back(positions[dim]);
                   fromSizes.push_back(one);
                   to.push_back(
                       mulExtents(b, loc, OpFoldResult(positions[dim]),
                                  b.getIndexAttr(shape.dilations[dim])));
                   steps.push_back(b.getIndexAttr(shape.strides[dim]));
                 }
                 from.append(rank, zero);
                 llvm::append_range(fromSizes, shape.input);
                 SmallVector<OpFoldResult> ones(from.size(), one);
                 Value update = tensor::ExtractSliceOp::create(
                     b, loc, partType, columns, from, fromSizes, ones);
                 Value old = tensor::ExtractSliceOp::create(b, loc, values[0],
                                                            to, sizes, steps);
                 AffineMap identity = b.getMultiDimIdentityMap(rank + 1);
                 SmallVector<utils::IteratorType> iterators(
                     rank + 1, utils::IteratorType::parallel);
                 Value sum =
                     linalg::GenericOp::create(
                         b, loc, old.getType(), update, old,
                         ArrayRef<AffineMap>{identity, identity}, iterators,
                         [&](OpBuilder &b, Location loc, ValueRange args) {
                           Value added =
                               arith::AddFOp::create(b, loc, args[1], args[0]);
                           linalg::YieldOp::create(b, loc, added);
                         })
                         .getResult(0);
                 return {tensor::InsertSliceOp::create(b, loc, sum, values[0],
                                                       to, sizes, steps)};
               })
        .front();
  }
};

} // namespace

void conversion::populateConvPatterns(const TypeConverter &converter,
                                      RewritePatternSet &patterns) {
  patterns.add<LowerConv, LowerIm2Col, LowerConvTranspose>(
      converter, patterns.getContext());
}
