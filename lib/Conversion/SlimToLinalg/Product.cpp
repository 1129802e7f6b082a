//===- Product.cpp - Matrix products --------------------------------------===//
#include "Product.h"
#include "ScalarOps.h"
#include "slim/IR/SlimOps.h"

using namespace slim;
using namespace slim::conversion;

Type conversion::getAccumulatorType(Type lhs, Type rhs) {
  auto lhsInt = dyn_cast<IntegerType>(lhs), rhsInt = dyn_cast<IntegerType>(rhs);
  if (lhsInt && rhsInt)
    return IntegerType::get(lhs.getContext(), std::max({32u, lhsInt.getWidth(),
                                                        rhsInt.getWidth()}));
  return getComputeType(lhs);
}

/// 8-bit floats have no arithmetic: they are multiplied as f32.
static Value widenSmallFloat(OpBuilder &b, Location loc, Value tensor) {
  Type type = cast<RankedTensorType>(tensor.getType()).getElementType();
  auto floatType = dyn_cast<FloatType>(type);
  if (!floatType || floatType.getWidth() > 8)
    return tensor;
  return castElements(b, loc, tensor, type, b.getF32Type());
}

Value conversion::getStoredFactor(ConversionPatternRewriter &rewriter,
                                  Value original, Value converted) {
  auto cast = original.getDefiningOp<CastOp>();
  if (!cast)
    return converted;
  auto from = dyn_cast<FloatType>(getElementTypeOrSelf(cast.getInput())),
       to = dyn_cast<FloatType>(cast.getTo());
  if (!from || !to || from.getWidth() != 16 || to.getWidth() < 32)
    return converted;
  Value stored = rewriter.getRemappedValue(cast.getInput());
  return stored ? stored : converted;
}

Value conversion::widenFactor(OpBuilder &b, Location loc, Value value,
                              Type accumulator, bool isUnsigned) {
  if (isUnsigned && value.getType() != accumulator) {
    if (isa<FloatType>(accumulator))
      return arith::UIToFPOp::create(b, loc, accumulator, value);
    return arith::ExtUIOp::create(b, loc, accumulator, value);
  }
  return castScalar(b, loc, value, value.getType(), accumulator);
}

/// A contraction over dimensions (leading..., m, n, k) that converts each
/// operand by its own sign. The right operand has the leading dimensions too if
/// `isBatched`.
static Value createGenericProduct(OpBuilder &b, Location loc,
                                  const Product &product, Value init,
                                  bool isBatched) {
  unsigned rank = cast<RankedTensorType>(init.getType()).getRank() + 1;
  unsigned column = rank - 2;
  AffineExpr n = b.getAffineDimExpr(column), k = b.getAffineDimExpr(rank - 1);
  SmallVector<AffineExpr> rows, rhs;
  for (unsigned dim = 0; dim < column; ++dim)
    rows.push_back(b.getAffineDimExpr(dim));
  if (isBatched)
    rhs.assign(rows.begin(), rows.end() - 1);
  if (product.transposeRhs)
    rhs.append({n, k});
  else
    rhs.append({k, n});
  SmallVector<AffineExpr> lhs(rows), out(rows);
  lhs.push_back(k);
  out.push_back(n);
  SmallVector<Value> inputs = {product.lhs, product.rhs};
  SmallVector<AffineExpr> scale(rows);
  SmallVector<ArrayRef<AffineExpr>> indices = {lhs, rhs};
  if (product.lhsScale) {
    inputs.push_back(product.lhsScale);
    scale.push_back(k.floorDiv(product.lhsBlock));
    indices.push_back(scale);
  }
  indices.push_back(out);
  SmallVector<AffineMap> maps;
  for (ArrayRef<AffineExpr> exprs : indices)
    maps.push_back(AffineMap::get(rank, 0, exprs, b.getContext()));
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  iterators.back() = utils::IteratorType::reduction;
  return linalg::GenericOp::create(
             b, loc, init.getType(), inputs, init, maps, iterators,
             [&](OpBuilder &b, Location loc, ValueRange args) {
               Value lhs = widenFactor(b, loc, args[0], product.accumulator,
                                       product.lhsIsUnsigned);
               if (product.lhsScale)
                 lhs = createMul(b, loc, lhs, args[2]);
               Value rhs = widenFactor(b, loc, args[1], product.accumulator,
                                       product.rhsIsUnsigned);
               Value sum =
                   createAdd(b, loc, args.back(), createMul(b, loc, lhs, rhs));
               linalg::YieldOp::create(b, loc, sum);
             })
      .getResult(0);
}

Value conversion::createLinearProduct(OpBuilder &b, Location loc,
                                      Product product) {
  product.lhs = widenSmallFloat(b, loc, product.lhs);
  product.rhs = widenSmallFloat(b, loc, product.rhs);
  SmallVector<OpFoldResult> extents = getExtents(b, loc, product.lhs);
  extents.back() = getExtent(b, loc, product.rhs, product.transposeRhs ? 0 : 1);
  Value init =
      createFilled(b, loc, extents, createZero(b, loc, product.accumulator));
  return createGenericProduct(b, loc, product, init, /*isBatched=*/false);
}

Value conversion::createProduct(OpBuilder &b, Location loc, Product product) {
  product.lhs = widenSmallFloat(b, loc, product.lhs);
  product.rhs = widenSmallFloat(b, loc, product.rhs);
  int64_t rank = cast<RankedTensorType>(product.lhs.getType()).getRank();
  bool isBatched = rank == 3;

  Value init = product.init;
  if (!init) {
    SmallVector<OpFoldResult> extents;
    if (isBatched)
      extents.push_back(getExtent(b, loc, product.lhs, 0));
    extents.push_back(getExtent(b, loc, product.lhs, rank - 2));
    extents.push_back(getExtent(b, loc, product.rhs,
                                product.transposeRhs ? rank - 2 : rank - 1));
    init =
        createFilled(b, loc, extents, createZero(b, loc, product.accumulator));
  }

  bool isInteger = isa<IntegerType>(product.accumulator);
  if (isInteger && product.lhsIsUnsigned != product.rhsIsUnsigned)
    return createGenericProduct(b, loc, product, init, isBatched);
  SmallVector<NamedAttribute> attributes;
  if (isInteger && product.lhsIsUnsigned)
    attributes.push_back(b.getNamedAttr(
        "cast", linalg::TypeFnAttr::get(b.getContext(),
                                        linalg::TypeFn::cast_unsigned)));
  SmallVector<Value> inputs = {product.lhs, product.rhs};
  if (!isBatched && product.transposeRhs)
    return linalg::MatmulTransposeBOp::create(b, loc, init.getType(), inputs,
                                              init, attributes)
        .getResult(0);
  if (!isBatched)
    return linalg::MatmulOp::create(b, loc, init.getType(), inputs, init,
                                    attributes)
        .getResult(0);
  if (product.transposeRhs)
    return linalg::BatchMatmulTransposeBOp::create(b, loc, init.getType(),
                                                   inputs, init, attributes)
        .getResult(0);
  return linalg::BatchMatmulOp::create(b, loc, init.getType(), inputs, init,
                                       attributes)
      .getResult(0);
}
