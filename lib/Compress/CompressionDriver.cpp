//===- CompressionDriver.cpp - What all compression passes share ----------===//
#include "slim/Compress/CompressionDriver.h"

#include "slim/Compress/NameFilter.h"
#include "slim/Compress/Report.h"
#include "slim/IR/WeightStorage.h"
#include "slim/Numerics/Statistics.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

using namespace slim;

//===----------------------------------------------------------------------===//
// Finding weights
//===----------------------------------------------------------------------===//

/// All weights of `module`, in the order of their first consumers.
static std::vector<CompressibleWeight> collectWeights(ModuleOp module) {
  std::vector<CompressibleWeight> weights;
  llvm::StringMap<size_t> indexOfKey;
  module.walk([&](CompressibleOpInterface op) {
    std::optional<DecodeTree> tree =
        DecodeTree::match(op.getWeightOperand().get());
    if (!tree || !tree->getType().hasStaticShape())
      return;
    auto [it, isNew] = indexOfKey.try_emplace(tree->getKey(), weights.size());
    if (isNew) {
      weights.emplace_back();
      weights.back().tree = std::move(*tree);
    }
    weights[it->second].consumers.push_back(op);
  });

  // Other functions, and ops that cannot be compressed themselves, read the
  // same weight: they see what it becomes.
  module.walk([&](Operation *op) {
    if (!isa<GetWeightOp, DecodeOpInterface>(op))
      return;
    bool isRoot = llvm::any_of(op->getUsers(), [](Operation *user) {
      return !isa<DecodeOpInterface>(user);
    });
    if (!isRoot)
      return;
    std::optional<DecodeTree> tree = DecodeTree::match(op->getResult(0));
    if (!tree)
      return;
    auto it = indexOfKey.find(tree->getKey());
    if (it != indexOfKey.end())
      weights[it->second].roots.push_back(op->getResult(0));
  });

  for (CompressibleWeight &weight : weights) {
    CompressibleOpInterface model = weight.consumers.front();
    for (CompressibleOpInterface consumer : weight.consumers) {
      if (consumer.getReductionDims().empty())
        continue;
      model = consumer;
      break;
    }
    weight.outputChannelDim = model.getOutputChannelDim();
    weight.reductionDims = model.getReductionDims();
  }
  return weights;
}

//===----------------------------------------------------------------------===//
// Filtering
//===----------------------------------------------------------------------===//

namespace {
class WeightFilter {
public:
  static FailureOr<WeightFilter> get(ModuleOp module, StringRef pass,
                                     const CompressionOptions &options) {
    FailureOr<NameFilter> names =
        NameFilter::get(module, pass, options.include, options.exclude);
    if (failed(names))
      return failure();
    return WeightFilter(std::move(*names), options.minElements);
  }

  /// Why the filter rejects `weight`; empty if it does not.
  std::string reject(const CompressibleWeight &weight) {
    return reject(weight.getName(), weight.getType());
  }
  std::string reject(StringRef name, RankedTensorType type) {
    if (std::string reason = names.reject(name); !reason.empty())
      return reason;
    int64_t elements = type.getNumElements();
    if (elements < minElements)
      return ("its " + Twine(elements) + " elements are fewer than " +
              Twine(minElements))
          .str();
    return {};
  }

private:
  WeightFilter(NameFilter names, int64_t minElements)
      : names(std::move(names)), minElements(minElements) {}

  NameFilter names;
  int64_t minElements;
};
} // namespace

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

/// Entries for the floats that the filter takes but no op reads that can be
/// compressed, such as the scale of a norm or the table of a gather.
static std::vector<ReportEntry>
describeUnread(ModuleOp module, StringRef pass, WeightFilter &filter,
               ArrayRef<CompressibleWeight> weights) {
  llvm::StringSet<> read;
  for (const CompressibleWeight &weight : weights)
    for (WeightOp stored : weight.tree.getWeights())
      read.insert(stored.getSymName());
  std::vector<ReportEntry> entries;
  for (auto stored : module.getOps<WeightOp>()) {
    RankedTensorType type = stored.getTensorType();
    if (read.contains(stored.getSymName()) ||
        !isa<FloatType>(type.getElementType()) ||
        !filter.reject(stored.getSymName(), type).empty())
      continue;
    ReportEntry entry;
    entry.pass = pass;
    entry.weight = stored.getSymName();
    entry.shape.assign(type.getShape());
    entry.bytesBefore = entry.bytesAfter = getStoredBytes(type);
    entry.message = "no op that can be compressed reads it";
    entries.push_back(std::move(entry));
  }
  return entries;
}

