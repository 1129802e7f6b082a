//===- PruneStructured.cpp - Channels, neurons and heads go ---------------===//
#include "MatrixForm.h"
#include "slim/Calibrate/ActivationStatistics.h"
#include "slim/Compress/ImportanceCriterion.h"
#include "slim/Compress/NameFilter.h"
#include "slim/Compress/Passes.h"
#include "slim/Compress/RemoveChannels.h"
#include "slim/Compress/Report.h"
#include "slim/IR/WeightData.h"
#include "slim/IR/WeightStorage.h"
#include "slim/Numerics/Statistics.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include <cmath>
#include <numeric>

namespace slim {
#define GEN_PASS_DEF_PRUNESTRUCTUREDPASS
#include "slim/Compress/Passes.h.inc"
} // namespace slim

using namespace slim;

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

/// Adds up what lies at each place along `dim`.
static std::vector<double> sumAlong(ArrayRef<float> values,
                                    ArrayRef<int64_t> shape, int64_t dim) {
  int64_t extent = shape[dim], inner = 1;
  for (int64_t next : shape.drop_front(dim + 1))
    inner *= next;
  std::vector<double> sums(extent);
  for (size_t i = 0; i < values.size(); ++i)
    sums[i / inner % extent] += values[i];
  return sums;
}

/// Whether a tensor is a matrix, or filters, rather than an element a channel.
static bool isMatrix(RankedTensorType type) {
  return llvm::count_if(type.getShape(),
                        [](int64_t extent) { return extent > 1; }) > 1;
}

namespace {
/// Scores the elements of weights.
class Scorer {
public:
  Scorer(ModuleOp module, const ImportanceCriterion &criterion, uint64_t seed,
         std::optional<CalibrationStatistics> calibration)
      : criterion(criterion), seed(seed), calibration(std::move(calibration)) {
    module.walk([&](CompressibleOpInterface op) {
      if (auto get = op.getWeightOperand().get().getDefiningOp<GetWeightOp>())
        if (!op.getReductionDims().empty())
          consumers.try_emplace(get.getName(), op);
    });
  }

  /// Row-major; empty for a weight that does not count. Reports what fails.
  FailureOr<std::vector<float>> score(WeightOp weight);

private:
  /// E[x^2] of each element's input; empty where nothing was seen.
  std::vector<float> getInputMeanSquares(WeightOp weight);

  const ImportanceCriterion &criterion;
  uint64_t seed;
  std::optional<CalibrationStatistics> calibration;
  llvm::StringMap<CompressibleOpInterface> consumers;
};
} // namespace

std::vector<float> Scorer::getInputMeanSquares(WeightOp weight) {
  auto consumer = consumers.find(weight.getSymName());
  const ActivationStatistics *seen =
      calibration ? calibration->lookup(weight.getSymName()) : nullptr;
  if (!seen || consumer == consumers.end())
    return {};
  CompressibleOpInterface op = consumer->second;
  MatrixForm form =
      MatrixForm::of(weight.getTensorType().getShape(),
                     op.getOutputChannelDim(), op.getReductionDims());
  if (seen->groups < 1 || form.rows % seen->groups != 0 ||
      static_cast<int64_t>(seen->channelMeanSquare.size()) !=
          seen->groups * form.cols)
    return {};
  std::vector<float> squares(form.source.size());
  for (size_t i = 0; i < squares.size(); ++i) {
    int64_t row = i / form.cols, group = row / (form.rows / seen->groups);
    squares[form.source[i]] =
        float(seen->channelMeanSquare[group * form.cols + i % form.cols]);
  }
  return squares;
}

FailureOr<std::vector<float>> Scorer::score(WeightOp weight) {
  std::vector<float> scores;
  if (!isMatrix(weight.getTensorType()))
    return scores;
  std::vector<float> squares = getInputMeanSquares(weight);
  if (criterion.needsStatistics() && squares.empty())
    return scores;
  FailureOr<TensorData> data = readWeightData(weight);
  if (failed(data))
    return failure();
  std::vector<float> values = data->toFloats();
  if (!allFinite(values))
    return weight.emitError("has infinite or NaN values, by which channels "
                            "cannot be ranked");
  llvm::Expected<std::vector<float>> result =
      criterion.score({weight.getSymName(), weight.getTensorType().getShape(),
                       values, squares, seed});
  if (!result)
    return weight.emitError() << llvm::toString(result.takeError());
  return std::move(*result);
}

