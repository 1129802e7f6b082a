//===- SignRound.cpp - Learned rounding -----------------------------------===//
//
// AutoRound (Cheng et al., "Optimize Weight Rounding via Signed Gradient
// Descent for the Quantization of LLMs", arXiv 2309.05516): an offset V in
// [-0.5, 0.5] is learned for each weight,
//
//   W' = s * nearest(W / s + V * gap)
//
// where the gap is the distance of the numbers on both sides of W / s: 1 for
// integers. The loss is that of the layer's output, tr(D H D^T), D = W - W',
// whose gradient with respect to V has, passed straight through the rounding,
// the sign of -D H. V follows the sign in steps that decrease linearly, and the
// best codes on the way are kept.
//
// The authors run the layer on samples and let scales follow a gradient as
// well. With the second moment in place of samples, a step changes D H only
// where a code flips, so that one costs a small fraction of a product; and the
// scale that is best for given codes, the others fixed, is known exactly. So
// scales are refitted a few times in between, within bounds.
//
//===----------------------------------------------------------------------===//

#include "RoundingAlgorithms.h"
#include "SecondMoment.h"

using namespace slim;

/// Steps of the descent; the authors'.
static constexpr int64_t kIterations = 200;
/// How many times scales are refitted.
static constexpr int64_t kRefits = 8;
/// How far scales may go from where they start.
static constexpr float kMinScale = 0.5f, kMaxScale = 1.5f;

namespace {

/// The descent for a range of rows, whose blocks belong to it alone.
class Descent {
public:
  Descent(const RoundingProblem &problem, const QuantizationScheme &scheme,
          QuantizedMatrix &matrix, int64_t rowBegin, int64_t rowEnd)
      : problem(problem), scheme(scheme), matrix(matrix),
        grid(scheme.block, problem.rows, problem.columns), rowBegin(rowBegin),
        rows(rowEnd - rowBegin), columns(problem.columns),
        moment(problem.secondMoment.data(), columns, columns),
        targets(rows, columns), offsets(FloatMatrix::Zero(rows, columns)),
        numbers(rows, columns), gaps(FloatMatrix::Ones(rows, columns)),
        differences(rows, columns), codes(rows * columns),
        bestCodes(rows * columns), roundCodes(rows * columns), roundLoss(rows) {
    int64_t firstBlock = rowBegin / grid.blockRows;
    int64_t lastBlock = (rowEnd - 1) / grid.blockRows;
    for (int64_t i = firstBlock * grid.gridColumns,
                 e = (lastBlock + 1) * grid.gridColumns;
         i < e; ++i)
      scales.push_back(getBlockScale(matrix, i));
    firstScales = bestScales = scales;
    bestLoss.assign(lastBlock - firstBlock + 1,
                    std::numeric_limits<double>::infinity());
    table = getNumbers(scheme.format);
  }

  /// Leaves the best scales and codes in the matrix.
  void run(int64_t iterations) {
    start();
    int64_t period = std::max<int64_t>(1, iterations / (kRefits + 1));
    for (int64_t step = 0; step < iterations; step += period) {
      if (step) {
        refitScales();
        setTargets();
      }
      int64_t end = std::min(iterations, step + period);
      for (int64_t row = 0; row < rows; ++row) {
        roundLoss[row] = std::numeric_limits<double>::infinity();
        if (step == 0)
          keepCodes(row);
        for (int64_t i = step; i < end; ++i)
          descend(row, float(iterations - i) / float(iterations * iterations));
      }
      keepBest();
    }
    finish();
  }

private:
  BlockScale &getScale(int64_t row, int64_t column) {
    return scales[(row + rowBegin % grid.blockRows) / grid.blockRows *
                      grid.gridColumns +
                  column / grid.blockColumns];
  }

  int32_t encode(float target) const {
    if (scheme.asymmetric)
      return int32_t(roundSaturate(double(target), scheme.getRange()));
    return scheme.format.encode(target);
  }

