//===- QuantizePasses.cpp - The passes that quantize weights --------------===//
//
// One implementation (QuantizeWeight.h) and its textual options, for the
// general pass and for those of one family of formats with their defaults.
//
//===----------------------------------------------------------------------===//
#include "mlir/IR/Remarks.h"
#include "slim/Compress/FormatPlan.h"
#include "slim/Compress/Passes.h"
#include "slim/Compress/QuantizationRequest.h"
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

/// The requests that the budget of `request` is divided among.
static FailureOr<std::vector<QuantizationRequest>>
getCandidates(ModuleOp module, StringRef pass,
              const QuantizationRequest &request) {
  auto error = [&] { return emitError(module.getLoc()) << pass << ": "; };
  std::vector<QuantizationRequest> candidates;
  if (!(request.budget >= 0))
    return error() << "option 'budget' must be a number of bits, or 0";
  if (request.budget == 0) {
    if (!request.formats.empty())
      return error() << "option 'formats' needs a budget: give budget=BITS, or "
                        "one format=NAME";
    if (!request.sensitivity.empty())
      return error() << "option 'sensitivity' needs a budget to be divided";
    return std::vector<QuantizationRequest>{request};
  }
  if (request.formats.empty())
    return error() << "option 'budget' needs formats to choose from, such as "
                      "formats=int8,int4,int3";
  for (StringRef text : request.formats) {
    auto [format, size] = text.split(':');
    QuantizationRequest candidate = request;
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
static FailureOr<CompressionCounts>
quantize(ModuleOp module, StringRef pass, const CompressionOptions &options,
         const QuantizationRequest &request) {
  FailureOr<std::vector<QuantizationRequest>> requests =
      getCandidates(module, pass, request);
  if (failed(requests))
    return failure();
  std::vector<WeightQuantization> quantizations;
  for (const QuantizationRequest &candidate : *requests) {
    FailureOr<WeightQuantization> quantization =
        readQuantization(module, pass, candidate);
    if (failed(quantization))
      return failure();
    quantizations.push_back(*quantization);
  }
  FailureOr<std::optional<CalibrationStatistics>> calibration =
      loadCalibration(module, pass, request);
  if (failed(calibration))
    return failure();
  if (*calibration)
    for (WeightQuantization &quantization : quantizations)
      quantization.calibration = &**calibration;
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

  virtual QuantizationRequest getRequest() = 0;

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
  friend struct slim::QuantizationRequest;

  QuantizationRequest getRequest() override {
    QuantizationRequest request = QuantizationRequest::of(*this);
    request.activationBlock = activationBlock;
    request.correctBias = correctBias;
    request.correctNorm = correctNorm;
    request.budget = budget;
    request.sensitivity = sensitivity;
    request.formats.assign(formats.begin(), formats.end());
    return request;
  }
};

struct QuantizeInt8Pass
    : QuantizationPass<slim::impl::QuantizeInt8PassBase<QuantizeInt8Pass>> {
  using QuantizationPass::QuantizationPass;

  QuantizationRequest getRequest() override {
    QuantizationRequest request;
    request.format = "int8";
    request.activations = activations;
    request.activationBlock = activationBlock;
    request.calibration = calibration;
    request.correctBias = correctBias;
    return request;
  }
};

struct QuantizeInt4Pass
    : QuantizationPass<slim::impl::QuantizeInt4PassBase<QuantizeInt4Pass>> {
  using QuantizationPass::QuantizationPass;

  QuantizationRequest getRequest() override {
    QuantizationRequest request;
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
    request.activationBlock = activationBlock;
    request.calibration = calibration;
    request.correctBias = correctBias;
    request.correctNorm = correctNorm;
    return request;
  }
};

struct QuantizeFP8Pass
    : QuantizationPass<slim::impl::QuantizeFP8PassBase<QuantizeFP8Pass>> {
  using QuantizationPass::QuantizationPass;

  QuantizationRequest getRequest() override {
    QuantizationRequest request;
    request.format = ("fp8" + StringRef(type)).str();
    request.activations = activations;
    request.activationBlock = activationBlock;
    request.granularity = granularity;
    request.groupSize = groupSize;
    request.block = block;
    return request;
  }
};

struct QuantizeBinaryPass
    : QuantizationPass<slim::impl::QuantizeBinaryPassBase<QuantizeBinaryPass>> {
  using QuantizationPass::QuantizationPass;

  QuantizationRequest getRequest() override {
    QuantizationRequest request;
    request.format = ternary ? "ternary" : "binary";
    request.groupSize = groupSize;
    request.algorithm = "mse";
    return request;
  }
};

} // namespace
