//===- KernelEmitter.h - Register-blocked loops of a kernel -----*- C++ -*-===//
//
// The loop nest, from the outside in:
//
//   batch loops
//     blocks of the first row loop whose part of the left operand fits the
//     second-level cache
//       panels of columns
//         the other row loops
//           blocks of rows: sums in registers
//             reduction loops: microkernel
//           epilogue, store
//
// The loops down to panels are parallel.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CODEGEN_CPU_KERNELEMITTER_H
#define SLIM_LIB_CODEGEN_CPU_KERNELEMITTER_H

#include "KernelLoops.h"
#include "MicroKernel.h"

namespace slim::cpu {

/// What a KernelStep refers to.
struct StepOperands {
  SmallVector<Value> buffers, rows, columns, rowSteps;
  SmallVector<bool> isVector;
  SmallVector<int64_t> vectorStep;
  ArrayRef<Value> masks;

  KernelStep get(Value valid, ArrayRef<Value> leftSums) const {
    return {buffers,    rows,  columns, rowSteps, isVector,
            vectorStep, valid, masks,   leftSums};
  }
};

/// Emits one kernel at the builder's insertion point.
class KernelEmitter {
public:
  KernelEmitter(OpBuilder &b, KernelOp op, KernelLoops nest,
                std::unique_ptr<MicroKernel> kernel, uint64_t l2Bytes,
                bool threads)
      : b(b), loc(op.getLoc()), op(op), nest(std::move(nest)),
        kernel(std::move(kernel)), l2Bytes(l2Bytes), threads(threads),
        index(b, loc) {
    column = this->nest.getColumnLoop();
    lanes = this->kernel->getLanes();
    columns = this->kernel->getColumns();
    reductions = this->nest.getLoops(LoopKind::Reduction);
    rowLoops = this->nest.getLoops(LoopKind::Row);
    numInputs = op.getInputs().size();
    ivs.assign(this->nest.loops.size(), Value());
  }

  /// Whether the operands are as the register block wants them; the right one
  /// may be packed first.
  bool canEmit();
  bool needsPacking() const { return mustPack; }
  void emit();

private:
  using Body = llvm::function_ref<void()>;

  KernelOperand &getInput(unsigned i) { return nest.operands[i]; }
  KernelOperand &getOutput() { return nest.operands.back(); }
  Quantity getExtent(unsigned loop) { return nest.loops[loop].extent; }
  Type getElementType(KernelOperand &operand) {
    return getElementTypeOrSelf(operand.buffer.getType());
  }
  /// Elements from column 0 of the panel to column `columns` of an operand.
  Quantity getPanelStride(KernelOperand &operand) {
    if (operand.panelColumns)
      return operand.panelStride;
    return index.mul(operand.strides[column], Quantity::of(columns));
  }

  bool isLarge();
  void emitLoop(Value begin, Value end, int64_t step,
                llvm::function_ref<void(Value)> body);
  void emitLoops(ArrayRef<unsigned> loops, Body body);
  void emitGrid(ArrayRef<Value> bounds, bool parallel,
                llvm::function_ref<void(ValueRange)> body);
  /// Chunks of the first row loop are multiples of so many steps.
  int64_t getRowGranule() {
    return rowLoops.size() == 1 ? kernel->getRows() : 1;
  }
  Quantity getChunk();
  /// As many chunks as there are, or more if threads would get unequal shares
  /// of them; `others` are the bounds of the other loops over tasks.
  Value getBalancedChunks(Value numChunks, Value granules,
                          ArrayRef<Value> others);
  void packRight(bool parallel);
  bool hasConflictingRows();
  void packLeft(bool parallel);
  void sumLeft(bool parallel);
  SmallVector<Value> loadLeftSums(Value begin);
  Value sumLeftGroup(Value begin, int64_t extent);
  void emitColumns(ArrayRef<int64_t> vectorWidths, Value left, Value begin,
                   Value end);
  void emitPanel(Value panel, Value begin, Value end);
  void emitRowLoops(ArrayRef<unsigned> loops, Value begin, Value end);
  void emitRowBlocks(Value begin, Value end);
  SmallVector<Value> emitSums(ArrayRef<Value> bases, SmallVector<Value> sums);
  void emitColumnStart();
  void emitBlock(unsigned blockRows);
  SmallVector<Value> emitReductions(ArrayRef<unsigned> loops,
                                    ArrayRef<Value> bases,
                                    SmallVector<Value> sums);
  SmallVector<Value> emitGroups(ArrayRef<Value> bases, SmallVector<Value> sums);
  SmallVector<Value> emitGroup(Value begin, int64_t extent,
                               ArrayRef<Value> bases, ArrayRef<Value> sums);
  void prefetchNextPanel(KernelOperand &operand, Value at);
  StepOperands getStepOperands(ArrayRef<Value> bases, int64_t ahead);
  SmallVector<Value> emitStep(ArrayRef<Value> bases, ArrayRef<Value> sums,
                              int64_t ahead, Value valid);
  void createTile();
  void emitEpilogue(ArrayRef<Value> sums);
  void emitEpilogueRow(BodyEvaluator *evaluators, ArrayRef<Value> sums,
                       Value row, int64_t fixedRow, ArrayRef<Value> bases);
  Value loadExtra(unsigned i, Value at, unsigned v);

  /// Offset of an operand at the current values of the loops of the kinds that
  /// `take` accepts.
  Value getOffset(KernelOperand &operand,
                  llvm::function_ref<bool(unsigned)> take);
  Value getBase(KernelOperand &operand, bool atRow);
  Value getIrregularOffset(KernelOperand &operand, int64_t ahead);

  OpBuilder &b;
  Location loc;
  KernelOp op;
  KernelLoops nest;
  std::unique_ptr<MicroKernel> kernel;
  uint64_t l2Bytes;
  bool threads;
  IndexBuilder index;
  unsigned column, numInputs;
  int64_t lanes, columns;
  SmallVector<unsigned> reductions, rowLoops;
  bool mustPack = false;
  SmallVector<Value> ivs;
  Value panel;
  /// Of the register block that is emitted.
  unsigned blockRows = 0, blockVectors = 0;
  SmallVector<Value> masks;
  /// What the groups of each row of the left operand sum up to, one after
  /// another; without a buffer where the kernel does not ask for it.
  KernelOperand leftSums;
  /// Lanes of its vectors: full ones, and perhaps a narrower one at the end.
  SmallVector<int64_t> widths;
  /// Where the sums of a register block wait for a long epilogue.
  Value tile;
  /// Of the panel: sums to start from, one a vector; empty for the op's init.
  SmallVector<Value> columnStart;
  bool sumsColumns = false;
};

/// Plain scalar loops: the meaning of a kernel, for what has no vector form.
void emitScalarLoops(OpBuilder &b, KernelOp op, bool threads);

} // namespace slim::cpu

#endif // SLIM_LIB_CODEGEN_CPU_KERNELEMITTER_H
