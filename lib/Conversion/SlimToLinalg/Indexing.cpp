//===- Indexing.cpp - Lowering of ops that index by tensors ---------------===//
//
// Indices are checked before anything is read: a loop reduces them to one bit,
// which a cf.assert tests. Scatters are sequential loops that update one
// tensor, so that repeated indices take effect in order.
//
//===----------------------------------------------------------------------===//
#include "Movement.h"
#include "Patterns.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "slim/IR/SlimOps.h"

using namespace slim;
using namespace slim::conversion;
using arith::CmpIPredicate;

namespace {

//===----------------------------------------------------------------------===//
// Indices
//===----------------------------------------------------------------------===//

/// True if all indices are constants within [-extent, extent).
bool areKnownInRange(Value indices, OpFoldResult extent) {
  std::optional<int64_t> limit = getConstantIntValue(extent);
  DenseIntElementsAttr values;
  if (!limit || !matchPattern(indices, m_Constant(&values)))
    return false;
  return llvm::all_of(values, [&](const APInt &value) {
    return value.getSExtValue() >= -*limit && value.getSExtValue() < *limit;
  });
}

/// True where -extent <= index < extent.
Value isInRange(OpBuilder &b, Location loc, Value index, Value extent) {
  Value least =
      b.createOrFold<arith::SubIOp>(loc, createIndex(b, loc, 0), extent);
  Value above =
      b.createOrFold<arith::CmpIOp>(loc, CmpIPredicate::sge, index, least);
  Value below =
      b.createOrFold<arith::CmpIOp>(loc, CmpIPredicate::slt, index, extent);
  return b.createOrFold<arith::AndIOp>(loc, above, below);
}

/// Ends the run unless all `indices` lie within [-extent, extent).
void checkIndices(OpBuilder &b, Location loc, Operation *op, Value indices,
                  OpFoldResult extent) {
  if (areKnownInRange(indices, extent))
    return;
  Value limit = toValue(b, loc, extent);
  int64_t rank = cast<RankedTensorType>(indices.getType()).getRank();
  Value legal;
  if (rank == 0) {
    Value index = castToIndex(b, loc, extractScalar(b, loc, indices));
    legal = isInRange(b, loc, index, limit);
  } else {
    Value yes = createConstant(b, loc, b.getI1Type(), 1);
    Value init = createFilled(b, loc, {}, yes);
    AffineMap none = AffineMap::get(rank, 0, b.getContext());
    SmallVector<utils::IteratorType> iterators(rank,
                                               utils::IteratorType::reduction);
    Value all = linalg::GenericOp::create(
                    b, loc, init.getType(), indices, init,
                    ArrayRef<AffineMap>{b.getMultiDimIdentityMap(rank), none},
                    iterators,
                    [&](OpBuilder &b, Location loc, ValueRange args) {
                      Value index = castToIndex(b, loc, args[0]);
                      Value good = isInRange(b, loc, index, limit);
                      Value result =
                          arith::AndIOp::create(b, loc, args[1], good);
                      linalg::YieldOp::create(b, loc, result);
                    })
                    .getResult(0);
    legal = extractScalar(b, loc, all);
  }
  emitCheck(b, loc, op, legal, "an index is out of range");
}

/// An integer index as a position in a dimension of `extent` elements.
Value getPosition(OpBuilder &b, Location loc, Value index,
                  OpFoldResult extent) {
  return wrapNegative(b, loc, castToIndex(b, loc, index),
                      toValue(b, loc, extent));
}

/// The components that the last dimension of `indices` holds, as tensors.
SmallVector<Value> splitTuples(OpBuilder &b, Location loc, Value indices,
                               int64_t count) {
  SmallVector<OpFoldResult> sizes = getExtents(b, loc, indices);
  SmallVector<OpFoldResult> rest(ArrayRef(sizes).drop_back());
  SmallVector<OpFoldResult> offsets(sizes.size(), b.getIndexAttr(0));
  SmallVector<OpFoldResult> steps(sizes.size(), b.getIndexAttr(1));
  auto type = RankedTensorType::get(getStaticShape(rest),
                                    getElementTypeOrSelf(indices));
  sizes.back() = b.getIndexAttr(1);
  SmallVector<Value> parts;
  for (int64_t i = 0; i < count; ++i) {
    offsets.back() = b.getIndexAttr(i);
    parts.push_back(tensor::ExtractSliceOp::create(b, loc, type, indices,
                                                   offsets, sizes, steps));
  }
  return parts;
}

//===----------------------------------------------------------------------===//
// Gather
//===----------------------------------------------------------------------===//

/// Rows of at least this many elements are copied as a whole.
constexpr int64_t kRowElements = 16;

/// input[a..., indices[i...], b...]; indices are checked here.
Value createGather(OpBuilder &b, Location loc, Operation *op, Value input,
                   Value indices, int64_t axis) {
  SmallVector<OpFoldResult> source = getExtents(b, loc, input);
  SmallVector<OpFoldResult> picked = getExtents(b, loc, indices);
  OpFoldResult extent = source[axis];
  checkIndices(b, loc, op, indices, extent);
  SmallVector<OpFoldResult> front(ArrayRef(source).take_front(axis));
  SmallVector<OpFoldResult> back(ArrayRef(source).drop_front(axis + 1));
  SmallVector<OpFoldResult> extents(front);
  llvm::append_range(extents, picked);
  llvm::append_range(extents, back);
  Type elementType = getElementTypeOrSelf(input);

  // One index: a slice.
  auto indexType = cast<RankedTensorType>(indices.getType());
  if (indexType.hasStaticShape() && indexType.getNumElements() == 1) {
    Value position =
        getPosition(b, loc, extractScalar(b, loc, indices), extent);
    SmallVector<OpFoldResult> offsets(source.size(), b.getIndexAttr(0));
    SmallVector<OpFoldResult> steps(source.size(), b.getIndexAttr(1));
    SmallVector<OpFoldResult> sizes(source);
    offsets[axis] = foldExtent(position);
    sizes[axis] = b.getIndexAttr(1);
    Value slice =
        tensor::ExtractSliceOp::create(b, loc, input, offsets, sizes, steps);
    return reshapeTensor(b, loc, slice, extents);
  }

  // Long rows: a copy each.
  SmallVector<int64_t> backShape = getStaticShape(back);
  bool longRows = axis == 0 && !ShapedType::isDynamicShape(backShape) &&
                  ShapedType::getNumElements(backShape) >= kRowElements;
  if (longRows) {
    Value list = reshapeTensor(b, loc, indices, mulExtents(b, loc, picked));
    SmallVector<OpFoldResult> shape{mulExtents(b, loc, picked)};
    llvm::append_range(shape, back);
    Value rows =
        createLoopNest(
            b, loc, shape.front(), createEmpty(b, loc, shape, elementType),
            [&](OpBuilder &b, Location loc, ValueRange positions,
                ValueRange values) -> SmallVector<Value> {
              Value index = tensor::ExtractOp::create(b, loc, list, positions);
              Value row = extractLeading(
                  b, loc, input,
                  OpFoldResult(getPosition(b, loc, index, extent)));
              return {insertLeading(b, loc, row, values[0],
                                    OpFoldResult(positions[0]))};
            })
            .front();
    return reshapeTensor(b, loc, rows, extents);
  }

  SmallVector<AffineExpr> exprs;
  for (size_t i = 0; i < picked.size(); ++i)
    exprs.push_back(b.getAffineDimExpr(axis + i));
  AffineMap map = AffineMap::get(extents.size(), 0, exprs, b.getContext());
  return createParallelGeneric(
      b, loc, extents, elementType, indices, map,
      [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
        SmallVector<Value> positions;
        for (int64_t dim = 0; dim < axis; ++dim)
          positions.push_back(linalg::IndexOp::create(b, loc, dim));
        positions.push_back(getPosition(b, loc, args[0], extent));
        for (int64_t dim = axis + picked.size(), e = extents.size(); dim < e;
             ++dim)
          positions.push_back(linalg::IndexOp::create(b, loc, dim));
        return tensor::ExtractOp::create(b, loc, input, positions);
      });
}

struct LowerGather : public OpConversionPattern<GatherOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(GatherOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    int64_t axis = op.getAxis();
    if (axis < 0)
      axis += op.getInput().getType().getRank();
    Value result = createGather(rewriter, op.getLoc(), op, adaptor.getInput(),
                                adaptor.getIndices(), axis);
    rewriter.replaceOp(op,
                       castChecked(rewriter, op.getLoc(), op, result,
                                   getSignlessType(op.getResult().getType())));
    return success();
  }
};

