//===- RunModel.cpp - What passes that run the model share ----------------===//

#include "RunModel.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

using namespace slim;

FailureOr<std::unique_ptr<DataSet>> RunRequest::open(ModuleOp module) const {
  auto error = [&] { return emitError(module.getLoc()) << pass << ": "; };
  if (data.empty())
    return error() << "option 'data' must name a file of samples";
  if (samples < 0 || sequenceLength < 0)
    return error() << "options 'samples' and 'sequence-length' must not be "
                      "negative";
  if (tokenBits != 32 && tokenBits != 64)
    return error() << "option 'token-bits' must be 32 or 64, not " << tokenBits;
  DataSetOptions options;
  options.sequenceLength = sequenceLength;
  options.tokenBits = tokenBits;
  return openDataSet(module, entry, data, options);
}

CalibrationOptions RunRequest::getOptions() const {
  CalibrationOptions options;
  options.samples = samples;
  options.entry = entry;
  options.threads = jobs;
  if (secondMoment)
    options.kinds.push_back("second_moment");
  if (progress)
    options.progress = makeProgress(pass);
  return options;
}

void slim::addDialectsOf(StringRef pipeline, DialectRegistry &registry) {
  OpPassManager manager(ModuleOp::getOperationName());
  if (succeeded(parsePassPipeline(pipeline, manager, llvm::nulls())))
    manager.getDependentDialects(registry);
}
