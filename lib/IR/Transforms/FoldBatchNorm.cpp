//===- FoldBatchNorm.cpp - Per-channel affine maps into layers ------------===//
//
// A map y[c] = s[c] x[c] + t[c] after a layer that is linear in its weight W
// and adds a bias b is the same layer with the weight s[c] W[c] and the bias
// s[c] b[c] + t[c], c being the output channel.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/BuiltinOps.h"
#include "slim/IR/SlimOps.h"
#include "slim/IR/Transforms/Passes.h"
#include "slim/IR/WeightData.h"
#include "slim/IR/WeightStorage.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include <cmath>

namespace slim {
#define GEN_PASS_DEF_FOLDBATCHNORMPASS
#include "slim/IR/Transforms/Passes.h.inc"
} // namespace slim

using namespace slim;

namespace {

/// What identifies a parameter: the name of a weight, the value of a constant,
/// or null for an absent one.
using ParameterKey = Attribute;

/// y[c] = scale[c] x[c] + shift[c], with the parameters that it came from.
struct ChannelMap {
  Value input;
  std::vector<double> scale;
  std::vector<double> shift;
  SmallVector<ParameterKey> sources;
};

/// The layer before, with its parameters' places.
struct Layer {
  CompressibleOpInterface op;
  Value weight;
  Value bias;
  int64_t channels;
};

class BatchNormFolder {
public:
  explicit BatchNormFolder(ModuleOp module) : module(module), symbols(module) {}

  /// Folds `op` into its producer, if that is possible.
  bool fold(Operation *op);
  /// Erases the weights that became unused and hands on their names. Fails if
  /// data that the module promises could not be read.
  LogicalResult finish();

private:
  std::optional<TensorData> readParameter(Value value, ParameterKey &key);
  std::optional<ChannelMap> matchBatchNorm(BatchNormOp op);
  std::optional<ChannelMap> matchArithmetic(Operation *op);
  std::optional<std::vector<double>>
  readPerChannel(Value value, RankedTensorType layerType, ParameterKey &key);
  std::optional<Layer> matchLayer(Value result);
  /// The name to be of a weight that was perhaps folded before.
  StringRef getFinalName(WeightOp weight);
  WeightOp addWeight(StringRef name, const TensorData &data, Operation *before);
  WeightOp getWeight(Value value);

  ModuleOp module;
  SymbolTable symbols;
  /// Folded weight and bias of what was folded before.
  DenseMap<Attribute, std::pair<WeightOp, WeightOp>> folded;
  llvm::SetVector<WeightOp> oldWeights;
  /// New weights and the names that they would like to have.
  llvm::MapVector<WeightOp, std::string> wishes;
  bool missesData = false;
};

struct FoldBatchNorm : slim::impl::FoldBatchNormPassBase<FoldBatchNorm> {
  void runOnOperation() override;
};

} // namespace

WeightOp BatchNormFolder::getWeight(Value value) {
  auto read = value.getDefiningOp<GetWeightOp>();
  return read ? symbols.lookup<WeightOp>(read.getName()) : WeightOp();
}

std::optional<TensorData> BatchNormFolder::readParameter(Value value,
                                                         ParameterKey &key) {
  if (auto constant = value.getDefiningOp<ConstantOp>()) {
    key = constant.getValueAttr();
    return TensorData::fromAttr(constant.getValueAttr());
  }
  WeightOp weight = getWeight(value);
  if (!weight || !hasWeightData(weight))
    return std::nullopt;
  key = FlatSymbolRefAttr::get(weight.getSymNameAttr());
  FailureOr<TensorData> data = readWeightData(weight);
  if (succeeded(data))
    return *data;
  missesData = true;
  return std::nullopt;
}

std::optional<ChannelMap> BatchNormFolder::matchBatchNorm(BatchNormOp op) {
  ChannelMap map;
  map.input = op.getInput();
  SmallVector<TensorData> parameters;
  for (Value value :
       {op.getScale(), op.getBias(), op.getMean(), op.getVariance()}) {
    ParameterKey key;
    std::optional<TensorData> data = readParameter(value, key);
    if (!data)
      return std::nullopt;
    parameters.push_back(*data);
    map.sources.push_back(key);
  }
  map.sources.push_back(op.getEpsilonAttr());
  double epsilon = op.getEpsilon().convertToDouble();
  for (int64_t c = 0, e = parameters[0].getNumElements(); c < e; ++c) {
    double scale = parameters[0].getDouble(c) /
                   std::sqrt(parameters[3].getDouble(c) + epsilon);
    map.scale.push_back(scale);
    if (!std::isfinite(scale))
      return std::nullopt;
    map.shift.push_back(parameters[1].getDouble(c) -
                        parameters[2].getDouble(c) * scale);
  }
  return map;
}

