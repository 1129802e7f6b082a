//===- Extents.cpp - Arithmetic on extents --------------------------------===//
#include "Extents.h"
#include "Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace slim;
using namespace slim::conversion;

//===----------------------------------------------------------------------===//
// What is known
//===----------------------------------------------------------------------===//

static bool areEqualToDepth(Value lhs, Value rhs, int depth) {
  if (lhs == rhs)
    return true;
  if (lhs.getType() != rhs.getType())
    return false;
  APInt lhsInt, rhsInt;
  if (matchPattern(lhs, m_ConstantInt(&lhsInt)))
    return matchPattern(rhs, m_ConstantInt(&rhsInt)) && lhsInt == rhsInt;
  Operation *lhsOp = lhs.getDefiningOp(), *rhsOp = rhs.getDefiningOp();
  if (!lhsOp || !rhsOp || depth == 0 || lhsOp->getName() != rhsOp->getName() ||
      cast<OpResult>(lhs).getResultNumber() !=
          cast<OpResult>(rhs).getResultNumber() ||
      lhsOp->getNumOperands() != rhsOp->getNumOperands() ||
      lhsOp->getNumRegions() != 0 || !isMemoryEffectFree(lhsOp) ||
      lhsOp->getAttrDictionary() != rhsOp->getAttrDictionary())
    return false;
  for (auto [l, r] : llvm::zip(lhsOp->getOperands(), rhsOp->getOperands()))
    if (!areEqualToDepth(l, r, depth - 1))
      return false;
  return true;
}

bool conversion::areEqual(Value lhs, Value rhs) {
  return areEqualToDepth(lhs, rhs, /*depth=*/8);
}

bool conversion::areEqual(OpFoldResult lhs, OpFoldResult rhs) {
  std::optional<int64_t> lhsInt = getConstantIntValue(lhs),
                         rhsInt = getConstantIntValue(rhs);
  if (lhsInt || rhsInt)
    return lhsInt == rhsInt;
  return areEqual(cast<Value>(lhs), cast<Value>(rhs));
}
/// True for the extent of a tensor that exists: the operand of the tensor.empty
/// that makes one.
static bool isExtentOfTensor(Value value) {
  constexpr unsigned maxUsers = 32;
  unsigned seen = 0;
  for (Operation *user : value.getUsers()) {
    if (isa<tensor::EmptyOp>(user) &&
        user->getBlock() == value.getParentBlock())
      return true;
    if (++seen == maxUsers)
      break;
  }
  return false;
}

static bool isNonNegativeToDepth(Value value, int depth) {
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return !constant.isNegative();
  Operation *def = value.getDefiningOp();
  if (!def || depth == 0)
    return false;
  if (isa<tensor::DimOp>(def) || isExtentOfTensor(value))
    return true;
  auto isOperandNonNegative = [&](Value operand) {
    return isNonNegativeToDepth(operand, depth - 1);
  };
  if (isa<arith::MaxSIOp>(def))
    return llvm::any_of(def->getOperands(), isOperandNonNegative);
  if (auto select = dyn_cast<arith::SelectOp>(def))
    return isOperandNonNegative(select.getTrueValue()) &&
           isOperandNonNegative(select.getFalseValue());
  // Products and sums of extents, and extents that the model keeps in fewer
  // bits, do not wrap in any tensor that fits into memory.
  if (isa<arith::AddIOp, arith::MulIOp, arith::DivUIOp, arith::DivSIOp,
          arith::MinSIOp, arith::IndexCastOp, arith::TruncIOp, arith::ExtSIOp>(
          def))
    return llvm::all_of(def->getOperands(), isOperandNonNegative);
  return false;
}

bool conversion::isNonNegative(Value value) {
  return isNonNegativeToDepth(value, /*depth=*/8);
}

bool conversion::isNonNegative(OpFoldResult extent) {
  if (std::optional<int64_t> constant = getConstantIntValue(extent))
    return *constant >= 0;
  return isNonNegative(cast<Value>(extent));
}

bool conversion::isCutOf(OpFoldResult extent, OpFoldResult whole) {
  auto value = dyn_cast<Value>(extent);
  auto minimum = value ? value.getDefiningOp<arith::MinSIOp>() : nullptr;
  if (!minimum)
    return false;
  auto isLimit = [](Value limit) {
    APInt constant;
    return matchPattern(limit, m_ConstantInt(&constant)) && constant.sgt(1);
  };
  return (areEqual(OpFoldResult(minimum.getLhs()), whole) &&
          isLimit(minimum.getRhs())) ||
         (areEqual(OpFoldResult(minimum.getRhs()), whole) &&
          isLimit(minimum.getLhs()));
}

