//===- slim-run.cpp - Runs a compiled model -------------------------------===//
//
// Opens a shared library that slimc wrote, feeds it with .npy files or random
// inputs, and writes, compares or times what it computes. Everything goes
// through the C interface of the library (slim/Runtime/Model.h).
//
//===----------------------------------------------------------------------===//

#include "Benchmark.h"
#include "Compare.h"
#include "Info.h"
#include "Inputs.h"
#include "Model.h"
#include "Outputs.h"
#include "slim/Data/ElementType.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

#include <limits>

using namespace llvm;
using namespace slim;
using namespace slim::run;

namespace {

/// The command line. Options exist while main runs, not as globals.
struct Options {
  cl::OptionCategory category{"slim-run options"};
  cl::opt<std::string> model{cl::Positional, cl::desc("MODEL.so"),
                             cl::cat(category)};
  cl::list<std::string> inputs{"input",
                               cl::desc("Read an input from a .npy file"),
                               cl::value_desc("name=x.npy"), cl::cat(category)};
  cl::opt<bool> randomInputs{
      "random-inputs",
      cl::desc("Fill the inputs that --input does not give: floats uniform in "
               "[-1, 1), integers in [0, int-max)"),
      cl::cat(category)};
  cl::opt<uint64_t> seed{"seed", cl::desc("Seed of the random inputs (0)"),
                         cl::init(0), cl::cat(category)};
  cl::opt<int64_t> intMax{"int-max", cl::desc("Bound of random integers (2)"),
                          cl::init(2), cl::cat(category)};
  cl::list<std::string> dims{
      "dim", cl::desc("Extent of an open dimension of random inputs (1)"),
      cl::value_desc("name=extent"), cl::cat(category)};
  cl::opt<std::string> entry{"entry",
                             cl::desc("Entry point to run (the first)"),
                             cl::value_desc("name"), cl::cat(category)};
  cl::opt<std::string> outputDir{
      "output-dir",
      cl::desc("Write every output to <name>.npy in this directory, with '/' "
               "and ':' in names replaced by '_'"),
      cl::value_desc("directory"), cl::cat(category)};
  cl::list<std::string> expected{
      "expect",
      cl::desc("Compare an output with a .npy file; fail unless "
               "|output - expected| <= atol + rtol * |expected|"),
      cl::value_desc("name=y.npy"), cl::cat(category)};
  cl::opt<double> rtol{"rtol", cl::desc("Relative tolerance (1e-5)"),
                       cl::init(1e-5), cl::cat(category)};
  cl::opt<double> atol{"atol", cl::desc("Absolute tolerance (1e-8)"),
                       cl::init(1e-8), cl::cat(category)};
  cl::opt<bool> benchmark{
      "benchmark",
      cl::desc("Time runs and print one JSON line: median_ms, p10_ms, p90_ms, "
               "iterations, threads, peak_rss_mb"),
      cl::cat(category)};
  cl::opt<unsigned> iterations{"iterations",
                               cl::desc("Timed runs of --benchmark (30)"),
                               cl::init(30), cl::cat(category)};
  cl::opt<unsigned> warmup{
      "warmup", cl::desc("Runs of --benchmark before the timed ones (3)"),
      cl::init(3), cl::cat(category)};
  cl::opt<unsigned> threads{
      "threads",
      cl::desc("Threads of a model compiled with --threads (0: as OpenMP "
               "decides)"),
      cl::init(0), cl::cat(category)};
  cl::opt<bool> info{
      "info", cl::desc("Print the model's description as JSON and do not run"),
      cl::cat(category)};

  Error check() const;
  InputOptions getInputOptions() const {
    return {toVector(inputs), randomInputs, seed, intMax, toVector(dims)};
  }
  CompareOptions getCompareOptions() const {
    return {toVector(expected), rtol, atol};
  }

private:
  static std::vector<std::string> toVector(const cl::list<std::string> &list) {
    return {list.begin(), list.end()};
  }
};

} // namespace

