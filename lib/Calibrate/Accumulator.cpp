//===- Accumulator.cpp - Sums of statistics over samples ------------------===//

#include "Accumulator.h"

#include "llvm/ADT/StringMap.h"

#include <cmath>
#include <cstring>

using namespace mlir;
using namespace slim;
using namespace slim::calibration;

static int64_t countElements(const slim_tensor &tensor) {
  int64_t count = 1;
  for (int32_t dim = 0; dim < tensor.rank; ++dim)
    count *= tensor.shape[dim];
  return count;
}

template <typename T>
static ArrayRef<T> getElements(const slim_tensor &tensor) {
  return {static_cast<const T *>(tensor.data),
          static_cast<size_t>(countElements(tensor))};
}

/// Sizes `sums` at the first sample and adds `values`.
static void addTo(std::vector<double> &sums, ArrayRef<float> values) {
  sums.resize(values.size());
  for (auto [sum, value] : llvm::zip(sums, values))
    sum += value;
}

/// A probe's part of a result.
template <typename T>
static ArrayRef<T> getSlice(ArrayRef<slim_tensor> results,
                            const Probe::Slice &slice) {
  if (slice.size == 0)
    return {};
  return getElements<T>(results[slice.result]).slice(slice.first, slice.size);
}

llvm::Error Accumulator::add(ArrayRef<slim_tensor> results) {
  int64_t rows = 1;
  for (int64_t extent : getSlice<int64_t>(results, probe.extents))
    rows *= extent;
  ++counts[0];
  counts[1] += rows;
  auto noNumber = [&] {
    return llvm::createStringError("the values of '" + probe.names.front() +
                                   "' are no numbers (NaN)");
  };
  if (probe.channels || probe.range) {
    ArrayRef<float> sums = getSlice<float>(results, probe.sums);
    auto take = [&](unsigned which) {
      return sums.slice(which * probe.columns, probe.columns);
    };
    ArrayRef<float> low = take(0), high = take(1);
    if (probe.channels)
      absMax.resize(low.size());
    for (size_t i = 0; i < low.size(); ++i) {
      if (std::isnan(low[i]) || std::isnan(high[i]))
        return noNumber();
      // Over no rows the minimum is above the maximum.
      if (low[i] > high[i])
        continue;
      range[0] = std::min(range[0], low[i]);
      range[1] = std::max(range[1], high[i]);
      if (probe.channels)
        absMax[i] =
            std::max({absMax[i], std::fabs(low[i]), std::fabs(high[i])});
    }
    if (probe.channels) {
      addTo(sum, take(2));
      addTo(absSum, take(3));
      addTo(squareSum, take(4));
      if (llvm::any_of(squareSum, [](double s) { return std::isnan(s); }))
        return noNumber();
    }
  }
  if (probe.secondMoment) {
    const slim_tensor &moment = results[probe.momentResult];
    ArrayRef<float> values = getElements<float>(moment);
    int64_t c = moment.shape[moment.rank - 1];
    products.resize(values.size());
    double diagonal = 0;
    for (int64_t row = 0, end = c ? values.size() / c : 0; row < end; ++row) {
      diagonal += values[row * c + row % c];
      for (int64_t i = row * c + row % c; i < (row + 1) * c; ++i)
        products[i] += values[i];
    }
    if (std::isnan(diagonal))
      return noNumber();
  }
  return llvm::Error::success();
}

void Accumulator::beginHistogram(unsigned bins) {
  if (!std::isfinite(range[0]) || !std::isfinite(range[1]))
    return;
  histogram.assign(bins, 0);
  histogramRange = range;
}

void Accumulator::addToHistogram(const slim_tensor &values) {
  if (histogram.empty())
    return;
  float low = histogramRange[0];
  double width = double(histogramRange[1]) - low;
  double scale = width > 0 ? histogram.size() / width : 0;
  int64_t last = histogram.size() - 1;
  for (float value : getElements<float>(values)) {
    auto bin = static_cast<int64_t>((double(value) - low) * scale);
    ++histogram[std::clamp<int64_t>(bin, 0, last)];
  }
}