struct LowerEmbedding : public OpConversionPattern<EmbeddingOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(EmbeddingOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Value result = createGather(rewriter, op.getLoc(), op, adaptor.getWeight(),
                                adaptor.getIndices(), /*axis=*/0);
    rewriter.replaceOp(op,
                       castChecked(rewriter, op.getLoc(), op, result,
                                   getSignlessType(op.getResult().getType())));
    return success();
  }
};

/// Checks that `extents` fit into those of `into` in every dimension but one.
void checkWithin(OpBuilder &b, Location loc, Operation *op,
                 ArrayRef<OpFoldResult> extents, ArrayRef<OpFoldResult> into,
                 int64_t except) {
  for (int64_t dim = 0, e = extents.size(); dim < e; ++dim)
    if (dim != except && !areEqual(extents[dim], into[dim]))
      emitCheck(
          b, loc, op,
          compareExtents(b, loc, CmpIPredicate::sle, extents[dim], into[dim]),
          "the indices have a greater extent than the input");
}

struct LowerGatherElements : public OpConversionPattern<GatherElementsOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(GatherElementsOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    int64_t rank = type.getRank(), axis = op.getAxis();
    if (axis < 0)
      axis += rank;
    Value input = adaptor.getInput(), indices = adaptor.getIndices();
    SmallVector<OpFoldResult> source = getExtents(rewriter, loc, input);
    SmallVector<OpFoldResult> extents = getExtents(rewriter, loc, indices);
    checkWithin(rewriter, loc, op, extents, source, axis);
    checkIndices(rewriter, loc, op, indices, source[axis]);
    Value result = createParallelGeneric(
        rewriter, loc, extents, type.getElementType(), indices,
        rewriter.getMultiDimIdentityMap(rank),
        [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
          SmallVector<Value> positions;
          for (int64_t dim = 0; dim < rank; ++dim)
            positions.push_back(dim == axis
                                    ? getPosition(b, loc, args[0], source[axis])
                                    : linalg::IndexOp::create(b, loc, dim));
          return tensor::ExtractOp::create(b, loc, input, positions);
        });
    rewriter.replaceOp(op, castChecked(rewriter, loc, op, result, type));
    return success();
  }
};

