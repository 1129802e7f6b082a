//===- Indexing.cpp - ONNX's gathers and scatters ---------------*- C++ -*-===//
#include "Registry.h"

using namespace slim;
using namespace slim::onnximport;

/// Indices as i64, unless they are i32 already.
static Value toIndices(NodeBuilder &node, Value value) {
  Type elementType = node.elementType(value);
  if (elementType && elementType.isSignlessInteger(32))
    return value;
  return node.toI64(value);
}

static int64_t getAxis(NodeBuilder &node) {
  return node.normalizeAxis(node.intAttr("axis", 0),
                            node.rank(node.operand(0)));
}

static void importGather(NodeBuilder &node) {
  Value indices = toIndices(node, node.operand(1));
  node.setResults(
      node.create<GatherOp>(node.operand(0), indices, getAxis(node)));
}

static void importGatherElements(NodeBuilder &node) {
  Value indices = toIndices(node, node.operand(1));
  node.setResults(
      node.create<GatherElementsOp>(node.operand(0), indices, getAxis(node)));
}

static void importGatherND(NodeBuilder &node) {
  Value indices = toIndices(node, node.operand(1));
  int64_t batchDims = node.intAttr("batch_dims", 0);
  if (batchDims < 0)
    node.invalid("has batch_dims " + Twine(batchDims));
  node.setResults(node.create<GatherNDOp>(node.operand(0), indices, batchDims));
}

static ScatterMode getScatterMode(NodeBuilder &node) {
  StringRef name = node.stringAttr("reduction", "none");
  if (name == "none")
    return ScatterMode::Replace;
  if (std::optional<ScatterMode> mode = symbolizeScatterMode(name))
    return *mode;
  node.invalid("has reduction '" + name + "'");
  return ScatterMode::Replace;
}

static void importScatterElements(NodeBuilder &node) {
  Value indices = toIndices(node, node.operand(1));
  ScatterMode mode = getScatterMode(node);
  node.setResults(node.create<ScatterElementsOp>(
      node.operand(0), indices, node.operand(2), getAxis(node), mode));
}

static void importScatterND(NodeBuilder &node) {
  Value indices = toIndices(node, node.operand(1));
  ScatterMode mode = getScatterMode(node);
  node.setResults(node.create<ScatterNDOp>(node.operand(0), indices,
                                           node.operand(2), mode));
}

static void importOneHot(NodeBuilder &node) {
  Value indices = toIndices(node, node.operand(0));
  Value depth = node.toScalar(node.toI64(node.operand(1)));
  Value values = node.operand(2);
  if (node.rank(values) != 1)
    node.invalid("has values that are no vector");
  int64_t axis = node.normalizeAxis(node.intAttr("axis", -1),
                                    node.rank(indices), /*allowEnd=*/true);
  Value off = node.toScalar(node.slice(values, 0, 0, 1));
  Value on = node.toScalar(node.slice(values, 0, 1, 2));
  node.setResults(node.create<OneHotOp>(indices, depth, off, on, axis));
}

static void importNonZero(NodeBuilder &node) {
  Value input = node.operand(0);
  if (node.rank(input) == 0)
    input = node.unsqueeze(input, {0});
  node.setResults(node.create<NonZeroOp>(input));
}

/// The slices along `axis`, or the elements, where a vector is true.
static void importCompress(NodeBuilder &node) {
  Value input = node.operand(0);
  int64_t axis = 0;
  if (node.hasAttr("axis"))
    axis = getAxis(node);
  else
    input = node.reshape(input, {-1});
  Value positions = node.create<NonZeroOp>(node.operand(1));
  positions = node.squeeze(positions, {0});
  node.setResults(node.create<GatherOp>(input, positions, axis));
}

/// Reverses the first elements along the time axis, a number of them that the
/// batch index decides: element t comes from length - 1 - t where that is not
/// negative, and from t elsewhere.
static void importReverseSequence(NodeBuilder &node) {
  Value input = node.operand(0), lengths = node.toI64(node.operand(1));
  int64_t rank = node.rank(input);
  int64_t batchAxis = node.normalizeAxis(node.intAttr("batch_axis", 1), rank);
  int64_t timeAxis = node.normalizeAxis(node.intAttr("time_axis", 0), rank);
  if (node.isOk() && (batchAxis == timeAxis || node.rank(lengths) != 1))
    node.invalid("needs two axes and a vector of lengths");
  if (!node.isOk())
    return;
  auto align = [&](Value vector, int64_t axis) {
    SmallVector<int64_t> others;
    for (int64_t i = 0; i < rank; ++i)
      if (i != axis)
        others.push_back(i);
    return node.unsqueeze(vector, others);
  };
  Value time = align(node.iota(node.dim(input, timeAxis)), timeAxis);
  Value length = align(lengths, batchAxis);
  Value last = node.create<SubOp>(length, node.intScalar(1));
  Value mirrored = node.create<SubOp>(last, time);
  Value isInside = node.create<GreaterEqualOp>(mirrored, node.intScalar(0));
  Value source = node.create<SelectOp>(isInside, mirrored, time);
  Value indices = node.expand(source, node.shapeOf(input));
  node.setResults(node.create<GatherElementsOp>(input, indices, timeAxis));
}

/// Writes a chunk of a sequence into a cache, at a position a batch element.
static void importTensorScatter(NodeBuilder &node) {
  Value cache = node.operand(0), update = node.operand(1),
        starts = node.toI64(node.operand(2));
  int64_t rank = node.rank(cache);
  int64_t axis = node.normalizeAxis(node.intAttr("axis", -2), rank);
  StringRef mode = node.stringAttr("mode", "linear");
  if (mode != "linear" && mode != "circular")
    node.invalid("has mode '" + mode + "'");
  if (node.rank(update) != rank || (starts && node.rank(starts) != 1) ||
      (node.isOk() && axis == 0))
    node.invalid("needs a cache and an update of one rank and a vector of "
                 "positions");
  if (!node.isOk())
    return;
  auto align = [&](Value vector, int64_t dimension) {
    SmallVector<int64_t> others;
    for (int64_t i = 0; i < rank; ++i)
      if (i != dimension)
        others.push_back(i);
    return node.unsqueeze(vector, others);
  };
  Value positions = align(node.iota(node.dim(update, axis)), axis);
  if (starts)
    positions = node.create<AddOp>(positions, align(starts, 0));
  if (mode == "circular") {
    Value extent = node.toScalar(node.dim(cache, axis));
    positions = node.create<ModOp>(positions, extent);
  }
  Value indices = node.expand(positions, node.shapeOf(update));
  node.setResults(node.create<ScatterElementsOp>(cache, indices, update, axis,
                                                 ScatterMode::Replace));
}

void slim::onnximport::registerIndexing(Registry &registry) {
  registry.add("Gather", 2, 2, importGather);
  registry.add("GatherElements", 2, 2, importGatherElements);
  registry.add("GatherND", 2, 2, importGatherND);
  registry.add("Scatter", 3, 3, importScatterElements);
  registry.add("ScatterElements", 3, 3, importScatterElements);
  registry.add("ScatterND", 3, 3, importScatterND);
  registry.add("TensorScatter", 2, 3, importTensorScatter);
  registry.add("OneHot", 3, 3, importOneHot);
  registry.add("NonZero", 1, 1, importNonZero);
  registry.add("Compress", 2, 2, importCompress);
  registry.add("ReverseSequence", 2, 2, importReverseSequence);
}
