//===- Recurrent.cpp - ONNX's recurrent layers ------------------*- C++ -*-===//
#include "Registry.h"

using namespace slim;
using namespace slim::onnximport;

namespace {
/// What the layers have in common. With `layout` 1 the batch is the first
/// dimension of inputs, states and results in the model, the second in slim.
struct Layer {
  Value input, weight, recurrence, bias, lengths, initialH;
  int64_t hiddenSize = 0;
  Direction direction = Direction::Forward;
  bool batchFirst = false;
};
} // namespace

static Value toTimeFirst(NodeBuilder &node, const Layer &layer, Value value) {
  return value && layer.batchFirst ? node.transpose(value, {1, 0, 2}) : value;
}

/// Reads the layer; `activations` are those that slim's op has.
static Layer getLayer(NodeBuilder &node, ArrayRef<StringRef> activations) {
  Layer layer;
  layer.batchFirst = node.boolAttr("layout", false);
  layer.input = toTimeFirst(node, layer, node.operand(0));
  layer.weight = node.operand(1);
  layer.recurrence = node.operand(2);
  layer.bias = node.operand(3);
  layer.lengths = node.operand(4);
  layer.initialH = toTimeFirst(node, layer, node.operand(5));

  StringRef direction = node.stringAttr("direction", "forward");
  if (std::optional<Direction> known = symbolizeDirection(direction))
    layer.direction = *known;
  else
    node.invalid("has direction '" + direction + "'");
  if (node.rank(layer.input) != 3 || node.rank(layer.recurrence) != 3) {
    node.invalid("needs an input and weights of rank 3");
    return layer;
  }
  int64_t inferred = node.shape(layer.recurrence)[2];
  layer.hiddenSize = node.intAttr("hidden_size", inferred);
  if (layer.hiddenSize <= 0)
    node.invalid("has an unknown hidden size");

  SmallVector<StringRef> given = node.stringsAttr("activations");
  for (auto [index, name] : llvm::enumerate(given))
    if (!name.equals_insensitive(activations[index % activations.size()]))
      node.unsupported("activation " + name);
  if (node.hasAttr("clip"))
    node.unsupported("attribute clip");
  if (node.intAttr("input_forget", 0))
    node.unsupported("attribute input_forget");
  return layer;
}

/// Gives the results the model's layout: all hidden states, last states.
static void setLayerResults(NodeBuilder &node, const Layer &layer,
                            SmallVector<Value> results) {
  if (layer.batchFirst) {
    results[0] = node.transpose(results[0], {2, 0, 1, 3});
    for (Value &state : llvm::drop_begin(results))
      state = node.transpose(state, {1, 0, 2});
  }
  node.setResults(results);
}

static void importLSTM(NodeBuilder &node) {
  Layer layer = getLayer(node, {"Sigmoid", "Tanh", "Tanh"});
  Value initialC = toTimeFirst(node, layer, node.operand(6));
  Value peephole = node.operand(7);
  setLayerResults(node, layer,
                  node.createResults<LSTMOp, 3>(
                      layer.input, layer.weight, layer.recurrence, layer.bias,
                      layer.initialH, initialC, peephole, layer.lengths,
                      layer.hiddenSize, layer.direction));
}

static void importGRU(NodeBuilder &node) {
  Layer layer = getLayer(node, {"Sigmoid", "Tanh"});
  setLayerResults(node, layer,
                  node.createResults<GRUOp, 2>(
                      layer.input, layer.weight, layer.recurrence, layer.bias,
                      layer.initialH, layer.lengths, layer.hiddenSize,
                      layer.direction,
                      node.boolAttr("linear_before_reset", false)));
}

void slim::onnximport::registerRecurrent(Registry &registry) {
  registry.add("LSTM", 3, 8, importLSTM);
  registry.add("GRU", 3, 6, importGRU);
}