/// What a comparison of extents certainly is, by their signs.
static std::optional<bool> foldComparison(arith::CmpIPredicate predicate,
                                          OpFoldResult lhs, OpFoldResult rhs) {
  using P = arith::CmpIPredicate;
  if (areEqual(lhs, rhs))
    return predicate == P::eq || predicate == P::sle || predicate == P::sge ||
           predicate == P::ule || predicate == P::uge;
  auto lhsValue = dyn_cast<Value>(lhs), rhsValue = dyn_cast<Value>(rhs);
  std::optional<int64_t> lhsInt = getConstantIntValue(lhs),
                         rhsInt = getConstantIntValue(rhs);
  if (lhsValue && rhsInt && *rhsInt <= 0 && isNonNegative(lhsValue)) {
    if (predicate == P::sge || predicate == P::slt)
      return predicate == P::sge;
    if (*rhsInt < 0 && (predicate == P::eq || predicate == P::ne))
      return predicate == P::ne;
  }
  if (rhsValue && lhsInt && *lhsInt < 0 && isNonNegative(rhsValue) &&
      (predicate == P::eq || predicate == P::ne))
    return predicate == P::ne;
  return std::nullopt;
}

Value conversion::compareExtents(OpBuilder &b, Location loc,
                                 arith::CmpIPredicate predicate,
                                 OpFoldResult lhs, OpFoldResult rhs) {
  if (std::optional<bool> known = foldComparison(predicate, lhs, rhs))
    return arith::ConstantIntOp::create(b, loc, b.getI1Type(), *known);
  return b.createOrFold<arith::CmpIOp>(loc, predicate, toValue(b, loc, lhs),
                                       toValue(b, loc, rhs));
}
//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

template <typename OpTy, typename Fold>
static OpFoldResult computeExtent(OpBuilder &b, Location loc, OpFoldResult lhs,
                                  OpFoldResult rhs, Fold fold) {
  std::optional<int64_t> lhsInt = getConstantIntValue(lhs),
                         rhsInt = getConstantIntValue(rhs);
  if (lhsInt && rhsInt)
    return b.getIndexAttr(fold(*lhsInt, *rhsInt));
  return foldExtent(
      b.createOrFold<OpTy>(loc, toValue(b, loc, lhs), toValue(b, loc, rhs)));
}

OpFoldResult conversion::addExtents(OpBuilder &b, Location loc,
                                    OpFoldResult lhs, OpFoldResult rhs) {
  return computeExtent<arith::AddIOp>(b, loc, lhs, rhs, std::plus<int64_t>());
}

OpFoldResult conversion::subExtents(OpBuilder &b, Location loc,
                                    OpFoldResult lhs, OpFoldResult rhs) {
  return computeExtent<arith::SubIOp>(b, loc, lhs, rhs, std::minus<int64_t>());
}

OpFoldResult conversion::mulExtents(OpBuilder &b, Location loc,
                                    OpFoldResult lhs, OpFoldResult rhs) {
  return computeExtent<arith::MulIOp>(b, loc, lhs, rhs,
                                      std::multiplies<int64_t>());
}

OpFoldResult conversion::divExtents(OpBuilder &b, Location loc,
                                    OpFoldResult lhs, OpFoldResult rhs) {
  // A quotient of 0 is never used but may be in code that does not run.
  auto divide = [](int64_t lhs, int64_t rhs) {
    return rhs == 0 ? 0 : lhs / rhs;
  };
  return computeExtent<arith::DivUIOp>(b, loc, lhs, rhs, divide);
}

OpFoldResult conversion::mulExtents(OpBuilder &b, Location loc,
                                    ArrayRef<OpFoldResult> extents) {
  // The constants in one factor at the end, so that products of the same
  // values compare equal however the constants are divided.
  int64_t constant = 1;
  OpFoldResult product;
  for (OpFoldResult extent : extents) {
    if (std::optional<int64_t> known = getConstantIntValue(extent))
      constant *= *known;
    else
      product = product ? mulExtents(b, loc, product, extent) : extent;
  }
  if (!product || constant == 0)
    return b.getIndexAttr(constant);
  return constant == 1 ? product
                       : mulExtents(b, loc, product, b.getIndexAttr(constant));
}
OpFoldResult conversion::divSigned(OpBuilder &b, Location loc, OpFoldResult lhs,
                                   OpFoldResult rhs) {
  if (isConstantIntValue(rhs, 1))
    return lhs;
  return foldExtent(b.createOrFold<arith::DivSIOp>(loc, toValue(b, loc, lhs),
                                                   toValue(b, loc, rhs)));
}

