//===- Norm.cpp - ONNX's normalizations and softmaxes -----------*- C++ -*-===//
#include "Registry.h"

using namespace slim;
using namespace slim::onnximport;

//===----------------------------------------------------------------------===//
// Softmax family
//===----------------------------------------------------------------------===//

/// Before version 13 the op works on the matrix that the dimensions before and
/// from `axis` on make; then along `axis` alone. `build` gets the tensor and
/// the axis to work along.
static void importAlongAxis(NodeBuilder &node,
                            llvm::function_ref<Value(Value, int64_t)> build) {
  Value input = node.operand(0);
  int64_t rank = node.rank(input);
  bool flattens = node.getOpset() < 13;
  int64_t axis = node.normalizeAxis(node.intAttr("axis", flattens ? 1 : -1),
                                    rank, /*allowEnd=*/flattens && rank < 2);
  if (!node.isOk())
    return;
  if (!flattens || axis == rank - 1)
    return node.setResults(build(input, axis));
  Value matrix = node.create<FlattenOp>(input, axis);
  Value result = build(matrix, 1);
  node.setResults(node.reshape(result, node.shapeOf(input)));
}

static void importSoftmax(NodeBuilder &node) {
  importAlongAxis(node, [&](Value input, int64_t axis) {
    return node.create<SoftmaxOp>(input, axis);
  });
}

static void importLogSoftmax(NodeBuilder &node) {
  importAlongAxis(node, [&](Value input, int64_t axis) {
    return node.create<LogSoftmaxOp>(input, axis);
  });
}

static void importHardmax(NodeBuilder &node) {
  importAlongAxis(node, [&](Value input, int64_t axis) {
    Type elementType = node.elementType(input);
    Value position = node.create<ArgMaxOp>(input, axis);
    Value depth = node.toScalar(node.dim(input, axis));
    Value off = node.scalar(0, elementType), on = node.scalar(1, elementType);
    return node.create<OneHotOp>(position, depth, off, on, axis);
  });
}

//===----------------------------------------------------------------------===//
// Normalizations
//===----------------------------------------------------------------------===//

/// The type that statistics are computed in by attribute `stash_type`.
static bool isStashSupported(NodeBuilder &node) {
  int64_t stash = node.intAttr("stash_type", 1);
  Type stashType = getElementType(stash, node.getContext());
  // slim computes in f32 or wider; what is returned has the input's type.
  return stashType && (stashType.isF32() || stashType.isF64() ||
                       stashType == node.elementType(node.operand(0)));
}

static void importLayerNorm(NodeBuilder &node) {
  Value input = node.operand(0), scale = node.operand(1),
        bias = node.operand(2);
  int64_t axis = node.normalizeAxis(node.intAttr("axis", -1), node.rank(input));
  APFloat epsilon(node.floatAttr("epsilon", 1e-5f));
  if (!isStashSupported(node))
    node.unsupported("attribute stash_type");
  SmallVector<Value> results =
      node.createResults<LayerNormOp, 3>(input, scale, bias, axis, epsilon);
  Type stashType =
      getElementType(node.intAttr("stash_type", 1), node.getContext());
  for (unsigned i : {1, 2})
    if (node.wantsResult(i))
      results[i] = node.convert(results[i], stashType);
  node.setResults(results);
}

static void importRMSNorm(NodeBuilder &node) {
  Value input = node.operand(0), scale = node.operand(1);
  int64_t axis = node.normalizeAxis(node.intAttr("axis", -1), node.rank(input));
  APFloat epsilon(node.floatAttr("epsilon", 1e-5f));
  if (!isStashSupported(node))
    node.unsupported("attribute stash_type");
  // The op's scale covers exactly the normalized dimensions; one that only
  // broadcasts to them is multiplied apart.
  bool fits = node.shape(scale) ==
              node.shape(input).drop_front(std::min(axis, node.rank(input)));
  Value result =
      node.create<RMSNormOp>(input, fits ? scale : Value(), axis, epsilon);
  if (!fits)
    result = node.create<MulOp>(result, scale);
  node.setResults(result);
}

/// Normalizes with the batch's own statistics and updates the running ones.
static void importTrainingBatchNorm(NodeBuilder &node) {
  Value input = node.operand(0);
  Type elementType = node.elementType(input);
  int64_t rank = node.rank(input);
  float momentum = node.floatAttr("momentum", 0.9f);
  SmallVector<int64_t> axes = {0};
  llvm::append_range(axes, llvm::seq<int64_t>(2, rank));

  Value mean = node.create<ReduceMeanOp>(input, axes, /*keep_dims=*/true);
  Value centered = node.create<SubOp>(input, mean);
  Value square = node.create<MulOp>(centered, centered);
  Value variance = node.create<ReduceMeanOp>(square, axes, /*keep_dims=*/false);
  mean = node.squeeze(mean, axes);

  auto update = [&](Value running, Value current) {
    Value keep = node.scalar(momentum, elementType);
    Value take = node.scalar(1.0f - momentum, elementType);
    Value kept = node.create<MulOp>(running, keep);
    Value taken = node.create<MulOp>(current, take);
    return node.create<AddOp>(kept, taken);
  };
  Value result = node.create<BatchNormOp>(
      input, node.operand(1), node.operand(2), mean, variance,
      APFloat(node.floatAttr("epsilon", 1e-5f)));
  SmallVector<Value> results = {result};
  if (node.wantsResult(1) || node.wantsResult(2)) {
    results.push_back(update(node.operand(3), mean));
    results.push_back(update(node.operand(4), variance));
  }
  node.setResults(results);
}

