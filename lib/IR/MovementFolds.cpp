//===- MovementFolds.cpp - Folding of shape and movement ops ----*- C++ -*-===//
//
// Constants move by their bytes, so that one fold serves all element types. A
// fold makes a constant of the op's own result type; where that is less precise
// than the constant would be, slim-refine-types comes first.
//
//===----------------------------------------------------------------------===//
#include "ElementMoves.h"
#include "FoldSupport.h"
#include "KnownInts.h"
#include "ShapeMath.h"
#include "slim/IR/SlimOps.h"
#include <cmath>

using namespace slim;
using namespace slim::detail;

//===----------------------------------------------------------------------===//
// Helpers
//===----------------------------------------------------------------------===//

/// A constant one-dimensional or scalar integer operand.
static std::optional<std::vector<int64_t>> getInts(Attribute attr) {
  std::optional<TensorData> data = getFoldedData(attr);
  if (!data || !isa<IntegerType>(data->getElementType()))
    return std::nullopt;
  return data->toInts();
}

/// A constant of all known elements of an integer value, if they are.
static OpFoldResult foldKnownInts(Value result) {
  RankedTensorType type = getFoldedType(result.getType());
  if (!type || type.getRank() > 1 || !isa<IntegerType>(type.getElementType()))
    return {};
  auto elements = getKnownElements(result);
  if (!elements ||
      static_cast<int64_t>(elements->size()) != type.getNumElements())
    return {};
  std::vector<int64_t> ints;
  for (const KnownInt &element : *elements) {
    if (!element.number)
      return {};
    ints.push_back(*element.number);
  }
  return TensorData::fromInts(type, ints).toAttr();
}

/// The same elements under another shape.
static OpFoldResult foldReshape(Attribute attr, Value result) {
  RankedTensorType type = getFoldedType(result.getType());
  std::optional<TensorData> data = getFoldedData(attr);
  if (!type || !data || data->getNumElements() != type.getNumElements())
    return {};
  if (auto dense = dyn_cast<DenseElementsAttr>(attr))
    return dense.reshape(type);
  return TensorData(type, data->getBytes(), data->getOwner()).toAttr();
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

OpFoldResult ShapeOp::fold(FoldAdaptor adaptor) {
  return foldKnownInts(getResult());
}

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  // With one open extent at most, equal types are equal shapes.
  auto type = dyn_cast<RankedTensorType>(getType());
  if (type && getInput().getType() == type && type.getNumDynamicDims() <= 1 &&
      !llvm::is_contained(type.getShape(), 0))
    return getInput();
  return foldReshape(adaptor.getInput(), getResult());
}

OpFoldResult FlattenOp::fold(FoldAdaptor adaptor) {
  // A matrix split between its two dimensions.
  if (getInput().getType() == getType() && getAxis() == 1 &&
      cast<RankedTensorType>(getType()).getRank() == 2)
    return getInput();
  return foldReshape(adaptor.getInput(), getResult());
}

OpFoldResult SqueezeOp::fold(FoldAdaptor adaptor) {
  if (getAxes().empty() && getInput().getType() == getType())
    return getInput();
  return foldReshape(adaptor.getInput(), getResult());
}

OpFoldResult UnsqueezeOp::fold(FoldAdaptor adaptor) {
  if (getAxes().empty() && getInput().getType() == getType())
    return getInput();
  return foldReshape(adaptor.getInput(), getResult());
}

OpFoldResult TransposeOp::fold(FoldAdaptor adaptor) {
  ArrayRef<int64_t> permutation = getPermutation();
  if (getInput().getType() == getType() && llvm::is_sorted(permutation))
    return getInput();
  RankedTensorType type = getFoldedType(getType());
  std::optional<TensorData> data = getFoldedData(adaptor.getInput());
  if (!type || !data || data->getNumElements() != type.getNumElements())
    return {};
  return permuteElements(*data, permutation, type).toAttr();
}

