//===- MeasureSensitivity.cpp - Sensitivities of weights ------------------===//

#include "RunModel.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "slim/Calibrate/Sensitivity.h"
#include "slim/Compress/DecodeTree.h"
#include "slim/Numerics/Statistics.h"
#include "slim/Pipelines/InProcess.h"
#include "slim/Pipelines/Passes.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/Regex.h"
#include <cmath>
#include <random>

namespace slim {
#define GEN_PASS_DEF_MEASURESENSITIVITYPASS
#include "slim/Pipelines/Passes.h.inc"
} // namespace slim

using namespace slim;

/// The first tree of each weight that ops multiply by, by name.
static llvm::MapVector<StringRef, DecodeTree> collectTrees(ModuleOp module) {
  llvm::MapVector<StringRef, DecodeTree> trees;
  module.walk([&](CompressibleOpInterface op) {
    if (auto tree = DecodeTree::match(op.getWeightOperand().get()))
      trees.try_emplace(tree->getName(), *tree);
  });
  return trees;
}

static double getNorm(ArrayRef<float> values) {
  double sum = 0;
  for (float value : values)
    sum += double(value) * value;
  return std::sqrt(sum);
}

/// The output error that the report of `module` has of the weight, if one pass
/// alone has changed it.
static std::optional<double> findOutputError(ModuleOp module, StringRef name) {
  auto report = module->getAttrOfType<ArrayAttr>(SlimDialect::kReportAttr);
  std::optional<double> found;
  unsigned applied = 0;
  if (report)
    for (auto entry : report.getAsRange<DictionaryAttr>()) {
      auto weight = entry.getAs<StringAttr>("weight");
      auto status = entry.getAs<StringAttr>("status");
      if (!weight || weight.getValue() != name || !status ||
          status.getValue() != "applied")
        continue;
      ++applied;
      if (auto error = entry.getAs<FloatAttr>("output_error"))
        found = error.getValueAsDouble();
    }
  return applied == 1 ? found : std::nullopt;
}

