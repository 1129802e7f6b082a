//===- DotMicroKernels.cpp - Instructions that sum several products -------===//
//
// Integer and bf16 products whose instructions sum 2 or 4 neighbours along the
// reduction into a lane of 32 bits. The left operand's neighbours are one
// scalar of 32 bits that is splat; the right operand's lie side by side in
// packed panels.
//
// vpdpbusd and usdot multiply unsigned by signed bytes, sdot signed by signed.
// An operand of the other sign is shifted by 128, which flips its top bit, and
// the sums start from what makes up for it: 128 times the sum of the column.
//
// A byte of the right operand may hold several elements: those of one
// instruction in its lowest bits, those of the next one above. A step takes as
// many instructions, and shifts and masks bytes in registers.
//
//===----------------------------------------------------------------------===//
#include "DotKernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace slim;
using namespace slim::cpu;

namespace {

/// Four bytes a lane.
class ByteDotKernel : public DotKernel {
public:
  ByteDotKernel(StringRef name, const ProductForm &form,
                const KernelTarget &target)
      : DotKernel(name, form, target, 4) {}

  bool needsColumnSums() const override { return shiftsLeft; }

  SmallVector<Value> createColumnStep(OpBuilder &b, Location loc,
                                      const KernelStep &step,
                                      ArrayRef<Value> sums) const override {
    SmallVector<Value> state(sums.take_back(getNumState()));
    sums = sums.drop_back(getNumState());
    SmallVector<Value> right = loadRight(b, loc, step, sums, state);
    // The byte 0x80 is what flipping the top bit adds: 128 to a signed left
    // operand that is taken as unsigned, -128 to an unsigned one taken as
    // signed.
    SmallVector<Value> next(sums);
    ProductForm shifted = form;
    shifted.leftIsUnsigned = !form.leftIsUnsigned;
    for (auto [i, vector] : llvm::enumerate(right)) {
      Value &sum = next[i % next.size()];
      auto type = VectorType::get({4 * getNumLanes(sum)}, b.getI8Type());
      Value shift = arith::ConstantOp::create(
          b, loc, DenseElementsAttr::get(type, APInt(8, 128)));
      sum = createDot(b, loc, sum, shift, vector, shifted);
    }
    llvm::append_range(next, state);
    return next;
  }

  Value finishColumnSums(OpBuilder &b, Location loc,
                         Value sums) const override {
    // What the shift has added to the sums is what they lack at the start.
    Value zero =
        arith::ConstantOp::create(b, loc, b.getZeroAttr(sums.getType()));
    return arith::SubIOp::create(b, loc, zero, sums);
  }

protected:
  Value convertLeft(OpBuilder &b, Location loc, Value left) const override {
    if (!shiftsLeft)
      return left;
    auto type = cast<VectorType>(left.getType());
    Value top = arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(type, APInt(8, 128)));
    return arith::XOrIOp::create(b, loc, left, top);
  }

  bool shiftsLeft = false;
};

/// vpdpbusd of AVX-512 VNNI.
class VnniKernel : public ByteDotKernel {
public:
  VnniKernel(const ProductForm &form, const KernelTarget &target)
      : ByteDotKernel("vpdpbusd", form, target) {
    shiftsLeft = !form.leftIsUnsigned && !form.rightIsUnsigned;
  }

  static bool supports(const ProductForm &form) {
    return !(form.leftIsUnsigned && form.rightIsUnsigned);
  }

  bool canReadBitmask(const KernelTarget &target) const override {
    return canReadBytesByMask(form, target);
  }

protected:
  Value createDot(OpBuilder &b, Location loc, Value sum, Value left,
                  Value right, const ProductForm &form) const override {
    // The unsigned operand comes first.
    if (form.rightIsUnsigned)
      std::swap(left, right);
    std::string name =
        ("llvm.x86.avx512.vpdpbusd." + Twine(getNumLanes(sum) * 32)).str();
    return call(b, loc, sum.getType(), name, {sum, left, right});
  }
};

