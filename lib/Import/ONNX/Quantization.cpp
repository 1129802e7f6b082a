//===- Quantization.cpp - ONNX's quantized arithmetic -----------*- C++ -*-===//
#include "DequantizePattern.h"
#include "IntegerArithmetic.h"
#include "Registry.h"

using namespace slim;
using namespace slim::onnximport;

//===----------------------------------------------------------------------===//
// Integers with zero points
//===----------------------------------------------------------------------===//

Value slim::onnximport::alignAlong(NodeBuilder &node, Value vector,
                                   int64_t axis, int64_t rank) {
  int64_t vectorRank = node.rank(vector);
  if (!node.isOk() || !vector || vectorRank == 0 || vectorRank == rank)
    return vector;
  if (vectorRank != 1)
    return node.invalid("has a scale or zero point of rank " +
                        Twine(vectorRank));
  // One element stands for all.
  if (node.shape(vector)[0] == 1)
    return node.toScalar(vector);
  SmallVector<int64_t> others;
  for (int64_t i = 0; i < rank; ++i)
    if (i != axis)
      others.push_back(i);
  return node.unsqueeze(vector, others);
}

Value slim::onnximport::subtractZeroPoint(NodeBuilder &node, Value input,
                                          Value zeroPoint, int64_t axis) {
  if (!zeroPoint)
    return input;
  if (std::optional<TensorData> known = node.constant(zeroPoint)) {
    bool isZero =
        known->getNumElements() <= slim::detail::kMaxFoldedElements &&
        llvm::all_of(known->toInts(), [](int64_t value) { return value == 0; });
    if (isZero)
      return input;
  }
  Type i32 = node.getBuilder().getI32Type();
  Value offset =
      node.convert(alignAlong(node, zeroPoint, axis, node.rank(input)), i32);
  Value wide = node.convert(input, i32);
  return node.create<SubOp>(wide, offset);
}

void slim::onnximport::unifyIntegers(NodeBuilder &node, Value &lhs,
                                     Value &rhs) {
  if (!node.isOk() || node.elementType(lhs) == node.elementType(rhs))
    return;
  auto isNarrow = [&](Value value) {
    return node.elementType(value).getIntOrFloatBitWidth() <= 8;
  };
  if (isNarrow(lhs) && isNarrow(rhs))
    return; // products of mixed signs are defined
  Type i32 = node.getBuilder().getI32Type();
  lhs = node.convert(lhs, i32);
  rhs = node.convert(rhs, i32);
}

Value slim::onnximport::multiplyIntegers(NodeBuilder &node, Value a, Value b,
                                         Value aZeroPoint, Value bZeroPoint) {
  a = subtractZeroPoint(node, a, aZeroPoint, node.rank(a) - 2);
  b = subtractZeroPoint(node, b, bZeroPoint, node.rank(b) - 1);
  unifyIntegers(node, a, b);
  return node.create<MatmulOp>(a, b);
}

/// A scale or a zero point in the rank of what it belongs to.
static Value raiseRank(NodeBuilder &node, Value value, int64_t rank) {
  if (!node.isOk() || !value || node.rank(value) == rank)
    return value;
  return node.reshape(node.toScalar(value), SmallVector<int64_t>(rank, 1));
}

Value slim::onnximport::requantize(NodeBuilder &node, Value sum, Value aScale,
                                   Value bScale, Value scale, Value zeroPoint) {
  Type f32 = node.getBuilder().getF32Type();
  Value product =
      node.create<MulOp>(node.convert(aScale, f32), node.convert(bScale, f32));
  Value factor =
      node.create<DivOp>(product, node.convert(node.toScalar(scale), f32));
  Value rescaled = node.create<MulOp>(node.convert(sum, f32), factor);
  if (!node.isOk())
    return {};
  int64_t rank = node.rank(rescaled);
  SmallVector<int64_t> block(rank, 0);
  Value one = raiseRank(node, node.scalar(1, f32), rank);
  return node.create<QuantizeOp>(rescaled, one,
                                 raiseRank(node, zeroPoint, rank),
                                 node.elementType(zeroPoint), block);
}

//===----------------------------------------------------------------------===//
// Scales of QuantizeLinear and DequantizeLinear
//===----------------------------------------------------------------------===//

namespace {
/// Scale and zero point in the rank of the input, and the extents of the
/// blocks that they stand for.
struct Scaling {
  Value scale, zeroPoint;
  SmallVector<int64_t> block;
};
} // namespace

static Scaling getScaling(NodeBuilder &node, Value input) {
  Scaling scaling{node.operand(1), node.operand(2), {}};
  int64_t rank = node.rank(input);
  int64_t blockSize = node.intAttr("block_size", 0);
  int64_t scaleRank = node.rank(scaling.scale);
  bool isWhole = scaleRank == 0 || (scaleRank == 1 && blockSize == 0 &&
                                    node.shape(scaling.scale)[0] == 1);
  scaling.block.assign(rank, 0);
  if (isWhole) {
    scaling.scale = raiseRank(node, scaling.scale, rank);
    scaling.zeroPoint = raiseRank(node, scaling.zeroPoint, rank);
    return scaling;
  }
  // The default axis is 1, also for vectors, whose scales are one anyway.
  int64_t axis = node.normalizeAxis(node.intAttr("axis", 1), rank);
  if (!node.isOk())
    return scaling;
  if (blockSize == 0) {
    scaling.scale = alignAlong(node, scaling.scale, axis, rank);
    scaling.zeroPoint = alignAlong(node, scaling.zeroPoint, axis, rank);
    scaling.block[axis] = 1;
    return scaling;
  }
  if (blockSize < 0 || scaleRank != rank) {
    node.invalid("has block_size " + Twine(blockSize) +
                 " with a scale of rank " + Twine(scaleRank));
    return scaling;
  }
  scaling.block.assign(rank, 1);
  scaling.block[axis] = blockSize;
  return scaling;
}

