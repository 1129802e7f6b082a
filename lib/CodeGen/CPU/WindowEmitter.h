//===- WindowEmitter.h - Vector loops along the channels --------*- C++ -*-===//
//
// Kernels whose left operand lies along the output's last dimension as the
// output does: depthwise convolutions and pools with their channels last, and
// reductions of leading dimensions. Nothing is shared between columns, so
// there is no product to block; what is shared are the elements of an image
// that several windows of a row hold, and weights that they all read. The loop
// nest, from the outside in:
//
//   the output's dimensions but the last two (parallel)
//     blocks of positions along a row: as many sums in registers
//       vectors of columns
//         reductions: loops, and the innermost windows written out, in the
//         order in which the row lies in memory; each vector of the image is
//         loaded once for all positions that read it
//         epilogue, store
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CODEGEN_CPU_WINDOWEMITTER_H
#define SLIM_LIB_CODEGEN_CPU_WINDOWEMITTER_H

#include "MicroKernel.h"
#include <map>
#include <vector>

namespace slim::cpu {

/// Whether an op of such maps, from its loops to its operands, is for
/// WindowEmitter: the first input is read along the output's last loop, one
/// element after the other, and the others in one place.
bool isWindowKernel(AffineMap output, ArrayRef<AffineMap> inputs);
bool isWindowKernel(KernelOp op);

/// Emits one kernel on buffers at the builder's insertion point.
class WindowEmitter {
public:
  WindowEmitter(OpBuilder &b, KernelOp op, const KernelTarget &target,
                bool threads);

  /// Whether the buffers are contiguous along the vectors, or inputs that may
  /// be packed first.
  bool canEmit();
  bool needsPacking() const { return mustPack; }
  void emit();

private:
  /// An extent, or the end of a loop.
  struct Extent {
    int64_t fixed = ShapedType::kDynamic;
    Value value;
    bool isFixed() const { return !ShapedType::isDynamic(fixed); }
  };
  /// Vectors loaded, by operand and index expressions.
  using Loaded = std::map<std::vector<const void *>, Value>;
  using Body = llvm::function_ref<void()>;

  Extent getExtent(unsigned loop);
  Value index(int64_t value);
  Value getValue(const Extent &extent);
  bool isLarge();
  unsigned chooseRows();

  bool isContiguous(unsigned operand);
  Value pack(unsigned input);
  void emitLoop(Value begin, Value end, int64_t step, unsigned loop, Body body);
  void emitOuter();
  void emitRow();
  void emitColumns();
  void emitBlock(Value mask);
  SmallVector<Value> emitReductions(ArrayRef<unsigned> loops, Value mask,
                                    SmallVector<Value> sums);
  SmallVector<Value> emitWindow(Value mask, SmallVector<Value> sums);
  void emitEpilogue(Value mask, ArrayRef<Value> sums);

  /// `map` at position `row` and vector `vector` of the block, with the
  /// written-out loops at `taps`.
  AffineMap shift(AffineMap map, int64_t row, int64_t vector,
                  ArrayRef<int64_t> taps);
  Value evaluate(AffineExpr expr);
  SmallVector<Value> getIndices(AffineMap map);
  Value load(unsigned operand, AffineMap map, Value mask, Loaded &loaded);

  OpBuilder &b;
  Location loc;
  KernelOp op;
  bool threads;
  int64_t lanes;
  unsigned registers, numInputs, numLoops;
  unsigned column;
  /// The loop along a row, in which windows overlap; -1 if there is none.
  int row = -1;
  SmallVector<unsigned> outer, reductions, written;
  SmallVector<Value> buffers; ///< the operands, or packed copies
  SmallVector<AffineMap> maps;
  bool mustPack = false;
  SmallVector<Extent> extents;
  SmallVector<Value> ivs;
  int64_t blockRows = 1, blockVectors = 1;
};

} // namespace slim::cpu

#endif // SLIM_LIB_CODEGEN_CPU_WINDOWEMITTER_H