/// The elements of a parameter that broadcasts along all dimensions but the
/// channels (dimension 1, of static extent) of `layerType`.
std::optional<std::vector<double>>
BatchNormFolder::readPerChannel(Value value, RankedTensorType layerType,
                                ParameterKey &key) {
  auto type = cast<RankedTensorType>(value.getType());
  int64_t leading = layerType.getRank() - type.getRank();
  if (leading < 0 || leading > 1)
    return std::nullopt;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.getDimSize(dim) !=
        (dim + leading == 1 ? layerType.getDimSize(1) : 1))
      return std::nullopt;
  std::optional<TensorData> data = readParameter(value, key);
  if (!data)
    return std::nullopt;
  std::vector<double> values;
  for (int64_t i = 0, e = data->getNumElements(); i < e; ++i)
    values.push_back(data->getDouble(i));
  return values;
}

std::optional<ChannelMap> BatchNormFolder::matchArithmetic(Operation *op) {
  Value lhs = op->getOperand(0), rhs = op->getOperand(1);
  // The number may stand on either side of what commutes.
  for (auto [input, number] : {std::pair(lhs, rhs), std::pair(rhs, lhs)}) {
    if (isa<SubOp>(op) && number == lhs)
      continue;
    auto type = cast<RankedTensorType>(input.getType());
    if (type.getRank() < 2 || type.isDynamicDim(1) ||
        !isa<FloatType>(type.getElementType()))
      continue;
    ChannelMap map;
    map.input = input;
    map.sources.emplace_back();
    auto values = readPerChannel(number, type, map.sources.back());
    if (!values)
      continue;
    map.scale.assign(values->size(), 1);
    map.shift.assign(values->size(), 0);
    if (isa<MulOp>(op)) {
      map.scale = std::move(*values);
      return map;
    }
    for (auto [shift, value] : llvm::zip_equal(map.shift, *values))
      shift = isa<SubOp>(op) ? -value : value;
    return map;
  }
  return std::nullopt;
}

std::optional<Layer> BatchNormFolder::matchLayer(Value result) {
  Operation *op = result.getDefiningOp();
  if (!isa_and_present<ConvOp, ConvTransposeOp, LinearOp>(op) ||
      !result.hasOneUse())
    return std::nullopt;
  // The channels are dimension 1; a linear layer's are the last.
  auto type = cast<RankedTensorType>(result.getType());
  if (isa<LinearOp>(op) && type.getRank() != 2)
    return std::nullopt;
  auto layerOp = cast<CompressibleOpInterface>(op);
  Layer layer{layerOp, layerOp.getWeightOperand().get(),
              op->getNumOperands() > 2 ? op->getOperand(2) : Value(), 0};
  auto weightType = cast<RankedTensorType>(layer.weight.getType());
  layer.channels = weightType.getDimSize(layerOp.getOutputChannelDim());
  if (isa<ConvTransposeOp>(op))
    layer.channels *= layerOp.getGroupCount();
  return layer;
}

/// Multiplies each output channel of the weight by its scale.
static std::vector<double> scaleWeight(const Layer &layer,
                                       const TensorData &weight,
                                       ArrayRef<double> scale) {
  ArrayRef<int64_t> shape = weight.getType().getShape();
  int64_t channelDim = CompressibleOpInterface(layer.op).getOutputChannelDim();
  int64_t inner = 1, outer = 1;
  for (auto [dim, extent] : llvm::enumerate(shape))
    (static_cast<int64_t>(dim) > channelDim ? inner : outer) *=
        static_cast<int64_t>(dim) == channelDim ? 1 : extent;
  int64_t extent = shape[channelDim];
  // A transposed convolution has the channels of a group in dimension 1 and
  // the groups side by side in dimension 0.
  int64_t rowsOfGroup = outer;
  if (extent != layer.channels)
    rowsOfGroup = outer / (layer.channels / extent);

  std::vector<double> scaled;
  scaled.reserve(weight.getNumElements());
  int64_t index = 0;
  for (int64_t row = 0; row < outer; ++row)
    for (int64_t c = 0; c < extent; ++c)
      for (int64_t i = 0; i < inner; ++i, ++index)
        scaled.push_back(weight.getDouble(index) *
                         scale[row / rowsOfGroup * extent + c]);
  return scaled;
}

/// "a.weight" gives "a.bias"; "w" gives "w.bias".
static std::string getBiasName(StringRef weightName) {
  weightName.consume_back("weight") || weightName.consume_back(".");
  return (weightName + (weightName.ends_with(".") ? "bias" : ".bias")).str();
}

StringRef BatchNormFolder::getFinalName(WeightOp weight) {
  auto wish = wishes.find(weight);
  return wish == wishes.end() ? weight.getSymName() : StringRef(wish->second);
}

WeightOp BatchNormFolder::addWeight(StringRef name, const TensorData &data,
                                    Operation *before) {
  std::string temporary = (name + ".folded").str();
  OpBuilder detached(module.getContext());
  auto weight =
      WeightOp::create(detached, before->getLoc(), temporary, data.getType(),
                       buildWeightData(temporary, data));
  symbols.insert(weight, before->getIterator());
  wishes.insert({weight, name.str()});
  return weight;
}

