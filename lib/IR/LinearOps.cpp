//===- LinearOps.cpp - linear, matmul, embedding --------------------------===//

#include "BuildSupport.h"
#include "Inference.h"
#include "slim/IR/OpSupport.h"
#include "slim/IR/SlimOps.h"

using namespace slim;
using namespace slim::detail;

static constexpr int64_t kAnyRank = std::numeric_limits<int64_t>::max();

//===----------------------------------------------------------------------===//
// LinearOp
//===----------------------------------------------------------------------===//

LogicalResult LinearOp::inferReturnTypes(MLIRContext *,
                                         std::optional<Location> location,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto input = inference.getTensor(adaptor.getInput(), "input", 1, kAnyRank);
  auto weight = inference.getTensor(adaptor.getWeight(), "weight", 2, 2);
  if (failed(input) || failed(weight))
    return failure();
  int64_t inDim = adaptor.getTransposed() ? 0 : 1;
  int64_t outputs = weight->getDimSize(1 - inDim);
  FailureOr<Type> elementType = inference.getProductType(
      input->getElementType(), weight->getElementType());
  if (failed(elementType) ||
      failed(inference.unify(
          input->getShape().back(), weight->getDimSize(inDim),
          "the last extent of input", "the weight's input extent")) ||
      failed(inference.requireVector(adaptor.getBias(), "bias", outputs,
                                     *elementType,
                                     "the weight's output extent")))
    return failure();
  if (Value bias = adaptor.getBias(); bias && isDynamic(outputs))
    outputs = cast<RankedTensorType>(bias.getType()).getDimSize(0);
  SmallVector<int64_t> shape(input->getShape());
  shape.back() = outputs;
  types.push_back(RankedTensorType::get(shape, *elementType));
  return success();
}

int64_t LinearOp::getFlops() {
  auto inputType = cast<RankedTensorType>(getInput().getType());
  auto weightType = cast<RankedTensorType>(getWeight().getType());
  int64_t rows = multiplyExtents(inputType.getShape().drop_back());
  int64_t outputs = weightType.getDimSize(getTransposed() ? 1 : 0);
  int64_t inputs = weightType.getDimSize(getTransposed() ? 0 : 1);
  if (isDynamic(inputs))
    return inputs;
  return multiplyExtents({rows, outputs, 2 * inputs + (getBias() ? 1 : 0)});
}

OpOperand &LinearOp::getWeightOperand() { return getWeightMutable(); }

int64_t LinearOp::getOutputChannelDim() { return getTransposed() ? 1 : 0; }

SmallVector<int64_t> LinearOp::getReductionDims() {
  return {getTransposed() ? 0 : 1};
}

FailureOr<Value> LinearOp::buildActivationRows(OpBuilder &builder) {
  return collapseToRows(builder, getLoc(), getInput());
}

void LinearOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  int64_t last = cast<RankedTensorType>(getInput().getType()).getRank() - 1;
  int64_t inDim = getTransposed() ? 0 : 1;
  for (int64_t dim = 0; dim < last; ++dim)
    ties.emplace_back(0, dim, 0, dim);
  ties.emplace_back(ChannelEnd::operand(0, last),
                    ChannelEnd::operand(1, inDim));
  ties.emplace_back(1, 1 - inDim, 0, last);
  if (getBias())
    ties.emplace_back(2, 0, 0, last);
}

//===----------------------------------------------------------------------===//
// MatmulOp
//===----------------------------------------------------------------------===//

