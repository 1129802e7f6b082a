//===- RecurrentOps.cpp - lstm, gru ---------------------------------------===//

#include "Inference.h"
#include "slim/IR/OpSupport.h"
#include "slim/IR/SlimOps.h"

using namespace slim;
using namespace slim::detail;

namespace {
/// What the operands of a recurrent layer agree on.
struct Recurrence {
  int64_t steps;
  int64_t batch;
  int64_t inputs;
  int64_t hidden;
  int64_t directions;
  Type elementType;
};
} // namespace

static int64_t countDirections(Direction direction) {
  return direction == Direction::Bidirectional ? 2 : 1;
}

/// Checks an operand that may be absent against its shape, an extent of which
/// may be dynamic.
static LogicalResult requireShape(const Inference &inference, Value operand,
                                  StringRef name, ArrayRef<int64_t> shape,
                                  Type elementType) {
  if (!operand)
    return success();
  int64_t rank = shape.size();
  auto type = inference.getTensor(operand, name, rank, rank);
  if (failed(type) ||
      failed(inference.requireElementType(*type, name, elementType)))
    return failure();
  for (int64_t dim = 0; dim < rank; ++dim)
    if (failed(inference.requireExtent(*type, name, dim, shape[dim],
                                       "the layer's extent")))
      return failure();
  return success();
}

/// Checks the operands that both layers have.
template <typename Adaptor>
static FailureOr<Recurrence> inferRecurrence(const Inference &inference,
                                             Adaptor adaptor, int64_t gates) {
  auto input = inference.getTensor(adaptor.getInput(), "input", 3, 3);
  if (failed(input))
    return failure();
  auto hidden = static_cast<int64_t>(adaptor.getHiddenSize());
  // Beyond this the extents of the weights do not fit.
  constexpr int64_t maxHidden = std::numeric_limits<int32_t>::max();
  if (hidden < 1 || hidden > maxHidden)
    return inference.error("hidden_size must be from 1 to ", maxHidden,
                           ", not ", hidden);
  Recurrence layer{input->getDimSize(0),
                   input->getDimSize(1),
                   input->getDimSize(2),
                   hidden,
                   countDirections(adaptor.getDirection()),
                   input->getElementType()};
  Type i32 = IntegerType::get(input->getContext(), 32);
  if (failed(requireShape(inference, adaptor.getWeight(), "weight",
                          {layer.directions, gates * hidden, layer.inputs},
                          layer.elementType)) ||
      failed(requireShape(inference, adaptor.getRecurrence(), "recurrence",
                          {layer.directions, gates * hidden, hidden},
                          layer.elementType)) ||
      failed(requireShape(inference, adaptor.getBias(), "bias",
                          {layer.directions, 2 * gates * hidden},
                          layer.elementType)) ||
      failed(requireShape(inference, adaptor.getInitialH(), "initial_h",
                          {layer.directions, layer.batch, hidden},
                          layer.elementType)) ||
      failed(requireShape(inference, adaptor.getSequenceLengths(),
                          "sequence_lengths", {layer.batch}, i32)))
    return failure();
  return layer;
}

static RankedTensorType getStatesType(const Recurrence &layer) {
  return RankedTensorType::get(
      {layer.steps, layer.directions, layer.batch, layer.hidden},
      layer.elementType);
}

static RankedTensorType getLastStateType(const Recurrence &layer) {
  return RankedTensorType::get({layer.directions, layer.batch, layer.hidden},
                               layer.elementType);
}

/// The multiply-adds of input and state with the gates' weights, twice; the
/// activations are small beside them.
template <typename Op>
static int64_t getRecurrentFlops(Op op, int64_t gates) {
  auto input = cast<RankedTensorType>(op.getInput().getType());
  auto weight = cast<RankedTensorType>(op.getWeight().getType());
  auto hidden = static_cast<int64_t>(op.getHiddenSize());
  int64_t inputs = isDynamic(input.getDimSize(2)) ? weight.getDimSize(2)
                                                  : input.getDimSize(2);
  if (isDynamic(inputs))
    return inputs;
  return multiplyExtents({2, input.getDimSize(0), input.getDimSize(1),
                          countDirections(op.getDirection()), gates * hidden,
                          inputs + hidden});
}

LogicalResult LSTMOp::inferReturnTypes(MLIRContext *,
                                       std::optional<Location> location,
                                       Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto layer = inferRecurrence(inference, adaptor, /*gates=*/4);
  if (failed(layer) ||
      failed(requireShape(inference, adaptor.getInitialC(), "initial_c",
                          {layer->directions, layer->batch, layer->hidden},
                          layer->elementType)) ||
      failed(requireShape(inference, adaptor.getPeephole(), "peephole",
                          {layer->directions, 3 * layer->hidden},
                          layer->elementType)))
    return failure();
  types.append({getStatesType(*layer), getLastStateType(*layer),
                getLastStateType(*layer)});
  return success();
}

int64_t LSTMOp::getFlops() { return getRecurrentFlops(*this, /*gates=*/4); }

LogicalResult GRUOp::inferReturnTypes(MLIRContext *,
                                      std::optional<Location> location,
                                      Adaptor adaptor,
                                      SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto layer = inferRecurrence(inference, adaptor, /*gates=*/3);
  if (failed(layer))
    return failure();
  types.append({getStatesType(*layer), getLastStateType(*layer)});
  return success();
}

int64_t GRUOp::getFlops() { return getRecurrentFlops(*this, /*gates=*/3); }