/// The scores of what lies at each channel of each wanted axis; none for axes
/// that do not count, such as those of activations and vectors.
static FailureOr<std::vector<std::vector<double>>>
sumAxes(const ChannelGraph &graph, Scorer &scorer,
        const llvm::BitVector &isWanted) {
  ArrayRef<ChannelAxis> axes = graph.getAxes();
  std::vector<std::vector<double>> sums(axes.size());
  for (unsigned first = 0; first < axes.size();) {
    WeightOp weight = axes[first].weight;
    unsigned last = first + 1;
    while (weight && last < axes.size() && axes[last].weight == weight)
      ++last;
    bool isNeeded = false;
    for (unsigned axis = first; axis < last; ++axis)
      isNeeded |= isWanted[axis];
    if (weight && isNeeded) {
      FailureOr<std::vector<float>> scores = scorer.score(weight);
      if (failed(scores))
        return failure();
      for (unsigned axis = first; axis < last && !scores->empty(); ++axis)
        if (isWanted[axis])
          sums[axis] = sumAlong(*scores, weight.getTensorType().getShape(),
                                axes[axis].dim);
    }
    first = last;
  }
  return sums;
}

/// The score of each set: the mean over its weights of what it takes of them.
static std::vector<double> scoreSets(const ChannelGroup &group,
                                     ArrayRef<std::vector<double>> sums) {
  std::vector<double> scores;
  for (const ChannelSet &set : group.sets) {
    double total = 0;
    int64_t weights = 0;
    for (const AxisChannels &part : set) {
      const std::vector<double> &sum = sums[part.axis];
      if (sum.empty())
        continue;
      for (int64_t channel : part.channels)
        total += sum[channel];
      ++weights;
    }
    scores.push_back(weights ? total / weights : 0);
  }
  return scores;
}

//===----------------------------------------------------------------------===//
// Choice
//===----------------------------------------------------------------------===//

/// The least number of sets whose channels are a multiple of `align` along
/// every stored axis.
static int64_t getUnit(const ChannelGraph &graph, const ChannelGroup &group,
                       int64_t align) {
  int64_t unit = 1;
  for (auto [index, axis] : llvm::enumerate(group.getAxes()))
    if (graph.getAxes()[axis].isStored())
      unit = std::lcm(unit,
                      align / std::gcd(align, group.getChannelsOfSet(index)));
  return unit;
}

/// How many of `sets` stay if `wanted` should: the nearest multiple of `unit`.
static int64_t alignKept(double wanted, int64_t sets, int64_t unit) {
  auto units = static_cast<int64_t>(std::ceil(wanted / unit - 0.5));
  return std::min(std::max<int64_t>(units, 1) * unit, sets);
}

namespace {
/// A group that may lose sets.
struct Candidate {
  const ChannelGroup *group;
  int64_t unit;
  std::vector<double> scores;
  /// Sets from the least score on.
  SmallVector<size_t> order;
  int64_t kept = 0;
};

struct PruneStructuredPass
    : slim::impl::PruneStructuredPassBase<PruneStructuredPass> {
  using Base::Base;
  void runOnOperation() override;

private:
  LogicalResult checkOptions();
  /// Why a group stays whole; empty for one that may lose sets.
  std::string getReason(const ChannelGraph &graph, const ChannelGroup &group,
                        const NameFilter &filter);
  void chooseGlobally(MutableArrayRef<Candidate> candidates);
  /// Entries for weights, in module order.
  std::vector<ReportEntry> describe(ModuleOp module, const ChannelGraph &graph,
                                    const RemovedChannels &removed,
                                    ArrayRef<std::string> reasons);
};
} // namespace

LogicalResult PruneStructuredPass::checkOptions() {
  auto fail = [&](const Twine &what) {
    return emitError(getOperation().getLoc(), "prune-structured: ") << what;
  };
  // The comparisons are false for NaN too.
  if (!(ratio >= 0 && ratio < 1))
    return fail("option 'ratio' must be from 0 to below 1, not " +
                Twine(std::to_string(ratio)));
  if (!(maxRatio >= 0 && maxRatio < 1))
    return fail("option 'max-ratio' must be from 0 to below 1, not " +
                Twine(std::to_string(maxRatio)));
  if (align < 1)
    return fail("option 'align' must be 1 or more, not " +
                Twine(int64_t(align)));
  if (ranking != "local" && ranking != "global")
    return fail("option 'ranking' must be local or global, not '" + ranking +
                "'");
  if (!getImportanceCriterion(criterion))
    return fail("there is no criterion '" + criterion + "'; there are " +
                llvm::join(getImportanceCriterionNames(), ", "));
  if (getImportanceCriterion(criterion)->needsStatistics() &&
      calibration.empty())
    return fail(
        "criterion '" + criterion +
        "' needs statistics: calibrate the model and give their file as "
        "option 'calibration'");
  return success();
}