OpFoldResult ExpandOp::fold(FoldAdaptor adaptor) {
  // Broadcasting makes no static extent another, unless it is 1 and the
  // result's type says so.
  RankedTensorType type = getFoldedType(getType());
  auto declared = dyn_cast<RankedTensorType>(getType());
  if (declared && declared.hasStaticShape() && getInput().getType() == declared)
    return getInput();
  std::optional<TensorData> data = getFoldedData(adaptor.getInput());
  if (!type || !data || data->getType().getRank() > type.getRank())
    return {};
  int64_t shift = type.getRank() - data->getType().getRank();
  SmallVector<int64_t> strides = getStrides(data->getType().getShape());
  SmallVector<int64_t> steps(type.getRank(), 0);
  for (auto [dim, extent] : llvm::enumerate(data->getType().getShape()))
    if (extent != 1)
      steps[dim + shift] = strides[dim];
  return moveElements(*data, type, 0, steps).toAttr();
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

OpFoldResult ConcatOp::fold(FoldAdaptor adaptor) {
  if (getInputs().size() == 1 && getInputs().front().getType() == getType())
    return getInputs().front();
  RankedTensorType type = getFoldedType(getType());
  if (!type)
    return {};
  SmallVector<TensorData> inputs;
  for (Attribute attr : adaptor.getInputs()) {
    std::optional<TensorData> data = getFoldedData(attr);
    if (!data)
      return foldKnownInts(getResult());
    inputs.push_back(std::move(*data));
  }
  auto axis = static_cast<int64_t>(getAxis());
  int64_t rows = 1;
  for (int64_t extent : type.getShape().take_front(axis))
    rows *= extent;
  if (rows == 0)
    return TensorData(type, std::vector<char>()).toAttr();
  std::vector<char> bytes;
  bytes.reserve(TensorData::getNumBytes(type));
  for (int64_t row = 0; row < rows; ++row) {
    for (const TensorData &input : inputs) {
      size_t length = input.getBytes().size() / rows;
      ArrayRef<char> part = input.getBytes().slice(row * length, length);
      bytes.insert(bytes.end(), part.begin(), part.end());
    }
  }
  return TensorData(type, std::move(bytes)).toAttr();
}

OpFoldResult SliceOp::fold(FoldAdaptor adaptor) {
  auto inputType = dyn_cast<RankedTensorType>(getInput().getType());
  if (!inputType)
    return {};
  auto starts = getInts(adaptor.getStarts());
  auto ends = getInts(adaptor.getEnds());
  auto steps = getInts(adaptor.getSteps());
  if (!starts || !ends || !steps)
    return foldKnownInts(getResult());

  // Everything: from the beginning, to the end and beyond, forward.
  auto isWhole = [&](auto slice) {
    auto [axis, start, end, step] = slice;
    int64_t extent = inputType.getDimSize(axis);
    int64_t last = ShapedType::isDynamic(extent)
                       ? std::numeric_limits<int64_t>::max()
                       : extent;
    return step == 1 && start == 0 && end >= last;
  };
  if (inputType == getType() &&
      llvm::all_of(llvm::zip_equal(getAxes(), *starts, *ends, *steps), isWhole))
    return getInput();

  RankedTensorType type = getFoldedType(getType());
  std::optional<TensorData> data = getFoldedData(adaptor.getInput());
  if (!type || !data)
    return foldKnownInts(getResult());
  SmallVector<int64_t> strides = getStrides(inputType.getShape()),
                       moves(strides);
  int64_t origin = 0;
  for (auto [axis, start, end, step] :
       llvm::zip_equal(getAxes(), *starts, *ends, *steps)) {
    if (step == 0)
      return {};
    SliceRange range =
        getSliceRange(inputType.getDimSize(axis), start, end, step);
    if (range.count != type.getDimSize(axis))
      return {};
    // A step beyond the only element may not fit and is not taken.
    origin += range.start * strides[axis];
    moves[axis] = range.count > 1 ? range.step * strides[axis] : 0;
  }
  if (type.getNumElements() == 0)
    return TensorData(type, std::vector<char>()).toAttr();
  return moveElements(*data, type, origin, moves).toAttr();
}

//===----------------------------------------------------------------------===//
// Generated tensors
//===----------------------------------------------------------------------===//

OpFoldResult FillOp::fold(FoldAdaptor adaptor) {
  RankedTensorType type = getFoldedType(getType());
  std::optional<TensorData> value = getFoldedData(adaptor.getValue());
  if (!type || !value)
    return {};
  SmallVector<int64_t> steps(type.getRank(), 0);
  return moveElements(*value, type, 0, steps).toAttr();
}

OpFoldResult RangeOp::fold(FoldAdaptor adaptor) {
  RankedTensorType type = getFoldedType(getType());
  std::optional<TensorData> start = getFoldedData(adaptor.getStart());
  std::optional<TensorData> limit = getFoldedData(adaptor.getLimit());
  std::optional<TensorData> delta = getFoldedData(adaptor.getDelta());
  if (!type || !start || !limit || !delta)
    return {};
  int64_t count = type.getNumElements();
  if (isa<IntegerType>(type.getElementType())) {
    int64_t first = start->getInt(0), step = delta->getInt(0);
    if (getRangeCount(first, limit->getInt(0), step) != count)
      return {};
    std::vector<int64_t> sequence;
    for (int64_t i = 0; i < count; ++i)
      sequence.push_back(first + i * step);
    return TensorData::fromInts(type, sequence).toAttr();
  }
  if (type.getElementTypeBitWidth() > 64)
    return {};
  double first = start->getDouble(0), step = delta->getDouble(0);
  if (std::max(std::ceil((limit->getDouble(0) - first) / step), 0.0) != count)
    return {};
  std::vector<double> sequence;
  for (int64_t i = 0; i < count; ++i)
    sequence.push_back(first + static_cast<double>(i) * step);
  return TensorData::fromDoubles(type, sequence).toAttr();
}

//===----------------------------------------------------------------------===//
// Indexing
//===----------------------------------------------------------------------===//

OpFoldResult GatherOp::fold(FoldAdaptor adaptor) {
  RankedTensorType type = getFoldedType(getType());
  std::optional<TensorData> data = getFoldedData(adaptor.getInput());
  auto indices = getInts(adaptor.getIndices());
  if (!type || !data || !indices)
    return foldKnownInts(getResult());
  auto axis = static_cast<int64_t>(getAxis());
  ArrayRef<int64_t> shape = data->getType().getShape();
  int64_t rows = 1;
  for (int64_t extent : shape.take_front(axis))
    rows *= extent;
  int64_t slice = TensorData::getElementBytes(type.getElementType());
  for (int64_t extent : shape.drop_front(axis + 1))
    slice *= extent;
  std::vector<char> bytes;
  bytes.reserve(TensorData::getNumBytes(type));
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t index : *indices) {
      int64_t position = index < 0 ? index + shape[axis] : index;
      // What lies outside is an error of the run.
      if (position < 0 || position >= shape[axis])
        return {};
      ArrayRef<char> part =
          data->getBytes().slice((row * shape[axis] + position) * slice, slice);
      bytes.insert(bytes.end(), part.begin(), part.end());
    }
  }
  return TensorData(type, std::move(bytes)).toAttr();
}
