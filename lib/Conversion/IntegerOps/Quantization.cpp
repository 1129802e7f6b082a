//===- Quantization.cpp - Scales of quantized tensors ---------------------===//
#include "IntegerOps.h"
#include "slim/IR/WeightTree.h"
#include <cmath>

using namespace slim;

/// The only element of a constant.
static std::optional<TensorData> readSingle(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (!type.hasStaticShape() || type.getNumElements() != 1 ||
      !hasConstantData(value))
    return std::nullopt;
  FailureOr<TensorData> data = decodeConstant(value);
  if (failed(data))
    return std::nullopt;
  return *data;
}

std::optional<int64_t> integerops::getKnownInt(Value value) {
  if (!isa<IntegerType>(getElementTypeOrSelf(value)))
    return std::nullopt;
  std::optional<TensorData> data = readSingle(value);
  return data ? std::optional(data->getInt(0)) : std::nullopt;
}

std::optional<float> integerops::getKnownFloat(Value value) {
  if (!getElementTypeOrSelf(value).isF32())
    return std::nullopt;
  std::optional<TensorData> data = readSingle(value);
  return data ? std::optional(data->getFloat(0)) : std::nullopt;
}

std::optional<integerops::TensorScale>
integerops::getTensorScale(Value scale, Value zeroPoint,
                           ArrayRef<int64_t> block) {
  if (llvm::any_of(block, [](int64_t extent) { return extent != 0; }))
    return std::nullopt;
  std::optional<float> number = getKnownFloat(scale);
  // So far from the limits that no product with a code is beyond them.
  if (!number || !(*number > 0x1p-100f && *number < 0x1p100f))
    return std::nullopt;
  TensorScale result;
  result.scale = *number;
  if (zeroPoint) {
    std::optional<int64_t> zero = getKnownInt(zeroPoint);
    if (!zero)
      return std::nullopt;
    result.zero = *zero;
  }
  return result;
}

std::optional<integerops::TensorScale>
integerops::getTensorScale(DequantizeOp op) {
  if (!isa<IntegerType>(getElementTypeOrSelf(op.getInput())))
    return std::nullopt;
  return getTensorScale(op.getScale(), op.getZeroPoint(), op.getBlock());
}

std::optional<integerops::TensorScale>
integerops::getTensorScale(QuantizeOp op) {
  if (!isa<IntegerType>(op.getTo()))
    return std::nullopt;
  return getTensorScale(op.getScale(), op.getZeroPoint(), op.getBlock());
}

DequantizeOp integerops::getDequantizedActivation(Value value) {
  auto op = value.getDefiningOp<DequantizeOp>();
  if (!op || isWeight(op.getInput()) || hasConstantData(op.getInput()))
    return {};
  auto type = dyn_cast<IntegerType>(getElementTypeOrSelf(op.getInput()));
  return type && type.getWidth() == 8 ? op : DequantizeOp();
}

Value integerops::createFloats(OpBuilder &builder, Location loc,
                               ArrayRef<int64_t> shape,
                               ArrayRef<float> values) {
  auto type = RankedTensorType::get(shape, builder.getF32Type());
  return ConstantOp::create(builder, loc,
                            TensorData::fromFloats(type, values).toAttr());
}

Value integerops::createInts(OpBuilder &builder, Location loc,
                             ArrayRef<int64_t> shape, Type elementType,
                             ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get(shape, elementType);
  return ConstantOp::create(builder, loc,
                            TensorData::fromInts(type, values).toAttr());
}

/// The operands scale and zero point (null if that is zero) for a tensor of
/// `rank` dimensions.
static std::pair<Value, Value> createScale(OpBuilder &builder, Location loc,
                                           int64_t rank, Type codeType,
                                           integerops::TensorScale scale) {
  SmallVector<int64_t> ones(rank, 1);
  Value zero;
  if (scale.zero != 0)
    zero = integerops::createInts(builder, loc, ones, codeType, scale.zero);
  return {integerops::createFloats(builder, loc, ones, scale.scale), zero};
}

Value integerops::createQuantize(OpBuilder &builder, Location loc,
                                 RankedTensorType type, Value input,
                                 TensorScale scale) {
  auto [scaleValue, zero] =
      createScale(builder, loc, type.getRank(), type.getElementType(), scale);
  SmallVector<int64_t> block(type.getRank(), 0);
  return QuantizeOp::create(builder, loc, type, input, scaleValue, zero,
                            type.getElementType(), block);
}

Value integerops::createDequantize(OpBuilder &builder, Location loc,
                                   RankedTensorType type, Value input,
                                   TensorScale scale) {
  auto [scaleValue, zero] =
      createScale(builder, loc, type.getRank(),
                  getElementTypeOrSelf(input.getType()), scale);
  SmallVector<int64_t> block(type.getRank(), 0);
  return DequantizeOp::create(builder, loc, type, input, scaleValue, zero,
                              block);
}
