//===- MicroKernel.h - What multiplies inside a kernel ----------*- C++ -*-===//
//
// A microkernel is the innermost step of a slim_cpu.kernel: it adds the
// products of `depth` consecutive elements along the reduction to a register
// block of `rows` rows by `vectors` vectors of sums. There is one
// implementation an instruction family, chosen by the kernel's body and the
// target.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CODEGEN_CPU_MICROKERNEL_H
#define SLIM_LIB_CODEGEN_CPU_MICROKERNEL_H

#include "mlir/IR/Builders.h"
#include "slim/CodeGen/CPU/IR/SlimCPU.h"
#include <memory>

namespace slim::cpu {

/// The part of a target description that microkernels depend on.
struct KernelTarget {
  unsigned vectorBytes;
  unsigned rows;
  unsigned vectors;
  SmallVector<std::string> features;

  bool has(StringRef feature) const {
    return llvm::is_contained(features, feature);
  }
};

/// Where the operands of one step are.
struct KernelStep {
  /// The inputs' buffers, flattened.
  ArrayRef<Value> buffers;
  /// Element offsets of the left operand, one a row of the block.
  ArrayRef<Value> rows;
  /// Element offsets of every other input (from number 1 on) in its buffer, of
  /// column 0 of the block.
  ArrayRef<Value> columns;
  /// What is added to these for each row of the block; null where rows share
  /// the elements.
  ArrayRef<Value> rowSteps;
  /// Which of them change along the vectors; others are splat.
  ArrayRef<bool> isVector;
  /// Elements between the columns of an input from one vector to the next.
  ArrayRef<int64_t> vectorStep;
  /// Valid elements along the reduction if there are fewer than `depth`; null
  /// for a full step.
  Value valid;
  /// Masks of the vectors of inputs that are not padded; empty for full ones.
  ArrayRef<Value> masks;
  /// At the start of a group: what its elements of the left operand sum up to,
  /// one i32 a row of the block. Empty where the kernel does not ask for them.
  ArrayRef<Value> leftSums;

  /// The offset in `columns` of `input`, as row `row` has it.
  Value getColumn(OpBuilder &b, Location loc, unsigned input, size_t row) const;
};

/// Elements along the reduction that lie side by side where bytes hold several
/// of them and no instruction sums products.
inline constexpr int64_t kPackedDepth = 8;

/// Lanes of a vector of sums.
inline int64_t getNumLanes(Value vector) {
  return cast<VectorType>(vector.getType()).getDimSize(0);
}

class MicroKernel {
public:
  virtual ~MicroKernel();

  int64_t getLanes() const { return lanes; }
  int64_t getDepth() const { return depth; }
  /// Elements along the reduction that lie side by side in panels.
  virtual int64_t getPanelDepth() const { return depth; }
  int64_t getColumns() const { return lanes * vectors; }
  /// Bits of an element of the right operand where a byte holds several of
  /// them, 8 for any other element.
  unsigned getRightBits() const { return rightBits; }
  /// Elements of an input's type from one column of a panel to the next.
  virtual int64_t getColumnElements(unsigned input) const {
    return input == 1 ? getPanelDepth() * rightBits / 8 : 1;
  }
  unsigned getRows() const { return rows; }
  unsigned getVectors() const { return vectors; }
  /// Lanes of the narrowest vector that steps can take in the place of a full
  /// one, as the last of a row.
  virtual int64_t getMinLanes() const {
    return std::max<int64_t>(1, lanes / 4);
  }
  /// Rows that one instruction takes: blocks of a multiple of them waste none.
  virtual int64_t getInstructionRows() const { return 1; }
  StringRef getName() const { return name; }

  /// A vector of `width` sums before the first step.
  Value createStart(OpBuilder &b, Location loc, TypedAttr init,
                    int64_t width) const;

  /// Whether sums may be split in parts that are added in the end.
  virtual bool canSplitSums() const { return getNumState() == 0; }
  Value addSums(OpBuilder &b, Location loc, Value lhs, Value rhs) const;

  /// What steps take in the place of rows x vectors sums, and these again.
  virtual SmallVector<Value> enterSteps(OpBuilder &b, Location loc,
                                        ArrayRef<Value> sums,
                                        size_t numRows) const {
    return SmallVector<Value>(sums);
  }
  virtual SmallVector<Value> leaveSteps(OpBuilder &b, Location loc,
                                        ArrayRef<Value> sums,
                                        size_t numRows) const {
    return SmallVector<Value>(sums);
  }

  /// Adds one step to `sums` (rows x vectors, of as many lanes as they have, or
  /// what enterSteps made of them).
  virtual SmallVector<Value> createStep(OpBuilder &b, Location loc,
                                        const KernelStep &step,
                                        ArrayRef<Value> sums) const = 0;

