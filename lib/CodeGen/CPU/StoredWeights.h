//===- StoredWeights.h - What the library holds ----------------*- C++ -*-===//
#ifndef SLIM_LIB_CODEGEN_CPU_STOREDWEIGHTS_H
#define SLIM_LIB_CODEGEN_CPU_STOREDWEIGHTS_H

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "slim/Support/LLVM.h"

namespace slim::cpu {

/// The op that reads the weight which `tensor` is, as it is stored; null for
/// what is computed or reshaped.
inline memref::GetGlobalOp getStoredWeight(Value tensor) {
  auto toTensor = tensor.getDefiningOp<bufferization::ToTensorOp>();
  return toTensor ? toTensor.getBuffer().getDefiningOp<memref::GetGlobalOp>()
                  : memref::GetGlobalOp();
}

} // namespace slim::cpu

#endif // SLIM_LIB_CODEGEN_CPU_STOREDWEIGHTS_H
