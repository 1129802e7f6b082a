//===- Gptq.cpp - Rounding that makes up for its errors -------------------===//
//
// GPTQ (Frantar et al., "GPTQ: Accurate Post-Training Quantization for
// Generative Pre-trained Transformers", arXiv 2210.17323). Columns are rounded
// one after the other; the columns that are still to come take over the error
// of each so that the output changes least. With U upper triangular,
// U^T U = (H + damping)^-1:
//
//   e = (w_j - q_j) / U_jj        w_k -= e U_jk   for all k > j
//
// Columns are treated in descending order of their mean square (act-order), so
// that the important ones are rounded while many others can make up for them.
// Scales are those of the weight as it was (static groups), which is also what
// lets blocks be ranges of the weight's own columns; without act-order they can
// be chosen when the sweep reaches a block, for what its values are by then.
// Updates beyond a batch of columns wait for the end of the batch and become
// one product of matrices.
//
// Columns that no input uses are rounded to nearest. The authors set them to
// zero; calibration cannot tell the difference.
//
//===----------------------------------------------------------------------===//

#include "RoundingAlgorithms.h"
#include "SecondMoment.h"

#include <numeric>

using namespace slim;

namespace {

/// The sweep over the columns for ranges of rows.
class Sweep {
public:
  Sweep(const RoundingProblem &problem, const QuantizationScheme &scheme,
        const RoundingOptions &options, QuantizedMatrix &matrix)
      : problem(problem), scheme(scheme), options(options), matrix(matrix),
        grid(scheme.block, problem.rows, problem.columns),
        meanSquares(getMeanSquares(problem)), order(problem.columns) {
    std::iota(order.begin(), order.end(), 0);
    if (options.actOrder)
      llvm::sort(order, [&](int64_t a, int64_t b) {
        return std::pair(-meanSquares[a], a) < std::pair(-meanSquares[b], b);
      });
    factor = computeInverseFactor(
        ConstFloatMatrixMap(problem.secondMoment.data(), problem.columns,
                            problem.columns),
        order, options.damping);
    batch = std::min(options.blockSize, std::max<int64_t>(1, problem.columns));
    // A block whose scale is chosen on the way is up to date as a whole only
    // if it lies in one batch.
    if (!options.staticGroups)
      batch = std::max(grid.blockColumns,
                       batch / grid.blockColumns * grid.blockColumns);
  }

  /// Ranges of rows start at multiples of this.
  int64_t getGranularity() const {
    return options.staticGroups ? 1 : grid.blockRows;
  }

  void run(int64_t rowBegin, int64_t rowEnd) {
    int64_t rows = rowEnd - rowBegin, columns = problem.columns;
    FloatMatrix values(rows, columns);
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t j = 0; j < columns; ++j)
        values(row, j) = problem.weight[(rowBegin + row) * columns + order[j]];

    FloatMatrix errors(rows, batch);
    for (int64_t begin = 0; begin < columns; begin += batch) {
      int64_t end = std::min(columns, begin + batch);
      int64_t width = options.staticGroups ? end - begin : grid.blockColumns;
      for (int64_t first = begin; first < end; first += width) {
        int64_t last = std::min(end, first + width);
        if (!options.staticGroups)
          chooseScales(values, rowBegin, rowEnd, first);
        for (int64_t row = 0; row < rows; ++row)
          roundRow(&values(row, 0), &errors(row, 0), rowBegin + row, begin,
                   first, last, end);
      }
      if (end < columns)
        values.rightCols(columns - end).noalias() -=
            errors.leftCols(end - begin) *
            factor.block(begin, end, end - begin, columns - end);
    }
  }

private:
  /// Rounds the columns [first, last) of a batch [begin, end) of one row.
  void roundRow(float *values, float *errors, int64_t row, int64_t begin,
                int64_t first, int64_t last, int64_t end) {
    int64_t block = row / grid.blockRows * grid.gridColumns;
    int8_t *codes = matrix.codes.data() + row * problem.columns;
    for (int64_t j = first; j < last; ++j) {
      BlockScale scale =
          getBlockScale(matrix, block + order[j] / grid.blockColumns);
      int32_t code = encodeValue(scheme, scale, values[j]);
      codes[order[j]] = int8_t(code);
      const float *update = factor.data() + j * problem.columns;
      float error = (values[j] - decodeValue(scheme, scale, code)) / update[j];
      errors[j - begin] = error;
      for (int64_t k = j + 1; k < end; ++k)
        values[k] -= error * update[k];
    }
  }

  /// Chooses the scales of the blocks whose first column is `column`.
  void chooseScales(const FloatMatrix &values, int64_t rowBegin, int64_t rowEnd,
                    int64_t column) {
    int64_t width = std::min(grid.blockColumns, problem.columns - column);
    std::vector<float> block, importance;
    for (int64_t row = rowBegin; row < rowEnd; row += grid.blockRows) {
      block.clear();
      importance.clear();
      for (int64_t r = row; r < std::min(rowEnd, row + grid.blockRows); ++r) {
        const float *part = &values(r - rowBegin, column);
        block.insert(block.end(), part, part + width);
        importance.insert(importance.end(), meanSquares.begin() + column,
                          meanSquares.begin() + column + width);
      }
      BlockScale scale = chooseScale(scheme, block, importance,
                                     options.scaleSearch, matrix.tensorScale);
      int64_t index = grid.indexOf(row, column);
      matrix.scales[index] = scale.stored;
      if (scheme.asymmetric)
        matrix.zeroPoints[index] = int8_t(scale.zeroPoint);
    }
  }

  const RoundingProblem &problem;
  const QuantizationScheme &scheme;
  const RoundingOptions &options;
  QuantizedMatrix &matrix;
  BlockGrid grid;
  std::vector<float> meanSquares;
  /// The columns as they are treated.
  std::vector<int64_t> order;
  /// U of the columns as they are treated.
  FloatMatrix factor;
  int64_t batch;
};

class Gptq : public RoundingAlgorithm {
public:
  llvm::StringRef getName() const override { return "gptq"; }
  llvm::StringRef getDescription() const override {
    return "column by column, later columns making up for the errors of "
           "earlier ones (GPTQ)";
  }
  bool needsSecondMoment() const override { return true; }

  llvm::Error checkScheme(const QuantizationScheme &scheme) const override {
    return scheme.verify();
  }

  llvm::Expected<QuantizedMatrix>
  quantize(const RoundingProblem &problem,
           const RoundingOptions &options) const override {
    if (options.actOrder && !options.staticGroups)
      return llvm::createStringError(
          "act-order needs static-groups: a block's columns come at different "
          "times");
    llvm::Expected<QuantizedMatrix> matrix = chooseStart(problem, options);
    if (!matrix)
      return matrix.takeError();
    QuantizationScheme scheme = getLearnedScheme(problem.scheme, *matrix);
    matrix->codes.assign(problem.weight.size(), 0);
    Sweep sweep(problem, scheme, options, *matrix);
    forEachRowRange(problem.rows, sweep.getGranularity(),
                    [&](int64_t begin, int64_t end) { sweep.run(begin, end); });
    return matrix;
  }
};

} // namespace

std::unique_ptr<RoundingAlgorithm> slim::createGptq() {
  return std::make_unique<Gptq>();
}
