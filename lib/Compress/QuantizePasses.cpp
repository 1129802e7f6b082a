//===- QuantizePasses.cpp - The passes that quantize weights --------------===//
//
// One implementation (QuantizeWeight.h) and its textual options, for the
// general pass and for those of one family of formats with their defaults.
//
//===----------------------------------------------------------------------===//
#include "mlir/IR/Remarks.h"
#include "slim/Compress/FormatPlan.h"
#include "slim/Compress/Passes.h"
#include "slim/Compress/QuantizeWeight.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#define DEBUG_TYPE "quantize"

namespace slim {
#define GEN_PASS_DEF_QUANTIZEBINARYPASS
#define GEN_PASS_DEF_QUANTIZEFP8PASS
#define GEN_PASS_DEF_QUANTIZEINT4PASS
#define GEN_PASS_DEF_QUANTIZEINT8PASS
#define GEN_PASS_DEF_QUANTIZEPASS
#include "slim/Compress/Passes.h.inc"
} // namespace slim

using namespace slim;

namespace {

/// The options of the general pass, as they are written.
struct Request {
  std::string format;
  /// Empty for the format's own.
  std::string granularity;
  int64_t groupSize = 0;
  std::string block;
  std::string algorithm = "rtn";
  std::vector<std::string> algorithmOptions;
  std::string scaleType;
  bool asymmetric = false;
  std::string activations = "none";
  std::string calibration;
  bool correctBias = true;
  /// Bits per element; 0 for the one format.
  double budget = 0;
  /// The formats that a budget is divided among, each with its group size after
  /// a colon if that is not `groupSize`.
  std::vector<std::string> formats;
  /// A file of sensitivities for the plan.
  std::string sensitivity;
};

/// Makes a quantization of a request; errors name pass and option.
class RequestReader {
public:
  RequestReader(ModuleOp module, StringRef pass, const Request &request)
      : module(module), pass(pass), request(request) {}

  FailureOr<WeightQuantization> read();

private:
  InFlightDiagnostic error() {
    return emitError(module.getLoc()) << pass << ": ";
  }
  LogicalResult readScheme(WeightQuantization &result);
  FailureOr<BlockShape> readBlock();
  FailureOr<BlockShape> readBlockExtents();

  ModuleOp module;
  StringRef pass;
  const Request &request;
};

} // namespace

FailureOr<BlockShape> RequestReader::readBlockExtents() {
  auto [rows, columns] = StringRef(request.block).split('x');
  BlockShape block;
  if (rows.getAsInteger(10, block.rows) ||
      columns.getAsInteger(10, block.columns) || block.rows < 1 ||
      block.columns < 1)
    return error() << "option 'block' must be the extents of a block, such as "
                      "128x128, not '"
                   << request.block << "'";
  return block;
}

FailureOr<BlockShape> RequestReader::readBlock() {
  StringRef granularity = request.granularity;
  if (granularity.empty())
    granularity = !request.block.empty()   ? "block"
                  : request.groupSize != 0 ? "group"
                                           : "channel";
  if (granularity != "group" && request.groupSize != 0)
    return error() << "option 'group-size' needs granularity=group, not '"
                   << granularity << "'";
  if (granularity != "block" && !request.block.empty())
    return error() << "option 'block' needs granularity=block, not '"
                   << granularity << "'";
  if (granularity == "tensor")
    return BlockShape{0, 0};
  if (granularity == "channel")
    return BlockShape{1, 0};
  if (granularity == "group") {
    int64_t size = request.groupSize == 0 ? 128 : request.groupSize;
    if (size < 1)
      return error() << "option 'group-size' must be 1 or more, not " << size;
    return BlockShape{1, size};
  }
  if (granularity == "block") {
    if (request.block.empty())
      return BlockShape{128, 128};
    return readBlockExtents();
  }
  return error() << "option 'granularity' must be tensor, channel, group or "
                    "block, not '"
                 << granularity << "'";
}

LogicalResult RequestReader::readScheme(WeightQuantization &result) {
  std::optional<NamedScheme> named = getQuantizationScheme(request.format);
  if (!named)
    return error() << "unknown format '" << request.format << "'; there are "
                   << llvm::join(getQuantizationSchemeNames(), ", ");
  result.name = request.format;
  result.scheme = named->scheme;
  bool hasBlock = !request.granularity.empty() || !request.block.empty() ||
                  request.groupSize != 0;
  if (named->isComposite) {
    if (hasBlock || !request.scaleType.empty())
      return error()
             << "format '" << request.format
             << "' has blocks and scales of its own: leave granularity, "
                "group-size, block and scale-type out, or use format="
             << named->scheme.format.getName();
    result.scalesAsWeight = false;
  } else if (hasBlock) {
    FailureOr<BlockShape> block = readBlock();
    if (failed(block))
      return failure();
    result.scheme.block = *block;
  }
  if (!request.scaleType.empty()) {
    std::optional<ScaleFormat> scale = getScaleFormat(request.scaleType);
    if (!scale)
      return error() << "option 'scale-type' must be f32, f16, bf16, e8m0 or "
                        "e4m3, not '"
                     << request.scaleType << "'";
    result.scheme.scale = *scale;
    result.scalesAsWeight = false;
  }
  result.scheme.asymmetric = request.asymmetric;
  return success();
}

