//===- Scans.cpp - Lowering of cumsum and top_k ---------------------------===//
//
// What depends on the order of elements along a dimension: loops over it that
// carry tensors.
//
//===----------------------------------------------------------------------===//
#include "Patterns.h"
#include "ScalarOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "slim/IR/SlimOps.h"

using namespace slim;
using namespace slim::conversion;

namespace {

/// A loop nest over all dimensions but `axis` around one along it.
struct ConvertCumSum : OpConversionPattern<CumSumOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(CumSumOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value input = adaptor.getInput();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    Type elementType = type.getElementType();
    Type computeType = getComputeType(elementType);
    auto axis = static_cast<int64_t>(op.getAxis());
    int64_t rank = type.getRank();
    SmallVector<OpFoldResult> extents = getExtents(rewriter, loc, input);

    // The running sums of a slice across the axis, and the result so far.
    SmallVector<OpFoldResult> sliceExtents(extents);
    sliceExtents[axis] = rewriter.getIndexAttr(1);
    Value sums = createFilled(rewriter, loc, sliceExtents,
                              createZero(rewriter, loc, computeType));
    Value result = createEmpty(rewriter, loc, extents, elementType);
    Value zero = createIndex(rewriter, loc, 0);
    Value one = createIndex(rewriter, loc, 1);
    Value count = toValue(rewriter, loc, extents[axis]);
    Value last = rewriter.createOrFold<arith::SubIOp>(loc, count, one);
    auto loop = scf::ForOp::create(
        rewriter, loc, zero, count, one, ValueRange{sums, result},
        [&](OpBuilder &b, Location loc, Value step, ValueRange carried) {
          Value at = step;
          if (op.getReverse())
            at = arith::SubIOp::create(b, loc, last, step);
          SmallVector<OpFoldResult> offsets(rank, b.getIndexAttr(0)),
              strides(rank, b.getIndexAttr(1));
          offsets[axis] = at;
          Value slice = tensor::ExtractSliceOp::create(b, loc, input, offsets,
                                                       sliceExtents, strides);
          AffineMap identity = b.getMultiDimIdentityMap(rank);
          SmallVector<utils::IteratorType> iterators(
              rank, utils::IteratorType::parallel);
          auto add = linalg::GenericOp::create(
              b, loc, carried[0].getType(), slice, carried[0],
              {identity, identity}, iterators,
              [&](OpBuilder &b, Location loc, ValueRange args) {
                Value element =
                    castScalar(b, loc, args[0], elementType, computeType);
                Value sum = createAdd(b, loc, args[1], element);
                linalg::YieldOp::create(b, loc, sum);
              });
          Value newSums = add.getResult(0);
          Value store =
              castElements(b, loc, op.getExclusive() ? carried[0] : newSums,
                           computeType, elementType);
          Value newResult = tensor::InsertSliceOp::create(
              b, loc, store, carried[1], offsets, sliceExtents, strides);
          scf::YieldOp::create(b, loc, ValueRange{newSums, newResult});
        });
    rewriter.replaceOp(op, castTensor(rewriter, loc, loop.getResult(1), type));
    return success();
  }
};

/// Keeps the k best elements seen so far in order: an element that is better
/// than the last of them is inserted at its place.
struct ConvertTopK : OpConversionPattern<TopKOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(TopKOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value input = adaptor.getInput();
    RankedTensorType valuesType = getSignlessType(op.getValues().getType());
    RankedTensorType indicesType = getSignlessType(op.getIndices().getType());
    auto axis = static_cast<int64_t>(op.getAxis());
    SmallVector<OpFoldResult> extents = getExtents(rewriter, loc, input);
    Value count = toValue(rewriter, loc, extents[axis]);
    OpFoldResult k = getIndexElements(rewriter, loc, adaptor.getK()).front();
    Value limit = toValue(rewriter, loc, k);
    // Compared as unsigned, so that a negative k is too large as well.
    Value fits = rewriter.createOrFold<arith::CmpIOp>(
        loc, arith::CmpIPredicate::ule, limit, count);
    emitCheck(rewriter, loc, op, fits, "k is greater than the extent");

    SmallVector<OpFoldResult> resultExtents(extents);
    resultExtents[axis] = k;
    Value values =
        createEmpty(rewriter, loc, resultExtents, valuesType.getElementType());
    Value indices =
        createEmpty(rewriter, loc, resultExtents, indicesType.getElementType());
    // No element enters an empty list.
    Value zero = createIndex(rewriter, loc, 0);
    Value isEmpty = rewriter.createOrFold<arith::CmpIOp>(
        loc, arith::CmpIPredicate::eq, limit, zero);
    Value steps =
        rewriter.createOrFold<arith::SelectOp>(loc, isEmpty, zero, count);

    Selection selection{op, input, extents, axis, steps, limit};
    SmallVector<Value> results =
        selection.loopOver(rewriter, loc, 0, {}, {values, indices});
    rewriter.replaceOp(op,
                       {castTensor(rewriter, loc, results[0], valuesType),
                        castTensor(rewriter, loc, results[1], indicesType)});
    return success();
  }

