//===- SecondMoment.cpp - What rounding does with E[x x^T] ----------------===//

#include "SecondMoment.h"

#include "RoundingAlgorithms.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Parallel.h"

#include <Eigen/Cholesky>

using namespace slim;

std::vector<float> slim::getMeanSquares(const RoundingProblem &problem) {
  if (!problem.meanSquare.empty())
    return problem.meanSquare.vec();
  std::vector<float> diagonal;
  if (problem.secondMoment.empty())
    return diagonal;
  for (int64_t j = 0; j < problem.columns; ++j)
    diagonal.push_back(problem.secondMoment[j * problem.columns + j]);
  return diagonal;
}

llvm::Expected<QuantizedMatrix>
slim::chooseStart(const RoundingProblem &problem,
                  const RoundingOptions &options) {
  std::vector<float> meanSquares = getMeanSquares(problem);
  if (!problem.scheme.format.isUnlearned())
    return chooseScales(problem.scheme, problem.weight, problem.rows,
                        problem.columns, meanSquares, options.scaleSearch);
  RoundingProblem weighted = problem;
  weighted.meanSquare = meanSquares;
  return createKMeans()->quantize(weighted, options);
}

QuantizationScheme slim::getLearnedScheme(const QuantizationScheme &scheme,
                                          const QuantizedMatrix &matrix) {
  QuantizationScheme learned = scheme;
  if (!matrix.codebook.empty())
    learned.format = scheme.format.withCodebook(matrix.codebook);
  return learned;
}

std::vector<float> slim::getNumbers(const NumberFormat &format) {
  std::vector<float> numbers;
  if (format.getKind() == NumberFormat::Kind::Integer)
    return numbers;
  if (format.getKind() == NumberFormat::Kind::Codebook) {
    numbers = format.getCodebook().vec();
  } else {
    for (int32_t code = 0, e = 1 << format.getBits(); code < e; ++code)
      if (std::isfinite(format.decode(code)))
        numbers.push_back(format.decode(code));
  }
  llvm::sort(numbers);
  numbers.erase(llvm::unique(numbers), numbers.end());
  return numbers;
}

FloatMatrix slim::computeInverseFactor(const ConstFloatMatrixMap &secondMoment,
                                       llvm::ArrayRef<int64_t> order,
                                       double damping) {
  // With the rows and columns in reverse, H = M M^T gives H = R R^T with an
  // upper triangular R in the order wanted, and H^-1 = (R^-1)^T R^-1: one
  // factorization and one triangular inverse. In fp64, as H is nearly singular
  // as a rule.
  int64_t n = order.size();
  Eigen::MatrixXd reversed(n, n);
  for (int64_t j = 0; j < n; ++j)
    for (int64_t i = j; i < n; ++i)
      reversed(i, j) = secondMoment(order[n - 1 - i], order[n - 1 - j]);
  for (int64_t i = 0; i < n; ++i)
    if (!(reversed(i, i) > 0))
      reversed(i, i) = 1;
  double mean = n ? reversed.diagonal().mean() : 0;

  Eigen::LLT<Eigen::MatrixXd> cholesky;
  double added = 0;
  for (double share = damping;; share = std::max(10 * share, 1e-6)) {
    reversed.diagonal().array() += share * mean - added;
    added = share * mean;
    cholesky.compute(reversed);
    if (cholesky.info() == Eigen::Success || n == 0)
      break;
  }
  Eigen::MatrixXd inverse = Eigen::MatrixXd::Identity(n, n);
  cholesky.matrixL().solveInPlace(inverse);

  FloatMatrix upper = FloatMatrix::Zero(n, n);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = i; j < n; ++j)
      upper(i, j) = float(inverse(n - 1 - i, n - 1 - j));
  return upper;
}

void slim::forEachRowRange(
    int64_t rows, int64_t granularity,
    llvm::function_ref<void(int64_t, int64_t)> function) {
  // Enough rows that products of matrices are efficient, few enough that all
  // cores have work.
  constexpr int64_t kRows = 48;
  int64_t height = llvm::alignTo(kRows, granularity);
  llvm::parallelFor(0, llvm::divideCeil(rows, height), [&](size_t index) {
    int64_t begin = int64_t(index) * height;
    function(begin, std::min(rows, begin + height));
  });
}
