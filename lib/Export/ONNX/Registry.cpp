//===- Registry.cpp - How ops are written as ONNX nodes -------------------===//
#include "Registry.h"

using namespace slim;
using namespace slim::onnxexport;

const Registry &Registry::get() {
  static const Registry registry = [] {
    Registry all;
    registerAttention(all);
    registerControlFlow(all);
    registerDecode(all);
    registerElementwise(all);
    registerIndexing(all);
    registerLinear(all);
    registerNorm(all);
    registerPool(all);
    registerQuantize(all);
    registerRecurrent(all);
    registerReduction(all);
    registerShape(all);
    return all;
  }();
  return registry;
}
