//===- MicroKernel.cpp - What multiplies inside a kernel ------------------===//
#include "MicroKernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
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

/// The body as it is written: right operands in vectors, the left one splat.
class BodyKernel : public MicroKernel {
public:
  BodyKernel(KernelOp op, const KernelTarget &target)
      : MicroKernel("body", op.getSumType(), target, /*depth=*/1),
        block(op.getBody().front()) {}

  SmallVector<Value> createStep(OpBuilder &b, Location loc,
                                const KernelStep &step,
                                ArrayRef<Value> sums) const override {
    size_t numRows = step.rows.size(), numVectors = sums.size() / numRows;
    unsigned numInputs = step.buffers.size();
    // The right operands' part of the body once a vector.
    SmallVector<BodyEvaluator> bodies;
    for (size_t v = 0; v < numVectors; ++v) {
      int64_t width = getNumLanes(sums[v]);
      bodies.push_back(BodyEvaluator(block, width));
      for (unsigned i = 1; i < numInputs; ++i)
        bodies[v].set(i, load(b, loc, step, i, v, width));
    }
    SmallVector<Value> next;
    for (size_t row = 0; row < numRows; ++row) {
      for (unsigned i = 1; row > 0 && i < numInputs; ++i)
        if (step.rowSteps[i - 1]) {
          Value at = step.getColumn(b, loc, i, row);
          Value element = memref::LoadOp::create(b, loc, step.buffers[i], at);
          for (BodyEvaluator &body : bodies)
            body.set(i, element);
        }
      Value left =
          memref::LoadOp::create(b, loc, step.buffers[0], step.rows[row]);
      for (size_t v = 0; v < numVectors; ++v) {
        bodies[v].set(0, left);
        bodies[v].set(numInputs, sums[row * numVectors + v]);
        next.push_back(bodies[v].getResult(b, loc));
      }
    }
    return next;
  }

private:
  Value load(OpBuilder &b, Location loc, const KernelStep &step, unsigned input,
             size_t v, int64_t width) const {
    Value buffer = step.buffers[input], at = step.columns[input - 1];
    if (!step.isVector[input - 1])
      return memref::LoadOp::create(b, loc, buffer, at);
    at = addOffset(b, loc, at, v * step.vectorStep[input - 1]);
    auto type = VectorType::get({width}, getElementTypeOrSelf(buffer));
    if (step.masks.empty())
      return vector::LoadOp::create(b, loc, type, buffer, at);
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
    return vector::MaskedLoadOp::create(b, loc, type, buffer, at, step.masks[v],
                                        zero);
  }

  Block &block;
};

} // namespace

std::unique_ptr<MicroKernel> MicroKernel::select(KernelOp op,
                                                 const KernelTarget &target) {
  if (std::unique_ptr<MicroKernel> dot = selectDotMicroKernel(op, target))
    return dot;
  return std::make_unique<BodyKernel>(op, target);
}