/// Why `weight` cannot be compressed by any pass; empty if it can.
static std::string checkWeight(const CompressibleWeight &weight) {
  if (!isa<FloatType>(weight.getType().getElementType()))
    return "its elements are no floats";
  if (weight.getType().getNumElements() == 0)
    return "it has no elements";
  for (WeightOp stored : weight.tree.getWeights())
    if (!hasWeightData(stored))
      return "the module has no data of it";
  return {};
}

FailureOr<CompressionCounts> slim::compressWeights(
    ModuleOp module, StringRef pass, const CompressionOptions &options,
    function_ref<FailureOr<CompressionOutcome>(CompressibleWeight &,
                                               WeightRewriter &)>
        compress) {
  FailureOr<WeightFilter> filter = WeightFilter::get(module, pass, options);
  if (failed(filter))
    return failure();

  CompressionCounts counts;
  WeightRewriter rewriter(module);
  std::vector<CompressibleWeight> weights = collectWeights(module);
  std::vector<ReportEntry> entries,
      unread = describeUnread(module, pass, *filter, weights);
  for (CompressibleWeight &weight : weights) {
    // The name and the place outlive the weight, which may be replaced.
    auto name = StringAttr::get(module.getContext(), weight.getName());
    WeightOp stored = weight.tree.getWeights().front();
    Location loc = stored.getLoc();
    ReportEntry entry;
    entry.pass = pass;
    entry.weight = name.getValue();
    entry.shape.assign(weight.getType().getShape());
    entry.bytesBefore = entry.bytesAfter = weight.tree.getStoredBytes();

    auto run = [&]() -> FailureOr<CompressionOutcome> {
      std::string reason = filter->reject(weight);
      if (reason.empty())
        reason = checkWeight(weight);
      if (!reason.empty())
        return CompressionOutcome::skipped(reason);
      FailureOr<std::vector<float>> dense =
          decodeToDense(weight.tree.getRoot());
      if (failed(dense))
        return failure();
      if (!allFinite(*dense))
        return CompressionOutcome::skipped("it has infinite or NaN values");
      weight.dense = std::move(*dense);

      FailureOr<CompressionOutcome> outcome = compress(weight, rewriter);
      if (failed(outcome) || !outcome->wasApplied)
        return outcome;
      // The error is that of the decode ops' own arithmetic.
      if (!outcome->relativeError) {
        FailureOr<std::vector<float>> now =
            decodeToDense(weight.tree.getRoot());
        if (failed(now))
          return failure();
        outcome->relativeError =
            measureError(weight.dense, *now).relativeFrobenius;
      }
      if (!outcome->bytesAfter)
        outcome->bytesAfter = weight.tree.getStoredBytes();
      return outcome;
    };
    FailureOr<CompressionOutcome> outcome = run();
    if (failed(outcome))
      return failure();
    // The dense values of one weight at a time are enough.
    weight.dense = {};

    entry.applied = outcome->wasApplied;
    entry.message = std::move(outcome->message);
    entry.details = std::move(outcome->details);
    entry.bytesAfter = outcome->bytesAfter.value_or(entry.bytesBefore);
    entry.relativeError = outcome->relativeError.value_or(0);
    ++(entry.applied ? counts.applied : counts.skipped);
    counts.bytesBefore += entry.bytesBefore;
    counts.bytesAfter += entry.bytesAfter;
    if (options.emitRemarks)
      emitReportRemark(loc, entry);
    entries.push_back(std::move(entry));
  }
  llvm::append_range(entries, unread);
  rewriter.finalize();
  appendToReport(module, entries);
  return counts;
}
