//===- ModelDescription.h - What a library says of itself -------*- C++ -*-===//
#ifndef SLIM_CODEGEN_MODELDESCRIPTION_H
#define SLIM_CODEGEN_MODELDESCRIPTION_H

#include "mlir/IR/BuiltinOps.h"
#include "slim/Runtime/Model.h"
#include "slim/Support/LLVM.h"
#include <string>
#include <vector>

namespace slim {

/// One input or output, as slim_tensor_info has it.
struct TensorDescription {
  std::string name;
  slim_type type;
  /// SLIM_DYNAMIC where an extent is open.
  std::vector<int64_t> shape;
  /// One a dimension; empty where it has no name.
  std::vector<std::string> dimNames;
};

/// One public function.
struct EntryDescription {
  std::string symbol; ///< of the function in the module
  std::string name;   ///< for users
  std::vector<TensorDescription> inputs;
  std::vector<TensorDescription> outputs;
};

struct ModelDescription {
  std::vector<EntryDescription> entries;
  std::string report = "{}"; ///< JSON, what was compressed
  int64_t weightBytes = 0;
};

/// Describes the public functions of a module of the slim dialect, before its
/// types are lowered. Reports an error for a module without entry points and
/// for a type that the C interface cannot carry.
FailureOr<ModelDescription> describeModel(ModuleOp module);

} // namespace slim

#endif // SLIM_CODEGEN_MODELDESCRIPTION_H
