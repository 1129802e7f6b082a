//===- DecodeTree.cpp - The expression of a weight ------------------------===//
#include "slim/Compress/DecodeTree.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "slim/IR/WeightData.h"
#include "slim/IR/WeightStorage.h"
#include "slim/Numerics/NMFormat.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"
#include <numeric>

using namespace slim;

static WeightOp lookupWeight(GetWeightOp leaf) {
  return SymbolTable::lookupNearestSymbolFrom<WeightOp>(leaf,
                                                        leaf.getNameAttr());
}

//===----------------------------------------------------------------------===//
// Matching
//===----------------------------------------------------------------------===//

static void appendPointer(std::string &key, const void *pointer) {
  key.append(reinterpret_cast<const char *>(&pointer), sizeof(pointer));
}

/// Adds the part of the key below `value` and the weights read there. False if
/// this is no decode tree.
static bool visit(Value value, std::string &key, SetVector<WeightOp> &weights) {
  Operation *op = value.getDefiningOp();
  if (auto leaf = dyn_cast_or_null<GetWeightOp>(op)) {
    WeightOp weight = lookupWeight(leaf);
    if (!weight)
      return false;
    weights.insert(weight);
    key += 'w';
    appendPointer(key, weight);
    return true;
  }
  if (auto constant = dyn_cast_or_null<ConstantOp>(op)) {
    key += 'c';
    appendPointer(key, constant.getValue().getAsOpaquePointer());
    return true;
  }
  auto decode = dyn_cast_or_null<DecodeOpInterface>(op);
  if (!decode || !isa<RankedTensorType>(value.getType()))
    return false;
  // The values come first, so that they lead the list of weights.
  key += 'd';
  appendPointer(key, op->getName().getAsOpaquePointer());
  appendPointer(key, op->getAttrDictionary().getAsOpaquePointer());
  appendPointer(key, value.getType().getAsOpaquePointer());
  key += char('0' + op->getNumOperands());
  OpOperand &values = decode.getValuesOperand();
  if (!visit(values.get(), key, weights))
    return false;
  for (OpOperand &operand : op->getOpOperands())
    if (&operand != &values && !visit(operand.get(), key, weights))
      return false;
  return true;
}

std::optional<DecodeTree> DecodeTree::match(Value root) {
  if (!isa<RankedTensorType>(root.getType()))
    return std::nullopt;
  DecodeTree tree;
  tree.root = root;
  SetVector<WeightOp> weights;
  if (!visit(root, tree.key, weights))
    return std::nullopt;
  tree.weights.assign(weights.begin(), weights.end());

  Value value = root;
  while (auto decode = value.getDefiningOp<DecodeOpInterface>()) {
    tree.path.push_back(decode);
    value = decode.getValuesOperand().get();
  }
  tree.valuesLeaf = value.getDefiningOp<GetWeightOp>();
  if (!tree.valuesLeaf)
    return std::nullopt;
  return tree;
}

int64_t DecodeTree::getStoredBytes() const {
  int64_t bytes = 0;
  for (WeightOp weight : weights)
    bytes += slim::getStoredBytes(weight.getTensorType());
  return bytes;
}

//===----------------------------------------------------------------------===//
// Evaluation
//===----------------------------------------------------------------------===//

FailureOr<std::vector<float>> slim::decodeToDense(Value root) {
  FailureOr<TensorData> data = decodeConstant(root);
  if (failed(data))
    return failure();
  return data->toFloats();
}

//===----------------------------------------------------------------------===//
// Tracing elements
//===----------------------------------------------------------------------===//

static SmallVector<int64_t> getStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t dim = int64_t(shape.size()) - 2; dim >= 0; --dim)
    strides[dim] = strides[dim + 1] * shape[dim + 1];
  return strides;
}

/// The index of the block of element `index` of `shape`; see slim.dequantize.
static int64_t getBlockIndex(int64_t index, ArrayRef<int64_t> shape,
                             ArrayRef<int64_t> block) {
  int64_t result = 0, stride = 1;
  for (int64_t dim = int64_t(shape.size()) - 1; dim >= 0; --dim) {
    int64_t position = index % shape[dim];
    index /= shape[dim];
    if (block[dim] == 0)
      continue;
    result += position / block[dim] * stride;
    stride *= llvm::divideCeil(shape[dim], block[dim]);
  }
  return result;
}

/// Scaling keeps elements in place; an asymmetric code has a zero of its own.
static LogicalResult traceThrough(DequantizeOp op, ElementTrace &trace,
                                  std::string &reason) {
  if (!op.getZeroPoint())
    return success();
  if (!trace.zeroCodes.empty() || !op.getInput().getDefiningOp<GetWeightOp>()) {
    reason = "its zero points are those of codes that are encoded again";
    return failure();
  }
  FailureOr<TensorData> zeroPoints = decodeConstant(op.getZeroPoint());
  if (failed(zeroPoints))
    return failure();
  ArrayRef<int64_t> shape = op.getInput().getType().getShape();
  trace.zeroCodes.assign(trace.stored.size(), 0);
  for (auto [zero, index] : llvm::zip_equal(trace.zeroCodes, trace.stored))
    if (index >= 0)
      zero = zeroPoints->getInt(getBlockIndex(index, shape, op.getBlock()));
  return success();
}

/// A table keeps elements in place; zero is one of its numbers, or none.
static LogicalResult traceThrough(CodebookDecodeOp op, ElementTrace &trace,
                                  std::string &reason) {
  FailureOr<TensorData> table = decodeConstant(op.getTable());
  if (failed(table))
    return failure();
  std::vector<float> numbers = table->toFloats();
  auto zero = llvm::find(numbers, 0.0f);
  if (zero == numbers.end()) {
    reason = "its codebook has no zero";
    return failure();
  }
  if (!trace.zeroCodes.empty() || !op.getCodes().getDefiningOp<GetWeightOp>()) {
    reason = "its codebook is that of codes that are encoded again";
    return failure();
  }
  trace.zeroCodes.assign(trace.stored.size(), zero - numbers.begin());
  return success();
}

