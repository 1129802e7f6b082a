//===- Utils.cpp - Extents, checks and tensors of the lowerings -----------===//
#include "Utils.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "slim/IR/SlimOps.h"

using namespace slim;
using namespace slim::conversion;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

bool conversion::isUnsigned(Type type) {
  type = getElementTypeOrSelf(type);
  return type.isUnsignedInteger() || type.isInteger(1);
}

RankedTensorType conversion::getSignlessType(Type type) {
  auto tensorType = cast<RankedTensorType>(type);
  if (auto integer = dyn_cast<IntegerType>(tensorType.getElementType()))
    return tensorType.clone(
        IntegerType::get(type.getContext(), integer.getWidth()));
  return tensorType;
}

Type conversion::getComputeType(Type elementType) {
  auto floatType = dyn_cast<FloatType>(elementType);
  if (floatType && floatType.getWidth() < 32)
    return Float32Type::get(elementType.getContext());
  return elementType;
}

//===----------------------------------------------------------------------===//
// Extents
//===----------------------------------------------------------------------===//

OpFoldResult conversion::foldExtent(Value value) {
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return IntegerAttr::get(IndexType::get(value.getContext()),
                            constant.getSExtValue());
  return value;
}

/// The first argument of the function with a dimension of the name that
/// dimension `dim` of `argument` has, and that dimension.
static std::pair<BlockArgument, int64_t> resolveNamedDim(BlockArgument argument,
                                                         int64_t dim) {
  auto function = dyn_cast_if_present<FunctionOpInterface>(
      argument.getOwner()->getParentOp());
  if (!function || !argument.getOwner()->isEntryBlock())
    return {argument, dim};
  auto getName = [&](unsigned index, int64_t dim) -> StringRef {
    auto names =
        function.getArgAttrOfType<ArrayAttr>(index, SlimDialect::kDimNamesAttr);
    if (!names || dim >= static_cast<int64_t>(names.size()))
      return {};
    auto name = dyn_cast<StringAttr>(names[dim]);
    return name ? name.getValue() : StringRef();
  };
  StringRef name = getName(argument.getArgNumber(), dim);
  if (name.empty())
    return {argument, dim};
  for (BlockArgument other : argument.getOwner()->getArguments()) {
    auto type = dyn_cast<RankedTensorType>(other.getType());
    for (int64_t d = 0, rank = type ? type.getRank() : 0; d < rank; ++d)
      if (getName(other.getArgNumber(), d) == name)
        return {other, d};
  }
  return {argument, dim};
}

/// An extent that an op was made with, itself looked through where it is a
/// dimension of another tensor.
static OpFoldResult resolveExtent(OpBuilder &b, Location loc,
                                  OpFoldResult extent) {
  auto value = dyn_cast<Value>(extent);
  if (!value)
    return extent;
  if (auto dimOp = value.getDefiningOp<tensor::DimOp>())
    if (std::optional<int64_t> index = dimOp.getConstantIndex();
        index && isa<RankedTensorType>(dimOp.getSource().getType()) &&
        !isa<BlockArgument>(dimOp.getSource()))
      return getExtent(b, loc, dimOp.getSource(), *index);
  return foldExtent(value);
}

