//===- GroupMicroKernel.cpp - Integer sums with a scale a group -----------===//
//
// A body that multiplies codes of both sides, converted to floats, and a scale
// that is the same for a group of neighbours along the reduction, adds
//
//   scale[column, group] * sum over the group (left * (right - zero)),
//
// perhaps times a scale of the left operand, scale[row, group], where the inner
// sum is one of integers: exact, and by instructions that sum several products.
// What the group sums up to is converted and joins the kernel's sums by one
// multiply-add. The zero point's share is zero times the sum of the left
// operand's elements, which no column changes: the group's sum starts from it,
// and the steps are those of codes without a zero point.
//
//===----------------------------------------------------------------------===//
#include "DotProduct.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace slim;
using namespace slim::cpu;

namespace {

/// What the right operand of a body is: (code - zero) * scale.
struct GroupForm {
  ProductForm product;
  /// Elements of a group.
  int64_t group = 0;
  /// Numbers of the inputs; 0 for none.
  unsigned scale = 0, zero = 0, leftScale = 0;
};

/// Rows that a block of twice as many columns has at least.
static constexpr unsigned kMinWideRows = 3;

class GroupKernel : public MicroKernel {
public:
  /// `isWhole`: there is one group.
  GroupKernel(const GroupForm &form, std::unique_ptr<MicroKernel> inner,
              Type sum, const KernelTarget &target, bool isWhole)
      : MicroKernel("groups of " + inner->getName().str(), sum, target,
                    inner->getDepth()),
        form(form), inner(std::move(inner)) {
    rightBits = this->inner->getRightBits();
    if (isWhole)
      return;
    // Registers hold sums of both kinds, half as many of each. Few rows by many
    // columns: then a load of the left operand serves many products also where
    // a layer has few rows.
    unsigned sums = std::max(1u, rows * vectors / 2);
    if (sums >= kMinWideRows * 2 * vectors)
      vectors *= 2;
    rows = std::max(1u, sums / vectors);
  }

  int64_t getMinLanes() const override { return inner->getMinLanes(); }
  int64_t getInstructionRows() const override {
    return inner->getInstructionRows();
  }
  int64_t getGroup() const override { return form.group; }

  bool needsLeftSums() const override { return form.zero != 0; }

  /// What is subtracted for a zero point of one.
  Value addLeftSum(OpBuilder &b, Location loc, Value sum,
                   Value elements) const override {
    Type type = b.getI32Type(), wide = type;
    auto vector = dyn_cast<VectorType>(elements.getType());
    if (vector)
      wide = vector.clone(type);
    if (form.product.leftIsUnsigned)
      elements = arith::ExtUIOp::create(b, loc, wide, elements);
    else
      elements = arith::ExtSIOp::create(b, loc, wide, elements);
    if (vector)
      elements = vector::ReductionOp::create(b, loc, vector::CombiningKind::ADD,
                                             elements);
    Value factor =
        arith::ConstantIntOp::create(b, loc, type, -form.product.getFactor());
    elements = arith::MulIOp::create(b, loc, elements, factor);
    return arith::AddIOp::create(b, loc, sum, elements);
  }

  SmallVector<Value> createGroupStart(OpBuilder &b, Location loc,
                                      const KernelStep &step,
                                      ArrayRef<Value> sums) const override {
    SmallVector<Value> start, zeros;
    size_t numVectors = sums.size() / step.rows.size();
    TypedAttr nothing = b.getI32IntegerAttr(0);
    if (form.zero)
      for (size_t v = 0; v < numVectors; ++v)
        zeros.push_back(loadZeros(b, loc, step, v, getNumLanes(sums[v])));
    for (auto [i, sum] : llvm::enumerate(sums)) {
      if (!form.zero) {
        start.push_back(inner->createStart(b, loc, nothing, getNumLanes(sum)));
        continue;
      }
      Value zero = zeros[i % numVectors];
      Value left = vector::BroadcastOp::create(b, loc, zero.getType(),
                                               step.leftSums[i / numVectors]);
      start.push_back(arith::MulIOp::create(b, loc, zero, left));
    }
    start = inner->enterSteps(b, loc, start, step.rows.size());
    // What a shift of the left operand lacks follows the sums.
    if (inner->needsColumnSums())
      for (size_t v = 0; v < numVectors; ++v)
        start.push_back(
            inner->createStart(b, loc, nothing, getNumLanes(sums[v])));
    return start;
  }

