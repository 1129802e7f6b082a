//===- VectorJacobianMovement.cpp - Gradients of moves and lookups --------===//

#include "Arithmetic.h"
#include "slim/IR/OpSupport.h"

using namespace slim;
using namespace slim::detail;

//===----------------------------------------------------------------------===//
// The same elements
//===----------------------------------------------------------------------===//

LogicalResult FlattenOp::buildVJP(OpBuilder &builder,
                                  ValueRange resultGradients,
                                  SmallVectorImpl<Value> &operandGradients) {
  operandGradients.push_back(
      reshapeLike(builder, getLoc(), resultGradients[0], getInput()));
  return success();
}

LogicalResult SqueezeOp::buildVJP(OpBuilder &builder,
                                  ValueRange resultGradients,
                                  SmallVectorImpl<Value> &operandGradients) {
  operandGradients.push_back(UnsqueezeOp::create(
      builder, getLoc(), getInput().getType(), resultGradients[0], getAxes()));
  return success();
}

LogicalResult UnsqueezeOp::buildVJP(OpBuilder &builder,
                                    ValueRange resultGradients,
                                    SmallVectorImpl<Value> &operandGradients) {
  operandGradients.push_back(SqueezeOp::create(
      builder, getLoc(), getInput().getType(), resultGradients[0], getAxes()));
  return success();
}

//===----------------------------------------------------------------------===//
// Repeated, joined, parts
//===----------------------------------------------------------------------===//

LogicalResult ExpandOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                                 SmallVectorImpl<Value> &operandGradients) {
  // What the shape says is not known counts as possibly more than 1.
  SmallVector<int64_t> shape;
  if (auto known = getKnownInts(getShape()))
    shape = *known;
  else
    shape.assign(getTensorType(getResult()).getRank(), ShapedType::kDynamic);
  operandGradients.push_back(
      sumToShapeOf(builder, getLoc(), resultGradients[0], getInput(), shape));
  operandGradients.push_back(Value());
  return success();
}

LogicalResult ConcatOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                                 SmallVectorImpl<Value> &operandGradients) {
  Location loc = getLoc();
  auto axis = static_cast<int64_t>(getAxis());
  Value step = buildShapeConstant(builder, loc, {1});
  Value start = buildShapeConstant(builder, loc, {0});
  for (Value input : getInputs()) {
    Value extent = buildShape(builder, loc, {Extent::of(input, axis)});
    Value end = AddOp::create(builder, loc, start, extent);
    operandGradients.push_back(SliceOp::create(builder, loc, input.getType(),
                                               resultGradients[0], start, end,
                                               step, ArrayRef<int64_t>{axis}));
    start = end;
  }
  return success();
}

/// Adds `updates`, whose leading dimensions are those of `indices`, into zeros
/// in the shape of `like` with dimension `axis` moved to the front, at the
/// places along it that `indices` name; returns that with the dimension back.
static Value scatterAlong(OpBuilder &builder, Location loc, Value updates,
                          Value indices, Value like, int64_t axis) {
  int64_t rank = getTensorType(like).getRank();
  SmallVector<int64_t> toFront = {axis}, back(rank);
  for (int64_t dim = 0; dim < rank; ++dim)
    if (dim != axis)
      toFront.push_back(dim);
  for (auto [position, dim] : llvm::enumerate(toFront))
    back[dim] = position;
  SmallVector<int64_t> shape;
  SmallVector<Extent> extents;
  for (int64_t dim : toFront) {
    shape.push_back(getTensorType(like).getDimSize(dim));
    extents.push_back(Extent::of(like, dim));
  }
  Type elementType = getTensorType(like).getElementType();
  auto type = RankedTensorType::get(shape, elementType);
  Value zeros =
      FillOp::create(builder, loc, type, buildShape(builder, loc, extents),
                     buildScalar(builder, loc, elementType, 0));
  Value tuples =
      UnsqueezeOp::create(builder, loc, indices,
                          ArrayRef<int64_t>{getTensorType(indices).getRank()});
  Value sums = ScatterNDOp::create(builder, loc, type, zeros, tuples, updates,
                                   ScatterMode::Add);
  if (axis == 0)
    return sums;
  return TransposeOp::create(builder, loc, like.getType(), sums, back);
}

/// The gradient with respect to `input` of its elements at `indices` along
/// `axis`, as slim.gather takes them.
static Value buildGatherGradient(OpBuilder &builder, Location loc,
                                 Value gradient, Value indices, Value input,
                                 int64_t axis) {
  int64_t rank = getTensorType(gradient).getRank();
  int64_t indexRank = getTensorType(indices).getRank();
  SmallVector<int64_t> permutation =
      llvm::to_vector(llvm::seq<int64_t>(axis, axis + indexRank));
  for (int64_t dim = 0; dim < rank; ++dim)
    if (dim < axis || dim >= axis + indexRank)
      permutation.push_back(dim);
  if (!llvm::is_sorted(permutation))
    gradient = TransposeOp::create(builder, loc, gradient, permutation);
  return scatterAlong(builder, loc, gradient, indices, input, axis);
}

LogicalResult GatherOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                                 SmallVectorImpl<Value> &operandGradients) {
  operandGradients.push_back(
      buildGatherGradient(builder, getLoc(), resultGradients[0], getIndices(),
                          getInput(), static_cast<int64_t>(getAxis())));
  operandGradients.push_back(Value());
  return success();
}

