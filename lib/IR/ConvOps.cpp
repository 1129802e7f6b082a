//===- ConvOps.cpp - conv, conv_transpose, im2col -------------------------===//

#include "Inference.h"
#include "slim/IR/OpSupport.h"
#include "slim/IR/SlimOps.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace slim;
using namespace slim::detail;

// Batch, channel and one to three spatial dimensions.
static constexpr int64_t kMinRank = 3, kMaxRank = 5;

static LogicalResult verifyGroups(const Inference &inference, int64_t groups,
                                  int64_t extent, StringRef what) {
  if (groups < 1)
    return inference.error("groups must be 1 or more, not ", groups);
  if (!isDynamic(extent) && extent % groups != 0)
    return inference.error(groups, " groups do not divide ", extent, " ", what);
  return success();
}

static int64_t divideExtent(int64_t extent, int64_t groups) {
  return isDynamic(extent) ? extent : extent / groups;
}

/// Multiply-adds of a convolution count twice; each output element adds a bias.
static int64_t getWindowFlops(int64_t positions, int64_t perPosition,
                              int64_t outputs, bool hasBias) {
  int64_t products = multiplyExtents({2, positions, perPosition});
  if (!hasBias || isDynamic(products) || isDynamic(outputs))
    return products;
  return products + outputs;
}

//===----------------------------------------------------------------------===//
// ConvOp
//===----------------------------------------------------------------------===//

LogicalResult ConvOp::inferReturnTypes(MLIRContext *,
                                       std::optional<Location> location,
                                       Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto input =
      inference.getTensor(adaptor.getInput(), "input", kMinRank, kMaxRank);
  if (failed(input))
    return failure();
  auto weight = inference.getTensor(adaptor.getWeight(), "weight",
                                    input->getRank(), input->getRank());
  if (failed(weight))
    return failure();
  FailureOr<Type> elementType = inference.getProductType(
      input->getElementType(), weight->getElementType());
  auto groups = static_cast<int64_t>(adaptor.getGroups());
  int64_t filters = weight->getDimSize(0);
  if (failed(elementType) ||
      failed(verifyGroups(inference, groups, input->getDimSize(1),
                          "input channels")) ||
      failed(verifyGroups(inference, groups, filters, "filters")) ||
      failed(inference.requireExtent(
          *weight, "weight", 1, divideExtent(input->getDimSize(1), groups),
          "the number of input channels of a group")) ||
      failed(inference.requireVector(adaptor.getBias(), "bias", filters,
                                     *elementType, "the number of filters")))
    return failure();

  SmallVector<int64_t> shape = {input->getDimSize(0), filters};
  Windows windows{weight->getShape().drop_front(2), adaptor.getStrides(),
                  adaptor.getPads(), adaptor.getDilations()};
  if (failed(inferWindowExtents(inference, windows,
                                input->getShape().drop_front(2),
                                /*ceilMode=*/false, shape)))
    return failure();
  types.push_back(RankedTensorType::get(shape, *elementType));
  return success();
}

int64_t ConvOp::getFlops() {
  auto weightType = cast<RankedTensorType>(getWeight().getType());
  int64_t outputs = countElements(getResult().getType());
  return getWindowFlops(outputs,
                        multiplyExtents(weightType.getShape().drop_front()),
                        outputs, bool(getBias()));
}

OpOperand &ConvOp::getWeightOperand() { return getWeightMutable(); }

int64_t ConvOp::getOutputChannelDim() { return 0; }

SmallVector<int64_t> ConvOp::getReductionDims() {
  int64_t rank = cast<RankedTensorType>(getWeight().getType()).getRank();
  return llvm::to_vector(llvm::seq<int64_t>(1, rank));
}

int64_t ConvOp::getGroupCount() { return getGroups(); }

FailureOr<Value> ConvOp::buildActivationRows(OpBuilder &builder) {
  auto weightType = cast<RankedTensorType>(getWeight().getType());
  ArrayRef<int64_t> kernel = weightType.getShape().drop_front(2);
  if (llvm::any_of(kernel, isDynamic))
    return failure();
  return Value(Im2ColOp::create(builder, getLoc(), getInput(), kernel,
                                getStrides(), getPads(), getDilations()));
}