/// min or max: the one of the two that `predicate` prefers.
template <typename OpTy>
static OpFoldResult chooseExtent(OpBuilder &b, Location loc,
                                 arith::CmpIPredicate predicate,
                                 OpFoldResult lhs, OpFoldResult rhs) {
  if (areEqual(lhs, rhs))
    return lhs;
  std::optional<int64_t> lhsInt = getConstantIntValue(lhs),
                         rhsInt = getConstantIntValue(rhs);
  bool wantsLess = predicate == arith::CmpIPredicate::slt;
  if (lhsInt && rhsInt)
    return (*lhsInt < *rhsInt) == wantsLess ? lhs : rhs;
  if (rhsInt && *rhsInt <= 0 && isNonNegative(lhs))
    return wantsLess ? rhs : lhs;
  if (lhsInt && *lhsInt <= 0 && isNonNegative(rhs))
    return wantsLess ? lhs : rhs;
  return foldExtent(
      b.createOrFold<OpTy>(loc, toValue(b, loc, lhs), toValue(b, loc, rhs)));
}

OpFoldResult conversion::minExtents(OpBuilder &b, Location loc,
                                    OpFoldResult lhs, OpFoldResult rhs) {
  return chooseExtent<arith::MinSIOp>(b, loc, arith::CmpIPredicate::slt, lhs,
                                      rhs);
}

OpFoldResult conversion::maxExtents(OpBuilder &b, Location loc,
                                    OpFoldResult lhs, OpFoldResult rhs) {
  return chooseExtent<arith::MaxSIOp>(b, loc, arith::CmpIPredicate::sgt, lhs,
                                      rhs);
}

OpFoldResult conversion::selectExtents(OpBuilder &b, Location loc,
                                       Value condition, OpFoldResult onTrue,
                                       OpFoldResult onFalse) {
  if (areEqual(onTrue, onFalse))
    return onFalse;
  // x > 0 ? x : 0
  if (auto compare = condition.getDefiningOp<arith::CmpIOp>())
    if ((compare.getPredicate() == arith::CmpIPredicate::sgt ||
         compare.getPredicate() == arith::CmpIPredicate::sge) &&
        matchPattern(compare.getRhs(), m_Zero()) &&
        isConstantIntValue(onFalse, 0) &&
        areEqual(OpFoldResult(compare.getLhs()), onTrue))
      return maxExtents(b, loc, onTrue, onFalse);
  return foldExtent(b.createOrFold<arith::SelectOp>(
      loc, condition, toValue(b, loc, onTrue), toValue(b, loc, onFalse)));
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

void SymbolicProduct::multiply(OpFoldResult extent) {
  if (std::optional<int64_t> value = getConstantIntValue(extent)) {
    constant *= *value;
    return;
  }
  auto value = llvm::cast<Value>(extent);
  if (auto product = value.getDefiningOp<arith::MulIOp>()) {
    multiply(foldExtent(product.getLhs()));
    multiply(foldExtent(product.getRhs()));
    return;
  }
  values.push_back(value);
}

void SymbolicProduct::cancel(SymbolicProduct &other) {
  SmallVector<Value> left;
  for (Value value : values) {
    auto *it = llvm::find_if(other.values, [&](Value candidate) {
      return areEqual(value, candidate);
    });
    if (it == other.values.end())
      left.push_back(value);
    else
      other.values.erase(it);
  }
  values = std::move(left);
  if (int64_t factor = std::gcd(constant, other.constant)) {
    constant /= factor;
    other.constant /= factor;
  }
}

OpFoldResult SymbolicProduct::build(OpBuilder &b, Location loc) const {
  SmallVector<OpFoldResult> factors(values.begin(), values.end());
  factors.push_back(b.getIndexAttr(constant));
  return mulExtents(b, loc, factors);
}

bool conversion::haveEqualProducts(ArrayRef<OpFoldResult> lhs,
                                   ArrayRef<OpFoldResult> rhs) {
  SymbolicProduct left(lhs), right(rhs);
  return left.equals(right);
}

OpFoldResult conversion::divProducts(OpBuilder &b, Location loc,
                                     ArrayRef<OpFoldResult> numerator,
                                     ArrayRef<OpFoldResult> denominator) {
  SymbolicProduct left(numerator), right(denominator);
  left.cancel(right);
  OpFoldResult divisor = right.build(b, loc);
  if (isConstantIntValue(divisor, 1))
    return left.build(b, loc);
  return divExtents(b, loc, left.build(b, loc),
                    maxExtents(b, loc, divisor, b.getIndexAttr(1)));
}
