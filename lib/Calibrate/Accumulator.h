//===- Accumulator.h - Sums of statistics over samples ----------*- C++ -*-===//
//
// Private to this room.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CALIBRATE_ACCUMULATOR_H
#define SLIM_LIB_CALIBRATE_ACCUMULATOR_H

#include "Observers.h"
#include "slim/Calibrate/ActivationStatistics.h"
#include "slim/Data/SafetensorsFile.h"
#include "slim/Runtime/Model.h"
#include <cmath>
#include <deque>

namespace slim::calibration {

/// What has been seen of one probe, in double. Samples are added in their
/// order, so that the result does not depend on the number of threads.
class Accumulator {
public:
  explicit Accumulator(const Probe &probe) : probe(probe) {}

  const Probe &getProbe() const { return probe; }

  /// Adds the probe's share of the results of one run. Fails where they are no
  /// numbers.
  llvm::Error add(ArrayRef<slim_tensor> results);

  /// Lays `bins` bins over the range seen so far. Nothing is counted where the
  /// range is not finite.
  void beginHistogram(unsigned bins);
  void addToHistogram(const slim_tensor &values);

  /// Sets what the probe has seen in `statistics`; `hasRange` is whether one of
  /// the probes that these are made of observes a range.
  void finish(ActivationStatistics &statistics, bool hasRange) const;

  /// For a partial file. The writer keeps references to this object.
  void save(SafetensorsWriter &writer, unsigned number);
  llvm::Error restore(const SafetensorsFile &file, unsigned number);

private:
  /// Calls `visit(name, dtype, vector)` for everything that changes.
  template <typename Visit>
  void visitState(Visit visit);

  Probe probe;
  /// samples, rows
  std::vector<int64_t> counts = {0, 0};
  /// Of all elements; of columns.
  std::vector<float> range = {INFINITY, -INFINITY};
  std::vector<float> absMax;
  std::vector<double> sum, absSum, squareSum;
  /// The upper triangles of [groups x c x c].
  std::vector<double> products;
  std::vector<uint64_t> histogram;
  std::vector<float> histogramRange = {0, 0};
};

/// The statistics of all names. Names that share all their probes share an
/// entry.
void collectStatistics(const std::deque<Accumulator> &accumulators,
                       CalibrationStatistics &statistics);

} // namespace slim::calibration

#endif // SLIM_LIB_CALIBRATE_ACCUMULATOR_H
