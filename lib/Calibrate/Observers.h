//===- Observers.h - Making and resolving observers -------------*- C++ -*-===//
//
// Private to this room.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CALIBRATE_OBSERVERS_H
#define SLIM_LIB_CALIBRATE_OBSERVERS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "slim/IR/SlimInterfaces.h"
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

  /// Where a probe's numbers are: elements from `first` of a result.
  struct Slice {
    unsigned result = 0, first = 0, size = 0;
  };
  /// With channels or second moment: the extents of all dimensions but the
  /// last.
  Slice extents;
  /// With channels: per column minimum, maximum, sum, sum of |x|, sum of x^2;
  /// with only a range minimum and maximum (of 1 column).
  Slice sums;
  unsigned columns = 0;
  /// With second moment: the result that is the sum of x x^T.
  unsigned momentResult = 0;
};

/// Replaces the observers of `function` by additional results. A result holds
/// the extents, or the sums, of several probes: a function of hundreds of
/// results takes long to compile. Histograms need ranges first and are left to
/// a second function. Names the place of an observer that cannot be resolved:
/// inside a region, or two of one name and kind.
FailureOr<std::vector<Probe>> exposeStatistics(func::FuncOp function);

/// Replaces the observers of `function` by additional results, the values that
/// have a histogram: one for each such probe of exposeStatistics, in order.
LogicalResult exposeHistogramValues(func::FuncOp function);

} // namespace slim::calibration

#endif // SLIM_LIB_CALIBRATE_OBSERVERS_H
