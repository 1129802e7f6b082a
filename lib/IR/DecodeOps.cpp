//===- DecodeOps.cpp - Decoding of compressed weights -----------*- C++ -*-===//
#include "ElementMoves.h"
#include "FoldSupport.h"
#include "Inference.h"
#include "slim/IR/OpSupport.h"
#include "slim/IR/PackedBits.h"
#include "slim/IR/SlimOps.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace slim;
using namespace slim::detail;

//===----------------------------------------------------------------------===//
// Inference
//===----------------------------------------------------------------------===//

/// Checks `block` against the rank of the input, and scales and zero points
/// against the blocks. `stored` is the element type of quantized values.
static LogicalResult verifyBlocks(const Inference &inference,
                                  RankedTensorType input, Value scale,
                                  Value zeroPoint, Type stored,
                                  ArrayRef<int64_t> block) {
  int64_t rank = input.getRank();
  if (static_cast<int64_t>(block.size()) != rank)
    return inference.error("block has ", block.size(),
                           " extents for a tensor of rank ", rank);
  SmallVector<int64_t> blocks;
  for (auto [extent, length] : llvm::zip_equal(input.getShape(), block)) {
    if (length < 0)
      return inference.error("block has the extent ", length);
    if (length == 0)
      blocks.push_back(1);
    else
      blocks.push_back(isDynamic(extent)
                           ? extent
                           : static_cast<int64_t>(llvm::divideCeil(
                                 static_cast<uint64_t>(extent),
                                 static_cast<uint64_t>(length))));
  }
  auto verify = [&](Value operand, StringRef name) -> LogicalResult {
    auto type = inference.getTensor(operand, name, rank, rank);
    if (failed(type))
      return failure();
    for (int64_t dim = 0; dim < rank; ++dim)
      if (failed(inference.requireExtent(*type, name, dim, blocks[dim],
                                         "the number of blocks")))
        return failure();
    return success();
  };
  if (failed(verify(scale, "scale")))
    return failure();
  if (!isa<FloatType>(cast<RankedTensorType>(scale.getType()).getElementType()))
    return inference.error("scale must have a float element type");
  if (!zeroPoint)
    return success();
  if (failed(verify(zeroPoint, "zero_point")))
    return failure();
  return inference.requireElementType(
      cast<RankedTensorType>(zeroPoint.getType()), "zero_point", stored);
}

LogicalResult DequantizeOp::inferReturnTypes(MLIRContext *context,
                                             std::optional<Location> location,
                                             Adaptor adaptor,
                                             SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto type = inference.getTensor(adaptor.getInput(), "input");
  if (failed(type) ||
      failed(verifyBlocks(inference, *type, adaptor.getScale(),
                          adaptor.getZeroPoint(), type->getElementType(),
                          adaptor.getBlock())))
    return failure();
  Type stored = type->getElementType();
  Type result =
      cast<RankedTensorType>(adaptor.getScale().getType()).getElementType();
  if (isa<FloatType>(stored) && stored != result &&
      stored.getIntOrFloatBitWidth() >= result.getIntOrFloatBitWidth())
    return inference.error("computes in ", result, ", which does not hold ",
                           stored);
  types.push_back(RankedTensorType::get(type->getShape(), result));
  return success();
}

LogicalResult CodebookDecodeOp::inferReturnTypes(
    MLIRContext *context, std::optional<Location> location, Adaptor adaptor,
    SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto codes = inference.getTensor(adaptor.getCodes(), "codes");
  auto table = inference.getTensor(adaptor.getTable(), "table", 1, 1);
  if (failed(codes) || failed(table))
    return failure();
  auto code = dyn_cast<IntegerType>(codes->getElementType());
  if (!code || !code.isUnsigned() || code.getWidth() > 8)
    return inference.error("codes must be unsigned integers of 1 to 8 bits, "
                           "not ",
                           codes->getElementType());
  if (failed(inference.requireExtent(*table, "table", 0,
                                     int64_t(1) << code.getWidth(),
                                     "the number of codes")))
    return failure();
  types.push_back(
      RankedTensorType::get(codes->getShape(), table->getElementType()));
  return success();
}

