//===- KMeans.cpp - A codebook for each tensor ----------------------------===//
//
// A table of 2^bits numbers that minimizes the squared error of the tensor's
// values by Lloyd's algorithm, each value weighed by the mean square of its
// column's input where that is known (Deep Compression, arXiv 1510.00149;
// SqueezeLLM, arXiv 2306.07629, weighs by sensitivity). With scales, the table
// is that of the values over their block's scale.
//
// In one dimension clusters are intervals of the sorted values: sums over them
// are differences of prefix sums, and a step costs a binary search a cluster.
//
//===----------------------------------------------------------------------===//

#include "RoundingAlgorithms.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <limits>
#include <numeric>

using namespace slim;

static constexpr int64_t kIterations = 100;

namespace {
/// Sorted values with the prefix sums of their weights.
struct SortedValues {
  SortedValues(llvm::ArrayRef<float> unsorted, llvm::ArrayRef<float> weights);

  int64_t size() const { return values.size(); }
  double getMean(int64_t begin, int64_t end) const {
    double weight = weightSums[end] - weightSums[begin];
    if (!(weight > 0))
      return values[begin];
    return (productSums[end] - productSums[begin]) / weight;
  }
  /// sum weight * (value - mean)^2.
  double getSpread(int64_t begin, int64_t end) const {
    double mean = getMean(begin, end);
    return squareSums[end] - squareSums[begin] -
           mean * (productSums[end] - productSums[begin]);
  }

  std::vector<float> values;
  /// Of weight, weight * value and weight * value^2.
  std::vector<double> weightSums, productSums, squareSums;
};
} // namespace

SortedValues::SortedValues(llvm::ArrayRef<float> unsorted,
                           llvm::ArrayRef<float> weights) {
  std::vector<uint32_t> order(unsorted.size());
  std::iota(order.begin(), order.end(), 0);
  llvm::sort(order, [&](uint32_t a, uint32_t b) {
    return std::pair(unsorted[a], a) < std::pair(unsorted[b], b);
  });
  values.reserve(order.size());
  for (auto *sums : {&weightSums, &productSums, &squareSums}) {
    sums->reserve(order.size() + 1);
    sums->push_back(0);
  }
  for (uint32_t index : order) {
    double value = unsorted[index];
    double weight = weights.empty() ? 1 : weights[index];
    values.push_back(unsorted[index]);
    weightSums.push_back(weightSums.back() + weight);
    productSums.push_back(productSums.back() + weight * value);
    squareSums.push_back(squareSums.back() + weight * value * value);
  }
}

/// Improves `table`, ascending; returns the error.
static double iterate(const SortedValues &sorted, std::vector<float> &table,
                      int64_t iterations) {
  double error = std::numeric_limits<double>::infinity();
  for (int64_t i = 0; i < iterations; ++i) {
    double newError = 0;
    std::vector<float> means;
    int64_t begin = 0;
    for (size_t cluster = 0; cluster < table.size(); ++cluster) {
      int64_t end = sorted.size();
      if (cluster + 1 < table.size()) {
        double middle = (double(table[cluster]) + table[cluster + 1]) / 2;
        end =
            std::upper_bound(sorted.values.begin() + begin, sorted.values.end(),
                             middle, [](double a, float b) { return a < b; }) -
            sorted.values.begin();
      }
      // A cluster without values waits where it is.
      if (begin == end) {
        means.push_back(table[cluster]);
        continue;
      }
      means.push_back(float(sorted.getMean(begin, end)));
      newError += sorted.getSpread(begin, end);
      begin = end;
    }
    llvm::sort(means);
    if (!(newError < error))
      break;
    error = newError;
    table = std::move(means);
  }
  return error;
}

/// The distinct values that have a weight, if there are at most `count`.
static std::vector<float> getFewValues(const SortedValues &sorted,
                                       int64_t count) {
  std::vector<float> few;
  for (int64_t i = 0, e = sorted.size(); i < e; ++i) {
    if (!(sorted.weightSums[i + 1] > sorted.weightSums[i]) ||
        (!few.empty() && few.back() == sorted.values[i]))
      continue;
    if (int64_t(few.size()) == count)
      return {};
    few.push_back(sorted.values[i]);
  }
  return few;
}

/// The values themselves where a table holds them; else the better of what
/// follows from two starts: equally many values a cluster, and clusters of
/// equal width.
static std::vector<float> learnCodebook(const SortedValues &sorted,
                                        int64_t count, int64_t iterations) {
  if (std::vector<float> few = getFewValues(sorted, count); !few.empty())
    return few;
  std::vector<float> quantiles, uniform;
  double least = sorted.values.front(), greatest = sorted.values.back();
  for (int64_t i = 0; i < count; ++i) {
    quantiles.push_back(
        sorted.values[(2 * i + 1) * sorted.size() / (2 * count)]);
    uniform.push_back(float(least + (greatest - least) * double(2 * i + 1) /
                                        double(2 * count)));
  }
  double quantileError = iterate(sorted, quantiles, iterations);
  double uniformError = iterate(sorted, uniform, iterations);
  return quantileError <= uniformError ? quantiles : uniform;
}

namespace {

class KMeans : public RoundingAlgorithm {
public:
  llvm::StringRef getName() const override { return "kmeans"; }
  llvm::StringRef getDescription() const override {
    return "a codebook of least squared error, weighed by the inputs' mean "
           "squares where they are known";
  }

  llvm::Error checkScheme(const QuantizationScheme &scheme) const override {
    if (scheme.format.isUnlearned())
      return scheme.verify();
    return llvm::createStringError(
        "algorithm 'kmeans' learns a codebook, but format '" +
        scheme.format.getName() + "' has its numbers: use kmeans2 to kmeans8");
  }

  llvm::Expected<QuantizedMatrix>
  quantize(const RoundingProblem &problem,
           const RoundingOptions &options) const override {
    const QuantizationScheme &scheme = problem.scheme;
    int64_t rows = problem.rows, columns = problem.columns;
    if (problem.weight.empty())
      return llvm::createStringError("there are no values to learn from");
    QuantizedMatrix matrix =
        chooseScales(scheme, problem.weight, rows, columns);
    BlockGrid grid(scheme.block, rows, columns);
    // One scale of all values is no help to a table of all values.
    if (grid.size() == 1 && scheme.scale != ScaleFormat::E4M3)
      matrix.scales.front() = 1;

    std::vector<float> scaled(problem.weight.size()), weights;
    bool isWeighted = !problem.meanSquare.empty() || grid.size() > 1;
    if (isWeighted)
      weights.resize(scaled.size());
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t column = 0; column < columns; ++column) {
        BlockScale scale = getBlockScale(matrix, grid.indexOf(row, column));
        int64_t i = row * columns + column;
        scaled[i] = scale.divide(problem.weight[i]);
        if (isWeighted)
          weights[i] =
              scale.scale * scale.scale *
              (problem.meanSquare.empty() ? 1.0f : problem.meanSquare[column]);
      }
    matrix.codebook = learnCodebook(
        SortedValues(scaled, weights), int64_t(1) << scheme.format.getBits(),
        options.iterations ? options.iterations : kIterations);
    encodeMatrix(scheme, problem.weight, matrix);
    return matrix;
  }
};

} // namespace

std::unique_ptr<RoundingAlgorithm> slim::createKMeans() {
  return std::make_unique<KMeans>();
}
