//===- ActivationRange.cpp - Which range of an activation to code ---------===//

#include "slim/Numerics/ActivationRange.h"

#include "slim/Numerics/Rounding.h"
#include "slim/Support/Registry.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

using namespace slim;

//===----------------------------------------------------------------------===//
// Scales
//===----------------------------------------------------------------------===//

AffineScale slim::getAffineScale(ValueRange range, int64_t levels) {
  double low = std::min(range.min, 0.0f), high = std::max(range.max, 0.0f);
  auto scale = float((high - low) / (levels - 1));
  // A subnormal scale would be zero on hardware that flushes subnormals.
  if (!(scale >= std::numeric_limits<float>::min()))
    return {high - low > 0 ? std::numeric_limits<float>::min() : 1.0f, 0};
  return {scale, roundSaturate(-low / scale, {0, levels - 1})};
}

/// As slim.quantize rounds and saturates.
static int64_t getCode(double value, AffineScale scale, int64_t levels) {
  return roundSaturate(value / scale.scale + scale.zero, {0, levels - 1});
}

double slim::relativeRangeError(const HistogramView &histogram,
                                AffineScale scale, int64_t levels) {
  double error = 0, square = 0;
  for (auto [index, count] : llvm::enumerate(histogram.counts)) {
    if (count == 0)
      continue;
    double value = histogram.getCenter(index);
    double decoded =
        double(getCode(value, scale, levels) - scale.zero) * scale.scale;
    error += count * (value - decoded) * (value - decoded);
    square += count * value * value;
  }
  return square > 0 ? error / square : 0;
}

//===----------------------------------------------------------------------===//
// Search
//===----------------------------------------------------------------------===//

/// The range within `whole` that minimizes `loss`. Both ends are moved in turns
/// along a geometric sequence of fractions of the end, as heavy tails may be a
/// hundred times as wide as what matters.
static ValueRange searchRange(ValueRange whole,
                              llvm::function_ref<double(ValueRange)> loss) {
  constexpr int steps = 64;
  constexpr int rounds = 2;
  ValueRange best = {std::min(whole.min, 0.0f), std::max(whole.max, 0.0f)};
  const ValueRange widest = best;
  double least = loss(best);
  for (int round = 0; round < rounds; ++round) {
    ValueRange before = best;
    for (auto end : {&ValueRange::max, &ValueRange::min}) {
      ValueRange candidate = best;
      // From 1 to 1/100.
      for (int step = 0; step <= steps; ++step) {
        candidate.*end =
            float(widest.*end * std::pow(100.0, -double(step) / steps));
        double current = loss(candidate);
        if (current < least) {
          least = current;
          best = candidate;
        }
      }
    }
    if (before.min == best.min && before.max == best.max)
      break;
  }
  return best;
}

//===----------------------------------------------------------------------===//
// Estimators
//===----------------------------------------------------------------------===//

RangeEstimator::~RangeEstimator() = default;

namespace {

struct MinMax final : RangeEstimator {
  llvm::StringRef getName() const override { return "minmax"; }
  llvm::StringRef getDescription() const override {
    return "all that was seen";
  }
  bool needsCounts() const override { return false; }
  ValueRange estimate(const HistogramView &histogram,
                      const RangeOptions &) const override {
    return {std::min(histogram.range.min, 0.0f),
            std::max(histogram.range.max, 0.0f)};
  }
};

struct Percentile final : RangeEstimator {
  llvm::StringRef getName() const override { return "percentile"; }
  llvm::StringRef getDescription() const override {
    return "all but a share of the numbers at each end";
  }
  ValueRange estimate(const HistogramView &histogram,
                      const RangeOptions &options) const override {
    double total = 0;
    for (uint64_t count : histogram.counts)
      total += count;
    double beyond = total * (1 - options.percentile / 100);
    double width = (double(histogram.range.max) - histogram.range.min) /
                   histogram.counts.size();
    auto countBins = [&](auto &&counts) {
      double passed = 0;
      size_t bins = 0;
      for (uint64_t count : counts) {
        passed += count;
        if (passed > beyond)
          break;
        ++bins;
      }
      return bins;
    };
    double min = histogram.range.min + width * countBins(histogram.counts);
    double max = histogram.range.max -
                 width * countBins(llvm::reverse(histogram.counts));
    return {float(std::min(min, 0.0)), float(std::max(max, 0.0))};
  }
};

struct MeanSquaredError final : RangeEstimator {
  llvm::StringRef getName() const override { return "mse"; }
  llvm::StringRef getDescription() const override {
    return "the least mean squared error";
  }
  ValueRange estimate(const HistogramView &histogram,
                      const RangeOptions &options) const override {
    return searchRange(histogram.range, [&](ValueRange range) {
      return relativeRangeError(
          histogram, getAffineScale(range, options.levels), options.levels);
    });
  }
};

struct Entropy final : RangeEstimator {
  llvm::StringRef getName() const override { return "entropy"; }
  llvm::StringRef getDescription() const override {
    return "the least divergence between the distributions of numbers and "
           "codes";
  }

