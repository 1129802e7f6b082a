//===- RowPlan.h - In which pass a row kernel does what ---------*- C++ -*-===//
//
// Private to this room.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CODEGEN_CPU_ROWPLAN_H
#define SLIM_LIB_CODEGEN_CPU_ROWPLAN_H

#include "slim/CodeGen/CPU/IR/SlimCPU.h"

namespace slim::cpu {

/// The neutral element of a combination, null for a kind that has none here.
TypedAttr getNeutralElement(vector::CombiningKind kind, Type type);

/// The plan of a kernel on buffers.
class RowPlan {
public:
  explicit RowPlan(RowsOp op);

  struct Pass {
    /// That end with this pass.
    SmallVector<ReduceOp> reductions;
    /// Outputs that are written: with their own value, or one to keep.
    SmallVector<std::pair<OpOperand *, Value>> stores;
  };

  /// Elements of a vector of so many bytes, for the widest element type; 1
  /// where an operand is not contiguous along the vectors' loop.
  int64_t getLanes(unsigned vectorBytes);

  /// Whether a value differs between the elements of a row.
  bool isVarying(Value value) const { return varying.contains(value); }
  /// The first pass before which a uniform value, or in which a varying value,
  /// can be computed.
  unsigned getPass(Value value) const { return passOf.lookup(value); }
  /// The output that holds the value when the pass comes to an element, or
  /// null.
  OpOperand *getSlot(Value value, unsigned pass) const;
  Value getYielded(OpOperand &output) const;
  /// Whether an output has a value for each element.
  bool isRowOutput(OpOperand &output) const;

  /// The loop that vectors run along.
  unsigned vectorLoop;
  /// The other loops of the row.
  SmallVector<unsigned> rowLoops;
  unsigned lastPass = 0;
  SmallVector<Pass> passes;

private:
  void chooseVectorLoop();
  bool isContiguous(OpOperand &operand) const;
  void assignSlots();

  RowsOp op;
  llvm::DenseSet<Value> varying;
  llvm::DenseMap<Value, unsigned> passOf;
  llvm::DenseMap<Value, OpOperand *> slots;
};

} // namespace slim::cpu

#endif // SLIM_LIB_CODEGEN_CPU_ROWPLAN_H
