//===- ElementType.h - Element types of tensors -----------------*- C++ -*-===//
#ifndef SLIM_DATA_ELEMENTTYPE_H
#define SLIM_DATA_ELEMENTTYPE_H

#include "slim/Runtime/Model.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <string>

namespace slim {

struct ElementType {
  enum Kind { Float, Signed, Unsigned, Bool };

  slim_type type;
  llvm::StringLiteral name; // as in MLIR where MLIR has it
  unsigned size;            // bytes
  Kind kind;
  /// The type in a .npy file. NumPy has no name for some types and writes them
  /// as void of their size ("|V2").
  llvm::StringLiteral descr;
};

/// Null for a number that is no slim_type.
const ElementType *lookupElementType(int32_t type);

/// The value of one element. Exact except for 64-bit integers above 2^53.
double toDouble(const ElementType &type, const char *element);

/// The element nearest to `value`.
void fromDouble(const ElementType &type, double value, char *element);

/// "[2, 128]".
std::string formatShape(llvm::ArrayRef<int64_t> shape);

inline llvm::ArrayRef<int64_t> shapeOf(const slim_tensor &tensor) {
  return {tensor.shape, static_cast<size_t>(tensor.rank)};
}

} // namespace slim

#endif // SLIM_DATA_ELEMENTTYPE_H