OpFoldResult conversion::getExtent(OpBuilder &b, Location loc, Value tensor,
                                   int64_t dim) {
  while (true) {
    auto type = cast<RankedTensorType>(tensor.getType());
    if (!type.isDynamicDim(dim))
      return b.getIndexAttr(type.getDimSize(dim));
    if (auto argument = dyn_cast<BlockArgument>(tensor)) {
      std::tie(argument, dim) = resolveNamedDim(argument, dim);
      tensor = argument;
      type = cast<RankedTensorType>(tensor.getType());
      if (!type.isDynamicDim(dim))
        return b.getIndexAttr(type.getDimSize(dim));
      break;
    }
    Operation *def = tensor.getDefiningOp();
    if (auto cast = dyn_cast<tensor::CastOp>(def)) {
      if (!isa<RankedTensorType>(cast.getSource().getType()))
        break;
      tensor = cast.getSource();
      continue;
    }
    if (auto cast = dyn_cast<UnrealizedConversionCastOp>(def)) {
      if (cast.getNumOperands() != 1 ||
          !isa<RankedTensorType>(cast.getOperand(0).getType()))
        break;
      tensor = cast.getOperand(0);
      continue;
    }
    if (auto op = dyn_cast<DestinationStyleOpInterface>(def)) {
      tensor = op.getTiedOpOperand(cast<OpResult>(tensor))->get();
      continue;
    }
    if (auto op = dyn_cast<AttentionOp>(def)) {
      tensor = dim == 3 ? op.getValue() : op.getQuery();
      continue;
    }
    if (auto op = dyn_cast<tensor::EmptyOp>(def))
      return resolveExtent(b, loc, op.getDynamicSize(dim));
    if (auto op = dyn_cast<tensor::GenerateOp>(def))
      return foldExtent(op.getDynamicExtents()[type.getDynamicDimIndex(dim)]);
    if (auto op = dyn_cast<tensor::SplatOp>(def))
      return foldExtent(op.getDynamicSizes()[type.getDynamicDimIndex(dim)]);
    if (auto op = dyn_cast<tensor::ExpandShapeOp>(def)) {
      OpFoldResult extent = op.getMixedOutputShape()[dim];
      if (auto value = dyn_cast<Value>(extent))
        return foldExtent(value);
      return extent;
    }
    if (auto op = dyn_cast<tensor::CollapseShapeOp>(def)) {
      SmallVector<OpFoldResult> factors;
      ReassociationIndices group = op.getReassociationIndices()[dim];
      for (int64_t d : group)
        factors.push_back(getExtent(b, loc, op.getSrc(), d));
      return mulExtents(b, loc, factors);
    }
    if (auto op = dyn_cast<tensor::ExtractSliceOp>(def)) {
      llvm::SmallBitVector dropped = op.getDroppedDims();
      int64_t kept = dim;
      for (auto [d, size] : llvm::enumerate(op.getMixedSizes()))
        if (!dropped.test(d) && kept-- == 0) {
          if (auto value = dyn_cast<Value>(size))
            return foldExtent(value);
          return size;
        }
      break;
    }
    if (auto op = dyn_cast<tensor::PadOp>(def)) {
      OpFoldResult extent = getExtent(b, loc, op.getSource(), dim);
      extent = addExtents(b, loc, extent, op.getMixedLowPad()[dim]);
      return addExtents(b, loc, extent, op.getMixedHighPad()[dim]);
    }
    if (auto op = dyn_cast<tensor::ReshapeOp>(def))
      return foldExtent(
          castToIndex(b, loc, extractElement(b, loc, op.getShape(), dim)));
    break;
  }
  return foldExtent(b.createOrFold<tensor::DimOp>(
      loc, tensor, arith::ConstantIndexOp::create(b, loc, dim)));
}

SmallVector<OpFoldResult> conversion::getExtents(OpBuilder &b, Location loc,
                                                 Value tensor) {
  SmallVector<OpFoldResult> extents;
  int64_t rank = cast<RankedTensorType>(tensor.getType()).getRank();
  for (int64_t dim = 0; dim < rank; ++dim)
    extents.push_back(getExtent(b, loc, tensor, dim));
  return extents;
}

Value conversion::getDimValue(OpBuilder &b, Location loc, Value tensor,
                              int64_t dim) {
  return toValue(b, loc, getExtent(b, loc, tensor, dim));
}

Value conversion::createIndex(OpBuilder &b, Location loc, int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}

Value conversion::toValue(OpBuilder &b, Location loc, OpFoldResult extent) {
  if (auto value = dyn_cast<Value>(extent))
    return value;
  return createIndex(b, loc, *getConstantIntValue(extent));
}

SmallVector<int64_t>
conversion::getStaticShape(ArrayRef<OpFoldResult> extents) {
  return llvm::map_to_vector(extents, [](OpFoldResult extent) {
    return getConstantIntValue(extent).value_or(ShapedType::kDynamic);
  });
}

/// How deep an integer expression is rewritten as one of indices.
static constexpr int kMaxIndexDepth = 8;

