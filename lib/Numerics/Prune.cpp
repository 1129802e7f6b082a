//===- Prune.cpp - Selecting weights by magnitude -------------------------===//

#include "slim/Numerics/Prune.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/bit.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

using namespace slim;

/// A key that orders floats by magnitude.
static uint32_t magnitudeKey(float value) {
  return llvm::bit_cast<uint32_t>(value) & 0x7fffffff;
}

int64_t slim::selectUnstructured(llvm::ArrayRef<float> values, double sparsity,
                                 llvm::MutableArrayRef<uint8_t> keep) {
  assert(values.size() == keep.size() && "one mask byte an element");
  assert(sparsity >= 0 && sparsity <= 1 && "sparsity is a share");

  int64_t size = values.size();
  int64_t numRemoved = std::llround(sparsity * double(size));
  std::fill(keep.begin(), keep.end(), numRemoved == size ? 0 : 1);
  if (numRemoved == 0 || numRemoved == size)
    return numRemoved;

  std::vector<uint32_t> keys(size);
  std::transform(values.begin(), values.end(), keys.begin(), magnitudeKey);
  auto kth = keys.begin() + (numRemoved - 1);
  std::nth_element(keys.begin(), kth, keys.end());
  uint32_t threshold = *kth;

  // Everything below the threshold goes, and of the elements at the threshold
  // as many as are missing, from the end.
  int64_t missing = numRemoved;
  for (int64_t i = 0; i < size; ++i) {
    if (magnitudeKey(values[i]) < threshold) {
      keep[i] = 0;
      --missing;
    }
  }
  for (int64_t i = size - 1; i >= 0 && missing > 0; --i) {
    if (magnitudeKey(values[i]) == threshold) {
      keep[i] = 0;
      --missing;
    }
  }
  return numRemoved;
}

int64_t slim::selectNM(llvm::ArrayRef<float> values, const AxisView &view,
                       int64_t n, int64_t m,
                       llvm::MutableArrayRef<uint8_t> keep) {
  assert(int64_t(values.size()) == view.size() && "values fill the view");
  assert(values.size() == keep.size() && "one mask byte an element");
  assert(n >= 1 && n <= m && "n of m");

  std::fill(keep.begin(), keep.end(), uint8_t(0));
  int64_t numKept = 0;
  llvm::SmallVector<int64_t, 16> order;
  for (int64_t o = 0; o < view.outer; ++o) {
    for (int64_t begin = 0; begin < view.extent; begin += m) {
      int64_t end = std::min(begin + m, view.extent);
      int64_t survivors = std::min(n, end - begin);
      for (int64_t i = 0; i < view.inner; ++i) {
        order.clear();
        for (int64_t a = begin; a < end; ++a)
          order.push_back(view.index(o, a, i));
        // The index is the second key, so that the order is total.
        std::partial_sort(order.begin(), order.begin() + survivors, order.end(),
                          [&](int64_t left, int64_t right) {
                            uint32_t leftKey = magnitudeKey(values[left]);
                            uint32_t rightKey = magnitudeKey(values[right]);
                            return leftKey != rightKey ? leftKey > rightKey
                                                       : left < right;
                          });
        for (int64_t index : llvm::ArrayRef(order).take_front(survivors))
          keep[index] = 1;
        numKept += survivors;
      }
    }
  }
  return view.size() - numKept;
}
