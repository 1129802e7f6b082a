//===- QuantizeActivations.cpp - Static scales of activations -------------===//
//
// Demand runs backwards: a product with a quantized weight wants its input in
// codes, and what computes a value that is wanted in codes may want its own
// operands so. Each value that is wanted gets one pair of quantize and
// dequantize, which all that want it share.
//
//===----------------------------------------------------------------------===//
#include "mlir/IR/Remarks.h"
#include "slim/Calibrate/Calibrate.h"
#include "slim/Calibrate/ObserverNames.h"
#include "slim/Compress/Passes.h"
#include "slim/Compress/Report.h"
#include "slim/IR/SlimOps.h"
#include "slim/IR/WeightTree.h"
#include "slim/Numerics/ActivationRange.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Regex.h"
#include <cmath>

#define DEBUG_TYPE "quantize-activations"

namespace slim {
#define GEN_PASS_DEF_QUANTIZEACTIVATIONSPASS
#include "slim/Compress/Passes.h.inc"
} // namespace slim

using namespace slim;

static constexpr unsigned kBits = 8;
static constexpr int64_t kLevels = int64_t(1) << kBits;

//===----------------------------------------------------------------------===//
// Demand
//===----------------------------------------------------------------------===//

/// Whether `value` is a weight in integers of at most 8 bits.
static bool isQuantizedWeight(Value value) {
  if (!isWeight(value))
    return false;
  while (auto decode = value.getDefiningOp<DecodeOpInterface>()) {
    if (auto dequantize = dyn_cast<DequantizeOp>(decode.getOperation())) {
      auto type =
          dyn_cast<IntegerType>(getElementTypeOrSelf(dequantize.getInput()));
      return type && type.getWidth() <= kBits;
    }
    value = decode.getValuesOperand().get();
  }
  return false;
}

static bool isProduct(Operation *op) {
  return isa_and_present<LinearOp, ConvOp, ConvTransposeOp, MatmulOp>(op);
}

/// Whether the result has the elements of operand 0, or the greatest of
/// several, so that the scale of the one serves the other.
static bool isMove(Operation *op) {
  return isa<ReshapeOp, FlattenOp, SqueezeOp, UnsqueezeOp, TransposeOp,
             ExpandOp, MaxPoolOp>(op);
}

/// Whether `value` is computed where a product's sums are finished: nothing but
/// functions of one element lies between, and nothing else reads it.
static bool stopsAtProduct(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!value.hasOneUse())
      return false;
    if (isProduct(op))
      return true;
    if (!isa<ReluOp, ClampOp, LeakyReluOp, HardSwishOp, HardSigmoidOp,
             SigmoidOp, SiluOp, GeluOp, TanhOp, EluOp>(op))
      return false;
    value = op->getOperand(0);
  }
  return false;
}

namespace {
/// The operands that are wanted in codes, by value, in the order of values.
class Demand {
public:
  explicit Demand(bool matmuls) : matmuls(matmuls) {}

  void visit(Block &block) {
    for (Operation &op : llvm::reverse(block)) {
      for (Region &region : op.getRegions())
        for (Block &inner : region)
          visit(inner);
      visit(op);
    }
  }

  llvm::MapVector<Value, SmallVector<OpOperand *>> uses;

private:
  void want(OpOperand &operand) {
    auto type = dyn_cast<RankedTensorType>(operand.get().getType());
    if (!type || !type.getElementType().isF32() || type.getRank() == 0 ||
        isWeightOrConstant(operand.get()) ||
        operand.get().getDefiningOp<DequantizeOp>())
      return;
    uses[operand.get()].push_back(&operand);
  }

