//===- DotKernel.h - Instructions that sum several products -----*- C++ -*-===//
//
// What the microkernels of these instructions have in common. Private to this
// room.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CODEGEN_CPU_DOTKERNEL_H
#define SLIM_LIB_CODEGEN_CPU_DOTKERNEL_H

#include "DotProduct.h"

namespace slim::cpu {

/// Sums `depth` neighbours along the reduction, or as many of each piece of a
/// byte that holds several elements.
class DotKernel : public MicroKernel {
public:
  DotKernel(StringRef name, const ProductForm &form, const KernelTarget &target,
            int64_t depth);

  SmallVector<Value> createStep(OpBuilder &b, Location loc,
                                const KernelStep &step,
                                ArrayRef<Value> sums) const override;

  /// Intrinsics have 128 bits at least.
  int64_t getMinLanes() const override { return std::min<int64_t>(4, lanes); }

protected:
  virtual Value createDot(OpBuilder &b, Location loc, Value sum, Value left,
                          Value right, const ProductForm &form) const = 0;
  /// What the left operand's neighbours become before they are splat.
  virtual Value convertLeft(OpBuilder &b, Location loc, Value left) const {
    return left;
  }
  virtual Value convertRight(OpBuilder &b, Location loc, Value right) const {
    return right;
  }

  /// The right operand's vectors, those of each piece of the step in turn, for
  /// columns as `sums` has them; `state` is what steps pass on.
  virtual SmallVector<Value> loadRight(OpBuilder &b, Location loc,
                                       const KernelStep &step,
                                       ArrayRef<Value> sums,
                                       SmallVectorImpl<Value> &state) const;

  /// The left operand's neighbours of a row.
  Value loadLeft(OpBuilder &b, Location loc, const KernelStep &step, size_t row,
                 int64_t piece) const;

  static Value call(OpBuilder &b, Location loc, Type type, StringRef intrinsic,
                    ArrayRef<Value> arguments);

  /// What one instruction sums, and the instructions of a step.
  int64_t neighbours, pieces;
  ProductForm form;

private:
  /// The elements number `piece` of bytes that hold several.
  Value decode(OpBuilder &b, Location loc, Value bytes, int64_t piece) const;
};

} // namespace slim::cpu

#endif // SLIM_LIB_CODEGEN_CPU_DOTKERNEL_H