  SmallVector<Value> createStep(OpBuilder &b, Location loc,
                                const KernelStep &step,
                                ArrayRef<Value> sums) const override {
    size_t numColumnSums = getNumColumnSums(step, sums);
    SmallVector<Value> next =
        inner->createStep(b, loc, step, sums.drop_back(numColumnSums));
    if (numColumnSums)
      llvm::append_range(
          next,
          inner->createColumnStep(b, loc, step, sums.take_back(numColumnSums)));
    return next;
  }

  SmallVector<Value> createGroupEnd(OpBuilder &b, Location loc,
                                    const KernelStep &step,
                                    ArrayRef<Value> groupSums,
                                    ArrayRef<Value> sums) const override {
    size_t numVectors = sums.size() / step.rows.size();
    ArrayRef<Value> columnSums =
        groupSums.take_back(inner->needsColumnSums() ? numVectors : 0);
    SmallVector<Value> rowSums = inner->leaveSteps(
        b, loc, groupSums.drop_back(columnSums.size()), step.rows.size());
    SmallVector<Value> scales, corrections;
    for (size_t v = 0; v < numVectors; ++v) {
      scales.push_back(loadScale(b, loc, step, v, getNumLanes(sums[v])));
      if (inner->needsColumnSums())
        corrections.push_back(inner->finishColumnSums(b, loc, columnSums[v]));
    }
    SmallVector<Value> next, rowScales;
    for (size_t row = 0; form.leftScale && row < step.rows.size(); ++row)
      rowScales.push_back(
          memref::LoadOp::create(b, loc, step.buffers[form.leftScale],
                                 step.getColumn(b, loc, form.leftScale, row)));
    for (auto [i, sum] : llvm::enumerate(sums)) {
      Value integers = rowSums[i];
      if (!corrections.empty())
        integers = arith::AddIOp::create(b, loc, integers,
                                         corrections[i % numVectors]);
      Value floats = arith::SIToFPOp::create(b, loc, sum.getType(), integers);
      Value scale = scales[i % numVectors];
      if (form.leftScale) {
        Value rowScale = vector::BroadcastOp::create(b, loc, sum.getType(),
                                                     rowScales[i / numVectors]);
        scale = arith::MulFOp::create(b, loc, scale, rowScale);
      }
      next.push_back(vector::FMAOp::create(b, loc, floats, scale, sum));
    }
    return next;
  }

private:
  size_t getNumColumnSums(const KernelStep &step, ArrayRef<Value> sums) const {
    // rows * vectors sums and, with them, one a vector.
    return inner->needsColumnSums() ? sums.size() / (step.rows.size() + 1) : 0;
  }

  /// `width` elements of vector `v` of an input that may be the same for all
  /// columns.
  static Value loadInput(OpBuilder &b, Location loc, const KernelStep &step,
                         unsigned input, size_t v, int64_t width) {
    Value buffer = step.buffers[input], at = step.columns[input - 1];
    auto type = VectorType::get({width}, getElementTypeOrSelf(buffer));
    if (!step.isVector[input - 1])
      return vector::BroadcastOp::create(
          b, loc, type, memref::LoadOp::create(b, loc, buffer, at));
    at = b.createOrFold<arith::AddIOp>(
        loc, at,
        arith::ConstantIndexOp::create(b, loc, v * step.vectorStep[input - 1]));
    return vector::LoadOp::create(b, loc, type, buffer, at);
  }

  /// The scales, divided by what decoding multiplies codes by.
  Value loadScale(OpBuilder &b, Location loc, const KernelStep &step, size_t v,
                  int64_t width) const {
    auto type = VectorType::get({width}, sumType);
    Value factor = arith::ConstantOp::create(
        b, loc,
        DenseElementsAttr::get(
            type, APFloat(1.0f / float(form.product.getFactor()))));
    if (!form.scale)
      return factor;
    Value scale = loadInput(b, loc, step, form.scale, v, width);
    if (scale.getType() != type)
      scale = arith::ExtFOp::create(b, loc, type, scale);
    if (form.product.getFactor() == 1)
      return scale;
    return arith::MulFOp::create(b, loc, scale, factor);
  }