/// vpdpbusd on a right operand of which only what is not zero is stored: a mask
/// of 64 bits a vector says where the next bytes of the stream go (vpexpandb of
/// AVX-512 VBMI2).
class BitmaskVnniKernel : public VnniKernel {
public:
  using VnniKernel::VnniKernel;

  unsigned getNumState() const override { return 1; }
  int64_t getMinLanes() const override { return lanes; }

  SmallVector<Value> createState(OpBuilder &b, Location loc,
                                 ArrayRef<Value> buffers,
                                 ArrayRef<Value> columns) const override {
    Value start = memref::LoadOp::create(b, loc, buffers[3], columns[2]);
    return {arith::IndexCastOp::create(b, loc, b.getIndexType(), start)};
  }

protected:
  SmallVector<Value> loadRight(OpBuilder &b, Location loc,
                               const KernelStep &step, ArrayRef<Value> sums,
                               SmallVectorImpl<Value> &state) const override {
    SmallVector<Value> right;
    auto type = VectorType::get({lanes * neighbours}, form.right);
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
    for (size_t v = 0; v < sums.size(); ++v) {
      Value at = arith::AddIOp::create(
          b, loc, step.columns[1], arith::ConstantIndexOp::create(b, loc, v));
      Value word = memref::LoadOp::create(b, loc, step.buffers[2], at);
      Value mask = vector::BroadcastOp::create(
          b, loc, VectorType::get({1}, b.getI64Type()), word);
      mask = vector::BitCastOp::create(
          b, loc, VectorType::get({lanes * neighbours}, b.getI1Type()), mask);
      right.push_back(vector::ExpandLoadOp::create(
          b, loc, type, step.buffers[1], state.front(), mask, zero));
      Value count = math::CtPopOp::create(b, loc, word);
      count = arith::IndexCastOp::create(b, loc, b.getIndexType(), count);
      state.front() = arith::AddIOp::create(b, loc, state.front(), count);
    }
    return right;
  }
};

/// sdot, udot and usdot of AArch64.
class NeonDotKernel : public ByteDotKernel {
public:
  NeonDotKernel(const ProductForm &form, const KernelTarget &target)
      : ByteDotKernel("dotprod", form, target), hasMixed(target.has("i8mm")) {
    shiftsLeft = form.leftIsUnsigned && !form.rightIsUnsigned && !hasMixed;
  }

  static bool supports(const ProductForm &form, const KernelTarget &target) {
    return form.leftIsUnsigned || !form.rightIsUnsigned || target.has("i8mm");
  }

protected:
  Value createDot(OpBuilder &b, Location loc, Value sum, Value left,
                  Value right, const ProductForm &form) const override {
    StringRef name = "llvm.aarch64.neon.sdot.v4i32.v16i8";
    if (form.leftIsUnsigned && form.rightIsUnsigned)
      name = "llvm.aarch64.neon.udot.v4i32.v16i8";
    else if (form.leftIsUnsigned != form.rightIsUnsigned && !shiftsLeft) {
      name = "llvm.aarch64.neon.usdot.v4i32.v16i8";
      if (form.rightIsUnsigned)
        std::swap(left, right);
    }
    return call(b, loc, sum.getType(), name, {sum, left, right});
  }

private:
  bool hasMixed;
};