LogicalResult QuantizeOp::inferReturnTypes(MLIRContext *context,
                                           std::optional<Location> location,
                                           Adaptor adaptor,
                                           SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto type = inference.getTensor(adaptor.getInput(), "input");
  if (failed(type))
    return failure();
  Type to = adaptor.getTo();
  auto integer = dyn_cast<IntegerType>(to);
  if (!isa<FloatType>(to) &&
      (!integer || integer.isSigned() || integer.getWidth() < 2 ||
       integer.getWidth() > 32))
    return inference.error("cannot quantize to ", to,
                           ": it is no float and no signless or unsigned "
                           "integer of 2 to 32 bits");
  if (failed(verifyBlocks(inference, *type, adaptor.getScale(),
                          adaptor.getZeroPoint(), to, adaptor.getBlock())))
    return failure();
  types.push_back(RankedTensorType::get(type->getShape(), to));
  return success();
}

LogicalResult DynamicQuantizeOp::inferReturnTypes(
    MLIRContext *context, std::optional<Location> location, Adaptor adaptor,
    SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  bool perRow = adaptor.getPerRow();
  auto type = inference.getTensor(adaptor.getInput(), "input", perRow ? 1 : 0,
                                  std::numeric_limits<int64_t>::max());
  if (failed(type))
    return failure();
  SmallVector<int64_t> covered(type->getShape());
  if (perRow)
    covered.back() = 1;
  else
    covered.assign(covered.size(), 1);
  auto byte = IntegerType::get(context, 8, IntegerType::Unsigned);
  types.push_back(RankedTensorType::get(type->getShape(), byte));
  types.push_back(RankedTensorType::get(covered, type->getElementType()));
  types.push_back(RankedTensorType::get(covered, byte));
  return success();
}

LogicalResult DynamicScaleOp::inferReturnTypes(MLIRContext *context,
                                               std::optional<Location> location,
                                               Adaptor adaptor,
                                               SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto type = inference.getTensor(adaptor.getInput(), "input", 1,
                                  std::numeric_limits<int64_t>::max());
  if (failed(type))
    return failure();
  Type to = adaptor.getTo();
  auto integer = dyn_cast<IntegerType>(to);
  bool isSmallFloat = isa<FloatType>(to) && to.getIntOrFloatBitWidth() <= 8;
  if (!isSmallFloat && (!integer || !integer.isSignless() ||
                        integer.getWidth() < 2 || integer.getWidth() > 16))
    return inference.error("cannot scale to ", to,
                           ": it is no float of at most 8 bits and no signless "
                           "integer of 2 to 16 bits");
  SmallVector<int64_t> shape(type->getShape());
  auto block = static_cast<int64_t>(adaptor.getBlock());
  if (block == 0)
    shape.back() = 1;
  else if (!isDynamic(shape.back()))
    shape.back() = llvm::divideCeil(shape.back(), block);
  types.push_back(RankedTensorType::get(shape, type->getElementType()));
  return success();
}

/// Largest extent of a group: a position takes at most a byte.
static constexpr int64_t kMaxGroup = 256;

LogicalResult SparseDecodeOp::inferReturnTypes(MLIRContext *context,
                                               std::optional<Location> location,
                                               Adaptor adaptor,
                                               SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  constexpr int64_t any = std::numeric_limits<int64_t>::max();
  auto values = inference.getTensor(adaptor.getValues(), "values", 1, any);
  auto positions =
      inference.getTensor(adaptor.getPositions(), "positions", 1, any);
  if (failed(values) || failed(positions))
    return failure();
  auto n = static_cast<int64_t>(adaptor.getN());
  auto m = static_cast<int64_t>(adaptor.getM());
  if (n < 1 || m < n || m > kMaxGroup)
    return inference.error("needs 1 <= n <= m <= ", kMaxGroup, ", not n = ", n,
                           " and m = ", m);
  if (!positions->getElementType().isUnsignedInteger(8))
    return inference.error("positions must have element type ui8, not ",
                           positions->getElementType());
  if (positions->getRank() != values->getRank())
    return inference.error("positions have rank ", positions->getRank(),
                           ", but values have rank ", values->getRank());
  int64_t last = values->getRank() - 1;
  for (int64_t dim = 0; dim < last; ++dim)
    if (failed(inference.requireExtent(*positions, "positions", dim,
                                       values->getDimSize(dim),
                                       "that of values")))
      return failure();
  SmallVector<int64_t> shape(values->getShape());
  int64_t stored = shape.back();
  if (!isDynamic(stored)) {
    if (stored % n != 0)
      return inference.error(
          "values have ", stored,
          " elements a row, which is no multiple of n = ", n);
    if (llvm::MulOverflow(stored / n, m, shape.back()))
      return inference.error("the result's rows are too long");
    int64_t bits = 0;
    if (llvm::MulOverflow<int64_t>(stored, llvm::Log2_64_Ceil(m), bits))
      return inference.error("the rows of positions are too long");
    if (failed(inference.requireExtent(
            *positions, "positions", last,
            static_cast<int64_t>(llvm::divideCeil(bits, 8)),
            "the number of bytes of a row's positions")))
      return failure();
  }
  types.push_back(RankedTensorType::get(shape, values->getElementType()));
  return success();
}

