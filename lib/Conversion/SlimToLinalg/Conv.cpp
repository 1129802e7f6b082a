//===- Conv.cpp - Lowering of convolutions --------------------------------===//
//
// A convolution is one linalg.generic over the padded input: a sum of products
// over the channels of a group and the elements of the kernel. Narrow elements
// are widened in its body, so that no wide copy of a tensor is made. The bias
// is added to the finished sum, as what follows is.
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

/// lhs * rhs + sum, which may be contracted to fused multiply-adds and summed
/// in any order.
Value multiplyAdd(OpBuilder &b, Location loc, Value lhs, Value rhs, Value sum) {
  if (!isa<FloatType>(sum.getType())) {
    Value product = arith::MulIOp::create(b, loc, lhs, rhs);
    return arith::AddIOp::create(b, loc, sum, product);
  }
  auto flags = arith::FastMathFlags::contract | arith::FastMathFlags::reassoc;
  Value product = arith::MulFOp::create(b, loc, lhs, rhs, flags);
  return arith::AddFOp::create(b, loc, sum, product, flags);
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
    for (Value operand : op.getOperands())
      if (isa<FloatType>(getElementTypeOrSelf(operand)) != isFloat)
        return rewriter.notifyMatchFailure(op, "mixes floats and integers");
    Value input = getStoredFactor(rewriter, op.getInput(), adaptor.getInput()),
          weight =
              getStoredFactor(rewriter, op.getWeight(), adaptor.getWeight());
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
    if (adaptor.getBias())
      emitEqualExtentsCheck(rewriter, loc, op, weightExtents[0],
                            getExtent(rewriter, loc, adaptor.getBias(), 0),
                            "the bias does not match the weight");

    Value zero = createZero(rewriter, loc, getElementTypeOrSelf(input));
    input = padForWindows(rewriter, loc, *windows, input, zero);
    Value sums =
        createSums(rewriter, loc, op, *windows, input, weight, compute);
    Value result = addBias(rewriter, loc, op, sums, adaptor.getBias());
    result =
        castElements(rewriter, loc, result, compute, type.getElementType());
    rewriter.replaceOp(op, castChecked(rewriter, loc, op, result, type));
    return success();
  }

