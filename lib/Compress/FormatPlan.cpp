//===- FormatPlan.cpp - Which format each weight gets ---------------------===//
#include "slim/Compress/FormatPlan.h"

#include "slim/Compress/Report.h"
#include "slim/Numerics/FormatBudget.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/FormatVariadic.h"

using namespace slim;

namespace {
/// What a quantization does to a weight.
struct Measurement {
  bool isApplied = false;
  double bytes = 0;
  double elements = 0;
  double relativeError = 0;
  /// Of the layer's outputs, if there are statistics of its inputs.
  std::optional<double> outputError;

  /// The error that counts where nothing is known of the model's outputs.
  double getLoss() const {
    double error = outputError.value_or(relativeError);
    return error * error;
  }
};
} // namespace

/// Measures a quantization on a copy of the module, by weight.
static FailureOr<llvm::MapVector<StringAttr, Measurement>>
measure(ModuleOp module, StringRef pass, const CompressionOptions &options,
        const WeightQuantization &quantization) {
  OwningOpRef<ModuleOp> copy = module.clone();
  (*copy)->removeAttr(SlimDialect::kReportAttr);
  CompressionOptions silent = options;
  silent.emitRemarks = false;
  FailureOr<CompressionCounts> counts = compressWeights(
      *copy, pass, silent,
      [&](CompressibleWeight &weight, WeightRewriter &rewriter) {
        return quantizeWeight(weight, rewriter, quantization);
      });
  if (failed(counts))
    return failure();

  llvm::MapVector<StringAttr, Measurement> result;
  auto report = (*copy)->getAttrOfType<ArrayAttr>(SlimDialect::kReportAttr);
  if (!report)
    return result;
  for (auto entry : report.getAsRange<DictionaryAttr>()) {
    Measurement &measurement = result[entry.getAs<StringAttr>("weight")];
    measurement.isApplied =
        entry.getAs<StringAttr>("status").getValue() == "applied";
    if (!measurement.isApplied)
      continue;
    measurement.bytes =
        double(entry.getAs<IntegerAttr>("bytes_after").getInt());
    measurement.elements = 1;
    for (int64_t extent : entry.getAs<DenseI64ArrayAttr>("shape").asArrayRef())
      measurement.elements *= double(extent);
    measurement.relativeError =
        entry.getAs<FloatAttr>("relative_error").getValueAsDouble();
    if (auto error = entry.getAs<FloatAttr>("output_error"))
      measurement.outputError = error.getValueAsDouble();
  }
  return result;
}

/// The input that a weight is multiplied with first, by the weight's name.
static llvm::StringMap<Value> getInputs(ModuleOp module) {
  llvm::StringMap<Value> inputs;
  module.walk([&](LinearOp op) {
    if (std::optional<DecodeTree> tree = DecodeTree::match(op.getWeight()))
      inputs.try_emplace(tree->getName(), op.getInput());
  });
  return inputs;
}

FailureOr<FormatPlan> slim::planFormats(ModuleOp module, StringRef pass,
                                        const CompressionOptions &options,
                                        ArrayRef<WeightQuantization> candidates,
                                        double bits,
                                        const SensitivityTable *sensitivity) {
  std::vector<llvm::MapVector<StringAttr, Measurement>> measurements;
  for (const WeightQuantization &candidate : candidates) {
    auto measured = measure(module, pass, options, candidate);
    if (failed(measured))
      return failure();
    measurements.push_back(std::move(*measured));
  }

  // Groups of weights with one input, in the order of the weights. Its choices
  // are the candidates that apply to all of them.
  llvm::StringMap<Value> inputs = getInputs(module);
  llvm::MapVector<const void *, SmallVector<StringAttr>> groups;
  for (auto &[name, first] : measurements.front()) {
    auto input = inputs.find(name.getValue());
    groups[input == inputs.end() ? name.getAsOpaquePointer()
                                 : input->second.getAsOpaquePointer()]
        .push_back(name);
  }
  std::vector<std::vector<BudgetChoice>> choices;
  std::vector<SmallVector<size_t>> numbers;
  SmallVector<ArrayRef<StringAttr>> members;
  double elements = 0;
  auto getLoss = [&](StringAttr name, const Measurement &measurement) {
    if (!sensitivity || !measurement.isApplied)
      return measurement.getLoss();
    return sensitivity->lookup(name.getValue())
        ->predict(measurement.relativeError, measurement.outputError);
  };
  for (auto &[key, names] : groups) {
    // What no candidate applies to is left alone, and no part of the group.
    llvm::erase_if(names, [&](StringAttr name) {
      return llvm::none_of(measurements, [&](auto &measured) {
        return measured[name].isApplied;
      });
    });
    for (StringAttr name : names)
      if (sensitivity && !sensitivity->lookup(name.getValue()))
        return emitError(module.getLoc())
               << pass << ": option 'sensitivity': the file has no weight '"
               << name.getValue()
               << "': measure with the same filters as the plan is made";
    std::vector<BudgetChoice> groupChoices;
    SmallVector<size_t> groupNumbers;
    double groupElements = 0;
    for (auto [number, measured] : llvm::enumerate(measurements)) {
      BudgetChoice choice;
      double count = 0;
      bool applies = !names.empty();
      for (StringAttr name : names) {
        const Measurement &measurement = measured[name];
        applies &= measurement.isApplied;
        choice.cost += 8 * measurement.bytes;
        choice.loss += getLoss(name, measurement);
        count += measurement.elements;
      }
      if (!applies)
        continue;
      groupElements = count;
      groupChoices.push_back(choice);
      groupNumbers.push_back(number);
    }
    if (groupChoices.empty())
      continue;
    elements += groupElements;
    choices.push_back(std::move(groupChoices));
    numbers.push_back(std::move(groupNumbers));
    members.push_back(names);
  }

  FormatPlan plan;
  if (choices.empty())
    return plan;
  std::optional<BudgetPlan> planned = planBudget(choices, bits * elements);
  if (!planned) {
    double least = 0;
    for (const std::vector<BudgetChoice> &group : choices)
      least += llvm::min_element(group, [](const auto &a, const auto &b) {
                 return a.cost < b.cost;
               })->cost;
    return emitError(module.getLoc())
           << pass << ": the smallest formats take "
           << llvm::formatv("{0:f3}", least / elements).str()
           << " bits per element, more than the budget of "
           << llvm::formatv("{0:f3}", bits).str()
           << ": raise it or add a smaller format";
  }
  for (auto [index, names] : llvm::enumerate(members))
    for (StringAttr name : names)
      plan.choices[name.getValue()] = numbers[index][planned->choices[index]];
  plan.bits = planned->cost / elements;
  plan.loss = planned->loss;
  plan.lossBound = planned->lossBound;
  return plan;
}
