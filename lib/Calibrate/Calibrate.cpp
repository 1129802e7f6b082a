//===- Calibrate.cpp - Statistics of all weights' inputs at once ----------===//

#include "slim/Calibrate/Calibrate.h"
#include "SampleRunner.h"
#include "slim/Calibrate/Passes.h"
#include "slim/IR/SlimOps.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/FileSystem.h"

#include <chrono>

using namespace mlir;
using namespace slim;
using namespace slim::calibration;

Program::~Program() = default;

FailureOr<func::FuncOp> slim::findEntry(ModuleOp module, StringRef entry) {
  SmallVector<func::FuncOp> functions;
  for (auto function : module.getOps<func::FuncOp>())
    if (function.isPublic() && !function.isDeclaration())
      functions.push_back(function);
  std::string names;
  for (func::FuncOp function : functions) {
    if (function.getSymName() == entry)
      return function;
    names += (names.empty() ? "'" : ", '") + function.getSymName().str() + "'";
  }
  if (entry.empty() && functions.size() == 1)
    return functions.front();
  if (functions.empty())
    return module.emitError() << "the module has no entry point";
  if (entry.empty())
    return module.emitError() << "the module has several entry points ("
                              << names << "): name the one to calibrate";
  return module.emitError()
         << "there is no entry point '" << entry << "'; there is " << names;
}

namespace {

/// One run of calibrate().
class Calibration {
public:
  Calibration(ModuleOp module, const DataSet &data,
              const CalibrationOptions &options, const ProgramCompiler &compile)
      : module(module), data(data), options(options), compile(compile),
        runner(options.threads) {}

  FailureOr<CalibrationStatistics> run();

private:
  enum Phase { Statistics, Histograms };

  FailureOr<OwningOpRef<ModuleOp>> prepareModule();
  LogicalResult runPhase(ModuleOp observed, Phase phase);
  llvm::Error saveWhenDue(Phase phase, int64_t done);
  llvm::Error savePartial(Phase phase, int64_t done);
  void restorePartial();

  ModuleOp module;
  const DataSet &data;
  const CalibrationOptions &options;
  const ProgramCompiler &compile;
  SampleRunner runner;
  int64_t samples = 0;
  CalibrationSource source;
  std::deque<Accumulator> accumulators;
  /// Where an earlier run has stopped.
  Phase resumePhase = Statistics;
  int64_t resumeSample = 0;
  std::chrono::steady_clock::time_point lastSave;
};

} // namespace

/// A copy of the module with observers, whose only entry point returns nothing
/// of its own.
FailureOr<OwningOpRef<ModuleOp>> Calibration::prepareModule() {
  FailureOr<func::FuncOp> entry = findEntry(module, options.entry);
  if (failed(entry))
    return failure();
  OwningOpRef<ModuleOp> copy = module.clone();
  for (auto function :
       llvm::make_early_inc_range(copy->getOps<func::FuncOp>())) {
    if (function.getSymName() == entry->getSymName()) {
      function.front().getTerminator()->setOperands({});
      function.setFunctionType(FunctionType::get(
          module.getContext(), function.getArgumentTypes(), {}));
      function.removeResAttrsAttr();
    } else {
      function.setPrivate();
    }
  }
  PassManager pm(module.getContext());
  pm.addPass(createSymbolDCEPass());
  InsertObserversPassOptions observers;
  llvm::append_range(observers.kinds, options.kinds);
  observers.values = options.values;
  llvm::append_range(observers.valueKinds, options.valueKinds);
  pm.addPass(createInsertObserversPass(observers));
  // q, k and v have one input, and need its rows once.
  pm.addPass(createCSEPass());
  if (failed(pm.run(*copy)))
    return failure();
  return copy;
}

llvm::Error Calibration::savePartial(Phase phase, int64_t done) {
  SafetensorsWriter writer;
  writer.setMetadata("format", "slim-calibration-partial");
  writer.setMetadata("model", source.model);
  writer.setMetadata("data", source.data);
  writer.setMetadata("options", source.options);
  writer.setMetadata("phase", std::to_string(phase));
  writer.setMetadata("samples", std::to_string(done));
  for (auto [number, accumulator] : llvm::enumerate(accumulators))
    accumulator.save(writer, number);
  return writer.write(options.partialPath);
}

llvm::Error Calibration::saveWhenDue(Phase phase, int64_t done) {
  if (options.partialPath.empty())
    return llvm::Error::success();
  auto now = std::chrono::steady_clock::now();
  double seconds = std::chrono::duration<double>(now - lastSave).count();
  int64_t every = options.checkpointSamples;
  bool isDue = seconds >= options.checkpointSeconds ||
               (every > 0 && done / every > (done - 1) / every);
  if (!isDue)
    return llvm::Error::success();
  lastSave = now;
  return savePartial(phase, done);
}

