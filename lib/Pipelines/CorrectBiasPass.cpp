//===- CorrectBiasPass.cpp - Empirical bias correction --------------------===//

#include "RunModel.h"
#include "slim/Compress/CorrectBias.h"
#include "slim/Pipelines/InProcess.h"
#include "slim/Pipelines/Passes.h"

namespace slim {
#define GEN_PASS_DEF_CORRECTBIASPASS
#include "slim/Pipelines/Passes.h.inc"
} // namespace slim

using namespace slim;

namespace {
struct CorrectBiasPass : slim::impl::CorrectBiasPassBase<CorrectBiasPass> {
  using Base::Base;
  friend struct slim::RunRequest;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (calibration.empty())
      return fail("option 'calibration' must name a file of statistics from "
                  "before activations were quantized");
    llvm::Expected<CalibrationStatistics> statistics =
        CalibrationStatistics::load(calibration);
    if (!statistics)
      return fail("option 'calibration': " +
                  llvm::toString(statistics.takeError()));
    if (failed(checkStatistics(*statistics, module, calibration)))
      return signalPassFailure();
    RunRequest request = RunRequest::of(*this);
    FailureOr<std::unique_ptr<DataSet>> samples = request.open(module);
    if (failed(samples))
      return signalPassFailure();
    LogicalResult result =
        runSequential(module, **samples, request.getOptions(), compileInProcess,
                      [&](const CalibrationStage &stage) {
                        return correct(stage, *statistics);
                      });
    if (failed(result))
      signalPassFailure();
  }

private:
  void fail(const Twine &message) {
    emitError(getOperation().getLoc()) << getArgument() << ": " << message;
    signalPassFailure();
  }

  LogicalResult correct(const CalibrationStage &stage,
                        const CalibrationStatistics &statistics) {
    WeightRewriter rewriter(getOperation());
    for (auto [op, name] : stage.ops) {
      const ActivationStatistics *before = statistics.lookup(name);
      const ActivationStatistics *now = stage.statistics.lookup(name);
      Value weight = op.getWeightOperand().get();
      if (!before || !now || !hasConstantData(weight) ||
          before->channelMean.size() != now->channelMean.size())
        continue;
      std::vector<double> shift(before->channelMean);
      for (auto [value, mean] : llvm::zip_equal(shift, now->channelMean))
        value -= mean;
      FailureOr<std::vector<float>> dense = decodeToDense(weight);
      if (failed(dense))
        return failure();
      numCorrected += shiftBias(op, *dense, shift, rewriter);
    }
    rewriter.finalize();
    return success();
  }
};
} // namespace
