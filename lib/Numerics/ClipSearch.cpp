//===- ClipSearch.cpp - Scales of least output error ----------------------===//
//
// The clip search of AWQ (Lin et al., "AWQ: Activation-aware Weight
// Quantization for LLM Compression and Acceleration", arXiv 2306.00978): of
// each block the scale is taken, among those of the block's range shrunk in
// steps, that gives the least error of the output that the block contributes,
//
//   tr(D_b H_bb D_b^T)
//
// with the correlations between the inputs of a block, in contrast to algorithm
// "mse". Codes are the nearest ones. The other half of AWQ, the scales of input
// channels, is in ChannelScales.h.
//
//===----------------------------------------------------------------------===//

#include "RoundingAlgorithms.h"
#include "SecondMoment.h"

using namespace slim;

/// The authors' grid: down to half the range.
static constexpr int kSteps = 20;
static constexpr int kCandidates = 10;

namespace {

class ClipSearch : public RoundingAlgorithm {
public:
  llvm::StringRef getName() const override { return "awq-clip"; }
  llvm::StringRef getDescription() const override {
    return "round to nearest with ranges clipped for the least error of the "
           "output of each block (AWQ's clip search)";
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
    BlockGrid grid(scheme.block, problem.rows, problem.columns);
    forEachRowRange(
        problem.rows, grid.blockRows, [&](int64_t begin, int64_t end) {
          for (int64_t column = 0; column < problem.columns;
               column += grid.blockColumns)
            search(problem, scheme, grid, begin, end, column, *matrix);
        });
    encodeMatrix(problem.scheme, problem.weight, *matrix);
    return matrix;
  }

private:
  /// Chooses the scales of the blocks in the rows [begin, end) whose first
  /// column is `column`.
  static void search(const RoundingProblem &problem,
                     const QuantizationScheme &scheme, const BlockGrid &grid,
                     int64_t begin, int64_t end, int64_t column,
                     QuantizedMatrix &matrix) {
    int64_t rows = end - begin;
    int64_t width = std::min(grid.blockColumns, problem.columns - column);
    auto weight = ConstFloatMatrixMap(problem.weight.data(), problem.rows,
                                      problem.columns)
                      .block(begin, column, rows, width);
    auto moment = ConstFloatMatrixMap(problem.secondMoment.data(),
                                      problem.columns, problem.columns)
                      .block(column, column, width, width);

    int64_t firstBlock = grid.indexOf(begin, column);
    int64_t blocks = (rows + grid.blockRows - 1) / grid.blockRows;
    std::vector<BlockScale> best(blocks), tried(blocks);
    std::vector<double> bestError(blocks,
                                  std::numeric_limits<double>::infinity());
    FloatMatrix differences(rows, width), products;
    // What chooseStart found comes first, then shrunk ranges.
    for (int candidate = -1; candidate < kCandidates; ++candidate) {
      float factor = 1 - float(std::max(candidate, 0)) / float(kSteps);
      std::vector<float> block;
      for (int64_t i = 0; i < blocks; ++i) {
        int64_t index = firstBlock + i * grid.gridColumns;
        if (candidate < 0) {
          tried[i] = getBlockScale(matrix, index);
          continue;
        }
        grid.gather(index, problem.weight, block);
        for (float &value : block)
          value *= factor;
        tried[i] = chooseScale(scheme, block, {}, ScaleSearch::AbsMax,
                               matrix.tensorScale);
      }
      for (int64_t row = 0; row < rows; ++row) {
        const BlockScale &scale = tried[row / grid.blockRows];
        for (int64_t j = 0; j < width; ++j) {
          float value = weight(row, j);
          differences(row, j) =
              value -
              decodeValue(scheme, scale, encodeValue(scheme, scale, value));
        }
      }
      products.noalias() = differences * moment;
      for (int64_t i = 0; i < blocks; ++i) {
        double error = 0;
        for (int64_t row = i * grid.blockRows,
                     last = std::min(rows, row + grid.blockRows);
             row < last; ++row)
          error += differences.row(row).dot(products.row(row));
        if (error >= bestError[i])
          continue;
        bestError[i] = error;
        best[i] = tried[i];
      }
    }
    for (int64_t i = 0; i < blocks; ++i) {
      int64_t index = firstBlock + i * grid.gridColumns;
      matrix.scales[index] = best[i].stored;
      if (scheme.asymmetric)
        matrix.zeroPoints[index] = int8_t(best[i].zeroPoint);
    }
  }
};

} // namespace

std::unique_ptr<RoundingAlgorithm> slim::createClipSearch() {
  return std::make_unique<ClipSearch>();
}
