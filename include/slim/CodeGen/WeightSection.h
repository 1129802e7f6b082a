//===- WeightSection.h - Weights of a compiled library ----------*- C++ -*-===//
//
// The bytes of weights never pass through LLVM's constants: the generated code
// refers to them by symbol, and the assembler copies them into the object file
// from where they are, the model's own file or one that holds what compression
// has made.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_CODEGEN_WEIGHTSECTION_H
#define SLIM_CODEGEN_WEIGHTSECTION_H

#include "mlir/IR/BuiltinOps.h"
#include "slim/IR/TensorData.h"
#include "slim/Support/LLVM.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace slim {

class WeightSection {
public:
  /// Alignment of every weight, in bytes.
  static constexpr unsigned kAlignment = 64;

  /// Attribute of a memref.global without initial value: the weight's data, as
  /// in `slim.weight`.
  static constexpr llvm::StringLiteral kDataAttr = "slim.data";

  /// Collects the weights that memref.get_global ops of `module` read. Reports
  /// an error for a weight without data, or with data that cannot be read.
  static FailureOr<WeightSection> collect(ModuleOp module);

  /// Total size of all weights.
  int64_t getNumBytes() const;

  /// Writes what is not in a file yet to a file at `path`.
  llvm::Error writeBlob(StringRef path) const;
  bool needsBlob() const;

  /// Defines the weights' symbols in `module` by assembly that includes bytes
  /// from the files named by the model and from the blob at `blobPath`.
  void define(llvm::Module &module, StringRef blobPath) const;

  /// For code that stays in this process: gives the weights plain symbols, left
  /// undefined, and calls `define` with each symbol and the weight's data.
  void
  bind(llvm::Module &module,
       llvm::function_ref<void(StringRef, const TensorData &)> define) const;

private:
  struct Weight {
    std::string symbol;
    int64_t numBytes;
    /// The file that holds the bytes; empty for those of the blob.
    std::string file;
    uint64_t offset; ///< in the file or in the blob
    TensorData data;
  };
  std::vector<Weight> weights;
};

} // namespace slim

#endif // SLIM_CODEGEN_WEIGHTSECTION_H
