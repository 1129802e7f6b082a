//===- Reconstruct.cpp - Learning weights block by block ------------------===//

#include "slim/Calibrate/Reconstruct.h"

#include "BlockProgram.h"
#include "SampleRunner.h"
#include "StoredTensor.h"

using namespace mlir;
using namespace slim;
using namespace slim::calibration;

BlockRunner::~BlockRunner() = default;

namespace {

/// Values between two blocks, of each sample.
using Store = llvm::DenseMap<Value, std::vector<StoredTensor>>;

/// The whole run.
class Reconstruction {
public:
  Reconstruction(ModuleOp module, const DataSet &data,
                 const ReconstructionOptions &options,
                 const ProgramCompiler &compile,
                 const ReconstructionWeights &weights)
      : module(module), data(data), options(options), weights(weights),
        runner(options.run.threads), programs(compile, runner.getSessions()) {}

  LogicalResult run(llvm::function_ref<LogicalResult(BlockRunner &)> learn);

private:
  friend class Learner;

  /// The data of `inputs` for one sample; `held` keeps the model's arguments.
  llvm::Expected<std::vector<slim_tensor>> getInputs(ArrayRef<Value> inputs,
                                                     const Store &store,
                                                     int64_t sample,
                                                     Sample &held) const;
  LogicalResult runForwards(Program &program, const BlockModule &block,
                            const ModelBlock &cut, const Store &before,
                            ArrayRef<slim_tensor> weightTensors, Store &after,
                            StringRef phase);
  LogicalResult
  runBlock(unsigned number, ArrayRef<ModelBlock> blocks,
           llvm::function_ref<LogicalResult(BlockRunner &)> learn);
  void showProgress(StringRef phase, int64_t done, int64_t total) const {
    if (options.run.progress)
      options.run.progress(phase, done, total);
  }

  ModuleOp module;
  const DataSet &data;
  const ReconstructionOptions &options;
  const ReconstructionWeights &weights;
  SampleRunner runner;
  ProgramCache programs;
  int64_t samples = 0;
  func::FuncOp function;
  /// What the block before gives in the dense model, and with new weights.
  Store dense, changed;
};

/// One block whose weights are learned.
class Learner : public BlockRunner {
public:
  Learner(Reconstruction &whole, unsigned number, std::string phase,
          BlockModule &block, const ModelBlock &cut, const Store &inputs,
          const Store &targets, std::shared_ptr<Program> forwards,
          std::vector<slim_tensor> weightTensors,
          ArrayRef<unsigned> learnedNumbers, std::vector<BlockWeight> learned);

  int64_t getNumber() const override { return number; }
  int64_t getSamples() const override { return whole.samples; }
  MutableArrayRef<BlockWeight> getWeights() override { return learned; }
  LogicalResult prepareGradients() override;
  llvm::Error
  getGradients(ArrayRef<int64_t> samples,
               MutableArrayRef<std::vector<float>> gradients) override;
  llvm::Expected<double> getError() override;
  void parallelFor(size_t count,
                   llvm::function_ref<void(size_t)> work) override {
    whole.runner.parallelFor(count, work);
  }
  void showProgress(int64_t done, int64_t total) override {
    whole.showProgress(phase, done, total);
  }

private:
  /// Makes the learned weights what runs.
  void setWeights();
  /// The arguments of the block for one sample.
  llvm::Expected<std::vector<slim_tensor>> getArguments(int64_t sample,
                                                        Sample &held) const;
  const slim_tensor &getTarget(Value output, int64_t sample) const {
    return targets.find(output)->second[sample].get();
  }

  Reconstruction &whole;
  unsigned number;
  std::string phase;
  BlockModule &block;
  const ModelBlock &cut;
  const Store &inputs, &targets;
  /// The block, and what gives its gradients.
  std::shared_ptr<Program> forwards, training;
  std::vector<slim_tensor> weightTensors;
  SmallVector<unsigned> learnedNumbers;
  std::vector<BlockWeight> learned;
};

} // namespace

static int64_t countElements(const slim_tensor &tensor) {
  int64_t count = 1;
  for (int64_t extent : shapeOf(tensor))
    count *= extent;
  return count;
}

/// The sum of the squares of `target`, or of the differences of `output` to it,
/// which has its type and shape.
static double sumSquares(const slim_tensor &target,
                         const slim_tensor *output = nullptr) {
  const ElementType &type = *lookupElementType(target.type);
  auto load = [&](const slim_tensor &tensor, int64_t i) {
    if (target.type == SLIM_F32)
      return double(static_cast<const float *>(tensor.data)[i]);
    return toDouble(type,
                    static_cast<const char *>(tensor.data) + i * type.size);
  };
  double sum = 0;
  for (int64_t i = 0, e = countElements(target); i < e; ++i) {
    double value = load(target, i);
    if (output)
      value = load(*output, i) - value;
    sum += value * value;
  }
  return sum;
}