FailureOr<WeightQuantization> RequestReader::read() {
  WeightQuantization result;
  if (request.activations != "none" && request.activations != "dynamic")
    return error() << "option 'activations' must be none or dynamic, not '"
                   << request.activations << "'";
  if (failed(readScheme(result)))
    return failure();

  result.algorithm = getRoundingAlgorithm(request.algorithm);
  if (!result.algorithm)
    return error() << "unknown algorithm '" << request.algorithm
                   << "'; there are "
                   << llvm::join(getRoundingAlgorithmNames(), ", ");
  if (llvm::Error wrong = result.algorithm->checkScheme(result.scheme))
    return error() << llvm::toString(std::move(wrong));
  if (result.algorithm->needsSecondMoment() && request.calibration.empty())
    return error() << "algorithm '" << request.algorithm
                   << "' needs statistics of the layers' inputs: give "
                      "calibration=FILE";
  llvm::Expected<RoundingOptions> rounding =
      RoundingOptions::parse(request.algorithmOptions);
  if (!rounding)
    return error() << "option 'algorithm-options': "
                   << llvm::toString(rounding.takeError());
  result.rounding = *rounding;

  result.correctBias = request.correctBias;
  result.dynamicActivations = request.activations == "dynamic";
  if (result.dynamicActivations &&
      result.scheme.format.getKind() != NumberFormat::Kind::Integer)
    return error() << "activations=dynamic makes integer products, which codes "
                      "of format '"
                   << request.format << "' do not allow: use an integer format";
  return result;
}

