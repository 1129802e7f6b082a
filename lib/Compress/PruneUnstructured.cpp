//===- PruneUnstructured.cpp - The smallest weights become zero -----------===//
//
// Selection happens on the decoded weight, the change in what is stored: each
// removed element is traced to its stored value, which becomes the code of
// zero. Scales, positions and layouts stay as they are.
//
//===----------------------------------------------------------------------===//
#include "slim/Compress/CompressionDriver.h"
#include "slim/Compress/Passes.h"
#include "slim/IR/WeightData.h"
#include "slim/Numerics/Prune.h"
#include "slim/Numerics/Statistics.h"
#include "llvm/Support/FormatVariadic.h"

#define DEBUG_TYPE "prune-unstructured"

namespace slim {
#define GEN_PASS_DEF_PRUNEUNSTRUCTUREDPASS
#include "slim/Compress/Passes.h.inc"
} // namespace slim

using namespace slim;

/// Overwrites element `index` by the integer `code`, which is 0 for floats.
static void storeCode(MutableArrayRef<char> bytes, int64_t elementBytes,
                      int64_t index, int64_t code) {
  for (int64_t byte = 0; byte < elementBytes; ++byte)
    bytes[index * elementBytes + byte] = char(code >> (8 * byte));
}

static FailureOr<CompressionOutcome>
prune(CompressibleWeight &weight, WeightRewriter &rewriter, double sparsity) {
  std::vector<uint8_t> keep(weight.dense.size());
  selectUnstructured(weight.dense, sparsity, keep);

  std::string reason;
  FailureOr<ElementTrace> trace = traceElements(weight.tree, reason);
  if (failed(trace)) {
    // Without a reason there was a diagnostic.
    if (reason.empty())
      return failure();
    return CompressionOutcome::skipped(reason);
  }
  WeightOp stored = weight.tree.getWeights().front();
  FailureOr<TensorData> data = readWeightData(stored);
  if (failed(data))
    return failure();
  std::vector<char> bytes(data->getBytes().begin(), data->getBytes().end());
  int64_t elementBytes = TensorData::getElementBytes(data->getElementType());
  bool changed = false;
  for (size_t i = 0, e = keep.size(); i < e; ++i) {
    if (keep[i] || weight.dense[i] == 0 || trace->stored[i] < 0)
      continue;
    storeCode(bytes, elementBytes, trace->stored[i],
              trace->zeroCodes.empty() ? 0 : trace->zeroCodes[i]);
    changed = true;
  }
  double before = measureSparsity(weight.dense).sparsity();
  if (!changed)
    return CompressionOutcome::skipped(
        llvm::formatv("{0:P1} of its elements are zero already", before).str());

  WeightOp newWeight =
      rewriter.addWeight(stored.getSymName(),
                         TensorData(data->getType(), std::move(bytes)), stored);
  rewriter.replaceRoots(weight, [&](OpBuilder &builder, Value root) {
    Value leaf = rewriter.readWeight(builder, root.getLoc(), newWeight);
    return rebuildTree(builder, root, leaf);
  });
  SparsityStatistics after;
  after.elements = keep.size();
  for (size_t i = 0, e = keep.size(); i < e; ++i)
    after.zeros += !keep[i] || weight.dense[i] == 0;
  auto outcome =
      CompressionOutcome::applied(Twine(after.zeros) + " of " +
                                  Twine(after.elements) + " elements are zero");
  outcome.with("sparsity",
               Builder(stored.getContext()).getF64FloatAttr(after.sparsity()));
  return outcome;
}

namespace {
struct PruneUnstructuredPass
    : slim::impl::PruneUnstructuredPassBase<PruneUnstructuredPass> {
  using Base::Base;

  void runOnOperation() override {
    // The comparison is false for NaN too.
    if (!(sparsity >= 0 && sparsity <= 1)) {
      emitError(getOperation().getLoc(),
                "prune-unstructured: option 'sparsity' must be "
                "between 0 and 1, not ")
          << double(sparsity);
      return signalPassFailure();
    }
    FailureOr<CompressionCounts> counts = compressWeights(
        getOperation(), getArgument(), {include, exclude, minElements},
        [&](CompressibleWeight &weight, WeightRewriter &rewriter) {
          return prune(weight, rewriter, sparsity);
        });
    if (failed(counts))
      return signalPassFailure();
    numCompressed += counts->applied;
    numSkipped += counts->skipped;
    bytesBefore += counts->bytesBefore;
    bytesAfter += counts->bytesAfter;
  }
};
} // namespace
