//===- Movement.cpp - Index arithmetic and reshaping ----------------------===//
#include "Movement.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace slim;
using namespace slim::conversion;

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

void conversion::emitNonNegativeCheck(OpBuilder &b, Location loc, Operation *op,
                                      OpFoldResult extent, const Twine &what) {
  if (isNonNegative(extent))
    return;
  emitCheck(b, loc, op,
            compareExtents(b, loc, arith::CmpIPredicate::sge, extent,
                           b.getIndexAttr(0)),
            what);
}

SmallVector<OpFoldResult> conversion::getIndexElements(OpBuilder &b,
                                                       Location loc,
                                                       Value tensor,
                                                       int64_t count) {
  SmallVector<OpFoldResult> elements;
  for (int64_t i = 0; i < count; ++i)
    elements.push_back(
        foldExtent(castToIndex(b, loc, extractElement(b, loc, tensor, i))));
  return elements;
}

Value conversion::floorModulo(OpBuilder &b, Location loc, Value lhs,
                              Value rhs) {
  Value remainder = arith::RemSIOp::create(b, loc, lhs, rhs);
  return wrapNegative(b, loc, remainder, rhs);
}

Value conversion::wrapNegative(OpBuilder &b, Location loc, Value position,
                               Value extent) {
  if (isNonNegative(position))
    return position;
  Value zero = createZero(b, loc, position.getType());
  Value negative = b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::slt,
                                                 position, zero);
  Value wrapped = b.createOrFold<arith::AddIOp>(loc, position, extent);
  return b.createOrFold<arith::SelectOp>(loc, negative, wrapped, position);
}

//===----------------------------------------------------------------------===//
// Reshaping
//===----------------------------------------------------------------------===//

namespace {

/// Runs of source and result dimensions with the same product.
struct DimGroup {
  ReassociationIndices source, result;
};

} // namespace

/// Positions (i, j), increasing in both, at which the products of the first i
/// source and the first j result extents are equal. The last is the end.
static SmallVector<std::pair<size_t, size_t>>
findCuts(ArrayRef<OpFoldResult> source, ArrayRef<OpFoldResult> result) {
  SmallVector<std::pair<size_t, size_t>> cuts;
  SymbolicProduct left;
  size_t done = 0;
  for (size_t i = 0; i < source.size(); ++i) {
    left.multiply(source[i]);
    SymbolicProduct right;
    for (size_t j = 0; j < result.size(); ++j) {
      right.multiply(result[j]);
      if (j + 1 > done && left.equals(right)) {
        done = j + 1;
        cuts.push_back({i + 1, done});
        break;
      }
    }
  }
  return cuts;
}

/// Divides the dimensions of a reshape into groups as small as is provable.
static SmallVector<DimGroup> groupDims(ArrayRef<OpFoldResult> source,
                                       ArrayRef<OpFoldResult> result) {
  SmallVector<std::pair<size_t, size_t>> cuts = findCuts(source, result);
  size_t sourceRank = source.size(), resultRank = result.size();
  auto atAnEnd = [&](std::pair<size_t, size_t> cut) {
    return cut.first == sourceRank || cut.second == resultRank;
  };
  // Both sides of the last group must have a dimension.
  while (!cuts.empty() && atAnEnd(cuts.back()))
    cuts.pop_back();

  // What is left may have equal ends: as many elements are there on both sides.
  size_t i0 = cuts.empty() ? 0 : cuts.back().first;
  size_t j0 = cuts.empty() ? 0 : cuts.back().second;
  SmallVector<OpFoldResult> sourceRest(llvm::reverse(source.drop_front(i0)));
  SmallVector<OpFoldResult> resultRest(llvm::reverse(result.drop_front(j0)));
  SmallVector<std::pair<size_t, size_t>> fromEnd =
      findCuts(sourceRest, resultRest);
  for (auto [i, j] : llvm::reverse(fromEnd))
    if (i < sourceRest.size() && j < resultRest.size())
      cuts.push_back({sourceRank - i, resultRank - j});
  cuts.push_back({sourceRank, resultRank});

  SmallVector<DimGroup> groups;
  size_t i = 0, j = 0;
  for (auto [iEnd, jEnd] : cuts) {
    DimGroup &group = groups.emplace_back();
    for (; i < iEnd; ++i)
      group.source.push_back(i);
    for (; j < jEnd; ++j)
      group.result.push_back(j);
  }
  return groups;
}

