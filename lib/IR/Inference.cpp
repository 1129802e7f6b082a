//===- Inference.cpp - Shared rules of type inference ---------------------===//

#include "Inference.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/MathExtras.h"

using namespace slim;
using namespace slim::detail;

int64_t slim::detail::multiplyExtents(ArrayRef<int64_t> extents) {
  if (llvm::any_of(extents, isDynamic))
    return ShapedType::kDynamic;
  int64_t product = 1;
  for (int64_t extent : extents) {
    std::optional<int64_t> next = llvm::checkedMul(product, extent);
    if (!next)
      return ShapedType::kDynamic;
    product = *next;
  }
  return product;
}

FailureOr<RankedTensorType> Inference::getTensor(Value operand,
                                                 StringRef name) const {
  auto type = operand ? dyn_cast<RankedTensorType>(operand.getType()) : nullptr;
  if (!type)
    return error(name, " must be a ranked tensor");
  return type;
}

FailureOr<RankedTensorType> Inference::getTensor(Value operand, StringRef name,
                                                 int64_t minRank,
                                                 int64_t maxRank) const {
  FailureOr<RankedTensorType> type = getTensor(operand, name);
  if (failed(type))
    return failure();
  int64_t rank = type->getRank();
  if (rank >= minRank && rank <= maxRank)
    return type;
  if (minRank == maxRank)
    return error(name, " must have rank ", minRank, ", not ", rank);
  if (maxRank == std::numeric_limits<int64_t>::max())
    return error(name, " must have rank ", minRank, " or higher, not ", rank);
  return error(name, " must have a rank from ", minRank, " to ", maxRank,
               ", not ", rank);
}

FailureOr<int64_t> Inference::unify(int64_t lhs, int64_t rhs,
                                    const Twine &lhsName,
                                    const Twine &rhsName) const {
  if (isDynamic(lhs))
    return rhs;
  if (isDynamic(rhs) || lhs == rhs)
    return lhs;
  return error(lhsName, " (", lhs, ") differs from ", rhsName, " (", rhs, ")");
}

LogicalResult Inference::requireExtent(RankedTensorType type, StringRef name,
                                       int64_t dim, int64_t extent,
                                       const Twine &what) const {
  int64_t actual = type.getDimSize(dim);
  if (isDynamic(actual) || isDynamic(extent) || actual == extent)
    return success();
  return error("dimension ", dim, " of ", name, " is ", actual, ", but ", what,
               " is ", extent);
}

LogicalResult Inference::requireVector(Value operand, StringRef name,
                                       int64_t extent, Type elementType,
                                       const Twine &what) const {
  if (!operand)
    return success();
  FailureOr<RankedTensorType> type = getTensor(operand, name, 1, 1);
  if (failed(type) || failed(requireElementType(*type, name, elementType)))
    return failure();
  return requireExtent(*type, name, 0, extent, what);
}

LogicalResult Inference::requireElementType(RankedTensorType type,
                                            StringRef name,
                                            Type elementType) const {
  if (type.getElementType() == elementType)
    return success();
  return error(name, " has element type ", type.getElementType(),
               " where it must have ", elementType);
}

FailureOr<int64_t> Inference::getAxis(uint64_t axis, int64_t rank) const {
  auto signedAxis = static_cast<int64_t>(axis);
  if (signedAxis >= 0 && signedAxis < rank)
    return signedAxis;
  return error("axis ", signedAxis, " is not a dimension of a tensor of rank ",
               rank);
}

FailureOr<Type> Inference::getProductType(Type lhs, Type rhs) const {
  auto isSmallInteger = [](Type type) {
    auto integer = dyn_cast<IntegerType>(type);
    return integer && integer.getWidth() > 1 && integer.getWidth() <= 8;
  };
  if (isSmallInteger(lhs) && isSmallInteger(rhs))
    return Type(IntegerType::get(lhs.getContext(), 32));
  if (lhs != rhs)
    return error("cannot multiply element types ", lhs, " and ", rhs);
  if (lhs.isInteger(1))
    return error("cannot multiply truth values");
  return lhs;
}

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

