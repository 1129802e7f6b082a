//===- DotProduct.h - How a body multiplies what lies side by side -*- C++ -*-//
#ifndef SLIM_LIB_CODEGEN_CPU_DOTPRODUCT_H
#define SLIM_LIB_CODEGEN_CPU_DOTPRODUCT_H

#include "MicroKernel.h"

namespace slim::cpu {

/// How a body multiplies: sum + convert(left) * convert(right).
struct ProductForm {
  Type left, right, sum;
  bool leftIsUnsigned = false, rightIsUnsigned = false;
  /// Of an element of the right operand, where a byte holds several.
  unsigned rightBits = 8;
  /// Whether these are unsigned; `rightIsUnsigned` is what they become.
  bool codesAreUnsigned = false;

  /// The values of the codes of less than a byte, times `tableFactor`, where
  /// they are not the codes themselves; one a code.
  SmallVector<int8_t> table;
  int64_t tableFactor = 1;

  /// What the right operand is multiplied by: decoding leaves elements of
  /// less than a byte in its upper bits where that gives them their sign.
  int64_t getFactor() const {
    if (!table.empty())
      return tableFactor;
    return rightBits < 8 && !codesAreUnsigned ? int64_t(1) << (8 - rightBits)
                                              : 1;
  }

  bool multipliesBytes() const {
    return left.isInteger(8) && right.isInteger(8) && sum.isInteger(32);
  }
  bool multipliesBF16() const {
    return left.isBF16() && right.isBF16() && sum.isF32();
  }
};

/// Instructions that sum the products of bf16 pairs.
enum class BF16Dot {
  Avx512, ///< vdpbf16ps of AVX-512 BF16
  Neon,   ///< bfdot of AArch64, on 128 bits
};

/// The one that a target with these features has.
std::optional<BF16Dot> getBF16Dot(ArrayRef<std::string> features);

/// sum + the products of bf16 pairs, a pair for each f32 of the sum.
Value createBF16Dot(OpBuilder &b, Location loc, Value sum, Value left,
                    Value right, BF16Dot instruction);

/// `neighbours`, a vector of 32 bits, in each of `lanes` lanes of 32 bits.
Value splatNeighbours(OpBuilder &b, Location loc, Value neighbours,
                      int64_t lanes);

/// Whether neighbours along the reduction are neighbours in the left operand,
/// and the right one has that reduction as a dimension of its own.
bool hasNeighbours(KernelOp op);

/// The microkernel of an instruction that sums several products of `form`, with
/// sums of 32 bits; null if the target has none. `extent` is the number of
/// elements along the last reduction, or of those of a group, which has to end
/// with a step; kDynamic if it is open.
std::unique_ptr<MicroKernel> createDotMicroKernel(const ProductForm &form,
                                                  const KernelTarget &target,
                                                  int64_t extent, bool isGroup);

/// The same, of an instruction for several rows and columns.
std::unique_ptr<MicroKernel> createMatrixMicroKernel(const ProductForm &form,
                                                     const KernelTarget &target,
                                                     int64_t extent,
                                                     bool isGroup);

/// The same, of an instruction for tiles, without groups.
std::unique_ptr<MicroKernel> createTileMicroKernel(const ProductForm &form,
                                                   const KernelTarget &target,
                                                   int64_t extent);

/// Whether the target multiplies bytes that it reads from a stream of what is
/// not zero.
bool canReadBytesByMask(const ProductForm &form, const KernelTarget &target);

/// The microkernel that sums the products of a group of elements in integers,
/// where the body multiplies converted codes and a scale for each group; null
/// for other bodies.
std::unique_ptr<MicroKernel> selectGroupMicroKernel(KernelOp op,
                                                    const KernelTarget &target);

} // namespace slim::cpu

#endif // SLIM_LIB_CODEGEN_CPU_DOTPRODUCT_H
