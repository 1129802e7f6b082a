//===- ExposeObservers.cpp - Observers become results ---------------------===//

#include "Observers.h"

#include "slim/Calibrate/Passes.h"
#include "slim/IR/SlimOps.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"

namespace slim {
#define GEN_PASS_DEF_EXPOSEOBSERVERSPASS
#include "slim/Calibrate/Passes.h.inc"
} // namespace slim

using namespace mlir;
using namespace slim;
using namespace slim::calibration;

namespace {
using ProbeMap = llvm::MapVector<std::pair<Value, int64_t>, Probe>;
} // namespace

/// Collects the observers by the value that they observe and erases them.
static FailureOr<ProbeMap> collectProbes(func::FuncOp function) {
  ProbeMap probes;
  llvm::StringSet<> seen;
  SmallVector<ObserveOp> observers;
  function.walk([&](ObserveOp op) { observers.push_back(op); });
  for (ObserveOp op : observers) {
    if (op->getBlock() != &function.front())
      return op.emitOpError(
          "observes a value inside of a region, which may be computed any "
          "number of times");
    for (StringRef kind : op.getKinds().getAsValueRange<StringAttr>())
      if (!seen.insert((op.getName() + "\n" + kind).str()).second)
        return op.emitOpError("is a second observer of '")
               << kind << "' called '" << op.getName() << "'";
    Probe &probe =
        probes[{op.getInput(), static_cast<int64_t>(op.getGroups())}];
    probe.groups = op.getGroups();
    probe.range |= op.observes(ObserveOp::kRange);
    probe.channels |= op.observes(ObserveOp::kChannels);
    probe.secondMoment |= op.observes(ObserveOp::kSecondMoment);
    probe.histogram |= op.observes(ObserveOp::kHistogram);
    // The bins of a histogram are laid over the range.
    probe.range |= probe.histogram;
    if (!llvm::is_contained(probe.names, op.getName()))
      probe.names.push_back(op.getName().str());
    op.erase();
  }
  return probes;
}

/// Appends `values` to what `function` returns.
static void appendResults(func::FuncOp function, ArrayRef<Value> values) {
  Operation *terminator = function.front().getTerminator();
  terminator->insertOperands(terminator->getNumOperands(), values);
  function.setFunctionType(FunctionType::get(function.getContext(),
                                             function.getArgumentTypes(),
                                             terminator->getOperandTypes()));
  if (ArrayAttr attributes = function.getAllResultAttrs()) {
    SmallVector<Attribute> all(attributes.getValue());
    all.resize(terminator->getNumOperands(),
               DictionaryAttr::get(function.getContext()));
    function.setAllResultAttrs(all);
  }
}

static Value sumOfProducts(ImplicitLocOpBuilder &b, Value x, int64_t groups) {
  auto type = cast<RankedTensorType>(x.getType());
  int64_t columns = type.getShape().back();
  if (type.getRank() != 2 || groups > 1) {
    SmallVector<int64_t> shape = {-1, columns};
    if (groups > 1)
      shape = {-1, groups, columns / groups};
    Value extents = ConstantOp::create(b, b.getI64TensorAttr(shape));
    x = ReshapeOp::create(b, x, extents);
  }
  SmallVector<int64_t> left = {1, 0}, right = {0, 1};
  if (groups > 1)
    left = {1, 2, 0}, right = {1, 0, 2};
  Value transposed = TransposeOp::create(b, x, left);
  if (groups > 1)
    x = TransposeOp::create(b, x, right);
  return MatmulOp::create(b, transposed, x);
}

namespace {

/// Concatenates vectors to a few results. Bufferization takes time quadratic in
/// the number of parts of one.
class VectorPacker {
public:
  /// Adds vectors that stay in one result, of `size` elements in all.
  Probe::Slice add(ArrayRef<Value> vectors, unsigned size) {
    if (chunks.empty() || chunks.back().size() + vectors.size() > kMaxParts) {
      chunks.emplace_back();
      numElements = 0;
    }
    llvm::append_range(chunks.back(), vectors);
    Probe::Slice slice{static_cast<unsigned>(chunks.size() - 1), numElements,
                       size};
    numElements += size;
    return slice;
  }

  /// Appends the results.
  void finish(OpBuilder &b, Location loc, SmallVectorImpl<Value> &results) {
    for (ArrayRef<Value> chunk : chunks)
      results.push_back(chunk.size() == 1
                            ? chunk.front()
                            : Value(ConcatOp::create(b, loc, chunk, 0)));
  }

private:
  static constexpr size_t kMaxParts = 20;
  SmallVector<SmallVector<Value>> chunks;
  unsigned numElements = 0;
};

/// What becomes results.
struct Answers {
  VectorPacker extents, sums;
  SmallVector<Value> moments;
};

} // namespace