Value conversion::reshapeTensor(OpBuilder &b, Location loc, Value tensor,
                                ArrayRef<OpFoldResult> extents) {
  auto type = cast<RankedTensorType>(tensor.getType());
  Type elementType = type.getElementType();
  SmallVector<OpFoldResult> source = getExtents(b, loc, tensor);
  auto isZero = [](OpFoldResult extent) {
    return isConstantIntValue(extent, 0);
  };
  if (llvm::any_of(source, isZero) || llvm::any_of(extents, isZero))
    return createEmpty(b, loc, extents, elementType);

  // A tensor of one element: all dimensions or none collapse.
  if (source.empty() || extents.empty()) {
    if (source.size() == extents.size())
      return tensor;
    if (extents.empty()) {
      SmallVector<int64_t> ones(source.size(), 1);
      tensor = castTensor(b, loc, tensor, type.clone(ones));
      return collapse(b, loc, tensor, {});
    }
    SmallVector<OpFoldResult> ones(extents.size(), b.getIndexAttr(1));
    return expand(b, loc, tensor, ones, {});
  }

  SmallVector<DimGroup> groups = groupDims(source, extents);
  SmallVector<ReassociationIndices> collapsed, expanded;
  SmallVector<int64_t> shape;
  SmallVector<OpFoldResult> resultExtents(extents);
  for (const DimGroup &group : groups) {
    // The extent of the group, static if either side says so.
    auto multiply = [&](ArrayRef<OpFoldResult> all,
                        ArrayRef<int64_t> dims) -> int64_t {
      int64_t product = 1;
      for (int64_t dim : dims) {
        std::optional<int64_t> extent = getConstantIntValue(all[dim]);
        if (!extent)
          return ShapedType::kDynamic;
        product *= *extent;
      }
      return product;
    };
    int64_t size = multiply(source, group.source);
    if (ShapedType::isDynamic(size))
      size = multiply(extents, group.result);

    // A single open extent of the result follows from a static size; with more
    // of them the size is dynamic to tensor.expand_shape.
    SmallVector<int64_t> open;
    int64_t known = 1;
    for (int64_t dim : group.result) {
      if (std::optional<int64_t> extent = getConstantIntValue(extents[dim]))
        known *= *extent;
      else
        open.push_back(dim);
    }
    if (!ShapedType::isDynamic(size) && !open.empty()) {
      if (open.size() == 1 && size % known == 0)
        resultExtents[open.front()] = b.getIndexAttr(size / known);
      else
        size = ShapedType::kDynamic;
    }
    shape.push_back(size);
    collapsed.push_back(group.source);
    expanded.push_back(group.result);
  }

  if (groups.size() < source.size())
    tensor = collapse(b, loc, tensor, collapsed);
  tensor =
      castTensor(b, loc, tensor, RankedTensorType::get(shape, elementType));
  if (groups.size() < extents.size())
    tensor = expand(b, loc, tensor, resultExtents, expanded);
  return tensor;
}

//===----------------------------------------------------------------------===//
// Parts and margins
//===----------------------------------------------------------------------===//

Value conversion::castChecked(OpBuilder &b, Location loc, Operation *op,
                              Value tensor, RankedTensorType type) {
  auto from = cast<RankedTensorType>(tensor.getType());
  for (int64_t dim = 0, e = type.getRank(); dim < e; ++dim)
    if (from.isDynamicDim(dim) && !type.isDynamicDim(dim))
      emitEqualExtentsCheck(b, loc, op, getExtent(b, loc, tensor, dim),
                            b.getIndexAttr(type.getDimSize(dim)),
                            "the result has another shape than declared");
  return castTensor(b, loc, tensor, type);
}

