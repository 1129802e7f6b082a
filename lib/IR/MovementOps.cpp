//===- MovementOps.cpp - Inference of shape and movement ops ----*- C++ -*-===//
#include "Inference.h"
#include "KnownInts.h"
#include "ShapeMath.h"
#include "mlir/IR/Matchers.h"
#include "slim/IR/OpSupport.h"
#include "slim/IR/SlimOps.h"
#include "slim/IR/TensorData.h"
#include "llvm/ADT/SmallBitVector.h"
#include <cmath>

using namespace slim;
using namespace slim::detail;

//===----------------------------------------------------------------------===//
// Helpers
//===----------------------------------------------------------------------===//

static RankedTensorType withShape(RankedTensorType type,
                                  ArrayRef<int64_t> shape) {
  return RankedTensorType::get(shape, type.getElementType());
}

/// No tensor of a model comes near this rank.
static constexpr int64_t kMaxRank = 1024;

/// The elements of an operand that lists something for every dimension of a
/// tensor. Its length must be known: it is, or follows, the result's rank.
static FailureOr<SmallVector<KnownInt>> getList(const Inference &inference,
                                                Value operand, StringRef name) {
  auto type = inference.getTensor(operand, name, 1, 1);
  if (failed(type))
    return failure();
  if (!type->getElementType().isInteger(64))
    return inference.error(name, " must have element type i64");
  auto elements = getKnownElements(operand);
  if (elements)
    return *elements;
  if (type->isDynamicDim(0))
    return inference.error("the number of elements of ", name,
                           " must be known: it decides the rank of the result");
  if (type->getDimSize(0) > kMaxRank)
    return inference.error(name, " has ", type->getDimSize(0),
                           " elements, more than a tensor has dimensions");
  return SmallVector<KnownInt>(type->getDimSize(0), KnownInt::unknown());
}

/// The same for a list of `count` elements.
static FailureOr<SmallVector<KnownInt>> getList(const Inference &inference,
                                                Value operand, StringRef name,
                                                int64_t count) {
  auto type = inference.getTensor(operand, name, 1, 1);
  if (failed(type))
    return failure();
  if (!type->getElementType().isInteger(64))
    return inference.error(name, " must have element type i64");
  auto elements = getKnownElements(operand);
  int64_t actual = elements ? elements->size() : type->getDimSize(0);
  if (isDynamic(actual))
    return SmallVector<KnownInt>(count, KnownInt::unknown());
  if (actual != count)
    return inference.error(name, " must have ", count, " elements, not ",
                           actual);
  return elements.value_or(SmallVector<KnownInt>(count, KnownInt::unknown()));
}

