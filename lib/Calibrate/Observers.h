//===- Observers.h - Making and resolving observers -------------*- C++ -*-===//
//
// Private to this room.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CALIBRATE_OBSERVERS_H
#define SLIM_LIB_CALIBRATE_OBSERVERS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "slim/IR/SlimInterfaces.h"
#include <optional>
#include <string>
#include <vector>

namespace slim::calibration {

/// Puts observers of the activation of `op` before it, which observe what
/// `kinds` (of slim.observe) list, as far as the op allows it. Returns their
/// number.
int64_t observeInput(CompressibleOpInterface op, StringRef name,
                     ArrayRef<StringRef> kinds);

/// Puts an observer of `value` at the insertion point. Returns whether there
/// was something to observe.
bool observeValue(OpBuilder &builder, Value value, StringRef name,
                  ArrayRef<StringRef> kinds, int64_t groups = 1);

/// An observed value: what is asked of it under all its names, and where among
/// the additional results of the function the answers are.
struct Probe {
  std::vector<std::string> names;
  int64_t groups = 1;
  bool range = false, channels = false, secondMoment = false, histogram = false;

  /// With channels or second moment: the extents of all dimensions but the
  /// last are elements of ProbeLayout::extents.
  unsigned firstExtent = 0, numExtents = 0;
  /// With channels: per column minimum, maximum, sum, sum of |x|, sum of x^2;
  /// with only a range minimum and maximum (of 1 column). Elements of
  /// ProbeLayout::sums.
  unsigned firstSum = 0, columns = 0;
  unsigned getNumSums() const {
    return columns * (channels ? 5 : range ? 2 : 0);
  }
  /// With second moment: the result that is the sum of x x^T.
  unsigned momentResult = 0;
};

/// The additional results of a function. They are few, since a function of
/// hundreds of results takes long to compile.
struct ProbeLayout {
  std::vector<Probe> probes;
  /// Results that hold the extents and the sums of all probes, one after the
  /// other; none if no probe has any.
  std::optional<unsigned> extents, sums;
};

/// Replaces the observers of `function` by additional results. Histograms need
/// ranges first and are left to a second function. Names the place of an
/// observer that cannot be resolved: inside a region, or two of one name and
/// kind.
FailureOr<ProbeLayout> exposeStatistics(func::FuncOp function);

/// Replaces the observers of `function` by additional results, the values that
/// have a histogram: one for each such probe of exposeStatistics, in order.
LogicalResult exposeHistogramValues(func::FuncOp function);

} // namespace slim::calibration

#endif // SLIM_LIB_CALIBRATE_OBSERVERS_H
