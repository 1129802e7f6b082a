//===- QuantizationRequest.cpp - Textual options of quantization ----------===//
#include "slim/Compress/QuantizationRequest.h"
#include "llvm/ADT/StringExtras.h"

using namespace slim;

namespace {

/// Makes a quantization of a request; errors name pass and option.
class RequestReader {
public:
  RequestReader(ModuleOp module, StringRef pass,
                const QuantizationRequest &request)
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
  const QuantizationRequest &request;
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
  result.correctNorm = request.correctNorm;
  result.dynamicActivations = request.activations == "dynamic";
  const NumberFormat &format = result.scheme.format;
  bool isSmallFloat =
      format.getKind() == NumberFormat::Kind::Float && format.getBits() == 8;
  if (result.dynamicActivations &&
      format.getKind() != NumberFormat::Kind::Integer && !isSmallFloat)
    return error() << "activations=dynamic makes products of integers or of "
                      "8-bit floats, which codes of format '"
                   << request.format << "' do not allow: use one of these";
  result.activationBlock = request.activationBlock;
  if (request.activationBlock < 0)
    return error() << "option 'activation-block' must be 0 or more, not "
                   << request.activationBlock;
  if (request.activationBlock != 0 && !result.dynamicActivations)
    return error() << "option 'activation-block' needs activations=dynamic";
  return result;
}

FailureOr<WeightQuantization>
slim::readQuantization(ModuleOp module, StringRef pass,
                       const QuantizationRequest &request) {
  return RequestReader(module, pass, request).read();
}

FailureOr<std::optional<CalibrationStatistics>>
slim::loadCalibration(ModuleOp module, StringRef pass,
                      const QuantizationRequest &request) {
  std::optional<CalibrationStatistics> statistics;
  if (request.calibration.empty())
    return statistics;
  llvm::Expected<CalibrationStatistics> loaded =
      CalibrationStatistics::load(request.calibration);
  if (!loaded)
    return emitError(module.getLoc())
           << pass
           << ": option 'calibration': " << llvm::toString(loaded.takeError());
  statistics = std::move(*loaded);
  return statistics;
}
