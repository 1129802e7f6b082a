//===- Reconstruct.h - Learning weights block by block ----------*- C++ -*-===//
//
// A block is a region of the model between two values through which everything
// passes that depends on weights: the layers between two norms of a
// transformer's residual stream, a residual block of a convolution net, a layer
// of a plain chain. Blocks are taken in order; each is compiled with its
// weights as arguments, once forwards and once with gradients, and weights are
// learned that keep its output near that of the dense model (BRECQ, arXiv
// 2102.05426; AutoRound, arXiv 2309.05516). Blocks that are equal but for their
// weights share the code.
//
// Memory holds, besides the model, the values between two blocks for each
// sample: of the dense model, of the one with the new weights, and the targets.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_CALIBRATE_RECONSTRUCT_H
#define SLIM_CALIBRATE_RECONSTRUCT_H

#include "slim/Calibrate/Calibrate.h"

namespace slim {

struct ReconstructionOptions {
  /// Samples, entry, threads and progress.
  CalibrationOptions run;
  /// Neighbouring regions are one block until it has so many learned weights.
  int64_t blockWeights = 1;
  /// Later blocks see what earlier ones give with their new weights, instead of
  /// what they give with dense ones.
  bool changedInputs = true;
};

/// A weight that is learned.
struct BlockWeight {
  std::string name;
  /// Row-major, in the dense weight's shape: what the block runs with, at first
  /// what `ReconstructionWeights` says.
  std::vector<float> values;
};

/// One block, to be run with any weights.
class BlockRunner {
public:
  virtual ~BlockRunner();

  /// Counts from 0.
  virtual int64_t getNumber() const = 0;
  virtual int64_t getSamples() const = 0;
  /// The learned weights; their values may be set between runs.
  virtual MutableArrayRef<BlockWeight> getWeights() = 0;
  /// Compiles what getGradients runs. Reports what fails.
  virtual LogicalResult prepareGradients() = 0;
  /// Runs the block on `samples` and sets `gradients` to the gradient of the
  /// squared error of its outputs with respect to each weight, summed over the
  /// samples and not scaled.
  virtual llvm::Error
  getGradients(ArrayRef<int64_t> samples,
               MutableArrayRef<std::vector<float>> gradients) = 0;
  /// Runs the block on all samples and returns the squared error of its outputs
  /// over the squares of their targets.
  virtual llvm::Expected<double> getError() = 0;
  /// Calls `work` with 0 to `count` - 1, in parallel.
  virtual void parallelFor(size_t count,
                           llvm::function_ref<void(size_t)> work) = 0;
  /// Shows that `done` of `total` steps are done.
  virtual void showProgress(int64_t done, int64_t total) = 0;
};

/// What weights become at first, by name: those that are learned, which are
/// f32, and others that are changed as well. Values are row-major, in the shape
/// of the dense weight.
struct ReconstructionWeights {
  /// Whether a weight is learned.
  llvm::function_ref<bool(StringRef name)> isLearned;
  /// The values of a learned or changed weight; nothing for one that stays.
  llvm::function_ref<FailureOr<std::vector<float>>(StringRef name)> load;
};

/// Goes through the blocks of `module`, which stays as it is, and calls `learn`
/// for each that has learned weights. What it leaves as values is what later
/// blocks see. Weights that ops of several blocks read are not learned. Reports
/// what fails.
LogicalResult reconstructBlocks(
    ModuleOp module, const DataSet &data, const ReconstructionOptions &options,
    const ProgramCompiler &compile, const ReconstructionWeights &weights,
    llvm::function_ref<LogicalResult(BlockRunner &)> learn);

} // namespace slim

#endif // SLIM_CALIBRATE_RECONSTRUCT_H
