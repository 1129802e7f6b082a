//===- Outputs.h - Writing outputs to files ---------------------*- C++ -*-===//
#ifndef SLIM_TOOLS_SLIM_RUN_OUTPUTS_H
#define SLIM_TOOLS_SLIM_RUN_OUTPUTS_H

#include "slim/Runtime/Model.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

namespace slim::run {

/// Creates the directory if it does not exist; fails if it cannot be written to
/// or if two outputs would have the same file. To be called before the run.
llvm::Error prepareOutputDirectory(llvm::StringRef directory,
                                   const slim_entry_info &entry);

/// Writes `<output name>.npy` with '/' and ':' replaced by '_'. All files are
/// complete before the first gets its name, so that none is ever half-written.
llvm::Error writeOutputs(llvm::StringRef directory,
                         const slim_entry_info &entry,
                         llvm::ArrayRef<slim_tensor> outputs);

} // namespace slim::run

#endif // SLIM_TOOLS_SLIM_RUN_OUTPUTS_H
