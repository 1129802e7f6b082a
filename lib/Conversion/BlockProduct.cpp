//===- BlockProduct.cpp - Products of codes with scales by block ----------===//
#include "BlockProduct.h"

using namespace slim;

/// Groups of a multiple of this have dot products in every code.
static constexpr int64_t kGroupUnit = 16;
/// Terms of a sum of bytes that 32 bits hold.
static constexpr int64_t kMaxGroup = INT32_MAX / (255 * 128);

static bool isStored(Value value) {
  return isa_and_nonnull<GetWeightOp, ConstantOp>(value.getDefiningOp());
}

int64_t slim::getIntegerGroup(DequantizeOp weight, int64_t reduced) {
  auto type = cast<RankedTensorType>(weight.getResult().getType());
  auto code = dyn_cast<IntegerType>(getElementTypeOrSelf(weight.getInput()));
  if (!code || !llvm::is_contained({2u, 4u, 8u}, code.getWidth()) ||
      !type.hasStaticShape() || type.getRank() != 2 ||
      !type.getElementType().isF32() ||
      (code.getWidth() == 8 && weight.getZeroPoint()))
    return 0;
  Value scale = weight.getScale();
  if (auto cast = scale.getDefiningOp<CastOp>();
      cast && getElementTypeOrSelf(cast.getInput()).getIntOrFloatBitWidth() > 8)
    scale = cast.getInput();
  if (!isStored(weight.getInput()) || !isStored(scale) ||
      (weight.getZeroPoint() && !isStored(weight.getZeroPoint())))
    return 0;
  int64_t depth = type.getDimSize(reduced);
  int64_t block = weight.getBlock()[reduced];
  int64_t group = block == 0 ? depth : std::min(block, depth);
  if (group > kMaxGroup || (group != depth && group % kGroupUnit != 0))
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