  ValueRange estimate(const HistogramView &histogram,
                      const RangeOptions &options) const override {
    // Every range has a code for zero itself, which may be most of the numbers
    // (behind a ReLU): that a code spreads over bins beside must not count.
    std::vector<uint64_t> counts(histogram.counts);
    double width = (double(histogram.range.max) - histogram.range.min) /
                   double(counts.size());
    double zero = width > 0 ? -double(histogram.range.min) / width : -1;
    if (zero >= 0 && zero <= double(counts.size()) && !counts.empty())
      counts[std::min(size_t(zero), counts.size() - 1)] = 0;
    HistogramView others{counts, histogram.range};
    return searchRange(histogram.range, [&](ValueRange range) {
      return computeDivergence(others, range, options.levels);
    });
  }

private:
  /// KL(P || Q), where P are the counts with those beyond the range added to
  /// its last bins, and Q spreads the counts of each code evenly over its bins
  /// that are not empty. What was cut off is in P only, so that a narrow range
  /// diverges.
  static double computeDivergence(const HistogramView &histogram,
                                  ValueRange range, int64_t levels) {
    AffineScale scale = getAffineScale(range, levels);
    size_t bins = histogram.counts.size();
    std::vector<double> cut(bins, 0), counts(levels, 0), used(levels, 0);
    std::vector<int64_t> codes(bins, -1);
    double total = 0;
    std::optional<size_t> first, last;
    for (size_t bin = 0; bin < bins; ++bin) {
      double center = histogram.getCenter(bin);
      total += histogram.counts[bin];
      if (center < range.min || center > range.max)
        continue;
      first = first.value_or(bin);
      last = bin;
      cut[bin] = histogram.counts[bin];
      codes[bin] = getCode(center, scale, levels);
      counts[codes[bin]] += cut[bin];
      used[codes[bin]] += cut[bin] > 0;
    }
    if (!first || total == 0)
      return std::numeric_limits<double>::infinity();
    double inside = 0;
    for (size_t bin = *first; bin <= *last; ++bin)
      inside += cut[bin];
    if (inside == 0)
      return std::numeric_limits<double>::infinity();
    std::vector<double> numbers(cut);
    for (size_t bin = 0; bin < bins; ++bin)
      if (bin < *first)
        numbers[*first] += histogram.counts[bin];
      else if (bin > *last)
        numbers[*last] += histogram.counts[bin];

    // Where P has numbers and Q has none, Q counts as one number in a million.
    constexpr double floor = 1e-6;
    double divergence = 0;
    for (size_t bin = *first; bin <= *last; ++bin) {
      if (numbers[bin] == 0)
        continue;
      double p = numbers[bin] / total;
      double q =
          cut[bin] > 0 ? counts[codes[bin]] / used[codes[bin]] / inside : floor;
      divergence += p * std::log(p / q);
    }
    return divergence;
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// Registry
//===----------------------------------------------------------------------===//

using EstimatorPtr = std::shared_ptr<const RangeEstimator>;

static Registry<EstimatorPtr> &getRegistry() {
  static Registry<EstimatorPtr> *registry = [] {
    auto *estimators = new Registry<EstimatorPtr>;
    for (EstimatorPtr estimator :
         {EstimatorPtr(new MinMax), EstimatorPtr(new Percentile),
          EstimatorPtr(new MeanSquaredError), EstimatorPtr(new Entropy)})
      estimators->add(estimator->getName(), estimator);
    return estimators;
  }();
  return *registry;
}

void slim::registerRangeEstimator(std::unique_ptr<RangeEstimator> estimator) {
  std::string name = estimator->getName().str();
  getRegistry().add(name, EstimatorPtr(std::move(estimator)));
}

const RangeEstimator *slim::getRangeEstimator(llvm::StringRef name) {
  return getRegistry().get(name).value_or(nullptr).get();
}

llvm::SmallVector<std::string> slim::getRangeEstimatorNames() {
  return getRegistry().getNames();
}