struct LowerGatherND : public OpConversionPattern<GatherNDOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(GatherNDOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    Value input = adaptor.getInput(), indices = adaptor.getIndices();
    auto indexType = cast<RankedTensorType>(indices.getType());
    int64_t count = indexType.getShape().back();
    if (ShapedType::isDynamic(count))
      return rewriter.notifyMatchFailure(op, "the length of a tuple is open");
    int64_t batch = op.getBatchDims();
    int64_t tuples = indexType.getRank() - 1;
    SmallVector<OpFoldResult> source = getExtents(rewriter, loc, input);
    SmallVector<OpFoldResult> extents = getExtents(rewriter, loc, indices);
    for (int64_t dim = 0; dim < batch; ++dim)
      emitEqualExtentsCheck(rewriter, loc, op, extents[dim], source[dim],
                            "input and indices differ in a batch dimension");
    extents.pop_back();
    llvm::append_range(extents, ArrayRef(source).drop_front(batch + count));
    SmallVector<Value> parts = splitTuples(rewriter, loc, indices, count);
    for (auto [i, part] : llvm::enumerate(parts))
      checkIndices(rewriter, loc, op, part, source[batch + i]);

    SmallVector<AffineExpr> exprs;
    for (int64_t dim = 0; dim < tuples; ++dim)
      exprs.push_back(rewriter.getAffineDimExpr(dim));
    AffineMap map =
        AffineMap::get(extents.size(), 0, exprs, rewriter.getContext());
    SmallVector<AffineMap> maps(parts.size(), map);
    Value result = createParallelGeneric(
        rewriter, loc, extents, type.getElementType(), parts, maps,
        [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
          SmallVector<Value> positions;
          for (int64_t dim = 0; dim < batch; ++dim)
            positions.push_back(linalg::IndexOp::create(b, loc, dim));
          for (auto [i, index] : llvm::enumerate(args))
            positions.push_back(getPosition(b, loc, index, source[batch + i]));
          for (int64_t dim = tuples, e = extents.size(); dim < e; ++dim)
            positions.push_back(linalg::IndexOp::create(b, loc, dim));
          return tensor::ExtractOp::create(b, loc, input, positions);
        });
    rewriter.replaceOp(op, castChecked(rewriter, loc, op, result, type));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Scatter
//===----------------------------------------------------------------------===//

/// What becomes of `old` when `update` is scattered on it. `original` is the
/// element type before conversion.
Value combine(OpBuilder &b, Location loc, ScatterMode mode, Value old,
              Value update, Type original) {
  bool isFloat = isa<FloatType>(original);
  bool isSigned = !isUnsigned(original);
  bool isBool = original.isInteger(1);
  switch (mode) {
  case ScatterMode::Replace:
    return update;
  case ScatterMode::Add:
    if (isFloat)
      return arith::AddFOp::create(b, loc, old, update);
    if (isBool)
      return arith::OrIOp::create(b, loc, old, update);
    return arith::AddIOp::create(b, loc, old, update);
  case ScatterMode::Mul:
    if (isFloat)
      return arith::MulFOp::create(b, loc, old, update);
    return arith::MulIOp::create(b, loc, old, update);
  case ScatterMode::Max:
    if (isFloat)
      return arith::MaximumFOp::create(b, loc, old, update);
    if (isSigned)
      return arith::MaxSIOp::create(b, loc, old, update);
    return arith::MaxUIOp::create(b, loc, old, update);
  case ScatterMode::Min:
    if (isFloat)
      return arith::MinimumFOp::create(b, loc, old, update);
    if (isSigned)
      return arith::MinSIOp::create(b, loc, old, update);
    return arith::MinUIOp::create(b, loc, old, update);
  }
  llvm_unreachable("all modes are handled");
}

struct LowerScatterElements : public OpConversionPattern<ScatterElementsOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(ScatterElementsOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    Type original = op.getInput().getType().getElementType();
    int64_t rank = type.getRank(), axis = op.getAxis();
    if (axis < 0)
      axis += rank;
    Value input = adaptor.getInput(), indices = adaptor.getIndices();
    Value updates = adaptor.getUpdates();
    SmallVector<OpFoldResult> source = getExtents(rewriter, loc, input);
    SmallVector<OpFoldResult> extents = getExtents(rewriter, loc, indices);
    for (auto [updateExtent, extent] :
         llvm::zip_equal(getExtents(rewriter, loc, updates), extents))
      emitEqualExtentsCheck(rewriter, loc, op, updateExtent, extent,
                            "indices and updates have different shapes");
    checkWithin(rewriter, loc, op, extents, source, axis);
    checkIndices(rewriter, loc, op, indices, source[axis]);
    Value result =
        createLoopNest(
            rewriter, loc, extents, input,
            [&](OpBuilder &b, Location loc, ValueRange positions,
                ValueRange values) -> SmallVector<Value> {
              Value index =
                  tensor::ExtractOp::create(b, loc, indices, positions);
              Value update =
                  tensor::ExtractOp::create(b, loc, updates, positions);
              SmallVector<Value> target(positions);
              target[axis] = getPosition(b, loc, index, source[axis]);
              if (op.getMode() != ScatterMode::Replace) {
                Value old =
                    tensor::ExtractOp::create(b, loc, values[0], target);
                update = combine(b, loc, op.getMode(), old, update, original);
              }
              return {
                  tensor::InsertOp::create(b, loc, update, values[0], target)};
            })
            .front();
    rewriter.replaceOp(op, castChecked(rewriter, loc, op, result, type));
    return success();
  }
};

