//===- IndexingOps.cpp - Inference of ops that index ------------*- C++ -*-===//
#include "Inference.h"
#include "KnownInts.h"
#include "slim/IR/OpSupport.h"
#include "slim/IR/SlimOps.h"

using namespace slim;
using namespace slim::detail;

static RankedTensorType withShape(RankedTensorType type,
                                  ArrayRef<int64_t> shape) {
  return RankedTensorType::get(shape, type.getElementType());
}

/// A tensor of i32 or i64.
static FailureOr<RankedTensorType> getIndexTensor(const Inference &inference,
                                                  Value operand) {
  auto type = inference.getTensor(operand, "indices");
  if (failed(type))
    return failure();
  if (!type->getElementType().isInteger(32) &&
      !type->getElementType().isInteger(64))
    return inference.error("indices must have element type i32 or i64, not ",
                           type->getElementType());
  return type;
}

//===----------------------------------------------------------------------===//
// Gathering
//===----------------------------------------------------------------------===//

LogicalResult GatherOp::inferReturnTypes(MLIRContext *context,
                                         std::optional<Location> location,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto type = inference.getTensor(adaptor.getInput(), "input");
  auto indices = getIndexTensor(inference, adaptor.getIndices());
  if (failed(type) || failed(indices))
    return failure();
  auto axis = inference.getAxis(adaptor.getAxis(), type->getRank());
  if (failed(axis))
    return failure();
  SmallVector<int64_t> shape(type->getShape().take_front(*axis));
  llvm::append_range(shape, indices->getShape());
  llvm::append_range(shape, type->getShape().drop_front(*axis + 1));
  types.push_back(withShape(*type, shape));
  return success();
}

LogicalResult GatherElementsOp::inferReturnTypes(
    MLIRContext *context, std::optional<Location> location, Adaptor adaptor,
    SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto type = inference.getTensor(adaptor.getInput(), "input");
  auto indices = getIndexTensor(inference, adaptor.getIndices());
  if (failed(type) || failed(indices))
    return failure();
  auto axis = inference.getAxis(adaptor.getAxis(), type->getRank());
  if (failed(axis))
    return failure();
  if (indices->getRank() != type->getRank())
    return inference.error("indices have rank ", indices->getRank(),
                           ", but the input has rank ", type->getRank());
  for (int64_t dim = 0, rank = type->getRank(); dim < rank; ++dim) {
    int64_t extent = indices->getDimSize(dim), bound = type->getDimSize(dim);
    if (dim != *axis && !isDynamic(extent) && !isDynamic(bound) &&
        extent > bound)
      return inference.error("dimension ", dim, " of indices is ", extent,
                             ", which exceeds the input's ", bound);
  }
  types.push_back(withShape(*type, indices->getShape()));
  return success();
}

/// The length of the tuples in the last dimension of `indices`, which index as
/// many dimensions of `type` after the first `batchDims`.
static FailureOr<int64_t> getTupleLength(const Inference &inference,
                                         RankedTensorType type,
                                         RankedTensorType indices,
                                         int64_t batchDims) {
  if (indices.getRank() == 0)
    return inference.error("indices must have a dimension of tuples");
  int64_t length = indices.getShape().back();
  if (isDynamic(length))
    return inference.error("the last extent of indices must be static: it "
                           "decides the rank of the slices");
  if (length > type.getRank() - batchDims)
    return inference.error("indices have tuples of ", length,
                           ", but there are ", type.getRank() - batchDims,
                           " dimensions of the input to index");
  return length;
}

LogicalResult GatherNDOp::inferReturnTypes(MLIRContext *context,
                                           std::optional<Location> location,
                                           Adaptor adaptor,
                                           SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto type = inference.getTensor(adaptor.getInput(), "input");
  auto indices = getIndexTensor(inference, adaptor.getIndices());
  if (failed(type) || failed(indices))
    return failure();
  auto batchDims = static_cast<int64_t>(adaptor.getBatchDims());
  if (batchDims < 0 || batchDims > type->getRank() ||
      batchDims >= std::max<int64_t>(indices->getRank(), 1))
    return inference.error("input and indices do not share ", batchDims,
                           " leading dimensions: their ranks are ",
                           type->getRank(), " and ", indices->getRank());
  auto length = getTupleLength(inference, *type, *indices, batchDims);
  if (failed(length))
    return failure();
  SmallVector<int64_t> shape;
  for (int64_t dim = 0; dim < batchDims; ++dim) {
    auto extent = inference.unify(
        type->getDimSize(dim), indices->getDimSize(dim),
        "dimension " + Twine(dim) + " of the input", "that of indices");
    if (failed(extent))
      return failure();
    shape.push_back(*extent);
  }
  llvm::append_range(shape,
                     indices->getShape().drop_back().drop_front(batchDims));
  llvm::append_range(shape, type->getShape().drop_front(batchDims + *length));
  types.push_back(withShape(*type, shape));
  return success();
}

