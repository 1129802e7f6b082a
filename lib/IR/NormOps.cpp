//===- NormOps.cpp - Softmax and normalizations ---------------------------===//

#include "Inference.h"
#include "slim/IR/OpSupport.h"
#include "slim/IR/SlimOps.h"
#include "llvm/ADT/SmallString.h"

using namespace slim;
using namespace slim::detail;

static constexpr int64_t kAnyRank = std::numeric_limits<int64_t>::max();

static LogicalResult verifyEpsilon(const Inference &inference,
                                   const APFloat &epsilon) {
  if (epsilon.isFinite() && !epsilon.isNegative())
    return success();
  SmallString<16> text;
  epsilon.toString(text);
  return inference.error("epsilon must be finite and not negative, not ", text);
}

//===----------------------------------------------------------------------===//
// SoftmaxOp, LogSoftmaxOp
//===----------------------------------------------------------------------===//

static LogicalResult inferSoftmax(const Inference &inference, Value operand,
                                  uint64_t axis, SmallVectorImpl<Type> &types) {
  auto input = inference.getTensor(operand, "input");
  if (failed(input) || failed(inference.getAxis(axis, input->getRank())))
    return failure();
  types.push_back(*input);
  return success();
}

LogicalResult SoftmaxOp::inferReturnTypes(MLIRContext *,
                                          std::optional<Location> location,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  return inferSoftmax(Inference(getOperationName(), location),
                      adaptor.getInput(), adaptor.getAxis(), types);
}

LogicalResult LogSoftmaxOp::inferReturnTypes(MLIRContext *,
                                             std::optional<Location> location,
                                             Adaptor adaptor,
                                             SmallVectorImpl<Type> &types) {
  return inferSoftmax(Inference(getOperationName(), location),
                      adaptor.getInput(), adaptor.getAxis(), types);
}

void SoftmaxOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  appendTiesExcept(*this, static_cast<int64_t>(getAxis()), /*drops=*/false,
                   ties);
}
void LogSoftmaxOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  appendTiesExcept(*this, static_cast<int64_t>(getAxis()), /*drops=*/false,
                   ties);
}

//===----------------------------------------------------------------------===//
// LayerNormOp, RMSNormOp: over the last dimensions
//===----------------------------------------------------------------------===//

/// Checks that a scale or bias broadcasts to the dimensions from `axis` on.
static LogicalResult verifyTrailing(const Inference &inference,
                                    RankedTensorType input, int64_t axis,
                                    Value operand, StringRef name) {
  if (!operand)
    return success();
  int64_t rank = input.getRank();
  auto type = inference.getTensor(operand, name, 0, rank - axis);
  if (failed(type) ||
      failed(inference.requireElementType(*type, name, input.getElementType())))
    return failure();
  for (int64_t dim = 0; dim < type->getRank(); ++dim)
    if (type->getDimSize(dim) != 1 &&
        failed(inference.requireExtent(
            *type, name, dim, input.getDimSize(rank - type->getRank() + dim),
            "the input's extent there")))
      return failure();
  return success();
}

/// Ties the dimensions from `axis` on of operand 0 to those of an operand that
/// broadcasts to them.
static void appendTrailingTies(RankedTensorType input, OpOperand &operand,
                               SmallVectorImpl<ChannelTie> &ties) {
  auto type = cast<RankedTensorType>(operand.get().getType());
  int64_t leading = input.getRank() - type.getRank();
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.getDimSize(dim) != 1)
      ties.emplace_back(ChannelEnd::operand(0, leading + dim),
                        ChannelEnd::operand(operand.getOperandNumber(), dim));
}

/// Ties all dimensions of operand 0 to those of result 0.
static void appendIdentityTies(RankedTensorType input,
                               SmallVectorImpl<ChannelTie> &ties) {
  for (int64_t dim = 0; dim < input.getRank(); ++dim)
    ties.emplace_back(0, dim, 0, dim);
}

LogicalResult LayerNormOp::inferReturnTypes(MLIRContext *context,
                                            std::optional<Location> location,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto input = inference.getTensor(adaptor.getInput(), "input");
  if (failed(input))
    return failure();
  auto axis = inference.getAxis(adaptor.getAxis(), input->getRank());
  if (failed(axis) || failed(verifyEpsilon(inference, adaptor.getEpsilon())) ||
      failed(verifyTrailing(inference, *input, *axis, adaptor.getScale(),
                            "scale")) ||
      failed(
          verifyTrailing(inference, *input, *axis, adaptor.getBias(), "bias")))
    return failure();
  SmallVector<int64_t> reduced(input->getShape());
  std::fill(reduced.begin() + *axis, reduced.end(), 1);
  Type statisticType = input->getElementType();
  if (isa<FloatType>(statisticType) &&
      statisticType.getIntOrFloatBitWidth() < 32)
    statisticType = Float32Type::get(context);
  Type statistic = RankedTensorType::get(reduced, statisticType);
  types.append({*input, statistic, statistic});
  return success();
}

/// Appends the dimensions of `input` from `axis` on.
static void appendNormalizedDims(Value input, int64_t axis,
                                 SmallVectorImpl<ChannelEnd> &ends) {
  for (int64_t rank = cast<RankedTensorType>(input.getType()).getRank();
       axis < rank; ++axis)
    ends.push_back(ChannelEnd::operand(0, axis));
}