//===----------------------------------------------------------------------===//
// Learner
//===----------------------------------------------------------------------===//

Learner::Learner(Reconstruction &whole, unsigned number, std::string phase,
                 BlockModule &block, const ModelBlock &cut, const Store &inputs,
                 const Store &targets, std::shared_ptr<Program> forwards,
                 std::vector<slim_tensor> weightTensors,
                 ArrayRef<unsigned> learnedNumbers,
                 std::vector<BlockWeight> learned)
    : whole(whole), number(number), phase(std::move(phase)), block(block),
      cut(cut), inputs(inputs), targets(targets), forwards(std::move(forwards)),
      weightTensors(std::move(weightTensors)), learnedNumbers(learnedNumbers),
      learned(std::move(learned)) {}

void Learner::setWeights() {
  for (auto [position, weight] : llvm::zip_equal(learnedNumbers, learned))
    weightTensors[position].data = weight.values.data();
}

llvm::Expected<std::vector<slim_tensor>>
Learner::getArguments(int64_t sample, Sample &held) const {
  auto tensors = whole.getInputs(block.inputs, inputs, sample, held);
  if (tensors)
    llvm::append_range(*tensors, weightTensors);
  return tensors;
}

LogicalResult Learner::prepareGradients() {
  FailureOr<OwningOpRef<ModuleOp>> module =
      buildTrainingModule(block, cut.outputs.size(), learnedNumbers);
  if (failed(module))
    return failure();
  training = whole.programs.get(**module);
  return success(training != nullptr);
}

llvm::Error
Learner::getGradients(ArrayRef<int64_t> samples,
                      MutableArrayRef<std::vector<float>> gradients) {
  setWeights();
  for (auto [gradient, weight] : llvm::zip_equal(gradients, learned))
    gradient.assign(weight.values.size(), 0);
  std::vector<Sample> held(whole.runner.getSessions());
  auto load =
      [&](int64_t index,
          unsigned session) -> llvm::Expected<std::vector<slim_tensor>> {
    int64_t sample = samples[index];
    auto tensors = getArguments(sample, held[session]);
    if (!tensors)
      return tensors.takeError();
    for (Value output : cut.outputs)
      tensors->push_back(getTarget(output, sample));
    return tensors;
  };
  auto consume = [&](int64_t,
                     ArrayRef<SampleRunner::Outputs> outputs) -> llvm::Error {
    // In the order of samples, whatever the number of threads.
    whole.runner.parallelFor(gradients.size(), [&](size_t weight) {
      std::vector<float> &sum = gradients[weight];
      for (const SampleRunner::Outputs &results : outputs) {
        auto *terms = static_cast<const float *>(results[weight].data);
        for (size_t i = 0, e = sum.size(); i < e; ++i)
          sum[i] += terms[i];
      }
    });
    return llvm::Error::success();
  };
  return whole.runner.run(*training, 0, samples.size(), load, consume);
}

llvm::Expected<double> Learner::getError() {
  setWeights();
  std::vector<Sample> held(whole.runner.getSessions());
  auto load = [&](int64_t sample, unsigned session) {
    return getArguments(sample, held[session]);
  };
  double error = 0, energy = 0;
  auto consume = [&](int64_t first,
                     ArrayRef<SampleRunner::Outputs> all) -> llvm::Error {
    for (auto [i, results] : llvm::enumerate(all))
      for (auto [output, result] : llvm::zip(cut.outputs, results)) {
        const slim_tensor &target = getTarget(output, first + i);
        error += sumSquares(target, &result);
        energy += sumSquares(target);
      }
    return llvm::Error::success();
  };
  if (llvm::Error failure =
          whole.runner.run(*forwards, 0, whole.samples, load, consume))
    return std::move(failure);
  return energy > 0 ? error / energy : error;
}

//===----------------------------------------------------------------------===//
// Reconstruction
//===----------------------------------------------------------------------===//

llvm::Expected<std::vector<slim_tensor>>
Reconstruction::getInputs(ArrayRef<Value> inputs, const Store &store,
                          int64_t sample, Sample &held) const {
  if (llvm::any_of(inputs, [](Value v) { return isa<BlockArgument>(v); })) {
    llvm::Expected<Sample> loaded = data.load(sample);
    if (!loaded)
      return loaded.takeError();
    held = std::move(*loaded);
  }
  std::vector<slim_tensor> tensors;
  for (Value input : inputs) {
    if (auto argument = dyn_cast<BlockArgument>(input))
      tensors.push_back(held.inputs[argument.getArgNumber()]);
    else
      tensors.push_back(store.find(input)->second[sample].get());
  }
  return tensors;
}

