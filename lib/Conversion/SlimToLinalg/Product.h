//===- Product.h - Matrix products ------------------------------*- C++ -*-===//
#ifndef SLIM_LIB_CONVERSION_SLIMTOLINALG_PRODUCT_H
#define SLIM_LIB_CONVERSION_SLIMTOLINALG_PRODUCT_H

#include "Utils.h"

namespace slim::conversion {

/// The type in which products of two element types (as the slim op has them)
/// are summed: f32 or wider, i32 for small integers.
Type getAccumulatorType(Type lhs, Type rhs);

/// A matrix product, or a batch of products where the operands have three
/// dimensions.
struct Product {
  Value lhs; ///< [batch,] M x K
  Value rhs; ///< [batch,] K x N, or N x K if transposeRhs
  bool transposeRhs = false;
  bool lhsIsUnsigned = false;
  bool rhsIsUnsigned = false;
  Type accumulator;
  /// Of a product with one matrix: f32 factors of lhs for runs of `lhsBlock`
  /// elements along K; null for none.
  Value lhsScale; ///< M x ceil(K / lhsBlock)
  int64_t lhsBlock = 0;
  Value init; ///< what the products are added to; zeros if null
};

/// A factor as it lies in memory: the input of the cast that makes `original`,
/// if that widens a float of 16 bits, which is exact and is done where the
/// factor is multiplied; else `converted`, which `original` has become.
Value getStoredFactor(ConversionPatternRewriter &rewriter, Value original,
                      Value converted);

/// A factor (of signless type) in the type of the sum; an integer is extended
/// by its sign.
Value widenFactor(OpBuilder &b, Location loc, Value value, Type accumulator,
                  bool isUnsigned);

/// Builds the product as a named linalg op where there is one for the types (a
/// generic contraction where signed meets unsigned); the result has the
/// accumulator's type.
Value createProduct(OpBuilder &b, Location loc, Product product);

/// The product of every row of `lhs` ([..., K], any rank from one on) and one
/// matrix `rhs`, as a generic contraction over [..., N].
Value createLinearProduct(OpBuilder &b, Location loc, Product product);

} // namespace slim::conversion

#endif // SLIM_LIB_CONVERSION_SLIMTOLINALG_PRODUCT_H