  float getGap(float target) const {
    if (table.size() < 2)
      return 1;
    auto above = std::upper_bound(table.begin(), table.end(), target);
    above = std::clamp(above, table.begin() + 1, table.end() - 1);
    return *above - *(above - 1);
  }

  /// The quotients of weights and scales, as codes see them.
  void setTargets() {
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t j = 0; j < columns; ++j) {
        const BlockScale &scale = getScale(row, j);
        float target = scale.divide(getWeight(row, j)) + float(scale.zeroPoint);
        targets(row, j) = target;
        if (!table.empty())
          gaps(row, j) = getGap(target);
      }
  }

  float getWeight(int64_t row, int64_t column) const {
    return problem.weight[(rowBegin + row) * columns + column];
  }

  /// Round to nearest.
  void start() {
    setTargets();
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t j = 0; j < columns; ++j) {
        const BlockScale &scale = getScale(row, j);
        int32_t code = encode(targets(row, j));
        codes[row * columns + j] = int8_t(code);
        float number = scheme.format.decode(code) - float(scale.zeroPoint);
        numbers(row, j) = number;
        differences(row, j) = getWeight(row, j) - number * scale.scale;
      }
    products.noalias() = differences * moment;
  }

  void keepCodes(int64_t row) {
    double loss = differences.row(row).dot(products.row(row));
    if (loss >= roundLoss[row])
      return;
    roundLoss[row] = loss;
    std::copy_n(codes.begin() + row * columns, columns,
                roundCodes.begin() + row * columns);
  }

  /// One step for one row.
  void descend(int64_t row, float rate) {
    flips.clear();
    for (int64_t j = 0; j < columns; ++j) {
      float slope = products(row, j);
      if (slope == 0)
        continue;
      float offset = offsets(row, j) + (slope > 0 ? rate : -rate);
      offset = std::clamp(offset, -0.5f, 0.5f);
      offsets(row, j) = offset;
      int32_t code = encode(targets(row, j) + offset * gaps(row, j));
      if (int8_t(code) == codes[row * columns + j])
        continue;
      codes[row * columns + j] = int8_t(code);
      const BlockScale &scale = getScale(row, j);
      float number = scheme.format.decode(code) - float(scale.zeroPoint);
      float change = (numbers(row, j) - number) * scale.scale;
      numbers(row, j) = number;
      flips.emplace_back(j, change);
    }
    for (auto [column, change] : flips) {
      differences(row, column) += change;
      products.row(row) += change * moment.row(column);
    }
    if (!flips.empty())
      keepCodes(row);
  }

  /// Sets each scale to the best one for the codes as they are.
  void refitScales() {
    FloatMatrix responses;
    for (int64_t first = 0; first < columns; first += grid.blockColumns) {
      int64_t width = std::min(grid.blockColumns, columns - first);
      responses.noalias() =
          numbers.middleCols(first, width) * moment.middleRows(first, width);
      for (int64_t row = 0; row < rows;) {
        int64_t end = std::min(rows, row + grid.blockRows -
                                         (rowBegin + row) % grid.blockRows);
        double slope = 0, curvature = 0;
        for (int64_t r = row; r < end; ++r) {
          slope += responses.row(r).dot(differences.row(r));
          curvature += responses.row(r)
                           .segment(first, width)
                           .dot(numbers.row(r).segment(first, width));
        }
        if (curvature > 0) {
          BlockScale &scale = getScale(row, first);
          float change = changeScale(scale, slope, curvature,
                                     firstScales[&scale - scales.data()]);
          for (int64_t r = row; r < end && change != 0; ++r) {
            differences.row(r).segment(first, width) -=
                change * numbers.row(r).segment(first, width);
            products.row(r) -= change * responses.row(r);
          }
        }
        row = end;
      }
    }
  }

  /// Moves `scale` where that lowers the loss, and returns by how much it
  /// moved. The loss changes by curvature c^2 - 2 slope c.
  float changeScale(BlockScale &scale, double slope, double curvature,
                    const BlockScale &first) {
    if (first.scale == 0)
      return 0;
    float wanted = std::clamp(scale.scale + float(slope / curvature),
                              kMinScale * first.scale, kMaxScale * first.scale);
    float stored = roundScale(scheme.scale, wanted, matrix.tensorScale);
    float change = stored * matrix.tensorScale - scale.scale;
    if (curvature * change * change - 2 * slope * change >= 0)
      return 0;
    scale.stored = stored;
    scale.scale = stored * matrix.tensorScale;
    return change;
  }

  /// The codes of this round become the best ones where the blocks' rows are
  /// better with them, taken together.
  void keepBest() {
    for (int64_t row = 0, band = 0; row < rows; ++band) {
      int64_t end = std::min(rows, row + grid.blockRows -
                                       (rowBegin + row) % grid.blockRows);
      double loss = 0;
      for (int64_t r = row; r < end; ++r)
        loss += roundLoss[r];
      if (loss < bestLoss[band]) {
        bestLoss[band] = loss;
        std::copy(roundCodes.begin() + row * columns,
                  roundCodes.begin() + end * columns,
                  bestCodes.begin() + row * columns);
        std::copy_n(scales.begin() + band * grid.gridColumns, grid.gridColumns,
                    bestScales.begin() + band * grid.gridColumns);
      }
      row = end;
    }
  }

  void finish() {
    llvm::copy(bestCodes, matrix.codes.begin() + rowBegin * columns);
    int64_t firstBlock = rowBegin / grid.blockRows * grid.gridColumns;
    for (auto [index, scale] : llvm::enumerate(bestScales))
      matrix.scales[firstBlock + index] = scale.stored;
  }

  const RoundingProblem &problem;
  const QuantizationScheme &scheme;
  QuantizedMatrix &matrix;
  BlockGrid grid;
  int64_t rowBegin, rows, columns;
  ConstFloatMatrixMap moment;
  /// Of floats and codebooks: the numbers, ascending.
  std::vector<float> table;
  /// Of the blocks of these rows.
  std::vector<BlockScale> scales, firstScales, bestScales;
  /// W / s, V, the numbers of the codes, their distances, D, and D H.
  FloatMatrix targets, offsets, numbers, gaps, differences, products;
  std::vector<int8_t> codes, bestCodes;
  /// The best codes of each row since scales changed, and their loss.
  std::vector<int8_t> roundCodes;
  std::vector<double> roundLoss;
  /// Of the rows of each row of blocks.
  std::vector<double> bestLoss;
  std::vector<std::pair<int64_t, float>> flips;
};