Error Options::check() const {
  if (model.empty())
    return createStringError("no model given; usage: slim-run MODEL.so, see "
                             "slim-run --help");
  auto isTolerance = [](double value) { return value >= 0; };
  if (!isTolerance(rtol) || !isTolerance(atol))
    return createStringError("--rtol and --atol must be numbers that are no "
                             "less than 0");
  if (iterations == 0)
    return createStringError("--iterations must be at least 1");
  if (threads > 65536)
    return createStringError("--threads " + Twine(threads) +
                             " is more than OpenMP can start");
  return Error::success();
}

static Expected<const slim_entry_info *> findEntry(const Model &model,
                                                   StringRef name) {
  if (name.empty())
    return &model.getEntries().front();
  std::string names;
  for (const slim_entry_info &entry : model.getEntries()) {
    if (name == entry.name)
      return &entry;
    names += (names.empty() ? "'" : ", '") + std::string(entry.name) + "'";
  }
  return createStringError("--entry: the model has no entry point '" + name +
                           "'; it has " + names);
}

static Error runModel(const Options &options) {
  if (Error error = options.check())
    return error;
  Expected<Model> model = Model::open(options.model);
  if (!model)
    return model.takeError();
  if (options.info) {
    printInfo(outs(), model->getInfo());
    return Error::success();
  }
  Expected<const slim_entry_info *> entry = findEntry(*model, options.entry);
  if (!entry)
    return entry.takeError();
  Expected<Inputs> inputs = prepareInputs(**entry, options.getInputOptions());
  if (!inputs)
    return inputs.takeError();
  if (!options.outputDir.empty())
    if (Error error = prepareOutputDirectory(options.outputDir, **entry))
      return error;

  if (Error error = model->createSession())
    return error;
  model->setNumThreads(static_cast<int32_t>(options.threads));
  std::vector<slim_tensor> outputs;
  if (Error error = model->run(**entry, inputs->tensors, outputs))
    return error;
  if (!options.benchmark)
    for (const auto &[index, output] : enumerate(outputs))
      outs() << (*entry)->outputs[index].name << ": "
             << lookupElementType(output.type)->name << " "
             << formatShape(shapeOf(output)) << "\n";
  if (!options.outputDir.empty())
    if (Error error = writeOutputs(options.outputDir, **entry, outputs))
      return error;
  if (Error error =
          compareOutputs(**entry, outputs, options.getCompareOptions()))
    return error;
  if (options.benchmark)
    return benchmark(*model, **entry, inputs->tensors,
                     {options.iterations, options.warmup});
  return Error::success();
}

/// Prints one line, whatever the message contains.
static int fail(StringRef message) {
  outs().flush();
  std::string line;
  for (char c : message.trim())
    line += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  errs() << "slim-run: error: " << line << "\n";
  return 1;
}

int main(int argc, char **argv) {
  // libLLVM registers options of its passes and linkers, some of them with the
  // names of ours; slim-run runs none of that.
  cl::ResetCommandLineParser();
  Options options;
  cl::HideUnrelatedOptions(options.category);
  cl::SetVersionPrinter(
      [](raw_ostream &os) { os << "slim-run " SLIM_VERSION "\n"; });
  std::string usageErrors;
  raw_string_ostream usageStream(usageErrors);
  if (!cl::ParseCommandLineOptions(argc, argv, "Runs a compiled model\n",
                                   &usageStream)) {
    // Errors of a value went to stderr already, with the option's name; errors
    // of an option's name are here, in lines that begin with the program's.
    if (usageErrors.empty())
      return 1;
    StringRef message = usageErrors;
    size_t prefix = message.find(": ");
    return fail(prefix == StringRef::npos ? message
                                          : message.drop_front(prefix + 2));
  }
  if (Error error = runModel(options))
    return fail(toString(std::move(error)));
  return 0;
}
