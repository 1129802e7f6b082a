//===- ConvTranspose.cpp - Lowering of transposed convolutions ------------===//
//
// A product of the image with each element of the kernel, then these columns
// side by side where windows neither overlap nor leave gaps, and added up
// otherwise.
//
//===----------------------------------------------------------------------===//
#include "Patterns.h"
#include "Windows.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "slim/IR/SlimOps.h"

using namespace slim;
using namespace slim::conversion;

namespace {

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
    OpFoldResult filters = mulExtents(rewriter, loc, weightExtents[1],
                                      rewriter.getIndexAttr(groups));
    Value result = shape.tiles
                       ? lowerTiles(rewriter, loc, shape, input, weight, groups)
                       : lowerOverlapping(rewriter, loc, shape, input, weight,
                                          bias, groups);
    if (shape.tiles && bias)
      result = addBias(rewriter, loc, result, bias);

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

  /// The products of `input` [N, C, input...] with each element of `weight`
  /// [C, F / groups, kernel...], then these side by side: [N, F, input *
  /// kernel...].
  static Value lowerTiles(OpBuilder &b, Location loc, const Transposed &shape,
                          Value input, Value weight, int64_t groups) {
    size_t rank = shape.input.size();
    MLIRContext *context = b.getContext();
    Type elementType = getElementTypeOrSelf(input);
    OpFoldResult batch = getExtent(b, loc, input, 0);
    OpFoldResult parts = b.getIndexAttr(groups);
    OpFoldResult channels =
        divExtents(b, loc, getExtent(b, loc, input, 1), parts);
    OpFoldResult perGroup = getExtent(b, loc, weight, 1);

    // Loops of the products: sample, group (if there are several), kernel,
    // filter, image, channel.
    bool grouped = groups != 1;
    SmallVector<OpFoldResult> lead{batch};
    if (grouped)
      lead.push_back(parts);
    SmallVector<OpFoldResult> loops(lead);
    llvm::append_range(loops, shape.kernel);
    loops.push_back(perGroup);
    llvm::append_range(loops, shape.input);
    unsigned numLoops = loops.size() + 1, filter = lead.size() + rank;
    auto dim = [&](unsigned i) { return b.getAffineDimExpr(i); };
    SmallVector<AffineExpr> read{dim(0)}, element;
    SmallVector<OpFoldResult> imageShape(lead), kernelShape;
    if (grouped) {
      read.push_back(dim(1));
      element.push_back(dim(1));
      kernelShape.push_back(parts);
    }
    read.push_back(dim(numLoops - 1));
    element.append({dim(numLoops - 1), dim(filter)});
    imageShape.push_back(channels);
    kernelShape.append({channels, perGroup});
    for (size_t i = 0; i < rank; ++i) {
      read.push_back(dim(filter + 1 + i));
      imageShape.push_back(shape.input[i]);
      element.push_back(dim(lead.size() + i));
      kernelShape.push_back(shape.kernel[i]);
    }
    input = reshapeTensor(b, loc, input, imageShape);
    weight = reshapeTensor(b, loc, weight, kernelShape);
    SmallVector<utils::IteratorType> iterators(numLoops,
                                               utils::IteratorType::parallel);
    iterators.back() = utils::IteratorType::reduction;
    Value init = createFilled(b, loc, loops, createZero(b, loc, elementType));
    auto flags = arith::FastMathFlags::contract | arith::FastMathFlags::reassoc;
    Value columns =
        linalg::GenericOp::create(
            b, loc, init.getType(), ValueRange{input, weight}, init,
            ArrayRef<AffineMap>{
                AffineMap::get(numLoops, 0, read, context),
                AffineMap::get(numLoops, 0, element, context),
                b.getMultiDimIdentityMap(numLoops).dropResult(numLoops - 1)},
            iterators,
            [&](OpBuilder &b, Location loc, ValueRange args) {
              Value product =
                  arith::MulFOp::create(b, loc, args[0], args[1], flags);
              Value sum =
                  arith::AddFOp::create(b, loc, args[2], product, flags);
              linalg::YieldOp::create(b, loc, sum);
            })
            .getResult(0);

    // Loops of the result: sample, group, filter, image and kernel in turns.
    SmallVector<OpFoldResult> extents(lead);
    SmallVector<AffineExpr> exprs, imageExprs;
    for (unsigned i = 0; i < lead.size(); ++i)
      exprs.push_back(dim(i));
    AffineExpr filterExpr = dim(extents.size());
    extents.push_back(perGroup);
    for (size_t i = 0; i < rank; ++i) {
      imageExprs.push_back(dim(extents.size()));
      extents.push_back(shape.input[i]);
      exprs.push_back(dim(extents.size()));
      extents.push_back(shape.kernel[i]);
    }
    exprs.push_back(filterExpr);
    llvm::append_range(exprs, imageExprs);
    Value result = createParallelGeneric(
        b, loc, extents, elementType, columns,
        AffineMap::get(extents.size(), 0, exprs, context),
        [&](OpBuilder &, Location, ValueRange args) { return args[0]; });
    SmallVector<OpFoldResult> whole{batch, mulExtents(b, loc, parts, perGroup)};
    llvm::append_range(whole, shape.full);
    return reshapeTensor(b, loc, result, whole);
  }

