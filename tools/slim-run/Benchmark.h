//===- Benchmark.h - Timing runs of a model ---------------------*- C++ -*-===//
#ifndef SLIM_TOOLS_SLIM_RUN_BENCHMARK_H
#define SLIM_TOOLS_SLIM_RUN_BENCHMARK_H

#include "Model.h"

namespace slim::run {

struct BenchmarkOptions {
  unsigned iterations = 0;
  unsigned warmup = 0;
};

/// Runs the entry point `warmup` times and then `iterations` times and prints
/// one JSON line: median, 10th and 90th percentile of the wall-clock time of a
/// run in milliseconds, iterations, threads, and the peak of the process's
/// resident memory in MiB.
llvm::Error benchmark(Model &model, const slim_entry_info &entry,
                      llvm::ArrayRef<slim_tensor> inputs,
                      const BenchmarkOptions &options);

} // namespace slim::run

#endif // SLIM_TOOLS_SLIM_RUN_BENCHMARK_H