//===----------------------------------------------------------------------===//
// Scattering
//===----------------------------------------------------------------------===//

/// Checks that `updates` have the element type of `type` and that shape.
static LogicalResult verifyUpdates(const Inference &inference, Value operand,
                                   RankedTensorType type,
                                   ArrayRef<int64_t> shape) {
  auto updates = inference.getTensor(operand, "updates");
  if (failed(updates) || failed(inference.requireElementType(
                             *updates, "updates", type.getElementType())))
    return failure();
  if (updates->getRank() != static_cast<int64_t>(shape.size()))
    return inference.error("updates have rank ", updates->getRank(), ", not ",
                           shape.size());
  for (auto [dim, extent] : llvm::enumerate(shape))
    if (failed(inference.requireExtent(*updates, "updates", dim, extent,
                                       "what the indices name")))
      return failure();
  return success();
}

LogicalResult ScatterElementsOp::inferReturnTypes(
    MLIRContext *context, std::optional<Location> location, Adaptor adaptor,
    SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto type = inference.getTensor(adaptor.getInput(), "input");
  auto indices = getIndexTensor(inference, adaptor.getIndices());
  if (failed(type) || failed(indices) ||
      failed(inference.getAxis(adaptor.getAxis(), type->getRank())))
    return failure();
  if (indices->getRank() != type->getRank())
    return inference.error("indices have rank ", indices->getRank(),
                           ", but the input has rank ", type->getRank());
  if (failed(verifyUpdates(inference, adaptor.getUpdates(), *type,
                           indices->getShape())))
    return failure();
  types.push_back(withShape(*type, type->getShape()));
  return success();
}

LogicalResult ScatterNDOp::inferReturnTypes(MLIRContext *context,
                                            std::optional<Location> location,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto type = inference.getTensor(adaptor.getInput(), "input");
  auto indices = getIndexTensor(inference, adaptor.getIndices());
  if (failed(type) || failed(indices))
    return failure();
  auto length = getTupleLength(inference, *type, *indices, /*batchDims=*/0);
  if (failed(length))
    return failure();
  SmallVector<int64_t> shape(indices->getShape().drop_back());
  llvm::append_range(shape, type->getShape().drop_front(*length));
  if (failed(verifyUpdates(inference, adaptor.getUpdates(), *type, shape)))
    return failure();
  types.push_back(withShape(*type, type->getShape()));
  return success();
}

//===----------------------------------------------------------------------===//
// Others
//===----------------------------------------------------------------------===//

LogicalResult OneHotOp::inferReturnTypes(MLIRContext *context,
                                         std::optional<Location> location,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto indices = getIndexTensor(inference, adaptor.getIndices());
  auto depth = inference.getTensor(adaptor.getDepth(), "depth", 0, 0);
  auto off = inference.getTensor(adaptor.getOffValue(), "off_value", 0, 0);
  auto on = inference.getTensor(adaptor.getOnValue(), "on_value", 0, 0);
  if (failed(indices) || failed(depth) || failed(off) || failed(on) ||
      failed(inference.requireElementType(*off, "off_value",
                                          on->getElementType())))
    return failure();
  auto axis = inference.getAxis(adaptor.getAxis(), indices->getRank() + 1);
  if (failed(axis))
    return failure();
  std::optional<int64_t> extent = getKnownElement(adaptor.getDepth()).number;
  if (extent && *extent < 0)
    return inference.error("depth is ", *extent);
  SmallVector<int64_t> shape(indices->getShape());
  shape.insert(shape.begin() + *axis, extent.value_or(ShapedType::kDynamic));
  types.push_back(withShape(*on, shape));
  return success();
}

LogicalResult NonZeroOp::inferReturnTypes(MLIRContext *context,
                                          std::optional<Location> location,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto type = inference.getTensor(adaptor.getInput(), "input");
  if (failed(type))
    return failure();
  types.push_back(RankedTensorType::get({type->getRank(), ShapedType::kDynamic},
                                        IntegerType::get(context, 64)));
  return success();
}
