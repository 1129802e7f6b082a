//===- DecodeLowering.cpp - Decoding by linalg, tensor and arith ----------===//
//
// The reference form of decoding: an element of the result is computed from
// elements of the operands, so that the loops fuse with whatever reads them.
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "slim/IR/PackedBits.h"
#include "slim/IR/SlimOps.h"
#include "llvm/Support/MathExtras.h"

using namespace slim;

/// The values of all codes of a float type of at most 8 bits, in `resultType`:
/// no processor that slim compiles for widens all of these types.
static Value buildTable(OpBuilder &builder, Location loc, Type codeType,
                        Type resultType) {
  int64_t count = int64_t(1) << codeType.getIntOrFloatBitWidth();
  std::vector<char> codes;
  for (int64_t code = 0; code < count; ++code)
    codes.push_back(static_cast<char>(code));
  TensorData all(RankedTensorType::get({count}, codeType), std::move(codes));
  TensorData values = TensorData::fromFloats(
      RankedTensorType::get({count}, resultType), all.toFloats());
  return arith::ConstantOp::create(builder, loc, values.toAttr());
}

static Value lookUp(OpBuilder &builder, Location loc, Value table, Value code) {
  Type bits = builder.getIntegerType(code.getType().getIntOrFloatBitWidth());
  Value index = builder.createOrFold<arith::BitcastOp>(loc, bits, code);
  index =
      arith::IndexCastUIOp::create(builder, loc, builder.getIndexType(), index);
  return tensor::ExtractOp::create(builder, loc, table, index);
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
  // The zero point has the codes' type and so their table.
  llvm::SmallDenseMap<Type, Value> tables;
  if (isa<FloatType>(inputType.getElementType()) &&
      inputType.getElementTypeBitWidth() <= 8)
    tables[inputType.getElementType()] =
        buildTable(builder, loc, inputType.getElementType(), resultElement);
  auto toFloat = [&](OpBuilder &b, Value code) -> Value {
    Type type = code.getType();
    if (type == resultElement)
      return code;
    if (Value table = tables.lookup(type))
      return lookUp(b, loc, table, code);
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

FailureOr<Value> CodebookDecodeOp::buildDecode(OpBuilder &builder,
                                               ValueRange operands) {
  Location loc = getLoc();
  auto codesType = cast<RankedTensorType>(operands[0].getType());
  Type elementType = getElementTypeOrSelf(operands[1].getType());
  int64_t rank = codesType.getRank();
  Value init = tensor::EmptyOp::create(
      builder, loc, tensor::getMixedSizes(builder, loc, operands[0]),
      elementType);
  auto generic = linalg::GenericOp::create(
      builder, loc, init.getType(), operands[0], init,
      SmallVector<AffineMap>(2, builder.getMultiDimIdentityMap(rank)),
      SmallVector<utils::IteratorType>(rank, utils::IteratorType::parallel),
      [&](OpBuilder &b, Location, ValueRange args) {
        linalg::YieldOp::create(b, loc, lookUp(b, loc, operands[1], args[0]));
      });
  return generic.getResult(0);
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

/// The elements of which `bytes` hold the bits that `pieces` name, as bytes.
static Value joinPieces(OpBuilder &builder, Location loc, ValueRange bytes,
                        ArrayRef<PackedRow::Piece> pieces) {
  int64_t rank = cast<RankedTensorType>(bytes.front().getType()).getRank();
  Value init = tensor::EmptyOp::create(
      builder, loc, tensor::getMixedSizes(builder, loc, bytes.front()),
      builder.getI8Type());
  SmallVector<AffineMap> maps(bytes.size() + 1,
                              builder.getMultiDimIdentityMap(rank));
  auto generic = linalg::GenericOp::create(
      builder, loc, init.getType(), bytes, init, maps,
      SmallVector<utils::IteratorType>(rank, utils::IteratorType::parallel),
      [&](OpBuilder &b, Location, ValueRange args) {
        auto constant = [&](unsigned value) -> Value {
          return arith::ConstantIntOp::create(b, loc, b.getI8Type(), value);
        };
        Value joined;
        for (auto [value, piece] : llvm::zip_equal(args.drop_back(), pieces)) {
          Value part = value;
          if (piece.shift > 0)
            part = arith::ShRUIOp::create(b, loc, part, constant(piece.shift));
          if (piece.shift + piece.bits < 8)
            part = arith::AndIOp::create(b, loc, part,
                                         constant((1u << piece.bits) - 1));
          if (piece.below > 0)
            part = arith::ShLIOp::create(b, loc, part, constant(piece.below));
          joined = joined ? arith::OrIOp::create(b, loc, joined, part) : part;
        }
        linalg::YieldOp::create(b, loc, joined);
      });
  return generic.getResult(0);
}

FailureOr<Value> UnpackBitsOp::buildDecode(OpBuilder &builder,
                                           ValueRange operands) {
  Location loc = getLoc();
  Value input = operands[0];
  int64_t rank = cast<RankedTensorType>(input.getType()).getRank();
  auto extent = static_cast<int64_t>(getExtent());
  PackedRow layout(getTo().getIntOrFloatBitWidth(), extent);
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, input);
  SmallVector<OpFoldResult> offsets(rank, builder.getIndexAttr(0));
  SmallVector<OpFoldResult> steps(rank, builder.getIndexAttr(1));
  sizes.back() = builder.getIndexAttr(extent);
  Value bytes =
      tensor::EmptyOp::create(builder, loc, sizes, builder.getI8Type());
  for (int64_t run = 0; run < layout.getNumRuns(); ++run) {
    if (layout.getRunExtent(run) == 0)
      break;
    sizes.back() = builder.getIndexAttr(layout.getRunExtent(run));
    SmallVector<PackedRow::Piece> pieces = layout.getPieces(run);
    SmallVector<Value> parts;
    for (const PackedRow::Piece &piece : pieces) {
      offsets.back() = builder.getIndexAttr(piece.offset);
      parts.push_back(tensor::ExtractSliceOp::create(builder, loc, input,
                                                     offsets, sizes, steps));
    }
    offsets.back() = builder.getIndexAttr(layout.getRunBegin(run));
    bytes = tensor::InsertSliceOp::create(
        builder, loc, joinPieces(builder, loc, parts, pieces), bytes, offsets,
        sizes, steps);
  }

  // As elements of their type, which whatever reads them does on its way.
  Type type = getTo();
  Type bits = builder.getIntegerType(type.getIntOrFloatBitWidth());
  Type element = isa<FloatType>(type) ? type : bits;
  Value init = tensor::EmptyOp::create(
      builder, loc, tensor::getMixedSizes(builder, loc, bytes), element);
  AffineMap identity = builder.getMultiDimIdentityMap(rank);
  auto generic = linalg::GenericOp::create(
      builder, loc, init.getType(), bytes, init,
      ArrayRef<AffineMap>{identity, identity},
      SmallVector<utils::IteratorType>(rank, utils::IteratorType::parallel),
      [&](OpBuilder &b, Location, ValueRange args) {
        Value value = arith::TruncIOp::create(b, loc, bits, args[0]);
        value = b.createOrFold<arith::BitcastOp>(loc, element, value);
        linalg::YieldOp::create(b, loc, value);
      });
  return generic.getResult(0);
}