LogicalResult Reconstruction::runForwards(Program &program,
                                          const BlockModule &block,
                                          const ModelBlock &cut,
                                          const Store &before,
                                          ArrayRef<slim_tensor> weightTensors,
                                          Store &after, StringRef phase) {
  SmallVector<Value> outputs(cut.outputs);
  llvm::append_range(outputs, cut.carried);
  for (Value output : outputs)
    after[output].resize(samples);
  std::vector<Sample> held(runner.getSessions());
  auto load =
      [&](int64_t sample,
          unsigned session) -> llvm::Expected<std::vector<slim_tensor>> {
    auto tensors = getInputs(block.inputs, before, sample, held[session]);
    if (tensors)
      llvm::append_range(*tensors, weightTensors);
    return tensors;
  };
  auto consume = [&](int64_t first,
                     ArrayRef<SampleRunner::Outputs> all) -> llvm::Error {
    for (auto [i, results] : llvm::enumerate(all))
      for (auto [output, result] : llvm::zip(outputs, results)) {
        llvm::Expected<StoredTensor> copy = StoredTensor::copy(result);
        if (!copy)
          return copy.takeError();
        after.find(output)->second[first + i] = std::move(*copy);
      }
    showProgress(phase, first + all.size(), samples);
    return llvm::Error::success();
  };
  if (llvm::Error error = runner.run(program, 0, samples, load, consume))
    return module.emitError() << llvm::toString(std::move(error));
  return success();
}

LogicalResult Reconstruction::runBlock(
    unsigned number, ArrayRef<ModelBlock> blocks,
    llvm::function_ref<LogicalResult(BlockRunner &)> learn) {
  const ModelBlock &cut = blocks[number];
  std::string phase = "block " + std::to_string(number + 1) + " of " +
                      std::to_string(blocks.size());
  FailureOr<BlockModule> block = buildBlockModule(
      function, cut, [&](Value value) { return dense.contains(value); });
  if (failed(block))
    return failure();
  std::shared_ptr<Program> forwards = programs.get(*block->module);
  if (!forwards)
    return failure();

  // What runs: the dense weights, and the changed ones.
  std::vector<slim_tensor> denseTensors, changedTensors;
  std::vector<std::vector<float>> others;
  std::vector<BlockWeight> learned;
  SmallVector<unsigned> learnedNumbers;
  for (auto [position, weight] : llvm::enumerate(block->weights)) {
    denseTensors.push_back(viewOf(weight.type, weight.data.getBytes().data()));
    changedTensors.push_back(denseTensors.back());
    FailureOr<std::vector<float>> values = weights.load(weight.name);
    if (failed(values))
      return failure();
    if (values->empty())
      continue;
    if (llvm::is_contained(cut.weights, weight.name)) {
      learnedNumbers.push_back(position);
      learned.push_back({weight.name, std::move(*values)});
    } else {
      others.push_back(std::move(*values));
      changedTensors.back().data = others.back().data();
    }
  }

  Store after;
  if (failed(runForwards(*forwards, *block, cut, dense, denseTensors, after,
                         phase + ", targets")))
    return failure();
  bool isLast = number + 1 == blocks.size();
  const Store &inputs = options.changedInputs ? changed : dense;
  std::optional<Learner> learner;
  if (!learned.empty()) {
    learner.emplace(*this, number, phase + ", steps", *block, cut, inputs,
                    after, forwards, changedTensors, learnedNumbers,
                    std::move(learned));
    if (failed(learn(*learner)))
      return failure();
    for (auto [position, weight] :
         llvm::zip_equal(learnedNumbers, learner->getWeights()))
      changedTensors[position].data = weight.values.data();
  }
  if (options.changedInputs && !isLast) {
    Store changedAfter;
    if (failed(runForwards(*forwards, *block, cut, changed, changedTensors,
                           changedAfter, phase + ", new weights")))
      return failure();
    changed = std::move(changedAfter);
  }
  dense = std::move(after);
  return success();
}

LogicalResult
Reconstruction::run(llvm::function_ref<LogicalResult(BlockRunner &)> learn) {
  FailureOr<int64_t> count = countSamples(module, data, options.run);
  FailureOr<func::FuncOp> entry = findEntry(module, options.run.entry);
  if (failed(count) || failed(entry))
    return failure();
  samples = *count;
  function = *entry;
  std::vector<ModelBlock> blocks =
      cutIntoBlocks(function, options.blockWeights, weights.isLearned);
  for (unsigned number = 0; number < blocks.size(); ++number)
    if (failed(runBlock(number, blocks, learn)))
      return failure();
  return success();
}

LogicalResult slim::reconstructBlocks(
    ModuleOp module, const DataSet &data, const ReconstructionOptions &options,
    const ProgramCompiler &compile, const ReconstructionWeights &weights,
    llvm::function_ref<LogicalResult(BlockRunner &)> learn) {
  return Reconstruction(module, data, options, compile, weights).run(learn);
}