static LogicalResult requireDistinct(const Inference &inference,
                                     ArrayRef<int64_t> axes, int64_t rank,
                                     llvm::SmallBitVector &present) {
  present.resize(rank);
  for (int64_t axis : axes) {
    if (failed(inference.getAxis(axis, rank)))
      return failure();
    if (present.test(axis))
      return inference.error("axis ", axis, " occurs twice");
    present.set(axis);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

LogicalResult ShapeOp::inferReturnTypes(MLIRContext *context,
                                        std::optional<Location> location,
                                        Adaptor adaptor,
                                        SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto type = inference.getTensor(adaptor.getInput(), "input");
  if (failed(type))
    return failure();
  auto start = static_cast<int64_t>(adaptor.getStart());
  auto end = static_cast<int64_t>(adaptor.getEnd());
  if (start < 0 || end < start || end > type->getRank())
    return inference.error("dimensions ", start, " to ", end,
                           " are not a range of the dimensions of a tensor of "
                           "rank ",
                           type->getRank());
  types.push_back(
      RankedTensorType::get({end - start}, IntegerType::get(context, 64)));
  return success();
}

/// Where the result of a reshape has an extent that is open, it follows from
/// the number of elements if the other extents are static or, dynamic, are
/// extents of the input and cancel. `copied` holds, for each dimension of
/// `shape`, the input dimension whose extent it is, or none.
static LogicalResult inferRemaining(const Inference &inference,
                                    RankedTensorType input,
                                    ArrayRef<std::optional<int64_t>> copied,
                                    bool isMinusOne, unsigned remaining,
                                    SmallVectorImpl<int64_t> &shape) {
  SmallVector<int64_t> from(input.getShape()), to;
  for (auto [dim, extent] : llvm::enumerate(shape)) {
    if (dim == remaining)
      continue;
    // A dimension of the input cancels once.
    if (copied[dim] && isDynamic(from[*copied[dim]]) && isDynamic(extent)) {
      from[*copied[dim]] = 1;
      continue;
    }
    to.push_back(extent);
  }
  int64_t total = multiplyExtents(from), others = multiplyExtents(to);
  if (isDynamic(others) || (isDynamic(total) && others != 0))
    return success();
  if (others == 0) {
    if (isMinusOne)
      return inference.error(
          "the extent -1 does not follow from the number of elements, because "
          "another extent is 0");
    return success();
  }
  if (total % others != 0)
    return inference.error("cannot divide ", total,
                           " elements among the other extents, whose product "
                           "is ",
                           others);
  shape[remaining] = total / others;
  return success();
}

LogicalResult ReshapeOp::inferReturnTypes(MLIRContext *context,
                                          std::optional<Location> location,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto type = inference.getTensor(adaptor.getInput(), "input");
  if (failed(type))
    return failure();
  auto elements = getList(inference, adaptor.getShape(), "shape");
  if (failed(elements))
    return failure();

  SmallVector<int64_t> shape;
  SmallVector<std::optional<int64_t>> copied;
  std::optional<unsigned> minusOne;
  SmallVector<unsigned> open;
  for (auto [dim, element] : llvm::enumerate(*elements)) {
    std::optional<int64_t> number = element.number;
    copied.push_back(std::nullopt);
    if (!number) {
      if (element.tensor == skipCasts(adaptor.getInput()))
        copied.back() = element.dim;
      else
        open.push_back(dim);
      shape.push_back(ShapedType::kDynamic);
    } else if (*number == -1) {
      if (minusOne)
        return inference.error("shape has more than one extent of -1");
      minusOne = dim;
      shape.push_back(ShapedType::kDynamic);
    } else if (*number == 0 && !adaptor.getAllowZero()) {
      if (static_cast<int64_t>(dim) >= type->getRank())
        return inference.error("shape takes extent ", dim,
                               " from the input, whose rank is ",
                               type->getRank());
      copied.back() = dim;
      shape.push_back(type->getDimSize(dim));
    } else if (*number < 0) {
      return inference.error("shape has the extent ", *number);
    } else {
      shape.push_back(*number);
    }
  }
  // An unknown number in the place of one extent is that extent or a -1.
  std::optional<unsigned> remaining = minusOne;
  if (!minusOne && open.size() == 1)
    remaining = open.front();
  if (remaining &&
      failed(inferRemaining(inference, *type, copied, minusOne.has_value(),
                            *remaining, shape)))
    return failure();

  int64_t before = multiplyExtents(type->getShape());
  int64_t after = multiplyExtents(shape);
  if (!isDynamic(before) && !isDynamic(after) && before != after)
    return inference.error("cannot give ", before, " elements a shape of ",
                           after, ": ", *type, " to ", withShape(*type, shape));
  types.push_back(withShape(*type, shape));
  return success();
}

LogicalResult FlattenOp::inferReturnTypes(MLIRContext *context,
                                          std::optional<Location> location,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto type = inference.getTensor(adaptor.getInput(), "input");
  if (failed(type))
    return failure();
  auto axis = static_cast<int64_t>(adaptor.getAxis());
  if (axis < 0 || axis > type->getRank())
    return inference.error("axis ", axis, " does not split a tensor of rank ",
                           type->getRank());
  types.push_back(
      withShape(*type, {multiplyExtents(type->getShape().take_front(axis)),
                        multiplyExtents(type->getShape().drop_front(axis))}));
  return success();
}

LogicalResult SqueezeOp::inferReturnTypes(MLIRContext *context,
                                          std::optional<Location> location,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto type = inference.getTensor(adaptor.getInput(), "input");
  llvm::SmallBitVector removed;
  if (failed(type) || failed(requireDistinct(inference, adaptor.getAxes(),
                                             type->getRank(), removed)))
    return failure();
  SmallVector<int64_t> shape;
  for (auto [dim, extent] : llvm::enumerate(type->getShape())) {
    if (!removed.test(dim))
      shape.push_back(extent);
    else if (!isDynamic(extent) && extent != 1)
      return inference.error("dimension ", dim, " to remove has extent ",
                             extent, ", not 1");
  }
  types.push_back(withShape(*type, shape));
  return success();
}

LogicalResult UnsqueezeOp::inferReturnTypes(MLIRContext *context,
                                            std::optional<Location> location,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto type = inference.getTensor(adaptor.getInput(), "input");
  if (failed(type))
    return failure();
  int64_t rank = type->getRank() + adaptor.getAxes().size();
  llvm::SmallBitVector inserted;
  if (failed(requireDistinct(inference, adaptor.getAxes(), rank, inserted)))
    return failure();
  SmallVector<int64_t> shape;
  ArrayRef<int64_t> rest = type->getShape();
  for (int64_t dim = 0; dim < rank; ++dim) {
    shape.push_back(inserted.test(dim) ? 1 : rest.front());
    if (!inserted.test(dim))
      rest = rest.drop_front();
  }
  types.push_back(withShape(*type, shape));
  return success();
}

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *context,
                                            std::optional<Location> location,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto type = inference.getTensor(adaptor.getInput(), "input");
  if (failed(type))
    return failure();
  ArrayRef<int64_t> permutation = adaptor.getPermutation();
  if (static_cast<int64_t>(permutation.size()) != type->getRank())
    return inference.error("permutation has ", permutation.size(),
                           " elements for a tensor of rank ", type->getRank());
  llvm::SmallBitVector present;
  if (failed(requireDistinct(inference, permutation, type->getRank(), present)))
    return failure();
  SmallVector<int64_t> shape;
  for (int64_t dim : permutation)
    shape.push_back(type->getDimSize(dim));
  types.push_back(withShape(*type, shape));
  return success();
}

LogicalResult ExpandOp::inferReturnTypes(MLIRContext *context,
                                         std::optional<Location> location,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto type = inference.getTensor(adaptor.getInput(), "input");
  if (failed(type))
    return failure();
  auto elements = getList(inference, adaptor.getShape(), "shape");
  if (failed(elements))
    return failure();
  SmallVector<int64_t> target;
  for (const KnownInt &element : *elements) {
    if (element.number && *element.number < 0)
      return inference.error("shape has the extent ", *element.number);
    target.push_back(element.number.value_or(ShapedType::kDynamic));
  }
  auto shape = broadcastShapes({type->getShape(), target});
  if (failed(shape))
    return inference.error("cannot broadcast ", *type, " to ",
                           withShape(*type, target));
  types.push_back(withShape(*type, *shape));
  return success();
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *context,
                                         std::optional<Location> location,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  if (adaptor.getInputs().empty())
    return inference.error("needs an input");
  RankedTensorType first;
  SmallVector<int64_t> shape;
  int64_t axis = 0;
  for (auto [index, input] : llvm::enumerate(adaptor.getInputs())) {
    auto type = inference.getTensor(input, "input");
    if (failed(type))
      return failure();
    if (index == 0) {
      auto checked = inference.getAxis(adaptor.getAxis(), type->getRank());
      if (failed(checked))
        return failure();
      axis = *checked;
      first = *type;
      shape.assign(type->getShape().begin(), type->getShape().end());
      continue;
    }
    if (type->getRank() != first.getRank() ||
        type->getElementType() != first.getElementType())
      return inference.error("input #", index, " has type ", *type,
                             ", which does not join ", first);
    for (auto [dim, extent] : llvm::enumerate(type->getShape())) {
      int64_t &joined = shape[dim];
      if (static_cast<int64_t>(dim) == axis) {
        if (isDynamic(extent) || isDynamic(joined) ||
            llvm::AddOverflow(joined, extent, joined))
          joined = ShapedType::kDynamic;
        continue;
      }
      if (isDynamic(joined))
        joined = extent;
      else if (!isDynamic(extent) && extent != joined)
        return inference.error("dimension ", dim, " of input #", index, " is ",
                               extent, ", but that of others is ", joined);
    }
  }
  types.push_back(withShape(first, shape));
  return success();
}

LogicalResult SliceOp::inferReturnTypes(MLIRContext *context,
                                        std::optional<Location> location,
                                        Adaptor adaptor,
                                        SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto type = inference.getTensor(adaptor.getInput(), "input");
  llvm::SmallBitVector sliced;
  ArrayRef<int64_t> axes = adaptor.getAxes();
  if (failed(type) ||
      failed(requireDistinct(inference, axes, type->getRank(), sliced)))
    return failure();
  int64_t count = axes.size();
  auto starts = getList(inference, adaptor.getStarts(), "starts", count);
  auto ends = getList(inference, adaptor.getEnds(), "ends", count);
  auto steps = getList(inference, adaptor.getSteps(), "steps", count);
  if (failed(starts) || failed(ends) || failed(steps))
    return failure();

  SmallVector<int64_t> shape(type->getShape());
  for (auto [axis, start, end, step] :
       llvm::zip_equal(axes, *starts, *ends, *steps)) {
    if (step.number == 0)
      return inference.error("the step along axis ", axis, " is 0");
    int64_t &extent = shape[axis];
    bool isWhole =
        start.number == 0 && step.number == 1 &&
        ((end.tensor == skipCasts(adaptor.getInput()) && end.dim == axis) ||
         end.number == std::numeric_limits<int64_t>::max());
    if (isWhole || extent == 0)
      continue;
    if (isDynamic(extent) || !start.number || !end.number || !step.number)
      extent = ShapedType::kDynamic;
    else
      extent =
          getSliceRange(extent, *start.number, *end.number, *step.number).count;
  }
  types.push_back(withShape(*type, shape));
  return success();
}

LogicalResult PadOp::inferReturnTypes(MLIRContext *context,
                                      std::optional<Location> location,
                                      Adaptor adaptor,
                                      SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto type = inference.getTensor(adaptor.getInput(), "input");
  if (failed(type))
    return failure();
  int64_t rank = type->getRank();
  auto pads = getList(inference, adaptor.getPads(), "pads", 2 * rank);
  if (failed(pads))
    return failure();
  if (Value value = adaptor.getValue()) {
    auto valueType = inference.getTensor(value, "value", 0, 0);
    if (failed(valueType) || failed(inference.requireElementType(
                                 *valueType, "value", type->getElementType())))
      return failure();
  }
  SmallVector<int64_t> shape;
  for (auto [dim, extent] : llvm::enumerate(type->getShape())) {
    std::optional<int64_t> before = (*pads)[dim].number;
    std::optional<int64_t> after = (*pads)[rank + dim].number;
    int64_t margin, padded;
    if (before == 0 && after == 0) {
      shape.push_back(extent);
      continue;
    }
    if (isDynamic(extent) || !before || !after) {
      shape.push_back(ShapedType::kDynamic);
      continue;
    }
    if (llvm::AddOverflow(*before, *after, margin) ||
        llvm::AddOverflow(extent, margin, padded) || padded < 0)
      return inference.error("pads of ", *before, " and ", *after,
                             " leave no extent of dimension ", dim,
                             ", which is ", extent);
    if (extent == 0 && padded > 0 && adaptor.getMode() != PadMode::Constant)
      return inference.error("dimension ", dim,
                             " is empty: it has no elements to pad with");
    shape.push_back(padded);
  }
  types.push_back(withShape(*type, shape));
  return success();
}

LogicalResult TileOp::inferReturnTypes(MLIRContext *context,
                                       std::optional<Location> location,
                                       Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto type = inference.getTensor(adaptor.getInput(), "input");
  if (failed(type))
    return failure();
  auto repeats =
      getList(inference, adaptor.getRepeats(), "repeats", type->getRank());
  if (failed(repeats))
    return failure();
  SmallVector<int64_t> shape;
  for (auto [dim, extent] : llvm::enumerate(type->getShape())) {
    std::optional<int64_t> repeat = (*repeats)[dim].number;
    if (repeat && *repeat < 0)
      return inference.error("repeats dimension ", dim, " ", *repeat, " times");
    if (repeat == 1)
      shape.push_back(extent);
    else if (repeat == 0)
      shape.push_back(0);
    else
      shape.push_back(
          multiplyExtents({extent, repeat.value_or(ShapedType::kDynamic)}));
  }
  types.push_back(withShape(*type, shape));
  return success();
}

LogicalResult TriluOp::inferReturnTypes(MLIRContext *context,
                                        std::optional<Location> location,
                                        Adaptor adaptor,
                                        SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto type = inference.getTensor(adaptor.getInput(), "input", 2,
                                  std::numeric_limits<int64_t>::max());
  if (failed(type))
    return failure();
  types.push_back(withShape(*type, type->getShape()));
  return success();
}

//===----------------------------------------------------------------------===//
// Generated tensors
//===----------------------------------------------------------------------===//

LogicalResult FillOp::inferReturnTypes(MLIRContext *context,
                                       std::optional<Location> location,
                                       Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto value = inference.getTensor(adaptor.getValue(), "value", 0, 0);
  if (failed(value))
    return failure();
  auto elements = getList(inference, adaptor.getShape(), "shape");
  if (failed(elements))
    return failure();
  SmallVector<int64_t> shape;
  for (const KnownInt &element : *elements) {
    if (element.number && *element.number < 0)
      return inference.error("shape has the extent ", *element.number);
    shape.push_back(element.number.value_or(ShapedType::kDynamic));
  }
  types.push_back(withShape(*value, shape));
  return success();
}

/// A float constant's only element.
static std::optional<double> getKnownFloat(Value value) {
  ElementsAttr attr;
  if (!matchPattern(value, m_Constant(&attr)) || attr.getNumElements() != 1)
    return std::nullopt;
  std::optional<TensorData> data = TensorData::fromAttr(attr);
  return data ? std::optional(data->getDouble(0)) : std::nullopt;
}

LogicalResult RangeOp::inferReturnTypes(MLIRContext *context,
                                        std::optional<Location> location,
                                        Adaptor adaptor,
                                        SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto start = inference.getTensor(adaptor.getStart(), "start", 0, 0);
  auto limit = inference.getTensor(adaptor.getLimit(), "limit", 0, 0);
  auto delta = inference.getTensor(adaptor.getDelta(), "delta", 0, 0);
  if (failed(start) || failed(limit) || failed(delta))
    return failure();
  Type elementType = start->getElementType();
  if (failed(inference.requireElementType(*limit, "limit", elementType)) ||
      failed(inference.requireElementType(*delta, "delta", elementType)))
    return failure();
  int64_t extent = ShapedType::kDynamic;
  if (isa<FloatType>(elementType)) {
    auto first = getKnownFloat(adaptor.getStart());
    auto last = getKnownFloat(adaptor.getLimit());
    auto step = getKnownFloat(adaptor.getDelta());
    if (step && *step == 0)
      return inference.error("delta is 0");
    if (first && last && step) {
      double count = std::ceil((*last - *first) / *step);
      if (count < 0x1p53) // not NaN either
        extent = count > 0 ? static_cast<int64_t>(count) : 0;
    }
  } else {
    auto first = getKnownElement(adaptor.getStart());
    auto last = getKnownElement(adaptor.getLimit());
    auto step = getKnownElement(adaptor.getDelta());
    if (step.number == 0)
      return inference.error("delta is 0");
    if (first.number && last.number && step.number) {
      auto count = getRangeCount(*first.number, *last.number, *step.number);
      extent = count.value_or(ShapedType::kDynamic);
    }
  }
  types.push_back(RankedTensorType::get({extent}, elementType));
  return success();
}
