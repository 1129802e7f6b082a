//===- KernelLoops.h - The loops of a kernel in normal form -----*- C++ -*-===//
//
// On buffers, an index that is linear in the loops is an offset that is linear
// in them: each operand becomes a flat buffer and one stride a loop. Loops
// that walk all operands as one longer loop would are then merged, and what is
// left is sorted by what it does.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CODEGEN_CPU_KERNELLOOPS_H
#define SLIM_LIB_CODEGEN_CPU_KERNELLOOPS_H

#include "mlir/IR/Builders.h"
#include "slim/CodeGen/CPU/IR/SlimCPU.h"

namespace slim::cpu {

/// An index-typed quantity that may be known now.
struct Quantity {
  int64_t fixed = ShapedType::kDynamic;
  Value value; ///< null if fixed

  static Quantity of(int64_t fixed) { return {fixed, Value()}; }
  static Quantity of(Value value);
  bool isFixed() const { return !ShapedType::isDynamic(fixed); }
  bool is(int64_t number) const { return isFixed() && fixed == number; }
};

/// Arithmetic on quantities, folded where possible.
class IndexBuilder {
public:
  IndexBuilder(OpBuilder &b, Location loc) : b(b), loc(loc) {}

  Value constant(int64_t value);
  Value get(Quantity quantity);
  Quantity mul(Quantity lhs, Quantity rhs);
  Quantity add(Quantity lhs, Quantity rhs);
  Value add(Value lhs, Value rhs);
  Value mul(Value lhs, Value rhs);

private:
  OpBuilder &b;
  Location loc;
};

enum class LoopKind {
  Batch,     ///< both inputs, or the right one alone, and the output
  Row,       ///< the left input and the output
  Column,    ///< along the vectors
  Reduction, ///< the inputs
};

struct KernelLoop {
  LoopKind kind;
  Quantity extent;
};

struct KernelOperand {
  Value buffer;                  ///< memref<?xT>, of stride 1
  Quantity offset;               ///< of the element at index 0 of all loops
  SmallVector<Quantity> strides; ///< one a loop
  /// Results of the map that are not linear, with their strides; `loops` of
  /// the map are the kernel's.
  SmallVector<std::pair<AffineExpr, Quantity>> irregular;
  /// Columns a panel, 0 for a plain operand: the stride along the column loop
  /// is that within a panel then.
  int64_t panelColumns = 0;
  Quantity panelStride;
};

/// The loops of a kernel on buffers.
struct KernelLoops {
  SmallVector<KernelLoop> loops;
  SmallVector<KernelOperand> operands; ///< as the op's
  /// The original loops that each loop stands for; of length one for loops that
  /// irregular maps use.
  SmallVector<SmallVector<unsigned>> originals;

  /// Fails if an operand is indexed in a way that has no strides.
  static FailureOr<KernelLoops> create(OpBuilder &b, KernelOp op);

  SmallVector<unsigned> getLoops(LoopKind kind) const;
  unsigned getColumnLoop() const { return getLoops(LoopKind::Column).front(); }

private:
  LogicalResult addOperand(OpBuilder &b, KernelOp op, OpOperand &operand);
  void dropUnitLoops();
  void sortLoops(KernelOp op);
  void mergeLoops(OpBuilder &b, Location loc, KernelOp op);
  bool canMerge(unsigned outer, unsigned inner, KernelOp op) const;
  void erase(unsigned loop);
};

} // namespace slim::cpu

#endif // SLIM_LIB_CODEGEN_CPU_KERNELLOOPS_H