class SignRound : public RoundingAlgorithm {
public:
  llvm::StringRef getName() const override { return "autoround"; }
  llvm::StringRef getDescription() const override {
    return "rounding offsets learned by signed gradient descent (AutoRound), "
           "with scales refitted";
  }
  bool needsSecondMoment() const override { return true; }

  llvm::Error checkScheme(const QuantizationScheme &scheme) const override {
    return scheme.verify();
  }

  llvm::Expected<QuantizedMatrix>
  quantize(const RoundingProblem &problem,
           const RoundingOptions &options) const override {
    llvm::Expected<QuantizedMatrix> matrix = chooseStart(problem, options);
    if (!matrix)
      return matrix.takeError();
    QuantizationScheme scheme = getLearnedScheme(problem.scheme, *matrix);
    matrix->codes.assign(problem.weight.size(), 0);
    BlockGrid grid(scheme.block, problem.rows, problem.columns);
    forEachRowRange(
        problem.rows, grid.blockRows, [&](int64_t begin, int64_t end) {
          Descent(problem, scheme, *matrix, begin, end)
              .run(options.iterations ? options.iterations : kIterations);
        });
    return matrix;
  }
};

} // namespace

std::unique_ptr<RoundingAlgorithm> slim::createSignRound() {
  return std::make_unique<SignRound>();
}