/// The requests that the budget of `request` is divided among.
static FailureOr<std::vector<Request>>
getCandidates(ModuleOp module, StringRef pass, const Request &request) {
  auto error = [&] { return emitError(module.getLoc()) << pass << ": "; };
  std::vector<Request> candidates;
  if (!(request.budget >= 0))
    return error() << "option 'budget' must be a number of bits, or 0";
  if (request.budget == 0) {
    if (!request.formats.empty())
      return error() << "option 'formats' needs a budget: give budget=BITS, or "
                        "one format=NAME";
    if (!request.sensitivity.empty())
      return error() << "option 'sensitivity' needs a budget to be divided";
    return std::vector<Request>{request};
  }
  if (request.formats.empty())
    return error() << "option 'budget' needs formats to choose from, such as "
                      "formats=int8,int4,int3";
  for (StringRef text : request.formats) {
    auto [format, size] = text.split(':');
    Request candidate = request;
    candidate.format = format;
    if (!size.empty() &&
        (size.getAsInteger(10, candidate.groupSize) || candidate.groupSize < 0))
      return error() << "option 'formats': '" << text
                     << "' must be a format, or a format and the size of its "
                        "groups, such as int4:128";
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

/// Tells of a plan.
static void emitPlan(ModuleOp module, StringRef pass, const FormatPlan &plan,
                     double budget) {
  auto opts = remark::RemarkOpts::name("Planned").category(pass);
  remark::analysis(module.getLoc(), opts)
      << remark::add("{0} of {1} bits per element, loss {2} of at least {3}",
                     llvm::formatv("{0:f3}", plan.bits).str(),
                     llvm::formatv("{0:f3}", budget).str(),
                     llvm::formatv("{0:e3}", plan.loss).str(),
                     llvm::formatv("{0:e3}", plan.lossBound).str());
}

/// Runs a request on `module`.
static FailureOr<CompressionCounts> quantize(ModuleOp module, StringRef pass,
                                             const CompressionOptions &options,
                                             const Request &request) {
  FailureOr<std::vector<Request>> requests =
      getCandidates(module, pass, request);
  if (failed(requests))
    return failure();
  std::optional<CalibrationStatistics> calibration;
  std::vector<WeightQuantization> quantizations;
  for (const Request &candidate : *requests) {
    FailureOr<WeightQuantization> quantization =
        RequestReader(module, pass, candidate).read();
    if (failed(quantization))
      return failure();
    quantizations.push_back(*quantization);
  }
  if (!request.calibration.empty()) {
    llvm::Expected<CalibrationStatistics> loaded =
        CalibrationStatistics::load(request.calibration);
    if (!loaded)
      return emitError(module.getLoc()) << pass << ": option 'calibration': "
                                        << llvm::toString(loaded.takeError());
    calibration = std::move(*loaded);
    for (WeightQuantization &quantization : quantizations)
      quantization.calibration = &*calibration;
  }
  FormatPlan plan;
  if (request.budget > 0) {
    std::optional<SensitivityTable> sensitivity;
    if (!request.sensitivity.empty()) {
      llvm::Expected<SensitivityTable> loaded =
          SensitivityTable::load(request.sensitivity);
      if (!loaded)
        return emitError(module.getLoc()) << pass << ": option 'sensitivity': "
                                          << llvm::toString(loaded.takeError());
      sensitivity = std::move(*loaded);
    }
    FailureOr<FormatPlan> planned =
        planFormats(module, pass, options, quantizations, request.budget,
                    sensitivity ? &*sensitivity : nullptr);
    if (failed(planned))
      return failure();
    plan = std::move(*planned);
    emitPlan(module, pass, plan, request.budget);
  }
  return compressWeights(
      module, pass, options,
      [&](CompressibleWeight &weight, WeightRewriter &rewriter) {
        auto choice = plan.choices.find(weight.getName());
        return quantizeWeight(
            weight, rewriter,
            quantizations[choice == plan.choices.end() ? 0 : choice->second]);
      });
}

namespace {

/// A pass whose own options, which its generated base class declares, make a
/// request.
template <typename Base>
struct QuantizationPass : Base {
  using Base::Base;

  virtual Request getRequest() = 0;

  void runOnOperation() final {
    FailureOr<CompressionCounts> counts = quantize(
        this->getOperation(), this->getArgument(),
        {this->include, this->exclude, this->minElements}, getRequest());
    if (failed(counts))
      return this->signalPassFailure();
    this->numCompressed += counts->applied;
    this->numSkipped += counts->skipped;
    this->bytesBefore += counts->bytesBefore;
    this->bytesAfter += counts->bytesAfter;
  }
};

struct QuantizePass
    : QuantizationPass<slim::impl::QuantizePassBase<QuantizePass>> {
  using QuantizationPass::QuantizationPass;

  Request getRequest() override {
    Request request;
    request.format = format;
    request.granularity = granularity;
    request.groupSize = groupSize;
    request.block = block;
    request.algorithm = algorithm;
    request.algorithmOptions.assign(algorithmOptions.begin(),
                                    algorithmOptions.end());
    request.scaleType = scaleType;
    request.asymmetric = asymmetric;
    request.activations = activations;
    request.calibration = calibration;
    request.correctBias = correctBias;
    request.budget = budget;
    request.sensitivity = sensitivity;
    request.formats.assign(formats.begin(), formats.end());
    return request;
  }
};

struct QuantizeInt8Pass
    : QuantizationPass<slim::impl::QuantizeInt8PassBase<QuantizeInt8Pass>> {
  using QuantizationPass::QuantizationPass;

  Request getRequest() override {
    Request request;
    request.format = "int8";
    request.activations = activations;
    request.calibration = calibration;
    request.correctBias = correctBias;
    return request;
  }
};

struct QuantizeInt4Pass
    : QuantizationPass<slim::impl::QuantizeInt4PassBase<QuantizeInt4Pass>> {
  using QuantizationPass::QuantizationPass;

  Request getRequest() override {
    Request request;
    request.format = "int4";
    request.granularity = "group";
    request.groupSize = groupSize;
    if (groupSize == 0)
      request.granularity = "channel";
    request.algorithm = algorithm;
    request.algorithmOptions.assign(algorithmOptions.begin(),
                                    algorithmOptions.end());
    request.asymmetric = asymmetric;
    request.activations = activations;
    request.calibration = calibration;
    request.correctBias = correctBias;
    return request;
  }
};

struct QuantizeFP8Pass
    : QuantizationPass<slim::impl::QuantizeFP8PassBase<QuantizeFP8Pass>> {
  using QuantizationPass::QuantizationPass;

  Request getRequest() override {
    Request request;
    request.format = ("fp8" + StringRef(type)).str();
    request.granularity = granularity;
    request.groupSize = groupSize;
    request.block = block;
    return request;
  }
};

struct QuantizeBinaryPass
    : QuantizationPass<slim::impl::QuantizeBinaryPassBase<QuantizeBinaryPass>> {
  using QuantizationPass::QuantizationPass;

  Request getRequest() override {
    Request request;
    request.format = ternary ? "ternary" : "binary";
    request.groupSize = groupSize;
    request.algorithm = "mse";
    return request;
  }
};

} // namespace
