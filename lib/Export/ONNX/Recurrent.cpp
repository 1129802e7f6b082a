//===- Recurrent.cpp - Recurrent layers as ONNX nodes ---------------------===//
#include "Registry.h"

using namespace slim;
using namespace slim::onnxexport;

static void exportLSTM(GraphBuilder &graph, LSTMOp op) {
  graph.result(
      "LSTM",
      {graph.operand(op.getInput()), graph.operand(op.getWeight()),
       graph.operand(op.getRecurrence()), graph.operand(op.getBias()),
       graph.operand(op.getSequenceLengths()), graph.operand(op.getInitialH()),
       graph.operand(op.getInitialC()), graph.operand(op.getPeephole())},
      {{"hidden_size", op.getHiddenSize()},
       {"direction", stringifyDirection(op.getDirection())}});
}

static void exportGRU(GraphBuilder &graph, GRUOp op) {
  graph.result("GRU",
               {graph.operand(op.getInput()), graph.operand(op.getWeight()),
                graph.operand(op.getRecurrence()), graph.operand(op.getBias()),
                graph.operand(op.getSequenceLengths()),
                graph.operand(op.getInitialH())},
               {{"hidden_size", op.getHiddenSize()},
                {"direction", stringifyDirection(op.getDirection())},
                {"linear_before_reset", op.getLinearBeforeReset()}});
}

void slim::onnxexport::registerRecurrent(Registry &registry) {
  registry.add(exportLSTM);
  registry.add(exportGRU);
}
