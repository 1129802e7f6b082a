//===- VectorLoops.h - Elementwise ops as loops on vectors ------*- C++ -*-===//
//
// Private to this room.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CODEGEN_CPU_VECTORLOOPS_H
#define SLIM_LIB_CODEGEN_CPU_VECTORLOOPS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace slim::cpu {

/// Whether LLVM's loop vectorizer has no vector form of what `op` computes, and
/// emitVectorLoops has: an elementwise op on buffers that looks up tables, with
/// operands that are contiguous along the last loop or the same along it.
bool needsVectorLoops(mlir::linalg::LinalgOp op);

/// Emits the loops of such an op at the builder's insertion point, on vectors
/// of as many elements as the widest value of the body leaves room for in
/// `vectorBytes`. Returns the loops but the innermost one, from the outside in.
mlir::SmallVector<mlir::Operation *> emitVectorLoops(mlir::OpBuilder &b,
                                                     mlir::linalg::LinalgOp op,
                                                     unsigned vectorBytes);

} // namespace slim::cpu

#endif // SLIM_LIB_CODEGEN_CPU_VECTORLOOPS_H
