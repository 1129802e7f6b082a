//===- ConstantInterpreter.cpp - Runs slim functions on constants ---------===//

#include "ConstantInterpreter.h"

#include "mlir/IR/Matchers.h"
#include "slim/IR/SlimOps.h"
#include <cmath>

using namespace slim;
using namespace slim::test;

std::vector<double> slim::test::getDoubles(DenseElementsAttr attr) {
  std::vector<double> values;
  for (const APFloat &value : attr.getValues<APFloat>())
    values.push_back(value.convertToDouble());
  return values;
}

static DenseElementsAttr makeAttr(Type type, ArrayRef<double> values) {
  return DenseElementsAttr::get(cast<ShapedType>(type), values);
}

static ArrayRef<int64_t> getShape(Attribute attr) {
  return cast<ShapedType>(cast<ElementsAttr>(attr).getType()).getShape();
}

/// [rows, inner] x [inner, columns], strides given for the right matrix.
static void multiply(const double *lhs, const double *rhs, double *result,
                     int64_t rows, int64_t inner, int64_t columns,
                     int64_t innerStride, int64_t columnStride) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c)
      for (int64_t i = 0; i < inner; ++i)
        result[r * columns + c] +=
            lhs[r * inner + i] * rhs[i * innerStride + c * columnStride];
}

static DenseElementsAttr computeLinear(LinearOp op,
                                       ArrayRef<Attribute> operands) {
  std::vector<double> input = getDoubles(cast<DenseElementsAttr>(operands[0]));
  std::vector<double> weight = getDoubles(cast<DenseElementsAttr>(operands[1]));
  ArrayRef<int64_t> shape = getShape(operands[1]);
  bool transposed = op.getTransposed();
  int64_t inner = shape[transposed ? 0 : 1],
          outputs = shape[transposed ? 1 : 0];
  int64_t rows = input.size() / inner;
  std::vector<double> result(rows * outputs);
  multiply(input.data(), weight.data(), result.data(), rows, inner, outputs,
           transposed ? outputs : 1, transposed ? 1 : inner);
  if (operands.size() > 2) {
    std::vector<double> bias = getDoubles(cast<DenseElementsAttr>(operands[2]));
    for (size_t i = 0; i < result.size(); ++i)
      result[i] += bias[i % outputs];
  }
  return makeAttr(op.getType(), result);
}

/// The offset of batch `index` of `batches` in a tensor of shape `shape`, whose
/// leading dimensions broadcast to `batches`.
static int64_t getBatch(int64_t index, ArrayRef<int64_t> batches,
                        ArrayRef<int64_t> shape) {
  int64_t offset = 0, stride = 1;
  for (size_t fromEnd = 1; fromEnd <= batches.size(); ++fromEnd) {
    int64_t extent = batches[batches.size() - fromEnd];
    int64_t position = index % extent;
    index /= extent;
    if (fromEnd > shape.size())
      continue;
    int64_t own = shape[shape.size() - fromEnd];
    offset += own == 1 ? 0 : position * stride;
    stride *= own;
  }
  return offset;
}

static DenseElementsAttr computeMatmul(MatmulOp op,
                                       ArrayRef<Attribute> operands) {
  std::vector<double> lhs = getDoubles(cast<DenseElementsAttr>(operands[0]));
  std::vector<double> rhs = getDoubles(cast<DenseElementsAttr>(operands[1]));
  SmallVector<int64_t> lhsShape(getShape(operands[0]));
  SmallVector<int64_t> rhsShape(getShape(operands[1]));
  SmallVector<int64_t> batches(cast<ShapedType>(op.getType()).getShape());
  if (rhsShape.size() == 1)
    rhsShape.push_back(1);
  else
    batches.pop_back();
  if (lhsShape.size() == 1)
    lhsShape.insert(lhsShape.begin(), 1);
  else
    batches.pop_back();
  int64_t columns = rhsShape.pop_back_val(), inner = rhsShape.pop_back_val();
  lhsShape.pop_back();
  int64_t rows = lhsShape.pop_back_val();

  int64_t numBatches = ShapedType::getNumElements(batches);
  std::vector<double> result(numBatches * rows * columns);
  for (int64_t b = 0; b < numBatches; ++b)
    multiply(&lhs[getBatch(b, batches, lhsShape) * rows * inner],
             &rhs[getBatch(b, batches, rhsShape) * inner * columns],
             &result[b * rows * columns], rows, inner, columns, columns, 1);
  return makeAttr(op.getType(), result);
}