  void visit(Operation &op) {
    if (auto product = dyn_cast<CompressibleOpInterface>(op)) {
      if (!isProduct(&op) ||
          !isQuantizedWeight(product.getWeightOperand().get()))
        return;
      if (Value activation = getActivation(product))
        for (OpOperand &operand : op.getOpOperands())
          if (operand.get() == activation) {
            want(operand);
            return;
          }
      return;
    }
    if (isa<MatmulOp>(op)) {
      if (matmuls)
        for (OpOperand &operand : op.getOpOperands())
          want(operand);
      return;
    }
    if (isa<AttentionOp>(op)) {
      // Query, key and value; the mask is no factor.
      if (matmuls)
        for (OpOperand &operand : op.getOpOperands().take_front(3))
          want(operand);
      return;
    }

    if (op.getNumResults() == 0 || !uses.contains(op.getResult(0)))
      return;
    if (isMove(&op)) {
      // What is moved is quantized instead.
      uses.erase(op.getResult(0));
      want(op.getOpOperand(0));
    } else if (isa<AvgPoolOp, ReduceMeanOp, ResizeOp>(op)) {
      want(op.getOpOperand(0));
    } else if (isa<AddOp, SubOp, MulOp>(op)) {
      wantOperandsOfSum(op);
    }
  }

  /// One operand may be finished where the sum is; of two such the later one.
  /// With constants the op is a function of one element: rounding before it, as
  /// before the factors of `smooth-activations`, would only add an error.
  void wantOperandsOfSum(Operation &op) {
    OpOperand &left = op.getOpOperand(0), &right = op.getOpOperand(1);
    if (isWeightOrConstant(left.get()) || isWeightOrConstant(right.get()))
      return;
    OpOperand *finished = nullptr;
    for (OpOperand *operand : {&left, &right}) {
      if (!stopsAtProduct(operand->get()))
        continue;
      if (!finished || finished->get().getDefiningOp()->isBeforeInBlock(
                           operand->get().getDefiningOp()))
        finished = operand;
    }
    for (OpOperand *operand : {&left, &right})
      if (operand != finished)
        want(*operand);
  }

  bool matmuls;
};
} // namespace

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

static void emitRemark(Location loc, const ReportEntry &entry) {
  auto opts = remark::RemarkOpts::name(entry.applied ? "Compressed" : "Skipped")
                  .category(entry.pass)
                  .function(entry.weight);
  if (!entry.applied)
    remark::missed(loc, opts)
        << remark::reason("{0}: {1}", entry.weight.str(), entry.message);
  else
    remark::passed(loc, opts)
        << remark::add("{0}: {1}", entry.weight.str(), entry.message)
        << remark::metric("RelativeError", entry.relativeError);
}

/// Quantizes `value` for `uses`.
static void insertQuantization(Value value, ArrayRef<OpOperand *> uses,
                               AffineScale scale) {
  OpBuilder builder(value.getContext());
  builder.setInsertionPointAfterValue(value);
  Location loc = value.getLoc();
  auto type = cast<RankedTensorType>(value.getType());
  auto codeType = builder.getIntegerType(kBits, /*isSigned=*/false);
  SmallVector<int64_t> ones(type.getRank(), 1), block(type.getRank(), 0);
  auto makeConstant = [&](const TensorData &data) -> Value {
    return ConstantOp::create(builder, loc, data.toAttr());
  };
  Value scaleValue = makeConstant(TensorData::fromFloats(
      RankedTensorType::get(ones, builder.getF32Type()), scale.scale));
  Value zero;
  if (scale.zero != 0)
    zero = makeConstant(TensorData::fromInts(
        RankedTensorType::get(ones, codeType), scale.zero));
  Value codes = QuantizeOp::create(builder, loc, type.clone(codeType), value,
                                   scaleValue, zero, codeType, block);
  Value decoded =
      DequantizeOp::create(builder, loc, type, codes, scaleValue, zero, block);
  for (OpOperand *use : uses)
    use->set(decoded);
}

