//===- RoundingAlgorithms.h - The algorithms that slim has ------*- C++ -*-===//

#ifndef SLIM_LIB_NUMERICS_ROUNDINGALGORITHMS_H
#define SLIM_LIB_NUMERICS_ROUNDINGALGORITHMS_H

#include "slim/Numerics/RoundingAlgorithm.h"

namespace slim {

std::unique_ptr<RoundingAlgorithm> createRoundToNearest();
std::unique_ptr<RoundingAlgorithm> createMeanSquaredError();
std::unique_ptr<RoundingAlgorithm> createHalfQuadratic();
std::unique_ptr<RoundingAlgorithm> createKMeans();
std::unique_ptr<RoundingAlgorithm> createGptq();
std::unique_ptr<RoundingAlgorithm> createSignRound();
std::unique_ptr<RoundingAlgorithm> createClipSearch();

/// What algorithms that choose codes by the second moment start from: scales as
/// `options` want them, each column weighed by its mean square in a search; for
/// a learned codebook, what "kmeans" makes of the problem.
llvm::Expected<QuantizedMatrix> chooseStart(const RoundingProblem &problem,
                                            const RoundingOptions &options);

/// `scheme`, with the codebook of `matrix` if it has learned one.
QuantizationScheme getLearnedScheme(const QuantizationScheme &scheme,
                                    const QuantizedMatrix &matrix);

/// The finite numbers of a format, ascending; none of integers, whose distance
/// is 1.
std::vector<float> getNumbers(const NumberFormat &format);

} // namespace slim

#endif // SLIM_LIB_NUMERICS_ROUNDINGALGORITHMS_H
