//===- CodePlanes.h - Codes of less than a byte, in kernels -----*- C++ -*-===//
//
// Vectors unpack codes of 4, 2 and 1 bits from bytes by a shift. Codes of other
// widths are stored as planes of such widths (PackedBits.h), each an input of
// the kernel.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CODEGEN_CPU_CODEPLANES_H
#define SLIM_LIB_CODEGEN_CPU_CODEPLANES_H

#include "slim/CodeGen/CPU/IR/SlimCPU.h"
#include "slim/IR/TensorData.h"

namespace slim::cpu {

/// Attribute of a memref.global of bytes: the type of less than 8 bits of the
/// codes that they are, an unsigned integer where the bits above are zeros and
/// a signless one where they repeat the sign.
inline constexpr llvm::StringLiteral kCodesAttr = "slim.codes";

/// Whether the body of `op` uses input `number`, of codes, in ways that
/// readPlanes can rewrite.
bool canReadPlanes(KernelOp op, unsigned number);

/// Replaces the body's argument for input `number` by one for each of `planes`;
/// `arith.extui` to i32 is all that reads them. The op's operands and maps are
/// the caller's to change.
void readPlanes(KernelOp op, unsigned number, ArrayRef<unsigned> planes);

/// Bits `below` to `below + bits` of the codes in `data`, a byte each.
TensorData getPlane(const TensorData &data, unsigned below, unsigned bits);

/// `data`, whose elements of `bits` bits take a byte each, as bytes that hold
/// several of the last dimension: see slim_cpu.kernel.
TensorData packBits(const TensorData &data, unsigned bits);

} // namespace slim::cpu

#endif // SLIM_LIB_CODEGEN_CPU_CODEPLANES_H
