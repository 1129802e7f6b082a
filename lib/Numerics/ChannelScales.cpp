//===- ChannelScales.cpp - Scales between activations and weights ---------===//

#include "slim/Numerics/ChannelScales.h"

#include "SecondMoment.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

using namespace slim;

/// The grid of exponents; the authors'.
static constexpr int kExponents = 20;

std::vector<float> slim::computeColumnAbsMax(llvm::ArrayRef<LayerWeight> layers,
                                             int64_t columns) {
  std::vector<float> absMax(columns);
  for (const LayerWeight &layer : layers)
    for (int64_t row = 0; row < layer.rows; ++row)
      for (int64_t j = 0; j < columns; ++j)
        absMax[j] =
            std::max(absMax[j], std::fabs(layer.values[row * columns + j]));
  return absMax;
}

std::vector<float>
slim::computeSmoothingScales(llvm::ArrayRef<float> inputAbsMax,
                             llvm::ArrayRef<float> weightAbsMax,
                             double strength) {
  assert(inputAbsMax.size() == weightAbsMax.size() && "one of each a channel");
  std::vector<float> scales;
  for (auto [input, weight] : llvm::zip_equal(inputAbsMax, weightAbsMax)) {
    double scale = std::pow(double(input), strength) /
                   std::pow(double(weight), 1 - strength);
    bool isUsable = input > 0 && weight > 0 && std::isfinite(scale) &&
                    scale >= 1e-5 && scale <= 1e5;
    scales.push_back(isUsable ? float(scale) : 1.0f);
  }
  return scales;
}

/// The mean over all rows of |w| relative to the largest magnitude of its block
/// in the row.
static std::vector<double>
computeRelativeMeans(llvm::ArrayRef<LayerWeight> layers, int64_t columns,
                     const QuantizationScheme &scheme) {
  std::vector<double> means(columns);
  int64_t width = scheme.block.columns ? scheme.block.columns : columns;
  int64_t rows = 0;
  for (const LayerWeight &layer : layers) {
    rows += layer.rows;
    for (int64_t row = 0; row < layer.rows; ++row)
      for (int64_t first = 0; first < columns; first += width) {
        llvm::ArrayRef<float> part = layer.values.slice(
            row * columns + first, std::min(width, columns - first));
        float absMax = 0;
        for (float value : part)
          absMax = std::max(absMax, std::fabs(value));
        if (absMax > 0)
          for (auto [j, value] : llvm::enumerate(part))
            means[first + j] += std::fabs(value) / absMax;
      }
  }
  for (double &mean : means)
    mean /= double(std::max<int64_t>(1, rows));
  return means;
}

double slim::measureScaledError(const LayerWeight &layer, int64_t columns,
                                const QuantizationScheme &scheme,
                                llvm::ArrayRef<float> scales,
                                llvm::ArrayRef<float> secondMoment) {
  std::vector<float> values(layer.values);
  for (int64_t i = 0, e = values.size(); i < e; ++i)
    values[i] *= scales[i % columns];
  QuantizedMatrix matrix = chooseScales(scheme, values, layer.rows, columns);
  encodeMatrix(scheme, values, matrix);
  decodeMatrix(scheme, matrix, values);
  for (int64_t i = 0, e = values.size(); i < e; ++i)
    values[i] = layer.values[i] - values[i] / scales[i % columns];

  if (int64_t(secondMoment.size()) == columns) {
    double sum = 0;
    for (int64_t i = 0, e = values.size(); i < e; ++i)
      sum += double(values[i]) * values[i] * secondMoment[i % columns];
    return sum;
  }
  assert(int64_t(secondMoment.size()) == columns * columns &&
         "a second moment or its diagonal");
  ConstFloatMatrixMap differences(values.data(), layer.rows, columns);
  ConstFloatMatrixMap moment(secondMoment.data(), columns, columns);
  // Sums in the order of the rows, whatever the order of the threads.
  std::vector<double> errors(layer.rows);
  forEachRowRange(layer.rows, 1, [&](int64_t begin, int64_t end) {
    auto part = differences.middleRows(begin, end - begin);
    FloatMatrix products = part * moment;
    for (int64_t row = begin; row < end; ++row)
      errors[row] = products.row(row - begin).dot(differences.row(row));
  });
  double sum = 0;
  for (double error : errors)
    sum += error;
  return sum;
}

