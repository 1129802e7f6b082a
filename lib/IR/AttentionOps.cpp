//===- AttentionOps.cpp - attention, rotary_embedding ---------------------===//

#include "Inference.h"
#include "slim/IR/OpSupport.h"
#include "slim/IR/SlimOps.h"

using namespace slim;
using namespace slim::detail;

void AttentionOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  auto query = cast<RankedTensorType>(getQuery().getType());
  auto key = cast<RankedTensorType>(getKey().getType());
  int64_t heads = query.getDimSize(1), keyHeads = key.getDimSize(1);
  // The default scale follows the size of the heads, which then stays.
  if (getScale())
    ties.emplace_back(ChannelEnd::operand(0, 3), ChannelEnd::operand(1, 3));
  ties.emplace_back(2, 3, 0, 3);
  if (isDynamic(heads) || isDynamic(keyHeads) || keyHeads == 0)
    return;

  if (Value maskValue = getMask()) {
    auto mask = cast<RankedTensorType>(maskValue.getType());
    // What the mask's dimension says of heads is not known.
    if (int64_t dim = mask.getRank() - 3; dim >= 0) {
      if (mask.isDynamicDim(dim))
        return;
      if (mask.getDimSize(dim) == heads)
        ties.emplace_back(ChannelEnd::operand(0, 1),
                          ChannelEnd::operand(3, dim));
    }
  }
  ties.emplace_back(0, 1, 0, 1);
  ties.emplace_back(ChannelEnd::operand(1, 1), ChannelEnd::operand(2, 1));
  // A head of the keys goes with all queries that use it.
  ties.emplace_back(ChannelEnd::operand(1, 1), ChannelEnd::operand(0, 1),
                    /*offset=*/0, /*repeat=*/heads / keyHeads);
}

void RotaryEmbeddingOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  // Elements of a head rotate in pairs: only whole heads can go.
  ties.emplace_back(0, 1, 0, 1);
}

LogicalResult AttentionOp::inferReturnTypes(MLIRContext *,
                                            std::optional<Location> location,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto query = inference.getTensor(adaptor.getQuery(), "query", 4, 4);
  auto key = inference.getTensor(adaptor.getKey(), "key", 4, 4);
  auto value = inference.getTensor(adaptor.getValue(), "value", 4, 4);
  if (failed(query) || failed(key) || failed(value))
    return failure();
  Type elementType = query->getElementType();
  if (failed(inference.requireElementType(*key, "key", elementType)) ||
      failed(inference.requireElementType(*value, "value", elementType)))
    return failure();

  auto batch = inference.unify(query->getDimSize(0), key->getDimSize(0),
                               "the batch of query", "that of key");
  if (succeeded(batch))
    batch = inference.unify(*batch, value->getDimSize(0), "the batch of query",
                            "that of value");
  auto keyHeads = inference.unify(key->getDimSize(1), value->getDimSize(1),
                                  "the heads of key", "those of value");
  auto keys = inference.unify(key->getDimSize(2), value->getDimSize(2),
                              "the length of key", "that of value");
  if (failed(batch) || failed(keyHeads) || failed(keys) ||
      failed(inference.unify(query->getDimSize(3), key->getDimSize(3),
                             "the head size of query", "that of key")))
    return failure();
  int64_t heads = query->getDimSize(1);
  if (!isDynamic(heads) && !isDynamic(*keyHeads) &&
      (*keyHeads == 0 ? heads != 0 : heads % *keyHeads != 0))
    return inference.error(heads, " query heads are no multiple of ", *keyHeads,
                           " key heads");

  SmallVector<int64_t> scores = {*batch, heads, query->getDimSize(2), *keys};
  if (Value maskValue = adaptor.getMask()) {
    auto mask = inference.getTensor(maskValue, "mask", 0, 4);
    if (failed(mask))
      return failure();
    Type maskType = mask->getElementType();
    if (!maskType.isInteger(1) &&
        !(maskType.isF32() && elementType.getIntOrFloatBitWidth() < 32) &&
        failed(inference.requireElementType(*mask, "a mask that is not boolean",
                                            elementType)))
      return failure();
    for (int64_t dim = 0; dim < mask->getRank(); ++dim) {
      int64_t score = scores[4 - mask->getRank() + dim];
      int64_t extent = mask->getDimSize(dim);
      if (extent != 1 &&
          failed(inference.requireExtent(*mask, "mask", dim, score,
                                         "the extent of the scores there")))
        return failure();
    }
  }
  types.push_back(RankedTensorType::get(
      {*batch, heads, query->getDimSize(2), value->getDimSize(3)},
      elementType));
  return success();
}

int64_t AttentionOp::getFlops() {
  auto query = cast<RankedTensorType>(getQuery().getType());
  auto key = cast<RankedTensorType>(getKey().getType());
  auto value = cast<RankedTensorType>(getValue().getType());
  int64_t headSize = query.getDimSize(3), valueSize = value.getDimSize(3);
  if (isDynamic(headSize) || isDynamic(valueSize))
    return ShapedType::kDynamic;
  int64_t keys =
      isDynamic(key.getDimSize(2)) ? value.getDimSize(2) : key.getDimSize(2);
  // The two products; the softmax is small beside them.
  return multiplyExtents({2, multiplyExtents(query.getShape().drop_back()),
                          keys, headSize + valueSize});
}

LogicalResult RotaryEmbeddingOp::inferReturnTypes(
    MLIRContext *, std::optional<Location> location, Adaptor adaptor,
    SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto input = inference.getTensor(adaptor.getInput(), "input", 4, 4);
  auto cosine = inference.getTensor(adaptor.getCos(), "cos", 2, 3);
  auto sine = inference.getTensor(adaptor.getSin(), "sin", 2, 3);
  if (failed(input) || failed(cosine) || failed(sine))
    return failure();
  Type elementType = input->getElementType();
  if (failed(inference.requireElementType(*cosine, "cos", elementType)) ||
      failed(inference.requireElementType(*sine, "sin", elementType)))
    return failure();
  if (cosine->getRank() != sine->getRank())
    return inference.error("cos has rank ", cosine->getRank(),
                           " and sin has rank ", sine->getRank());

  int64_t rank = cosine->getRank();
  for (auto [name, table] :
       {std::pair("cos", *cosine), std::pair("sin", *sine)})
    if (failed(inference.requireExtent(table, name, rank - 2,
                                       input->getDimSize(2),
                                       "the number of positions")) ||
        (rank == 3 && failed(inference.requireExtent(
                          table, name, 0, input->getDimSize(0), "the batch"))))
      return failure();
  FailureOr<int64_t> pairs =
      inference.unify(cosine->getDimSize(rank - 1), sine->getDimSize(rank - 1),
                      "the last extent of cos", "that of sin");
  if (failed(pairs))
    return failure();
  int64_t headSize = input->getDimSize(3);
  if (!isDynamic(*pairs) && !isDynamic(headSize) && *pairs > headSize / 2)
    return inference.error(*pairs, " pairs do not fit into heads of size ",
                           headSize);
  types.push_back(*input);
  return success();
}
