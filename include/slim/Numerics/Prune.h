//===- Prune.h - Selecting weights by magnitude -----------------*- C++ -*-===//
//
// Magnitude pruning: which elements of a weight survive. The functions write a
// mask (1 = keep, 0 = remove, one byte an element) instead of zeroing the
// values, so that the caller can apply one selection to whatever stores the
// weight: floats, integer codes, or both.
//
// Magnitudes are compared by their bit patterns, which orders all floats; a NaN
// counts as larger than infinity and survives. Equal magnitudes are decided by
// position: the lower index is kept.
//
//===----------------------------------------------------------------------===//

#ifndef SLIM_NUMERICS_PRUNE_H
#define SLIM_NUMERICS_PRUNE_H

#include "slim/Numerics/AxisView.h"

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>

namespace slim {

/// Removes the round(sparsity * size) elements of smallest magnitude, exactly
/// that many, and returns the number. `sparsity` is in [0, 1]; `keep` has the
/// length of `values`.
int64_t selectUnstructured(llvm::ArrayRef<float> values, double sparsity,
                           llvm::MutableArrayRef<uint8_t> keep);

/// Keeps the `n` largest of every `m` consecutive elements along the axis of
/// `view`, which is the reduction dimension of the layer. Where `m` does not
/// divide the extent, the last chunk is shorter and keeps at most `n`. See
/// Mishra et al., "Accelerating Sparse Deep Neural Networks" (arXiv
/// 2104.08378). Needs 1 <= n <= m. Returns the number of removed elements.
int64_t selectNM(llvm::ArrayRef<float> values, const AxisView &view, int64_t n,
                 int64_t m, llvm::MutableArrayRef<uint8_t> keep);

/// Sets the elements that `keep` does not mark to (positive) zero.
template <typename T>
void applyMask(llvm::ArrayRef<uint8_t> keep, llvm::MutableArrayRef<T> values) {
  for (size_t i = 0, e = values.size(); i < e; ++i)
    values[i] = keep[i] ? values[i] : T(0);
}

} // namespace slim

#endif // SLIM_NUMERICS_PRUNE_H
