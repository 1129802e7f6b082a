//===- slim-calibrate.cpp - Statistics of a model's activations -----------===//
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "slim/Calibrate/Calibrate.h"
#include "slim/InitAll.h"
#include "slim/Pipelines/CPU.h"
#include "slim/Pipelines/InProcess.h"
#include "slim/Pipelines/ToolSupport.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"

using namespace slim;
namespace cl = llvm::cl;

namespace {

/// The options. They are made after libLLVM's have been forgotten, some of
/// which have the same names.
struct Options {
  cl::OptionCategory category{"slim-calibrate options"};
  cl::opt<std::string> input{cl::Positional, cl::Required,
                             cl::desc("MODEL(.onnx|.mlir|.mlirbc)"),
                             cl::cat(category)};
  cl::opt<std::string> data{
      "data", cl::Required, cl::value_desc("file"),
      cl::desc("Samples: .npz or .safetensors with an array an input (the "
               "first dimension counts samples), .txt with a line of token "
               "ids a sample, .bin or .tokens with raw token ids"),
      cl::cat(category)};
  cl::opt<std::string> output{"o", cl::Required, cl::value_desc("file"),
                              cl::desc("Where the statistics go (safetensors)"),
                              cl::cat(category)};
  cl::opt<int64_t> samples{"samples", cl::init(0), cl::value_desc("n"),
                           cl::desc("Use the first n samples (default: all)"),
                           cl::cat(category)};
  cl::opt<bool> secondMoment{
      "second-moment",
      cl::desc("Take E[x x^T] of the inputs of weights, for GPTQ and others"),
      cl::cat(category)};
  cl::opt<bool> histogram{"histogram",
                          cl::desc("Take histograms of what is observed, too"),
                          cl::cat(category)};
  cl::opt<unsigned> bins{"histogram-bins", cl::init(2048),
                         cl::desc("Bins of a histogram (default: 2048)"),
                         cl::cat(category)};
  cl::opt<bool> allValues{
      "all-values",
      cl::desc("Observe every floating-point activation by its range, too"),
      cl::cat(category)};
  cl::opt<bool> sequential{
      "sequential",
      cl::desc("Run the model stage after stage: takes less memory, no "
               "histograms"),
      cl::cat(category)};
  cl::opt<std::string> entry{
      "entry", cl::value_desc("name"),
      cl::desc("Entry point to run (default: the only one)"),
      cl::cat(category)};
  cl::list<std::string> dims{"dim", cl::value_desc("name=value"),
                             cl::desc("Fix a named dimension of an ONNX model"),
                             cl::cat(category)};
  cl::opt<int64_t> sequenceLength{
      "sequence-length", cl::init(0), cl::value_desc("n"),
      cl::desc("Tokens of a sample, for files of token ids"),
      cl::cat(category)};
  cl::opt<unsigned> tokenBits{
      "token-bits", cl::init(32), cl::value_desc("bits"),
      cl::desc("Size of raw token ids: 32 (default) or 64"), cl::cat(category)};
  cl::opt<unsigned> jobs{
      "jobs", cl::init(0), cl::value_desc("n"),
      cl::desc("Samples that run at the same time (default: all CPUs)"),
      cl::cat(category)};
  cl::opt<int64_t> checkpointSamples{
      "checkpoint-samples", cl::init(0), cl::value_desc("n"),
      cl::desc("Write the partial file every n samples, too (it is written "
               "every 30 seconds)"),
      cl::cat(category)};
  cl::opt<bool> quiet{"quiet", cl::desc("No progress on stderr"),
                      cl::cat(category)};
};

int fail(const llvm::Twine &message) {
  llvm::errs() << "slim-calibrate: error: " << message << "\n";
  return 1;
}

LogicalResult run(const Options &flags, const CalibrationOptions &options,
                  const DataSetOptions &dataOptions, const NamedExtents &dims,
                  MLIRContext &context) {
  OwningOpRef<ModuleOp> module = readModel(flags.input, dims, &context);
  if (!module)
    return failure();
  PassManager pm(&context);
  buildSimplifyPipeline(pm);
  if (failed(pm.run(*module)))
    return failure();
  FailureOr<std::unique_ptr<DataSet>> data =
      openDataSet(*module, flags.entry, flags.data, dataOptions);
  if (failed(data))
    return failure();
  FailureOr<CalibrationStatistics> statistics =
      flags.sequential
          ? calibrateSequentially(*module, **data, options, compileInProcess)
          : calibrate(*module, **data, options, compileInProcess);
  if (failed(statistics))
    return failure();
  if (llvm::Error error = statistics->save(flags.output))
    return emitError(UnknownLoc::get(&context))
           << llvm::toString(std::move(error));
  removePartialFiles(options);
  llvm::outs() << statistics->getNames().size() << " observed values in '"
               << flags.output << "', peak memory "
               << llvm::format("%.0f", getPeakMegabytes()) << " MiB\n";
  return success();
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::ResetCommandLineParser();
  Options flags;
  cl::HideUnrelatedOptions(flags.category);
  cl::ParseCommandLineOptions(
      argc, argv,
      "slim calibration: runs a model on samples and keeps statistics of its "
      "activations\n");
  if (flags.tokenBits != 32 && flags.tokenBits != 64)
    return fail("--token-bits is 32 or 64, not " +
                llvm::Twine(flags.tokenBits.getValue()));
  if (flags.samples < 0 || flags.sequenceLength < 0)
    return fail("--samples and --sequence-length are no less than 0");
  if (flags.bins == 0)
    return fail("--histogram-bins is at least 1");
  if (flags.sequential && (flags.histogram || flags.allValues))
    return fail("--sequential has no --histogram and no --all-values");
  if (llvm::Error error = checkOutputPath(flags.output))
    return fail(llvm::toString(std::move(error)));
  llvm::Expected<NamedExtents> dims = parseDims(flags.dims);
  if (!dims)
    return fail(llvm::toString(dims.takeError()));
  CalibrationOptions options;
  options.samples = flags.samples;
  options.entry = flags.entry;
  options.threads = flags.jobs;
  options.histogramBins = flags.bins;
  if (flags.secondMoment)
    options.kinds.push_back("second_moment");
  if (flags.histogram) {
    options.kinds.push_back("histogram");
    options.valueKinds.push_back("histogram");
  }
  if (flags.allValues)
    options.values = "all";
  options.partialPath = flags.output + ".partial";
  options.checkpointSamples = flags.checkpointSamples;
  if (!flags.quiet)
    options.progress = makeProgress("slim-calibrate");
  DataSetOptions dataOptions;
  dataOptions.sequenceLength = flags.sequenceLength;
  dataOptions.tokenBits = flags.tokenBits;

  mlir::DialectRegistry registry;
  slim::registerAllDialects(registry);
  mlir::MLIRContext context(registry);
  context.printOpOnDiagnostic(false);
  mlir::ScopedDiagnosticHandler handler(
      &context, [](mlir::Diagnostic &diagnostic) {
        printDiagnostic("slim-calibrate", diagnostic);
        return mlir::success();
      });
  return mlir::failed(run(flags, options, dataOptions, *dims, context));
}