  /// The zero points, as the sums' integers.
  Value loadZeros(OpBuilder &b, Location loc, const KernelStep &step, size_t v,
                  int64_t width) const {
    Value zeros = loadInput(b, loc, step, form.zero, v, width);
    auto type = VectorType::get({width}, b.getI32Type());
    if (form.product.codesAreUnsigned)
      return arith::ExtUIOp::create(b, loc, type, zeros);
    return arith::ExtSIOp::create(b, loc, type, zeros);
  }

  GroupForm form;
  std::unique_ptr<MicroKernel> inner;
};

} // namespace

/// The argument of `block` that `value` converts from integers to floats.
static BlockArgument getConvertedCode(Value value, bool &isUnsigned) {
  Operation *op = value.getDefiningOp();
  if (!isa_and_nonnull<arith::SIToFPOp, arith::UIToFPOp>(op))
    return {};
  isUnsigned = isa<arith::UIToFPOp>(op);
  return dyn_cast<BlockArgument>(op->getOperand(0));
}

/// The input that `value` is, perhaps widened from a smaller float; 0 for other
/// values.
static unsigned getScaleInput(Value value, Block &block) {
  if (auto extend = value.getDefiningOp<arith::ExtFOp>())
    value = extend.getIn();
  auto argument = dyn_cast<BlockArgument>(value);
  // The left operand and the codes are none, and neither is the sum.
  if (!argument || argument.getOwner() != &block ||
      argument.getArgNumber() < 2 ||
      argument.getArgNumber() + 1 == block.getNumArguments())
    return 0;
  return argument.getArgNumber();
}

/// Matches (code - zero) * scale, of which code alone has to be there.
static bool matchRight(Value value, Block &block, GroupForm &form) {
  if (auto scaled = value.getDefiningOp<arith::MulFOp>()) {
    for (unsigned i : {0, 1})
      if (!form.scale &&
          (form.scale = getScaleInput(scaled->getOperand(i), block)))
        value = scaled->getOperand(1 - i);
    if (!form.scale)
      return false;
  }
  bool isUnsigned = false;
  if (auto shifted = value.getDefiningOp<arith::SubFOp>()) {
    BlockArgument zero = getConvertedCode(shifted.getRhs(), isUnsigned);
    if (!zero || zero.getOwner() != &block || zero.getArgNumber() < 2)
      return false;
    form.zero = zero.getArgNumber();
    value = shifted.getLhs();
  }
  BlockArgument code = getConvertedCode(value, form.product.codesAreUnsigned);
  if (!code || code.getOwner() != &block || code.getArgNumber() != 1 ||
      (form.zero && isUnsigned != form.product.codesAreUnsigned))
    return false;
  auto type = dyn_cast<IntegerType>(code.getType());
  if (!type || !llvm::is_contained({2u, 4u, 8u}, type.getWidth()))
    return false;
  form.product.rightBits = type.getWidth();
  form.product.right = IntegerType::get(type.getContext(), 8);
  return true;
}

