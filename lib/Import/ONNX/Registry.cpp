//===- Registry.cpp - ONNX ops by name and version --------------*- C++ -*-===//
#include "Registry.h"

using namespace slim::onnximport;

const Registry &Registry::get() {
  static const Registry registry = [] {
    Registry registry;
    registerControlFlow(registry);
    registerConv(registry);
    registerEinsum(registry);
    registerElementwise(registry);
    registerIndexing(registry);
    registerLinear(registry);
    registerLoss(registry);
    registerNBits(registry);
    registerNorm(registry);
    registerPool(registry);
    registerQuantization(registry);
    registerRecurrent(registry);
    registerReduction(registry);
    registerShape(registry);
    return registry;
  }();
  return registry;
}