static LogicalResult buildStatistics(ImplicitLocOpBuilder &b, Value x,
                                     Probe &probe, Answers &answers) {
  auto type = cast<RankedTensorType>(x.getType());
  int64_t rank = type.getRank();
  if (!type.getElementType().isF32())
    x = CastOp::create(b, type.clone(b.getF32Type()), x);
  SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (probe.channels || probe.secondMoment) {
    if (ShapedType::isDynamic(type.getShape().back()))
      return emitError(x.getLoc())
             << "the columns of '" << probe.names.front()
             << "' cannot be observed: their number is not known before the "
                "model runs; fix it with --dim";
    if (rank > 1)
      probe.extents = answers.extents.add(
          Value(ShapeOp::create(b, x, 0, rank - 1)), rank - 1);
  }
  if (probe.channels) {
    probe.columns = type.getShape().back();
    ArrayRef<int64_t> rows = ArrayRef(all).drop_back();
    probe.sums = answers.sums.add(
        {ReduceMinOp::create(b, x, rows), ReduceMaxOp::create(b, x, rows),
         ReduceSumOp::create(b, x, rows),
         ReduceSumOp::create(b, AbsOp::create(b, x), rows),
         ReduceSumOp::create(b, MulOp::create(b, x, x), rows)},
        5 * probe.columns);
  } else if (probe.range) {
    probe.columns = 1;
    Value one = ConstantOp::create(b, b.getI64TensorAttr({1}));
    Value low = ReduceMinOp::create(b, x, all);
    Value high = ReduceMaxOp::create(b, x, all);
    probe.sums = answers.sums.add(
        {ReshapeOp::create(b, low, one), ReshapeOp::create(b, high, one)}, 2);
  }
  if (probe.secondMoment)
    answers.moments.push_back(sumOfProducts(b, x, probe.groups));
  return success();
}

FailureOr<std::vector<Probe>>
calibration::exposeStatistics(func::FuncOp function) {
  FailureOr<ProbeMap> probes = collectProbes(function);
  if (failed(probes))
    return failure();
  std::vector<Probe> list;
  Answers answers;
  for (auto &[key, probe] : *probes) {
    ImplicitLocOpBuilder b(key.first.getLoc(), function.getContext());
    // At once, so that the value need not stay in memory.
    b.setInsertionPointAfterValue(key.first);
    probe.momentResult = answers.moments.size();
    if (failed(buildStatistics(b, key.first, probe, answers)))
      return failure();
    list.push_back(std::move(probe));
  }

  SmallVector<Value> results;
  OpBuilder b(function.front().getTerminator());
  unsigned firstExtents = function.getNumResults();
  answers.extents.finish(b, function.getLoc(), results);
  unsigned firstSums = function.getNumResults() + results.size();
  answers.sums.finish(b, function.getLoc(), results);
  unsigned firstMoment = function.getNumResults() + results.size();
  llvm::append_range(results, answers.moments);
  for (Probe &probe : list) {
    probe.extents.result += firstExtents;
    probe.sums.result += firstSums;
    probe.momentResult += firstMoment;
  }
  appendResults(function, results);
  return list;
}

LogicalResult calibration::exposeHistogramValues(func::FuncOp function) {
  FailureOr<ProbeMap> probes = collectProbes(function);
  if (failed(probes))
    return failure();
  SmallVector<Value> results;
  for (auto &[key, probe] : *probes) {
    if (!probe.histogram)
      continue;
    Value x = key.first;
    auto type = cast<RankedTensorType>(x.getType());
    ImplicitLocOpBuilder b(x.getLoc(), function.getContext());
    b.setInsertionPointAfterValue(x);
    if (!type.getElementType().isF32())
      x = CastOp::create(b, type.clone(b.getF32Type()), x);
    results.push_back(x);
  }
  appendResults(function, results);
  return success();
}

namespace {
struct ExposeObserversPass
    : public slim::impl::ExposeObserversPassBase<ExposeObserversPass> {
  using ExposeObserversPassBase::ExposeObserversPassBase;

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isDeclaration() || !function.isPublic())
        continue;
      if (histograms) {
        if (failed(exposeHistogramValues(function)))
          return signalPassFailure();
        continue;
      }
      FailureOr<std::vector<Probe>> probes = exposeStatistics(function);
      if (failed(probes))
        return signalPassFailure();
      numProbes += probes->size();
    }
  }
};
} // namespace