/// Conversions keep elements in place, and zero is zero in every type.
static LogicalResult traceThrough(CastOp, ElementTrace &, std::string &) {
  return success();
}

static LogicalResult traceThrough(SparseDecodeOp op, ElementTrace &trace,
                                  std::string &reason) {
  FailureOr<TensorData> positions = decodeConstant(op.getPositions());
  if (failed(positions))
    return failure();
  ArrayRef<int64_t> shape = op.getType().getShape();
  NMFormat format;
  format.cols = shape.back();
  format.rows =
      op.getType().getNumElements() / std::max<int64_t>(1, format.cols);
  format.n = op.getN();
  format.m = op.getM();
  ArrayRef<uint8_t> bytes(
      reinterpret_cast<const uint8_t *>(positions->getBytes().data()),
      positions->getBytes().size());
  if (llvm::Error error = format.verify()) {
    reason = llvm::toString(std::move(error));
    return failure();
  }
  if (llvm::Error error = verifyNMPositions(format, bytes)) {
    reason = llvm::toString(std::move(error));
    return failure();
  }
  std::vector<int64_t> columns(format.rows * format.valuesPerRow());
  decodeNMPositions(format, bytes, columns);
  std::vector<int64_t> storedOf(op.getType().getNumElements(), -1);
  for (auto [index, column] : llvm::enumerate(columns))
    storedOf[int64_t(index) / format.valuesPerRow() * format.cols + column] =
        index;
  for (int64_t &index : trace.stored)
    if (index >= 0)
      index = storedOf[index];
  return success();
}

static LogicalResult traceThrough(ReshapeDecodeOp op, ElementTrace &trace,
                                  std::string &reason) {
  // The permuted tensor and the result have the same row-major order.
  ArrayRef<int64_t> inputShape = op.getInput().getType().getShape();
  SmallVector<int64_t> inputStrides = getStrides(inputShape);
  ArrayRef<int64_t> permutation = op.getPermutation();
  SmallVector<int64_t> permutedShape;
  for (int64_t dim : permutation)
    permutedShape.push_back(inputShape[dim]);
  for (int64_t &index : trace.stored) {
    if (index < 0)
      continue;
    int64_t rest = index;
    index = 0;
    for (int64_t dim = int64_t(permutation.size()) - 1; dim >= 0; --dim) {
      index += rest % permutedShape[dim] * inputStrides[permutation[dim]];
      rest /= permutedShape[dim];
    }
  }
  return success();
}

FailureOr<ElementTrace> slim::traceElements(const DecodeTree &tree,
                                            std::string &reason) {
  ElementTrace trace;
  trace.stored.resize(tree.getType().getNumElements());
  std::iota(trace.stored.begin(), trace.stored.end(), 0);
  for (DecodeOpInterface decode : tree.getPath()) {
    LogicalResult traced =
        TypeSwitch<Operation *, LogicalResult>(decode)
            .Case<CastOp, CodebookDecodeOp, DequantizeOp, SparseDecodeOp,
                  ReshapeDecodeOp>(
                [&](auto op) { return traceThrough(op, trace, reason); })
            .Default([&](Operation *op) {
              reason = ("values cannot be traced through " +
                        op->getName().getStringRef())
                           .str();
              return failure();
            });
    if (failed(traced))
      return failure();
  }
  return trace;
}

std::optional<int64_t> slim::traceDimension(const DecodeTree &tree,
                                            int64_t dim) {
  for (DecodeOpInterface decode : tree.getPath()) {
    if (isa<CastOp, CodebookDecodeOp, DequantizeOp>(decode))
      continue;
    if (auto sparse = dyn_cast<SparseDecodeOp>(*decode)) {
      // The last dimension has other elements in storage.
      if (dim == sparse.getType().getRank() - 1)
        return std::nullopt;
      continue;
    }
    auto reshape = dyn_cast<ReshapeDecodeOp>(*decode);
    if (!reshape)
      return std::nullopt;
    // A dimension survives a reshape if it has the same extent and the same
    // number of elements before and after it.
    ArrayRef<int64_t> resultShape = reshape.getType().getShape();
    int64_t inner = getStrides(resultShape)[dim];
    ArrayRef<int64_t> inputShape = reshape.getInput().getType().getShape();
    SmallVector<int64_t> permutedShape;
    for (int64_t inputDim : reshape.getPermutation())
      permutedShape.push_back(inputShape[inputDim]);
    SmallVector<int64_t> permutedStrides = getStrides(permutedShape);
    std::optional<int64_t> found;
    for (size_t i = 0; i < permutedShape.size(); ++i)
      if (permutedShape[i] == resultShape[dim] && permutedStrides[i] == inner)
        found = reshape.getPermutation()[i];
    if (!found)
      return std::nullopt;
    dim = *found;
  }
  return dim;
}

Value slim::rebuildTree(OpBuilder &builder, Value root, Value newLeaf) {
  auto decode = root.getDefiningOp<DecodeOpInterface>();
  if (!decode)
    return newLeaf;
  OpOperand &values = decode.getValuesOperand();
  Value newValues = rebuildTree(builder, values.get(), newLeaf);
  Operation *copy = builder.clone(*decode.getOperation());
  copy->setOperand(values.getOperandNumber(), newValues);
  return copy->getResult(0);
}