/// vpmaddwd: two 16-bit neighbours a lane, exact for bytes of either sign.
class PairDotKernel : public DotKernel {
public:
  PairDotKernel(const ProductForm &form, const KernelTarget &target)
      : DotKernel("vpmaddwd", form, target, 2) {}

protected:
  Value convertLeft(OpBuilder &b, Location loc, Value left) const override {
    return widen(b, loc, left, form.leftIsUnsigned);
  }
  Value convertRight(OpBuilder &b, Location loc, Value right) const override {
    return widen(b, loc, right, form.rightIsUnsigned);
  }
  Value createDot(OpBuilder &b, Location loc, Value sum, Value left,
                  Value right, const ProductForm &) const override {
    int64_t width = getNumLanes(sum);
    StringRef name = width == 16  ? "llvm.x86.avx512.pmaddw.d.512"
                     : width == 8 ? "llvm.x86.avx2.pmadd.wd"
                                  : "llvm.x86.sse2.pmadd.wd";
    Value products = call(b, loc, sum.getType(), name, {left, right});
    return arith::AddIOp::create(b, loc, sum, products);
  }

private:
  static Value widen(OpBuilder &b, Location loc, Value value, bool isUnsigned) {
    auto type = cast<VectorType>(value.getType());
    auto wide = VectorType::get(type.getShape(), b.getI16Type());
    if (isUnsigned)
      return arith::ExtUIOp::create(b, loc, wide, value);
    return arith::ExtSIOp::create(b, loc, wide, value);
  }
};

/// vdpbf16ps of AVX-512 BF16.
class BF16Kernel : public DotKernel {
public:
  BF16Kernel(const ProductForm &form, const KernelTarget &target)
      : DotKernel("vdpbf16ps", form, target, 2) {}

protected:
  Value createDot(OpBuilder &b, Location loc, Value sum, Value left,
                  Value right, const ProductForm &) const override {
    return createBF16Dot(b, loc, sum, left, right, BF16Dot::Avx512);
  }
};

} // namespace

std::optional<BF16Dot> cpu::getBF16Dot(ArrayRef<std::string> features) {
  if (llvm::is_contained(features, "bf16"))
    return BF16Dot::Avx512;
  if (llvm::is_contained(features, "bfdot"))
    return BF16Dot::Neon;
  return std::nullopt;
}

Value cpu::createBF16Dot(OpBuilder &b, Location loc, Value sum, Value left,
                         Value right, BF16Dot instruction) {
  std::string name = "llvm.aarch64.neon.bfdot.v4f32.v8bf16";
  if (instruction == BF16Dot::Avx512)
    name =
        ("llvm.x86.avx512bf16.dpbf16ps." + Twine(getNumLanes(sum) * 32)).str();
  return LLVM::CallIntrinsicOp::create(b, loc, sum.getType(),
                                       b.getStringAttr(name),
                                       ValueRange{sum, left, right})
      .getResult(0);
}

Value cpu::splatNeighbours(OpBuilder &b, Location loc, Value neighbours,
                           int64_t lanes) {
  auto type = cast<VectorType>(neighbours.getType());
  auto words = VectorType::get({1}, b.getI32Type());
  Value word = vector::BitCastOp::create(b, loc, words, neighbours);
  word = vector::ExtractOp::create(b, loc, word, ArrayRef<int64_t>{0});
  Value all = vector::BroadcastOp::create(
      b, loc, VectorType::get({lanes}, b.getI32Type()), word);
  return vector::BitCastOp::create(
      b, loc,
      VectorType::get({lanes * type.getDimSize(0)}, type.getElementType()),
      all);
}

/// The argument that `value` converts, if it converts one in one step.
static BlockArgument getConverted(Value value, bool &isUnsigned) {
  Operation *op = value.getDefiningOp();
  if (!op || !isa<arith::ExtSIOp, arith::ExtUIOp, arith::ExtFOp>(op))
    return {};
  isUnsigned = isa<arith::ExtUIOp>(op);
  return dyn_cast<BlockArgument>(op->getOperand(0));
}

