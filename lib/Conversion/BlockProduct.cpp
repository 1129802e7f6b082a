//===- BlockProduct.cpp - Products of codes with scales by block ----------===//
#include "BlockProduct.h"

using namespace slim;

/// Groups of a multiple of this have dot products in every code.
static constexpr int64_t kGroupUnit = 16;
/// Terms of a sum of bytes that 32 bits hold.
static constexpr int64_t kMaxGroup = INT32_MAX / (255 * 128);
/// The same where codes have zero points.
static constexpr int64_t kMaxShiftedGroup = INT32_MAX / (255 * 255);

static bool isStored(Value value) {
  return isa_and_nonnull<GetWeightOp, ConstantOp>(value.getDefiningOp());
}

/// Whether sums of products with these codes are integers, perhaps times a
/// power of two. The values of E2M1 are multiples of 1/2 up to 6.
static bool isSummable(Type type, bool hasZeros) {
  if (auto code = dyn_cast<IntegerType>(type))
    return llvm::is_contained({2u, 4u, 8u}, code.getWidth()) &&
           !(hasZeros && code.getWidth() == 8 && code.isUnsigned());
  return isa<Float4E2M1FNType>(type) && !hasZeros;
}

/// Whether kernels decode `scale`, of blocks along dimension `reduced` of a
/// weight, where they read it.
static bool isDecodedInPlace(Value scale, int64_t reduced) {
  if (auto cast = scale.getDefiningOp<CastOp>())
    return isStored(cast.getInput());
  if (auto coded = scale.getDefiningOp<DequantizeOp>())
    return isa<FloatType>(getElementTypeOrSelf(coded.getInput())) &&
           isStored(coded.getInput()) && isStored(coded.getScale()) &&
           !coded.getZeroPoint() && coded.getBlock()[reduced] == 0;
  return isStored(scale);
}

int64_t slim::getIntegerGroup(DequantizeOp weight, int64_t reduced) {
  auto type = cast<RankedTensorType>(weight.getResult().getType());
  if (!isSummable(getElementTypeOrSelf(weight.getInput()),
                  bool(weight.getZeroPoint())) ||
      !type.hasStaticShape() || type.getRank() != 2 ||
      !type.getElementType().isF32())
    return 0;
  if (!isStored(weight.getInput()) ||
      !isDecodedInPlace(weight.getScale(), reduced) ||
      (weight.getZeroPoint() && !isStored(weight.getZeroPoint())))
    return 0;
  int64_t depth = type.getDimSize(reduced);
  int64_t block = weight.getBlock()[reduced];
  int64_t group = block == 0 ? depth : std::min(block, depth);
  int64_t most = weight.getZeroPoint() ? kMaxShiftedGroup : kMaxGroup;
  if (group > most || (group != depth && group % kGroupUnit != 0))
    return 0;
  return group;
}

DequantizeOp slim::getBlockedInput(LinearOp op) {
  auto input = op.getInput().getDefiningOp<DequantizeOp>();
  auto weight = op.getWeight().getDefiningOp<DequantizeOp>();
  if (!input || !weight || input.getZeroPoint() ||
      !getElementTypeOrSelf(input.getScale()).isF32() ||
      isStored(input.getInput()))
    return {};
  auto code = dyn_cast<IntegerType>(getElementTypeOrSelf(input.getInput()));
  if (!code || code.getWidth() != 8)
    return {};
  int64_t reduced = op.getTransposed() ? 0 : 1;
  int64_t depth =
      cast<ShapedType>(op.getWeight().getType()).getDimSize(reduced);
  int64_t group = getIntegerGroup(weight, reduced);
  ArrayRef<int64_t> blocks = input.getBlock();
  int64_t block = blocks.back();
  if (group == 0 || block == 0 || block >= depth || block % kGroupUnit != 0 ||
      block > kMaxGroup || llvm::any_of(blocks.drop_back(), [](int64_t extent) {
        return extent != 1;
      }))
    return {};
  bool isNested = group == depth || group % block == 0 || block % group == 0;
  return isNested ? input : DequantizeOp();
}
