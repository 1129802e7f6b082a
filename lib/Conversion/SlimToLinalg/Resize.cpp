//===- Resize.cpp - Lowering of resampling --------------------------------===//
//
// Interpolation is separable: each axis is resampled on its own, by a table of
// input positions and weights for each output position, which small loops
// compute (in f64, as the ONNX reference does). Nearest resampling reads all
// axes at once; where it repeats elements a whole number of times it is a
// broadcast.
//
//===----------------------------------------------------------------------===//
#include "Movement.h"
#include "Patterns.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "slim/IR/SlimOps.h"

using namespace slim;
using namespace slim::conversion;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

namespace {

/// One resampled dimension.
struct ResizedAxis {
  int64_t dim;
  OpFoldResult input, output; ///< extents
  Value scale;                ///< f64, output extent per input extent
  bool givenScale;            ///< by the model; else the quotient of extents
  /// The scale where it is a constant.
  std::optional<double> constantScale;
};

/// Scalar arithmetic on f64 that reads like the formulas.
class Formula {
public:
  Formula(OpBuilder &b, Location loc) : b(b), loc(loc) {}

  Value constant(double value) {
    return createConstant(b, loc, b.getF64Type(), value);
  }
  Value fromIndex(Value index) {
    Value integer = castFromIndex(b, loc, index, b.getI64Type());
    return b.createOrFold<arith::SIToFPOp>(loc, b.getF64Type(), integer);
  }
  Value fromExtent(OpFoldResult extent) {
    return fromIndex(toValue(b, loc, extent));
  }
  Value toIndex(Value value) {
    Value integer = b.createOrFold<arith::FPToSIOp>(loc, b.getI64Type(), value);
    return castToIndex(b, loc, integer);
  }
  Value add(Value l, Value r) {
    return b.createOrFold<arith::AddFOp>(loc, l, r);
  }
  Value sub(Value l, Value r) {
    return b.createOrFold<arith::SubFOp>(loc, l, r);
  }
  Value mul(Value l, Value r) {
    return b.createOrFold<arith::MulFOp>(loc, l, r);
  }
  Value div(Value l, Value r) {
    return b.createOrFold<arith::DivFOp>(loc, l, r);
  }
  Value min(Value l, Value r) {
    return b.createOrFold<arith::MinimumFOp>(loc, l, r);
  }
  Value max(Value l, Value r) {
    return b.createOrFold<arith::MaximumFOp>(loc, l, r);
  }
  Value floor(Value v) { return b.createOrFold<math::FloorOp>(loc, v); }
  Value ceil(Value v) { return b.createOrFold<math::CeilOp>(loc, v); }
  Value abs(Value v) { return b.createOrFold<math::AbsFOp>(loc, v); }
  Value compare(CmpFPredicate predicate, Value l, Value r) {
    return b.createOrFold<arith::CmpFOp>(loc, predicate, l, r);
  }
  Value select(Value condition, Value onTrue, Value onFalse) {
    return b.createOrFold<arith::SelectOp>(loc, condition, onTrue, onFalse);
  }

private:
  OpBuilder &b;
  Location loc;
};

/// Where output position `index` lies in the input.
Value getCoordinate(OpBuilder &b, Location loc, CoordinateMode mode,
                    const ResizedAxis &axis, Value index) {
  Formula f(b, loc);
  Value y = f.fromIndex(index), half = f.constant(0.5), one = f.constant(1.0);
  Value input = f.fromExtent(axis.input);
  // The extent before it was rounded down to an integer.
  Value exact = f.mul(axis.scale, input);
  Value centered = f.sub(f.div(f.add(y, half), axis.scale), half);
  switch (mode) {
  case CoordinateMode::HalfPixel:
    return centered;
  case CoordinateMode::PytorchHalfPixel: {
    Value single = compareExtents(b, loc, CmpIPredicate::eq, axis.output,
                                  b.getIndexAttr(1));
    return f.select(single, f.constant(0.0), centered);
  }
  case CoordinateMode::AlignCorners: {
    Value single = f.compare(CmpFPredicate::OEQ, exact, one);
    Value x = f.div(f.mul(y, f.sub(input, one)), f.sub(exact, one));
    return f.select(single, f.constant(0.0), x);
  }
  case CoordinateMode::Asymmetric:
    return f.div(y, axis.scale);
  case CoordinateMode::HalfPixelSymmetric: {
    Value adjustment = f.div(f.fromExtent(axis.output), exact);
    Value offset = f.mul(f.mul(input, half), f.sub(one, adjustment));
    return f.add(offset, centered);
  }
  }
  llvm_unreachable("all modes are handled");
}

/// A position clamped into [0, extent).
Value clampPosition(OpBuilder &b, Location loc, Value position,
                    OpFoldResult extent) {
  OpFoldResult last = subExtents(b, loc, extent, b.getIndexAttr(1));
  OpFoldResult clamped =
      maxExtents(b, loc, minExtents(b, loc, foldExtent(position), last),
                 b.getIndexAttr(0));
  return toValue(b, loc, clamped);
}

//===----------------------------------------------------------------------===//
// Nearest
//===----------------------------------------------------------------------===//

Value getNearestPosition(OpBuilder &b, Location loc, ResizeOp op,
                         const ResizedAxis &axis, Value index) {
  Formula f(b, loc);
  Value x = getCoordinate(b, loc, op.getCoordinates(), axis, index);
  Value half = f.constant(0.5), rounded;
  switch (op.getNearest()) {
  case NearestMode::RoundPreferFloor:
    rounded = f.ceil(f.sub(x, half));
    break;
  case NearestMode::RoundPreferCeil:
    rounded = f.floor(f.add(x, half));
    break;
  case NearestMode::Floor:
    rounded = f.floor(x);
    break;
  case NearestMode::Ceil:
    rounded = f.ceil(x);
    break;
  }
  return clampPosition(b, loc, f.toIndex(rounded), axis.input);
}

/// How often nearest resampling repeats each element in a row, if it does
/// nothing else: then output position o comes from o / factor.
std::optional<int64_t> getRepeats(ResizeOp op, const ResizedAxis &axis) {
  std::optional<int64_t> input = getConstantIntValue(axis.input);
  std::optional<int64_t> output = getConstantIntValue(axis.output);
  if (!input || !output || *input == 0 || *output % *input != 0)
    return std::nullopt;
  int64_t factor = *output / *input;
  if (axis.constantScale.value_or(factor) != static_cast<double>(factor) ||
      (axis.givenScale && !axis.constantScale))
    return std::nullopt;
  if (factor == 1 && op.getCoordinates() != CoordinateMode::AlignCorners)
    return factor;
  switch (op.getCoordinates()) {
  case CoordinateMode::Asymmetric:
    return op.getNearest() == NearestMode::Floor ? std::optional(factor)
                                                 : std::nullopt;
  case CoordinateMode::HalfPixel:
  case CoordinateMode::PytorchHalfPixel:
  case CoordinateMode::HalfPixelSymmetric:
    // The centers of the copies lie within half a step of the element's.
    return op.getNearest() == NearestMode::RoundPreferFloor ||
                   op.getNearest() == NearestMode::RoundPreferCeil
               ? std::optional(factor)
               : std::nullopt;
  case CoordinateMode::AlignCorners:
    return std::nullopt;
  }
  llvm_unreachable("all modes are handled");
}

/// Each element repeated factor times along the axes.
Value repeatElements(OpBuilder &b, Location loc, Value input,
                     ArrayRef<ResizedAxis> axes, ArrayRef<int64_t> factors) {
  SmallVector<OpFoldResult> extents = getExtents(b, loc, input), loops;
  SmallVector<OpFoldResult> result(extents);
  SmallVector<int64_t> repeats(extents.size(), 1);
  for (auto [axis, factor] : llvm::zip_equal(axes, factors)) {
    repeats[axis.dim] = factor;
    result[axis.dim] = axis.output;
  }
  SmallVector<AffineExpr> exprs;
  for (auto [extent, count] : llvm::zip_equal(extents, repeats)) {
    exprs.push_back(b.getAffineDimExpr(loops.size()));
    loops.push_back(extent);
    if (count != 1)
      loops.push_back(b.getIndexAttr(count));
  }
  AffineMap map = AffineMap::get(loops.size(), 0, exprs, b.getContext());
  Value repeated = createParallelGeneric(
      b, loc, loops, getElementTypeOrSelf(input), input, map,
      [](OpBuilder &, Location, ValueRange args) { return args[0]; });
  return reshapeTensor(b, loc, repeated, result);
}

Value resizeNearest(OpBuilder &b, Location loc, ResizeOp op, Value input,
                    ArrayRef<ResizedAxis> axes) {
  SmallVector<int64_t> factors;
  for (const ResizedAxis &axis : axes)
    if (std::optional<int64_t> factor = getRepeats(op, axis))
      factors.push_back(*factor);
  if (factors.size() == axes.size())
    return repeatElements(b, loc, input, axes, factors);

  SmallVector<OpFoldResult> extents = getExtents(b, loc, input);
  int64_t rank = extents.size();
  SmallVector<Value> tables;
  SmallVector<AffineMap> maps;
  SmallVector<int64_t> table(rank, -1);
  for (const ResizedAxis &axis : axes) {
    extents[axis.dim] = axis.output;
    table[axis.dim] = tables.size();
    maps.push_back(AffineMap::get(rank, 0, b.getAffineDimExpr(axis.dim)));
    tables.push_back(createParallelGeneric(
        b, loc, axis.output, b.getIndexType(), {}, {},
        [&](OpBuilder &b, Location loc, ValueRange) {
          return getNearestPosition(b, loc, op, axis,
                                    linalg::IndexOp::create(b, loc, 0));
        }));
  }
  return createParallelGeneric(
      b, loc, extents, getElementTypeOrSelf(input), tables, maps,
      [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
        SmallVector<Value> positions;
        for (int64_t dim = 0; dim < rank; ++dim)
          positions.push_back(
              table[dim] < 0 ? linalg::IndexOp::create(b, loc, dim).getResult()
                             : args[table[dim]]);
        return tensor::ExtractOp::create(b, loc, input, positions);
      });
}

//===----------------------------------------------------------------------===//
// Linear and cubic
//===----------------------------------------------------------------------===//

/// The taps of an interpolation along an axis: input positions and weights,
/// [output, taps] each.
struct TapTable {
  OpFoldResult count;
  Value positions; ///< index
  Value weights;   ///< f64
};

/// The kernel at `distance`, in input steps.
Value getKernel(OpBuilder &b, Location loc, ResizeOp op, Value distance) {
  Formula f(b, loc);
  Value x = f.abs(distance), zero = f.constant(0.0), one = f.constant(1.0);
  if (op.getMode() == ResizeMode::Linear)
    return f.max(f.sub(one, x), zero);
  double a = op.getCubicCoefficient().convertToFloat();
  // ((a + 2) x - (a + 3)) x^2 + 1 up to 1, a (((x - 5) x + 8) x - 4) up to 2.
  Value near = f.sub(f.mul(f.constant(a + 2), x), f.constant(a + 3));
  near = f.add(f.mul(f.mul(near, x), x), one);
  Value far = f.add(f.mul(f.sub(x, f.constant(5)), x), f.constant(8));
  far = f.mul(f.constant(a), f.sub(f.mul(far, x), f.constant(4)));
  far = f.select(f.compare(CmpFPredicate::OLT, x, f.constant(2)), far, zero);
  return f.select(f.compare(CmpFPredicate::OLE, x, one), near, far);
}

TapTable createTapTable(OpBuilder &b, Location loc, ResizeOp op,
                        const ResizedAxis &axis) {
  Formula f(b, loc);
  int64_t support = op.getMode() == ResizeMode::Linear ? 1 : 2;
  // Shrinking with antialias stretches the kernel.
  Value stretch = f.constant(1.0);
  if (op.getAntialias())
    stretch = f.min(axis.scale, stretch);
  Value first =
      f.add(f.floor(f.div(f.constant(-support), stretch)), f.constant(1.0));
  Value firstIndex = f.toIndex(first);
  OpFoldResult one = b.getIndexAttr(1), two = b.getIndexAttr(2);
  TapTable table;
  table.count =
      mulExtents(b, loc, subExtents(b, loc, one, foldExtent(firstIndex)), two);

  // Taps count from the last integer below the coordinate.
  auto getBase = [](OpBuilder &b, Location loc, Value x) {
    Formula f(b, loc);
    return f.sub(f.ceil(x), f.constant(1.0));
  };
  auto getPosition = [&](OpBuilder &b, Location loc) -> Value {
    Value x = getCoordinate(b, loc, op.getCoordinates(), axis,
                            linalg::IndexOp::create(b, loc, 0));
    Value base = Formula(b, loc).toIndex(getBase(b, loc, x));
    Value tap = linalg::IndexOp::create(b, loc, 1);
    return arith::AddIOp::create(
        b, loc, base, arith::AddIOp::create(b, loc, tap, firstIndex));
  };
  SmallVector<OpFoldResult> extents{axis.output, table.count};
  table.positions = createParallelGeneric(
      b, loc, extents, b.getIndexType(), {}, {},
      [&](OpBuilder &b, Location loc, ValueRange) {
        return clampPosition(b, loc, getPosition(b, loc), axis.input);
      });
  table.weights = createParallelGeneric(
      b, loc, extents, b.getF64Type(), {}, {},
      [&](OpBuilder &b, Location loc, ValueRange) -> Value {
        Formula f(b, loc);
        Value x = getCoordinate(b, loc, op.getCoordinates(), axis,
                                linalg::IndexOp::create(b, loc, 0));
        Value ratio = f.sub(x, getBase(b, loc, x));
        Value tap =
            f.add(f.fromIndex(linalg::IndexOp::create(b, loc, 1)), first);
        Value weight = getKernel(b, loc, op, f.mul(f.sub(tap, ratio), stretch));
        if (!op.getExcludeOutside())
          return weight;
        Value position = getPosition(b, loc);
        Value inside = arith::CmpIOp::create(
            b, loc, CmpIPredicate::ult, position, toValue(b, loc, axis.input));
        return f.select(inside, weight, f.constant(0.0));
      });
  if (!op.getAntialias() && !op.getExcludeOutside())
    return table;

  // Weights that need not sum to one are divided by their sum.
  Value zero = f.constant(0.0);
  Value init = createFilled(b, loc, axis.output, zero);
  AffineMap row = AffineMap::get(2, 0, b.getAffineDimExpr(0));
  AffineMap all = b.getMultiDimIdentityMap(2);
  Value sums =
      linalg::GenericOp::create(
          b, loc, init.getType(), table.weights, init,
          ArrayRef<AffineMap>{all, row},
          ArrayRef<utils::IteratorType>{utils::IteratorType::parallel,
                                        utils::IteratorType::reduction},
          [](OpBuilder &b, Location loc, ValueRange args) {
            Value sum = arith::AddFOp::create(b, loc, args[1], args[0]);
            linalg::YieldOp::create(b, loc, sum);
          })
          .getResult(0);
  table.weights = createParallelGeneric(
      b, loc, extents, b.getF64Type(), {table.weights, sums}, {all, row},
      [&](OpBuilder &b, Location loc, ValueRange args) {
        Formula f(b, loc);
        Value none = f.compare(CmpFPredicate::OEQ, args[1], f.constant(0.0));
        return f.div(args[0], f.select(none, f.constant(1.0), args[1]));
      });
  return table;
}

/// `input` (of a float type) resampled along one axis.
Value interpolate(OpBuilder &b, Location loc, ResizeOp op, Value input,
                  const ResizedAxis &axis) {
  TapTable table = createTapTable(b, loc, op, axis);
  Type type = getElementTypeOrSelf(input);
  SmallVector<OpFoldResult> extents = getExtents(b, loc, input);
  extents[axis.dim] = axis.output;
  int64_t rank = extents.size();
  auto read = [&](OpBuilder &b, Location loc, Value position) -> Value {
    SmallVector<Value> positions;
    for (int64_t dim = 0; dim < rank; ++dim)
      positions.push_back(
          dim == axis.dim ? position : linalg::IndexOp::create(b, loc, dim));
    return tensor::ExtractOp::create(b, loc, input, positions);
  };
  auto multiplyAdd = [&](OpBuilder &b, Location loc, Value value, Value weight,
                         Value sum) -> Value {
    auto flags = arith::FastMathFlags::contract;
    if (weight.getType() != type)
      weight = arith::TruncFOp::create(b, loc, type, weight);
    Value product = arith::MulFOp::create(b, loc, value, weight, flags);
    return sum ? arith::AddFOp::create(b, loc, sum, product, flags).getResult()
               : product;
  };

  // Few taps are written out.
  if (std::optional<int64_t> count = getConstantIntValue(table.count)) {
    SmallVector<Value> operands;
    SmallVector<AffineMap> maps;
    for (int64_t tap = 0; tap < *count; ++tap) {
      AffineMap map = AffineMap::get(
          rank, 0, {b.getAffineDimExpr(axis.dim), b.getAffineConstantExpr(tap)},
          b.getContext());
      operands.append({table.positions, table.weights});
      maps.append({map, map});
    }
    if (*count <= 8)
      return createParallelGeneric(
          b, loc, extents, type, operands, maps,
          [&](OpBuilder &b, Location loc, ValueRange args) {
            Value sum;
            for (size_t i = 0; i < args.size(); i += 2)
              sum =
                  multiplyAdd(b, loc, read(b, loc, args[i]), args[i + 1], sum);
            return sum;
          });
  }

  Value init = createFilled(b, loc, extents, createZero(b, loc, type));
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  iterators.push_back(utils::IteratorType::reduction);
  AffineMap taps = AffineMap::get(
      rank + 1, 0, {b.getAffineDimExpr(axis.dim), b.getAffineDimExpr(rank)},
      b.getContext());
  AffineMap outputs = b.getMultiDimIdentityMap(rank + 1).dropResult(rank);
  return linalg::GenericOp::create(
             b, loc, init.getType(), ValueRange{table.positions, table.weights},
             init, ArrayRef<AffineMap>{taps, taps, outputs}, iterators,
             [&](OpBuilder &b, Location loc, ValueRange args) {
               Value sum =
                   multiplyAdd(b, loc, read(b, loc, args[0]), args[1], args[2]);
               linalg::YieldOp::create(b, loc, sum);
             })
      .getResult(0);
}

//===----------------------------------------------------------------------===//
// The op
//===----------------------------------------------------------------------===//

/// floor(extent * scale), by integers where the scale is a whole number.
OpFoldResult scaleExtent(OpBuilder &b, Location loc, OpFoldResult extent,
                         Value scale) {
  FloatAttr constant;
  if (matchPattern(scale, m_Constant(&constant))) {
    double value = constant.getValueAsDouble();
    constexpr double limit = 1 << 20;
    if (value >= 1 && value <= limit && value == std::floor(value))
      return mulExtents(b, loc, extent,
                        b.getIndexAttr(static_cast<int64_t>(value)));
  }
  Formula f(b, loc);
  return foldExtent(f.toIndex(f.floor(f.mul(f.fromExtent(extent), scale))));
}

struct LowerResize : public OpConversionPattern<ResizeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(ResizeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    Type original = op.getInput().getType().getElementType();
    bool nearest = op.getMode() == ResizeMode::Nearest;
    if (nearest && op.getAntialias())
      return rewriter.notifyMatchFailure(op,
                                         "antialias needs an interpolation");
    if (original.isInteger(1) && !nearest)
      return rewriter.notifyMatchFailure(op, "cannot interpolate booleans");
    Value result = adaptor.getInput();
    SmallVector<ResizedAxis> axes = getAxes(rewriter, loc, op, adaptor);
    if (nearest) {
      result = resizeNearest(rewriter, loc, op, result, axes);
    } else {
      Type compute = isa<FloatType>(original) ? getComputeType(original)
                                              : rewriter.getF32Type();
      result = castElements(rewriter, loc, result, original, compute);
      for (const ResizedAxis &axis : axes)
        if (axis.constantScale != 1.0 || !areEqual(axis.input, axis.output))
          result = interpolate(rewriter, loc, op, result, axis);
      result = castElements(rewriter, loc, result, compute, original);
    }
    rewriter.replaceOp(op, castChecked(rewriter, loc, op, result, type));
    return success();
  }

private:
  static SmallVector<ResizedAxis> getAxes(OpBuilder &b, Location loc,
                                          ResizeOp op, OpAdaptor adaptor) {
    int64_t rank = op.getInput().getType().getRank();
    size_t count = op.getAxes().size();
    SmallVector<OpFoldResult> sizes;
    if (adaptor.getSizes())
      sizes = getIndexElements(b, loc, adaptor.getSizes(), count);
    OpFoldResult zero = b.getIndexAttr(0);
    Formula f(b, loc);

    SmallVector<ResizedAxis> axes;
    for (size_t i = 0; i < count; ++i) {
      ResizedAxis axis;
      axis.dim = op.getAxes()[i];
      if (axis.dim < 0)
        axis.dim += rank;
      axis.input = getExtent(b, loc, adaptor.getInput(), axis.dim);
      axis.givenScale = sizes.empty();
      Value input = f.fromExtent(axis.input);
      if (axis.givenScale) {
        Value scale = extractElement(b, loc, adaptor.getScales(), i);
        axis.scale = b.createOrFold<arith::ExtFOp>(loc, b.getF64Type(), scale);
        Value legal =
            f.compare(CmpFPredicate::OGT, axis.scale, f.constant(0.0));
        emitCheck(b, loc, op, legal, "a scale is not positive");
        axis.output = scaleExtent(b, loc, axis.input, axis.scale);
      } else {
        axis.output = sizes[i];
        axis.scale = f.div(f.fromExtent(sizes[i]), input);
        emitCheck(b, loc, op,
                  compareExtents(b, loc, CmpIPredicate::sge, sizes[i], zero),
                  "a size is negative");
      }
      // Something comes only from something.
      if (!areEqual(axis.input, axis.output))
        emitCheck(b, loc, op,
                  compareExtents(b, loc, CmpIPredicate::sgt, axis.input, zero),
                  "the input is empty");
      FloatAttr constant;
      if (matchPattern(axis.scale, m_Constant(&constant)))
        axis.constantScale = constant.getValueAsDouble();
      axes.push_back(axis);
    }
    return axes;
  }
};

} // namespace

void conversion::populateResizePatterns(const TypeConverter &converter,
                                        RewritePatternSet &patterns) {
  patterns.add<LowerResize>(converter, patterns.getContext());
}
