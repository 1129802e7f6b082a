//===- LowRank.cpp - Truncated singular value decomposition ---------------===//
//
// With G = W^T W = V diag(sigma^2) V^T for a tall W, the truncated
// decomposition is the projection W V_r V_r^T. Split evenly, L = W V_r /
// sqrt(sigma) and R = sqrt(sigma) V_r^T; the division cancels in the product,
// hence an inaccurate small sigma does no harm. A wide W is treated as the
// transpose.
//
//===----------------------------------------------------------------------===//

#include "slim/Numerics/LowRank.h"

#include "llvm/ADT/STLExtras.h"

#include <Eigen/Dense>

#include <algorithm>
#include <cassert>
#include <cmath>

using namespace slim;

using RowMajorMatrix =
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using FloatMap = Eigen::Map<
    Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
using ConstFloatMap =
    Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic,
                                   Eigen::RowMajor>>;

SingularValueDecomposition::SingularValueDecomposition(
    llvm::ArrayRef<float> matrix, int64_t rows, int64_t cols)
    : numRows(rows), numCols(cols), weights(matrix.begin(), matrix.end()) {
  assert(int64_t(matrix.size()) == rows * cols && "the matrix is contiguous");
  if (matrix.empty())
    return;
  Eigen::MatrixXd w = ConstFloatMap(weights.data(), rows, cols).cast<double>();

  // Only one triangle is computed, and only that is read below.
  int64_t order = std::min(rows, cols);
  Eigen::MatrixXd gram = Eigen::MatrixXd::Zero(order, order);
  if (rows >= cols)
    gram.selfadjointView<Eigen::Lower>().rankUpdate(w.transpose());
  else
    gram.selfadjointView<Eigen::Lower>().rankUpdate(w);

  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(gram);
  values.resize(order);
  vectors.resize(order * order);
  for (int64_t i = 0; i < order; ++i) {
    // Eigen sorts ascending; rounding can make a zero slightly negative.
    int64_t source = order - 1 - i;
    values[i] = std::sqrt(std::max(solver.eigenvalues()[source], 0.0));
    auto vector = solver.eigenvectors().col(source);
    Eigen::Index largest = 0;
    vector.cwiseAbs().maxCoeff(&largest);
    double sign = vector[largest] < 0 ? -1.0 : 1.0;
    for (int64_t j = 0; j < order; ++j)
      vectors[i * order + j] = sign * vector[j];
  }
}

LowRankFactors SingularValueDecomposition::factors(int64_t rank) const {
  int64_t order = values.size();
  assert(rank >= 1 && rank <= order && "rank out of range");
  RowMajorMatrix basis =
      Eigen::Map<const RowMajorMatrix>(vectors.data(), order, order)
          .topRows(rank);
  Eigen::MatrixXd w =
      ConstFloatMap(weights.data(), numRows, numCols).cast<double>();
  Eigen::VectorXd root(rank), inverseRoot(rank);
  for (int64_t i = 0; i < rank; ++i) {
    root[i] = std::sqrt(values[i]);
    inverseRoot[i] = values[i] > 0 ? 1 / root[i] : 0.0;
  }

  LowRankFactors result;
  result.rank = rank;
  result.left.resize(numRows * rank);
  result.right.resize(rank * numCols);
  FloatMap left(result.left.data(), numRows, rank);
  FloatMap right(result.right.data(), rank, numCols);
  if (numRows >= numCols) {
    Eigen::MatrixXd projected = w * basis.transpose();
    left = (projected * inverseRoot.asDiagonal()).cast<float>();
    right = (root.asDiagonal() * basis).cast<float>();
  } else {
    Eigen::MatrixXd projected = basis * w;
    left = (basis.transpose() * root.asDiagonal()).cast<float>();
    right = (inverseRoot.asDiagonal() * projected).cast<float>();
  }
  return result;
}

double SingularValueDecomposition::relativeError(int64_t rank) const {
  double total = 0, rest = 0;
  // From the smallest on, so that the tail is not lost against the head.
  for (int64_t i = int64_t(values.size()) - 1; i >= 0; --i) {
    total += values[i] * values[i];
    if (i >= rank)
      rest = total;
  }
  return total > 0 ? std::sqrt(rest / total) : 0.0;
}

int64_t slim::rankForEnergy(llvm::ArrayRef<double> singularValues,
                            double energy) {
  double total = 0;
  for (double value : singularValues)
    total += value * value;
  double sum = 0;
  for (auto [index, value] : llvm::enumerate(singularValues)) {
    sum += value * value;
    if (sum >= energy * total)
      return int64_t(index) + 1;
  }
  return std::max<int64_t>(singularValues.size(), 1);
}

int64_t slim::breakEvenRank(int64_t rows, int64_t cols) {
  if (rows <= 0 || cols <= 0)
    return 0;
  return (rows * cols - 1) / (rows + cols);
}

int64_t slim::rankForRatio(int64_t rows, int64_t cols, double ratio) {
  if (rows <= 0 || cols <= 0)
    return 0;
  return int64_t(
      std::floor(ratio * double(rows) * double(cols) / double(rows + cols)));
}

int64_t slim::alignRank(int64_t rank, int64_t align) {
  assert(align >= 1 && "alignment must be positive");
  return rank < align ? rank : rank - rank % align;
}

std::vector<float> slim::multiplyFactors(const LowRankFactors &factors,
                                         int64_t rows, int64_t cols) {
  std::vector<float> product(rows * cols);
  Eigen::MatrixXd left =
      ConstFloatMap(factors.left.data(), rows, factors.rank).cast<double>();
  Eigen::MatrixXd right =
      ConstFloatMap(factors.right.data(), factors.rank, cols).cast<double>();
  FloatMap(product.data(), rows, cols) = (left * right).cast<float>();
  return product;
}