/// Goes on where an earlier run has stopped, if it was on the same things.
void Calibration::restorePartial() {
  if (options.partialPath.empty() ||
      !llvm::sys::fs::exists(options.partialPath))
    return;
  llvm::Expected<SafetensorsFile> file =
      SafetensorsFile::open(options.partialPath);
  auto warn = [&](const Twine &why) {
    module.emitWarning() << "the partial statistics in '" << options.partialPath
                         << "' are not used: " << why;
  };
  if (!file)
    return warn(llvm::toString(file.takeError()));
  if (file->getMetadata("model") != source.model)
    return warn("they are of another model");
  if (file->getMetadata("data") != source.data)
    return warn("they are of other data");
  if (file->getMetadata("options") != source.options)
    return warn("they are of a run with other options");
  unsigned phase;
  int64_t done;
  if (file->getMetadata("phase").getAsInteger(10, phase) || phase > 1 ||
      file->getMetadata("samples").getAsInteger(10, done) || done < 0 ||
      done > samples)
    return warn("the file is damaged");
  std::deque<Accumulator> restored = accumulators;
  for (auto [number, accumulator] : llvm::enumerate(restored))
    if (llvm::Error error = accumulator.restore(*file, number))
      return warn(llvm::toString(std::move(error)));
  accumulators = std::move(restored);
  resumePhase = static_cast<Phase>(phase);
  resumeSample = done;
}

LogicalResult Calibration::runPhase(ModuleOp observed, Phase phase) {
  int64_t begin = 0;
  if (resumePhase > phase)
    begin = samples;
  else if (resumePhase == phase)
    begin = resumeSample;
  if (begin == samples)
    return success();
  FailureOr<std::unique_ptr<Program>> program =
      compile(observed, runner.getSessions());
  if (failed(program))
    return failure();
  std::vector<Sample> inputs(runner.getSessions());
  auto load =
      [&](int64_t sample,
          unsigned session) -> llvm::Expected<std::vector<slim_tensor>> {
    llvm::Expected<Sample> loaded = data.load(sample);
    if (!loaded)
      return loaded.takeError();
    inputs[session] = std::move(*loaded);
    return inputs[session].inputs;
  };
  auto consume = [&](int64_t first,
                     ArrayRef<SampleRunner::Outputs> outputs) -> llvm::Error {
    if (phase == Statistics) {
      if (llvm::Error error = runner.accumulate(accumulators, first, outputs))
        return error;
    } else {
      SmallVector<Accumulator *> counting;
      for (Accumulator &accumulator : accumulators)
        if (accumulator.getProbe().histogram)
          counting.push_back(&accumulator);
      runner.parallelFor(counting.size(), [&](size_t number) {
        for (const SampleRunner::Outputs &results : outputs)
          counting[number]->addToHistogram(results[number]);
      });
    }
    int64_t done = first + outputs.size();
    if (options.progress)
      options.progress(phase == Statistics ? "statistics" : "histograms", done,
                       samples);
    return saveWhenDue(phase, done);
  };
  if (llvm::Error error = runner.run(**program, begin, samples, load, consume))
    return module.emitError() << llvm::toString(std::move(error));
  return success();
}

FailureOr<CalibrationStatistics> Calibration::run() {
  FailureOr<int64_t> count = countSamples(module, data, options);
  if (failed(count))
    return failure();
  samples = *count;
  FailureOr<CalibrationSource> found =
      getSource(module, data, samples, options);
  if (failed(found))
    return failure();
  source = std::move(*found);
  FailureOr<OwningOpRef<ModuleOp>> observed = prepareModule();
  if (failed(observed))
    return failure();
  OwningOpRef<ModuleOp> counted = (*observed)->clone();

  FailureOr<std::vector<Probe>> probes =
      exposeStatistics(*findEntry(**observed, options.entry));
  if (failed(probes))
    return failure();
  if (probes->empty())
    return module.emitError() << "the model has no op that multiplies by a "
                                 "weight: there is nothing to observe";
  for (const Probe &probe : *probes)
    accumulators.emplace_back(probe);
  restorePartial();
  lastSave = std::chrono::steady_clock::now();
  if (failed(runPhase(**observed, Statistics)))
    return failure();

  if (llvm::any_of(*probes, [](const Probe &p) { return p.histogram; })) {
    if (resumePhase < Histograms)
      for (Accumulator &accumulator : accumulators)
        if (accumulator.getProbe().histogram)
          accumulator.beginHistogram(options.histogramBins);
    if (failed(exposeHistogramValues(*findEntry(*counted, options.entry))) ||
        failed(runPhase(*counted, Histograms)))
      return failure();
  }
  CalibrationStatistics statistics;
  statistics.source = std::move(source);
  collectStatistics(accumulators, statistics);
  return statistics;
}

FailureOr<CalibrationStatistics>
slim::calibrate(ModuleOp module, const DataSet &data,
                const CalibrationOptions &options,
                const ProgramCompiler &compile) {
  return Calibration(module, data, options, compile).run();
}
