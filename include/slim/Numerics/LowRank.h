//===- LowRank.h - Truncated singular value decomposition -------*- C++ -*-===//
//
// W [m, n] ~ L [m, r] R [r, n] by the singular value decomposition, which is
// the best approximation of rank r in the Frobenius norm (Eckart and Young,
// 1936).
//
//===----------------------------------------------------------------------===//

#ifndef SLIM_NUMERICS_LOWRANK_H
#define SLIM_NUMERICS_LOWRANK_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <vector>

namespace slim {

/// L [m, rank] and R [rank, n], row-major.
struct LowRankFactors {
  int64_t rank = 0;
  std::vector<float> left;
  std::vector<float> right;
};

/// The singular value decomposition of one matrix, kept in the form from which
/// factors of any rank are read off.
///
/// It is computed from the eigenvectors of the smaller Gram matrix (W^T W or
/// W W^T, order k = min(m, n)) in double precision, at O(m n k + k^3)
/// operations and O(k^2 + m n) memory: the matrices of a transformer layer take
/// about a second where a bidiagonalization takes a minute. The price is that a
/// singular value is only accurate to about sqrt(k * 1e-16) times the largest,
/// some 1e-7: the resolution that fp32 weights have. The factors of rank r are
/// an orthogonal projection of W onto the leading eigenvectors, so that their
/// error does not suffer from small singular values.
///
/// Results are deterministic; the sign of each pair of singular vectors is
/// fixed by making the largest component of the eigenvector positive.
class SingularValueDecomposition {
public:
  /// Decomposes `matrix` [rows, cols], row-major, all finite. Copies what it
  /// needs later.
  SingularValueDecomposition(llvm::ArrayRef<float> matrix, int64_t rows,
                             int64_t cols);

  int64_t rows() const { return numRows; }
  int64_t cols() const { return numCols; }

  /// All min(rows, cols) singular values, descending.
  llvm::ArrayRef<double> singularValues() const { return values; }

  /// The factors of the given rank, 1 <= rank <= min(rows, cols). The singular
  /// values are split evenly: both factors carry their square roots, which
  /// keeps the factors' magnitudes alike for later quantization.
  LowRankFactors factors(int64_t rank) const;

  /// ||W - L R||_F / ||W||_F of the factors of this rank before they are
  /// rounded to fp32: sqrt of the share of the energy in the other singular
  /// values.
  double relativeError(int64_t rank) const;

private:
  int64_t numRows, numCols;
  std::vector<float> weights;
  std::vector<double> values;
  /// The eigenvectors of the Gram matrix as rows [k, k], in the order of
  /// `values`.
  std::vector<double> vectors;
};

/// The smallest r for which the squares of the first r of the descending
/// `singularValues` sum to at least `energy` (in [0, 1]) times the sum of all;
/// at least 1.
int64_t rankForEnergy(llvm::ArrayRef<double> singularValues, double energy);

/// The largest r for which factors of rank r hold fewer elements than the
/// matrix, r * (rows + cols) < rows * cols; 0 if there is none.
int64_t breakEvenRank(int64_t rows, int64_t cols);

/// The largest r for which factors of rank r hold at most `ratio` times the
/// elements of the matrix: floor(ratio * rows * cols / (rows + cols)).
int64_t rankForRatio(int64_t rows, int64_t cols, double ratio);

/// `rank` rounded down to a multiple of `align` >= 1; a rank below `align`
/// stays as it is.
int64_t alignRank(int64_t rank, int64_t align);

/// L R in fp32 with sums in double, row-major [m, n].
std::vector<float> multiplyFactors(const LowRankFactors &factors, int64_t rows,
                                   int64_t cols);

} // namespace slim

#endif // SLIM_NUMERICS_LOWRANK_H