  /// Elements along the reduction that are summed apart; 0 if none are. The
  /// steps of a group take and return its own sums, which createGroupEnd adds
  /// to the kernel's.
  virtual int64_t getGroup() const { return 0; }
  virtual SmallVector<Value> createGroupStart(OpBuilder &b, Location loc,
                                              const KernelStep &step,
                                              ArrayRef<Value> sums) const {
    return {};
  }
  virtual SmallVector<Value> createGroupEnd(OpBuilder &b, Location loc,
                                            const KernelStep &step,
                                            ArrayRef<Value> groupSums,
                                            ArrayRef<Value> sums) const {
    return SmallVector<Value>(sums);
  }

  /// Whether the sums of groups are summed from zero, and what they and the
  /// kernel's sums before the first group are together.
  virtual bool sumsGroupsApart() const { return false; }
  virtual Value joinGroups(OpBuilder &b, Location loc, Value start,
                           Value sum) const {
    return addSums(b, loc, start, sum);
  }

  /// Whether groups start from sums of the left operand's elements, and what a
  /// vector of these elements (or one alone) adds to such a sum, an i32. The
  /// sums are computed once a row, not once a panel of columns.
  virtual bool needsLeftSums() const { return false; }
  virtual Value addLeftSum(OpBuilder &b, Location loc, Value sum,
                           Value elements) const {
    return sum;
  }

  /// Values beside the sums that steps pass on, at the beginning of a panel;
  /// `columns` are the inputs' offsets there as in KernelStep. They follow the
  /// sums in what createStep and createColumnStep take and return.
  virtual unsigned getNumState() const { return 0; }
  virtual SmallVector<Value> createState(OpBuilder &b, Location loc,
                                         ArrayRef<Value> buffers,
                                         ArrayRef<Value> columns) const {
    return {};
  }

  /// Whether the target has a form of this that reads its right operand from a
  /// stream of what is not zero.
  virtual bool canReadBitmask(const KernelTarget &target) const {
    return false;
  }

  /// Whether sums start from what the columns of the right operand sum up to:
  /// from finishColumnSums of what createColumnStep has summed from zero, one
  /// value a vector.
  virtual bool needsColumnSums() const { return false; }
  virtual SmallVector<Value> createColumnStep(OpBuilder &b, Location loc,
                                              const KernelStep &step,
                                              ArrayRef<Value> sums) const;
  virtual Value finishColumnSums(OpBuilder &b, Location loc, Value sums) const;

  /// The microkernel for the body of `op`.
  static std::unique_ptr<MicroKernel> select(KernelOp op,
                                             const KernelTarget &target);

protected:
  MicroKernel(StringRef name, Type sum, const KernelTarget &target,
              int64_t depth);

  std::string name;
  int64_t lanes, depth;
  unsigned rightBits = 8;
  unsigned rows, vectors;
  Type sumType;
};

/// The microkernel of an instruction that sums several products at once, if the
/// body of `op` and the target have one.
std::unique_ptr<MicroKernel> selectDotMicroKernel(KernelOp op,
                                                  const KernelTarget &target);

/// Computes what a scalar block yields from vectors and scalars: ops on vectors
/// become vector ops, the others stay scalar. What does not depend on an
/// argument that changes is computed once. A product that is added to the last
/// argument (the sum), or that may be contracted, becomes a fused multiply-add.
class BodyEvaluator {
public:
  BodyEvaluator(Block &block, int64_t lanes) : block(&block), lanes(lanes) {}

  /// Sets argument `number`; the values that depend on it are forgotten.
  void set(unsigned number, Value value);
  /// Sets argument `number`, of less than a byte, to the lowest bits of
  /// `words`, vectors of i32. Bodies read it by `arith.extui` to i32 alone.
  void setCode(unsigned number, Value words);
  Value get(OpBuilder &b, Location loc, Value value);
  /// The yielded value, as a vector.
  Value getResult(OpBuilder &b, Location loc);

private:
  bool dependsOn(Value value, BlockArgument argument);

  Block *block;
  int64_t lanes;
  DenseMap<Value, Value> known;
  /// Words that hold the codes which arguments are.
  DenseMap<Value, Value> codes;
  DenseMap<std::pair<Value, BlockArgument>, bool> dependences;
};

/// Stores the elements of `vector` that `mask` selects. A single element of
/// less than 32 bits is stored as a scalar: x86 code generation of LLVM 22
/// merges the truncation of a vector into its masked store, and then writes 32
/// bits where the mask is known to select the first element alone.
void createMaskedStore(OpBuilder &b, Location loc, Value vector, Value buffer,
                       ValueRange indices, Value mask);

} // namespace slim::cpu

#endif // SLIM_LIB_CODEGEN_CPU_MICROKERNEL_H