LogicalResult slim::detail::verifyWindows(const Inference &inference,
                                          const Windows &windows,
                                          int64_t spatialRank) {
  auto requireSize = [&](StringRef name, ArrayRef<int64_t> values,
                         int64_t size) -> LogicalResult {
    if (static_cast<int64_t>(values.size()) == size)
      return success();
    return inference.error(name, " has ", values.size(), " elements; ",
                           spatialRank, " spatial dimensions need ", size);
  };
  if (failed(requireSize("kernel", windows.kernel, spatialRank)) ||
      failed(requireSize("strides", windows.strides, spatialRank)) ||
      failed(requireSize("dilations", windows.dilations, spatialRank)) ||
      failed(requireSize("pads", windows.pads, 2 * spatialRank)))
    return failure();

  auto requireAtLeast = [&](StringRef name, ArrayRef<int64_t> values,
                            int64_t least) -> LogicalResult {
    for (int64_t value : values)
      if (!isDynamic(value) && value < least)
        return inference.error(name, " must be ", least, " or more, not ",
                               value);
    return success();
  };
  if (failed(requireAtLeast("kernel extents", windows.kernel, 1)) ||
      failed(requireAtLeast("pads", windows.pads, 0)))
    return failure();
  // The sentinel of an open extent is no legal stride.
  for (auto [name, values] : {std::pair("strides", windows.strides),
                              std::pair("dilations", windows.dilations)})
    for (int64_t value : values)
      if (value < 1)
        return inference.error(name, " must be 1 or more, not ", value);
  for (int64_t value : windows.pads)
    if (isDynamic(value))
      return inference.error("pads must be 0 or more, not ", value);
  return success();
}

/// The number of positions, or none if it does not fit 64 bits; it may be
/// negative.
static std::optional<int64_t> countWindows(int64_t extent, int64_t kernel,
                                           int64_t stride, int64_t padBegin,
                                           int64_t padEnd, int64_t dilation,
                                           bool ceilMode) {
  std::optional<int64_t> reach = llvm::checkedMul(dilation, kernel - 1);
  std::optional<int64_t> fromBegin = llvm::checkedAdd(extent, padBegin);
  if (!reach || !fromBegin)
    return std::nullopt;
  std::optional<int64_t> padded = llvm::checkedAdd(*fromBegin, padEnd);
  if (!padded)
    return std::nullopt;
  int64_t room = *padded - *reach - 1;
  if (!ceilMode)
    return llvm::divideFloorSigned(room, stride) + 1;
  int64_t count = llvm::divideCeilSigned(room, stride) + 1;
  std::optional<int64_t> lastBegin = llvm::checkedMul(count - 1, stride);
  if (!lastBegin)
    return std::nullopt;
  if (count > 0 && *lastBegin >= *fromBegin)
    --count;
  return count;
}

LogicalResult
slim::detail::inferWindowExtents(const Inference &inference,
                                 const Windows &windows,
                                 ArrayRef<int64_t> spatial, bool ceilMode,
                                 SmallVectorImpl<int64_t> &extents) {
  if (failed(verifyWindows(inference, windows, spatial.size())))
    return failure();
  for (size_t i = 0; i < spatial.size(); ++i) {
    if (isDynamic(spatial[i]) || isDynamic(windows.kernel[i])) {
      extents.push_back(ShapedType::kDynamic);
      continue;
    }
    std::optional<int64_t> count = countWindows(
        spatial[i], windows.kernel[i], windows.strides[i], windows.pads[i],
        windows.pads[spatial.size() + i], windows.dilations[i], ceilMode);
    if (!count)
      return inference.error("spatial dimension ", i,
                             " of the result has no 64-bit extent");
    if (*count < 0)
      return inference.error("the kernel does not fit into spatial dimension ",
                             i, " of extent ", spatial[i], " with its padding");
    extents.push_back(*count);
  }
  return success();
}
