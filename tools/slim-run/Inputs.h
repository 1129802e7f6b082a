//===- Inputs.h - Inputs of a run from files or at random -------*- C++ -*-===//
#ifndef SLIM_TOOLS_SLIM_RUN_INPUTS_H
#define SLIM_TOOLS_SLIM_RUN_INPUTS_H

#include "slim/Runtime/Model.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <string>
#include <vector>

namespace slim::run {

struct InputOptions {
  std::vector<std::string> files; // "name=x.npy"
  bool random = false;            // fill inputs that have no file
  uint64_t seed = 0;
  int64_t integerMax = 2;        // random integers lie in [0, integerMax)
  std::vector<std::string> dims; // "name=128", extents of open dimensions
};

/// The inputs of one run and the memory that they lie in.
struct Inputs {
  std::vector<slim_tensor> tensors;
  std::vector<std::unique_ptr<llvm::MemoryBuffer>> buffers;
};

/// Reads the files and fills the other inputs at random: floats uniform in
/// [-1, 1), integers uniform in [0, integerMax), each input from its own
/// sequence given by the seed and its position. Open dimensions of random
/// inputs have the extent that `dims` or an input from a file gives their name,
/// else 1.
llvm::Expected<Inputs> prepareInputs(const slim_entry_info &entry,
                                     const InputOptions &options);

/// Splits "name=value" where `names` are known. A name may contain '='.
llvm::Expected<std::pair<int32_t, llvm::StringRef>>
matchTensor(llvm::StringRef argument, llvm::StringRef option,
            llvm::StringRef noun, llvm::ArrayRef<slim_tensor_info> tensors);

} // namespace slim::run

#endif // SLIM_TOOLS_SLIM_RUN_INPUTS_H