static DenseElementsAttr computeSoftmax(SoftmaxOp op,
                                        ArrayRef<Attribute> operands) {
  std::vector<double> values = getDoubles(cast<DenseElementsAttr>(operands[0]));
  ArrayRef<int64_t> shape = getShape(operands[0]);
  int64_t inner =
      ShapedType::getNumElements(shape.drop_front(op.getAxis() + 1));
  int64_t extent = shape[op.getAxis()];
  for (size_t base = 0; base < values.size(); base += extent * inner)
    for (int64_t i = 0; i < inner; ++i) {
      double sum = 0;
      for (int64_t k = 0; k < extent; ++k)
        sum += std::exp(values[base + k * inner + i]);
      for (int64_t k = 0; k < extent; ++k)
        values[base + k * inner + i] =
            std::exp(values[base + k * inner + i]) / sum;
    }
  return makeAttr(op.getType(), values);
}

static DenseElementsAttr compute(Operation *op, ArrayRef<Attribute> operands) {
  if (auto linear = dyn_cast<LinearOp>(op))
    return computeLinear(linear, operands);
  if (auto matmul = dyn_cast<MatmulOp>(op))
    return computeMatmul(matmul, operands);
  if (auto softmax = dyn_cast<SoftmaxOp>(op))
    return computeSoftmax(softmax, operands);
  return DenseElementsAttr();
}

/// Gives the op, whose operands have static types, the types that it infers.
static LogicalResult refineTypes(Operation *op) {
  auto inferrer = dyn_cast<InferTypeOpInterface>(op);
  if (!inferrer)
    return success();
  SmallVector<Type> types;
  if (failed(inferrer.inferReturnTypes(
          op->getContext(), op->getLoc(), op->getOperands(),
          op->getAttrDictionary(), op->getPropertiesStorage(), op->getRegions(),
          types)))
    return failure();
  for (auto [result, type] : llvm::zip_equal(op->getResults(), types))
    result.setType(type);
  return success();
}

/// The value of an op as a constant's attribute or another value; null if that
/// is not known.
static OpFoldResult evaluate(Operation *op) {
  SmallVector<Attribute> operands;
  for (Value operand : op->getOperands()) {
    Attribute value;
    if (!matchPattern(operand, m_Constant(&value)))
      return OpFoldResult();
    operands.push_back(value);
  }
  SmallVector<OpFoldResult> results;
  if (succeeded(op->fold(operands, results)) && !results.empty())
    return results.front();
  return OpFoldResult(Attribute(compute(op, operands)));
}

std::optional<std::vector<DenseElementsAttr>>
slim::test::interpret(func::FuncOp function,
                      ArrayRef<DenseElementsAttr> inputs) {
  OwningOpRef<func::FuncOp> copy(function.clone());
  Block &block = copy->getBody().front();
  OpBuilder builder(copy->getContext());
  builder.setInsertionPointToStart(&block);
  for (auto [argument, input] : llvm::zip_equal(block.getArguments(), inputs))
    argument.replaceAllUsesWith(
        ConstantOp::create(builder, copy->getLoc(), input));

  for (Operation &op : llvm::make_early_inc_range(block.without_terminator())) {
    if (isa<ConstantOp>(op))
      continue;
    if (failed(refineTypes(&op)))
      return std::nullopt;
    OpFoldResult value = evaluate(&op);
    if (!value) {
      op.emitError("cannot be evaluated");
      return std::nullopt;
    }
    Value replacement = dyn_cast<Value>(value);
    builder.setInsertionPoint(&op);
    if (auto attr = dyn_cast<Attribute>(value))
      replacement =
          ConstantOp::create(builder, op.getLoc(), cast<ElementsAttr>(attr));
    op.getResult(0).replaceAllUsesWith(replacement);
    op.erase();
  }

  std::vector<DenseElementsAttr> results;
  for (Value value : block.getTerminator()->getOperands()) {
    DenseElementsAttr attr;
    if (!matchPattern(value, m_Constant(&attr)))
      return std::nullopt;
    results.push_back(attr);
  }
  return results;
}