static Value castToIndexToDepth(OpBuilder &b, Location loc, Value integer,
                                int depth) {
  if (integer.getType().isIndex())
    return integer;
  if (auto cast = integer.getDefiningOp<arith::IndexCastOp>())
    if (cast.getIn().getType().isIndex())
      return cast.getIn();
  // An index has 64 bits: arithmetic on i64 is the same on indices.
  auto rebuild = [&](auto op) -> Value {
    using OpTy = decltype(op);
    Value lhs = castToIndexToDepth(b, loc, op.getLhs(), depth - 1);
    Value rhs = castToIndexToDepth(b, loc, op.getRhs(), depth - 1);
    return b.createOrFold<OpTy>(loc, lhs, rhs);
  };
  // Extents that the model keeps in fewer bits are not meant to wrap.
  Operation *def = integer.getDefiningOp();
  if (def && depth > 0 && isa<arith::TruncIOp, arith::ExtSIOp>(def) &&
      isNonNegative(integer))
    return castToIndexToDepth(b, loc, def->getOperand(0), depth - 1);
  if (def && depth > 0 &&
      (integer.getType().isInteger(64) || isNonNegative(integer))) {
    if (auto op = dyn_cast<arith::AddIOp>(def))
      return rebuild(op);
    if (auto op = dyn_cast<arith::SubIOp>(def))
      return rebuild(op);
    if (auto op = dyn_cast<arith::MulIOp>(def))
      return rebuild(op);
    if (auto op = dyn_cast<arith::DivSIOp>(def))
      return rebuild(op);
    if (auto op = dyn_cast<arith::MaxSIOp>(def))
      return rebuild(op);
    if (auto op = dyn_cast<arith::MinSIOp>(def))
      return rebuild(op);
    if (auto op = dyn_cast<arith::SelectOp>(def))
      return b.createOrFold<arith::SelectOp>(
          loc, op.getCondition(),
          castToIndexToDepth(b, loc, op.getTrueValue(), depth - 1),
          castToIndexToDepth(b, loc, op.getFalseValue(), depth - 1));
  }
  return b.createOrFold<arith::IndexCastOp>(loc, b.getIndexType(), integer);
}

Value conversion::castToIndex(OpBuilder &b, Location loc, Value integer) {
  return castToIndexToDepth(b, loc, integer, kMaxIndexDepth);
}

Value conversion::castFromIndex(OpBuilder &b, Location loc, Value index,
                                Type type) {
  if (index.getType() == type)
    return index;
  if (auto cast = index.getDefiningOp<arith::IndexCastOp>())
    if (cast.getIn().getType() == type)
      return cast.getIn();
  return b.createOrFold<arith::IndexCastOp>(loc, type, index);
}

Value conversion::extractElement(OpBuilder &b, Location loc, Value tensor,
                                 int64_t index) {
  while (auto cast = tensor.getDefiningOp<tensor::CastOp>()) {
    if (!isa<RankedTensorType>(cast.getSource().getType()))
      break;
    tensor = cast.getSource();
  }
  SmallVector<Value> indices;
  if (cast<RankedTensorType>(tensor.getType()).getRank() == 1)
    indices.push_back(createIndex(b, loc, index));
  return b.createOrFold<tensor::ExtractOp>(loc, tensor, indices);
}

SmallVector<OpFoldResult>
conversion::getIndexElements(OpBuilder &b, Location loc, Value tensor) {
  SmallVector<OpFoldResult> elements;
  int64_t count = cast<RankedTensorType>(tensor.getType()).getNumElements();
  for (int64_t i = 0; i < count; ++i)
    elements.push_back(
        foldExtent(castToIndex(b, loc, extractElement(b, loc, tensor, i))));
  return elements;
}

//===----------------------------------------------------------------------===//
// Runtime checks
//===----------------------------------------------------------------------===//

/// The name of the node that the op comes from, or nothing.
static StringRef findNodeName(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc))
    return name.getName();
  if (auto call = dyn_cast<CallSiteLoc>(loc))
    return findNodeName(call.getCallee());
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      if (StringRef name = findNodeName(part); !name.empty())
        return name;
  return {};
}

void conversion::emitCheck(OpBuilder &b, Location loc, Operation *op,
                           Value condition, const Twine &what) {
  if (matchPattern(condition, m_One()))
    return;
  std::string message = op->getName().stripDialect().str();
  StringRef name = findNodeName(op->getLoc());
  if (!name.empty())
    message += " '" + name.str() + "'";
  message += ": " + what.str();
  cf::AssertOp::create(b, loc, condition, b.getStringAttr(message));
}

void conversion::emitEqualExtentsCheck(OpBuilder &b, Location loc,
                                       Operation *op, OpFoldResult lhs,
                                       OpFoldResult rhs, const Twine &what) {
  if (areEqual(lhs, rhs))
    return;
  Value equal = compareExtents(b, loc, arith::CmpIPredicate::eq, lhs, rhs);
  emitCheck(b, loc, op, equal, what);
}
