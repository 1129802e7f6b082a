//===- ActivationRange.h - Which range of an activation to code -*- C++ -*-===//
//
// A static quantization of an activation spends its codes on a range that is
// chosen once, from what calibration has seen. A wide range rounds coarsely, a
// narrow one cuts values off. Estimators weigh the two; they are registered
// under their names, and a plug-in adds its own.
//
// See Nagel et al., "A White Paper on Neural Network Quantization" (arXiv
// 2106.08295), section 3.2.
//
//===----------------------------------------------------------------------===//

#ifndef SLIM_NUMERICS_ACTIVATIONRANGE_H
#define SLIM_NUMERICS_ACTIVATIONRANGE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <memory>
#include <string>

namespace slim {

/// A closed range of numbers.
struct ValueRange {
  float min = 0;
  float max = 0;
};

/// Counts of numbers in equal bins of a finite range; borrowed. Without counts
/// it is the range alone.
struct HistogramView {
  llvm::ArrayRef<uint64_t> counts;
  ValueRange range;

  /// The middle of bin `index`.
  double getCenter(size_t index) const {
    double width = (double(range.max) - range.min) / counts.size();
    return range.min + (index + 0.5) * width;
  }
};

struct RangeOptions {
  /// Codes that the range is divided among: 256 for 8 bits.
  int64_t levels = 256;
  /// Estimator `percentile`: the share of numbers, in percent, that lie below
  /// the upper end and above the lower end.
  double percentile = 99.99;
};

/// Scale and zero point of `levels` unsigned codes over a range:
/// number = (code - zero) * scale.
struct AffineScale {
  float scale = 1;
  int64_t zero = 0;
};

/// The quantization whose codes 0 and levels - 1 stand for the ends of `range`,
/// which is widened to contain zero; zero itself has a code. A range of zero
/// alone has scale 1.
AffineScale getAffineScale(ValueRange range, int64_t levels);

/// The mean squared error, divided by the mean square, of quantizing the
/// numbers of `histogram` (those of a bin taken for its middle). 0 without
/// counts, or if all numbers are zero.
double relativeRangeError(const HistogramView &histogram, AffineScale scale,
                          int64_t levels);

class RangeEstimator {
public:
  virtual ~RangeEstimator();
  /// The name in options: "minmax", "mse".
  virtual llvm::StringRef getName() const = 0;
  /// One line for a list of estimators.
  virtual llvm::StringRef getDescription() const = 0;
  /// Whether the histogram must have counts.
  virtual bool needsCounts() const { return true; }
  /// The range to code, within that of the histogram widened to contain zero.
  virtual ValueRange estimate(const HistogramView &histogram,
                              const RangeOptions &options) const = 0;
};

/// Makes `estimator` known under its name, in place of one of that name.
void registerRangeEstimator(std::unique_ptr<RangeEstimator> estimator);

/// The estimator called `name`; null if there is no such. slim has
///
///   minmax      all that was seen
///   percentile  all but a share of the numbers at each end
///   mse         the least mean squared error
///   entropy     the least Kullback-Leibler divergence between the numbers'
///               distribution, cut off, and that of their codes (as TensorRT's
///               calibration), zeros left out; for smooth distributions: other
///               values that are frequent by themselves narrow the range
const RangeEstimator *getRangeEstimator(llvm::StringRef name);

/// The names of all estimators, sorted.
llvm::SmallVector<std::string> getRangeEstimatorNames();

} // namespace slim

#endif // SLIM_NUMERICS_ACTIVATIONRANGE_H