LogicalResult ReshapeDecodeOp::inferReturnTypes(
    MLIRContext *context, std::optional<Location> location, Adaptor adaptor,
    SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto type = inference.getTensor(adaptor.getInput(), "input");
  if (failed(type))
    return failure();
  ArrayRef<int64_t> permutation = adaptor.getPermutation();
  SmallVector<int64_t> sorted(permutation);
  llvm::sort(sorted);
  if (sorted != llvm::to_vector(llvm::seq<int64_t>(0, type->getRank())))
    return inference.error(
        "permutation is no permutation of the input's dimensions");
  ArrayRef<int64_t> shape = adaptor.getShape();
  for (int64_t extent : shape)
    if (extent < 0)
      return inference.error("shape has the extent ", extent);
  if (!type->hasStaticShape())
    return inference.error("input must have a static shape, not ", *type);
  int64_t before = multiplyExtents(type->getShape());
  int64_t after = multiplyExtents(shape);
  if (before != after)
    return inference.error("cannot give ", before, " elements a shape of ",
                           after);
  types.push_back(RankedTensorType::get(shape, type->getElementType()));
  return success();
}

LogicalResult UnpackBitsOp::inferReturnTypes(MLIRContext *context,
                                             std::optional<Location> location,
                                             Adaptor adaptor,
                                             SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto input = inference.getTensor(adaptor.getInput(), "input", 1,
                                   std::numeric_limits<int64_t>::max());
  if (failed(input))
    return failure();
  if (!input->getElementType().isUnsignedInteger(8))
    return inference.error("input must have element type ui8, not ",
                           input->getElementType());
  Type to = adaptor.getTo();
  if (!isa<IntegerType, FloatType>(to) || to.getIntOrFloatBitWidth() >= 8)
    return inference.error("cannot unpack elements of type ", to,
                           ": they have no less than 8 bits");
  auto extent = static_cast<int64_t>(adaptor.getExtent());
  PackedRow layout(to.getIntOrFloatBitWidth(), extent);
  if (failed(inference.requireExtent(*input, "input", input->getRank() - 1,
                                     layout.getNumBytes(),
                                     "the number of bytes of a row")))
    return failure();
  SmallVector<int64_t> shape(input->getShape());
  shape.back() = extent;
  types.push_back(RankedTensorType::get(shape, to));
  return success();
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

OpOperand &DequantizeOp::getValuesOperand() { return getInputMutable(); }
OpOperand &CodebookDecodeOp::getValuesOperand() { return getCodesMutable(); }
OpOperand &SparseDecodeOp::getValuesOperand() { return getValuesMutable(); }
OpOperand &ReshapeDecodeOp::getValuesOperand() { return getInputMutable(); }
OpOperand &UnpackBitsOp::getValuesOperand() { return getInputMutable(); }

/// Data that the verifier has not seen in the place of operands (of tensors
/// that are open in the IR, say).
static LogicalResult verifyOperands(Operation *op,
                                    ArrayRef<TensorData> operands) {
  if (operands.size() != op->getNumOperands())
    return op->emitOpError("has ")
           << op->getNumOperands() << " operands, but data of "
           << operands.size();
  auto result = cast<RankedTensorType>(op->getResult(0).getType());
  if (!result.hasStaticShape())
    return op->emitOpError("cannot be decoded: its shape is open");
  for (auto [data, type] : llvm::zip_equal(operands, op->getOperandTypes()))
    if (data.getType() != type)
      return op->emitOpError("has an operand of type ")
             << type << ", but data of type " << data.getType();
  return success();
}

/// Calls `visit` with every element's number and the number of its block.
static void forEachBlock(RankedTensorType type, ArrayRef<int64_t> block,
                         ArrayRef<int64_t> blockStrides,
                         function_ref<void(int64_t, int64_t)> visit) {
  if (type.getNumElements() == 0)
    return;
  if (type.getRank() == 0)
    return visit(0, 0);
  // What an index along each dimension adds to the number of the block.
  SmallVector<std::vector<int64_t>> offsets;
  for (auto [extent, length, stride] :
       llvm::zip_equal(type.getShape(), block, blockStrides)) {
    std::vector<int64_t> &offset = offsets.emplace_back(extent, 0);
    for (int64_t i = 0; length != 0 && i < extent; ++i)
      offset[i] = i / length * stride;
  }
  SmallVector<int64_t> index(type.getRank(), 0);
  int64_t last = type.getRank() - 1;
  for (int64_t element = 0, e = type.getNumElements(); element < e;) {
    int64_t rowBlock = 0;
    for (int64_t dim = 0; dim < last; ++dim)
      rowBlock += offsets[dim][index[dim]];
    for (int64_t offset : offsets[last])
      visit(element++, rowBlock + offset);
    for (int64_t dim = last - 1;
         dim >= 0 && ++index[dim] == type.getDimSize(dim); --dim)
      index[dim] = 0;
  }
}

FailureOr<TensorData>
DequantizeOp::decodeConstants(ArrayRef<TensorData> operands) {
  if (failed(verifyOperands(*this, operands)))
    return failure();
  auto type = cast<RankedTensorType>(getType());
  const TensorData &input = operands[0], &scale = operands[1];
  const TensorData *zeroPoint = getZeroPoint() ? &operands[2] : nullptr;
  SmallVector<int64_t> strides = getStrides(scale.getType().getShape());
  if (type.getElementType().isF32()) {
    std::vector<float> values = input.toFloats(), scales = scale.toFloats();
    std::vector<float> zeros(scales.size(), 0);
    if (zeroPoint)
      zeros = zeroPoint->toFloats();
    forEachBlock(type, getBlock(), strides, [&](int64_t i, int64_t position) {
      values[i] = (values[i] - zeros[position]) * scales[position];
    });
    return TensorData::fromFloats(type, values);
  }

  // Every step rounds to the scale's type.
  auto round = [](RankedTensorType to, ArrayRef<double> values) {
    TensorData rounded = TensorData::fromDoubles(to, values);
    std::vector<double> result;
    for (int64_t i = 0, e = rounded.getNumElements(); i < e; ++i)
      result.push_back(rounded.getDouble(i));
    return result;
  };
  auto read = [&](const TensorData &data) {
    std::vector<double> values;
    for (int64_t i = 0, e = data.getNumElements(); i < e; ++i)
      values.push_back(data.getDouble(i));
    return round(
        cast<RankedTensorType>(data.getType().clone(type.getElementType())),
        values);
  };
  std::vector<double> values = read(input), scales = read(scale);
  if (zeroPoint) {
    std::vector<double> zeros = read(*zeroPoint);
    forEachBlock(type, getBlock(), strides, [&](int64_t i, int64_t position) {
      values[i] -= zeros[position];
    });
    values = round(type, values);
  }
  forEachBlock(type, getBlock(), strides, [&](int64_t i, int64_t position) {
    values[i] *= scales[position];
  });
  return TensorData::fromDoubles(type, values);
}

FailureOr<TensorData>
CodebookDecodeOp::decodeConstants(ArrayRef<TensorData> operands) {
  if (failed(verifyOperands(*this, operands)))
    return failure();
  auto type = cast<RankedTensorType>(getType());
  const TensorData &codes = operands[0], &table = operands[1];
  // Codes of at most 8 bits take a byte.
  int64_t width = TensorData::getElementBytes(type.getElementType());
  std::vector<char> bytes(TensorData::getNumBytes(type));
  char *to = bytes.data();
  for (char code : codes.getBytes()) {
    std::memcpy(to, table.getBytes().data() + uint8_t(code) * width, width);
    to += width;
  }
  return TensorData(type, std::move(bytes));
}

FailureOr<TensorData>
SparseDecodeOp::decodeConstants(ArrayRef<TensorData> operands) {
  if (failed(verifyOperands(*this, operands)))
    return failure();
  auto type = cast<RankedTensorType>(getType());
  const TensorData &values = operands[0], &positions = operands[1];
  auto n = static_cast<int64_t>(getN()), m = static_cast<int64_t>(getM());
  int64_t bits = llvm::Log2_64_Ceil(m);
  int64_t width = TensorData::getElementBytes(type.getElementType());
  int64_t stored = values.getType().getShape().back();
  int64_t rowBytes = positions.getType().getShape().back();
  int64_t rows = stored == 0 ? 0 : values.getNumElements() / stored;

  std::vector<char> bytes(TensorData::getNumBytes(type), 0);
  for (int64_t row = 0; row < rows; ++row) {
    const char *packed = positions.getBytes().data() + row * rowBytes;
    int64_t previous = -1;
    for (int64_t slot = 0; slot < stored; ++slot) {
      int64_t position = 0;
      for (int64_t bit = 0; bit < bits; ++bit) {
        int64_t at = slot * bits + bit;
        position |= static_cast<int64_t>(packed[at / 8] >> (at % 8) & 1) << bit;
      }
      if (slot % n == 0)
        previous = -1;
      if (position <= previous || position >= m)
        return emitOpError("cannot decode row ")
               << row << ": stored element " << slot << " has position "
               << position << " in its group of " << m
               << ", where positions are ascending";
      previous = position;
      int64_t column = slot / n * m + position;
      int64_t to = row * (stored / n * m) + column;
      std::memcpy(bytes.data() + to * width,
                  values.getBytes().data() + (row * stored + slot) * width,
                  width);
    }
  }
  return TensorData(type, std::move(bytes));
}

FailureOr<TensorData>
ReshapeDecodeOp::decodeConstants(ArrayRef<TensorData> operands) {
  if (failed(verifyOperands(*this, operands)))
    return failure();
  return permuteElements(operands[0], getPermutation(),
                         cast<RankedTensorType>(getType()));
}

FailureOr<TensorData>
UnpackBitsOp::decodeConstants(ArrayRef<TensorData> operands) {
  if (failed(verifyOperands(*this, operands)))
    return failure();
  return unpackRows(operands[0], cast<RankedTensorType>(getType()));
}

/// In f32, step by step as the lowering computes it.
OpFoldResult QuantizeOp::fold(FoldAdaptor adaptor) {
  RankedTensorType type = getFoldedType(getType());
  auto to = dyn_cast<IntegerType>(getTo());
  std::optional<TensorData> input = getFoldedData(adaptor.getInput()),
                            scale = getFoldedData(adaptor.getScale());
  if (!type || !to || to.getWidth() > 16 || !input || !scale ||
      input->getType().getShape() != type.getShape() ||
      !input->getElementType().isF32() || !scale->getElementType().isF32())
    return {};
  std::vector<float> values = input->toFloats(), scales = scale->toFloats();
  std::vector<float> zeros(scales.size(), 0);
  if (getZeroPoint()) {
    std::optional<TensorData> data = getFoldedData(adaptor.getZeroPoint());
    if (!data || data->getNumElements() != scale->getNumElements())
      return {};
    zeros = data->toFloats();
  }
  float lowest = to.isUnsigned() ? 0 : -std::ldexp(1.0f, to.getWidth() - 1);
  float highest = std::ldexp(1.0f, to.getWidth()) - 1 + lowest;
  std::vector<int64_t> codes(values.size());
  forEachBlock(type, getBlock(), getStrides(scale->getType().getShape()),
               [&](int64_t i, int64_t position) {
                 float code = std::nearbyint(values[i] / scales[position]) +
                              zeros[position];
                 // NaN becomes the lowest code.
                 code = code > lowest ? code : lowest;
                 codes[i] = static_cast<int64_t>(std::min(code, highest));
               });
  return TensorData::fromInts(type, codes).toAttr();
}