void LayerNormOp::getStatisticDims(SmallVectorImpl<ChannelEnd> &ends) {
  appendNormalizedDims(getInput(), getAxis(), ends);
}
void RMSNormOp::getStatisticDims(SmallVectorImpl<ChannelEnd> &ends) {
  appendNormalizedDims(getInput(), getAxis(), ends);
}
void GroupNormOp::getStatisticDims(SmallVectorImpl<ChannelEnd> &ends) {
  appendNormalizedDims(getInput(), 1, ends);
}

void LayerNormOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  auto input = cast<RankedTensorType>(getInput().getType());
  appendIdentityTies(input, ties);
  for (int64_t dim = 0; dim < static_cast<int64_t>(getAxis()); ++dim)
    for (unsigned result : {1, 2})
      ties.emplace_back(0, dim, result, dim);
  for (MutableOperandRange range : {getScaleMutable(), getBiasMutable()})
    for (OpOperand &operand : range)
      appendTrailingTies(input, operand, ties);
}

LogicalResult RMSNormOp::inferReturnTypes(MLIRContext *,
                                          std::optional<Location> location,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto input = inference.getTensor(adaptor.getInput(), "input");
  if (failed(input))
    return failure();
  auto axis = inference.getAxis(adaptor.getAxis(), input->getRank());
  if (failed(axis) || failed(verifyEpsilon(inference, adaptor.getEpsilon())) ||
      failed(verifyTrailing(inference, *input, *axis, adaptor.getScale(),
                            "scale")))
    return failure();
  types.push_back(*input);
  return success();
}

void RMSNormOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  auto input = cast<RankedTensorType>(getInput().getType());
  appendIdentityTies(input, ties);
  for (OpOperand &operand : getScaleMutable())
    appendTrailingTies(input, operand, ties);
}

//===----------------------------------------------------------------------===//
// BatchNormOp, GroupNormOp, LRNOp: over channels
//===----------------------------------------------------------------------===//

/// The input's type, of rank 2 or higher, if all `parameters` are vectors with
/// an element a channel.
static FailureOr<RankedTensorType>
inferChannelwise(const Inference &inference, Value operand,
                 ArrayRef<std::pair<StringRef, Value>> parameters) {
  auto input = inference.getTensor(operand, "input", 2, kAnyRank);
  if (failed(input))
    return failure();
  for (auto [name, parameter] : parameters)
    if (failed(inference.requireVector(parameter, name, input->getDimSize(1),
                                       input->getElementType(),
                                       "the number of channels")))
      return failure();
  return input;
}

static void appendChannelwiseTies(Operation *op,
                                  SmallVectorImpl<ChannelTie> &ties) {
  appendIdentityTies(cast<RankedTensorType>(op->getOperand(0).getType()), ties);
  for (unsigned i = 1; i < op->getNumOperands(); ++i)
    ties.emplace_back(ChannelEnd::operand(0, 1), ChannelEnd::operand(i, 0));
}

LogicalResult BatchNormOp::inferReturnTypes(MLIRContext *,
                                            std::optional<Location> location,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto input = inferChannelwise(inference, adaptor.getInput(),
                                {{"scale", adaptor.getScale()},
                                 {"bias", adaptor.getBias()},
                                 {"mean", adaptor.getMean()},
                                 {"variance", adaptor.getVariance()}});
  if (failed(input) || failed(verifyEpsilon(inference, adaptor.getEpsilon())))
    return failure();
  types.push_back(*input);
  return success();
}

void BatchNormOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  appendChannelwiseTies(*this, ties);
}

LogicalResult GroupNormOp::inferReturnTypes(MLIRContext *,
                                            std::optional<Location> location,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto input = inferChannelwise(
      inference, adaptor.getInput(),
      {{"scale", adaptor.getScale()}, {"bias", adaptor.getBias()}});
  if (failed(input) || failed(verifyEpsilon(inference, adaptor.getEpsilon())))
    return failure();
  auto groups = static_cast<int64_t>(adaptor.getGroups());
  if (groups < 0)
    return inference.error("groups must be 0 or more, not ", groups);
  int64_t channels = input->getDimSize(1);
  if (groups > 0 && !isDynamic(channels) && channels % groups != 0)
    return inference.error(groups, " groups do not divide ", channels,
                           " channels");
  types.push_back(*input);
  return success();
}

void GroupNormOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  appendChannelwiseTies(*this, ties);
  // Groups stay equally large: they lose the same channels.
  auto groups = static_cast<int64_t>(getGroups());
  int64_t channels = cast<RankedTensorType>(getInput().getType()).getDimSize(1);
  if (groups > 1 && !isDynamic(channels) && channels > groups)
    ties.emplace_back(ChannelEnd::operand(0, 1), ChannelEnd::operand(0, 1),
                      /*offset=*/channels / groups);
}

LogicalResult LRNOp::inferReturnTypes(MLIRContext *,
                                      std::optional<Location> location,
                                      Adaptor adaptor,
                                      SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto input = inferChannelwise(inference, adaptor.getInput(), {});
  if (failed(input))
    return failure();
  if (auto size = static_cast<int64_t>(adaptor.getSize()); size < 1)
    return inference.error("size must be 1 or more, not ", size);
  types.push_back(*input);
  return success();
}