namespace {
struct MeasureSensitivityPass
    : slim::impl::MeasureSensitivityPassBase<MeasureSensitivityPass> {
  using Base::Base;
  friend struct slim::RunRequest;

  void getDependentDialects(DialectRegistry &registry) const override {
    Base::getDependentDialects(registry);
    addDialectsOf(passes, registry);
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    RunRequest request = RunRequest::of(*this);
    if (failed(checkOptions()))
      return signalPassFailure();
    FailureOr<std::unique_ptr<DataSet>> samples = request.open(module);
    SensitivityTable table;
    table.method = method;
    std::vector<WeightProbe> probes;
    if (failed(samples) || failed(collectWeights(probes)) ||
        failed(method == "output" ? compress(probes, table)
                                  : disturb(probes, table)))
      return signalPassFailure();
    if (probes.empty()) {
      (void)fail("there is no f32 weight that could be changed");
      return signalPassFailure();
    }

    OutputLoss loss =
        method == "fisher" ? OutputLoss::Divergence : OutputLoss::SquaredError;
    auto losses = measureSensitivity(module, **samples, request.getOptions(),
                                     compileInProcess, probes, loss);
    if (failed(losses))
      return signalPassFailure();
    for (auto [probe, ofWeight] : llvm::zip_equal(probes, *losses)) {
      double sum = 0;
      for (double value : ofWeight)
        sum += value;
      table.weights[probe.weight].loss = sum / double(ofWeight.size());
    }
    if (llvm::Error error = table.save(output)) {
      (void)fail(llvm::toString(std::move(error)));
      return signalPassFailure();
    }
    numMeasured += probes.size();
    markAllAnalysesPreserved();
  }

private:
  LogicalResult fail(const Twine &message) {
    return emitError(getOperation().getLoc())
           << getArgument() << ": " << message;
  }

  LogicalResult checkOptions() {
    if (output.empty())
      return fail("option 'output' must name the file that the sensitivities "
                  "go to");
    if (llvm::Error error = checkOutputPath(output))
      return fail(llvm::toString(std::move(error)));
    if (method != "output" && method != "hessian" && method != "fisher")
      return fail("option 'method' must be output, hessian or fisher, not '" +
                  method + "'");
    if (method == "output" && passes.empty())
      return fail("option 'passes' must be the pipeline that changes weights");
    if (method != "output" && !passes.empty())
      return fail("option 'passes' needs method=output");
    if (!(size > 0 && size < 1))
      return fail("option 'size' must be above 0 and below 1");
    if (draws == 0)
      return fail("option 'draws' must be at least 1");
    for (const std::string &pattern :
         {include.getValue(), exclude.getValue()}) {
      std::string error;
      if (!pattern.empty() && !llvm::Regex(pattern).isValid(error))
        return fail("'" + pattern + "' is not a regular expression: " + error);
    }
    return success();
  }

  LogicalResult collectWeights(std::vector<WeightProbe> &probes) {
    llvm::Regex included(include), excluded(exclude);
    for (auto &[name, tree] : collectTrees(getOperation())) {
      RankedTensorType type = tree.getType();
      if (!type.hasStaticShape() || !type.getElementType().isF32() ||
          type.getNumElements() < std::max<int64_t>(1, minElements) ||
          (!include.empty() && !included.match(name)) ||
          (!exclude.empty() && excluded.match(name)) ||
          !hasConstantData(tree.getRoot()))
        continue;
      FailureOr<std::vector<float>> values = decodeToDense(tree.getRoot());
      if (failed(values))
        return failure();
      if (getNorm(*values) > 0)
        probes.push_back({name.str(), std::move(*values), {}});
    }
    return success();
  }

  /// Changes weights by the passes; drops those that stay as they are.
  LogicalResult compress(std::vector<WeightProbe> &probes,
                         SensitivityTable &table) {
    OwningOpRef<ModuleOp> copy = getOperation().clone();
    (*copy)->removeAttr(SlimDialect::kReportAttr);
    PassManager manager(&getContext());
    std::string message;
    llvm::raw_string_ostream errors(message);
    if (failed(parsePassPipeline(passes, manager, errors)))
      return fail("option 'passes': " + StringRef(message).rtrim());
    if (failed(manager.run(*copy)))
      return failure();

    llvm::MapVector<StringRef, DecodeTree> trees = collectTrees(*copy);
    std::vector<WeightProbe> changed;
    for (WeightProbe &probe : probes) {
      auto tree = trees.find(probe.weight);
      if (tree == trees.end() || tree->second.getType().getNumElements() !=
                                     int64_t(probe.values.size()))
        continue;
      FailureOr<std::vector<float>> values =
          decodeToDense(tree->second.getRoot());
      if (failed(values))
        return failure();
      double error = measureError(probe.values, *values).relativeFrobenius;
      if (error == 0)
        continue;
      table.weights[probe.weight] = {error,
                                     findOutputError(*copy, probe.weight), 0};
      probe.changes.push_back(std::move(*values));
      changed.push_back(std::move(probe));
    }
    probes = std::move(changed);
    return success();
  }

  /// Changes weights by random signs.
  LogicalResult disturb(std::vector<WeightProbe> &probes,
                        SensitivityTable &table) {
    // The same on every machine.
    std::mt19937_64 random(0);
    for (WeightProbe &probe : probes) {
      table.weights[probe.weight].relativeError = size;
      double step =
          size * getNorm(probe.values) / std::sqrt(double(probe.values.size()));
      for (unsigned draw = 0; draw < draws; ++draw) {
        std::vector<float> &change = probe.changes.emplace_back(probe.values);
        uint64_t signs = 0;
        for (auto [i, value] : llvm::enumerate(change)) {
          if (i % 64 == 0)
            signs = random();
          value += float(signs >> i % 64 & 1 ? step : -step);
        }
      }
    }
    return success();
  }
};
} // namespace
