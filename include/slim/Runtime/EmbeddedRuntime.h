//===- EmbeddedRuntime.h - The model runtime as bitcode ---------*- C++ -*-===//
//
// libSlim carries the runtime of compiled models (the C sources in lib/Runtime)
// as LLVM bitcode for every target, so that the compiler can link it into a
// model without a C compiler or a sysroot.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_RUNTIME_EMBEDDEDRUNTIME_H
#define SLIM_RUNTIME_EMBEDDEDRUNTIME_H

#include "llvm/ADT/StringRef.h"
#include "llvm/TargetParser/Triple.h"

#include <cstdint>

namespace slim {

/// One bitcode module for the triple's architecture, or an empty string where
/// the runtime does not support it (it supports x86-64 and AArch64 with Linux).
/// The module defines the slim_* functions of Model.h with default visibility
/// and everything else with hidden visibility; it leaves undefined what
/// GeneratedCode.h asks of the generated code, functions of libc and, weakly,
/// two of OpenMP. Its functions are compiled for the architecture's baseline:
/// keep their target attributes, since slim_session_create must run on a
/// processor that lacks what the model needs.
llvm::StringRef getRuntimeBitcode(const llvm::Triple &triple);

/// The value of slim_rt_required_features for code that LLVM compiled with the
/// features `features`, a list such as "+avx2,-avx512f,+fma" of features that
/// are all named (as in the attribute target-features), a later one overriding
/// an earlier one. Features that the runtime does not know (tuning flags,
/// instructions that only intrinsics use) do not count.
uint64_t getRequiredCpuFeatures(const llvm::Triple &triple,
                                llvm::StringRef features);

} // namespace slim

#endif // SLIM_RUNTIME_EMBEDDEDRUNTIME_H