struct LowerScatterND : public OpConversionPattern<ScatterNDOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(ScatterNDOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    Type original = op.getInput().getType().getElementType();
    Value input = adaptor.getInput(), indices = adaptor.getIndices();
    Value updates = adaptor.getUpdates();
    auto indexType = cast<RankedTensorType>(indices.getType());
    int64_t count = indexType.getShape().back();
    if (ShapedType::isDynamic(count))
      return rewriter.notifyMatchFailure(op, "the length of a tuple is open");

    SmallVector<OpFoldResult> source = getExtents(rewriter, loc, input);
    SmallVector<OpFoldResult> tuples = getExtents(rewriter, loc, indices);
    tuples.pop_back();
    SmallVector<OpFoldResult> extents(tuples);
    llvm::append_range(extents, ArrayRef(source).drop_front(count));
    for (auto [updateExtent, extent] :
         llvm::zip_equal(getExtents(rewriter, loc, updates), extents))
      emitEqualExtentsCheck(rewriter, loc, op, updateExtent, extent,
                            "the updates do not have the shape that indices "
                            "and input call for");
    SmallVector<Value> parts = splitTuples(rewriter, loc, indices, count);
    for (auto [i, part] : llvm::enumerate(parts))
      checkIndices(rewriter, loc, op, part, source[i]);

    Value result =
        createLoopNest(rewriter, loc, tuples, input,
                       [&](OpBuilder &b, Location loc, ValueRange positions,
                           ValueRange values) -> SmallVector<Value> {
                         SmallVector<OpFoldResult> from, to;
                         for (Value position : positions)
                           from.push_back(position);
                         for (auto [i, part] : llvm::enumerate(parts)) {
                           Value index = tensor::ExtractOp::create(b, loc, part,
                                                                   positions);
                           to.push_back(getPosition(b, loc, index, source[i]));
                         }
                         Value update = extractLeading(b, loc, updates, from);
                         if (op.getMode() != ScatterMode::Replace) {
                           Value old = extractLeading(b, loc, values[0], to);
                           update = createCombination(b, loc, op.getMode(), old,
                                                      update, original);
                         }
                         return {insertLeading(b, loc, update, values[0], to)};
                       })
            .front();
    rewriter.replaceOp(op, castChecked(rewriter, loc, op, result, type));
    return success();
  }