/// Ties channels j, j + extent, j + 2 * extent, ... of a dimension that holds
/// `groups` groups of `extent` channels to each other, so that all groups lose
/// the same ones.
static void appendGroupTies(ChannelEnd end, int64_t extent, int64_t groups,
                            SmallVectorImpl<ChannelTie> &ties) {
  if (groups > 1 && !isDynamic(extent))
    ties.emplace_back(end, end, /*offset=*/extent);
}

void ConvOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  auto weightType = cast<RankedTensorType>(getWeight().getType());
  auto groups = static_cast<int64_t>(getGroups());
  ChannelEnd inputChannels = ChannelEnd::operand(0, 1);
  ties.emplace_back(0, 0, 0, 0);
  ties.emplace_back(1, 0, 0, 1);
  if (getBias())
    ties.emplace_back(2, 0, 0, 1);

  int64_t filters = weightType.getDimSize(0);
  int64_t channelsOfGroup = weightType.getDimSize(1);
  if (groups == 1) {
    ties.emplace_back(inputChannels, ChannelEnd::operand(1, 1));
  } else if (channelsOfGroup == 1) {
    // Depthwise: a channel goes with its filters, and its group with it.
    int64_t multiplier = isDynamic(filters) ? 1 : filters / groups;
    ties.emplace_back(inputChannels, ChannelEnd::operand(1, 0), /*offset=*/0,
                      /*repeat=*/multiplier);
  } else {
    // A channel of the weight stands for one of each group.
    ties.emplace_back(ChannelEnd::operand(1, 1), inputChannels);
    appendGroupTies(inputChannels, channelsOfGroup, groups, ties);
    appendGroupTies(ChannelEnd::operand(1, 0), divideExtent(filters, groups),
                    groups, ties);
  }
}

//===----------------------------------------------------------------------===//
// ConvTransposeOp
//===----------------------------------------------------------------------===//

/// (in - 1) * stride + dilation * (kernel - 1) + 1 - pads + output padding, or
/// none if that does not fit 64 bits.
static std::optional<int64_t>
getTransposedExtent(int64_t extent, int64_t kernel, int64_t stride,
                    int64_t padBegin, int64_t padEnd, int64_t dilation,
                    int64_t outputPadding) {
  std::optional<int64_t> last = llvm::checkedMul(extent - 1, stride);
  std::optional<int64_t> reach = llvm::checkedMul(dilation, kernel - 1);
  std::optional<int64_t> pads = llvm::checkedAdd(padBegin, padEnd);
  if (!last || !reach || !pads)
    return std::nullopt;
  std::optional<int64_t> size = llvm::checkedAdd(*last, *reach);
  if (size)
    size = llvm::checkedAdd(*size, outputPadding);
  if (size)
    size = llvm::checkedAdd<int64_t>(*size, 1);
  if (size)
    size = llvm::checkedSub(*size, *pads);
  return size;
}

LogicalResult ConvTransposeOp::inferReturnTypes(
    MLIRContext *, std::optional<Location> location, Adaptor adaptor,
    SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto input =
      inference.getTensor(adaptor.getInput(), "input", kMinRank, kMaxRank);
  if (failed(input))
    return failure();
  auto weight = inference.getTensor(adaptor.getWeight(), "weight",
                                    input->getRank(), input->getRank());
  if (failed(weight))
    return failure();
  Type elementType = input->getElementType();
  auto groups = static_cast<int64_t>(adaptor.getGroups());
  if (failed(inference.requireElementType(*weight, "weight", elementType)) ||
      failed(verifyGroups(inference, groups, input->getDimSize(1),
                          "input channels")) ||
      failed(verifyGroups(inference, groups, weight->getDimSize(0),
                          "input channels of the weight")) ||
      failed(inference.requireExtent(*weight, "weight", 0, input->getDimSize(1),
                                     "the number of input channels")))
    return failure();
  int64_t filters = multiplyExtents({weight->getDimSize(1), groups});
  if (failed(inference.requireVector(adaptor.getBias(), "bias", filters,
                                     elementType, "the number of filters")))
    return failure();

  ArrayRef<int64_t> spatial = input->getShape().drop_front(2);
  Windows windows{weight->getShape().drop_front(2), adaptor.getStrides(),
                  adaptor.getPads(), adaptor.getDilations()};
  ArrayRef<int64_t> outputPadding = adaptor.getOutputPadding();
  if (failed(verifyWindows(inference, windows, spatial.size())))
    return failure();
  if (outputPadding.size() != spatial.size())
    return inference.error("output_padding has ", outputPadding.size(),
                           " elements; ", spatial.size(),
                           " spatial dimensions need as many");
  SmallVector<int64_t> shape = {input->getDimSize(0), filters};
  for (size_t i = 0; i < spatial.size(); ++i) {
    if (outputPadding[i] < 0)
      return inference.error("output_padding must be 0 or more, not ",
                             outputPadding[i]);
    if (isDynamic(spatial[i]) || isDynamic(windows.kernel[i])) {
      shape.push_back(ShapedType::kDynamic);
      continue;
    }
    std::optional<int64_t> extent =
        getTransposedExtent(spatial[i], windows.kernel[i], windows.strides[i],
                            windows.pads[i], windows.pads[spatial.size() + i],
                            windows.dilations[i], outputPadding[i]);
    if (!extent)
      return inference.error("spatial dimension ", i,
                             " of the result has no 64-bit extent");
    if (*extent < 0)
      return inference.error("spatial dimension ", i,
                             " of the result would have extent ", *extent);
    shape.push_back(*extent);
  }
  types.push_back(RankedTensorType::get(shape, elementType));
  return success();
}

