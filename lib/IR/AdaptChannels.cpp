//===- AdaptChannels.cpp - Ops after channels were removed ----------------===//
//
// Most ops say nothing of extents: their result types follow from the new
// operands. These here do.
//
//===----------------------------------------------------------------------===//
#include "slim/IR/OpSupport.h"
#include "slim/IR/SlimOps.h"

using namespace slim;
using namespace slim::detail;

//===----------------------------------------------------------------------===//
// Groups of convolutions
//===----------------------------------------------------------------------===//

// Depthwise groups are channels. Groups of several channels lose the same ones
// and stay.
LogicalResult ConvOp::adaptChannels(OpBuilder &, KeptChannels kept) {
  auto weight = cast<RankedTensorType>(getWeight().getType());
  auto channels = kept(ChannelEnd::operand(0, 1));
  if (channels && getGroups() > 1 && weight.getDimSize(1) == 1)
    setGroups(channels->size());
  return success();
}

LogicalResult ConvTransposeOp::adaptChannels(OpBuilder &, KeptChannels kept) {
  auto weight = cast<RankedTensorType>(getWeight().getType());
  auto channels = kept(ChannelEnd::operand(0, 1));
  if (channels && getGroups() > 1 && weight.getDimSize(1) == 1 &&
      weight.getDimSize(0) == static_cast<int64_t>(channels->size()))
    setGroups(channels->size());
  return success();
}

//===----------------------------------------------------------------------===//
// Shapes as operands
//===----------------------------------------------------------------------===//

static Value buildInts(OpBuilder &builder, Location loc,
                       ArrayRef<int64_t> numbers) {
  auto type = RankedTensorType::get({static_cast<int64_t>(numbers.size())},
                                    builder.getI64Type());
  return ConstantOp::create(builder, loc, type,
                            DenseElementsAttr::get(type, numbers));
}

/// `shape` with other numbers at some places.
static Value replaceElements(OpBuilder &builder, Location loc, Value shape,
                             ArrayRef<std::pair<int64_t, int64_t>> numbers) {
  if (numbers.empty())
    return shape;
  int64_t rank = cast<RankedTensorType>(shape.getType()).getDimSize(0);
  auto known = getKnownInts(shape);
  if (known && !llvm::is_contained(*known, ShapedType::kDynamic)) {
    for (auto [place, number] : numbers)
      (*known)[place] = number;
    return buildInts(builder, loc, *known);
  }
  SmallVector<Value> parts;
  int64_t next = 0;
  auto keepTo = [&](int64_t end) {
    if (next == end)
      return;
    auto type = RankedTensorType::get({end - next}, builder.getI64Type());
    parts.push_back(SliceOp::create(
        builder, loc, type, shape, buildInts(builder, loc, next),
        buildInts(builder, loc, end), buildInts(builder, loc, 1),
        builder.getDenseI64ArrayAttr(0)));
  };
  for (auto [place, number] : numbers) {
    keepTo(place);
    parts.push_back(buildInts(builder, loc, number));
    next = place + 1;
  }
  keepTo(rank);
  return ConcatOp::create(builder, loc, shape.getType(), parts,
                          builder.getI64IntegerAttr(0));
}

/// The extents that a result has lost channels of, by dimension. The first
/// element of `shape` is that of dimension `leading`.
static SmallVector<std::pair<int64_t, int64_t>>
getNewExtents(Value result, KeptChannels kept, int64_t leading = 0) {
  SmallVector<std::pair<int64_t, int64_t>> extents;
  for (int64_t dim = leading,
               rank = cast<RankedTensorType>(result.getType()).getRank();
       dim < rank; ++dim)
    if (auto channels = kept(ChannelEnd::result(0, dim)))
      extents.emplace_back(dim - leading, channels->size());
  return extents;
}

LogicalResult ReshapeOp::adaptChannels(OpBuilder &builder, KeptChannels kept) {
  getShapeMutable().assign(replaceElements(builder, getLoc(), getShape(),
                                           getNewExtents(getResult(), kept)));
  return success();
}

LogicalResult ExpandOp::adaptChannels(OpBuilder &builder, KeptChannels kept) {
  auto shape = cast<RankedTensorType>(getShape().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  if (shape.isDynamicDim(0))
    return emitOpError("has lost channels, but the rank of its shape is not "
                       "known");
  getShapeMutable().assign(
      replaceElements(builder, getLoc(), getShape(),
                      getNewExtents(getResult(), kept,
                                    result.getRank() - shape.getDimSize(0))));
  return success();
}

LogicalResult SliceOp::adaptChannels(OpBuilder &builder, KeptChannels kept) {
  auto starts = getKnownInts(getStarts());
  SmallVector<std::pair<int64_t, int64_t>> newStarts, newEnds;
  for (auto [place, dim] : llvm::enumerate(getAxes())) {
    auto channels = kept(ChannelEnd::operand(0, dim));
    if (!channels)
      continue;
    auto result = kept(ChannelEnd::result(0, dim));
    int64_t size =
        result ? result->size()
               : cast<RankedTensorType>(getResult().getType()).getDimSize(dim);
    assert(starts && (*starts)[place] >= 0 && "or there is no tie");
    int64_t start =
        llvm::lower_bound(*channels, (*starts)[place]) - channels->begin();
    newStarts.emplace_back(place, start);
    newEnds.emplace_back(place, start + size);
  }
  getStartsMutable().assign(
      replaceElements(builder, getLoc(), getStarts(), newStarts));
  getEndsMutable().assign(
      replaceElements(builder, getLoc(), getEnds(), newEnds));
  return success();
}