Value conversion::extractScalar(OpBuilder &b, Location loc, Value tensor) {
  int64_t rank = cast<RankedTensorType>(tensor.getType()).getRank();
  SmallVector<Value> zeros(rank, createIndex(b, loc, 0));
  return b.createOrFold<tensor::ExtractOp>(loc, tensor, zeros);
}

Value conversion::extractPart(OpBuilder &b, Location loc, Value tensor,
                              ArrayRef<OpFoldResult> offsets,
                              ArrayRef<OpFoldResult> sizes) {
  SmallVector<OpFoldResult> extents = getExtents(b, loc, tensor);
  bool whole = llvm::all_of(offsets, [](OpFoldResult offset) {
    return isConstantIntValue(offset, 0);
  });
  for (auto [size, extent] : llvm::zip_equal(sizes, extents))
    whole &= areEqual(size, extent);
  if (whole)
    return tensor;
  SmallVector<OpFoldResult> steps(extents.size(), b.getIndexAttr(1));
  return tensor::ExtractSliceOp::create(b, loc, tensor, offsets, sizes, steps);
}

/// Offsets, sizes and steps of tensor[positions..., :].
static void getLeadingSlice(OpBuilder &b, Location loc, Value tensor,
                            ArrayRef<OpFoldResult> positions,
                            SmallVectorImpl<OpFoldResult> &offsets,
                            SmallVectorImpl<OpFoldResult> &sizes,
                            SmallVectorImpl<OpFoldResult> &steps) {
  sizes = getExtents(b, loc, tensor);
  offsets.assign(sizes.size(), b.getIndexAttr(0));
  steps.assign(sizes.size(), b.getIndexAttr(1));
  for (auto [i, position] : llvm::enumerate(positions)) {
    offsets[i] = position;
    sizes[i] = b.getIndexAttr(1);
  }
}

/// True if each of the first `count` dimensions certainly has extent 1.
static bool areLeadingOnes(Value tensor, size_t count) {
  return llvm::all_of(
      cast<RankedTensorType>(tensor.getType()).getShape().take_front(count),
      [](int64_t extent) { return extent == 1; });
}

Value conversion::extractLeading(OpBuilder &b, Location loc, Value tensor,
                                 ArrayRef<OpFoldResult> positions) {
  if (areLeadingOnes(tensor, positions.size())) {
    SmallVector<OpFoldResult> extents = getExtents(b, loc, tensor);
    return reshapeTensor(b, loc, tensor,
                         ArrayRef(extents).drop_front(positions.size()));
  }
  SmallVector<OpFoldResult> offsets, sizes, steps;
  getLeadingSlice(b, loc, tensor, positions, offsets, sizes, steps);
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<OpFoldResult> rest(
      ArrayRef<OpFoldResult>(sizes).drop_front(positions.size()));
  auto partType =
      RankedTensorType::get(getStaticShape(rest), type.getElementType());
  return tensor::ExtractSliceOp::create(b, loc, partType, tensor, offsets,
                                        sizes, steps);
}

Value conversion::insertLeading(OpBuilder &b, Location loc, Value part,
                                Value tensor,
                                ArrayRef<OpFoldResult> positions) {
  if (areLeadingOnes(tensor, positions.size()))
    return castTensor(b, loc,
                      reshapeTensor(b, loc, part, getExtents(b, loc, tensor)),
                      tensor.getType());
  SmallVector<OpFoldResult> offsets, sizes, steps;
  getLeadingSlice(b, loc, tensor, positions, offsets, sizes, steps);
  return tensor::InsertSliceOp::create(b, loc, part, tensor, offsets, sizes,
                                       steps);
}