static void importBatchNorm(NodeBuilder &node) {
  if (node.getOpset() >= 14 && node.boolAttr("training_mode", false))
    return importTrainingBatchNorm(node);
  if (node.getOpset() < 9 && !node.boolAttr("spatial", true)) {
    node.unsupported("statistics per element (spatial = 0)");
    return;
  }
  APFloat epsilon(node.floatAttr("epsilon", 1e-5f));
  node.setResults(node.create<BatchNormOp>(node.operand(0), node.operand(1),
                                           node.operand(2), node.operand(3),
                                           node.operand(4), epsilon));
}

static void importInstanceNorm(NodeBuilder &node) {
  APFloat epsilon(node.floatAttr("epsilon", 1e-5f));
  node.setResults(node.create<GroupNormOp>(node.operand(0), node.operand(1),
                                           node.operand(2), /*groups=*/0,
                                           epsilon));
}

/// Before version 21 scale and bias have an element a group.
static Value repeatPerChannel(NodeBuilder &node, Value perGroup,
                              int64_t channels, int64_t groups) {
  Value column = node.unsqueeze(perGroup, {1});
  Value spread = node.expand(column, node.ints({groups, channels / groups}));
  return node.reshape(spread, {channels});
}

static void importGroupNorm(NodeBuilder &node) {
  Value input = node.operand(0), scale = node.operand(1),
        bias = node.operand(2);
  int64_t groups = node.intAttr("num_groups", 0);
  APFloat epsilon(node.floatAttr("epsilon", 1e-5f));
  if (node.rank(input) < 2 || groups <= 0) {
    node.invalid("needs channels and a positive number of groups");
    return;
  }
  if (node.getOpset() < 21) {
    int64_t channels = node.shape(input)[1];
    if (ShapedType::isDynamic(channels) || channels % groups) {
      node.unsupported("a number of channels that is not a known multiple of "
                       "the groups");
      return;
    }
    scale = repeatPerChannel(node, scale, channels, groups);
    bias = repeatPerChannel(node, bias, channels, groups);
  }
  node.setResults(
      node.create<GroupNormOp>(input, scale, bias, groups, epsilon));
}

static void importLRN(NodeBuilder &node) {
  int64_t size = node.intAttr("size", 0);
  if (size <= 0)
    node.invalid("has no positive size");
  node.setResults(node.create<LRNOp>(node.operand(0), size,
                                     APFloat(node.floatAttr("alpha", 1e-4f)),
                                     APFloat(node.floatAttr("beta", 0.75f)),
                                     APFloat(node.floatAttr("bias", 1.0f))));
}

static void importLpNorm(NodeBuilder &node) {
  Value input = node.operand(0);
  int64_t axis = node.normalizeAxis(node.intAttr("axis", -1), node.rank(input));
  int64_t order = node.intAttr("p", 2);
  if (order != 1 && order != 2)
    node.invalid("has p = " + Twine(order) + "; 1 and 2 are defined");
  Value power =
      order == 1 ? node.create<AbsOp>(input) : node.create<MulOp>(input, input);
  Value norm = node.create<ReduceSumOp>(power, ArrayRef<int64_t>(axis),
                                        /*keep_dims=*/true);
  if (order == 2)
    norm = node.create<SqrtOp>(norm);
  Value quotient = node.create<DivOp>(input, norm);
  // A vector of zeros stays one.
  Value zero = node.scalar(0, node.elementType(input));
  Value isZero = node.create<EqualOp>(norm, zero);
  node.setResults(node.create<SelectOp>(isZero, zero, quotient));
}

/// (x - mean) / (standard deviation + 1e-9) over `axes`.
static void importMeanVarianceNorm(NodeBuilder &node) {
  Value input = node.operand(0);
  SmallVector<int64_t> axes = node.normalizeAxes(
      node.intsAttr("axes").value_or(SmallVector<int64_t>{0, 2, 3}),
      node.rank(input));
  Value mean = node.create<ReduceMeanOp>(input, axes, /*keep_dims=*/true);
  Value centered = node.create<SubOp>(input, mean);
  Value square = node.create<MulOp>(centered, centered);
  Value variance = node.create<ReduceMeanOp>(square, axes, /*keep_dims=*/true);
  Value deviation = node.create<SqrtOp>(variance);
  Value epsilon = node.scalar(1e-9, node.elementType(input));
  Value divisor = node.create<AddOp>(deviation, epsilon);
  node.setResults(node.create<DivOp>(centered, divisor));
}

void slim::onnximport::registerNorm(Registry &registry) {
  registry.add("Softmax", 1, 1, importSoftmax);
  registry.add("LogSoftmax", 1, 1, importLogSoftmax);
  registry.add("Hardmax", 1, 1, importHardmax);
  registry.add("LayerNormalization", 2, 3, importLayerNorm);
  registry.add("RMSNormalization", 2, 2, importRMSNorm);
  registry.add("BatchNormalization", 5, 5, importBatchNorm);
  registry.add("InstanceNormalization", 3, 3, importInstanceNorm);
  registry.add("GroupNormalization", 3, 3, importGroupNorm);
  registry.add("LRN", 1, 1, importLRN);
  registry.add("LpNormalization", 1, 1, importLpNorm);
  registry.add("MeanVarianceNormalization", 1, 1, importMeanVarianceNorm);
}
