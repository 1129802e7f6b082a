//===- NameFilter.h - Weights by name ---------------------------*- C++ -*-===//
#ifndef SLIM_COMPRESS_NAMEFILTER_H
#define SLIM_COMPRESS_NAMEFILTER_H

#include "mlir/IR/BuiltinOps.h"
#include "slim/Support/LLVM.h"
#include "llvm/Support/Regex.h"

namespace slim {

/// The options `include` and `exclude` of compression passes.
class NameFilter {
public:
  /// Fails, with a diagnostic, if one of the two is no regular expression.
  static FailureOr<NameFilter> get(ModuleOp module, StringRef pass,
                                   StringRef include, StringRef exclude);

  /// Why the filter rejects `name`; empty if it does not.
  std::string reject(StringRef name) const;

private:
  std::optional<llvm::Regex> include, exclude;
};

} // namespace slim

#endif // SLIM_COMPRESS_NAMEFILTER_H
