//===- ReductionOps.cpp - Reductions and scans ------------------*- C++ -*-===//
#include "Evaluate.h"
#include "FoldSupport.h"
#include "Inference.h"
#include "KnownInts.h"
#include "slim/IR/OpSupport.h"
#include "slim/IR/SlimOps.h"
#include "slim/IR/TensorData.h"
#include "llvm/ADT/SmallBitVector.h"
#include <cmath>

using namespace slim;
using namespace slim::detail;

//===----------------------------------------------------------------------===//
// Inference
//===----------------------------------------------------------------------===//

/// ArgMaxOp and ArgMinOp.
static LogicalResult inferPosition(const Inference &inference, Value input,
                                   uint64_t axisAttr, bool keepDims,
                                   SmallVectorImpl<Type> &types) {
  auto type = inference.getTensor(input, "input");
  if (failed(type))
    return failure();
  auto axis = inference.getAxis(axisAttr, type->getRank());
  if (failed(axis))
    return failure();
  if (type->getDimSize(*axis) == 0)
    return inference.error("dimension ", *axis,
                           " is empty: no element has a position");
  SmallVector<int64_t> shape(type->getShape());
  if (keepDims)
    shape[*axis] = 1;
  else
    shape.erase(shape.begin() + *axis);
  types.push_back(
      RankedTensorType::get(shape, IntegerType::get(type->getContext(), 64)));
  return success();
}

LogicalResult ArgMaxOp::inferReturnTypes(MLIRContext *context,
                                         std::optional<Location> location,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  return inferPosition(Inference(getOperationName(), location),
                       adaptor.getInput(), adaptor.getAxis(),
                       adaptor.getKeepDims(), types);
}

LogicalResult ArgMinOp::inferReturnTypes(MLIRContext *context,
                                         std::optional<Location> location,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  return inferPosition(Inference(getOperationName(), location),
                       adaptor.getInput(), adaptor.getAxis(),
                       adaptor.getKeepDims(), types);
}

LogicalResult CumSumOp::inferReturnTypes(MLIRContext *context,
                                         std::optional<Location> location,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto type = inference.getTensor(adaptor.getInput(), "input");
  if (failed(type) ||
      failed(inference.getAxis(adaptor.getAxis(), type->getRank())))
    return failure();
  types.push_back(
      RankedTensorType::get(type->getShape(), type->getElementType()));
  return success();
}

LogicalResult TopKOp::inferReturnTypes(MLIRContext *context,
                                       std::optional<Location> location,
                                       Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto type = inference.getTensor(adaptor.getInput(), "input");
  auto count = inference.getTensor(adaptor.getK(), "k", 1, 1);
  if (failed(type) || failed(count) ||
      failed(inference.requireExtent(*count, "k", 0, 1, "their number")))
    return failure();
  auto axis = inference.getAxis(adaptor.getAxis(), type->getRank());
  if (failed(axis))
    return failure();
  int64_t extent = type->getDimSize(*axis);
  std::optional<int64_t> k = getKnownElement(adaptor.getK()).number;
  if (k && (*k < 0 || (!isDynamic(extent) && *k > extent)))
    return inference.error("k is ", *k, ", but dimension ", *axis, " has ",
                           isDynamic(extent) ? "an unknown number of"
                                             : std::to_string(extent),
                           " elements");
  SmallVector<int64_t> shape(type->getShape());
  shape[*axis] = k.value_or(ShapedType::kDynamic);
  types.push_back(RankedTensorType::get(shape, type->getElementType()));
  types.push_back(RankedTensorType::get(shape, IntegerType::get(context, 64)));
  return success();
}

//===----------------------------------------------------------------------===//
// Folding
//===----------------------------------------------------------------------===//

namespace {
/// For every element of a reduction's input, the element of the result that it
/// counts toward.
class ReductionMap {
public:
  ReductionMap(RankedTensorType type, ArrayRef<int64_t> axes)
      : shape(type.getShape()), strides(shape.size(), 0),
        index(shape.size(), 0) {
    llvm::SmallBitVector reduced(shape.size());
    for (int64_t axis : axes)
      reduced.set(axis);
    int64_t stride = 1;
    for (int64_t dim = shape.size() - 1; dim >= 0; --dim) {
      if (reduced.test(dim))
        continue;
      strides[dim] = stride;
      stride *= shape[dim];
    }
  }

  int64_t get() const { return position; }
  void advance() {
    for (int64_t dim = shape.size() - 1; dim >= 0; --dim) {
      position += strides[dim];
      if (++index[dim] < shape[dim])
        return;
      position -= strides[dim] * shape[dim];
      index[dim] = 0;
    }
  }

private:
  ArrayRef<int64_t> shape;
  SmallVector<int64_t> strides, index;
  int64_t position = 0;
};
} // namespace