std::string PruneStructuredPass::getReason(const ChannelGraph &graph,
                                           const ChannelGroup &group,
                                           const NameFilter &filter) {
  if (group.fixedBy)
    return ("its channels are kept whole by " +
            group.fixedBy->getName().getStringRef())
        .str();
  if (group.statisticBy && !norms)
    return ("channels that stay would change with those that " +
            group.statisticBy->getName().getStringRef() +
            " loses; the option 'norms' allows it")
        .str();
  // One name that 'include' finds is enough, and one that 'exclude' finds.
  bool isIncluded = false;
  std::string reason;
  for (unsigned axis : group.getAxes()) {
    WeightOp weight = graph.getAxes()[axis].weight;
    if (!weight)
      continue;
    if (!hasWeightData(weight))
      return ("the module has no data of '" + weight.getSymName() + "'").str();
    std::string why = filter.reject(weight.getSymName());
    isIncluded |= why.empty();
    if (reason.empty() || StringRef(why).contains("exclude"))
      reason = why;
  }
  if (!isIncluded || StringRef(reason).contains("exclude"))
    return reason;
  if (getUnit(graph, group, align) >= static_cast<int64_t>(group.sets.size()))
    return ("its " + Twine(group.sets.size()) +
            " sets of channels are no more than 'align' asks to keep")
        .str();
  return {};
}

void PruneStructuredPass::chooseGlobally(
    MutableArrayRef<Candidate> candidates) {
  struct Place {
    double score;
    Candidate *candidate;
  };
  std::vector<Place> places;
  for (Candidate &candidate : candidates) {
    double mean =
        std::accumulate(candidate.scores.begin(), candidate.scores.end(), 0.0) /
        candidate.scores.size();
    for (double score : candidate.scores)
      places.push_back({mean > 0 ? score / mean : 1, &candidate});
    candidate.kept = candidate.scores.size();
  }
  llvm::stable_sort(
      places, [](const Place &a, const Place &b) { return a.score < b.score; });
  auto excess = static_cast<int64_t>(std::llround(ratio * places.size()));
  for (const Place &place : places) {
    if (excess <= 0)
      break;
    auto sets = static_cast<double>(place.candidate->scores.size());
    if (place.candidate->kept - 1 < (1 - maxRatio) * sets)
      continue;
    --place.candidate->kept;
    --excess;
  }
  for (Candidate &candidate : candidates)
    candidate.kept =
        alignKept(candidate.kept, candidate.scores.size(), candidate.unit);
}

std::vector<ReportEntry>
PruneStructuredPass::describe(ModuleOp module, const ChannelGraph &graph,
                              const RemovedChannels &removed,
                              ArrayRef<std::string> reasons) {
  Builder builder(module.getContext());
  ArrayRef<ChannelAxis> axes = graph.getAxes();
  std::vector<ReportEntry> entries;
  for (unsigned axis = 0; axis < axes.size();) {
    WeightOp weight = axes[axis].weight;
    if (!weight) {
      ++axis;
      continue;
    }
    RankedTensorType type = weight.getTensorType();
    ReportEntry entry;
    entry.pass = getArgument();
    entry.weight = weight.getSymName();
    entry.shape.assign(type.getShape());
    entry.bytesBefore = getStoredBytes(type);
    SmallVector<int64_t> shape(type.getShape());
    SmallVector<NamedAttribute> lists;
    for (; axis < axes.size() && axes[axis].weight == weight; ++axis) {
      if (!removed.isCut(axis)) {
        if (entry.message.empty())
          entry.message = reasons[axis];
        continue;
      }
      SmallVector<int64_t> gone = removed.getRemoved(axis);
      shape[axes[axis].dim] -= gone.size();
      std::string message =
          ("keeps " + Twine(shape[axes[axis].dim]) + " of " +
           Twine(axes[axis].extent) + " channels along dimension " +
           Twine(axes[axis].dim))
              .str();
      entry.message = entry.applied ? entry.message + ", " + message : message;
      entry.applied = true;
      if (listChannels)
        lists.push_back(
            builder.getNamedAttr(std::to_string(axes[axis].dim),
                                 builder.getDenseI64ArrayAttr(gone)));
    }
    entry.bytesAfter =
        getStoredBytes(RankedTensorType::get(shape, type.getElementType()));
    if (!lists.empty())
      entry.details.push_back(builder.getNamedAttr(
          "removed_channels", builder.getDictionaryAttr(lists)));
    bytesBefore += entry.bytesBefore;
    bytesAfter += entry.bytesAfter;
    entries.push_back(std::move(entry));
  }
  return entries;
}

