//===- BuildSupport.cpp - Building shape arithmetic -----------------------===//

#include "BuildSupport.h"
#include "Inference.h"
#include "slim/IR/SlimOps.h"
#include "llvm/ADT/STLExtras.h"

using namespace slim;
using namespace slim::detail;

static RankedTensorType getTensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

Value slim::detail::buildShapeConstant(OpBuilder &builder, Location loc,
                                       ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())},
                                    builder.getI64Type());
  return ConstantOp::create(builder, loc,
                            DenseIntElementsAttr::get(type, values));
}

Value slim::detail::buildScalar(OpBuilder &builder, Location loc,
                                Type elementType, double value) {
  auto type = RankedTensorType::get({}, elementType);
  if (auto floatType = dyn_cast<FloatType>(elementType))
    return ConstantOp::create(
        builder, loc,
        DenseElementsAttr::get(type, FloatAttr::get(floatType, value)));
  llvm::APInt integer(elementType.getIntOrFloatBitWidth(),
                      static_cast<int64_t>(value), /*isSigned=*/true,
                      /*implicitTrunc=*/true);
  return ConstantOp::create(builder, loc,
                            DenseElementsAttr::get(type, integer));
}

Extent Extent::of(Value value, int64_t dim) {
  int64_t number = getTensorType(value).getDimSize(dim);
  return isDynamic(number) ? Extent{number, value, dim} : Extent::of(number);
}

Value slim::detail::buildShape(OpBuilder &builder, Location loc,
                               ArrayRef<Extent> extents) {
  // Runs of numbers become one constant.
  SmallVector<Value> parts;
  SmallVector<int64_t> numbers;
  auto flush = [&]() {
    if (!numbers.empty())
      parts.push_back(buildShapeConstant(builder, loc, numbers));
    numbers.clear();
  };
  for (const Extent &extent : extents) {
    if (!extent.value) {
      numbers.push_back(extent.number);
      continue;
    }
    flush();
    parts.push_back(ShapeOp::create(builder, loc, extent.value, extent.dim,
                                    extent.dim + 1));
  }
  flush();
  if (parts.empty())
    return buildShapeConstant(builder, loc, {});
  if (parts.size() == 1)
    return parts.front();
  return ConcatOp::create(builder, loc, parts, /*axis=*/0);
}

Value slim::detail::collapseToRows(OpBuilder &builder, Location loc,
                                   Value value) {
  RankedTensorType type = getTensorType(value);
  if (type.getRank() == 2)
    return value;
  int64_t last = type.getRank() - 1;
  int64_t rows = multiplyExtents(type.getShape().drop_back());
  // The rows are counted at run time, unless the last extent may be 0.
  Extent columns = Extent::of(value, last);
  Value shape = buildShape(builder, loc,
                           {Extent::of(isDynamic(rows) ? -1 : rows), columns});
  auto resultType = RankedTensorType::get({rows, type.getDimSize(last)},
                                          type.getElementType());
  return ReshapeOp::create(builder, loc, resultType, value, shape,
                           /*allow_zero=*/true);
}

Value slim::detail::transposeMatrix(OpBuilder &builder, Location loc,
                                    Value value) {
  int64_t rank = getTensorType(value).getRank();
  if (rank < 2)
    return value;
  SmallVector<int64_t> permutation =
      llvm::to_vector(llvm::seq<int64_t>(0, rank));
  std::swap(permutation[rank - 1], permutation[rank - 2]);
  return TransposeOp::create(builder, loc, value, permutation);
}

/// An extent of a shape that is aligned at its last dimension with one of
/// `rank` dimensions: 1 where the shape has none.
static int64_t getAlignedExtent(ArrayRef<int64_t> shape, int64_t rank,
                                int64_t dim) {
  int64_t index = dim - rank + static_cast<int64_t>(shape.size());
  return index < 0 ? 1 : shape[index];
}

/// Reshapes `value` so that each of the dimensions `splitDims`, of extent n, is
/// two: n / e and e, where e is the extent of `like` there.
static Value splitRepeats(OpBuilder &builder, Location loc, Value value,
                          Value like, ArrayRef<int64_t> splitDims) {
  RankedTensorType type = getTensorType(value);
  int64_t leading = type.getRank() - getTensorType(like).getRank();
  SmallVector<int64_t> shape;
  SmallVector<Value> parts;
  auto getExtent = [&](Value of, int64_t dim) {
    return buildShape(builder, loc, {Extent::of(of, dim)});
  };
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    Value extent = getExtent(value, dim);
    if (!llvm::is_contained(splitDims, dim)) {
      shape.push_back(type.getDimSize(dim));
      parts.push_back(extent);
      continue;
    }
    // Without elements the quotient does not matter.
    Value likeExtent = getExtent(like, dim - leading);
    Value divisor = MaxOp::create(builder, loc, likeExtent,
                                  buildShapeConstant(builder, loc, {1}));
    parts.push_back(DivOp::create(builder, loc, extent, divisor));
    parts.push_back(likeExtent);
    shape.append({ShapedType::kDynamic, ShapedType::kDynamic});
  }
  Value shapeValue = ConcatOp::create(builder, loc, parts, /*axis=*/0);
  return ReshapeOp::create(builder, loc,
                           RankedTensorType::get(shape, type.getElementType()),
                           value, shapeValue, /*allow_zero=*/true);
}

Value slim::detail::sumToShapeOf(OpBuilder &builder, Location loc, Value value,
                                 Value like, ArrayRef<int64_t> partner) {
  RankedTensorType type = getTensorType(value);
  RankedTensorType likeType = getTensorType(like);
  int64_t rank = type.getRank();
  int64_t leading = rank - likeType.getRank();

  // An operand's dimension whose extent e may be 1 or the value's n is split
  // into n / e and e, and the former is summed.
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, leading));
  SmallVector<int64_t> reinserted, splitDims;
  for (int64_t dim = leading; dim < rank; ++dim) {
    if (getAlignedExtent(partner, rank, dim) == 1)
      continue;
    int64_t extent = likeType.getDimSize(dim - leading);
    int64_t axis = dim + splitDims.size();
    if (isDynamic(extent)) {
      axes.push_back(axis);
      splitDims.push_back(dim);
    } else if (extent == 1) {
      axes.push_back(axis);
      reinserted.push_back(dim - leading);
    }
  }
  if (axes.empty())
    return value;
  if (!splitDims.empty())
    value = splitRepeats(builder, loc, value, like, splitDims);
  if (reinserted.empty())
    return ReduceSumOp::create(builder, loc, likeType, value, axes,
                               /*keep_dims=*/false);
  Value sum =
      ReduceSumOp::create(builder, loc, value, axes, /*keep_dims=*/false);
  return UnsqueezeOp::create(builder, loc, likeType, sum, reinserted);
}