LogicalResult EmbeddingOp::buildVJP(OpBuilder &builder,
                                    ValueRange resultGradients,
                                    SmallVectorImpl<Value> &operandGradients) {
  operandGradients.push_back(Value());
  operandGradients.push_back(buildGatherGradient(
      builder, getLoc(), resultGradients[0], getIndices(), getWeight(),
      /*axis=*/0));
  return success();
}

/// Element `position` of a list, as a tensor<1xi64>.
static Value takeElement(OpBuilder &builder, Location loc, Value list,
                         int64_t position) {
  Value begin = buildShapeConstant(builder, loc, {position});
  Value end = buildShapeConstant(builder, loc, {position + 1});
  Value one = buildShapeConstant(builder, loc, {1});
  return SliceOp::create(builder, loc, list, begin, end, one,
                         ArrayRef<int64_t>{0});
}

/// The margins of a slice with step 1: what lies before and behind it.
static std::pair<Value, Value> buildMargins(OpBuilder &builder, Location loc,
                                            Value start, Value input,
                                            Value result, int64_t axis) {
  ImplicitLocOpBuilder b(loc, builder);
  Value zero = buildShapeConstant(b, loc, {0});
  Value extent = buildShape(b, loc, {Extent::of(input, axis)});
  Value fromEnd = AddOp::create(b, start, extent);
  Value isNegative = LessOp::create(b, start, zero);
  Value before = SelectOp::create(b, isNegative, fromEnd, start);
  before = MinOp::create(b, MaxOp::create(b, before, zero), extent);
  Value taken = buildShape(b, loc, {Extent::of(result, axis)});
  Value after = SubOp::create(b, SubOp::create(b, extent, before), taken);
  return {before, after};
}

LogicalResult SliceOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                                SmallVectorImpl<Value> &operandGradients) {
  Location loc = getLoc();
  Value gradient = resultGradients[0];
  int64_t rank = getTensorType(getInput()).getRank();
  std::optional<SmallVector<int64_t>> steps = getKnownInts(getSteps());
  bool isPlain =
      steps && llvm::all_of(*steps, [](int64_t s) { return s == 1; });
  Value zero = buildShapeConstant(builder, loc, {0});
  if (isPlain) {
    SmallVector<Value> pads(2 * rank, zero);
    for (auto [i, axis] : llvm::enumerate(getAxes()))
      std::tie(pads[axis], pads[rank + axis]) =
          buildMargins(builder, loc, takeElement(builder, loc, getStarts(), i),
                       getInput(), getResult(), axis);
    operandGradients.push_back(
        PadOp::create(builder, loc, getInput().getType(), gradient,
                      ConcatOp::create(builder, loc, pads, /*axis=*/0),
                      /*value=*/Value(), PadMode::Constant));
  } else {
    // One axis after the other: the slice of all positions says where the
    // elements were.
    for (auto [i, axis] : llvm::enumerate(getAxes())) {
      ImplicitLocOpBuilder b(loc, builder);
      Value extent = buildShape(b, loc, {Extent::of(getInput(), axis)});
      auto scalar = [&](int64_t number) {
        return buildScalar(b, loc, b.getI64Type(), double(number));
      };
      Value all = RangeOp::create(
          b, scalar(0), SqueezeOp::create(b, extent, ArrayRef<int64_t>{0}),
          scalar(1));
      Value places = SliceOp::create(
          b, all, takeElement(b, loc, getStarts(), i),
          takeElement(b, loc, getEnds(), i), takeElement(b, loc, getSteps(), i),
          ArrayRef<int64_t>{0});
      SmallVector<Extent> extents;
      SmallVector<int64_t> shape(getTensorType(gradient).getShape());
      for (int64_t dim = 0; dim < rank; ++dim)
        extents.push_back(dim == axis ? Extent::of(getInput(), dim)
                                      : Extent::of(gradient, dim));
      shape[axis] = getTensorType(getInput()).getDimSize(axis);
      Type elementType = getTensorType(gradient).getElementType();
      Value like = FillOp::create(b, RankedTensorType::get(shape, elementType),
                                  buildShape(b, loc, extents),
                                  buildScalar(b, loc, elementType, 0));
      gradient = buildGatherGradient(b, loc, gradient, places, like, axis);
    }
    operandGradients.push_back(gradient);
  }
  operandGradients.append(3, Value());
  return success();
}

LogicalResult PadOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                              SmallVectorImpl<Value> &operandGradients) {
  // Other modes repeat elements. The constant's own gradient is not built.
  if (getMode() != PadMode::Constant)
    return failure();
  Value back = NegOp::create(builder, getLoc(), getPads());
  operandGradients.push_back(PadOp::create(
      builder, getLoc(), getInput().getType(), resultGradients[0], back,
      /*value=*/Value(), PadMode::Constant));
  operandGradients.push_back(Value());
  if (getValue())
    operandGradients.push_back(Value());
  return success();
}

LogicalResult TriluOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                                SmallVectorImpl<Value> &operandGradients) {
  operandGradients.push_back(
      TriluOp::create(builder, getLoc(), getInput().getType(),
                      resultGradients[0], getK(), getUpper()));
  if (getK())
    operandGradients.push_back(Value());
  return success();
}