Value conversion::padWithScalar(OpBuilder &b, Location loc, Value tensor,
                                ArrayRef<OpFoldResult> low,
                                ArrayRef<OpFoldResult> high, Value scalar) {
  auto isZero = [](OpFoldResult extent) {
    return isConstantIntValue(extent, 0);
  };
  if (llvm::all_of(low, isZero) && llvm::all_of(high, isZero))
    return tensor;
  SmallVector<OpFoldResult> sizes = getExtents(b, loc, tensor);
  SmallVector<OpFoldResult> extents;
  for (auto [size, before, after] : llvm::zip_equal(sizes, low, high))
    extents.push_back(
        addExtents(b, loc, addExtents(b, loc, size, before), after));
  SmallVector<OpFoldResult> steps(sizes.size(), b.getIndexAttr(1));
  Value filled = createFilled(b, loc, extents, scalar);
  return tensor::InsertSliceOp::create(b, loc, tensor, filled, low, sizes,
                                       steps);
}

Value conversion::transposeTensor(OpBuilder &b, Location loc, Value tensor,
                                  ArrayRef<int64_t> permutation) {
  SmallVector<OpFoldResult> extents = getExtents(b, loc, tensor), permuted;
  SmallVector<int64_t> moved;
  for (int64_t dim : permutation) {
    permuted.push_back(extents[dim]);
    if (!isConstantIntValue(extents[dim], 1))
      moved.push_back(dim);
  }
  if (llvm::is_sorted(permutation))
    return tensor;
  if (llvm::is_sorted(moved))
    return reshapeTensor(b, loc, tensor, permuted);
  Type elementType = getElementTypeOrSelf(tensor);
  // The op wants a dimension static in the result exactly where its input's is;
  // an extent may be known of a value whose type leaves it open.
  tensor =
      castTensor(b, loc, tensor,
                 RankedTensorType::get(getStaticShape(extents), elementType));
  Value empty = createEmpty(b, loc, permuted, elementType);
  return linalg::TransposeOp::create(b, loc, tensor, empty, permutation)
      ->getResult(0);
}

Value conversion::broadcastVector(OpBuilder &b, Location loc, Value vector,
                                  int64_t dim, ArrayRef<OpFoldResult> extents) {
  Value empty = createEmpty(b, loc, extents, getElementTypeOrSelf(vector));
  SmallVector<int64_t> added;
  for (int64_t i = 0, e = extents.size(); i < e; ++i)
    if (i != dim)
      added.push_back(i);
  return linalg::BroadcastOp::create(b, loc, vector, empty, added)
      ->getResult(0);
}

Value conversion::createMatmul(OpBuilder &b, Location loc, Value lhs, Value rhs,
                               Value init, bool transposedRhs) {
  if (transposedRhs)
    return linalg::MatmulTransposeBOp::create(
               b, loc, init.getType(), ValueRange{lhs, rhs}, ValueRange{init})
        ->getResult(0);
  return linalg::MatmulOp::create(b, loc, init.getType(), ValueRange{lhs, rhs},
                                  ValueRange{init})
      ->getResult(0);
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

SmallVector<Value> conversion::createLoopNest(
    OpBuilder &b, Location loc, ArrayRef<OpFoldResult> extents,
    ValueRange inits,
    function_ref<SmallVector<Value>(OpBuilder &, Location, ValueRange,
                                    ValueRange)>
        body) {
  if (extents.empty())
    return body(b, loc, {}, inits);
  Value zero = createIndex(b, loc, 0), one = createIndex(b, loc, 1);
  SmallVector<Value> bounds;
  for (OpFoldResult extent : extents)
    bounds.push_back(toValue(b, loc, extent));
  scf::LoopNest nest =
      scf::buildLoopNest(b, loc, SmallVector<Value>(bounds.size(), zero),
                         bounds, SmallVector<Value>(bounds.size(), one), inits,
                         [&](OpBuilder &b, Location loc, ValueRange positions,
                             ValueRange values) -> scf::ValueVector {
                           SmallVector<Value> next =
                               body(b, loc, positions, values);
                           return scf::ValueVector(next.begin(), next.end());
                         });
  return SmallVector<Value>(nest.results);
}
