//===- Registry.h - How ops are written as ONNX nodes -----------*- C++ -*-===//
#ifndef SLIM_LIB_EXPORT_ONNX_REGISTRY_H
#define SLIM_LIB_EXPORT_ONNX_REGISTRY_H

#include "GraphBuilder.h"

namespace slim::onnxexport {

class Registry {
public:
  using Function = std::function<void(GraphBuilder &, Operation *)>;

  /// The registry of all ops, built on first use.
  static const Registry &get();

  /// Adds the exporter of an op, a function of the graph and the op.
  template <typename OpTy>
  void add(void (*function)(GraphBuilder &, OpTy)) {
    functions[OpTy::getOperationName()] = [=](GraphBuilder &graph,
                                              Operation *op) {
      function(graph, cast<OpTy>(op));
    };
  }
  /// Adds an op that is the node `type` with the same operands.
  template <typename OpTy>
  void addSimple(StringRef type) {
    functions[OpTy::getOperationName()] = [=](GraphBuilder &graph,
                                              Operation *op) {
      graph.result(type, graph.operands(op->getOperands()));
    };
  }

  /// Null for an op that has no exporter.
  const Function *lookup(Operation *op) const {
    auto found = functions.find(op->getName().getStringRef());
    return found == functions.end() ? nullptr : &found->second;
  }

private:
  llvm::StringMap<Function> functions;
};

void registerAttention(Registry &registry);
void registerControlFlow(Registry &registry);
void registerDecode(Registry &registry);
void registerElementwise(Registry &registry);
void registerIndexing(Registry &registry);
void registerLinear(Registry &registry);
void registerNorm(Registry &registry);
void registerPool(Registry &registry);
void registerQuantize(Registry &registry);
void registerRecurrent(Registry &registry);
void registerReduction(Registry &registry);
void registerShape(Registry &registry);

} // namespace slim::onnxexport

#endif // SLIM_LIB_EXPORT_ONNX_REGISTRY_H