static std::optional<TensorData> reduceInts(Operation *op, TensorData input,
                                            ArrayRef<int64_t> axes,
                                            RankedTensorType resultType) {
  auto type = cast<IntegerType>(input.getElementType());
  int64_t count = resultType.getNumElements();
  // A mean over nothing has no value, and a sum that wraps is no mean.
  if (type.getWidth() > 64 ||
      (isa<ReduceMeanOp>(op) && (count == 0 || input.getNumElements() == 0)))
    return std::nullopt;
  bool isUnsigned = type.isUnsigned() || type.getWidth() == 1;
  auto less = [&](int64_t lhs, int64_t rhs) {
    return isUnsigned ? static_cast<uint64_t>(lhs) < static_cast<uint64_t>(rhs)
                      : lhs < rhs;
  };
  int64_t initial = 0;
  APInt greatest = isUnsigned ? APInt::getMaxValue(type.getWidth())
                              : APInt::getSignedMaxValue(type.getWidth());
  APInt least = isUnsigned ? APInt::getMinValue(type.getWidth())
                           : APInt::getSignedMinValue(type.getWidth());
  auto widen = [&](const APInt &value) {
    return isUnsigned ? static_cast<int64_t>(value.getZExtValue())
                      : value.getSExtValue();
  };
  if (isa<ReduceProdOp>(op))
    initial = 1;
  else if (isa<ReduceMaxOp>(op))
    initial = widen(least);
  else if (isa<ReduceMinOp>(op))
    initial = widen(greatest);

  std::vector<int64_t> result(count, initial);
  ReductionMap map(input.getType(), axes);
  for (int64_t value : input.toInts()) {
    int64_t &into = result[map.get()];
    map.advance();
    if (isa<ReduceMaxOp>(op))
      into = less(into, value) ? value : into;
    else if (isa<ReduceMinOp>(op))
      into = less(value, into) ? value : into;
    else if (isa<ReduceProdOp>(op))
      into = wrapInt(static_cast<int64_t>(static_cast<uint64_t>(into) *
                                          static_cast<uint64_t>(value)),
                     type);
    else if (isa<ReduceMeanOp>(op)) {
      if (llvm::AddOverflow(into, value, into) || wrapInt(into, type) != into)
        return std::nullopt;
    } else
      into = wrapInt(static_cast<int64_t>(static_cast<uint64_t>(into) +
                                          static_cast<uint64_t>(value)),
                     type);
  }
  if (isa<ReduceMeanOp>(op))
    for (int64_t &value : result)
      value /= input.getNumElements() / count;
  return TensorData::fromInts(resultType, result);
}

static std::optional<TensorData> reduceFloats(Operation *op, TensorData input,
                                              ArrayRef<int64_t> axes,
                                              RankedTensorType resultType) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  int64_t count = resultType.getNumElements();
  double initial = 0;
  if (isa<ReduceProdOp>(op))
    initial = 1;
  else if (isa<ReduceMaxOp>(op))
    initial = -infinity;
  else if (isa<ReduceMinOp>(op))
    initial = infinity;
  std::vector<double> result(count, initial);
  ReductionMap map(input.getType(), axes);
  for (int64_t i = 0, e = input.getNumElements(); i < e; ++i) {
    double value = input.getDouble(i);
    double &into = result[map.get()];
    map.advance();
    if (isa<ReduceMaxOp>(op))
      into = std::isnan(value) || value > into ? value : into;
    else if (isa<ReduceMinOp>(op))
      into = std::isnan(value) || value < into ? value : into;
    else if (isa<ReduceProdOp>(op))
      into *= value;
    else
      into += value;
  }
  if (isa<ReduceMeanOp>(op))
    for (double &value : result)
      value *= static_cast<double>(count) / input.getNumElements();
  return TensorData::fromDoubles(resultType, result);
}

OpFoldResult slim::detail::foldReduction(Operation *op, Attribute input) {
  auto axes = op->getAttrOfType<DenseI64ArrayAttr>("axes");
  Value operand = op->getOperand(0);
  // A reduction over no dimension.
  if (axes && axes.empty() && operand.getType() == op->getResult(0).getType())
    return operand;
  RankedTensorType resultType = getFoldedType(op->getResult(0).getType());
  if (!axes || !resultType || !getFoldedType(operand.getType()))
    return {};
  std::optional<TensorData> data = getFoldedData(input);
  if (!data)
    return {};
  std::optional<TensorData> folded;
  if (isa<IntegerType>(data->getElementType()))
    folded = reduceInts(op, *data, axes, resultType);
  else if (data->getElementType().getIntOrFloatBitWidth() <= 64)
    folded = reduceFloats(op, *data, axes, resultType);
  return folded ? OpFoldResult(folded->toAttr()) : OpFoldResult();
}
