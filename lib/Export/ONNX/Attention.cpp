//===- Attention.cpp - Attention as ONNX nodes ----------------------------===//
//
// ONNX has an op for it from opset 23 on; its parts are older and run anywhere.
//
//===----------------------------------------------------------------------===//
#include "Registry.h"

#include <cmath>

using namespace slim;
using namespace slim::onnxexport;

static RankedTensorType getType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// [B, Hkv, T, D] with each head as often as query heads share it.
static std::string repeatHeads(GraphBuilder &graph, std::string value,
                               int64_t heads, int64_t repeats) {
  if (repeats == 1)
    return value;
  std::string grouped = graph.node("Unsqueeze", {value, graph.ints({2})});
  std::string spread =
      graph.node("Expand", {grouped, graph.ints({1, 1, repeats, 1, 1})});
  std::string shape = graph.node("Shape", {value});
  std::string front =
      graph.node("Slice", {shape, graph.ints({0}), graph.ints({1})});
  std::string back =
      graph.node("Slice", {shape, graph.ints({2}), graph.ints({4})});
  std::string all = graph.node(
      "Concat", {front, graph.ints({heads * repeats}), back}, {{"axis", 0}});
  return graph.node("Reshape", {spread, all});
}

/// The addend of the scores that lets query s see keys up to s + T - S.
static std::string buildCausalBias(GraphBuilder &graph, std::string scores,
                                   Type elementType) {
  // The triangle above diagonal T - S of a matrix of minus infinities.
  auto extent = [&](int64_t dim) {
    return graph.node("Shape", {scores}, {{"start", dim}, {"end", dim + 1}});
  };
  std::string queries = extent(2), keys = extent(3);
  std::string shape = graph.node("Concat", {queries, keys}, {{"axis", 0}});
  double infinity = std::numeric_limits<double>::infinity();
  std::string masked =
      graph.node("Expand", {graph.scalar(-infinity, elementType), shape});
  std::string diagonal =
      graph.node("Add", {graph.node("Sub", {keys, queries}), graph.ints({1})});
  return graph.node("Trilu", {masked, diagonal}, {{"upper", 1}});
}

static void exportAttention(GraphBuilder &graph, AttentionOp op) {
  RankedTensorType queryType = getType(op.getQuery());
  RankedTensorType keyType = getType(op.getKey());
  Type elementType = queryType.getElementType();
  int64_t heads = queryType.getDimSize(1), keyHeads = keyType.getDimSize(1);
  int64_t size = queryType.getDimSize(3);
  if (ShapedType::isDynamic(heads) || ShapedType::isDynamic(keyHeads))
    return graph.unsupported("an unknown number of heads");
  if (!op.getScale() && ShapedType::isDynamic(size))
    return graph.unsupported("an unknown head size without a scale");
  double scale =
      op.getScale() ? op.getScale()->convertToFloat() : 1 / std::sqrt(size);

  int64_t repeats = heads / keyHeads;
  std::string key =
      repeatHeads(graph, graph.operand(op.getKey()), keyHeads, repeats);
  std::string value =
      repeatHeads(graph, graph.operand(op.getValue()), keyHeads, repeats);
  std::string query = graph.node(
      "Mul", {graph.operand(op.getQuery()), graph.scalar(scale, elementType)});
  std::string turned =
      graph.node("Transpose", {key}, {{"perm", ArrayRef<int64_t>{0, 1, 3, 2}}});
  std::string scores = graph.node("MatMul", {query, turned});
  if (op.getCausal())
    scores = graph.node("Add",
                        {scores, buildCausalBias(graph, scores, elementType)});
  if (op.getMask()) {
    std::string mask = graph.operand(op.getMask());
    if (getType(op.getMask()).getElementType().isInteger(1)) {
      double infinity = std::numeric_limits<double>::infinity();
      mask = graph.node("Where", {mask, graph.scalar(0, elementType),
                                  graph.scalar(-infinity, elementType)});
    }
    scores = graph.node("Add", {scores, mask});
  }
  bool isNarrow = elementType.getIntOrFloatBitWidth() < 32;
  if (isNarrow)
    scores = graph.node("Cast", {scores}, {{"to", ::onnx::TensorProto::FLOAT}});
  std::string weights = graph.node("Softmax", {scores}, {{"axis", 3}});
  if (isNarrow)
    weights = graph.node("Cast", {weights}, {{"to", getDataType(elementType)}});
  graph.result("MatMul", {weights, value});
}

/// Pairs are halves of what rotates, or neighbours.
static void exportRotaryEmbedding(GraphBuilder &graph, RotaryEmbeddingOp op) {
  RankedTensorType type = getType(op.getInput());
  int64_t half = getType(op.getCos()).getShape().back();
  if (ShapedType::isDynamic(half) || type.isDynamicDim(3))
    return graph.unsupported("an unknown head size");
  std::string input = graph.operand(op.getInput());
  // The angles of a batch hold for all its heads.
  auto align = [&](Value angles) {
    std::string name = graph.operand(angles);
    if (getType(angles).getRank() == 2)
      return name;
    return graph.node("Unsqueeze", {name, graph.ints({1})});
  };
  std::string cos = align(op.getCos()), sin = align(op.getSin());
  int64_t rotated = 2 * half;
  bool interleaved = op.getInterleaved();
  auto slice = [&](int64_t begin, int64_t end, int64_t step) {
    return graph.node("Slice", {input, graph.ints({begin}), graph.ints({end}),
                                graph.ints({3}), graph.ints({step})});
  };
  std::string a = interleaved ? slice(0, rotated, 2) : slice(0, half, 1);
  std::string b = interleaved ? slice(1, rotated, 2) : slice(half, rotated, 1);
  std::string first = graph.node(
      "Sub", {graph.node("Mul", {a, cos}), graph.node("Mul", {b, sin})});
  std::string second = graph.node(
      "Add", {graph.node("Mul", {a, sin}), graph.node("Mul", {b, cos})});
  if (interleaved) {
    first = graph.node("Unsqueeze", {first, graph.ints({4})});
    second = graph.node("Unsqueeze", {second, graph.ints({4})});
    std::string pairs = graph.node("Concat", {first, second}, {{"axis", 4}});
    first = graph.node("Reshape", {pairs, graph.ints({0, 0, 0, rotated})});
  }
  Names parts = {first};
  if (!interleaved)
    parts.push_back(second);
  if (rotated < type.getDimSize(3))
    parts.push_back(slice(rotated, type.getDimSize(3), 1));
  graph.result("Concat", parts, {{"axis", 3}});
}

void slim::onnxexport::registerAttention(Registry &registry) {
  registry.add(exportAttention);
  registry.add(exportRotaryEmbedding);
}
