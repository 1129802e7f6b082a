//===- Slice.cpp - Lowering of slice, pad, tile and concat ----------------===//
//
// Parts are taken and placed by tensor.extract_slice and tensor.insert_slice,
// or by generics with computed positions where an order changes.
//
//===----------------------------------------------------------------------===//
#include "Movement.h"
#include "Patterns.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "slim/IR/SlimOps.h"

using namespace slim;
using namespace slim::conversion;
using arith::CmpIPredicate;

namespace {

/// `tensor[positions(i...)]` for every i within `extents`; `getPosition` maps a
/// dimension and its loop's index to a position.
Value createPermuted(
    OpBuilder &b, Location loc, Value tensor, ArrayRef<OpFoldResult> extents,
    function_ref<Value(OpBuilder &, Location, int64_t, Value)> getPosition) {
  return createParallelGeneric(
      b, loc, extents, getElementTypeOrSelf(tensor), {}, {},
      [&](OpBuilder &b, Location loc, ValueRange) -> Value {
        SmallVector<Value> positions;
        for (int64_t dim = 0, e = extents.size(); dim < e; ++dim)
          positions.push_back(
              getPosition(b, loc, dim, linalg::IndexOp::create(b, loc, dim)));
        return tensor::ExtractOp::create(b, loc, tensor, positions);
      });
}

//===----------------------------------------------------------------------===//
// Slice
//===----------------------------------------------------------------------===//

/// Elements start, start + step, ... of one dimension.
struct Progression {
  OpFoldResult start, count, step;
};

/// What `start:end:step` of Python means for a dimension of `extent` elements.
Progression getProgression(OpBuilder &b, Location loc, SliceOp op,
                           OpFoldResult start, OpFoldResult end,
                           OpFoldResult step, OpFoldResult extent) {
  OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
  emitCheck(b, loc, op, compareExtents(b, loc, CmpIPredicate::ne, step, zero),
            "a step is 0");
  // Forward, positions lie in [0, extent]; backward, in [-1, extent - 1].
  Value backward = compareExtents(b, loc, CmpIPredicate::slt, step, zero);
  OpFoldResult least =
      selectExtents(b, loc, backward, b.getIndexAttr(-1), zero);
  OpFoldResult most = addExtents(b, loc, extent, least);
  auto clamp = [&](OpFoldResult position) {
    Value negative = compareExtents(b, loc, CmpIPredicate::slt, position, zero);
    OpFoldResult wrapped = selectExtents(
        b, loc, negative, addExtents(b, loc, position, extent), position);
    return minExtents(b, loc, maxExtents(b, loc, wrapped, least), most);
  };
  start = clamp(start);
  end = clamp(end);
  if (isConstantIntValue(step, 1))
    return {start, maxExtents(b, loc, subExtents(b, loc, end, start), zero),
            step};
  // (distance - 1) / step + 1 elements, which does not overflow.
  OpFoldResult sign = selectExtents(b, loc, backward, b.getIndexAttr(-1), one);
  OpFoldResult distance = subExtents(b, loc, end, start);
  OpFoldResult count = addExtents(
      b, loc, divSigned(b, loc, subExtents(b, loc, distance, sign), step), one);
  Value some = compareExtents(b, loc, CmpIPredicate::sgt,
                              mulExtents(b, loc, distance, sign), zero);
  return {start, selectExtents(b, loc, some, count, zero), step};
}

struct LowerSlice : public OpConversionPattern<SliceOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(SliceOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    Value input = adaptor.getInput();
    SmallVector<OpFoldResult> extents = getExtents(rewriter, loc, input);
    SmallVector<OpFoldResult> starts = getIndexElements(
        rewriter, loc, adaptor.getStarts(), op.getAxes().size());
    SmallVector<OpFoldResult> ends =
        getIndexElements(rewriter, loc, adaptor.getEnds(), op.getAxes().size());
    SmallVector<OpFoldResult> steps = getIndexElements(
        rewriter, loc, adaptor.getSteps(), op.getAxes().size());

    SmallVector<OpFoldResult> offsets(extents.size(), rewriter.getIndexAttr(0));
    SmallVector<OpFoldResult> strides(extents.size(), rewriter.getIndexAttr(1));
    SmallVector<OpFoldResult> sizes(extents);
    bool forward = true;
    for (auto [i, axis] : llvm::enumerate(op.getAxes())) {
      int64_t dim = axis < 0 ? axis + int64_t(extents.size()) : axis;
      Progression part = getProgression(rewriter, loc, op, starts[i], ends[i],
                                        steps[i], extents[dim]);
      offsets[dim] = part.start;
      sizes[dim] = part.count;
      strides[dim] = part.step;
      std::optional<int64_t> step = getConstantIntValue(part.step);
      forward &= step && *step > 0;
      // An empty part may start at the end, a single element has no step.
      if (isConstantIntValue(part.count, 1))
        strides[dim] = rewriter.getIndexAttr(1);
    }

    Value result;
    if (forward) {
      bool contiguous = llvm::all_of(strides, [](OpFoldResult stride) {
        return isConstantIntValue(stride, 1);
      });
      result = contiguous ? extractPart(rewriter, loc, input, offsets, sizes)
                          : tensor::ExtractSliceOp::create(
                                rewriter, loc, input, offsets, sizes, strides)
                                .getResult();
    } else {
      result = createPermuted(
          rewriter, loc, input, sizes,
          [&](OpBuilder &b, Location loc, int64_t dim, Value index) -> Value {
            Value stride = toValue(b, loc, strides[dim]);
            Value offset = toValue(b, loc, offsets[dim]);
            Value scaled = b.createOrFold<arith::MulIOp>(loc, index, stride);
            return b.createOrFold<arith::AddIOp>(loc, scaled, offset);
          });
    }
    rewriter.replaceOp(op, castChecked(rewriter, loc, op, result, type));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Pad
//===----------------------------------------------------------------------===//

struct LowerPad : public OpConversionPattern<PadOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(PadOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    Value input = adaptor.getInput();
    SmallVector<OpFoldResult> extents = getExtents(rewriter, loc, input);
    SmallVector<OpFoldResult> pads =
        getIndexElements(rewriter, loc, adaptor.getPads(), 2 * extents.size());
    size_t rank = extents.size();
    ArrayRef<OpFoldResult> low = ArrayRef(pads).take_front(rank);
    ArrayRef<OpFoldResult> high = ArrayRef(pads).drop_front(rank);

    Value result;
    if (op.getMode() == PadMode::Constant) {
      Value scalar = adaptor.getValue()
                         ? extractScalar(rewriter, loc, adaptor.getValue())
                         : createZero(rewriter, loc, type.getElementType());
      result = padConstant(rewriter, loc, op, input, low, high, scalar);
    } else {
      result = padFromInput(rewriter, loc, op, input, low, high);
    }
    rewriter.replaceOp(op, castChecked(rewriter, loc, op, result, type));
    return success();
  }

private:
  /// Negative amounts cut the tensor first, positive ones surround it then.
  static Value padConstant(OpBuilder &b, Location loc, PadOp op, Value input,
                           ArrayRef<OpFoldResult> low,
                           ArrayRef<OpFoldResult> high, Value scalar) {
    OpFoldResult zero = b.getIndexAttr(0);
    SmallVector<OpFoldResult> offsets, sizes, before, after;
    for (auto [extent, first, last] :
         llvm::zip_equal(getExtents(b, loc, input), low, high)) {
      if (isNonNegative(first) && isNonNegative(last)) {
        offsets.push_back(zero);
        sizes.push_back(extent);
        before.push_back(first);
        after.push_back(last);
        continue;
      }
      OpFoldResult size =
          addExtents(b, loc, addExtents(b, loc, extent, first), last);
      emitNonNegativeCheck(b, loc, op, size,
                           "removes more elements than there are");
      OpFoldResult cutFirst =
          maxExtents(b, loc, subExtents(b, loc, zero, first), zero);
      OpFoldResult cutLast =
          maxExtents(b, loc, subExtents(b, loc, zero, last), zero);
      cutFirst = minExtents(b, loc, cutFirst, extent);
      OpFoldResult rest = subExtents(b, loc, extent, cutFirst);
      cutLast = minExtents(b, loc, cutLast, rest);
      OpFoldResult kept = subExtents(b, loc, rest, cutLast);
      offsets.push_back(cutFirst);
      sizes.push_back(kept);
      // A cut beyond the tensor shortens the margin on the other side.
      OpFoldResult margin = subExtents(b, loc, size, kept);
      OpFoldResult front =
          minExtents(b, loc, maxExtents(b, loc, first, zero), margin);
      before.push_back(front);
      after.push_back(subExtents(b, loc, margin, front));
    }
    Value part = extractPart(b, loc, input, offsets, sizes);
    return padWithScalar(b, loc, part, before, after, scalar);
  }

  static Value padFromInput(OpBuilder &b, Location loc, PadOp op, Value input,
                            ArrayRef<OpFoldResult> low,
                            ArrayRef<OpFoldResult> high) {
    OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
    SmallVector<OpFoldResult> extents = getExtents(b, loc, input), sizes;
    SmallVector<OpFoldResult> periods;
    for (auto [extent, first, last] : llvm::zip_equal(extents, low, high)) {
      OpFoldResult size =
          addExtents(b, loc, addExtents(b, loc, extent, first), last);
      emitNonNegativeCheck(b, loc, op, size,
                           "removes more elements than there are");
      if (!isConstantIntValue(first, 0) || !isConstantIntValue(last, 0))
        emitCheck(b, loc, op,
                  compareExtents(b, loc, CmpIPredicate::sgt, extent, zero),
                  "there are no elements to repeat");
      sizes.push_back(size);
      // A reflected dimension repeats after 2 * (extent - 1) elements.
      OpFoldResult period = mulExtents(b, loc, subExtents(b, loc, extent, one),
                                       b.getIndexAttr(2));
      periods.push_back(maxExtents(b, loc, period, one));
    }
    return createPermuted(
        b, loc, input, sizes,
        [&](OpBuilder &b, Location loc, int64_t dim, Value index) -> Value {
          if (isConstantIntValue(low[dim], 0) &&
              isConstantIntValue(high[dim], 0))
            return index;
          Value position =
              arith::SubIOp::create(b, loc, index, toValue(b, loc, low[dim]));
          Value extent = toValue(b, loc, extents[dim]);
          if (op.getMode() == PadMode::Wrap)
            return floorModulo(b, loc, position, extent);
          if (op.getMode() == PadMode::Edge) {
            Value last =
                arith::SubIOp::create(b, loc, extent, createIndex(b, loc, 1));
            position = arith::MaxSIOp::create(b, loc, position,
                                              createIndex(b, loc, 0));
            return arith::MinSIOp::create(b, loc, position, last);
          }
          Value period = toValue(b, loc, periods[dim]);
          Value there = floorModulo(b, loc, position, period);
          Value back = arith::SubIOp::create(b, loc, period, there);
          Value reflected = arith::MinSIOp::create(b, loc, there, back);
          // With one element the period is taken as 1, the position 0.
          return reflected;
        });
  }
};

//===----------------------------------------------------------------------===//
// Tile
//===----------------------------------------------------------------------===//

struct LowerTile : public OpConversionPattern<TileOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(TileOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    Value input = adaptor.getInput();
    SmallVector<OpFoldResult> extents = getExtents(rewriter, loc, input);
    SmallVector<OpFoldResult> repeats =
        getIndexElements(rewriter, loc, adaptor.getRepeats(), extents.size());

    // Repeats become dimensions of their own, in front of what they repeat.
    SmallVector<OpFoldResult> loops, result;
    SmallVector<AffineExpr> exprs;
    for (auto [extent, repeat] : llvm::zip_equal(extents, repeats)) {
      emitNonNegativeCheck(rewriter, loc, op, repeat, "a repeat is negative");
      if (!isConstantIntValue(repeat, 1))
        loops.push_back(repeat);
      exprs.push_back(rewriter.getAffineDimExpr(loops.size()));
      loops.push_back(extent);
      result.push_back(mulExtents(rewriter, loc, extent, repeat));
    }
    Value tiled = input;
    if (loops.size() != extents.size()) {
      AffineMap map =
          AffineMap::get(loops.size(), 0, exprs, rewriter.getContext());
      tiled = createParallelGeneric(
          rewriter, loc, loops, type.getElementType(), input, map,
          [](OpBuilder &, Location, ValueRange args) { return args[0]; });
      tiled = reshapeTensor(rewriter, loc, tiled, result);
    }
    rewriter.replaceOp(op, castChecked(rewriter, loc, op, tiled, type));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Concat
//===----------------------------------------------------------------------===//

struct LowerConcat : public OpConversionPattern<ConcatOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(ConcatOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    int64_t rank = type.getRank(), axis = op.getAxis();
    if (axis < 0)
      axis += rank;

    SmallVector<SmallVector<OpFoldResult>> sizes;
    for (Value input : adaptor.getInputs())
      sizes.push_back(getExtents(rewriter, loc, input));
    if (sizes.empty())
      return rewriter.notifyMatchFailure(op, "has no inputs");

    // Along the other dimensions a constant extent of any input is everyone's.
    SmallVector<OpFoldResult> extents(sizes.front());
    OpFoldResult total = rewriter.getIndexAttr(0);
    for (int64_t dim = 0; dim < rank; ++dim) {
      if (dim == axis)
        continue;
      for (const SmallVector<OpFoldResult> &size : sizes)
        if (getConstantIntValue(size[dim]))
          extents[dim] = size[dim];
      for (const SmallVector<OpFoldResult> &size : sizes)
        emitEqualExtentsCheck(rewriter, loc, op, size[dim], extents[dim],
                              "the inputs differ in a dimension other than the "
                              "axis");
    }
    for (const SmallVector<OpFoldResult> &size : sizes)
      total = addExtents(rewriter, loc, total, size[axis]);
    extents[axis] = total;

    Value result = adaptor.getInputs().front();
    if (adaptor.getInputs().size() > 1) {
      result = createEmpty(rewriter, loc, extents, type.getElementType());
      SmallVector<OpFoldResult> offsets(rank, rewriter.getIndexAttr(0));
      SmallVector<OpFoldResult> steps(rank, rewriter.getIndexAttr(1));
      for (auto [input, size] : llvm::zip_equal(adaptor.getInputs(), sizes)) {
        // The slice has the input's own type: extents that agree only at run
        // time are spelled as the input spells them.
        if (!isConstantIntValue(size[axis], 0))
          result = tensor::InsertSliceOp::create(rewriter, loc, input, result,
                                                 offsets, size, steps);
        offsets[axis] = addExtents(rewriter, loc, offsets[axis], size[axis]);
      }
    }
    rewriter.replaceOp(op, castChecked(rewriter, loc, op, result, type));
    return success();
  }
};

} // namespace

void conversion::populateSlicePatterns(const TypeConverter &converter,
                                       RewritePatternSet &patterns) {
  patterns.add<LowerSlice, LowerPad, LowerTile, LowerConcat>(
      converter, patterns.getContext());
}
