//===- MicroKernel.cpp - What multiplies inside a kernel ------------------===//
#include "MicroKernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace slim;
using namespace slim::cpu;

Value KernelStep::getColumn(OpBuilder &b, Location loc, unsigned input,
                            size_t row) const {
  Value at = columns[input - 1], rowStep = rowSteps[input - 1];
  if (!rowStep || row == 0)
    return at;
  Value offset = b.createOrFold<arith::MulIOp>(
      loc, rowStep, arith::ConstantIndexOp::create(b, loc, row));
  return b.createOrFold<arith::AddIOp>(loc, at, offset);
}

MicroKernel::~MicroKernel() = default;

MicroKernel::MicroKernel(StringRef name, Type sum, const KernelTarget &target,
                         int64_t depth)
    : name(name), depth(depth), rows(std::max(1u, target.rows)),
      vectors(std::max(1u, target.vectors)) {
  lanes = std::max<int64_t>(1, target.vectorBytes * 8 /
                                   std::max(1u, sum.getIntOrFloatBitWidth()));
  sumType = sum;
}

Value MicroKernel::createStart(OpBuilder &b, Location loc, TypedAttr init,
                               int64_t width) const {
  return arith::ConstantOp::create(
      b, loc,
      DenseElementsAttr::get(VectorType::get({width}, sumType),
                             cast<Attribute>(init)));
}

Value MicroKernel::addSums(OpBuilder &b, Location loc, Value lhs,
                           Value rhs) const {
  if (isa<FloatType>(sumType))
    return arith::AddFOp::create(b, loc, lhs, rhs);
  return arith::AddIOp::create(b, loc, lhs, rhs);
}

SmallVector<Value> MicroKernel::createColumnStep(OpBuilder &, Location,
                                                 const KernelStep &,
                                                 ArrayRef<Value> sums) const {
  return SmallVector<Value>(sums);
}

Value MicroKernel::finishColumnSums(OpBuilder &, Location, Value sums) const {
  return sums;
}

static Value addOffset(OpBuilder &b, Location loc, Value index,
                       int64_t offset) {
  if (offset == 0)
    return index;
  return b.createOrFold<arith::AddIOp>(
      loc, index, arith::ConstantIndexOp::create(b, loc, offset));
}

//===----------------------------------------------------------------------===//
// Bodies of any kind
//===----------------------------------------------------------------------===//

namespace {

/// Vectors of sums of a block up to which the elements of a word are taken one
/// after another in the code; a loop takes them for more.
constexpr size_t kMaxUnrolledSums = 8;

/// The body as it is written: right operands in vectors, the left one splat.
/// Where bytes hold several elements, a step takes kPackedDepth of them, which
/// lie side by side for each column.
class BodyKernel : public MicroKernel {
public:
  BodyKernel(KernelOp op, const KernelTarget &target)
      : MicroKernel("body", op.getSumType(), target,
                    hasPackedInputs(op) ? kPackedDepth : 1),
        block(op.getBody().front()) {
    for (unsigned i = 0; i < op.getInputs().size(); ++i)
      bits.push_back(op.getPackedBits(i));
  }

  int64_t getColumnElements(unsigned input) const override {
    return bits[input] ? kPackedDepth * bits[input] / 8 : 1;
  }

  SmallVector<Value> createStep(OpBuilder &b, Location loc,
                                const KernelStep &step,
                                ArrayRef<Value> sums) const override {
    size_t numRows = step.rows.size(), numVectors = sums.size() / numRows;
    unsigned numInputs = step.buffers.size();
    // The right operands' part of the body once a vector.
    SmallVector<SmallVector<Value>> loaded(numVectors);
    for (size_t v = 0; v < numVectors; ++v)
      for (unsigned i = 1; i < numInputs; ++i)
        loaded[v].push_back(load(b, loc, step, i, v, getNumLanes(sums[v])));
    if (depth == 1)
      return addProducts(b, loc, step, loaded, Value(), sums);
    int64_t count = step.valid ? getConstant(step.valid) : getDepth();
    if (sums.size() <= kMaxUnrolledSums) {
      SmallVector<Value> next(sums);
      for (int64_t at = 0; at < count; ++at)
        next = addProducts(b, loc, step, loaded,
                           arith::ConstantIndexOp::create(b, loc, at), next);
      return next;
    }
    auto loop = scf::ForOp::create(
        b, loc, arith::ConstantIndexOp::create(b, loc, 0),
        arith::ConstantIndexOp::create(b, loc, count),
        arith::ConstantIndexOp::create(b, loc, 1), SmallVector<Value>(sums));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    scf::YieldOp::create(
        b, loc,
        addProducts(b, loc, step, loaded, loop.getInductionVar(),
                    SmallVector<Value>(loop.getRegionIterArgs())));
    return SmallVector<Value>(loop.getResults());
  }

private:
  static bool hasPackedInputs(KernelOp op) {
    for (unsigned i = 1; i < op.getInputs().size(); ++i)
      if (op.getPackedBits(i))
        return true;
    return false;
  }

