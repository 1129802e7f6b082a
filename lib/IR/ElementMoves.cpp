//===- ElementMoves.cpp - Moving elements of constants ----------*- C++ -*-===//
#include "ElementMoves.h"

#include <cstring>

using namespace slim;
using namespace slim::detail;

SmallVector<int64_t> slim::detail::getStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t dim = static_cast<int64_t>(shape.size()) - 2; dim >= 0; --dim)
    strides[dim] = strides[dim + 1] * shape[dim + 1];
  return strides;
}

/// Copies a row of `count` elements of a width that is known where it counts.
template <int64_t fixedWidth>
static void copyRow(char *to, const char *from, int64_t count, int64_t step,
                    int64_t width) {
  if (fixedWidth)
    width = fixedWidth;
  for (int64_t i = 0; i < count; ++i)
    std::memcpy(to + i * width, from + i * step * width, width);
}

TensorData slim::detail::moveElements(const TensorData &data,
                                      RankedTensorType type, int64_t start,
                                      ArrayRef<int64_t> steps) {
  int64_t width = TensorData::getElementBytes(type.getElementType());
  std::vector<char> bytes(TensorData::getNumBytes(type));
  if (bytes.empty())
    return TensorData(type, std::move(bytes));
  ArrayRef<int64_t> shape = type.getShape();
  int64_t rowLength = shape.empty() ? 1 : shape.back();
  int64_t rowStep = shape.empty() ? 0 : steps.back();
  auto copy = width == 1   ? copyRow<1>
              : width == 2 ? copyRow<2>
              : width == 4 ? copyRow<4>
              : width == 8 ? copyRow<8>
                           : copyRow<0>;
  SmallVector<int64_t> index(shape.size(), 0);
  int64_t position = start;
  const char *from = data.getBytes().data();
  char *to = bytes.data(), *end = to + bytes.size();
  while (true) {
    copy(to, from + position * width, rowLength, rowStep, width);
    to += rowLength * width;
    if (to == end)
      return TensorData(type, std::move(bytes));
    for (int64_t dim = static_cast<int64_t>(shape.size()) - 2; dim >= 0;
         --dim) {
      position += steps[dim];
      if (++index[dim] < shape[dim])
        break;
      position -= steps[dim] * shape[dim];
      index[dim] = 0;
    }
  }
}

TensorData slim::detail::permuteElements(const TensorData &data,
                                         ArrayRef<int64_t> permutation,
                                         RankedTensorType type) {
  if (llvm::is_sorted(permutation))
    return TensorData(type, data.getBytes(), data.getOwner());
  SmallVector<int64_t> strides = getStrides(data.getType().getShape());
  SmallVector<int64_t> shape, steps;
  for (int64_t dim : permutation) {
    shape.push_back(data.getType().getDimSize(dim));
    steps.push_back(strides[dim]);
  }
  TensorData moved = moveElements(
      data, RankedTensorType::get(shape, type.getElementType()), 0, steps);
  return TensorData(type, moved.getBytes(), moved.getOwner());
}
