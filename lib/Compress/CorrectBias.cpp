//===- CorrectBias.cpp - Take back the mean error of a weight -------------===//
#include "slim/Compress/CorrectBias.h"

using namespace slim;

/// The product of the matrix of `type` whose element number i is `weight(i)` by
/// `mean`, for each output channel; none if `mean` does not fit.
static std::optional<std::vector<double>>
multiplyByMean(CompressibleOpInterface op, RankedTensorType type,
               llvm::function_ref<double(int64_t)> weight,
               ArrayRef<double> mean) {
  int64_t channels = type.getDimSize(op.getOutputChannelDim());
  int64_t groups = op.getGroupCount();
  // The number of a column of X, within a group, has the indices along the
  // reduction as its digits.
  SmallVector<int64_t> columnStrides(type.getRank(), 0);
  int64_t columns = 1;
  for (int64_t dim : llvm::reverse(op.getReductionDims())) {
    columnStrides[dim] = columns;
    columns *= type.getDimSize(dim);
  }
  if (int64_t(mean.size()) != groups * columns || channels % groups != 0)
    return std::nullopt;

  std::vector<double> product(channels);
  SmallVector<int64_t> index(type.getRank(), 0);
  for (int64_t i = 0, e = type.getNumElements(); i < e; ++i) {
    int64_t column = 0;
    for (auto [position, stride] : llvm::zip_equal(index, columnStrides))
      column += position * stride;
    int64_t channel = index[op.getOutputChannelDim()];
    int64_t group = channel / (channels / groups);
    product[channel] += weight(i) * mean[group * columns + column];
    for (int64_t dim = type.getRank() - 1; dim >= 0; --dim) {
      if (++index[dim] < type.getDimSize(dim))
        break;
      index[dim] = 0;
    }
  }
  return product;
}

/// The bias of a linear op or a convolution; null for other ops.
static MutableOperandRange getBiasOperand(Operation *op) {
  if (auto linear = dyn_cast<LinearOp>(op))
    return linear.getBiasMutable();
  if (auto conv = dyn_cast<ConvOp>(op))
    return conv.getBiasMutable();
  return MutableOperandRange(op, 0, 0);
}

/// Adds `error` to the bias of `op`. False if it has one that is not known.
static bool addToBias(Operation *op, ArrayRef<double> error, WeightOp weight,
                      std::string name, WeightRewriter &rewriter) {
  MutableOperandRange operand = getBiasOperand(op);
  std::vector<float> values(error.size());
  WeightOp neighbour = weight;
  auto elementType =
      cast<RankedTensorType>(op->getResult(0).getType()).getElementType();
  Value old;
  if (!operand.empty()) {
    old = operand[0].get();
    if (!isWeightOrConstant(old) || !hasConstantData(old))
      return false;
    if (std::optional<DecodeTree> tree = DecodeTree::match(old)) {
      neighbour = tree->getWeights().front();
      name = tree->getName().str();
    }
    FailureOr<std::vector<float>> known = decodeToDense(old);
    if (failed(known) || known->size() != values.size())
      return false;
    values = std::move(*known);
  }
  for (auto [value, change] : llvm::zip_equal(values, error))
    value = float(double(value) + change);

  auto type = RankedTensorType::get({int64_t(values.size())}, elementType);
  WeightOp bias =
      rewriter.addWeight(name, TensorData::fromFloats(type, values), neighbour);
  OpBuilder builder(op);
  operand.assign(rewriter.readWeight(builder, op->getLoc(), bias));
  if (old)
    rewriter.eraseTree(old);
  return true;
}

int64_t slim::correctBias(CompressibleWeight &weight, StringRef name,
                          ArrayRef<float> before, ArrayRef<float> after,
                          const CalibrationStatistics &calibration,
                          WeightRewriter &rewriter) {
  // The inputs that the weight is multiplied with, in the order of their names.
  SmallVector<Value> inputs;
  int64_t count = 0;
  for (CompressibleOpInterface consumer : weight.consumers) {
    Operation *op = consumer.getOperation();
    if (!isa<LinearOp, ConvOp>(op))
      continue;
    Value input = op->getOperand(0);
    auto place = llvm::find(inputs, input);
    int64_t number = place - inputs.begin();
    if (place == inputs.end())
      inputs.push_back(input);
    std::string inputName = name.str();
    if (number > 0)
      inputName += "#" + std::to_string(number);
    const ActivationStatistics *found = calibration.lookup(inputName);
    if (!found)
      continue;
    std::optional<std::vector<double>> error = multiplyByMean(
        consumer, weight.getType(),
        [&](int64_t i) { return double(before[i]) - double(after[i]); },
        found->channelMean);
    if (error && addToBias(op, *error, weight.tree.getWeights().front(),
                           (name + ".bias").str(), rewriter))
      ++count;
  }
  return count;
}

bool slim::shiftBias(CompressibleOpInterface op, ArrayRef<float> weight,
                     ArrayRef<double> shift, WeightRewriter &rewriter) {
  if (!isa<LinearOp, ConvOp>(op.getOperation()))
    return false;
  Value root = op.getWeightOperand().get();
  std::optional<DecodeTree> tree = DecodeTree::match(root);
  if (!tree)
    return false;
  std::optional<std::vector<double>> change = multiplyByMean(
      op, tree->getType(), [&](int64_t i) { return double(weight[i]); }, shift);
  return change && addToBias(op, *change, tree->getWeights().front(),
                             (tree->getName() + ".bias").str(), rewriter);
}
