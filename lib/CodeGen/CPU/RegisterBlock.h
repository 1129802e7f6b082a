//===- RegisterBlock.h - Sums of outer products in registers ----*- C++ -*-===//
//
// Private to this room.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CODEGEN_CPU_REGISTERBLOCK_H
#define SLIM_LIB_CODEGEN_CPU_REGISTERBLOCK_H

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Builders.h"
#include "slim/Support/LLVM.h"

namespace slim::cpu {

/// `rows` times `vectors` vectors of sums, row after row.
struct RegisterBlock {
  int64_t rows;
  int64_t vectors;
  VectorType type;

  SmallVector<Value> createZeros(OpBuilder &b, Location loc) const;

  /// left * right + sum, of vectors.
  using MultiplyAdd =
      llvm::function_ref<Value(Value left, Value right, Value sum)>;

  /// Adds to `sums`, for every k from `begin` to `end`, the products of a
  /// splat vector for each row and a vector for each column.
  SmallVector<Value>
  multiply(OpBuilder &b, Location loc, Value begin, Value end, ValueRange sums,
           llvm::function_ref<Value(int64_t row, Value k)> loadLeft,
           llvm::function_ref<Value(int64_t vector, Value k)> loadRight,
           MultiplyAdd multiplyAdd) const;
};

/// Transposes a square of as many vectors as they have elements, a power of
/// two, by interleaving.
void transposeTile(OpBuilder &b, Location loc, SmallVectorImpl<Value> &tile);

} // namespace slim::cpu

#endif // SLIM_LIB_CODEGEN_CPU_REGISTERBLOCK_H
