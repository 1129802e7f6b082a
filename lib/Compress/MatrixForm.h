//===- MatrixForm.h - A tensor as a matrix of channels ----------*- C++ -*-===//
#ifndef SLIM_LIB_COMPRESS_MATRIXFORM_H
#define SLIM_LIB_COMPRESS_MATRIXFORM_H

#include "slim/IR/SlimOps.h"
#include <optional>
#include <vector>

namespace slim {

/// The matrix [output channels, elements of a channel] that a tensor is read
/// as: one of its dimensions, or none, becomes the rows, the others in some
/// order the columns.
struct MatrixForm {
  /// The tensor's dimensions in the matrix' order.
  SmallVector<int64_t> permutation;
  /// The tensor's shape in that order.
  SmallVector<int64_t> permutedShape;
  SmallVector<int64_t> shape;
  int64_t rows = 1;
  int64_t cols = 1;
  /// For each element of the matrix its index in the tensor.
  std::vector<int64_t> source;

  /// `columnDims` are all dimensions of `shape` but `rowDim`; without it there
  /// is one row.
  static MatrixForm of(ArrayRef<int64_t> shape, std::optional<int64_t> rowDim,
                       ArrayRef<int64_t> columnDims);

  bool isPermuted() const { return !llvm::is_sorted(permutation); }

  template <typename T>
  std::vector<T> gather(ArrayRef<T> elements) const {
    std::vector<T> matrix(source.size());
    for (size_t i = 0, e = source.size(); i < e; ++i)
      matrix[i] = elements[source[i]];
    return matrix;
  }

  /// Builds the tensor from the value of its matrix.
  Value buildTensor(OpBuilder &builder, Location loc, Value matrix) const;
};

} // namespace slim

#endif // SLIM_LIB_COMPRESS_MATRIXFORM_H
