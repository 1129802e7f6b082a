//===- Registry.h - ONNX ops by name and version ----------------*- C++ -*-===//
#ifndef SLIM_LIB_IMPORT_ONNX_REGISTRY_H
#define SLIM_LIB_IMPORT_ONNX_REGISTRY_H

#include "NodeBuilder.h"
#include "llvm/ADT/StringMap.h"

namespace slim::onnximport {

constexpr int64_t kMinOpset = 7;
constexpr int64_t kMaxOpset = 28;

/// Variadic ops have no greatest number of operands.
constexpr unsigned kAnyNumber = ~0u;

using ImportFunction = void (*)(NodeBuilder &);

/// How ops are imported: those of ONNX's default domain by name, others by
/// "domain::name".
class Registry {
public:
  struct Entry {
    ImportFunction function;
    unsigned minOperands, maxOperands;
  };

  /// The registry of all ops, built on first use.
  static const Registry &get();

  void add(StringRef opType, unsigned minOperands, unsigned maxOperands,
           ImportFunction function) {
    entries[opType] = {function, minOperands, maxOperands};
  }
  /// Null for an op that slim does not know.
  const Entry *lookup(StringRef opType) const {
    auto it = entries.find(opType);
    return it == entries.end() ? nullptr : &it->second;
  }

private:
  llvm::StringMap<Entry> entries;
};

void registerControlFlow(Registry &registry);
void registerAttention(Registry &registry);
void registerConv(Registry &registry);
void registerEinsum(Registry &registry);
void registerElementwise(Registry &registry);
void registerIndexing(Registry &registry);
void registerLinear(Registry &registry);
void registerLoss(Registry &registry);
void registerNBits(Registry &registry);
void registerNorm(Registry &registry);
void registerPool(Registry &registry);
void registerQuantization(Registry &registry);
void registerRecurrent(Registry &registry);
void registerReduction(Registry &registry);
void registerShape(Registry &registry);

} // namespace slim::onnximport

#endif // SLIM_LIB_IMPORT_ONNX_REGISTRY_H
