//===- slim-test-round.cpp - A rounding algorithm on .npy files -----------===//
//
// Rounds a weight by a registered algorithm, so that tests can compare with
// what NumPy computes. Prints the relative output error.
//
//===----------------------------------------------------------------------===//

#include "slim/Data/NumpyFile.h"
#include "slim/Numerics/ChannelScales.h"
#include "slim/Numerics/RoundingAlgorithm.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/WithColor.h"

#include <cstring>

using namespace slim;
namespace cl = llvm::cl;

static cl::opt<std::string> weightPath(cl::Positional, cl::Required,
                                       cl::desc("<weight.npy>"));
static cl::opt<std::string> momentPath(cl::Positional, cl::Required,
                                       cl::desc("<second moment.npy>"));
static cl::opt<std::string>
    absMeanPath("abs-mean", cl::desc("Scale input channels by AWQ's search "
                                     "first, with these mean magnitudes"));
static cl::list<std::string> algorithms("algorithm", cl::CommaSeparated,
                                        cl::desc("Their names"));
static cl::opt<std::string> format("format", cl::init("int4"));
static cl::opt<int64_t> blockRows("block-rows", cl::init(1));
static cl::opt<int64_t> blockColumns("block-columns", cl::init(0));
static cl::opt<bool> asymmetric("asymmetric");
static cl::list<std::string> options("set", cl::desc("key=value"));

static llvm::ExitOnError exitOnError("slim-test-round: ");

static std::vector<float> read(llvm::StringRef path,
                               llvm::SmallVector<int64_t> &shape) {
  NumpyArray array = exitOnError(readNumpyFile(path));
  if (array.descr != "<f4")
    exitOnError(llvm::createStringError(path + ": no float32"));
  shape = array.shape;
  std::vector<float> values(array.data.size() / sizeof(float));
  std::memcpy(values.data(), array.data.data(), array.data.size());
  return values;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::ParseCommandLineOptions(argc, argv);
  llvm::SmallVector<int64_t> shape, momentShape;
  std::vector<float> weight = read(weightPath, shape);
  std::vector<float> moment = read(momentPath, momentShape);
  RoundingProblem problem;
  problem.rows = shape[0];
  problem.columns = shape[1];
  std::optional<NamedScheme> scheme = getQuantizationScheme(format);
  if (!scheme)
    exitOnError(llvm::createStringError("no format '" + format + "'"));
  problem.scheme = scheme->scheme;
  if (!scheme->isComposite)
    problem.scheme.block = {blockRows, blockColumns};
  problem.scheme.asymmetric = asymmetric;
  problem.weight = weight;
  problem.secondMoment = moment;

  if (!absMeanPath.empty()) {
    std::vector<float> absMean = read(absMeanPath, momentShape);
    ChannelScaleSearch search =
        searchChannelScales({{weight, problem.rows}}, problem.columns,
                            problem.scheme, absMean, moment);
    llvm::outs() << "awq " << llvm::format("%.6e", search.error) << " of "
                 << llvm::format("%.6e", search.plainError) << "\n";
  }
  RoundingOptions parsed = exitOnError(RoundingOptions::parse(
      std::vector<std::string>(options.begin(), options.end())));
  for (const std::string &name : algorithms) {
    const RoundingAlgorithm *algorithm = getRoundingAlgorithm(name);
    if (!algorithm)
      exitOnError(llvm::createStringError("no algorithm '" + name + "'"));
    exitOnError(algorithm->checkProblem(problem));
    QuantizedMatrix matrix = exitOnError(algorithm->quantize(problem, parsed));
    std::vector<float> values(weight.size());
    decodeMatrix(problem.scheme, matrix, values);
    llvm::outs() << name << " "
                 << llvm::format("%.6e", relativeOutputError(
                                             weight, values, problem.rows,
                                             problem.columns, moment))
                 << "\n";
  }
  return 0;
}
