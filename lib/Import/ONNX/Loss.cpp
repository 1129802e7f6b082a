//===- Loss.cpp - ONNX's loss functions -------------------------*- C++ -*-===//
#include "Registry.h"

using namespace slim;
using namespace slim::onnximport;

/// -logits[n, target[n, ...], ...] * weight[target[n, ...]], reduced as the
/// attribute says: the mean is weighted, and targets that are ignored have
/// weight 0.
static Value buildLoss(NodeBuilder &node, Value logits, Value target,
                       Value weight) {
  Type elementType = node.elementType(logits);
  StringRef reduction = node.stringAttr("reduction", "mean");
  if (reduction != "mean" && reduction != "sum" && reduction != "none")
    return node.invalid("has reduction '" + reduction + "'");
  if (node.rank(logits) < 2 || node.rank(target) != node.rank(logits) - 1)
    return node.invalid("needs a target of one dimension less than the scores");
  target = node.toI64(target);

  Value zero = node.scalar(0, elementType), isIgnored;
  if (node.hasAttr("ignore_index")) {
    Value index = node.intScalar(node.intAttr("ignore_index", 0));
    isIgnored = node.create<EqualOp>(target, index);
    target = node.create<SelectOp>(isIgnored, node.intScalar(0), target);
  }
  Value picked = node.create<GatherElementsOp>(
      logits, node.unsqueeze(target, {1}), /*axis=*/1);
  Value loss = node.create<NegOp>(node.squeeze(picked, {1}));
  Value weights;
  if (weight)
    weights = node.create<GatherOp>(weight, target, /*axis=*/0);
  if (isIgnored) {
    Value others = weights ? weights : node.scalar(1, elementType);
    weights = node.create<SelectOp>(isIgnored, zero, others);
  }
  if (weights)
    loss = node.create<MulOp>(loss, weights);
  if (reduction == "none")
    return loss;
  SmallVector<int64_t> axes =
      llvm::to_vector(llvm::seq<int64_t>(0, node.rank(loss)));
  if (reduction == "mean" && !weights)
    return node.create<ReduceMeanOp>(loss, axes);
  Value sum = node.create<ReduceSumOp>(loss, axes);
  if (reduction == "sum")
    return sum;
  Value total = node.create<ReduceSumOp>(weights, axes);
  return node.create<DivOp>(sum, total);
}

static void importNegativeLogLikelihood(NodeBuilder &node) {
  node.setResults(
      buildLoss(node, node.operand(0), node.operand(1), node.operand(2)));
}

static void importSoftmaxCrossEntropy(NodeBuilder &node) {
  Value logProbabilities =
      node.create<LogSoftmaxOp>(node.operand(0), /*axis=*/1);
  Value loss =
      buildLoss(node, logProbabilities, node.operand(1), node.operand(2));
  node.setResults({loss, logProbabilities});
}

void slim::onnximport::registerLoss(Registry &registry) {
  registry.add("NegativeLogLikelihoodLoss", 2, 3, importNegativeLogLikelihood);
  registry.add("SoftmaxCrossEntropyLoss", 2, 3, importSoftmaxCrossEntropy);
}
