//===- MatrixForm.cpp - A tensor as a matrix of channels ------------------===//
#include "MatrixForm.h"

using namespace slim;

MatrixForm MatrixForm::of(ArrayRef<int64_t> shape,
                          std::optional<int64_t> rowDim,
                          ArrayRef<int64_t> columnDims) {
  MatrixForm form;
  form.shape.assign(shape.begin(), shape.end());
  int64_t rank = form.shape.size();
  if (rowDim) {
    form.permutation.push_back(*rowDim);
    form.rows = form.shape[*rowDim];
  }
  llvm::append_range(form.permutation, columnDims);
  assert(int64_t(form.permutation.size()) == rank && "all dimensions");

  SmallVector<int64_t> strides(rank, 1);
  int64_t size = 1;
  for (int64_t dim = rank - 1; dim >= 0; --dim) {
    strides[dim] = size;
    size *= form.shape[dim];
  }
  for (int64_t dim : form.permutation)
    form.permutedShape.push_back(form.shape[dim]);
  form.cols = form.rows ? size / form.rows : 0;
  form.source.resize(size);
  for (int64_t i = 0; i < size; ++i) {
    int64_t rest = i, source = 0;
    for (int64_t dim = rank - 1; dim >= 0; --dim) {
      source += rest % form.permutedShape[dim] * strides[form.permutation[dim]];
      rest /= form.permutedShape[dim];
    }
    form.source[i] = source;
  }
  return form;
}

Value MatrixForm::buildTensor(OpBuilder &builder, Location loc,
                              Value matrix) const {
  auto reshape = [&](Value value, ArrayRef<int64_t> order,
                     ArrayRef<int64_t> newShape) -> Value {
    auto type = cast<RankedTensorType>(value.getType()).clone(newShape);
    return ReshapeDecodeOp::create(builder, loc, type, value, order, newShape);
  };
  // slim.reshape_decode permutes before it reshapes, so that a matrix of other
  // than two dimensions is unfolded first.
  if (shape.size() != 2)
    matrix = reshape(matrix, {0, 1}, permutedShape);
  if (!isPermuted())
    return matrix;
  SmallVector<int64_t> inverse(permutation.size());
  for (auto [position, dim] : llvm::enumerate(permutation))
    inverse[dim] = position;
  return reshape(matrix, inverse, shape);
}
