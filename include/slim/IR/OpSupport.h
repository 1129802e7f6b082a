//===- OpSupport.h - What generated op code calls ---------------*- C++ -*-===//
//
// Type inference, folding and channel ties that whole families of ops share.
// Inference reports what is wrong at `location`, if there is one, with the op's
// name in front; the verifier runs it too, so each rule is written once.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_IR_OPSUPPORT_H
#define SLIM_IR_OPSUPPORT_H

#include "mlir/IR/OpDefinition.h"
#include "slim/IR/SlimInterfaces.h"
#include <optional>

namespace slim::detail {

/// Same element types, same ranks, and equal extents wherever both are static.
bool areCompatibleTypes(TypeRange lhs, TypeRange rhs);

/// Rules for the element type of an elementwise op's result.
enum ElementTypeRule {
  sameElementType,  ///< all operands have one element type, the result's
  firstElementType, ///< the first operand's
  lastElementType,  ///< all but the first operand have one, the result's
  boolElementType,  ///< operands have one element type; the result is i1
};

LogicalResult inferElementwise(StringRef opName, std::optional<Location> loc,
                               ValueRange operands, ElementTypeRule rule,
                               SmallVectorImpl<Type> &types);
LogicalResult inferReduction(StringRef opName, std::optional<Location> loc,
                             Value input, ArrayRef<int64_t> axes, bool keepDims,
                             SmallVectorImpl<Type> &types);

/// Broadcasts two extents or fails when both are static, differ and none is 1.
/// Dynamic with a static extent other than 1 gives the static one.
FailureOr<int64_t> broadcastExtents(int64_t lhs, int64_t rhs);
FailureOr<SmallVector<int64_t>> broadcastShapes(ArrayRef<ArrayRef<int64_t>>);

/// The elements of a one-dimensional (or scalar) integer tensor as far as they
/// are known: from constants, and through `slim.shape` and the arithmetic,
/// concat, gather, slice, squeeze, unsqueeze and cast ops on them; kDynamic for
/// an element that is not. None where even their number is unknown.
std::optional<SmallVector<int64_t>> getKnownInts(Value value);

/// Largest number of elements that folding produces.
constexpr int64_t kMaxFoldedElements = 1 << 16;

OpFoldResult foldElementwise(Operation *op, ArrayRef<Attribute> operands);
OpFoldResult foldReduction(Operation *op, Attribute input);

/// Whether each element of the result of `op` is computed from one element of
/// each operand, in the same place once all are broadcast together.
bool isElementwise(Operation *op);

void appendElementwiseTies(Operation *op, SmallVectorImpl<ChannelTie> &ties);
/// Ties the dimensions of operand 0 to those of result 0 that are not among
/// `axes`, which the result lacks if `drops`.
void appendTiesExcept(Operation *op, ArrayRef<int64_t> axes, bool drops,
                      SmallVectorImpl<ChannelTie> &ties);

} // namespace slim::detail

#endif // SLIM_IR_OPSUPPORT_H
