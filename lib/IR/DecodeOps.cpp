//===- DecodeOps.cpp - Decoding of compressed weights ---------------------===//

#include "Inference.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "slim/IR/OpSupport.h"
#include "slim/IR/SlimOps.h"
#include "llvm/Support/MathExtras.h"

using namespace slim;
using namespace slim::detail;

//===----------------------------------------------------------------------===//
// Blocks of scales
//===----------------------------------------------------------------------===//

/// The extent of scales along a dimension of extent `extent`.
static int64_t getScaleExtent(int64_t extent, int64_t block) {
  if (block == 0)
    return 1;
  return isDynamic(extent) ? extent : llvm::divideCeil(extent, block);
}

/// Checks `block`, the scale's shape and the zero point.
static LogicalResult verifyBlocks(const Inference &inference,
                                  RankedTensorType input,
                                  ArrayRef<int64_t> block,
                                  RankedTensorType scale, Value zeroPoint,
                                  Type codeType) {
  int64_t rank = input.getRank();
  if (int64_t(block.size()) != rank)
    return inference.error("has a block of ", block.size(),
                           " extents for an input of rank ", rank);
  if (scale.getRank() != rank)
    return inference.error("has a scale of rank ", scale.getRank(),
                           " for an input of rank ", rank);
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (block[dim] < 0)
      return inference.error("has a negative block extent ", block[dim]);
    if (failed(inference.requireExtent(
            scale, "scale", dim,
            getScaleExtent(input.getDimSize(dim), block[dim]),
            "the number of blocks")))
      return failure();
  }
  if (!zeroPoint)
    return success();
  auto zeroType = dyn_cast<RankedTensorType>(zeroPoint.getType());
  if (!zeroType || zeroType.getElementType() != codeType)
    return inference.error("has a zero point of type ", zeroPoint.getType(),
                           " for codes of type ", codeType);
  if (failed(verifyCompatibleShape(zeroType, scale)))
    return inference.error("has a zero point of type ", zeroType,
                           " that does not match the scale's type ", scale);
  return success();
}

