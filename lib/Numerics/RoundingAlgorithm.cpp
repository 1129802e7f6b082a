//===- RoundingAlgorithm.cpp - Who picks scales and codes -----------------===//

#include "slim/Numerics/RoundingAlgorithm.h"

#include "RoundingAlgorithms.h"
#include "slim/Numerics/Statistics.h"
#include "slim/Support/Registry.h"

#include "llvm/ADT/StringExtras.h"

#include <Eigen/Core>
#include <cassert>
#include <cmath>
#include <limits>
#include <tuple>

using namespace slim;

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

namespace {
/// Reads the value of one option; false if it is none.
struct OptionReader {
  llvm::StringRef key;
  llvm::StringRef domain;
  bool (*read)(llvm::StringRef value, RoundingOptions &options);
};
} // namespace

static constexpr OptionReader optionReaders[] = {
    {"act-order", "true or false",
     [](llvm::StringRef value, RoundingOptions &options) {
       options.actOrder = value == "true";
       return value == "true" || value == "false";
     }},
    {"static-groups", "true or false",
     [](llvm::StringRef value, RoundingOptions &options) {
       options.staticGroups = value == "true";
       return value == "true" || value == "false";
     }},
    {"damping", "a number from 0 on",
     [](llvm::StringRef value, RoundingOptions &options) {
       return !value.getAsDouble(options.damping) && options.damping >= 0 &&
              std::isfinite(options.damping);
     }},
    {"block-size", "an integer from 1 on",
     [](llvm::StringRef value, RoundingOptions &options) {
       return !value.getAsInteger(10, options.blockSize) &&
              options.blockSize >= 1;
     }},
    {"iterations", "an integer from 0 on",
     [](llvm::StringRef value, RoundingOptions &options) {
       return !value.getAsInteger(10, options.iterations) &&
              options.iterations >= 0;
     }},
    {"scale-search", "absmax or mse",
     [](llvm::StringRef value, RoundingOptions &options) {
       options.scaleSearch = value == "absmax" ? ScaleSearch::AbsMax
                                               : ScaleSearch::MeanSquaredError;
       return value == "absmax" || value == "mse";
     }},
    {"seed", "an integer from 0 on",
     [](llvm::StringRef value, RoundingOptions &options) {
       return !value.getAsInteger(10, options.seed);
     }},
};

llvm::Expected<RoundingOptions>
RoundingOptions::parse(llvm::ArrayRef<std::string> pairs) {
  RoundingOptions options;
  for (llvm::StringRef pair : pairs) {
    llvm::StringRef key, value;
    std::tie(key, value) = pair.split('=');
    const OptionReader *reader = llvm::find_if(
        optionReaders, [&](const auto &known) { return known.key == key; });
    if (reader == std::end(optionReaders)) {
      llvm::SmallVector<llvm::StringRef> keys;
      for (const OptionReader &known : optionReaders)
        keys.push_back(known.key);
      return llvm::createStringError("unknown option '" + key + "' in '" +
                                     pair + "'; there are " +
                                     llvm::join(keys, ", "));
    }
    if (!reader->read(value, options))
      return llvm::createStringError("option '" + key + "' must be " +
                                     reader->domain + ", not '" + value + "'");
  }
  return options;
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

RoundingAlgorithm::~RoundingAlgorithm() = default;

llvm::Error
RoundingAlgorithm::checkScheme(const QuantizationScheme &scheme) const {
  if (llvm::Error error = scheme.verify())
    return error;
  if (scheme.format.isUnlearned())
    return llvm::createStringError(
        "algorithm '" + getName() + "' learns no codebook, as format '" +
        scheme.format.getName() + "' needs it: use algorithm kmeans");
  return llvm::Error::success();
}

llvm::Error
RoundingAlgorithm::checkProblem(const RoundingProblem &problem) const {
  if (llvm::Error error = checkScheme(problem.scheme))
    return error;
  int64_t columns = problem.columns;
  if (int64_t(problem.weight.size()) != problem.rows * columns)
    return llvm::createStringError("the weight does not fill its matrix");
  if (!problem.secondMoment.empty() &&
      int64_t(problem.secondMoment.size()) != columns * columns)
    return llvm::createStringError(
        "the second moment of the inputs is no matrix of %lld columns",
        (long long)columns);
  if (!problem.meanSquare.empty() &&
      int64_t(problem.meanSquare.size()) != columns)
    return llvm::createStringError(
        "there are %zu mean squares of inputs for %lld columns",
        problem.meanSquare.size(), (long long)columns);
  if (needsSecondMoment() && problem.secondMoment.empty())
    return llvm::createStringError(
        "algorithm '" + getName() +
        "' needs the second moment of the inputs: calibrate the model first");
  if (!allFinite(problem.weight) || !allFinite(problem.secondMoment) ||
      !allFinite(problem.meanSquare))
    return llvm::createStringError(
        "the weight or its statistics have infinite or NaN values");
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Registry
//===----------------------------------------------------------------------===//

using AlgorithmPtr = std::shared_ptr<const RoundingAlgorithm>;

static Registry<AlgorithmPtr> &getRegistry() {
  static Registry<AlgorithmPtr> *registry = [] {
    auto *algorithms = new Registry<AlgorithmPtr>;
    for (auto create :
         {createRoundToNearest, createMeanSquaredError, createHalfQuadratic,
          createKMeans, createGptq, createSignRound, createClipSearch}) {
      AlgorithmPtr algorithm = create();
      algorithms->add(algorithm->getName(), algorithm);
    }
    return algorithms;
  }();
  return *registry;
}

void slim::registerRoundingAlgorithm(
    std::unique_ptr<RoundingAlgorithm> algorithm) {
  std::string name = algorithm->getName().str();
  getRegistry().add(name, AlgorithmPtr(std::move(algorithm)));
}

const RoundingAlgorithm *slim::getRoundingAlgorithm(llvm::StringRef name) {
  return getRegistry().get(name).value_or(nullptr).get();
}

llvm::SmallVector<std::string> slim::getRoundingAlgorithmNames() {
  return getRegistry().getNames();
}

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

double slim::measureOutput(llvm::ArrayRef<float> weight, int64_t rows,
                           int64_t columns,
                           llvm::ArrayRef<float> secondMoment) {
  assert(int64_t(weight.size()) == rows * columns && "values fill the matrix");
  if (int64_t(secondMoment.size()) == columns) {
    double sum = 0;
    for (int64_t i = 0, e = rows * columns; i < e; ++i)
      sum += double(weight[i]) * weight[i] * secondMoment[i % columns];
    return sum;
  }
  assert(int64_t(secondMoment.size()) == columns * columns &&
         "a second moment or its diagonal");
  using Matrix =
      Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Map = Eigen::Map<const Matrix>;
  Map matrix(weight.data(), rows, columns);
  Matrix product = matrix * Map(secondMoment.data(), columns, columns);
  return product.cwiseProduct(matrix).cast<double>().sum();
}

double slim::relativeOutputError(llvm::ArrayRef<float> weight,
                                 llvm::ArrayRef<float> quantized, int64_t rows,
                                 int64_t columns,
                                 llvm::ArrayRef<float> secondMoment) {
  assert(weight.size() == quantized.size() && "matrices of one shape");
  std::vector<float> difference(weight.size());
  for (size_t i = 0, e = weight.size(); i < e; ++i)
    difference[i] = weight[i] - quantized[i];
  double error = measureOutput(difference, rows, columns, secondMoment);
  if (error <= 0)
    return 0;
  double whole = measureOutput(weight, rows, columns, secondMoment);
  return whole > 0 ? error / whole : std::numeric_limits<double>::infinity();
}
