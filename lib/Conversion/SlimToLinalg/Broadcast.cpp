//===- Broadcast.cpp - Broadcasting with extents of the run ---------------===//
//
// Where types leave open whether a dimension stretches, the run decides: the
// operand is expanded in an scf.if, which canonicalization removes when its
// extent and the result's turn out to be one value.
//
//===----------------------------------------------------------------------===//
#include "Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace slim;
using namespace slim::conversion;

/// The extent of a result dimension whose operands have `extents` (those that
/// are statically 1 left out) and of which the declared type says `declared`.
static OpFoldResult combineExtents(OpBuilder &b, Location loc,
                                   ArrayRef<OpFoldResult> extents,
                                   int64_t declared) {
  if (!ShapedType::isDynamic(declared))
    return b.getIndexAttr(declared);
  OpFoldResult one = b.getIndexAttr(1), result = one;
  for (OpFoldResult extent : extents)
    if (getConstantIntValue(extent))
      return extent;
  for (OpFoldResult extent : extents) {
    if (isConstantIntValue(result, 1) || areEqual(result, extent) ||
        isCutOf(result, extent)) {
      result = extent;
      continue;
    }
    if (isCutOf(extent, result))
      continue;
    Value isOne = compareExtents(b, loc, arith::CmpIPredicate::eq, result, one);
    result = foldExtent(b.createOrFold<arith::SelectOp>(
        loc, isOne, toValue(b, loc, extent), toValue(b, loc, result)));
  }
  return result;
}

/// Expands the dimensions `dims` of `operand` to `extents` (one a dimension of
/// the operand) if they are not those already.
static Value stretch(OpBuilder &b, Location loc, Value operand,
                     ArrayRef<int64_t> dims, ArrayRef<OpFoldResult> extents) {
  auto type = cast<RankedTensorType>(operand.getType());
  SmallVector<OpFoldResult> newExtents = getExtents(b, loc, operand);
  SmallVector<OpFoldResult> oldExtents = newExtents;
  Value differs;
  for (int64_t dim : dims) {
    newExtents[dim] = extents[dim];
    Value dimDiffers = compareExtents(b, loc, arith::CmpIPredicate::ne,
                                      oldExtents[dim], extents[dim]);
    differs = differs ? b.createOrFold<arith::OrIOp>(loc, differs, dimDiffers)
                      : dimDiffers;
  }
  auto newType =
      RankedTensorType::get(getStaticShape(newExtents), type.getElementType());
  auto expandOperand = [&](OpBuilder &b, Location loc) {
    Value zero = createIndex(b, loc, 0);
    SmallVector<Value> isOne(type.getRank());
    for (int64_t dim : dims)
      isOne[dim] = compareExtents(b, loc, arith::CmpIPredicate::eq,
                                  oldExtents[dim], b.getIndexAttr(1));
    Value result = createParallelGeneric(
        b, loc, newExtents, type.getElementType(), {}, {},
        [&](OpBuilder &b, Location loc, ValueRange) -> Value {
          SmallVector<Value> indices;
          for (int64_t dim = 0; dim < type.getRank(); ++dim) {
            Value index = linalg::IndexOp::create(b, loc, dim);
            if (isOne[dim])
              index = arith::SelectOp::create(b, loc, isOne[dim], zero, index);
            indices.push_back(index);
          }
          return tensor::ExtractOp::create(b, loc, operand, indices);
        });
    scf::YieldOp::create(b, loc, castTensor(b, loc, result, newType));
  };
  auto keepOperand = [&](OpBuilder &b, Location loc) {
    scf::YieldOp::create(b, loc, castTensor(b, loc, operand, newType));
  };
  return scf::IfOp::create(b, loc, differs, expandOperand, keepOperand)
      .getResult(0);
}

