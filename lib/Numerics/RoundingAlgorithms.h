//===- RoundingAlgorithms.h - The algorithms that slim has ------*- C++ -*-===//

#ifndef SLIM_LIB_NUMERICS_ROUNDINGALGORITHMS_H
#define SLIM_LIB_NUMERICS_ROUNDINGALGORITHMS_H

#include "slim/Numerics/RoundingAlgorithm.h"

namespace slim {

std::unique_ptr<RoundingAlgorithm> createRoundToNearest();
std::unique_ptr<RoundingAlgorithm> createMeanSquaredError();
std::unique_ptr<RoundingAlgorithm> createHalfQuadratic();
std::unique_ptr<RoundingAlgorithm> createKMeans();

} // namespace slim

#endif // SLIM_LIB_NUMERICS_ROUNDINGALGORITHMS_H
