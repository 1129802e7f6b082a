//===- RoundingAlgorithm.h - Who picks scales and codes ---------*- C++ -*-===//
//
// A rounding algorithm turns a matrix into codes and scales of a scheme. The
// simplest takes the nearest code; others look at what the layer's inputs were
// in calibration, and change a code to make up for the error of another.
//
// Algorithms are registered under their names; a plug-in adds its own.
//
//===----------------------------------------------------------------------===//

#ifndef SLIM_NUMERICS_ROUNDINGALGORITHM_H
#define SLIM_NUMERICS_ROUNDINGALGORITHM_H

#include "slim/Numerics/QuantizationScheme.h"

namespace slim {

/// One layer, y = W x. The arrays are borrowed.
struct RoundingProblem {
  /// W, row-major [rows x columns], finite.
  llvm::ArrayRef<float> weight;
  int64_t rows = 0;
  int64_t columns = 0;
  QuantizationScheme scheme;
  /// E[x x^T], [columns x columns], row-major and symmetric; empty without
  /// calibration.
  llvm::ArrayRef<float> secondMoment;
  /// E[x_j^2], [columns]: the diagonal of `secondMoment`, which may be given
  /// alone; empty without calibration.
  llvm::ArrayRef<float> meanSquare;
};

/// What algorithms can be told. Each uses what concerns it.
struct RoundingOptions {
  /// GPTQ: treat columns in descending order of their mean square.
  bool actOrder = true;
  /// GPTQ: choose all scales before the first code. Without, those of a block
  /// are chosen when the sweep reaches it, which act-order does not allow.
  bool staticGroups = true;
  /// GPTQ: what is added to the diagonal of the Hessian, as a share of its
  /// mean.
  double damping = 0.01;
  /// GPTQ: columns after which pending updates are applied.
  int64_t blockSize = 128;
  /// Steps of an iterative algorithm; 0 for its own default.
  int64_t iterations = 0;
  /// How block scales are chosen, where the algorithm leaves a choice.
  ScaleSearch scaleSearch = ScaleSearch::MeanSquaredError;
  /// Of all pseudo-random choices.
  uint64_t seed = 0;

  /// Reads "key=value" pairs: act-order, static-groups, damping,
  /// block-size, iterations,
  /// scale-search (absmax or mse), seed. Fails, naming the pair and what would
  /// be right.
  static llvm::Expected<RoundingOptions>
  parse(llvm::ArrayRef<std::string> pairs);
};

class RoundingAlgorithm {
public:
  virtual ~RoundingAlgorithm();

  /// The name in options and reports: "rtn", "gptq".
  virtual llvm::StringRef getName() const = 0;
  /// One line for a list of algorithms.
  virtual llvm::StringRef getDescription() const = 0;
  /// Whether a problem must come with its second moment.
  virtual bool needsSecondMoment() const { return false; }

  /// Fails, with the reason, if the algorithm cannot work in `scheme`. By
  /// default where the scheme is contradictory or its codebook not learned.
  virtual llvm::Error checkScheme(const QuantizationScheme &scheme) const;

  /// Picks scales and codes. The problem passes `checkProblem`.
  virtual llvm::Expected<QuantizedMatrix>
  quantize(const RoundingProblem &problem,
           const RoundingOptions &options) const = 0;

  /// Fails, with the reason, if the algorithm cannot work on `problem`: its
  /// scheme, arrays that do not fit, missing statistics.
  llvm::Error checkProblem(const RoundingProblem &problem) const;
};

/// Makes `algorithm` known under its name, in place of one of that name.
void registerRoundingAlgorithm(std::unique_ptr<RoundingAlgorithm> algorithm);

/// The algorithm called `name`; null if there is no such.
const RoundingAlgorithm *getRoundingAlgorithm(llvm::StringRef name);

/// The names of all algorithms, sorted.
llvm::SmallVector<std::string> getRoundingAlgorithmNames();

/// The mean square of a layer's output, summed over its rows: tr(W H W^T) for
/// inputs with second moment H. `secondMoment` may be the diagonal alone,
/// [columns]; then correlations between inputs count as zero.
double measureOutput(llvm::ArrayRef<float> weight, int64_t rows,
                     int64_t columns, llvm::ArrayRef<float> secondMoment);

/// The squared error of a layer's output relative to the output's square, in
/// the mean over the inputs with second moment H:
///
///   tr((W - W') H (W - W')^T) / tr(W H W^T)
///
/// 0 if there is no difference.
double relativeOutputError(llvm::ArrayRef<float> weight,
                           llvm::ArrayRef<float> quantized, int64_t rows,
                           int64_t columns, llvm::ArrayRef<float> secondMoment);

} // namespace slim

#endif // SLIM_NUMERICS_ROUNDINGALGORITHM_H
