//===- Benchmark.cpp - Timing runs of a model -----------------------------===//

#include "Benchmark.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <cmath>
#include <sys/resource.h>

using namespace llvm;
using namespace slim;
using namespace slim::run;

/// Linear interpolation between the neighbours, as numpy.percentile does.
static double percentile(ArrayRef<double> sorted, double fraction) {
  double position = fraction * static_cast<double>(sorted.size() - 1);
  size_t below = static_cast<size_t>(position);
  size_t above = std::min(below + 1, sorted.size() - 1);
  double weight = position - static_cast<double>(below);
  return sorted[below] + weight * (sorted[above] - sorted[below]);
}

static double peakResidentMegabytes() {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024; // Linux counts in KiB
}

Error slim::run::benchmark(Model &model, const slim_entry_info &entry,
                           ArrayRef<slim_tensor> inputs,
                           const BenchmarkOptions &options) {
  using Clock = std::chrono::steady_clock;
  std::vector<slim_tensor> outputs;
  std::vector<double> milliseconds;
  milliseconds.reserve(options.iterations);
  for (unsigned i = 0; i < options.warmup; ++i)
    if (Error error = model.run(entry, inputs, outputs))
      return error;
  for (unsigned i = 0; i < options.iterations; ++i) {
    Clock::time_point start = Clock::now();
    if (Error error = model.run(entry, inputs, outputs))
      return error;
    milliseconds.push_back(
        std::chrono::duration<double, std::milli>(Clock::now() - start)
            .count());
  }
  llvm::sort(milliseconds);
  outs() << formatv("{{\"median_ms\": {0:f4}, \"p10_ms\": {1:f4}, \"p90_ms\": "
                    "{2:f4}, \"iterations\": {3}, \"threads\": {4}, "
                    "\"peak_rss_mb\": {5:f1}}\n",
                    percentile(milliseconds, 0.5),
                    percentile(milliseconds, 0.1),
                    percentile(milliseconds, 0.9), options.iterations,
                    model.getNumThreads(), peakResidentMegabytes());
  return Error::success();
}
