//===- Scaling.cpp - Scales as ONNX lays them out -------------------------===//
#include "Scaling.h"

#include "slim/IR/WeightTree.h"

using namespace slim;
using namespace slim::onnxexport;

SmallVector<Attr> Scaling::getAttributes() const {
  SmallVector<Attr> attributes;
  if (axis >= 0)
    attributes.push_back({"axis", axis});
  if (blockSize)
    attributes.push_back({"block_size", blockSize});
  return attributes;
}

bool slim::onnxexport::isWhole(RankedTensorType input, ArrayRef<int64_t> block,
                               int64_t dim) {
  return block[dim] == 0 ||
         (!input.isDynamicDim(dim) && block[dim] >= input.getDimSize(dim));
}

std::optional<Scaling> slim::onnxexport::getScaling(RankedTensorType input,
                                                    RankedTensorType scale,
                                                    ArrayRef<int64_t> block) {
  int64_t rank = input.getRank();
  SmallVector<int64_t> divided;
  for (int64_t dim = 0; dim < rank; ++dim)
    if (!isWhole(input, block, dim))
      divided.push_back(dim);
  Scaling scaling;
  if (divided.empty())
    return scaling;
  if (divided.size() == 1 && block[divided.front()] == 1) {
    scaling.axis = divided.front();
    scaling.shape = {scale.getDimSize(scaling.axis)};
    return scaling;
  }
  // The axis of the blocks: the last one that has some, else one that a scale
  // covers.
  auto findLast = [&](llvm::function_ref<bool(int64_t)> isWanted) {
    for (int64_t dim = rank - 1; dim >= 0 && scaling.axis < 0; --dim)
      if (isWanted(dim))
        scaling.axis = dim;
  };
  findLast([&](int64_t dim) {
    return !isWhole(input, block, dim) && block[dim] > 1;
  });
  findLast([&](int64_t dim) {
    return isWhole(input, block, dim) && input.getDimSize(dim) != 1;
  });
  findLast([](int64_t) { return true; });
  scaling.blockSize = isWhole(input, block, scaling.axis)
                          ? input.getDimSize(scaling.axis)
                          : block[scaling.axis];
  if (ShapedType::isDynamic(scaling.blockSize))
    return std::nullopt;
  scaling.shape.assign(scale.getShape().begin(), scale.getShape().end());
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (dim == scaling.axis || block[dim] == 1 || input.getDimSize(dim) == 1)
      continue;
    scaling.repeats = true;
    scaling.shape[dim] = input.getDimSize(dim);
  }
  return scaling;
}

TensorData slim::onnxexport::repeatBlocks(const TensorData &data,
                                          ArrayRef<int64_t> shape,
                                          ArrayRef<int64_t> divisors) {
  RankedTensorType type = data.getType().clone(shape);
  ArrayRef<int64_t> sourceShape = data.getType().getShape();
  size_t size = TensorData::getElementBytes(data.getElementType());
  std::vector<char> bytes(TensorData::getNumBytes(type));
  SmallVector<int64_t> index(shape.size(), 0);
  for (int64_t i = 0, e = type.getNumElements(); i < e; ++i) {
    int64_t source = 0;
    for (size_t dim = 0; dim < shape.size(); ++dim)
      source = source * sourceShape[dim] + index[dim] / divisors[dim];
    std::copy_n(data.getBytes().data() + source * size, size,
                bytes.data() + i * size);
    for (int64_t dim = shape.size() - 1; dim >= 0; --dim) {
      if (++index[dim] < shape[dim])
        break;
      index[dim] = 0;
    }
  }
  return TensorData(type, std::move(bytes));
}

TensorData slim::onnxexport::convertIntegers(const TensorData &data,
                                             Type elementType) {
  if (data.getElementType() == elementType)
    return data;
  auto type = RankedTensorType::get(data.getType().getShape(), elementType);
  std::vector<int64_t> values = data.toInts();
  return TensorData::fromInts(type, values);
}

std::string slim::onnxexport::exportScale(GraphBuilder &graph, Value scale,
                                          const Scaling &scaling,
                                          RankedTensorType input,
                                          ArrayRef<int64_t> block,
                                          Type elementType) {
  auto type = cast<RankedTensorType>(scale.getType());
  bool isStored = type.getElementType() == elementType;
  bool isShaped = type.getShape() == ArrayRef<int64_t>(scaling.shape);
  if (isStored && isShaped)
    return graph.operand(scale);
  if (!isWeightOrConstant(scale)) {
    if (std::string name = graph.getScalarName(scale);
        !name.empty() && scaling.axis < 0)
      return name;
    SmallVector<int64_t> shape = scaling.shape;
    llvm::replace(shape, ShapedType::kDynamic, int64_t(-1));
    return graph.node("Reshape", {graph.operand(scale), graph.ints(shape)});
  }
  if (isStored && !scaling.repeats)
    return graph.decoded(scale, scaling.shape);
  SmallVector<int64_t> divisors(input.getRank(), 1);
  if (scaling.repeats)
    for (int64_t dim = 0; dim < input.getRank(); ++dim)
      if (dim != scaling.axis)
        divisors[dim] = isWhole(input, block, dim)
                            ? std::max<int64_t>(input.getDimSize(dim), 1)
                            : block[dim];
  auto wanted = RankedTensorType::get(scaling.shape, elementType);
  return graph.tensor(
      GraphBuilder::getWeightName(scale), wanted,
      [=, repeats = scaling.repeats]() -> FailureOr<TensorData> {
        FailureOr<TensorData> data = decodeConstant(scale);
        if (failed(data))
          return failure();
        if (repeats)
          data = repeatBlocks(*data, wanted.getShape(), divisors);
        TensorData converted = convertIntegers(*data, elementType);
        return TensorData(wanted, converted.getBytes(), converted.getOwner());
      });
}
