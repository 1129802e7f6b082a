//===- Statistics.cpp - How far two arrays are apart ----------------------===//

#include "slim/Numerics/Statistics.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

using namespace slim;

ErrorStatistics slim::measureError(llvm::ArrayRef<float> reference,
                                   llvm::ArrayRef<float> approximation) {
  assert(reference.size() == approximation.size() && "arrays of one length");
  double norm = 0, distance = 0, maxAbs = 0;
  for (size_t i = 0, e = reference.size(); i < e; ++i) {
    double difference = double(reference[i]) - double(approximation[i]);
    norm += double(reference[i]) * double(reference[i]);
    distance += difference * difference;
    maxAbs = std::max(maxAbs, std::fabs(difference));
  }
  ErrorStatistics statistics;
  statistics.maxAbs = maxAbs;
  if (norm > 0)
    statistics.relativeFrobenius = std::sqrt(distance / norm);
  else if (distance > 0)
    statistics.relativeFrobenius = std::numeric_limits<double>::infinity();
  return statistics;
}

SparsityStatistics slim::measureSparsity(llvm::ArrayRef<float> values) {
  SparsityStatistics statistics;
  statistics.elements = values.size();
  statistics.zeros = llvm::count(values, 0.0f);
  return statistics;
}

bool slim::allFinite(llvm::ArrayRef<float> values) {
  return llvm::all_of(values, [](float value) { return std::isfinite(value); });
}
