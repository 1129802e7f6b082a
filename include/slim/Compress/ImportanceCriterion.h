//===- ImportanceCriterion.h - How much a weight matters --------*- C++ -*-===//
//
// What structured pruning ranks channels by. A criterion gives each element of
// a weight a score that is not negative; scores add up over the elements that
// go together. Criteria are registered under their names; a plug-in adds its
// own.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_COMPRESS_IMPORTANCECRITERION_H
#define SLIM_COMPRESS_IMPORTANCECRITERION_H

#include "slim/IR/TensorData.h"
#include "llvm/Support/Error.h"

namespace slim {

/// A weight to be scored.
struct ImportanceProblem {
  StringRef name;
  ArrayRef<int64_t> shape;
  /// Row-major.
  ArrayRef<float> values;
  /// E[x^2] of the input that each element multiplies, row-major; empty without
  /// calibration.
  ArrayRef<float> inputMeanSquares;
  /// Of all pseudo-random choices.
  uint64_t seed = 0;
};

class ImportanceCriterion {
public:
  virtual ~ImportanceCriterion();

  /// The name in options and reports: "magnitude".
  virtual StringRef getName() const = 0;
  /// One line for a list of criteria.
  virtual StringRef getDescription() const = 0;
  /// Whether a problem must come with `inputMeanSquares`. Weights without do
  /// not count then.
  virtual bool needsStatistics() const { return false; }
  /// The score of each element, row-major.
  virtual llvm::Expected<std::vector<float>>
  score(const ImportanceProblem &problem) const = 0;
};

/// Makes `criterion` known under its name, in place of one of that name.
void registerImportanceCriterion(
    std::unique_ptr<ImportanceCriterion> criterion);

/// The criterion called `name`; null if there is no such.
const ImportanceCriterion *getImportanceCriterion(StringRef name);

/// The names of all criteria, sorted.
SmallVector<std::string> getImportanceCriterionNames();

} // namespace slim

#endif // SLIM_COMPRESS_IMPORTANCECRITERION_H