private:
  /// Combines two slices, the first of which may be overwritten.
  static Value createCombination(OpBuilder &b, Location loc, ScatterMode mode,
                                 Value old, Value update, Type original) {
    int64_t rank = cast<RankedTensorType>(old.getType()).getRank();
    AffineMap identity = b.getMultiDimIdentityMap(rank);
    SmallVector<utils::IteratorType> iterators(rank,
                                               utils::IteratorType::parallel);
    update = castTensor(b, loc, update, old.getType());
    return linalg::GenericOp::create(
               b, loc, old.getType(), update, old,
               ArrayRef<AffineMap>{identity, identity}, iterators,
               [&](OpBuilder &b, Location loc, ValueRange args) {
                 Value result =
                     combine(b, loc, mode, args[1], args[0], original);
                 linalg::YieldOp::create(b, loc, result);
               })
        .getResult(0);
  }
};

//===----------------------------------------------------------------------===//
// Indicators and positions
//===----------------------------------------------------------------------===//

struct LowerOneHot : public OpConversionPattern<OneHotOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OneHotOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    int64_t rank = type.getRank(), axis = op.getAxis();
    if (axis < 0)
      axis += rank;
    Value depth = castToIndex(rewriter, loc,
                              extractScalar(rewriter, loc, adaptor.getDepth()));
    emitCheck(rewriter, loc, op,
              compareExtents(rewriter, loc, CmpIPredicate::sge,
                             foldExtent(depth), rewriter.getIndexAttr(0)),
              "the depth is negative");
    Value off = extractScalar(rewriter, loc, adaptor.getOffValue());
    Value on = extractScalar(rewriter, loc, adaptor.getOnValue());
    SmallVector<OpFoldResult> extents =
        getExtents(rewriter, loc, adaptor.getIndices());
    extents.insert(extents.begin() + axis, foldExtent(depth));
    AffineMap map = rewriter.getMultiDimIdentityMap(rank).dropResult(axis);
    Value result = createParallelGeneric(
        rewriter, loc, extents, type.getElementType(), adaptor.getIndices(),
        map, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
          Value index = castToIndex(b, loc, args[0]);
          Value position = wrapNegative(b, loc, index, depth);
          Value here = linalg::IndexOp::create(b, loc, axis);
          Value hit =
              arith::CmpIOp::create(b, loc, CmpIPredicate::eq, position, here);
          return arith::SelectOp::create(b, loc, hit, on, off);
        });
    rewriter.replaceOp(op, castChecked(rewriter, loc, op, result, type));
    return success();
  }
};