static std::optional<GroupForm> matchGroups(KernelOp op) {
  Block &block = op.getBody().front();
  if (!op.getSumType().isF32() || op.getBitmask())
    return std::nullopt;
  auto sum =
      block.getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!sum)
    return std::nullopt;
  unsigned column =
      cast<AffineDimExpr>(op.getOutputMap().getResults().back()).getPosition();
  GroupForm form;
  bool isMatch = false;
  for (unsigned i : {0, 1}) {
    auto product = sum->getOperand(1 - i).getDefiningOp<arith::MulFOp>();
    if (!product || sum->getOperand(i) != block.getArguments().back())
      continue;
    for (unsigned side : {0, 1}) {
      Value code = product->getOperand(side);
      unsigned leftScale = 0;
      if (auto scaled = code.getDefiningOp<arith::MulFOp>()) {
        auto scale = dyn_cast<BlockArgument>(scaled.getRhs());
        // Of the rows: no column changes it.
        if (!scale || scale.getOwner() != &block || !scale.getType().isF32() ||
            op.getInputMap(scale.getArgNumber()).isFunctionOfDim(column))
          continue;
        leftScale = scale.getArgNumber();
        code = scaled.getLhs();
      }
      bool isUnsigned = false;
      BlockArgument left = getConvertedCode(code, isUnsigned);
      if (isMatch || !left || left != block.getArgument(0) ||
          !left.getType().isInteger(8))
        continue;
      form.product.left = left.getType();
      form.product.leftIsUnsigned = isUnsigned;
      form.leftScale = leftScale;
      isMatch = matchRight(product->getOperand(1 - side), block, form);
    }
  }
  if (!isMatch || op.getInputs().size() != 2u + (form.scale != 0) +
                                               (form.zero != 0) +
                                               (form.leftScale != 0))
    return std::nullopt;
  form.product.sum = IntegerType::get(op.getContext(), 32);
  return form;
}

/// The elements along `loop` after which an index of `map` changes: 0 if none
/// does, nothing if that is no fixed number.
static std::optional<int64_t> getBlock(AffineMap map, unsigned loop) {
  int64_t block = 0;
  for (AffineExpr expr : map.getResults()) {
    if (!expr.isFunctionOfDim(loop))
      continue;
    auto division = dyn_cast<AffineBinaryOpExpr>(expr);
    if (block || !division || division.getKind() != AffineExprKind::FloorDiv ||
        division.getLHS() != getAffineDimExpr(loop, map.getContext()) ||
        !isa<AffineConstantExpr>(division.getRHS()))
      return std::nullopt;
    block = cast<AffineConstantExpr>(division.getRHS()).getValue();
  }
  return block;
}

std::unique_ptr<MicroKernel>
cpu::selectGroupMicroKernel(KernelOp op, const KernelTarget &target) {
  std::optional<GroupForm> form = matchGroups(op);
  if (!form || !hasNeighbours(op))
    return nullptr;
  // One reduction, of a known number of elements.
  std::optional<unsigned> reduction;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    if (op.isReduction(loop) && reduction)
      return nullptr;
    if (op.isReduction(loop))
      reduction = loop;
  }
  int64_t extent =
      cast<ShapedType>(op.getInputs()[0].getType()).getShape().back();
  if (!reduction || ShapedType::isDynamic(extent))
    return nullptr;
  // The smallest block, which has to be a part of the others.
  SmallVector<int64_t> blocks;
  for (unsigned input : {form->scale, form->zero, form->leftScale}) {
    if (!input)
      continue;
    std::optional<int64_t> block = getBlock(op.getInputMap(input), *reduction);
    if (!block)
      return nullptr;
    if (*block == 0 || *block >= extent)
      continue;
    blocks.push_back(*block);
    if (form->group == 0 || *block < form->group)
      form->group = *block;
  }
  if (llvm::any_of(blocks,
                   [&](int64_t block) { return block % form->group != 0; }))
    return nullptr;
  if (form->group == 0 || form->group > extent)
    form->group = extent;

  ProductForm &product = form->product;
  if (product.rightBits == 8) {
    product.rightIsUnsigned = product.codesAreUnsigned;
  } else {
    // On buffers, bytes hold several elements already.
    bool isStored = getElementTypeOrSelf(op.getInputs()[1]).isInteger(8);
    if (!isStored && isa<MemRefType>(op.getInputs()[1].getType()))
      return nullptr;
    // Unsigned ones are both; the instruction wants the other sign.
    product.rightIsUnsigned =
        product.codesAreUnsigned && !product.leftIsUnsigned;
  }
  int64_t greatest = 128;
  if (form->zero)
    greatest = ((1 << product.rightBits) - 1) * product.getFactor();
  if (form->group > INT32_MAX / (255 * greatest))
    return nullptr;
  bool isWhole = form->group == extent;
  std::unique_ptr<MicroKernel> inner =
      createDotMicroKernel(product, target, form->group, !isWhole);
  if (!inner)
    return nullptr;
  return std::make_unique<GroupKernel>(*form, std::move(inner), op.getSumType(),
                                       target, isWhole);
}
