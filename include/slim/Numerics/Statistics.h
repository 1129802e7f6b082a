//===- Statistics.h - How far two arrays are apart --------------*- C++ -*-===//
//
// The figures that compression reports state about a weight.
//
//===----------------------------------------------------------------------===//

#ifndef SLIM_NUMERICS_STATISTICS_H
#define SLIM_NUMERICS_STATISTICS_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>

namespace slim {

/// The difference between a reference A and an approximation B.
struct ErrorStatistics {
  /// ||A - B||_F / ||A||_F. If A is zero: 0 where B is zero too, else infinity.
  double relativeFrobenius = 0;
  /// The largest |A_i - B_i|.
  double maxAbs = 0;
};

/// Compares two arrays of equal length; sums are kept in double.
ErrorStatistics measureError(llvm::ArrayRef<float> reference,
                             llvm::ArrayRef<float> approximation);

/// The share of zeros in an array; -0.0 counts as zero.
struct SparsityStatistics {
  int64_t elements = 0;
  int64_t zeros = 0;

  /// zeros / elements, 0 for an empty array.
  double sparsity() const {
    return elements ? double(zeros) / double(elements) : 0.0;
  }
};

SparsityStatistics measureSparsity(llvm::ArrayRef<float> values);

/// Whether every element is finite.
bool allFinite(llvm::ArrayRef<float> values);

} // namespace slim

#endif // SLIM_NUMERICS_STATISTICS_H
