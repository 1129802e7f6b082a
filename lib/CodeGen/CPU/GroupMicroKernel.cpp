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
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <cmath>

using namespace slim;
using namespace slim::cpu;

namespace {

/// What the right operand of a body is: (code - zero) * scale.
struct GroupForm {
  ProductForm product;
  /// Elements of a group.
  int64_t group = 0;
  /// The scale, of the body and of these inputs; null for none.
  Value scale;
  SmallVector<unsigned> scaleInputs;
  /// Numbers of the inputs; 0 for none.
  unsigned zero = 0, leftScale = 0;
  /// Lowest bits of the zero point's input that count.
  unsigned zeroBits = 0;
};

/// Rows that a block of twice as many columns has at least.
static constexpr unsigned kMinWideRows = 3;

class GroupKernel : public MicroKernel {
public:
  /// `isWhole`: there is one group.
  GroupKernel(KernelOp op, const GroupForm &form,
              std::unique_ptr<MicroKernel> inner, const KernelTarget &target,
              bool isWhole)
      : MicroKernel("groups of " + inner->getName().str(), op.getSumType(),
                    target, inner->getDepth()),
        block(&op.getBody().front()), form(form), inner(std::move(inner)),
        permutesWords(lanes == 16 && target.has("vnni")) {
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
    for (size_t row = 0; row < step.rows.size(); ++row) {
      Value products;
      for (size_t v = 0; v < numVectors; ++v) {
        Value sum = sums[row * numVectors + v];
        if (!form.zero)
          start.push_back(
              inner->createStart(b, loc, nothing, getNumLanes(sum)));
        else if (canPermute(zeros[v], numVectors))
          start.push_back(createPermutation(b, loc, step.leftSums[row],
                                            zeros[v], products));
        else
          start.push_back(arith::MulIOp::create(
              b, loc, getZeroNumbers(b, loc, zeros[v]),
              vector::BroadcastOp::create(b, loc, zeros[v].getType(),
                                          step.leftSums[row])));
      }
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

  bool sumsGroupsApart() const override {
    return form.product.getFactor() != 1;
  }

  /// Decoding has multiplied the codes of all groups by the same number.
  Value joinGroups(OpBuilder &b, Location loc, Value start,
                   Value sum) const override {
    auto type = cast<VectorType>(sum.getType());
    Value factor = arith::ConstantOp::create(
        b, loc,
        DenseElementsAttr::get(
            type, APFloat(1.0f / float(form.product.getFactor()))));
    return vector::FMAOp::create(b, loc, sum, factor, start);
  }

private:
  size_t getNumColumnSums(const KernelStep &step, ArrayRef<Value> sums) const {
    // rows * vectors sums and, with them, one a vector.
    return inner->needsColumnSums() ? sums.size() / (step.rows.size() + 1) : 0;
  }

  /// `width` elements of vector `v` of an input, or the one that is the same
  /// for all columns.
  static Value loadInput(OpBuilder &b, Location loc, const KernelStep &step,
                         unsigned input, size_t v, int64_t width) {
    Value buffer = step.buffers[input], at = step.columns[input - 1];
    auto type = VectorType::get({width}, getElementTypeOrSelf(buffer));
    if (!step.isVector[input - 1])
      return memref::LoadOp::create(b, loc, buffer, at);
    at = b.createOrFold<arith::AddIOp>(
        loc, at,
        arith::ConstantIndexOp::create(b, loc, v * step.vectorStep[input - 1]));
    return vector::LoadOp::create(b, loc, type, buffer, at);
  }

  static Value splat(OpBuilder &b, Location loc, Value value, VectorType type) {
    return isa<VectorType>(value.getType())
               ? value
               : vector::BroadcastOp::create(b, loc, type, value);
  }

  Value loadScale(OpBuilder &b, Location loc, const KernelStep &step, size_t v,
                  int64_t width) const {
    auto type = VectorType::get({width}, sumType);
    if (!form.scale)
      return arith::ConstantOp::create(
          b, loc, DenseElementsAttr::get(type, APFloat(1.0f)));
    BodyEvaluator body(*block, width);
    for (unsigned input : form.scaleInputs)
      body.set(input, loadInput(b, loc, step, input, v, width));
    return splat(b, loc, body.get(b, loc, form.scale), type);
  }

  /// The words whose lowest bits are the zero points.
  Value loadZeros(OpBuilder &b, Location loc, const KernelStep &step, size_t v,
                  int64_t width) const {
    Value zeros = loadInput(b, loc, step, form.zero, v, width);
    zeros = splat(b, loc, zeros, VectorType::get({width}, b.getI8Type()));
    auto type = VectorType::get({width}, b.getI32Type());
    if (form.product.codesAreUnsigned)
      return arith::ExtUIOp::create(b, loc, type, zeros);
    return arith::ExtSIOp::create(b, loc, type, zeros);
  }

  /// The zero points as numbers.
  Value getZeroNumbers(OpBuilder &b, Location loc, Value zeros) const {
    if (form.zeroBits == 8)
      return zeros;
    auto constant = [&](int32_t value) -> Value {
      return arith::ConstantOp::create(
          b, loc,
          DenseElementsAttr::get(cast<VectorType>(zeros.getType()), value));
    };
    if (form.product.codesAreUnsigned)
      return arith::AndIOp::create(b, loc, zeros,
                                   constant((1 << form.zeroBits) - 1));
    Value by = constant(32 - int32_t(form.zeroBits));
    return arith::ShRSIOp::create(b, loc,
                                  arith::ShLIOp::create(b, loc, zeros, by), by);
  }

  /// Multiplications compete with dot products for the same units. Where there
  /// are few zero points, all their products with a row's sum are one
  /// multiplication, of which vectors of columns take theirs.
  bool canPermute(Value zeros, size_t numVectors) const {
    return permutesWords && numVectors > 1 && form.zeroBits <= 4 &&
           getNumLanes(zeros) == 16;
  }

  /// `products` is null for a row's first vector.
  Value createPermutation(OpBuilder &b, Location loc, Value leftSum,
                          Value zeros, Value &products) const {
    auto type = cast<VectorType>(zeros.getType());
    if (!products) {
      SmallVector<int32_t> numbers;
      for (int64_t i = 0; i < type.getNumElements(); ++i) {
        int32_t unused = 32 - form.zeroBits;
        uint32_t high = uint32_t(i) << unused;
        numbers.push_back(form.product.codesAreUnsigned
                              ? int32_t(high >> unused)
                              : int32_t(high) >> unused);
      }
      products = arith::MulIOp::create(
          b, loc, vector::BroadcastOp::create(b, loc, type, leftSum),
          arith::ConstantOp::create(
              b, loc, DenseElementsAttr::get(type, ArrayRef(numbers))));
    }
    return LLVM::CallIntrinsicOp::create(
               b, loc, type, b.getStringAttr("llvm.x86.avx512.permvar.si.512"),
               ValueRange{products, zeros})
        .getResult(0);
  }

  Block *block;
  GroupForm form;
  std::unique_ptr<MicroKernel> inner;
  bool permutesWords;
};

} // namespace

/// The integer that `value` converts to a float; null for other values.
static Value getConvertedInteger(Value value, bool &isUnsigned) {
  Operation *op = value.getDefiningOp();
  if (!isa_and_nonnull<arith::SIToFPOp, arith::UIToFPOp>(op))
    return {};
  isUnsigned = isa<arith::UIToFPOp>(op);
  return op->getOperand(0);
}

/// Whether `value` is computed from inputs alone that follow the codes, which
/// are added to `inputs`.
static bool isOfInputs(Value value, Block &block,
                       SmallVectorImpl<unsigned> &inputs) {
  if (auto argument = dyn_cast<BlockArgument>(value);
      argument && argument.getOwner() == &block) {
    unsigned number = argument.getArgNumber();
    // The left operand and the codes are none, and neither is the sum.
    if (number < 2 || number + 1 == block.getNumArguments())
      return false;
    if (!llvm::is_contained(inputs, number))
      inputs.push_back(number);
    return true;
  }
  Operation *op = value.getDefiningOp();
  if (!op || op->getBlock() != &block)
    return true;
  return op->getNumRegions() == 0 &&
         llvm::all_of(op->getOperands(), [&](Value operand) {
           return isOfInputs(operand, block, inputs);
         });
}

/// Matches a table of values that some power of two makes bytes.
static bool matchTable(TableOp table, Block &block, ProductForm &product) {
  Value code = table.getCode();
  auto type = dyn_cast<IntegerType>(code.getType());
  auto values = dyn_cast<DenseElementsAttr>(table.getValues());
  if (!type || !llvm::is_contained({2u, 4u}, type.getWidth()) || !values ||
      values.getNumElements() != int64_t(1) << type.getWidth())
    return false;
  if (auto bits = code.getDefiningOp<arith::BitcastOp>())
    code = bits.getIn();
  auto argument = dyn_cast<BlockArgument>(code);
  if (!argument || argument.getOwner() != &block ||
      argument.getArgNumber() != 1)
    return false;
  for (int64_t factor = 1; factor <= 128; factor *= 2) {
    product.table.clear();
    for (APFloat value : values.getValues<APFloat>()) {
      double number = value.convertToDouble() * double(factor);
      if (number == std::rint(number) && std::abs(number) <= 127)
        product.table.push_back(int8_t(number));
    }
    if (int64_t(product.table.size()) != values.getNumElements())
      continue;
    product.tableFactor = factor;
    product.codesAreUnsigned = false;
    product.rightBits = type.getWidth();
    return true;
  }
  return false;
}

/// Matches (code - zero) * scale, of which code alone has to be there, or a
/// table's value in the place of code - zero.
static bool matchRight(Value value, Block &block, GroupForm &form) {
  form.product.right = IntegerType::get(value.getContext(), 8);
  if (auto scaled = value.getDefiningOp<arith::MulFOp>()) {
    for (unsigned i : {0, 1}) {
      SmallVector<unsigned> inputs;
      if (form.scale || !isOfInputs(scaled->getOperand(i), block, inputs))
        continue;
      form.scale = scaled->getOperand(i);
      form.scaleInputs = inputs;
      value = scaled->getOperand(1 - i);
    }
    if (!form.scale || !form.scale.getType().isF32())
      return false;
  }
  if (auto table = value.getDefiningOp<TableOp>())
    return matchTable(table, block, form.product);
  bool isUnsigned = false;
  if (auto shifted = value.getDefiningOp<arith::SubFOp>()) {
    Value zero = getConvertedInteger(shifted.getRhs(), isUnsigned);
    if (!zero)
      return false;
    form.zeroBits = zero.getType().getIntOrFloatBitWidth();
    if (auto low = zero.getDefiningOp<arith::TruncIOp>())
      zero = low.getIn();
    auto argument = dyn_cast<BlockArgument>(zero);
    if (!argument || argument.getOwner() != &block ||
        argument.getArgNumber() < 2 ||
        argument.getArgNumber() + 1 == block.getNumArguments() ||
        argument.getType().getIntOrFloatBitWidth() > 8)
      return false;
    form.zero = argument.getArgNumber();
    value = shifted.getLhs();
  }
  auto code = dyn_cast_or_null<BlockArgument>(
      getConvertedInteger(value, form.product.codesAreUnsigned));
  if (!code || code.getOwner() != &block || code.getArgNumber() != 1 ||
      (form.zero && isUnsigned != form.product.codesAreUnsigned))
    return false;
  auto type = dyn_cast<IntegerType>(code.getType());
  if (!type || !llvm::is_contained({2u, 4u, 8u}, type.getWidth()))
    return false;
  form.product.rightBits = type.getWidth();
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
      Value left = getConvertedInteger(code, isUnsigned);
      if (isMatch || !left || left != block.getArgument(0) ||
          !left.getType().isInteger(8))
        continue;
      form.product.left = left.getType();
      form.product.leftIsUnsigned = isUnsigned;
      form.leftScale = leftScale;
      isMatch = matchRight(product->getOperand(1 - side), block, form);
    }
  }
  if (!isMatch || op.getInputs().size() != 2u + form.scaleInputs.size() +
                                               (form.zero != 0) +
                                               (form.leftScale != 0))
    return std::nullopt;
  // Each input is one of these.
  if (llvm::is_contained(form.scaleInputs, form.zero) ||
      llvm::is_contained(form.scaleInputs, form.leftScale))
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
  SmallVector<unsigned> grouped(form->scaleInputs);
  for (unsigned input : {form->zero, form->leftScale})
    if (input)
      grouped.push_back(input);
  for (unsigned input : grouped) {
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
  return std::make_unique<GroupKernel>(op, *form, std::move(inner), target,
                                       isWhole);
}