private:
  struct Selection {
    TopKOp op;
    Value input;
    ArrayRef<OpFoldResult> extents;
    int64_t axis;
    Value steps;
    Value limit;

    /// True if `lhs` belongs before `rhs`, which comes earlier in the input.
    Value isBetter(OpBuilder &b, Location loc, Value lhs, Value rhs) {
      bool isUnsignedInput = isUnsigned(op.getInput().getType());
      Type type = getElementTypeOrSelf(op.getInput());
      Type computeType = getComputeType(type);
      if (isa<FloatType>(type)) {
        lhs = castScalar(b, loc, lhs, type, computeType);
        rhs = castScalar(b, loc, rhs, type, computeType);
      }
      if (op.getLargest())
        std::swap(lhs, rhs);
      return createLess(b, loc, lhs, rhs, isUnsignedInput);
    }

    /// Loops over the dimensions from `dim` on but the axis.
    SmallVector<Value> loopOver(OpBuilder &b, Location loc, int64_t dim,
                                SmallVector<Value> position,
                                SmallVector<Value> carried) {
      if (dim == static_cast<int64_t>(extents.size()))
        return select(b, loc, position, carried);
      if (dim == axis) {
        position.push_back(Value());
        return loopOver(b, loc, dim + 1, position, carried);
      }
      auto loop = scf::ForOp::create(
          b, loc, createIndex(b, loc, 0), toValue(b, loc, extents[dim]),
          createIndex(b, loc, 1), carried,
          [&](OpBuilder &b, Location loc, Value at, ValueRange args) {
            SmallVector<Value> inner(position);
            inner.push_back(at);
            scf::YieldOp::create(b, loc,
                                 loopOver(b, loc, dim + 1, inner, args));
          });
      return loop.getResults();
    }

    SmallVector<Value> select(OpBuilder &b, Location loc,
                              SmallVector<Value> position,
                              SmallVector<Value> carried) {
      Value zero = createIndex(b, loc, 0), one = createIndex(b, loc, 1);
      auto at = [&](Value index) {
        SmallVector<Value> indices(position);
        indices[axis] = index;
        return indices;
      };
      Value lastPlace = b.createOrFold<arith::SubIOp>(loc, limit, one);
      auto loop = scf::ForOp::create(
          b, loc, zero, steps, one, carried,
          [&](OpBuilder &b, Location loc, Value step, ValueRange args) {
            Value element = tensor::ExtractOp::create(b, loc, input, at(step));
            // Places filled so far; a full list gives up its last place.
            Value isFilling = arith::CmpIOp::create(
                b, loc, arith::CmpIPredicate::ult, step, limit);
            Value last =
                tensor::ExtractOp::create(b, loc, args[0], at(lastPlace));
            Value enters = arith::OrIOp::create(
                b, loc, isFilling, isBetter(b, loc, element, last));
            auto insert = [&](OpBuilder &b, Location loc) {
              Value place =
                  arith::SelectOp::create(b, loc, isFilling, step, lastPlace);
              scf::YieldOp::create(
                  b, loc, insertAt(b, loc, place, element, step, at, args));
            };
            auto keep = [&](OpBuilder &b, Location loc) {
              scf::YieldOp::create(b, loc, args);
            };
            auto branch = scf::IfOp::create(b, loc, enters, insert, keep);
            scf::YieldOp::create(b, loc, branch.getResults());
          });
      return loop.getResults();
    }

    /// Moves worse elements one place back, beginning at `place`, and puts the
    /// element in front of them.
    SmallVector<Value> insertAt(OpBuilder &b, Location loc, Value place,
                                Value element, Value step,
                                function_ref<SmallVector<Value>(Value)> at,
                                ValueRange lists) {
      Value zero = createIndex(b, loc, 0), one = createIndex(b, loc, 1);
      SmallVector<Value> init = {place, lists[0], lists[1]};
      auto loop = scf::WhileOp::create(
          b, loc, ValueRange(init).getTypes(), init,
          [&](OpBuilder &b, Location loc, ValueRange args) {
            Value isInside = arith::CmpIOp::create(
                b, loc, arith::CmpIPredicate::ne, args[0], zero);
            Value before = arith::SubIOp::create(b, loc, args[0], one);
            Value safe =
                arith::SelectOp::create(b, loc, isInside, before, zero);
            Value neighbour =
                tensor::ExtractOp::create(b, loc, args[1], at(safe));
            Value goOn = arith::AndIOp::create(
                b, loc, isInside, isBetter(b, loc, element, neighbour));
            scf::ConditionOp::create(b, loc, goOn, args);
          },
          [&](OpBuilder &b, Location loc, ValueRange args) {
            Value before = arith::SubIOp::create(b, loc, args[0], one);
            SmallVector<Value> yielded = {before};
            for (Value list : args.drop_front()) {
              Value moved = tensor::ExtractOp::create(b, loc, list, at(before));
              yielded.push_back(
                  tensor::InsertOp::create(b, loc, moved, list, at(args[0])));
            }
            scf::YieldOp::create(b, loc, yielded);
          });
      Value position = arith::IndexCastOp::create(
          b, loc, getElementTypeOrSelf(lists[1]), step);
      Value finalPlace = loop.getResult(0);
      return {tensor::InsertOp::create(b, loc, element, loop.getResult(1),
                                       at(finalPlace)),
              tensor::InsertOp::create(b, loc, position, loop.getResult(2),
                                       at(finalPlace))};
    }
  };
};

} // namespace

void conversion::populateScanPatterns(const TypeConverter &converter,
                                      RewritePatternSet &patterns) {
  patterns.add<ConvertCumSum, ConvertTopK>(converter, patterns.getContext());
}