private:
  /// The sums [N, F, output...] of `input` [N, C, padded spatial...] and
  /// `weight` [F, C / groups, kernel...] by loops (n, group, f, output..., c,
  /// kernel...). There is no loop over a single group, the single filter or
  /// channel of a group, or a kernel's dimension of extent 1.
  static Value createSums(OpBuilder &b, Location loc, ConvOp op,
                          const Windows &windows, Value input, Value weight,
                          Type compute) {
    size_t rank = windows.getRank();
    bool grouped = op.getGroups() != 1;
    OpFoldResult groups = b.getIndexAttr(op.getGroups());
    SmallVector<OpFoldResult> padded = getExtents(b, loc, input);
    SmallVector<OpFoldResult> weightExtents = getExtents(b, loc, weight);
    OpFoldResult batch = padded[0], filters = weightExtents[0];
    OpFoldResult depth = weightExtents[1];
    OpFoldResult perGroup = divExtents(b, loc, filters, groups);
    bool loopsFilters = !grouped || !isConstantIntValue(perGroup, 1);
    bool loopsDepth = !grouped || !isConstantIntValue(depth, 1);

    SmallVector<OpFoldResult> extents;
    SmallVector<utils::IteratorType> iterators;
    auto addLoop = [&](OpFoldResult extent, utils::IteratorType iterator) {
      extents.push_back(extent);
      iterators.push_back(iterator);
      return b.getAffineDimExpr(extents.size() - 1);
    };
    auto parallel = utils::IteratorType::parallel;
    auto reduction = utils::IteratorType::reduction;

    SmallVector<AffineExpr> read{addLoop(batch, parallel)}, element, written;
    SmallVector<OpFoldResult> inputShape{batch}, kernelShape;
    if (grouped) {
      AffineExpr group = addLoop(groups, parallel);
      read.push_back(group);
      element.push_back(group);
      inputShape.push_back(groups);
      kernelShape.push_back(groups);
    }
    if (loopsFilters) {
      element.push_back(addLoop(perGroup, parallel));
      kernelShape.push_back(perGroup);
    }
    SmallVector<AffineExpr> outputs, positions;
    for (size_t dim = 0; dim < rank; ++dim)
      outputs.push_back(addLoop(windows.output[dim], parallel));
    SmallVector<OpFoldResult> sumExtents(extents);
    for (AffineExpr dim :
         llvm::map_range(llvm::seq<unsigned>(0, extents.size()),
                         [&](unsigned i) { return b.getAffineDimExpr(i); }))
      written.push_back(dim);
    if (loopsDepth) {
      AffineExpr channel = addLoop(depth, reduction);
      read.push_back(channel);
      element.push_back(channel);
      inputShape.push_back(depth);
      kernelShape.push_back(depth);
    }
    for (size_t dim = 0; dim < rank; ++dim) {
      AffineExpr position = outputs[dim] * windows.strides[dim];
      if (!loopsDepth || !isConstantIntValue(windows.kernel[dim], 1)) {
        AffineExpr k = addLoop(windows.kernel[dim], reduction);
        position = position + k * windows.dilations[dim];
        element.push_back(k);
        kernelShape.push_back(windows.kernel[dim]);
      }
      read.push_back(position);
      inputShape.push_back(padded[2 + dim]);
    }

    input = reshapeTensor(b, loc, input, inputShape);
    weight = reshapeTensor(b, loc, weight, kernelShape);
    Value init = createFilled(b, loc, sumExtents, createZero(b, loc, compute));
    MLIRContext *context = b.getContext();
    unsigned loops = extents.size();
    auto widen = [&](OpBuilder &b, Location loc, Value value, Value original) {
      return widenFactor(b, loc, value, compute,
                         isUnsigned(original.getType()));
    };
    Value sums =
        linalg::GenericOp::create(
            b, loc, init.getType(), ValueRange{input, weight}, init,
            ArrayRef<AffineMap>{AffineMap::get(loops, 0, read, context),
                                AffineMap::get(loops, 0, element, context),
                                AffineMap::get(loops, 0, written, context)},
            iterators,
            [&](OpBuilder &b, Location loc, ValueRange args) {
              Value lhs = widen(b, loc, args[0], op.getInput());
              Value rhs = widen(b, loc, args[1], op.getWeight());
              linalg::YieldOp::create(b, loc,
                                      multiplyAdd(b, loc, lhs, rhs, args[2]));
            })
            .getResult(0);
    SmallVector<OpFoldResult> shape{batch, filters};
    llvm::append_range(shape, windows.output);
    return reshapeTensor(b, loc, sums, shape);
  }

  /// `sums` [N, F, ...], plus `bias` [F] if there is one.
  static Value addBias(OpBuilder &b, Location loc, ConvOp op, Value sums,
                       Value bias) {
    if (!bias)
      return sums;
    auto type = cast<RankedTensorType>(sums.getType());
    unsigned rank = type.getRank();
    AffineMap channel = AffineMap::get(rank, 0, b.getAffineDimExpr(1));
    return createParallelGeneric(
        b, loc, getExtents(b, loc, sums), type.getElementType(), {sums, bias},
        {b.getMultiDimIdentityMap(rank), channel},
        [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
          Value added =
              castScalar(b, loc, args[1], getElementTypeOrSelf(op.getBias()),
                         type.getElementType());
          if (isa<FloatType>(added.getType()))
            return arith::AddFOp::create(b, loc, args[0], added);
          return arith::AddIOp::create(b, loc, args[0], added);
        });
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

} // namespace

void conversion::populateConvPatterns(const TypeConverter &converter,
                                      RewritePatternSet &patterns) {
  patterns.add<LowerConv, LowerIm2Col>(converter, patterns.getContext());
}