/// The attribute `output_dtype`, or null if it is absent.
static Type getOutputType(NodeBuilder &node) {
  int64_t dataType = node.intAttr("output_dtype", 0);
  if (dataType == 0)
    return {};
  Type elementType = getElementType(dataType, node.getContext());
  if (!elementType)
    node.unsupported("element type " + getDataTypeName(dataType));
  return elementType;
}

static void importQuantizeLinear(NodeBuilder &node) {
  Value input = node.operand(0);
  Scaling scaling = getScaling(node, input);
  if (!node.isFloat(input))
    input = node.convert(input, node.elementType(scaling.scale));
  Type to = getOutputType(node);
  if (!to)
    to = scaling.zeroPoint
             ? node.elementType(scaling.zeroPoint)
             : node.getBuilder().getIntegerType(8, /*isSigned=*/false);
  if (node.isOk() && node.elementType(input) != node.elementType(scaling.scale))
    scaling.scale = node.convert(scaling.scale, node.elementType(input));
  if (!node.boolAttr("saturate", true))
    node.unsupported("attribute saturate = 0");
  node.setResults(node.create<QuantizeOp>(
      input, scaling.scale, scaling.zeroPoint, to, scaling.block));
}

static void importDequantizeLinear(NodeBuilder &node) {
  Scaling scaling = getScaling(node, node.operand(0));
  Value result = node.create<DequantizeOp>(node.operand(0), scaling.scale,
                                           scaling.zeroPoint, scaling.block);
  Type to = getOutputType(node);
  node.setResults(to ? node.convert(result, to) : result);
}

static void importDynamicQuantizeLinear(NodeBuilder &node) {
  SmallVector<Value> results = node.createResults<DynamicQuantizeOp, 3>(
      node.operand(0), /*per_row=*/false);
  results[1] = node.toScalar(results[1]);
  results[2] = node.toScalar(results[2]);
  node.setResults(results);
}

static void importQLinearMatMul(NodeBuilder &node) {
  Value a = node.operand(0), b = node.operand(3);
  Value sum = multiplyIntegers(node, a, b, node.operand(2), node.operand(5));
  int64_t rank = node.rank(sum);
  node.setResults(requantize(node, sum,
                             alignAlong(node, node.operand(1), rank - 2, rank),
                             alignAlong(node, node.operand(4), rank - 1, rank),
                             node.operand(6), node.operand(7)));
}

//===----------------------------------------------------------------------===//
// Weight-only quantization
//===----------------------------------------------------------------------===//

/// The stored tensor behind a cast to a float, or null.
static Value getStoredIntegers(NodeBuilder &node, Value value) {
  auto cast = value ? value.getDefiningOp<CastOp>() : CastOp();
  if (!cast || !node.isFloat(value))
    return {};
  Value stored = cast.getInput();
  unsigned width = node.elementType(stored).getIntOrFloatBitWidth();
  bool isWeight = stored.getDefiningOp<GetWeightOp>() != nullptr;
  return isWeight && width > 1 && width <= 8 ? stored : Value();
}

Value slim::onnximport::matchDequantizedWeight(NodeBuilder &node, Value lhs,
                                               Value rhs) {
  if (!getStoredIntegers(node, lhs))
    std::swap(lhs, rhs);
  Value stored = getStoredIntegers(node, lhs);
  if (!stored || !node.constant(rhs) || !node.isFloat(rhs) ||
      node.elementType(rhs) != node.elementType(lhs))
    return {};
  int64_t rank = node.rank(stored);
  ArrayRef<int64_t> shape = node.shape(stored);
  int64_t missing = rank - node.rank(rhs);
  if (missing < 0)
    return {};
  SmallVector<int64_t> scaleShape(missing, 1);
  llvm::append_range(scaleShape, node.shape(rhs));
  SmallVector<int64_t> block;
  for (auto [extent, scaleExtent] : llvm::zip(shape, scaleShape)) {
    if (scaleExtent != 1 && scaleExtent != extent)
      return {};
    block.push_back(scaleExtent == 1 ? 0 : 1);
  }
  Value scale = node.reshape(rhs, scaleShape);
  return node.create<DequantizeOp>(stored, scale, Value(), block);
}

void slim::onnximport::registerQuantization(Registry &registry) {
  registry.add("QuantizeLinear", 2, 3, importQuantizeLinear);
  registry.add("DequantizeLinear", 2, 3, importDequantizeLinear);
  registry.add("DynamicQuantizeLinear", 1, 1, importDynamicQuantizeLinear);
  registry.add("QLinearMatMul", 8, 8, importQLinearMatMul);
}
