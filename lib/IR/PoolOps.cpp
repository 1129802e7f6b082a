//===- PoolOps.cpp - Pooling and resampling -------------------------------===//

#include "Inference.h"
#include "mlir/IR/Matchers.h"
#include "slim/IR/OpSupport.h"
#include "slim/IR/SlimOps.h"
#include <cmath>

using namespace slim;
using namespace slim::detail;

static constexpr int64_t kAnyRank = std::numeric_limits<int64_t>::max();

//===----------------------------------------------------------------------===//
// MaxPoolOp, AvgPoolOp
//===----------------------------------------------------------------------===//

template <typename Adaptor>
static LogicalResult inferPool(const Inference &inference, Adaptor adaptor,
                               SmallVectorImpl<Type> &types) {
  auto input = inference.getTensor(adaptor.getInput(), "input", 3, kAnyRank);
  if (failed(input))
    return failure();
  ArrayRef<int64_t> kernel = adaptor.getKernel();
  if (llvm::any_of(kernel, isDynamic))
    return inference.error("kernel extents must be 1 or more, not ",
                           ShapedType::kDynamic);
  Windows windows{kernel, adaptor.getStrides(), adaptor.getPads(),
                  adaptor.getDilations()};
  SmallVector<int64_t> shape(input->getShape().take_front(2));
  if (failed(inferWindowExtents(inference, windows,
                                input->getShape().drop_front(2),
                                adaptor.getCeilMode(), shape)))
    return failure();
  types.push_back(RankedTensorType::get(shape, input->getElementType()));
  return success();
}

LogicalResult MaxPoolOp::inferReturnTypes(MLIRContext *,
                                          std::optional<Location> location,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  return inferPool(Inference(getOperationName(), location), adaptor, types);
}

LogicalResult AvgPoolOp::inferReturnTypes(MLIRContext *,
                                          std::optional<Location> location,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  return inferPool(Inference(getOperationName(), location), adaptor, types);
}

// Batch and channels pass through.
void MaxPoolOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  ties.emplace_back(0, 0, 0, 0);
  ties.emplace_back(0, 1, 0, 1);
}

void AvgPoolOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  ties.emplace_back(0, 0, 0, 0);
  ties.emplace_back(0, 1, 0, 1);
}

//===----------------------------------------------------------------------===//
// ResizeOp
//===----------------------------------------------------------------------===//

void ResizeOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  appendTiesExcept(*this, getAxes(), /*drops=*/false, ties);
}

/// floor(extent * scale) in f32, as run time computes it.
static FailureOr<int64_t> scaleExtent(const Inference &inference,
                                      int64_t extent, float scale) {
  if (!(scale > 0) || !std::isfinite(scale))
    return inference.error("scales must be finite and positive");
  if (isDynamic(extent))
    return extent;
  float scaled = std::floor(static_cast<float>(extent) * scale);
  // The comparison is exact: the bound is a power of two.
  if (!(scaled < 0x1p62f))
    return inference.error("a resized dimension has no 64-bit extent");
  return static_cast<int64_t>(scaled);
}

LogicalResult ResizeOp::inferReturnTypes(MLIRContext *,
                                         std::optional<Location> location,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto input = inference.getTensor(adaptor.getInput(), "input");
  if (failed(input))
    return failure();
  Value sizes = adaptor.getSizes(), scales = adaptor.getScales();
  if (bool(sizes) == bool(scales))
    return inference.error("needs either sizes or scales");
  ArrayRef<int64_t> axes = adaptor.getAxes();
  auto target = inference.getTensor(sizes ? sizes : scales,
                                    sizes ? "sizes" : "scales", 1, 1);
  if (failed(target) ||
      failed(inference.requireExtent(*target, sizes ? "sizes" : "scales", 0,
                                     axes.size(), "the number of axes")))
    return failure();

  std::optional<SmallVector<int64_t>> knownSizes;
  if (sizes)
    knownSizes = getKnownInts(sizes);
  DenseElementsAttr knownScales;
  if (scales)
    matchPattern(scales, m_Constant(&knownScales));
  if (knownSizes && knownSizes->size() != axes.size())
    return inference.error(axes.size(), " axes need as many sizes, not ",
                           knownSizes->size());

  SmallVector<int64_t> shape(input->getShape());
  llvm::SmallDenseSet<int64_t> seen;
  for (size_t i = 0; i < axes.size(); ++i) {
    FailureOr<int64_t> axis = inference.getAxis(axes[i], input->getRank());
    if (failed(axis))
      return failure();
    if (!seen.insert(*axis).second)
      return inference.error("axis ", *axis, " appears twice");
    int64_t extent = ShapedType::kDynamic;
    if (knownSizes) {
      extent = (*knownSizes)[i];
      if (!isDynamic(extent) && extent < 0)
        return inference.error("size ", extent, " of axis ", *axis,
                               " is negative");
    } else if (knownScales && knownScales.getElementType().isF32()) {
      FailureOr<int64_t> scaled =
          scaleExtent(inference, input->getDimSize(*axis),
                      knownScales.getValues<float>()[i]);
      if (failed(scaled))
        return failure();
      extent = *scaled;
    }
    if (input->getDimSize(*axis) == 0 && !isDynamic(extent) && extent != 0)
      return inference.error("cannot resize axis ", *axis, " from 0 to ",
                             extent);
    shape[*axis] = extent;
  }
  types.push_back(RankedTensorType::get(shape, input->getElementType()));
  return success();
}
