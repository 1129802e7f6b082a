//===- HalfQuadratic.cpp - Half-quadratic quantization --------------------===//
//
// HQQ (Badri and Shaji, "Half-Quadratic Quantization of Large Machine Learning
// Models", 2023): scales and zero points that minimize the sum of
// |w - w'|^p with p < 1, so that the few weights that a block cannot hold count
// less than squared. No calibration. The error is split: W ~ W' + E, with E
// sparse, and three steps alternate while a weight beta on the rest grows:
//
//   codes   q = round((W / s) + z)
//   errors  E = shrink(W - W'), shrink(x) = sign(x) max(0, |x| -
//   |x|^(p-1)/beta) blocks  z and s that are nearest to W - E for the codes q
//
// The authors keep s, and z is a float. Zero points are integers here, so that
// z alone would hardly move: s follows by least squares. Symmetric formats have
// only s. The best of all steps and of the plain scale is taken.
//
//===----------------------------------------------------------------------===//

#include "RoundingAlgorithms.h"

#include <cmath>

using namespace slim;

/// The authors' constants.
static constexpr float kNorm = 0.7f;
static constexpr float kFirstBeta = 10;
static constexpr float kBetaGrowth = 1.01f;
static constexpr int64_t kIterations = 20;

static float shrink(float x, float beta) {
  float magnitude = std::fabs(x);
  if (magnitude == 0)
    return 0;
  float rest = magnitude - std::pow(magnitude, kNorm - 1) / beta;
  return rest > 0 ? std::copysign(rest, x) : 0.0f;
}

/// sum |w - w'|^p.
static double measure(const QuantizationScheme &scheme, const BlockScale &scale,
                      llvm::ArrayRef<float> values) {
  double sum = 0;
  for (float value : values)
    sum += std::pow(
        std::fabs(value - decodeValue(scheme, scale,
                                      encodeValue(scheme, scale, value))),
        kNorm);
  return sum;
}

static BlockScale optimize(const QuantizationScheme &scheme, BlockScale scale,
                           llvm::ArrayRef<float> values, float tensorScale,
                           int64_t iterations) {
  // The shrinkage is relative to the size of the values: theirs are those of
  // a trained layer.
  double square = 0;
  for (float value : values)
    square += double(value) * value;
  if (square == 0)
    return scale;
  float unit = float(std::sqrt(square / double(values.size())));

  BlockScale best = scale;
  double bestError = measure(scheme, scale, values);
  float beta = kFirstBeta;
  IntegerRange range = scheme.getRange();
  for (int64_t i = 0; i < iterations; ++i, beta *= kBetaGrowth) {
    double zeroSum = 0, product = 0, numbers = 0;
    for (float value : values) {
      int32_t code = encodeValue(scheme, scale, value);
      float decoded = decodeValue(scheme, scale, code);
      float target = value - unit * shrink((value - decoded) / unit, beta);
      float number = scheme.format.decode(code);
      zeroSum += number - target / scale.scale;
      product += double(number - float(scale.zeroPoint)) * target;
      numbers += double(number - float(scale.zeroPoint)) *
                 (number - float(scale.zeroPoint));
    }
    if (!(numbers > 0 && product > 0))
      break;
    BlockScale next;
    next.stored =
        roundScale(scheme.scale, float(product / numbers), tensorScale);
    next.scale = next.stored * tensorScale;
    if (scheme.asymmetric)
      next.zeroPoint =
          int32_t(roundSaturate(zeroSum / double(values.size()), range));
    if (next.stored == scale.stored && next.zeroPoint == scale.zeroPoint)
      break;
    scale = next;
    double error = measure(scheme, scale, values);
    if (error >= bestError)
      continue;
    bestError = error;
    best = scale;
  }
  return best;
}

namespace {

class HalfQuadratic : public RoundingAlgorithm {
public:
  llvm::StringRef getName() const override { return "hqq"; }
  llvm::StringRef getDescription() const override {
    return "scales and zero points of least error in a norm that forgives "
           "outliers (HQQ); no calibration";
  }

  llvm::Expected<QuantizedMatrix>
  quantize(const RoundingProblem &problem,
           const RoundingOptions &options) const override {
    const QuantizationScheme &scheme = problem.scheme;
    int64_t columns = problem.columns;
    QuantizedMatrix matrix = chooseScales(scheme, problem.weight, problem.rows,
                                          columns, {}, options.scaleSearch);
    BlockGrid grid(scheme.block, problem.rows, columns);
    int64_t iterations = options.iterations ? options.iterations : kIterations;
    std::vector<float> block;
    for (int64_t index = 0; index < grid.size(); ++index) {
      grid.gather(index, problem.weight, block);
      BlockScale scale = optimize(scheme, getBlockScale(matrix, index), block,
                                  matrix.tensorScale, iterations);
      matrix.scales[index] = scale.stored;
      if (scheme.asymmetric)
        matrix.zeroPoints[index] = int8_t(scale.zeroPoint);
    }
    encodeMatrix(scheme, problem.weight, matrix);
    return matrix;
  }
};

} // namespace

std::unique_ptr<RoundingAlgorithm> slim::createHalfQuadratic() {
  return std::make_unique<HalfQuadratic>();
}