/// Keeps the best of the scales that are tried.
static ChannelScaleSearch
searchScales(int64_t columns,
             llvm::function_ref<double(llvm::ArrayRef<float>)> measure,
             llvm::function_ref<std::vector<float>(double)> getScales) {
  ChannelScaleSearch best;
  best.scales.assign(columns, 1);
  best.error = best.plainError = measure(best.scales);
  for (int step = 0; step < kExponents; ++step) {
    double exponent = double(step) / kExponents;
    std::vector<float> scales = getScales(exponent);
    double error = measure(scales);
    if (error >= best.error)
      continue;
    best.error = error;
    best.exponent = exponent;
    best.scales = std::move(scales);
  }
  return best;
}

ChannelScaleSearch
slim::searchSmoothingScales(llvm::ArrayRef<LayerWeight> layers, int64_t columns,
                            const QuantizationScheme &scheme,
                            const ActivationRange &activation,
                            llvm::ArrayRef<float> secondMoment) {
  std::vector<float> weightAbsMax = computeColumnAbsMax(layers, columns);
  // The sum of squares of each column.
  std::vector<double> energy(columns);
  for (const LayerWeight &layer : layers)
    for (int64_t i = 0, e = layer.values.size(); i < e; ++i)
      energy[i % columns] += double(layer.values[i]) * layer.values[i];
  auto measure = [&](llvm::ArrayRef<float> scales) {
    double error = 0;
    for (const LayerWeight &layer : layers)
      error += measureScaledError(layer, columns, scheme, scales, secondMoment);
    double absMax = 0, gain = 0;
    for (int64_t j = 0; j < columns; ++j) {
      absMax = std::max(absMax, double(activation.absMax[j]) / scales[j]);
      gain += energy[j] * scales[j] * scales[j];
    }
    double width = 2 * activation.share * absMax /
                   double((int64_t(1) << activation.bits) - 1);
    return error + width * width / 12 * gain;
  };
  return searchScales(columns, measure, [&](double strength) {
    return computeSmoothingScales(activation.absMax, weightAbsMax, strength);
  });
}

ChannelScaleSearch
slim::searchChannelScales(llvm::ArrayRef<LayerWeight> layers, int64_t columns,
                          const QuantizationScheme &scheme,
                          llvm::ArrayRef<float> inputAbsMean,
                          llvm::ArrayRef<float> secondMoment) {
  assert(int64_t(inputAbsMean.size()) == columns && "one a channel");
  auto measure = [&](llvm::ArrayRef<float> scales) {
    double error = 0;
    for (const LayerWeight &layer : layers)
      error += measureScaledError(layer, columns, scheme, scales, secondMoment);
    return error;
  };
  std::vector<double> means = computeRelativeMeans(layers, columns, scheme);
  return searchScales(columns, measure, [&](double exponent) {
    std::vector<float> scales(columns);
    double least = std::numeric_limits<double>::infinity(), greatest = 0;
    for (int64_t j = 0; j < columns; ++j) {
      double scale = std::pow(double(inputAbsMean[j]), exponent) /
                     (std::pow(means[j], 1 - exponent) + 1e-4);
      scale = std::max(scale, 1e-4);
      scales[j] = float(scale);
      least = std::min(least, scale);
      greatest = std::max(greatest, scale);
    }
    for (float &scale : scales)
      scale /= float(std::sqrt(least * greatest));
    return scales;
  });
}