  /// `tensor` [N, F, ...] plus `bias` [F].
  static Value addBias(OpBuilder &b, Location loc, Value tensor, Value bias) {
    unsigned rank = cast<RankedTensorType>(tensor.getType()).getRank();
    return createParallelGeneric(
        b, loc, getExtents(b, loc, tensor), getElementTypeOrSelf(tensor),
        {tensor, bias},
        {b.getMultiDimIdentityMap(rank),
         AffineMap::get(rank, 0, b.getAffineDimExpr(1))},
        [](OpBuilder &b, Location loc, ValueRange args) -> Value {
          return arith::AddFOp::create(b, loc, args[0], args[1]);
        });
  }

  /// A product a sample and group, whose columns [F, kernel..., input...] are
  /// added up where they belong: [N, F, full...].
  static Value lowerOverlapping(OpBuilder &b, Location loc,
                                const Transposed &shape, Value input,
                                Value weight, Value bias, int64_t groups) {
    OpFoldResult batch = getExtent(b, loc, input, 0);
    OpFoldResult parts = b.getIndexAttr(groups);
    OpFoldResult channels =
        divExtents(b, loc, getExtent(b, loc, input, 1), parts);
    OpFoldResult perGroup = getExtent(b, loc, weight, 1);
    OpFoldResult positions = mulExtents(b, loc, shape.input);
    OpFoldResult taps = mulExtents(
        b, loc,
        ArrayRef<OpFoldResult>(getExtents(b, loc, weight)).drop_front(1));
    Type elementType = getElementTypeOrSelf(input);
    input = reshapeTensor(b, loc, input, {batch, parts, channels, positions});
    weight = reshapeTensor(b, loc, weight, {parts, channels, taps});
    weight = transposeTensor(b, loc, weight, {0, 2, 1});
    if (bias)
      bias = reshapeTensor(b, loc, bias, {parts, perGroup});

    SmallVector<OpFoldResult> extents{batch, parts, perGroup};
    llvm::append_range(extents, shape.full);
    Value result = createBySamples(
        b, loc, extents, elementType,
        [&](OpBuilder &b, Location loc, OpFoldResult sample, OpFoldResult group,
            Value part) {
          Value image = extractLeading(b, loc, input, {sample, group});
          Value kernels = extractLeading(b, loc, weight, group);
          Value zeros = createFilled(b, loc, {taps, positions},
                                     createZero(b, loc, elementType));
          Value columns = createMatmul(b, loc, kernels, image, zeros);
          SmallVector<OpFoldResult> split{perGroup};
          llvm::append_range(split, shape.kernel);
          llvm::append_range(split, shape.input);
          columns = reshapeTensor(b, loc, columns, split);
          return scatter(b, loc, shape, columns,
                         createBiasInit(b, loc, bias, group, part));
        });
    SmallVector<OpFoldResult> whole{batch, mulExtents(b, loc, parts, perGroup)};
    llvm::append_range(whole, shape.full);
    return reshapeTensor(b, loc, result, whole);
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

void conversion::populateConvTransposePatterns(const TypeConverter &converter,
                                               RewritePatternSet &patterns) {
  patterns.add<LowerConvTranspose>(converter, patterns.getContext());
}
