//===- OpSupport.cpp - What generated op code calls -------------*- C++ -*-===//
#include "slim/IR/OpSupport.h"

#include "Inference.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/SmallBitVector.h"
#include "llvm/ADT/SmallVectorExtras.h"

using namespace slim;
using namespace slim::detail;

bool slim::detail::areCompatibleTypes(TypeRange lhs, TypeRange rhs) {
  if (lhs.size() != rhs.size())
    return false;
  return llvm::all_of(llvm::zip_equal(lhs, rhs), [](auto pair) {
    auto left = dyn_cast<RankedTensorType>(std::get<0>(pair));
    auto right = dyn_cast<RankedTensorType>(std::get<1>(pair));
    return left && right && left.getElementType() == right.getElementType() &&
           succeeded(verifyCompatibleShape(left, right));
  });
}

//===----------------------------------------------------------------------===//
// Broadcasting
//===----------------------------------------------------------------------===//

FailureOr<int64_t> slim::detail::broadcastExtents(int64_t lhs, int64_t rhs) {
  if (lhs == rhs || rhs == 1)
    return lhs;
  if (lhs == 1 || isDynamic(lhs))
    return rhs;
  if (isDynamic(rhs))
    return lhs;
  return failure();
}

FailureOr<SmallVector<int64_t>>
slim::detail::broadcastShapes(ArrayRef<ArrayRef<int64_t>> shapes) {
  SmallVector<int64_t> result;
  for (ArrayRef<int64_t> shape : shapes) {
    if (shape.size() > result.size())
      result.insert(result.begin(), shape.size() - result.size(), 1);
    for (auto [extent, stretched] :
         llvm::zip(llvm::reverse(shape), llvm::reverse(result))) {
      FailureOr<int64_t> both = broadcastExtents(extent, stretched);
      if (failed(both))
        return failure();
      stretched = *both;
    }
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Inference
//===----------------------------------------------------------------------===//

/// The types of `operands`, all of which must be ranked tensors.
static FailureOr<SmallVector<RankedTensorType>>
getTensors(const Inference &inference, ValueRange operands) {
  SmallVector<RankedTensorType> types;
  for (auto [index, operand] : llvm::enumerate(operands)) {
    FailureOr<RankedTensorType> type =
        inference.getTensor(operand, "operand #" + std::to_string(index));
    if (failed(type))
      return failure();
    types.push_back(*type);
  }
  return types;
}

LogicalResult slim::detail::inferElementwise(StringRef opName,
                                             std::optional<Location> loc,
                                             ValueRange operands,
                                             ElementTypeRule rule,
                                             SmallVectorImpl<Type> &types) {
  Inference inference(opName, loc);
  auto tensors = getTensors(inference, operands);
  if (failed(tensors))
    return failure();
  if (tensors->empty())
    return inference.error("needs an operand");

  // The operands whose element types must agree.
  ArrayRef<RankedTensorType> agreeing = *tensors;
  if (rule == firstElementType)
    agreeing = agreeing.take_front();
  else if (rule == lastElementType)
    agreeing = agreeing.drop_front();
  if (agreeing.empty())
    return inference.error("needs another operand");
  Type elementType = agreeing.front().getElementType();
  for (RankedTensorType type : agreeing)
    if (type.getElementType() != elementType)
      return inference.error("operands have different element types ",
                             elementType, " and ", type.getElementType());
  if (rule == boolElementType)
    elementType = IntegerType::get(elementType.getContext(), 1);

  auto shape = broadcastShapes(llvm::map_to_vector(
      *tensors, [](RankedTensorType type) { return type.getShape(); }));
  if (failed(shape)) {
    std::string shapes;
    llvm::raw_string_ostream stream(shapes);
    llvm::interleaveComma(*tensors, stream);
    return inference.error("operands do not broadcast together: ", shapes);
  }
  types.push_back(RankedTensorType::get(*shape, elementType));
  return success();
}

LogicalResult slim::detail::inferReduction(StringRef opName,
                                           std::optional<Location> loc,
                                           Value input, ArrayRef<int64_t> axes,
                                           bool keepDims,
                                           SmallVectorImpl<Type> &types) {
  Inference inference(opName, loc);
  FailureOr<RankedTensorType> type = inference.getTensor(input, "input");
  if (failed(type))
    return failure();
  llvm::SmallBitVector reduced(type->getRank());
  for (int64_t axis : axes) {
    if (failed(inference.getAxis(axis, type->getRank())))
      return failure();
    if (reduced.test(axis))
      return inference.error("axis ", axis, " occurs twice");
    reduced.set(axis);
  }
  SmallVector<int64_t> shape;
  for (auto [dim, extent] : llvm::enumerate(type->getShape())) {
    if (!reduced.test(dim))
      shape.push_back(extent);
    else if (keepDims)
      shape.push_back(1);
  }
  types.push_back(RankedTensorType::get(shape, type->getElementType()));
  return success();
}

//===----------------------------------------------------------------------===//
// Channel ties
//===----------------------------------------------------------------------===//

/// Whether an operand of `op` may have more than one, unknown, extent along a
/// dimension of the result, counted from the last.
static bool isOpenAlong(Operation *op, int64_t fromLast) {
  return llvm::any_of(op->getOperandTypes(), [&](Type operand) {
    auto type = dyn_cast<RankedTensorType>(operand);
    return type && fromLast < type.getRank() &&
           type.isDynamicDim(type.getRank() - 1 - fromLast);
  });
}

void slim::detail::appendElementwiseTies(Operation *op,
                                         SmallVectorImpl<ChannelTie> &ties) {
  for (OpResult result : op->getResults()) {
    auto resultType = dyn_cast<RankedTensorType>(result.getType());
    if (!resultType)
      continue;
    for (int64_t dim = 0, rank = resultType.getRank(); dim < rank; ++dim) {
      // Channels that an open extent holds as well stay.
      if (!resultType.isDynamicDim(dim) && isOpenAlong(op, rank - 1 - dim))
        continue;
      for (OpOperand &operand : op->getOpOperands()) {
        auto type = dyn_cast<RankedTensorType>(operand.get().getType());
        if (!type)
          continue;
        int64_t operandDim = dim - (rank - type.getRank());
        // An extent that stretches, or may, belongs to every channel.
        if (operandDim >= 0 && !type.isDynamicDim(operandDim) &&
            type.getDimSize(operandDim) == resultType.getDimSize(dim))
          ties.push_back({operand.getOperandNumber(), operandDim,
                          result.getResultNumber(), dim});
      }
    }
  }
}

void slim::detail::appendTiesExcept(Operation *op, ArrayRef<int64_t> axes,
                                    bool drops,
                                    SmallVectorImpl<ChannelTie> &ties) {
  auto type = dyn_cast<RankedTensorType>(op->getOperand(0).getType());
  if (!type)
    return;
  int64_t resultDim = 0;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    bool isAxis = llvm::is_contained(axes, dim);
    if (!isAxis)
      ties.push_back({0, dim, 0, resultDim});
    resultDim += !isAxis || !drops;
  }
}