static std::optional<ProductForm> matchProduct(KernelOp op) {
  Block &block = op.getBody().front();
  if (op.getInputs().size() != (op.getBitmask() ? 4 : 2))
    return std::nullopt;
  Operation *sum = block.getTerminator()->getOperand(0).getDefiningOp();
  if (!isa_and_nonnull<arith::AddFOp, arith::AddIOp>(sum))
    return std::nullopt;
  for (unsigned i : {0, 1}) {
    Operation *product = sum->getOperand(1 - i).getDefiningOp();
    if (sum->getOperand(i) != block.getArguments().back() ||
        !isa_and_nonnull<arith::MulFOp, arith::MulIOp>(product))
      continue;
    ProductForm form;
    form.sum = op.getSumType();
    for (Value operand : product->getOperands()) {
      bool isUnsigned = false;
      BlockArgument argument = getConverted(operand, isUnsigned);
      if (!argument || argument.getOwner() != &block ||
          argument.getArgNumber() > 1)
        return std::nullopt;
      bool isLeft = argument.getArgNumber() == 0;
      (isLeft ? form.left : form.right) = argument.getType();
      (isLeft ? form.leftIsUnsigned : form.rightIsUnsigned) = isUnsigned;
    }
    if (form.left && form.right)
      return form;
  }
  return std::nullopt;
}

bool cpu::hasNeighbours(KernelOp op) {
  AffineMap left = op.getInputMap(0), right = op.getInputMap(1);
  if (left.getNumResults() == 0)
    return false;
  auto last = dyn_cast<AffineDimExpr>(left.getResults().back());
  if (!last || !op.isReduction(last.getPosition()))
    return false;
  // One neighbour is none.
  if (cast<ShapedType>(op.getInputs()[0].getType()).getShape().back() == 1)
    return false;
  if (auto type = dyn_cast<MemRefType>(op.getInputs()[0].getType())) {
    SmallVector<int64_t> strides;
    int64_t offset;
    if (failed(type.getStridesAndOffset(strides, offset)) ||
        strides.back() != 1)
      return false;
  }
  return llvm::any_of(right.getResults(), [&](AffineExpr expr) {
    if (auto binary = dyn_cast<AffineBinaryOpExpr>(expr))
      expr = binary.getLHS();
    return expr == last;
  });
}

bool cpu::canReadBytesByMask(const ProductForm &form,
                             const KernelTarget &target) {
  return form.multipliesBytes() && VnniKernel::supports(form) &&
         target.vectorBytes == 64 && target.has("vnni") && target.has("vbmi2");
}

std::unique_ptr<MicroKernel>
cpu::createDotMicroKernel(const ProductForm &form, const KernelTarget &target,
                          int64_t extent, bool isGroup) {
  if (std::unique_ptr<MicroKernel> matrix =
          createMatrixMicroKernel(form, target, extent, isGroup))
    return matrix;
  if (form.multipliesBF16() && target.has("bf16"))
    return std::make_unique<BF16Kernel>(form, target);
  if (!form.multipliesBytes())
    return nullptr;
  std::unique_ptr<MicroKernel> kernel;
  if (target.has("vnni") && VnniKernel::supports(form))
    kernel = std::make_unique<VnniKernel>(form, target);
  else if (target.has("dotprod") && NeonDotKernel::supports(form, target))
    kernel = std::make_unique<NeonDotKernel>(form, target);
  else if (target.has("pmaddwd"))
    kernel = std::make_unique<PairDotKernel>(form, target);
  if (kernel && isGroup && extent % kernel->getDepth() != 0)
    return nullptr;
  return kernel;
}

std::unique_ptr<MicroKernel>
cpu::selectDotMicroKernel(KernelOp op, const KernelTarget &target) {
  if (std::unique_ptr<MicroKernel> grouped = selectGroupMicroKernel(op, target))
    return grouped;
  std::optional<ProductForm> form = matchProduct(op);
  if (!form)
    return nullptr;
  if (op.getBitmask())
    return std::make_unique<BitmaskVnniKernel>(*form, target);
  if (!hasNeighbours(op))
    return nullptr;
  // The left operand ends in the neighbours.
  int64_t extent =
      cast<ShapedType>(op.getInputs()[0].getType()).getShape().back();
  if (std::unique_ptr<MicroKernel> tiles =
          createTileMicroKernel(*form, target, extent))
    return tiles;
  return createDotMicroKernel(*form, target, extent, /*isGroup=*/false);
}
