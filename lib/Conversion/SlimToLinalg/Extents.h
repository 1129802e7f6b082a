//===- Extents.h - Arithmetic on extents ------------------------*- C++ -*-===//
//
// Extents are OpFoldResults: an index attribute where they are known, an index
// value otherwise. What can be told of them here need not be checked by the
// run, and keeps operands whose extents agree from being stretched.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CONVERSION_SLIMTOLINALG_EXTENTS_H
#define SLIM_LIB_CONVERSION_SLIMTOLINALG_EXTENTS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Builders.h"
#include "slim/Support/LLVM.h"

namespace slim::conversion {

//===----------------------------------------------------------------------===//
// What is known
//===----------------------------------------------------------------------===//

/// True if the two are certainly equal: equal constants, one value, or values
/// that pure ops compute alike from certainly equal values.
bool areEqual(OpFoldResult lhs, OpFoldResult rhs);
bool areEqual(Value lhs, Value rhs);

/// True for what is certainly not negative: constants, extents of tensors, and
/// what sums, products and the like make of them.
bool isNonNegative(Value value);
bool isNonNegative(OpFoldResult extent);

/// True if `extent` is the minimum of `whole` and a constant above 1, as of a
/// table that is cut to the length of a sequence: then it is 1 only if `whole`
/// is.
bool isCutOf(OpFoldResult extent, OpFoldResult whole);

/// lhs <predicate> rhs, a constant where the two are certainly equal or their
/// signs tell.
Value compareExtents(OpBuilder &b, Location loc, arith::CmpIPredicate predicate,
                     OpFoldResult lhs, OpFoldResult rhs);

//===----------------------------------------------------------------------===//
// Arithmetic, folded where possible
//===----------------------------------------------------------------------===//

OpFoldResult addExtents(OpBuilder &b, Location loc, OpFoldResult lhs,
                        OpFoldResult rhs);
OpFoldResult subExtents(OpBuilder &b, Location loc, OpFoldResult lhs,
                        OpFoldResult rhs);
OpFoldResult mulExtents(OpBuilder &b, Location loc, OpFoldResult lhs,
                        OpFoldResult rhs);
OpFoldResult mulExtents(OpBuilder &b, Location loc,
                        ArrayRef<OpFoldResult> extents);
/// The quotient, rounded down; `rhs` is positive.
OpFoldResult divExtents(OpBuilder &b, Location loc, OpFoldResult lhs,
                        OpFoldResult rhs);
/// The quotient rounded toward zero; the divisor is not 0.
OpFoldResult divSigned(OpBuilder &b, Location loc, OpFoldResult lhs,
                       OpFoldResult rhs);
OpFoldResult minExtents(OpBuilder &b, Location loc, OpFoldResult lhs,
                        OpFoldResult rhs);
OpFoldResult maxExtents(OpBuilder &b, Location loc, OpFoldResult lhs,
                        OpFoldResult rhs);
OpFoldResult selectExtents(OpBuilder &b, Location loc, Value condition,
                           OpFoldResult onTrue, OpFoldResult onFalse);

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// A product of extents: a constant times values.
class SymbolicProduct {
public:
  SymbolicProduct() = default;
  explicit SymbolicProduct(ArrayRef<OpFoldResult> extents) {
    for (OpFoldResult extent : extents)
      multiply(extent);
  }

  void multiply(OpFoldResult extent);
  /// Removes common factors from both.
  void cancel(SymbolicProduct &other);
  OpFoldResult build(OpBuilder &b, Location loc) const;

  /// True if the two are certainly equal.
  bool equals(const SymbolicProduct &other) const {
    if (constant != other.constant || values.size() != other.values.size())
      return false;
    SmallVector<Value> left(other.values);
    for (Value value : values) {
      auto *it = llvm::find_if(
          left, [&](Value candidate) { return areEqual(value, candidate); });
      if (it == left.end())
        return false;
      left.erase(it);
    }
    return true;
  }

private:
  int64_t constant = 1;
  SmallVector<Value> values;
};

/// True if the products are certainly equal.
bool haveEqualProducts(ArrayRef<OpFoldResult> lhs, ArrayRef<OpFoldResult> rhs);

/// The quotient of two products, without common factors; a divisor of 0 counts
/// as 1.
OpFoldResult divProducts(OpBuilder &b, Location loc,
                         ArrayRef<OpFoldResult> numerator,
                         ArrayRef<OpFoldResult> denominator);

} // namespace slim::conversion

#endif // SLIM_LIB_CONVERSION_SLIMTOLINALG_EXTENTS_H
