//===- EmitLibrary.h - From LLVM IR to a shared library ---------*- C++ -*-===//
#ifndef SLIM_CODEGEN_EMITLIBRARY_H
#define SLIM_CODEGEN_EMITLIBRARY_H

#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Triple.h"
#include <string>

namespace slim {

/// Runs LLVM's optimizations of a level (0 to 3) for the target.
void optimizeModule(llvm::Module &module, llvm::TargetMachine &machine,
                    unsigned level);

/// Assembly or an object file, in memory.
llvm::Expected<llvm::SmallVector<char, 0>>
generateMachineCode(llvm::Module &module, llvm::TargetMachine &machine,
                    llvm::CodeGenFileType fileType);

/// Writes assembly or an object file; nothing is left at `path` on failure.
llvm::Error emitMachineCode(llvm::Module &module, llvm::TargetMachine &machine,
                            llvm::StringRef path,
                            llvm::CodeGenFileType fileType);

struct LinkOptions {
  llvm::Triple triple;
  bool openMP = false;
  /// The linker driver; empty for the first one found: clang or cc for this
  /// machine's architecture, the cross compiler for another.
  std::string driver;
};

/// Links an object file into a shared library that needs libc, libm and, with
/// openMP, libomp. Nothing is left at `path` on failure.
llvm::Error linkSharedLibrary(llvm::StringRef object, llvm::StringRef path,
                              const LinkOptions &options);

} // namespace slim

#endif // SLIM_CODEGEN_EMITLIBRARY_H
