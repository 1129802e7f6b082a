//===- Tensors.cpp - Building linalg and reshapes -------------------------===//
#include "Utils.h"

using namespace slim;
using namespace slim::conversion;

Value conversion::createEmpty(OpBuilder &b, Location loc,
                              ArrayRef<OpFoldResult> extents,
                              Type elementType) {
  return tensor::EmptyOp::create(b, loc, extents, elementType);
}

Value conversion::createFilled(OpBuilder &b, Location loc,
                               ArrayRef<OpFoldResult> extents, Value scalar) {
  Value empty = createEmpty(b, loc, extents, scalar.getType());
  return linalg::FillOp::create(b, loc, scalar, empty).getResult(0);
}

Value conversion::castTensor(OpBuilder &b, Location loc, Value tensor,
                             Type type) {
  if (tensor.getType() == type)
    return tensor;
  return b.createOrFold<tensor::CastOp>(loc, type, tensor);
}

Value conversion::createParallelGeneric(OpBuilder &b, Location loc,
                                        ArrayRef<OpFoldResult> extents,
                                        Type elementType, ValueRange operands,
                                        ArrayRef<AffineMap> maps,
                                        BodyBuilder body) {
  int64_t rank = extents.size();
  Value empty = createEmpty(b, loc, extents, elementType);
  SmallVector<AffineMap> allMaps(maps);
  allMaps.push_back(b.getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             b, loc, empty.getType(), operands, empty, allMaps, iterators,
             [&](OpBuilder &b, Location loc, ValueRange args) {
               Value result = body(b, loc, args.drop_back());
               linalg::YieldOp::create(b, loc, result);
             })
      .getResult(0);
}

Value conversion::castElements(OpBuilder &b, Location loc, Value tensor,
                               Type from, Type to) {
  if (from == to)
    return tensor;
  SmallVector<OpFoldResult> extents = getExtents(b, loc, tensor);
  Type signless = to;
  if (auto integer = dyn_cast<IntegerType>(to))
    signless = IntegerType::get(b.getContext(), integer.getWidth());
  if (cast<RankedTensorType>(tensor.getType()).getElementType() == signless)
    return tensor;
  return createParallelGeneric(
      b, loc, extents, signless, tensor,
      b.getMultiDimIdentityMap(extents.size()),
      [&](OpBuilder &b, Location loc, ValueRange args) {
        return castScalar(b, loc, args[0], from, to);
      });
}

Value conversion::createReduction(OpBuilder &b, Location loc,
                                  ArrayRef<OpFoldResult> extents,
                                  ArrayRef<int64_t> axes, Value init,
                                  ValueRange operands, ArrayRef<AffineMap> maps,
                                  BodyBuilder body) {
  int64_t rank = extents.size();
  SmallVector<OpFoldResult> resultExtents;
  SmallVector<AffineExpr> resultExprs;
  SmallVector<utils::IteratorType> iterators;
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (llvm::is_contained(axes, dim)) {
      iterators.push_back(utils::IteratorType::reduction);
      continue;
    }
    iterators.push_back(utils::IteratorType::parallel);
    resultExtents.push_back(extents[dim]);
    resultExprs.push_back(b.getAffineDimExpr(dim));
  }
  SmallVector<AffineMap> allMaps(maps);
  allMaps.push_back(AffineMap::get(rank, 0, resultExprs, b.getContext()));
  Value filled = createFilled(b, loc, resultExtents, init);
  return linalg::GenericOp::create(
             b, loc, filled.getType(), operands, filled, allMaps, iterators,
             [&](OpBuilder &b, Location loc, ValueRange args) {
               Value result = body(b, loc, args);
               linalg::YieldOp::create(b, loc, result);
             })
      .getResult(0);
}

/// Groups of the dimensions of a tensor of `rank` such that each has exactly
/// one dimension that is not among `unitDims`; none if all dimensions are.
static SmallVector<ReassociationIndices>
groupWithUnitDims(int64_t rank, ArrayRef<int64_t> unitDims) {
  SmallVector<ReassociationIndices> groups;
  ReassociationIndices leading;
  for (int64_t dim = 0; dim < rank; ++dim) {
    bool isUnit = llvm::is_contained(unitDims, dim);
    if (isUnit && groups.empty()) {
      leading.push_back(dim);
    } else if (isUnit) {
      groups.back().push_back(dim);
    } else {
      groups.push_back(std::move(leading));
      leading.clear();
      groups.back().push_back(dim);
    }
  }
  return groups;
}

Value conversion::insertUnitDims(OpBuilder &b, Location loc, Value tensor,
                                 ArrayRef<int64_t> axes) {
  if (axes.empty())
    return tensor;
  SmallVector<OpFoldResult> extents = getExtents(b, loc, tensor), newExtents;
  int64_t rank = extents.size() + axes.size();
  auto next = extents.begin();
  for (int64_t dim = 0; dim < rank; ++dim)
    newExtents.push_back(llvm::is_contained(axes, dim)
                             ? OpFoldResult(b.getIndexAttr(1))
                             : *next++);
  return expand(b, loc, tensor, newExtents, groupWithUnitDims(rank, axes));
}

Value conversion::dropUnitDims(OpBuilder &b, Location loc, Value tensor,
                               ArrayRef<int64_t> axes) {
  if (axes.empty())
    return tensor;
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> shape(type.getShape());
  for (int64_t axis : axes)
    shape[axis] = 1;
  tensor = castTensor(b, loc, tensor, type.clone(shape));
  return collapse(b, loc, tensor, groupWithUnitDims(type.getRank(), axes));
}

Value conversion::collapse(OpBuilder &b, Location loc, Value tensor,
                           ArrayRef<ReassociationIndices> groups) {
  if (llvm::all_of(groups, [](auto &group) { return group.size() == 1; }) &&
      static_cast<int64_t>(groups.size()) ==
          cast<RankedTensorType>(tensor.getType()).getRank())
    return tensor;
  return b.createOrFold<tensor::CollapseShapeOp>(loc, tensor, groups);
}

Value conversion::expand(OpBuilder &b, Location loc, Value tensor,
                         ArrayRef<OpFoldResult> extents,
                         ArrayRef<ReassociationIndices> groups) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (static_cast<int64_t>(extents.size()) == type.getRank())
    return tensor;
  // The op wants a dimension static exactly where its source's is.
  SmallVector<int64_t> sourceShape;
  for (const ReassociationIndices &group : groups) {
    int64_t product = 1;
    for (int64_t dim : group) {
      std::optional<int64_t> extent = getConstantIntValue(extents[dim]);
      product = extent && !ShapedType::isDynamic(product)
                    ? product * *extent
                    : ShapedType::kDynamic;
    }
    sourceShape.push_back(product);
  }
  if (!groups.empty())
    tensor = castTensor(b, loc, tensor, type.clone(sourceShape));
  auto resultType =
      RankedTensorType::get(getStaticShape(extents), type.getElementType());
  return b.createOrFold<tensor::ExpandShapeOp>(loc, resultType, tensor, groups,
                                               extents);
}