void Accumulator::finish(ActivationStatistics &statistics,
                         bool hasRange) const {
  statistics.samples = counts[0];
  // The range is that of the tensor itself rather than of its im2col matrix,
  // where both are observed.
  if (probe.range || (probe.channels && !hasRange)) {
    statistics.min = range[0];
    statistics.max = range[1];
  }
  double scale = counts[1] > 0 ? 1.0 / counts[1] : 0;
  auto mean = [&](const std::vector<double> &sums) {
    std::vector<double> means;
    for (double value : sums)
      means.push_back(value * scale);
    return means;
  };
  if (probe.channels || probe.secondMoment) {
    statistics.rows = counts[1];
    statistics.groups = probe.groups;
  }
  if (probe.channels) {
    statistics.channelAbsMax = absMax;
    statistics.channelMean = mean(sum);
    statistics.channelAbsMean = mean(absSum);
    statistics.channelMeanSquare = mean(squareSum);
  }
  if (probe.secondMoment) {
    statistics.secondMoment.resize(products.size());
    auto c = static_cast<int64_t>(
        std::lround(std::sqrt(products.size() / probe.groups)));
    for (int64_t group = 0; group < probe.groups; ++group) {
      const double *from = products.data() + group * c * c;
      float *to = statistics.secondMoment.data() + group * c * c;
      for (int64_t i = 0; i < c; ++i)
        for (int64_t j = i; j < c; ++j)
          to[i * c + j] = to[j * c + i] =
              static_cast<float>(from[i * c + j] * scale);
    }
  }
  if (probe.histogram) {
    statistics.histogram = histogram;
    statistics.histogramMin = histogramRange[0];
    statistics.histogramMax = histogramRange[1];
  }
}

//===----------------------------------------------------------------------===//
// Partial files
//===----------------------------------------------------------------------===//

template <typename Visit>
void Accumulator::visitState(Visit visit) {
  visit("counts", "I64", counts);
  visit("range", "F32", range);
  visit("abs_max", "F32", absMax);
  visit("sum", "F64", sum);
  visit("abs_sum", "F64", absSum);
  visit("square_sum", "F64", squareSum);
  visit("products", "F64", products);
  visit("histogram", "U64", histogram);
  visit("histogram_range", "F32", histogramRange);
}

void Accumulator::save(SafetensorsWriter &writer, unsigned number) {
  visitState([&](StringRef name, StringRef dtype, auto &state) {
    writer.addTensor((Twine(number) + ":" + name).str(), dtype,
                     {static_cast<int64_t>(state.size())}, ArrayRef(state));
  });
}

llvm::Error Accumulator::restore(const SafetensorsFile &file, unsigned number) {
  llvm::Error result = llvm::Error::success();
  visitState([&](StringRef name, StringRef dtype, auto &state) {
    if (result)
      return;
    std::string key = (Twine(number) + ":" + name).str();
    const SafetensorsFile::Tensor *tensor = file.lookup(key);
    if (!tensor || tensor->dtype != dtype) {
      result = llvm::createStringError("it lacks '" + key + "'");
      return;
    }
    state.resize(tensor->data.size() / sizeof(state[0]));
    if (!state.empty())
      std::memcpy(state.data(), tensor->data.data(), tensor->data.size());
  });
  return result;
}

void calibration::collectStatistics(const std::deque<Accumulator> &accumulators,
                                    CalibrationStatistics &statistics) {
  std::map<std::string, std::vector<const Accumulator *>> ofName;
  for (const Accumulator &accumulator : accumulators)
    for (const std::string &name : accumulator.getProbe().names)
      ofName[name].push_back(&accumulator);
  std::map<std::vector<const Accumulator *>,
           std::shared_ptr<ActivationStatistics>>
      entries;
  for (auto &[name, parts] : ofName) {
    std::shared_ptr<ActivationStatistics> &entry = entries[parts];
    if (!entry) {
      entry = std::make_shared<ActivationStatistics>();
      bool hasRange = llvm::any_of(parts, [](const Accumulator *part) {
        return part->getProbe().range;
      });
      for (const Accumulator *part : parts)
        part->finish(*entry, hasRange);
    }
    statistics.insert(name, entry);
  }
}