  /// The elements of the last step: weights have known extents, and so have the
  /// reductions that pack them. The difference is left unfolded for the masks
  /// of other microkernels.
  static int64_t getConstant(Value valid) {
    if (std::optional<int64_t> constant = getConstantIntValue(valid))
      return *constant;
    auto difference = valid.getDefiningOp<arith::SubIOp>();
    return *getConstantIntValue(difference.getLhs()) -
           *getConstantIntValue(difference.getRhs());
  }

  /// Adds the products of one element along the reduction: number `at` of the
  /// step's, null if it has but one.
  SmallVector<Value> addProducts(OpBuilder &b, Location loc,
                                 const KernelStep &step,
                                 ArrayRef<SmallVector<Value>> loaded, Value at,
                                 ArrayRef<Value> sums) const {
    size_t numRows = step.rows.size(), numVectors = loaded.size();
    SmallVector<BodyEvaluator> bodies;
    for (size_t v = 0; v < numVectors; ++v) {
      bodies.push_back(BodyEvaluator(block, getNumLanes(sums[v])));
      for (auto [i, value] : llvm::enumerate(loaded[v]))
        if (unsigned width = bits[i + 1])
          bodies[v].setCode(i + 1, unpack(b, loc, value, width, at));
        else
          bodies[v].set(i + 1, value);
    }
    SmallVector<Value> next;
    for (size_t row = 0; row < numRows; ++row) {
      for (unsigned i = 1; row > 0 && i < step.buffers.size(); ++i)
        if (step.rowSteps[i - 1]) {
          Value own = step.getColumn(b, loc, i, row);
          Value element = memref::LoadOp::create(b, loc, step.buffers[i], own);
          for (BodyEvaluator &body : bodies)
            body.set(i, element);
        }
      Value from = step.rows[row];
      if (at)
        from = b.createOrFold<arith::AddIOp>(loc, from, at);
      Value left = memref::LoadOp::create(b, loc, step.buffers[0], from);
      for (size_t v = 0; v < numVectors; ++v) {
        bodies[v].set(0, left);
        bodies[v].set(loaded[v].size() + 1, sums[row * numVectors + v]);
        next.push_back(bodies[v].getResult(b, loc));
      }
    }
    return next;
  }

  Value load(OpBuilder &b, Location loc, const KernelStep &step, unsigned input,
             size_t v, int64_t width) const {
    Value buffer = step.buffers[input], at = step.columns[input - 1];
    if (!step.isVector[input - 1])
      return memref::LoadOp::create(b, loc, buffer, at);
    at = addOffset(b, loc, at, v * step.vectorStep[input - 1]);
    Type element = getElementTypeOrSelf(buffer);
    if (bits[input]) {
      // One word a column.
      int64_t bytes = getColumnElements(input);
      Value all = vector::LoadOp::create(
          b, loc, VectorType::get({width * bytes}, element), buffer, at);
      Value words = vector::BitCastOp::create(
          b, loc, VectorType::get({width}, b.getIntegerType(8 * bytes)), all);
      if (bytes == 4)
        return words;
      return arith::ExtUIOp::create(
          b, loc, VectorType::get({width}, b.getI32Type()), words);
    }
    auto type = VectorType::get({width}, element);
    if (step.masks.empty())
      return vector::LoadOp::create(b, loc, type, buffer, at);
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
    return vector::MaskedLoadOp::create(b, loc, type, buffer, at, step.masks[v],
                                        zero);
  }

  /// Element `at` of each word, which is in byte `at mod bytes`, above the bits
  /// of `at floordiv bytes` elements.
  static Value unpack(OpBuilder &b, Location loc, Value words, unsigned width,
                      Value at) {
    auto type = cast<VectorType>(words.getType());
    int64_t bytes = kPackedDepth * width / 8;
    auto constant = [&](int64_t value) -> Value {
      return arith::ConstantIntOp::create(b, loc, b.getI32Type(), value);
    };
    Value position =
        b.createOrFold<arith::IndexCastOp>(loc, b.getI32Type(), at);
    Value byte =
        b.createOrFold<arith::AndIOp>(loc, position, constant(bytes - 1));
    Value above = b.createOrFold<arith::ShRUIOp>(
        loc, position, constant(llvm::Log2_64(bytes)));
    Value shift = b.createOrFold<arith::AddIOp>(
        loc, b.createOrFold<arith::MulIOp>(loc, byte, constant(8)),
        b.createOrFold<arith::MulIOp>(loc, above, constant(width)));
    return arith::ShRUIOp::create(
        b, loc, words, vector::BroadcastOp::create(b, loc, type, shift));
  }

  Block &block;
  /// Of an element of each input where a byte holds several, else 0.
  SmallVector<unsigned> bits;
};

} // namespace

std::unique_ptr<MicroKernel> MicroKernel::select(KernelOp op,
                                                 const KernelTarget &target) {
  if (std::unique_ptr<MicroKernel> dot = selectDotMicroKernel(op, target))
    return dot;
  return std::make_unique<BodyKernel>(op, target);
}
