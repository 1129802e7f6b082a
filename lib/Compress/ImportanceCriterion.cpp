//===- ImportanceCriterion.cpp - How much a weight matters ----------------===//
#include "slim/Compress/ImportanceCriterion.h"
#include "slim/Support/Registry.h"
#include "llvm/Support/xxhash.h"
#include <random>

using namespace slim;

ImportanceCriterion::~ImportanceCriterion() = default;

namespace {

/// The square of each element: sums of squares, as those of a group's norm
/// (Fang et al., arXiv 2301.12900, section 3.3).
class Magnitude : public ImportanceCriterion {
public:
  StringRef getName() const override { return "magnitude"; }
  StringRef getDescription() const override {
    return "the squares of the weights";
  }
  llvm::Expected<std::vector<float>>
  score(const ImportanceProblem &problem) const override {
    std::vector<float> scores(problem.values.begin(), problem.values.end());
    for (float &value : scores)
      value *= value;
    return scores;
  }
};

/// The square of what each element adds to its output, in the mean over the
/// inputs of calibration: Wanda's score (arXiv 2306.11695, equation 1) squared.
/// What a layer's rows add up to are the squares of its outputs, as far as its
/// inputs are independent.
class Activation : public ImportanceCriterion {
public:
  StringRef getName() const override { return "activation"; }
  StringRef getDescription() const override {
    return "the squares of the weights times those of their inputs";
  }
  bool needsStatistics() const override { return true; }
  llvm::Expected<std::vector<float>>
  score(const ImportanceProblem &problem) const override {
    assert(problem.inputMeanSquares.size() == problem.values.size());
    std::vector<float> scores(problem.values.size());
    for (size_t i = 0; i < scores.size(); ++i)
      scores[i] =
          problem.values[i] * problem.values[i] * problem.inputMeanSquares[i];
    return scores;
  }
};

/// A control: whatever beats it has seen something.
class Random : public ImportanceCriterion {
public:
  StringRef getName() const override { return "random"; }
  StringRef getDescription() const override {
    return "pseudo-random numbers, as a control";
  }
  llvm::Expected<std::vector<float>>
  score(const ImportanceProblem &problem) const override {
    std::mt19937_64 engine(problem.seed ^ llvm::xxh3_64bits(problem.name));
    std::uniform_real_distribution<float> distribution;
    std::vector<float> scores(problem.values.size());
    for (float &score : scores)
      score = distribution(engine);
    return scores;
  }
};

using CriterionPtr = std::shared_ptr<const ImportanceCriterion>;

} // namespace

static Registry<CriterionPtr> &getRegistry() {
  static Registry<CriterionPtr> *registry = [] {
    auto *criteria = new Registry<CriterionPtr>;
    for (const CriterionPtr &criterion :
         {CriterionPtr(std::make_shared<Activation>()),
          CriterionPtr(std::make_shared<Magnitude>()),
          CriterionPtr(std::make_shared<Random>())})
      criteria->add(criterion->getName(), criterion);
    return criteria;
  }();
  return *registry;
}

void slim::registerImportanceCriterion(
    std::unique_ptr<ImportanceCriterion> criterion) {
  std::string name = criterion->getName().str();
  getRegistry().add(name, CriterionPtr(std::move(criterion)));
}

const ImportanceCriterion *slim::getImportanceCriterion(StringRef name) {
  return getRegistry().get(name).value_or(nullptr).get();
}

SmallVector<std::string> slim::getImportanceCriterionNames() {
  return getRegistry().getNames();
}