int64_t ConvTransposeOp::getFlops() {
  auto weightType = cast<RankedTensorType>(getWeight().getType());
  // Each input element meets the filters of its group.
  return getWindowFlops(countElements(getInput().getType()),
                        multiplyExtents(weightType.getShape().drop_front()),
                        countElements(getResult().getType()), bool(getBias()));
}

OpOperand &ConvTransposeOp::getWeightOperand() { return getWeightMutable(); }

int64_t ConvTransposeOp::getOutputChannelDim() { return 1; }

SmallVector<int64_t> ConvTransposeOp::getReductionDims() {
  int64_t rank = cast<RankedTensorType>(getWeight().getType()).getRank();
  SmallVector<int64_t> dims = {0};
  llvm::append_range(dims, llvm::seq<int64_t>(2, rank));
  return dims;
}

int64_t ConvTransposeOp::getGroupCount() { return getGroups(); }

void ConvTransposeOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  auto weightType = cast<RankedTensorType>(getWeight().getType());
  auto groups = static_cast<int64_t>(getGroups());
  ChannelEnd inputChannels = ChannelEnd::operand(0, 1);
  ChannelEnd resultChannels = ChannelEnd::result(0, 1);
  int64_t filtersOfGroup = weightType.getDimSize(1);
  ties.emplace_back(0, 0, 0, 0);
  ties.emplace_back(inputChannels, ChannelEnd::operand(1, 0));
  if (getBias())
    ties.emplace_back(2, 0, 0, 1);
  if (groups > 1 && filtersOfGroup == 1 && weightType.getDimSize(0) == groups) {
    // Depthwise.
    ties.emplace_back(inputChannels, resultChannels);
    return;
  }
  // A filter of the weight stands for one of each group.
  ties.emplace_back(ChannelEnd::operand(1, 1), resultChannels);
  appendGroupTies(resultChannels, filtersOfGroup, groups, ties);
  appendGroupTies(inputChannels, divideExtent(weightType.getDimSize(0), groups),
                  groups, ties);
}

//===----------------------------------------------------------------------===//
// Im2ColOp
//===----------------------------------------------------------------------===//

LogicalResult Im2ColOp::inferReturnTypes(MLIRContext *,
                                         std::optional<Location> location,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto input =
      inference.getTensor(adaptor.getInput(), "input", kMinRank, kMaxRank);
  if (failed(input))
    return failure();
  ArrayRef<int64_t> kernel = adaptor.getKernel();
  if (llvm::any_of(kernel, isDynamic))
    return inference.error("kernel extents must be 1 or more, not ",
                           ShapedType::kDynamic);
  Windows windows{kernel, adaptor.getStrides(), adaptor.getPads(),
                  adaptor.getDilations()};
  SmallVector<int64_t> rows = {input->getDimSize(0)};
  if (failed(inferWindowExtents(inference, windows,
                                input->getShape().drop_front(2),
                                /*ceilMode=*/false, rows)))
    return failure();
  SmallVector<int64_t> columns = {input->getDimSize(1)};
  llvm::append_range(columns, kernel);
  types.push_back(
      RankedTensorType::get({multiplyExtents(rows), multiplyExtents(columns)},
                            input->getElementType()));
  return success();
}
