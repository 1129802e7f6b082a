//===- TargetDescription.h - What the code is generated for -----*- C++ -*-===//
#ifndef SLIM_CODEGEN_CPU_TARGETDESCRIPTION_H
#define SLIM_CODEGEN_CPU_TARGETDESCRIPTION_H

#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Triple.h"
#include <memory>
#include <string>
#include <vector>

namespace slim {

/// A processor as the schedules see it.
struct CPUTargetDescription {
  llvm::Triple triple;
  std::string cpu;      ///< LLVM's name, "znver5"
  std::string features; ///< LLVM's list, "+avx2,-avx512f"
  unsigned vectorBytes; ///< of one vector register
  /// Shape of the register block of a matrix product: rows by vectors.
  unsigned kernelRows;
  unsigned kernelVectors;
  /// Bytes of the second-level cache of a core and of the last-level cache that
  /// it shares: this machine's for "native", else what such CPUs have at least.
  uint64_t l2Bytes;
  uint64_t llcBytes;
  /// Instruction families that products may use: vnni, vbmi2, bf16, pmaddwd,
  /// dotprod, i8mm, bfdot, amx-int8, amx-bf16; and tables: vbmi, pshufb, tbl.
  std::vector<std::string> kernelFeatures;
  /// The value of slim_rt_required_features, which the runtime checks before a
  /// model runs.
  uint64_t runtimeFeatures;

  /// The description of `cpu` (a name of LLVM's, "native" or an
  /// architecture level such as "x86-64-v3") for `triple`; empty strings mean
  /// this machine's triple and a CPU that every machine of the triple matches.
  /// Fails on an unknown name, telling which are known.
  static llvm::Expected<CPUTargetDescription> get(llvm::StringRef triple,
                                                  llvm::StringRef cpu);

  /// A new target machine for position-independent, optimized code.
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
  createTargetMachine() const;
};

} // namespace slim

#endif // SLIM_CODEGEN_CPU_TARGETDESCRIPTION_H