namespace {
struct QuantizeActivationsPass
    : slim::impl::QuantizeActivationsPassBase<QuantizeActivationsPass> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    const RangeEstimator *estimator = getRangeEstimator(range);
    if (!estimator)
      return fail("option 'range' must be one of " +
                  llvm::join(getRangeEstimatorNames(), ", ") + ", not '" +
                  range + "'");
    if (!(percentile > 50 && percentile <= 100))
      return fail("option 'percentile' must be above 50 and at most 100");
    llvm::Regex excluded(exclude);
    std::string error;
    if (!exclude.empty() && !excluded.isValid(error))
      return fail("option 'exclude': '" + exclude +
                  "' is not a regular expression: " + error);
    if (calibration.empty())
      return fail("option 'calibration' must name a file of statistics; "
                  "slim-calibrate writes one");
    llvm::Expected<CalibrationStatistics> statistics =
        CalibrationStatistics::load(calibration);
    if (!statistics)
      return fail(llvm::toString(statistics.takeError()));

    if (failed(checkStatistics(*statistics, module, calibration)))
      return signalPassFailure();

    // Names are those of the module before anything is inserted.
    llvm::DenseMap<Value, std::string> names;
    for (auto func : module.getOps<func::FuncOp>())
      for (auto &[value, name] : nameActivations(func))
        names.try_emplace(value, name);
    for (auto &[op, name] : nameWeightInputs(module)) {
      Value input = getActivation(op);
      auto known = names.find(input);
      if (known == names.end() || !statistics->lookup(known->second))
        names[input] = name;
    }

    Demand demand(matmuls);
    for (auto func : module.getOps<func::FuncOp>())
      for (Block &block : func.getBody())
        demand.visit(block);

    std::vector<ReportEntry> entries;
    // Demand was found from the last use to the first.
    for (auto &[value, uses] : llvm::reverse(demand.uses)) {
      auto name = StringAttr::get(&getContext(), names.lookup(value));
      auto type = cast<RankedTensorType>(value.getType());
      ReportEntry entry;
      entry.pass = getArgument();
      entry.weight = name.getValue();
      entry.shape.assign(type.getShape());

      HistogramView histogram;
      entry.message = check(name, *statistics, *estimator, excluded, histogram);
      entry.applied = entry.message.empty();
      if (entry.applied) {
        RangeOptions options{kLevels, percentile};
        AffineScale scale =
            getAffineScale(estimator->estimate(histogram, options), kLevels);
        insertQuantization(value, uses, scale);
        entry.message =
            llvm::formatv("8-bit codes, scale {0}, zero point {1}",
                          llvm::format("%.4g", scale.scale), scale.zero);
        entry.relativeError =
            std::sqrt(relativeRangeError(histogram, scale, kLevels));
      }
      ++(entry.applied ? numQuantized : numSkipped);
      emitRemark(value.getLoc(), entry);
      entries.push_back(std::move(entry));
    }
    appendToReport(module, entries);
  }

private:
  void fail(const Twine &message) {
    emitError(getOperation().getLoc(), getArgument() + ": " + message);
    signalPassFailure();
  }

  /// Finds what was seen of a value. Returns why it cannot be quantized, or
  /// nothing.
  std::string check(StringAttr name, const CalibrationStatistics &statistics,
                    const RangeEstimator &estimator, llvm::Regex &excluded,
                    HistogramView &histogram) {
    const ActivationStatistics *seen =
        name.empty() ? nullptr : statistics.lookup(name);
    if (!exclude.empty() && excluded.match(name))
      return "its name matches 'exclude'";
    if (!seen)
      return "calibration did not observe it";
    histogram.range = {seen->min, seen->max};
    if (!seen->histogram.empty()) {
      histogram.counts = seen->histogram;
      histogram.range = {seen->histogramMin, seen->histogramMax};
    }
    if (!std::isfinite(histogram.range.min) ||
        !std::isfinite(histogram.range.max))
      return "it has infinite values";
    if (estimator.needsCounts() && histogram.counts.empty())
      return "the statistics hold no histogram of it, which range=" + range +
             " needs";
    return {};
  }
};
} // namespace
