//===- RoundToNearest.cpp - Scales, and the nearest codes -----------------===//
//
// The two algorithms that take the code nearest to each value: "rtn" with plain
// scales, "mse" with the scales of least squared error. With the mean squares
// of the layer's inputs, "mse" weighs each column's error by them, which is the
// error of the output for inputs that are not correlated (llama.cpp calls these
// weights the importance matrix).
//
//===----------------------------------------------------------------------===//

#include "RoundingAlgorithms.h"

using namespace slim;

namespace {

class RoundToNearest : public RoundingAlgorithm {
public:
  llvm::StringRef getName() const override { return "rtn"; }
  llvm::StringRef getDescription() const override {
    return "round to nearest with scales from the largest magnitudes";
  }
  llvm::Expected<QuantizedMatrix>
  quantize(const RoundingProblem &problem,
           const RoundingOptions &options) const override {
    QuantizedMatrix matrix = chooseScales(problem.scheme, problem.weight,
                                          problem.rows, problem.columns);
    encodeMatrix(problem.scheme, problem.weight, matrix);
    return matrix;
  }
};

class MeanSquaredError : public RoundingAlgorithm {
public:
  llvm::StringRef getName() const override { return "mse"; }
  llvm::StringRef getDescription() const override {
    return "round to nearest with scales of least squared error, weighed by "
           "the inputs' mean squares where they are known";
  }
  llvm::Expected<QuantizedMatrix>
  quantize(const RoundingProblem &problem,
           const RoundingOptions &options) const override {
    QuantizedMatrix matrix = chooseScales(
        problem.scheme, problem.weight, problem.rows, problem.columns,
        problem.meanSquare, ScaleSearch::MeanSquaredError);
    encodeMatrix(problem.scheme, problem.weight, matrix);
    return matrix;
  }
};

} // namespace

std::unique_ptr<RoundingAlgorithm> slim::createRoundToNearest() {
  return std::make_unique<RoundToNearest>();
}

std::unique_ptr<RoundingAlgorithm> slim::createMeanSquaredError() {
  return std::make_unique<MeanSquaredError>();
}