/// True for an element that is not zero (NaN included).
Value isNonZero(OpBuilder &b, Location loc, Value element) {
  Value zero = createZero(b, loc, element.getType());
  if (isa<FloatType>(element.getType()))
    return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE, element,
                                 zero);
  return arith::CmpIOp::create(b, loc, CmpIPredicate::ne, element, zero);
}

struct LowerNonZero : public OpConversionPattern<NonZeroOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(NonZeroOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    Value input = adaptor.getInput();
    SmallVector<OpFoldResult> extents = getExtents(rewriter, loc, input);
    int64_t rank = extents.size();
    Value zero = createIndex(rewriter, loc, 0);
    Value one = createIndex(rewriter, loc, 1);

    Value count = createLoopNest(
                      rewriter, loc, extents, zero,
                      [&](OpBuilder &b, Location loc, ValueRange positions,
                          ValueRange values) -> SmallVector<Value> {
                        Value element =
                            tensor::ExtractOp::create(b, loc, input, positions);
                        Value more = arith::SelectOp::create(
                            b, loc, isNonZero(b, loc, element), one, zero);
                        return {arith::AddIOp::create(b, loc, values[0], more)};
                      })
                      .front();

    SmallVector<OpFoldResult> shape{rewriter.getIndexAttr(rank),
                                    foldExtent(count)};
    Value empty = createEmpty(rewriter, loc, shape, type.getElementType());
    Value result = empty;
    if (rank != 0)
      result =
          createLoopNest(
              rewriter, loc, extents, {empty, zero},
              [&](OpBuilder &b, Location loc, ValueRange positions,
                  ValueRange values) -> SmallVector<Value> {
                Value element =
                    tensor::ExtractOp::create(b, loc, input, positions);
                Value hit = isNonZero(b, loc, element);
                auto place = scf::IfOp::create(
                    b, loc, hit,
                    [&](OpBuilder &b, Location loc) {
                      Value target = values[0];
                      for (auto [dim, position] : llvm::enumerate(positions)) {
                        Value number = castFromIndex(b, loc, position,
                                                     type.getElementType());
                        target = tensor::InsertOp::create(
                            b, loc, number, target,
                            ValueRange{createIndex(b, loc, dim), values[1]});
                      }
                      Value next =
                          arith::AddIOp::create(b, loc, values[1], one);
                      scf::YieldOp::create(b, loc, ValueRange{target, next});
                    },
                    [&](OpBuilder &b, Location loc) {
                      scf::YieldOp::create(b, loc, values);
                    });
                return place.getResults();
              })
              .front();
    rewriter.replaceOp(op, castChecked(rewriter, loc, op, result, type));
    return success();
  }
};

} // namespace

void conversion::populateIndexingPatterns(const TypeConverter &converter,
                                          RewritePatternSet &patterns) {
  patterns.add<LowerGather, LowerEmbedding, LowerGatherElements, LowerGatherND,
               LowerScatterElements, LowerScatterND, LowerOneHot, LowerNonZero>(
      converter, patterns.getContext());
}
