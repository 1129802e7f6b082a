//===- Hadamard.h - Rotations that spread outliers --------------*- C++ -*-===//
//
// A Hadamard matrix has elements of 1 and -1 and orthogonal rows. Divided by
// sqrt(n) and with columns of random sign it is a rotation that makes a vector
// with a few large elements one of many alike ones (QuaRot, Ashkboos et al.,
// arXiv 2404.00456).
//
// Matrices are made of those of Paley (1933) by doubling (Sylvester): n is
// 2^k m with m = 1, or m - 1 a prime that leaves 3 modulo 4 (12, 20, 24), or
// m / 2 - 1 a prime that leaves 1 (12, 28, 36).
//
//===----------------------------------------------------------------------===//

#ifndef SLIM_NUMERICS_HADAMARD_H
#define SLIM_NUMERICS_HADAMARD_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace slim {

/// A Hadamard matrix [n x n], row-major, of 1 and -1; none if `n` is no size as
/// above.
std::optional<std::vector<float>> buildHadamard(int64_t n);

/// H diag(random signs) / sqrt(n), [n x n] row-major: an orthogonal matrix. The
/// same for the same `seed` everywhere.
std::optional<std::vector<double>> buildRandomRotation(int64_t n,
                                                       uint64_t seed);

/// Multiplies each run of n elements along the columns of the row-major
/// `matrix` [rows x columns], columns a multiple of n, by the matrix `rotation`
/// [n x n] from the right: W becomes W (I x R).
void rotateColumns(llvm::MutableArrayRef<float> matrix, int64_t rows,
                   int64_t columns, llvm::ArrayRef<double> rotation, int64_t n);

/// Multiplies each run of n rows of `matrix` by the transpose of `rotation`
/// from the left: W becomes (I x R)^T W.
void rotateRows(llvm::MutableArrayRef<float> matrix, int64_t rows,
                int64_t columns, llvm::ArrayRef<double> rotation, int64_t n);

} // namespace slim

#endif // SLIM_NUMERICS_HADAMARD_H
