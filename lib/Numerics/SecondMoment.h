//===- SecondMoment.h - What rounding does with E[x x^T] --------*- C++ -*-===//
//
// The output error of a layer y = W x whose weight becomes W - D is, in the
// mean over its inputs, tr(D H D^T) with H = E[x x^T]. Each row of D counts by
// itself.
//
//===----------------------------------------------------------------------===//

#ifndef SLIM_LIB_NUMERICS_SECONDMOMENT_H
#define SLIM_LIB_NUMERICS_SECONDMOMENT_H

#include "slim/Numerics/RoundingAlgorithm.h"

#include <Eigen/Core>

namespace slim {

using FloatMatrix =
    Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using FloatMatrixMap = Eigen::Map<FloatMatrix>;
using ConstFloatMatrixMap = Eigen::Map<const FloatMatrix>;

/// The mean squares of the inputs of `problem`, from its second moment if they
/// are not given; empty without calibration.
std::vector<float> getMeanSquares(const RoundingProblem &problem);

/// The upper triangular U with U^T U = (H + c I)^-1, where c is `damping` times
/// the mean of H's diagonal and grows as long as the sum is not positive
/// definite. Columns of zeros, which no input uses, count as those of the unit
/// matrix. `order` permutes rows and columns: U is that of H[order, order].
FloatMatrix computeInverseFactor(const ConstFloatMatrixMap &secondMoment,
                                 llvm::ArrayRef<int64_t> order, double damping);

/// Calls `function` with ranges of rows that make up [0, rows), in parallel.
/// Ranges start at multiples of `granularity`.
void forEachRowRange(int64_t rows, int64_t granularity,
                     llvm::function_ref<void(int64_t, int64_t)> function);

} // namespace slim

#endif // SLIM_LIB_NUMERICS_SECONDMOMENT_H
