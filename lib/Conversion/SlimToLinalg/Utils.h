//===- Utils.h - What the lowerings of slim ops share -----------*- C++ -*-===//
//
// Extents, broadcasting, runtime checks, generics and scalars. Extents are
// OpFoldResults: an index attribute where they are known, an index value
// otherwise.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CONVERSION_SLIMTOLINALG_UTILS_H
#define SLIM_LIB_CONVERSION_SLIMTOLINALG_UTILS_H

#include "Extents.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/Builders.h"
#include "slim/Support/LLVM.h"

namespace slim::conversion {

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

/// True for an unsigned integer, and for i1, whose values are 0 and 1: `type`
/// is the slim op's own operand type (a tensor or an element type), before
/// conversion.
bool isUnsigned(Type type);

/// `type` with signless integers.
RankedTensorType getSignlessType(Type type);

/// The type in which numbers of `elementType` are summed and normalized: f32
/// for narrower floats, the type itself otherwise.
Type getComputeType(Type elementType);

//===----------------------------------------------------------------------===//
// Extents
//===----------------------------------------------------------------------===//

/// The extent of dimension `dim` of a ranked tensor. Looks through the ops
/// that this conversion creates to the extents that they were made with, and
/// resolves a dimension of a function's argument to the first argument that
/// has a dimension of that name (slim.dim_names), so that equal extents tend to
/// be one value.
OpFoldResult getExtent(OpBuilder &b, Location loc, Value tensor, int64_t dim);
SmallVector<OpFoldResult> getExtents(OpBuilder &b, Location loc, Value tensor);

/// The same as an index value.
Value getDimValue(OpBuilder &b, Location loc, Value tensor, int64_t dim);

/// `extent` as an index value.
Value toValue(OpBuilder &b, Location loc, OpFoldResult extent);

/// A value as an attribute where it is constant.
OpFoldResult foldExtent(Value value);

/// The shape that `extents` spell, dynamic where they are values.
SmallVector<int64_t> getStaticShape(ArrayRef<OpFoldResult> extents);

/// Elements of a one-dimensional (or zero-dimensional) integer tensor with a
/// static number of elements as index values, folded where constant.
SmallVector<OpFoldResult> getIndexElements(OpBuilder &b, Location loc,
                                           Value tensor);

/// Element `index` of a tensor with at most one dimension, as it is.
Value extractElement(OpBuilder &b, Location loc, Value tensor, int64_t index);

/// An integer as an index and back, without a cast of a cast.
Value castToIndex(OpBuilder &b, Location loc, Value integer);
Value castFromIndex(OpBuilder &b, Location loc, Value index, Type type);

Value createIndex(OpBuilder &b, Location loc, int64_t value);

//===----------------------------------------------------------------------===//
// Runtime checks
//===----------------------------------------------------------------------===//

/// Ends the run with "<op> '<node>': <what>" unless `condition` holds; `op` is
/// the slim op. Nothing is emitted for a constant that is true.
void emitCheck(OpBuilder &b, Location loc, Operation *op, Value condition,
               const Twine &what);

/// Checks that two extents are equal; nothing if they certainly are.
void emitEqualExtentsCheck(OpBuilder &b, Location loc, Operation *op,
                           OpFoldResult lhs, OpFoldResult rhs,
                           const Twine &what);

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

/// Constants of a signless integer, index or float type.
Value createConstant(OpBuilder &b, Location loc, Type type, double value);
Value createZero(OpBuilder &b, Location loc, Type type);
Value createOne(OpBuilder &b, Location loc, Type type);
/// The least and the greatest value: minus infinity and infinity for floats
/// (the finite extremes of a float type without infinities).
Value createLowest(OpBuilder &b, Location loc, Type type, bool isUnsigned);
Value createHighest(OpBuilder &b, Location loc, Type type, bool isUnsigned);

/// Converts a scalar (of signless type) from `from` to `to`, the original
/// element types, as slim.cast specifies: floats to integers truncate and
/// saturate, NaN gives 0; integers wrap; floats round to nearest even; 8-bit
/// and smaller floats saturate if `saturate`, and become infinity or NaN
/// otherwise. Null where there is no such conversion.
Value castScalar(OpBuilder &b, Location loc, Value value, Type from, Type to,
                 bool saturate = true);

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

Value createEmpty(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> extents,
                  Type elementType);
/// A new tensor of one value.
Value createFilled(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> extents,
                   Value scalar);

/// `tensor` as `type`, by tensor.cast if they differ.
Value castTensor(OpBuilder &b, Location loc, Value tensor, Type type);

using BodyBuilder = function_ref<Value(OpBuilder &, Location, ValueRange)>;

/// linalg.generic with parallel loops over `extents`, one an extent: `body`
/// gets the operands' elements (through `maps`, one an operand) and returns the
/// result's. The result is indexed by identity.
Value createParallelGeneric(OpBuilder &b, Location loc,
                            ArrayRef<OpFoldResult> extents, Type elementType,
                            ValueRange operands, ArrayRef<AffineMap> maps,
                            BodyBuilder body);

/// `tensor` with every element converted as castScalar does.
Value castElements(OpBuilder &b, Location loc, Value tensor, Type from,
                   Type to);

/// The extents of shapes broadcast together, of which the declared type says
/// `declared` (as many dimensions as the result has).
SmallVector<OpFoldResult>
broadcastExtents(OpBuilder &b, Location loc,
                 ArrayRef<SmallVector<OpFoldResult>> shapes,
                 ArrayRef<int64_t> declared);

/// Prepares `operand` for reading along with a result of `extents`, aligned at
/// the last dimension: checks that its extents fit, expands dimensions of which
/// only the run can tell whether they stretch, and sets `map` to where the
/// result's elements lie in the value that is returned.
Value alignOperand(OpBuilder &b, Location loc, Operation *op, Value operand,
                   ArrayRef<OpFoldResult> extents, AffineMap &map);

/// `operand` broadcast to `extents` in memory, or itself if it has them.
Value broadcastTo(OpBuilder &b, Location loc, Operation *op, Value operand,
                  ArrayRef<OpFoldResult> extents);

/// Operands broadcast together as slim's elementwise ops do it.
struct Broadcast {
  SmallVector<OpFoldResult> extents; ///< of the result
  SmallVector<Value> operands;       ///< stretched where the run must tell
  SmallVector<AffineMap> maps;       ///< from result dimensions to operands'
};

/// Broadcasts `operands`, with runtime checks that their extents are
/// compatible. An operand of which only the run can tell whether a dimension
/// stretches is expanded in an scf.if. `type` is the declared result type.
Broadcast broadcastOperands(OpBuilder &b, Location loc, Operation *op,
                            ValueRange operands, RankedTensorType type);

/// Broadcasts `operands`, computes elementwise and casts to `type` (signless).
Value createElementwise(OpBuilder &b, Location loc, Operation *op,
                        ValueRange operands, RankedTensorType type,
                        BodyBuilder body);

/// linalg.generic that reduces the dimensions `axes` of its operands' loop
/// space `extents`. `body` gets the operands' elements and then the
/// accumulator, which begins as `init`, and returns the new accumulator.
Value createReduction(OpBuilder &b, Location loc,
                      ArrayRef<OpFoldResult> extents, ArrayRef<int64_t> axes,
                      Value init, ValueRange operands, ArrayRef<AffineMap> maps,
                      BodyBuilder body);

/// Inserts dimensions of extent 1, so that they are the dimensions `axes` of
/// the result.
Value insertUnitDims(OpBuilder &b, Location loc, Value tensor,
                     ArrayRef<int64_t> axes);
/// Removes the dimensions `axes`, of extent 1.
Value dropUnitDims(OpBuilder &b, Location loc, Value tensor,
                   ArrayRef<int64_t> axes);

/// Collapses and expands by tensor.collapse_shape and tensor.expand_shape.
Value collapse(OpBuilder &b, Location loc, Value tensor,
               ArrayRef<ReassociationIndices> groups);
Value expand(OpBuilder &b, Location loc, Value tensor,
             ArrayRef<OpFoldResult> extents,
             ArrayRef<ReassociationIndices> groups);

} // namespace slim::conversion

#endif // SLIM_LIB_CONVERSION_SLIMTOLINALG_UTILS_H
