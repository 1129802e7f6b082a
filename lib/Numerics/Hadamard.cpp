//===- Hadamard.cpp - Rotations that spread outliers ----------------------===//

#include "slim/Numerics/Hadamard.h"

#include <Eigen/Core>

#include <cassert>
#include <cmath>
#include <random>

using namespace slim;

using SignMatrix =
    Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using RotationMap =
    Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic,
                                   Eigen::RowMajor>>;
using ValueMap = Eigen::Map<SignMatrix>;

static bool isPrime(int64_t number) {
  if (number < 2)
    return false;
  for (int64_t i = 2; i * i <= number; ++i)
    if (number % i == 0)
      return false;
  return true;
}

/// The quadratic characters of the differences i - j modulo the prime q, with a
/// border of ones: [(q + 1) x (q + 1)], zeros on the diagonal.
static SignMatrix buildConference(int64_t q) {
  std::vector<float> character(q, -1);
  character[0] = 0;
  for (int64_t i = 1; i < q; ++i)
    character[i * i % q] = 1;
  SignMatrix matrix = SignMatrix::Ones(q + 1, q + 1);
  matrix(0, 0) = 0;
  for (int64_t i = 0; i < q; ++i)
    for (int64_t j = 0; j < q; ++j)
      matrix(i + 1, j + 1) = character[(i - j + q) % q];
  return matrix;
}

/// Paley's matrix of order m, empty if there is none.
static SignMatrix buildPaley(int64_t m) {
  if (m == 1)
    return SignMatrix::Ones(1, 1);
  if (int64_t q = m - 1; q % 4 == 3 && isPrime(q)) {
    // I + S with S skew: the border's column changes its sign.
    SignMatrix matrix = buildConference(q);
    matrix.col(0).tail(q) *= -1;
    matrix.diagonal().setOnes();
    return matrix;
  }
  if (int64_t q = m / 2 - 1; m % 2 == 0 && q % 4 == 1 && isPrime(q)) {
    SignMatrix conference = buildConference(q);
    SignMatrix matrix(m, m);
    for (int64_t i = 0; i <= q; ++i)
      for (int64_t j = 0; j <= q; ++j) {
        float sign = conference(i, j);
        // Of 2 x 2 elements; on the diagonal the character is zero.
        if (i == j)
          matrix.block(2 * i, 2 * j, 2, 2) << 1, -1, -1, -1;
        else
          matrix.block(2 * i, 2 * j, 2, 2) << sign, sign, sign, -sign;
      }
    return matrix;
  }
  return {};
}

std::optional<std::vector<float>> slim::buildHadamard(int64_t n) {
  if (n < 1)
    return std::nullopt;
  SignMatrix matrix;
  int64_t doublings = 0;
  for (int64_t m = n;; m /= 2, ++doublings) {
    matrix = buildPaley(m);
    if (matrix.size() > 0)
      break;
    if (m % 2 != 0)
      return std::nullopt;
  }
  for (; doublings > 0; --doublings) {
    int64_t m = matrix.rows();
    SignMatrix twice(2 * m, 2 * m);
    twice << matrix, matrix, matrix, -matrix;
    matrix = std::move(twice);
  }
  return std::vector<float>(matrix.data(), matrix.data() + matrix.size());
}

std::optional<std::vector<double>> slim::buildRandomRotation(int64_t n,
                                                             uint64_t seed) {
  std::optional<std::vector<float>> hadamard = buildHadamard(n);
  if (!hadamard)
    return std::nullopt;
  std::mt19937_64 engine(seed);
  std::vector<double> signs(n);
  for (double &sign : signs)
    sign = (engine() >> 63 ? 1 : -1) / std::sqrt(double(n));
  std::vector<double> rotation(n * n);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j)
      rotation[i * n + j] = double((*hadamard)[i * n + j]) * signs[j];
  return rotation;
}

void slim::rotateColumns(llvm::MutableArrayRef<float> matrix, int64_t rows,
                         int64_t columns, llvm::ArrayRef<double> rotation,
                         int64_t n) {
  assert(columns % n == 0 && "whole runs");
  ValueMap values(matrix.data(), rows, columns);
  RotationMap factor(rotation.data(), n, n);
  for (int64_t first = 0; first < columns; first += n)
    values.middleCols(first, n) =
        (values.middleCols(first, n).cast<double>() * factor).cast<float>();
}

void slim::rotateRows(llvm::MutableArrayRef<float> matrix, int64_t rows,
                      int64_t columns, llvm::ArrayRef<double> rotation,
                      int64_t n) {
  assert(rows % n == 0 && "whole runs");
  ValueMap values(matrix.data(), rows, columns);
  RotationMap factor(rotation.data(), n, n);
  for (int64_t first = 0; first < rows; first += n)
    values.middleRows(first, n) =
        (factor.transpose() * values.middleRows(first, n).cast<double>())
            .cast<float>();
}
