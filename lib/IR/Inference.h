//===- Inference.h - Shared rules of type inference -------------*- C++ -*-===//
//
// Private to this room. Inference must survive whatever types and attributes it
// is given: it looks before it casts, and computes extents with checks for
// overflow.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_IR_INFERENCE_H
#define SLIM_LIB_IR_INFERENCE_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Value.h"
#include "slim/Support/LLVM.h"
#include <optional>

namespace slim::detail {

inline bool isDynamic(int64_t extent) { return ShapedType::isDynamic(extent); }

/// Product of extents; kDynamic if one is, or if it does not fit.
int64_t multiplyExtents(ArrayRef<int64_t> extents);

/// The context of one inference: the op's name and the place to report at.
class Inference {
public:
  Inference(StringRef opName, std::optional<Location> location)
      : opName(opName), location(location) {}

  template <typename... Args>
  LogicalResult error(Args &&...args) const {
    return emitOptionalError(location, "'", opName, "' op ",
                             std::forward<Args>(args)...);
  }

  /// The operand's type, which must be a ranked tensor.
  FailureOr<RankedTensorType> getTensor(Value operand, StringRef name) const;
  /// The same for a rank that must lie in [minRank, maxRank].
  FailureOr<RankedTensorType> getTensor(Value operand, StringRef name,
                                        int64_t minRank, int64_t maxRank) const;

  /// The one extent that two descriptions of a dimension agree on; a static one
  /// wins over a dynamic one.
  FailureOr<int64_t> unify(int64_t lhs, int64_t rhs, const Twine &lhsName,
                           const Twine &rhsName) const;
  /// Checks that dimension `dim` of `operand` has, or may have, that extent.
  LogicalResult requireExtent(RankedTensorType type, StringRef name,
                              int64_t dim, int64_t extent,
                              const Twine &what) const;
  /// The optional operand is absent or a vector of that extent and element
  /// type.
  LogicalResult requireVector(Value operand, StringRef name, int64_t extent,
                              Type elementType, const Twine &what) const;
  LogicalResult requireElementType(RankedTensorType type, StringRef name,
                                   Type elementType) const;
  /// The attribute as a dimension of a tensor of `rank`.
  FailureOr<int64_t> getAxis(uint64_t axis, int64_t rank) const;

  /// Element type of products of the two: floats of one type give that type;
  /// integers of up to 8 bits, of whatever signedness, give i32; other integers
  /// must agree and give their own type.
  FailureOr<Type> getProductType(Type lhs, Type rhs) const;

private:
  StringRef opName;
  std::optional<Location> location;
};

/// Parameters of sliding windows. `kernel` may hold kDynamic; `pads` lists the
/// begins of all dimensions and then the ends.
struct Windows {
  ArrayRef<int64_t> kernel;
  ArrayRef<int64_t> strides;
  ArrayRef<int64_t> pads;
  ArrayRef<int64_t> dilations;
};

/// Checks that the arrays have an element (pads: two) for each of `spatialRank`
/// dimensions, and the values' ranges.
LogicalResult verifyWindows(const Inference &inference, const Windows &windows,
                            int64_t spatialRank);

/// Number of positions of each window over the extents `spatial`, appended to
/// `extents`. With `ceilMode` the last one may stick out, unless it would begin
/// in the end padding.
LogicalResult inferWindowExtents(const Inference &inference,
                                 const Windows &windows,
                                 ArrayRef<int64_t> spatial, bool ceilMode,
                                 SmallVectorImpl<int64_t> &extents);

} // namespace slim::detail

#endif // SLIM_LIB_IR_INFERENCE_H
