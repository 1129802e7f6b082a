//===- CalibratePass.cpp - Calibration between passes ---------------------===//

#include "RunModel.h"
#include "slim/Pipelines/InProcess.h"
#include "slim/Pipelines/Passes.h"

namespace slim {
#define GEN_PASS_DEF_CALIBRATEPASS
#include "slim/Pipelines/Passes.h.inc"
} // namespace slim

using namespace slim;

namespace {
struct CalibratePass : slim::impl::CalibratePassBase<CalibratePass> {
  using Base::Base;
  friend struct slim::RunRequest;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto fail = [&](const Twine &message) {
      emitError(module.getLoc()) << getArgument() << ": " << message;
      signalPassFailure();
    };
    if (output.empty())
      return fail("option 'output' must name the file that the statistics go "
                  "to");
    if (llvm::Error error = checkOutputPath(output))
      return fail(llvm::toString(std::move(error)));
    if (histogramBins == 0)
      return fail("option 'histogram-bins' must be at least 1");
    RunRequest request = RunRequest::of(*this);
    FailureOr<std::unique_ptr<DataSet>> samples = request.open(module);
    if (failed(samples))
      return signalPassFailure();

    CalibrationOptions options = request.getOptions();
    options.histogramBins = histogramBins;
    if (histogram) {
      options.kinds.push_back("histogram");
      options.valueKinds.push_back("histogram");
    }
    if (allValues)
      options.values = "all";
    options.partialPath = output + ".partial";
    FailureOr<CalibrationStatistics> statistics =
        slim::calibrate(module, **samples, options, compileInProcess);
    if (failed(statistics))
      return signalPassFailure();
    if (llvm::Error error = statistics->save(output))
      return fail(llvm::toString(std::move(error)));
    removePartialFiles(options);
    numObserved += statistics->getNames().size();
    markAllAnalysesPreserved();
  }
};
} // namespace