/// The row-major index of the block of element `index` of `shape`.
static int64_t getBlockIndex(int64_t index, ArrayRef<int64_t> shape,
                             ArrayRef<int64_t> block) {
  int64_t result = 0, stride = 1;
  for (int64_t dim = int64_t(shape.size()) - 1; dim >= 0; --dim) {
    int64_t position = index % shape[dim];
    index /= shape[dim];
    if (block[dim] == 0)
      continue;
    result += position / block[dim] * stride;
    stride *= llvm::divideCeil(shape[dim], block[dim]);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// DequantizeOp
//===----------------------------------------------------------------------===//

LogicalResult DequantizeOp::inferReturnTypes(MLIRContext *,
                                             std::optional<Location> location,
                                             Adaptor adaptor,
                                             SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto input = inference.getTensor(adaptor.getInput(), "input");
  auto scale = inference.getTensor(adaptor.getScale(), "scale");
  if (failed(input) || failed(scale) ||
      failed(verifyBlocks(inference, *input, adaptor.getBlock(), *scale,
                          adaptor.getZeroPoint(), input->getElementType())))
    return failure();
  Type code = input->getElementType(), result = scale->getElementType();
  if (isa<FloatType>(code) && code != result &&
      code.getIntOrFloatBitWidth() >= result.getIntOrFloatBitWidth())
    return inference.error("computes in ", result, ", which does not hold ",
                           code, " codes");
  types.push_back(RankedTensorType::get(input->getShape(), result));
  return success();
}

OpOperand &DequantizeOp::getValuesOperand() { return getInputMutable(); }

FailureOr<TensorData>
DequantizeOp::decodeConstants(ArrayRef<TensorData> operands) {
  std::vector<float> input = operands[0].toFloats();
  std::vector<float> scale = operands[1].toFloats();
  std::vector<float> zero;
  if (getZeroPoint())
    zero = operands[2].toFloats();
  ArrayRef<int64_t> shape = operands[0].getType().getShape();
  // Codes and scales have so few bits that fp32 is exact for narrower scales
  // and rounds once for its own.
  for (auto [index, value] : llvm::enumerate(input)) {
    int64_t block = getBlockIndex(index, shape, getBlock());
    value = (zero.empty() ? value : value - zero[block]) * scale[block];
  }
  auto type =
      RankedTensorType::get(shape, operands[1].getType().getElementType());
  return TensorData::fromFloats(type, input);
}

FailureOr<Value> DequantizeOp::buildDecode(OpBuilder &builder,
                                           ValueRange operands) {
  Location loc = getLoc();
  auto inputType = cast<RankedTensorType>(operands[0].getType());
  Type resultElement = getElementTypeOrSelf(operands[1].getType());
  int64_t rank = inputType.getRank();
  SmallVector<AffineExpr> blocks;
  for (auto [dim, extent] : llvm::enumerate(getBlock()))
    blocks.push_back(extent == 0
                         ? builder.getAffineConstantExpr(0)
                         : builder.getAffineDimExpr(dim).floorDiv(extent));
  AffineMap identity = builder.getMultiDimIdentityMap(rank);
  AffineMap blockMap = AffineMap::get(rank, 0, blocks, builder.getContext());
  SmallVector<AffineMap> maps(operands.size(), blockMap);
  maps.front() = identity;
  maps.push_back(identity);

  SmallVector<OpFoldResult> extents =
      tensor::getMixedSizes(builder, loc, operands[0]);
  Value init = tensor::EmptyOp::create(builder, loc, extents, resultElement);
  bool isUnsigned =
      getElementTypeOrSelf(getInput().getType()).isUnsignedInteger();
  auto toFloat = [&](OpBuilder &b, Value code) -> Value {
    Type type = code.getType();
    if (type == resultElement)
      return code;
    if (isa<FloatType>(type))
      return arith::ExtFOp::create(b, loc, resultElement, code);
    if (isUnsigned)
      return arith::UIToFPOp::create(b, loc, resultElement, code);
    return arith::SIToFPOp::create(b, loc, resultElement, code);
  };
  auto generic = linalg::GenericOp::create(
      builder, loc, init.getType(), operands, init, maps,
      SmallVector<utils::IteratorType>(rank, utils::IteratorType::parallel),
      [&](OpBuilder &b, Location, ValueRange args) {
        Value value = toFloat(b, args[0]);
        if (operands.size() == 3)
          value = arith::SubFOp::create(b, loc, value, toFloat(b, args[2]));
        value = arith::MulFOp::create(b, loc, value, args[1]);
        linalg::YieldOp::create(b, loc, value);
      });
  return generic.getResult(0);
}

//===----------------------------------------------------------------------===//
// SparseDecodeOp
//===----------------------------------------------------------------------===//

/// Largest extent of a group: a position takes at most a byte.
static constexpr int64_t kMaxGroup = 256;

static int64_t getPositionBytes(int64_t values, int64_t m) {
  return llvm::divideCeil(values * llvm::Log2_64_Ceil(m), 8);
}

LogicalResult SparseDecodeOp::inferReturnTypes(MLIRContext *,
                                               std::optional<Location> location,
                                               Adaptor adaptor,
                                               SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  constexpr int64_t anyRank = std::numeric_limits<int64_t>::max();
  auto values = inference.getTensor(adaptor.getValues(), "values", 1, anyRank);
  auto positions =
      inference.getTensor(adaptor.getPositions(), "positions", 1, anyRank);
  if (failed(values) || failed(positions))
    return failure();
  int64_t n = adaptor.getN(), m = adaptor.getM();
  if (n < 1 || n > m || m > kMaxGroup)
    return inference.error("needs 1 <= n <= m <= ", kMaxGroup, ", not n = ", n,
                           " and m = ", m);
  if (!positions->getElementType().isUnsignedInteger(8))
    return inference.error("has positions of type ", *positions,
                           ", not of element type 'ui8'");
  int64_t rank = values->getRank();
  if (positions->getRank() != rank)
    return inference.error("has positions of rank ", positions->getRank(),
                           " for values of rank ", rank);
  for (int64_t dim = 0; dim < rank - 1; ++dim)
    if (failed(inference.requireExtent(*positions, "positions", dim,
                                       values->getDimSize(dim),
                                       "the extent of values")))
      return failure();
  SmallVector<int64_t> shape(values->getShape());
  int64_t stored = shape.back();
  if (!isDynamic(stored)) {
    if (stored % n != 0)
      return inference.error("has rows of ", stored,
                             " values, which is not a multiple of n = ", n);
    if (failed(inference.requireExtent(*positions, "positions", rank - 1,
                                       getPositionBytes(stored, m),
                                       "the bytes of a row's positions")))
      return failure();
    if (llvm::MulOverflow(stored / n, m, shape.back()))
      return inference.error("has too large a result");
  }
  types.push_back(RankedTensorType::get(shape, values->getElementType()));
  return success();
}

OpOperand &SparseDecodeOp::getValuesOperand() { return getValuesMutable(); }

FailureOr<TensorData>
SparseDecodeOp::decodeConstants(ArrayRef<TensorData> operands) {
  const TensorData &values = operands[0];
  int64_t n = getN(), m = getM();
  int64_t stored = values.getType().getShape().back();
  int64_t elementBytes = TensorData::getElementBytes(values.getElementType());
  SmallVector<int64_t> shape(values.getType().getShape());
  shape.back() = stored / n * m;
  auto type = RankedTensorType::get(shape, values.getElementType());
  std::vector<char> result(TensorData::getNumBytes(type), 0);

  unsigned width = llvm::Log2_64_Ceil(m);
  ArrayRef<char> positions = operands[1].getBytes();
  int64_t positionBytes = getPositionBytes(stored, m);
  int64_t rows = stored ? values.getType().getNumElements() / stored : 0;
  for (int64_t row = 0; row < rows; ++row) {
    const char *rowPositions = positions.data() + row * positionBytes;
    int64_t previous = -1;
    for (int64_t i = 0; i < stored; ++i) {
      int64_t position = 0;
      for (unsigned bit = 0; bit < width; ++bit) {
        int64_t offset = i * width + bit;
        position |= int64_t(rowPositions[offset / 8] >> (offset % 8) & 1)
                    << bit;
      }
      if (i % n == 0)
        previous = -1;
      if (position <= previous || position >= m)
        return failure();
      previous = position;
      int64_t target = row * shape.back() + i / n * m + position;
      std::copy_n(values.getBytes().data() + (row * stored + i) * elementBytes,
                  elementBytes, result.data() + target * elementBytes);
    }
  }
  return TensorData(type, std::move(result));
}

FailureOr<Value> SparseDecodeOp::buildDecode(OpBuilder &builder,
                                             ValueRange operands) {
  Location loc = getLoc();
  auto valuesType = cast<RankedTensorType>(operands[0].getType());
  auto positionsType = cast<RankedTensorType>(operands[1].getType());
  if (!valuesType.hasStaticShape())
    return failure();
  int64_t n = getN(), m = getM(), rank = valuesType.getRank();
  int64_t width = llvm::Log2_64_Ceil(m);
  int64_t lastByte = positionsType.getShape().back() - 1;
  SmallVector<int64_t> shape(valuesType.getShape());
  shape.back() = shape.back() / n * m;
  Value init =
      tensor::EmptyOp::create(builder, loc, shape, valuesType.getElementType());
  // Each element of the result looks for itself among its group's positions.
  auto generic = linalg::GenericOp::create(
      builder, loc, init.getType(), ValueRange(), init,
      builder.getMultiDimIdentityMap(rank),
      SmallVector<utils::IteratorType>(rank, utils::IteratorType::parallel),
      [&](OpBuilder &b, Location, ValueRange) {
        auto index = [&](int64_t value) -> Value {
          return arith::ConstantIndexOp::create(b, loc, value);
        };
        auto integer = [&](int64_t value) -> Value {
          return arith::ConstantIntOp::create(b, loc, value, 32);
        };
        SmallVector<Value> indices;
        for (int64_t dim = 0; dim < rank; ++dim)
          indices.push_back(linalg::IndexOp::create(b, loc, dim));
        Value column = indices.back();
        Value group = arith::DivUIOp::create(b, loc, column, index(m));
        Value own = arith::RemUIOp::create(b, loc, column, index(m));
        own = arith::IndexCastOp::create(b, loc, b.getI32Type(), own);
        Value first = arith::MulIOp::create(b, loc, group, index(n));
        Value result = arith::ConstantOp::create(
            b, loc, b.getZeroAttr(valuesType.getElementType()));
        auto extractByte = [&](Value byte) -> Value {
          indices.back() = byte;
          Value bits = tensor::ExtractOp::create(b, loc, operands[1], indices);
          return arith::ExtUIOp::create(b, loc, b.getI32Type(), bits);
        };
        for (int64_t i = 0; i < n; ++i) {
          Value stored = arith::AddIOp::create(b, loc, first, index(i));
          Value position = integer(0);
          if (width > 0) {
            Value offset = arith::MulIOp::create(b, loc, stored, index(width));
            Value byte = arith::DivUIOp::create(b, loc, offset, index(8));
            Value shift = arith::RemUIOp::create(b, loc, offset, index(8));
            shift = arith::IndexCastOp::create(b, loc, b.getI32Type(), shift);
            Value bits = extractByte(byte);
            if (8 % width != 0) {
              // A position may continue in the next byte.
              Value next = arith::AddIOp::create(b, loc, byte, index(1));
              next = arith::MinUIOp::create(b, loc, next, index(lastByte));
              Value high =
                  arith::ShLIOp::create(b, loc, extractByte(next), integer(8));
              bits = arith::OrIOp::create(b, loc, bits, high);
            }
            bits = arith::ShRUIOp::create(b, loc, bits, shift);
            position =
                arith::AndIOp::create(b, loc, bits, integer((1 << width) - 1));
          }
          Value hit = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                            position, own);
          indices.back() = stored;
          Value value = tensor::ExtractOp::create(b, loc, operands[0], indices);
          result = arith::SelectOp::create(b, loc, hit, value, result);
        }
        linalg::YieldOp::create(b, loc, result);
      });
  return generic.getResult(0);
}

//===----------------------------------------------------------------------===//
// ReshapeDecodeOp
//===----------------------------------------------------------------------===//

LogicalResult ReshapeDecodeOp::inferReturnTypes(
    MLIRContext *, std::optional<Location> location, Adaptor adaptor,
    SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto input = inference.getTensor(adaptor.getInput(), "input");
  if (failed(input))
    return failure();
  if (!input->hasStaticShape())
    return inference.error("has an input of dynamic shape ", *input);
  ArrayRef<int64_t> permutation = adaptor.getPermutation();
  SmallVector<int64_t> sorted(permutation);
  llvm::sort(sorted);
  if (!llvm::equal(sorted, llvm::seq<int64_t>(0, input->getRank())))
    return inference.error("has a permutation that does not name each of the ",
                           input->getRank(), " dimensions of its input once");
  ArrayRef<int64_t> shape = adaptor.getShape();
  for (int64_t extent : shape)
    if (extent < 0)
      return inference.error("has a negative extent ", extent);
  if (multiplyExtents(shape) != multiplyExtents(input->getShape()))
    return inference.error("cannot give the elements of ", *input,
                           " the shape of ", multiplyExtents(shape),
                           " elements");
  types.push_back(RankedTensorType::get(shape, input->getElementType()));
  return success();
}

OpOperand &ReshapeDecodeOp::getValuesOperand() { return getInputMutable(); }

FailureOr<TensorData>
ReshapeDecodeOp::decodeConstants(ArrayRef<TensorData> operands) {
  const TensorData &input = operands[0];
  ArrayRef<int64_t> inputShape = input.getType().getShape();
  int64_t rank = inputShape.size();
  ArrayRef<int64_t> permutation = getPermutation();
  SmallVector<int64_t> strides(rank, 1);
  for (int64_t dim = rank - 2; dim >= 0; --dim)
    strides[dim] = strides[dim + 1] * inputShape[dim + 1];
  int64_t elementBytes = TensorData::getElementBytes(input.getElementType());
  auto type = RankedTensorType::get(getShape(), input.getElementType());
  std::vector<char> result(TensorData::getNumBytes(type));
  for (int64_t i = 0, e = type.getNumElements(); i < e; ++i) {
    int64_t rest = i, source = 0;
    for (int64_t dim = rank - 1; dim >= 0; --dim) {
      source += rest % inputShape[permutation[dim]] * strides[permutation[dim]];
      rest /= inputShape[permutation[dim]];
    }
    std::copy_n(input.getBytes().data() + source * elementBytes, elementBytes,
                result.data() + i * elementBytes);
  }
  return TensorData(type, std::move(result));
}

FailureOr<Value> ReshapeDecodeOp::buildDecode(OpBuilder &builder,
                                              ValueRange operands) {
  Location loc = getLoc();
  Value value = operands[0];
  auto type = cast<RankedTensorType>(value.getType());
  ArrayRef<int64_t> permutation = getPermutation();
  if (!llvm::is_sorted(permutation)) {
    SmallVector<int64_t> permuted;
    for (int64_t dim : permutation)
      permuted.push_back(type.getDimSize(dim));
    Value init =
        tensor::EmptyOp::create(builder, loc, permuted, type.getElementType());
    value = linalg::TransposeOp::create(builder, loc, value, init, permutation)
                ->getResult(0);
    type = cast<RankedTensorType>(value.getType());
  }
  auto resultType = RankedTensorType::get(getShape(), type.getElementType());
  if (type == resultType)
    return value;
  // All dimensions into one, and that into the new ones.
  if (type.getRank() != 1) {
    SmallVector<ReassociationIndices> all;
    if (type.getRank() > 1)
      all.push_back(llvm::to_vector<2>(llvm::seq<int64_t>(0, type.getRank())));
    if (type.getRank() > 1)
      value = tensor::CollapseShapeOp::create(builder, loc, value, all);
    else
      value = tensor::ExpandShapeOp::create(
          builder, loc, RankedTensorType::get({1}, type.getElementType()),
          value, all);
  }
  if (resultType.getRank() == 1)
    return value;
  if (resultType.getRank() == 0)
    return Value(tensor::CollapseShapeOp::create(
        builder, loc, resultType, value, ArrayRef<ReassociationIndices>()));
  ReassociationIndices dims =
      llvm::to_vector<2>(llvm::seq<int64_t>(0, resultType.getRank()));
  return Value(tensor::ExpandShapeOp::create(
      builder, loc, resultType, value, ArrayRef<ReassociationIndices>(dims)));
}

//===----------------------------------------------------------------------===//
// Quantized activations
//===----------------------------------------------------------------------===//

LogicalResult QuantizeOp::inferReturnTypes(MLIRContext *,
                                           std::optional<Location> location,
                                           Adaptor adaptor,
                                           SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto input = inference.getTensor(adaptor.getInput(), "input");
  auto scale = inference.getTensor(adaptor.getScale(), "scale");
  if (failed(input) || failed(scale))
    return failure();
  Type to = adaptor.getTo();
  if (!to.isIntOrFloat())
    return inference.error("cannot quantize to ", to);
  if (failed(verifyBlocks(inference, *input, adaptor.getBlock(), *scale,
                          adaptor.getZeroPoint(), to)))
    return failure();
  types.push_back(RankedTensorType::get(input->getShape(), to));
  return success();
}

LogicalResult DynamicQuantizeOp::inferReturnTypes(
    MLIRContext *context, std::optional<Location> location, Adaptor adaptor,
    SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto input = inference.getTensor(adaptor.getInput(), "input");
  if (failed(input))
    return failure();
  SmallVector<int64_t> shape(input->getRank(), 1);
  if (adaptor.getPerRow() && !shape.empty()) {
    shape.assign(input->getShape().begin(), input->getShape().end());
    shape.back() = 1;
  }
  Type code = IntegerType::get(context, 8, IntegerType::Unsigned);
  types.push_back(RankedTensorType::get(input->getShape(), code));
  types.push_back(RankedTensorType::get(shape, input->getElementType()));
  types.push_back(RankedTensorType::get(shape, code));
  return success();
}
