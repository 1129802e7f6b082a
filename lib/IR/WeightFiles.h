//===- WeightFiles.h - Mapped files of a context ----------------*- C++ -*-===//
#ifndef SLIM_LIB_IR_WEIGHTFILES_H
#define SLIM_LIB_IR_WEIGHTFILES_H

#include "mlir/IR/DialectInterface.h"
#include "slim/Support/LLVM.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/ErrorOr.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>
#include <mutex>
#include <string>

namespace slim::detail {

/// The files with weights that a context has mapped, held by the dialect.
class WeightFiles : public DialectInterface::Base<WeightFiles> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(WeightFiles)

  WeightFiles(Dialect *dialect) : Base(dialect) {}

  std::string getDirectory() const;
  void setDirectory(StringRef path);

  /// Maps the file, or returns the mapping that there is.
  llvm::ErrorOr<std::shared_ptr<llvm::MemoryBuffer>> open(StringRef path);
  /// Forgets the files.
  void close();

private:
  mutable std::mutex mutex;
  std::string directory;
  llvm::StringMap<std::shared_ptr<llvm::MemoryBuffer>> files;
};

} // namespace slim::detail

#endif // SLIM_LIB_IR_WEIGHTFILES_H