bool BatchNormFolder::fold(Operation *op) {
  std::optional<ChannelMap> map;
  if (auto norm = dyn_cast<BatchNormOp>(op)) {
    if (!matchLayer(norm.getInput()))
      return false;
    map = matchBatchNorm(norm);
  } else if (matchLayer(op->getOperand(0)) || matchLayer(op->getOperand(1))) {
    map = matchArithmetic(op);
  }
  if (!map)
    return false;
  std::optional<Layer> layer = matchLayer(map->input);
  if (!layer || layer->channels != static_cast<int64_t>(map->scale.size()) ||
      map->input.getType() != op->getResult(0).getType())
    return false;

  ParameterKey weightKey, biasKey;
  WeightOp oldWeight = getWeight(layer->weight);
  std::optional<TensorData> weight, bias;
  if (oldWeight)
    weight = readParameter(layer->weight, weightKey);
  if (!weight)
    return false;
  if (layer->bias) {
    bias = readParameter(layer->bias, biasKey);
    if (!bias)
      return false;
  }

  // The channels' place in the weight is part of what makes it this one.
  MLIRContext *context = module.getContext();
  Builder attributes(context);
  SmallVector<Attribute> key = {
      weightKey, biasKey ? biasKey : attributes.getUnitAttr(),
      attributes.getI64IntegerAttr(layer->op.getOutputChannelDim()),
      attributes.getI64IntegerAttr(layer->channels),
      StringAttr::get(context, op->getName().getStringRef())};
  llvm::append_range(key, map->sources);
  auto &[newWeight, newBias] = folded[ArrayAttr::get(context, key)];
  if (!newWeight) {
    newWeight = addWeight(
        getFinalName(oldWeight).str(),
        TensorData::fromDoubles(weight->getType(),
                                scaleWeight(*layer, *weight, map->scale)),
        oldWeight);
    std::vector<double> biasValues(map->shift);
    if (bias)
      for (auto [i, value] : llvm::enumerate(biasValues))
        value += bias->getDouble(i) * map->scale[i];
    auto biasType =
        RankedTensorType::get({layer->channels}, weight->getElementType());
    WeightOp oldBias = layer->bias ? getWeight(layer->bias) : WeightOp();
    newBias =
        addWeight(oldBias ? getFinalName(oldBias).str()
                          : getBiasName(getFinalName(oldWeight)),
                  TensorData::fromDoubles(biasType, biasValues), oldWeight);
  }

  // The layer moves to where its parameters are known.
  OpBuilder builder(op);
  auto read = [&](WeightOp from) -> Value {
    return GetWeightOp::create(builder, op->getLoc(), from.getTensorType(),
                               FlatSymbolRefAttr::get(from.getSymNameAttr()));
  };
  Operation *newLayer = layer->op->clone();
  SmallVector<Value> operands = {layer->op->getOperand(0), read(newWeight),
                                 read(newBias)};
  newLayer->setOperands(operands);
  builder.insert(newLayer);

  for (Operation *old : {op, layer->op.getOperation()})
    for (Value operand : old->getOperands())
      if (WeightOp parameter = getWeight(operand))
        oldWeights.insert(parameter);
  op->getResult(0).replaceAllUsesWith(newLayer->getResult(0));
  op->erase();
  layer->op->erase();
  return true;
}

LogicalResult BatchNormFolder::finish() {
  DenseMap<StringAttr, SmallVector<GetWeightOp>> readers;
  module.walk([&](GetWeightOp op) {
    if (op->use_empty())
      op.erase();
    else
      readers[op.getNameAttr().getAttr()].push_back(op);
  });
  for (WeightOp weight : oldWeights)
    if (!readers.contains(weight.getSymNameAttr())) {
      wishes.erase(weight);
      symbols.erase(weight);
    }
  for (auto &[weight, name] : wishes) {
    StringAttr current = weight.getSymNameAttr();
    if (symbols.lookup(name))
      continue;
    symbols.remove(weight);
    weight.setSymName(name);
    symbols.insert(weight);
    for (GetWeightOp reader : readers[current])
      reader.setName(name);
  }
  return success(!missesData);
}

void FoldBatchNorm::runOnOperation() {
  BatchNormFolder folder(getOperation());
  // In order, so that what follows a folded op meets the layer that it became.
  SmallVector<Operation *> candidates;
  getOperation().walk([&](Operation *op) {
    if (isa<BatchNormOp, MulOp, AddOp, SubOp>(op))
      candidates.push_back(op);
  });
  for (Operation *op : candidates) {
    bool isNorm = isa<BatchNormOp>(op);
    if (folder.fold(op)) {
      ++numFolded;
    } else if (isNorm) {
      ++numLeft;
    }
  }
  if (failed(folder.finish()))
    signalPassFailure();
}
