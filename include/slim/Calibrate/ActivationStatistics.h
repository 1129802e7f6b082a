//===- ActivationStatistics.h - What calibration has seen -------*- C++ -*-===//
//
// Statistics of activations over a data set, and their file: safetensors with a
// description of the model, the data and the options in its metadata.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_CALIBRATE_ACTIVATIONSTATISTICS_H
#define SLIM_CALIBRATE_ACTIVATIONSTATISTICS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace slim {

/// Statistics of one observed tensor over all samples. What was not asked for
/// is empty.
///
/// For the input of an op that multiplies by a weight, X is the matrix of
/// CompressibleOpInterface::buildActivationRows: tokens or im2col rows by
/// elements of the reduction, the columns of all groups side by side. For other
/// tensors its columns are the last dimension.
struct ActivationStatistics {
  /// Runs of the model, and rows of X in all of them.
  int64_t samples = 0, rows = 0;
  /// Groups of a convolution, which share the columns evenly.
  int64_t groups = 1;
  /// Of all elements of the tensor itself (im2col adds zeros to X).
  float min = 0, max = 0;
  /// Per column of X: largest |x|, E[x], E[|x|], E[x^2].
  std::vector<float> channelAbsMax;
  std::vector<double> channelMean, channelAbsMean, channelMeanSquare;
  /// E[x x^T] of each group, [groups x c x c] with c = columns / groups,
  /// row-major and symmetric.
  std::vector<float> secondMoment;
  /// Counts of elements of the tensor in equal bins from histogramMin to
  /// histogramMax, both ends included.
  std::vector<uint64_t> histogram;
  float histogramMin = 0, histogramMax = 0;

  /// Columns of X; 0 if nothing was observed per column.
  int64_t getColumns() const { return channelAbsMax.size(); }
  /// The second moment of one group.
  llvm::ArrayRef<float> getSecondMoment(int64_t group = 0) const {
    size_t size = secondMoment.size() / groups;
    return llvm::ArrayRef<float>(secondMoment).slice(group * size, size);
  }
};

/// Where statistics come from: what must be equal for them to be reused.
struct CalibrationSource {
  /// Of the graph and of all data of weights.
  std::string model;
  /// Of the samples that were used.
  std::string data;
  /// Textual form of the options that statistics depend on.
  std::string options;
  /// Of the data of each weight.
  std::map<std::string, std::string> weights;
};

/// Statistics by observer name: the input of the op that multiplies by weight
/// @w is called "w" (inputs of further consumers of @w "w#1", "w#2", ... where
/// they are other tensors); other values "%" and the name of their location.
class CalibrationStatistics {
public:
  CalibrationSource source;

  /// Null if nothing of that name was observed.
  const ActivationStatistics *lookup(llvm::StringRef name) const {
    auto found = entries.find(name);
    return found == entries.end() ? nullptr : found->second.get();
  }
  /// Several names may share one entry: q, k and v have one input.
  void insert(llvm::StringRef name,
              std::shared_ptr<const ActivationStatistics> statistics) {
    entries.insert_or_assign(name.str(), std::move(statistics));
  }
  /// Takes over all entries of `other`.
  void merge(const CalibrationStatistics &other) {
    for (const auto &[name, entry] : other.entries)
      insert(name, entry);
  }
  bool empty() const { return entries.empty(); }
  /// In alphabetical order.
  llvm::SmallVector<llvm::StringRef> getNames() const;

  /// Writes the file, which gets its name when it is complete. Equal statistics
  /// give equal files.
  llvm::Error save(llvm::StringRef path) const;
  /// Fails, with a message that begins with the path, on anything but a
  /// complete file of this version.
  static llvm::Expected<CalibrationStatistics> load(llvm::StringRef path);

private:
  std::map<std::string, std::shared_ptr<const ActivationStatistics>,
           std::less<>>
      entries;
};

} // namespace slim

#endif // SLIM_CALIBRATE_ACTIVATIONSTATISTICS_H
