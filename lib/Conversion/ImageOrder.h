//===- ImageOrder.h - In which order dimensions lie in memory ---*- C++ -*-===//
//
// What slim-assign-layouts knows of orders and of the ops that want one. An
// order lists a tensor's dimensions as they shall lie, outermost first: the
// order [0, 2, 3, 1] of a tensor [N, C, H, W] is a tensor [N, H, W, C].
// Dimensions of static extent 1 ("unit dimensions") may lie anywhere.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CONVERSION_IMAGEORDER_H
#define SLIM_LIB_CONVERSION_IMAGEORDER_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Builders.h"
#include "slim/Conversion/Passes.h"
#include "slim/Support/LLVM.h"

namespace slim::layouts {

using Order = SmallVector<int64_t>;

//===----------------------------------------------------------------------===//
// Orders
//===----------------------------------------------------------------------===//

Order getIdentity(int64_t rank);

/// The dimensions of `order` that are not unit dimensions of `shape`.
Order dropUnits(ArrayRef<int64_t> order, ArrayRef<int64_t> shape);

/// Whether a tensor of `shape` lies in memory alike in both orders.
bool lieAlike(ArrayRef<int64_t> lhs, ArrayRef<int64_t> rhs,
              ArrayRef<int64_t> shape);
bool liesAsIdentity(ArrayRef<int64_t> order, ArrayRef<int64_t> shape);

/// An order of all dimensions of `shape` in which those that are not unit
/// dimensions lie as in `sequence`: `preferred` (may be empty) if it does,
/// identity if that does, or one with unit dimensions after their predecessors.
Order placeUnits(ArrayRef<int64_t> sequence, ArrayRef<int64_t> shape,
                 ArrayRef<int64_t> preferred);

/// values[order[0]], values[order[1]], ...
template <typename T>
SmallVector<T> permute(ArrayRef<T> values, ArrayRef<int64_t> order) {
  SmallVector<T> result;
  for (int64_t dim : order)
    result.push_back(values[dim]);
  return result;
}
RankedTensorType permute(RankedTensorType type, ArrayRef<int64_t> order);
/// A map whose results are permuted.
AffineMap permute(AffineMap map, ArrayRef<int64_t> order);

//===----------------------------------------------------------------------===//
// Ops on images
//===----------------------------------------------------------------------===//

/// The orders that a convolution or a pool wants.
struct ImageOrders {
  OpOperand *image;
  Order imageOrder, resultOrder;
};

/// Recognizes a reduction of windows of an image, or of its channels, into an
/// image: convolutions with their groups, kernels of extent 1 included, and
/// pools. The image is the operand whose first dimension is the result's first
/// and no other operand's (the batch). Fails for others, and where the orders
/// wanted are those that the operands have.
FailureOr<ImageOrders> getImageOrders(linalg::LinalgOp op, ImageOrder wanted);

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// The order of the loops of `op` in which they walk an operand, that is
/// indexed by `map`, as it lies in `order`. Parallel loops that the operand
/// does not have follow those that precede them in the op's first result.
Order getLoopOrder(linalg::LinalgOp op, AffineMap map, ArrayRef<int64_t> order);

/// The order of an operand, indexed by `map`, that makes loops in `loopOrder`
/// walk it as it lies; nothing where dimensions are not single loops.
std::optional<Order> getOrderByLoops(AffineMap map,
                                     ArrayRef<int64_t> loopOrder);

//===----------------------------------------------------------------------===//
// Reshapes
//===----------------------------------------------------------------------===//

/// `tensor`, that lies in `from`, in `to`, which differs by unit dimensions
/// alone: a view. Its logical shape is `shape`.
Value moveUnits(OpBuilder &b, Location loc, Value tensor,
                ArrayRef<int64_t> from, ArrayRef<int64_t> to,
                ArrayRef<int64_t> shape);

/// How the dimensions of a tensor become those of another: group i of
/// `groups` are the dimensions of `wide` that dimension i of `narrow` is split
/// into or merged from.
struct Regrouping {
  ArrayRef<int64_t> narrow, wide; ///< shapes
  ArrayRef<ReassociationIndices> groups;

  /// The order of dimensions that are not unit on the other side; fails where
  /// the dimensions of a group do not lie side by side in `order`, or the
  /// shapes leave open where elements go.
  FailureOr<Order> getNarrowSequence(ArrayRef<int64_t> order) const;
  FailureOr<Order> getWideSequence(ArrayRef<int64_t> order) const;
};

/// tensor.collapse_shape and tensor.expand_shape of a tensor that lies in
/// `from` into one that lies in `to`; the sequences must agree.
Value collapseInOrder(OpBuilder &b, Location loc, Value tensor,
                      const Regrouping &regrouping, ArrayRef<int64_t> to);
/// `extents` are those of the result in its logical order.
Value expandInOrder(OpBuilder &b, Location loc, Value tensor,
                    const Regrouping &regrouping, ArrayRef<int64_t> from,
                    ArrayRef<int64_t> to, ArrayRef<OpFoldResult> extents);

} // namespace slim::layouts

#endif // SLIM_LIB_CONVERSION_IMAGEORDER_H