LogicalResult MatmulOp::inferReturnTypes(MLIRContext *,
                                         std::optional<Location> location,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto lhs = inference.getTensor(adaptor.getLhs(), "lhs", 1, kAnyRank);
  auto rhs = inference.getTensor(adaptor.getRhs(), "rhs", 1, kAnyRank);
  if (failed(lhs) || failed(rhs))
    return failure();
  FailureOr<Type> elementType =
      inference.getProductType(lhs->getElementType(), rhs->getElementType());
  if (failed(elementType))
    return failure();

  ArrayRef<int64_t> lhsShape = lhs->getShape(), rhsShape = rhs->getShape();
  bool lhsIsVector = lhsShape.size() == 1, rhsIsVector = rhsShape.size() == 1;
  int64_t rhsInner = rhsIsVector ? rhsShape[0] : rhsShape[rhsShape.size() - 2];
  if (failed(inference.unify(lhsShape.back(), rhsInner,
                             "the inner extent of lhs",
                             "the inner extent of rhs")))
    return failure();

  auto batches = [](ArrayRef<int64_t> shape) {
    return shape.drop_back(std::min<size_t>(shape.size(), 2));
  };
  FailureOr<SmallVector<int64_t>> shape =
      broadcastShapes({batches(lhsShape), batches(rhsShape)});
  if (failed(shape))
    return inference.error("cannot broadcast the batch dimensions of ", *lhs,
                           " and ", *rhs);
  if (!lhsIsVector)
    shape->push_back(lhsShape[lhsShape.size() - 2]);
  if (!rhsIsVector)
    shape->push_back(rhsShape.back());
  types.push_back(RankedTensorType::get(*shape, *elementType));
  return success();
}

int64_t MatmulOp::getFlops() {
  ArrayRef<int64_t> lhs = cast<RankedTensorType>(getLhs().getType()).getShape();
  ArrayRef<int64_t> rhs = cast<RankedTensorType>(getRhs().getType()).getShape();
  int64_t inner = lhs.back();
  if (isDynamic(inner))
    inner = rhs.size() == 1 ? rhs[0] : rhs[rhs.size() - 2];
  return multiplyExtents({2, countElements(getResult().getType()), inner});
}

void MatmulOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  auto lhs = cast<RankedTensorType>(getLhs().getType());
  auto rhs = cast<RankedTensorType>(getRhs().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  int64_t lhsRank = lhs.getRank(), rhsRank = rhs.getRank();
  bool lhsIsVector = lhsRank == 1, rhsIsVector = rhsRank == 1;
  ties.emplace_back(ChannelEnd::operand(0, lhsRank - 1),
                    ChannelEnd::operand(1, rhsIsVector ? 0 : rhsRank - 2));
  int64_t rank = result.getRank();
  int64_t batches = rank - !lhsIsVector - !rhsIsVector;
  if (!lhsIsVector)
    ties.emplace_back(0, lhsRank - 2, 0, batches);
  if (!rhsIsVector)
    ties.emplace_back(1, rhsRank - 1, 0, rank - 1);
  for (int64_t batch = 0; batch < batches; ++batch) {
    int64_t extent = result.getDimSize(batch);
    auto getDim = [&](RankedTensorType type) {
      return batch - batches + type.getRank() - 2;
    };
    auto isOpen = [&](RankedTensorType type) {
      int64_t dim = getDim(type);
      return dim >= 0 && type.isDynamicDim(dim);
    };
    if (!isDynamic(extent) && (isOpen(lhs) || isOpen(rhs)))
      continue;
    for (unsigned operand : {0, 1}) {
      RankedTensorType type = operand == 0 ? lhs : rhs;
      if (int64_t dim = getDim(type);
          dim >= 0 && !isDynamic(extent) && type.getDimSize(dim) == extent)
        ties.emplace_back(operand, dim, 0, batch);
    }
  }
}

//===----------------------------------------------------------------------===//
// EmbeddingOp
//===----------------------------------------------------------------------===//

LogicalResult EmbeddingOp::inferReturnTypes(MLIRContext *,
                                            std::optional<Location> location,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto indices = inference.getTensor(adaptor.getIndices(), "indices");
  auto weight = inference.getTensor(adaptor.getWeight(), "weight", 2, 2);
  if (failed(indices) || failed(weight))
    return failure();
  SmallVector<int64_t> shape(indices->getShape());
  shape.push_back(weight->getDimSize(1));
  types.push_back(RankedTensorType::get(shape, weight->getElementType()));
  return success();
}

OpOperand &EmbeddingOp::getWeightOperand() { return getWeightMutable(); }

// A row is what a look-up reads: scales belong to rows, and nothing is summed.
int64_t EmbeddingOp::getOutputChannelDim() { return 0; }

SmallVector<int64_t> EmbeddingOp::getReductionDims() { return {}; }

void EmbeddingOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  int64_t rank = cast<RankedTensorType>(getIndices().getType()).getRank();
  for (int64_t dim = 0; dim < rank; ++dim)
    ties.emplace_back(0, dim, 0, dim);
  ties.emplace_back(1, 1, 0, rank);
}