SmallVector<OpFoldResult>
conversion::broadcastExtents(OpBuilder &b, Location loc,
                             ArrayRef<SmallVector<OpFoldResult>> shapes,
                             ArrayRef<int64_t> declared) {
  int64_t rank = declared.size();
  SmallVector<OpFoldResult> result;
  for (int64_t dim = 0; dim < rank; ++dim) {
    SmallVector<OpFoldResult> candidates;
    for (ArrayRef<OpFoldResult> extents : shapes) {
      int64_t ownDim = dim - (rank - static_cast<int64_t>(extents.size()));
      if (ownDim >= 0 && !isConstantIntValue(extents[ownDim], 1))
        candidates.push_back(extents[ownDim]);
    }
    result.push_back(combineExtents(b, loc, candidates, declared[dim]));
  }
  return result;
}

Value conversion::alignOperand(OpBuilder &b, Location loc, Operation *op,
                               Value operand, ArrayRef<OpFoldResult> extents,
                               AffineMap &map) {
  SmallVector<OpFoldResult> ownExtents = getExtents(b, loc, operand);
  int64_t rank = extents.size();
  int64_t offset = rank - static_cast<int64_t>(ownExtents.size());
  ArrayRef<OpFoldResult> wanted = extents.drop_front(offset);
  SmallVector<AffineExpr> exprs;
  SmallVector<int64_t> doubtful;
  for (auto [dim, extent] : llvm::enumerate(ownExtents)) {
    // A known 1 is read at 0; all else runs along with the result.
    if (isConstantIntValue(extent, 1) && !isConstantIntValue(wanted[dim], 1)) {
      exprs.push_back(b.getAffineConstantExpr(0));
      continue;
    }
    exprs.push_back(b.getAffineDimExpr(offset + dim));
    if (areEqual(extent, wanted[dim]))
      continue;
    StringRef mismatch = "operands have extents that do not broadcast in "
                         "dimension ";
    if (isCutOf(extent, wanted[dim])) {
      emitEqualExtentsCheck(b, loc, op, extent, wanted[dim],
                            mismatch + Twine(offset + dim) + " of the result");
      continue;
    }
    Value fits = b.createOrFold<arith::OrIOp>(
        loc,
        compareExtents(b, loc, arith::CmpIPredicate::eq, extent, wanted[dim]),
        compareExtents(b, loc, arith::CmpIPredicate::eq, extent,
                       b.getIndexAttr(1)));
    emitCheck(b, loc, op, fits,
              mismatch + Twine(offset + dim) + " of the result");
    if (!isConstantIntValue(wanted[dim], 1))
      doubtful.push_back(dim);
  }
  map = AffineMap::get(rank, 0, exprs, b.getContext());
  return doubtful.empty() ? operand
                          : stretch(b, loc, operand, doubtful, wanted);
}

Value conversion::broadcastTo(OpBuilder &b, Location loc, Operation *op,
                              Value operand, ArrayRef<OpFoldResult> extents) {
  AffineMap map;
  operand = alignOperand(b, loc, op, operand, extents, map);
  if (map.isIdentity())
    return operand;
  Type elementType = cast<RankedTensorType>(operand.getType()).getElementType();
  return createParallelGeneric(
      b, loc, extents, elementType, operand, map,
      [](OpBuilder &, Location, ValueRange args) { return args[0]; });
}

Broadcast conversion::broadcastOperands(OpBuilder &b, Location loc,
                                        Operation *op, ValueRange operands,
                                        RankedTensorType type) {
  SmallVector<SmallVector<OpFoldResult>> shapes;
  for (Value operand : operands)
    shapes.push_back(getExtents(b, loc, operand));
  Broadcast result;
  result.extents = broadcastExtents(b, loc, shapes, type.getShape());
  for (Value operand : operands) {
    AffineMap map;
    result.operands.push_back(
        alignOperand(b, loc, op, operand, result.extents, map));
    result.maps.push_back(map);
  }
  return result;
}

Value conversion::createElementwise(OpBuilder &b, Location loc, Operation *op,
                                    ValueRange operands, RankedTensorType type,
                                    BodyBuilder body) {
  Broadcast broadcast = broadcastOperands(b, loc, op, operands, type);
  Value result =
      createParallelGeneric(b, loc, broadcast.extents, type.getElementType(),
                            broadcast.operands, broadcast.maps, body);
  return castTensor(b, loc, result, type);
}
