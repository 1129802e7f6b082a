//===- MovementTies.cpp - Channels through shape and movement ops ---------===//
#include "Inference.h"
#include "KnownInts.h"
#include "slim/IR/OpSupport.h"
#include "slim/IR/SlimOps.h"

using namespace slim;
using namespace slim::detail;

/// Ties of an op that keeps the elements and their order: a dimension of the
/// operand and one of the result correspond where a step along both of them
/// begins anew at the same elements. A dimension that is merged with outer ones
/// has no tie (its channels are scattered).
static void appendReshapeTies(Value input, Value result,
                              SmallVectorImpl<ChannelTie> &ties) {
  auto from = dyn_cast<RankedTensorType>(input.getType());
  auto to = dyn_cast<RankedTensorType>(result.getType());
  if (!from || !to)
    return;
  for (int64_t dim = 0; dim < from.getRank(); ++dim) {
    int64_t stride = multiplyExtents(from.getShape().drop_front(dim + 1));
    int64_t period = multiplyExtents(from.getShape().drop_front(dim));
    if (isDynamic(period) || period == 0 || from.getDimSize(dim) == 1)
      continue;
    for (int64_t other = 0; other < to.getRank(); ++other) {
      int64_t otherStride =
          multiplyExtents(to.getShape().drop_front(other + 1));
      if (multiplyExtents(to.getShape().drop_front(other)) != period ||
          to.getDimSize(other) == 1)
        continue;
      // The coarser channel is the one that the other's are parts of.
      ChannelEnd operand = ChannelEnd::operand(0, dim);
      ChannelEnd split = ChannelEnd::result(0, other);
      if (stride % otherStride == 0)
        ties.emplace_back(operand, split, 0, stride / otherStride);
      else if (otherStride % stride == 0)
        ties.emplace_back(split, operand, 0, otherStride / stride);
    }
  }
}

void ShapeOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  // Extents that nothing reads may change.
  for (int64_t dim = 0,
               rank = cast<RankedTensorType>(getInput().getType()).getRank();
       dim < rank; ++dim)
    if (dim < static_cast<int64_t>(getStart()) ||
        dim >= static_cast<int64_t>(getEnd()))
      ties.emplace_back(ChannelEnd::operand(0, dim),
                        ChannelEnd::operand(0, dim));
}

void ReshapeOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  appendReshapeTies(getInput(), getResult(), ties);
}
void FlattenOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  appendReshapeTies(getInput(), getResult(), ties);
}

void SqueezeOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  int64_t resultDim = 0;
  for (int64_t dim = 0, rank = getInput().getType().getRank(); dim < rank;
       ++dim)
    if (!llvm::is_contained(getAxes(), dim))
      ties.push_back({0, dim, 0, resultDim++});
}

void UnsqueezeOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  int64_t dim = 0;
  for (int64_t resultDim = 0, rank = getType().getRank(); resultDim < rank;
       ++resultDim)
    if (!llvm::is_contained(getAxes(), resultDim))
      ties.push_back({0, dim++, 0, resultDim});
}

void TransposeOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  for (auto [resultDim, dim] : llvm::enumerate(getPermutation()))
    ties.push_back({0, dim, 0, static_cast<int64_t>(resultDim)});
}

void ConcatOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  auto axis = static_cast<int64_t>(getAxis());
  int64_t offset = 0;
  for (OpOperand &operand : getInputsMutable()) {
    auto type = cast<RankedTensorType>(operand.get().getType());
    for (int64_t dim = 0; dim < type.getRank(); ++dim) {
      if (dim != axis)
        ties.push_back({operand.getOperandNumber(), dim, 0, dim});
      else if (!isDynamic(offset))
        ties.push_back({operand.getOperandNumber(), dim, 0, dim, offset});
    }
    if (isDynamic(offset) || type.isDynamicDim(axis))
      offset = ShapedType::kDynamic;
    else
      offset += type.getDimSize(axis);
  }
}

void SliceOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  auto type = cast<RankedTensorType>(getInput().getType());
  auto starts = getKnownElements(getStarts());
  auto steps = getKnownElements(getSteps());
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    const auto *axis = llvm::find(getAxes(), dim);
    if (axis == getAxes().end()) {
      ties.push_back({0, dim, 0, dim});
      continue;
    }
    size_t index = axis - getAxes().begin();
    // A start that is counted from the end would have to follow what lies
    // behind it.
    if (!starts || !steps || index >= starts->size() ||
        index >= steps->size() || (*steps)[index].number != 1 ||
        (*starts)[index].number.value_or(-1) < 0 || type.isDynamicDim(dim))
      continue;
    int64_t start = std::min(*(*starts)[index].number, type.getDimSize(dim));
    ties.push_back({0, dim, 0, dim, -start});
  }
}

void ExpandOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  auto from = cast<RankedTensorType>(getInput().getType());
  auto to = cast<RankedTensorType>(getResult().getType());
  int64_t leading = to.getRank() - from.getRank();
  for (int64_t dim = 0; dim < from.getRank(); ++dim)
    if (!from.isDynamicDim(dim) &&
        from.getDimSize(dim) == to.getDimSize(leading + dim))
      ties.push_back({0, dim, 0, leading + dim});
}

void PadOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  int64_t rank = cast<RankedTensorType>(getInput().getType()).getRank();
  auto pads = getKnownInts(getPads());
  for (int64_t dim = 0; dim < rank; ++dim)
    if (pads && static_cast<int64_t>(pads->size()) == 2 * rank &&
        (*pads)[dim] == 0 && (*pads)[rank + dim] == 0)
      ties.push_back({0, dim, 0, dim});
}

void GatherOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  auto axis = static_cast<int64_t>(getAxis());
  int64_t indexRank = cast<RankedTensorType>(getIndices().getType()).getRank();
  for (int64_t dim = 0,
               rank = cast<RankedTensorType>(getInput().getType()).getRank();
       dim < rank; ++dim)
    if (dim != axis)
      ties.push_back({0, dim, 0, dim < axis ? dim : dim + indexRank - 1});
  for (int64_t dim = 0; dim < indexRank; ++dim)
    ties.push_back({1, dim, 0, axis + dim});
}