void PruneStructuredPass::runOnOperation() {
  ModuleOp module = getOperation();
  FailureOr<NameFilter> filter =
      NameFilter::get(module, getArgument(), include, exclude);
  if (failed(checkOptions()) || failed(filter))
    return signalPassFailure();

  ChannelGraph graph(module);
  ArrayRef<ChannelAxis> axes = graph.getAxes();
  std::vector<Candidate> candidates;
  llvm::BitVector isWanted(axes.size());
  std::vector<std::string> reasons(axes.size());
  for (const ChannelGroup &group : graph.getGroups()) {
    std::string reason = getReason(graph, group, *filter);
    for (unsigned axis : group.getAxes()) {
      reasons[axis] = reason;
      if (reason.empty())
        isWanted.set(axis);
    }
    if (reason.empty())
      candidates.push_back({&group, getUnit(graph, group, align), {}, {}});
  }

  std::optional<CalibrationStatistics> statistics;
  if (!calibration.empty()) {
    llvm::Expected<CalibrationStatistics> loaded =
        CalibrationStatistics::load(calibration);
    if (!loaded) {
      emitError(module.getLoc(), "prune-structured: option 'calibration': ")
          << llvm::toString(loaded.takeError());
      return signalPassFailure();
    }
    statistics = std::move(*loaded);
  }
  Scorer scorer(module, *getImportanceCriterion(criterion), seed,
                std::move(statistics));
  FailureOr<std::vector<std::vector<double>>> sums =
      sumAxes(graph, scorer, isWanted);
  if (failed(sums))
    return signalPassFailure();
  llvm::erase_if(candidates, [&](const Candidate &candidate) {
    SmallVector<unsigned> ofGroup = candidate.group->getAxes();
    if (llvm::any_of(ofGroup,
                     [&](unsigned axis) { return !(*sums)[axis].empty(); }))
      return false;
    for (unsigned axis : ofGroup)
      reasons[axis] = "nothing ranks its channels: no weight of theirs has "
                      "scores";
    return true;
  });
  for (Candidate &candidate : candidates) {
    candidate.scores = scoreSets(*candidate.group, *sums);
    candidate.order =
        llvm::to_vector(llvm::seq<size_t>(candidate.scores.size()));
    llvm::stable_sort(candidate.order, [&](size_t a, size_t b) {
      return candidate.scores[a] < candidate.scores[b];
    });
    auto count = static_cast<int64_t>(candidate.scores.size());
    candidate.kept =
        alignKept(count - std::round(ratio * count), count, candidate.unit);
  }
  if (ranking == "global")
    chooseGlobally(candidates);

  RemovedChannels removed(graph);
  for (const Candidate &candidate : candidates) {
    size_t gone = candidate.scores.size() - candidate.kept;
    for (size_t set : ArrayRef(candidate.order).take_front(gone))
      removed.remove(candidate.group->sets[set]);
    numGroups += gone > 0;
    numSets += gone;
    if (gone == 0)
      for (unsigned axis : candidate.group->getAxes())
        reasons[axis] = "the nearest width that 'align' allows is its own";
  }
  std::vector<ReportEntry> entries = describe(module, graph, removed, reasons);
  // The squares of a weight as it is.
  SymbolTable symbols(module);
  auto sumSquares = [&](const ReportEntry &entry) -> FailureOr<double> {
    FailureOr<TensorData> data =
        readWeightData(symbols.lookup<WeightOp>(entry.weight));
    if (failed(data))
      return failure();
    double sum = 0;
    for (float value : data->toFloats())
      sum += double(value) * value;
    return sum;
  };
  SmallVector<double> before(entries.size());
  for (auto [sum, entry] : llvm::zip_equal(before, entries)) {
    if (!entry.applied)
      continue;
    FailureOr<double> squares = sumSquares(entry);
    if (failed(squares))
      return signalPassFailure();
    sum = *squares;
  }
  if (failed(removeChannels(module, graph, removed)))
    return signalPassFailure();
  for (auto [sum, entry] : llvm::zip_equal(before, entries)) {
    if (entry.applied && sum > 0) {
      FailureOr<double> squares = sumSquares(entry);
      if (failed(squares))
        return signalPassFailure();
      entry.relativeError = std::sqrt(std::max(0.0, 1 - *squares / sum));
    }
    emitReportRemark(symbols.lookup(entry.weight)->getLoc(), entry);
  }
  appendToReport(module, entries);
}
