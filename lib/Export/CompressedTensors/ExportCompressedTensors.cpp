//===- ExportCompressedTensors.cpp - A directory of quantized weights -----===//
#include "slim/Export/CompressedTensors.h"

#include "Layer.h"
#include "mlir/IR/Diagnostics.h"
#include "slim/Data/SafetensorsFile.h"
#include "slim/Export/SafetensorsType.h"
#include "slim/IR/WeightTree.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <map>

using namespace slim;
using namespace slim::compressedtensors;

namespace {

/// What goes into the directory.
struct Checkpoint {
  std::vector<StoredTensor> tensors;
  /// By scheme: the layers that have it.
  std::map<std::string, std::vector<std::string>> groups;
  llvm::json::Array ignore;
  llvm::StringSet<> names;
  std::string format;
};

} // namespace

/// The name of the stored tensor whose values the tree carries.
static StringRef getWeightName(Value root) {
  while (true) {
    Operation *op = root.getDefiningOp();
    if (auto leaf = dyn_cast_or_null<GetWeightOp>(op))
      return leaf.getName();
    auto decode = dyn_cast_or_null<DecodeOpInterface>(op);
    if (!decode)
      return "";
    root = decode.getValuesOperand().get();
  }
}

/// The product that `root` is the weight of, if there is one.
static LinearOp findProduct(Value root) {
  for (OpOperand &use : root.getUses())
    if (auto op = dyn_cast<LinearOp>(use.getOwner()))
      if (op.getWeight() == root)
        return op;
  return {};
}

static void addDense(Checkpoint &checkpoint, Value root, StringRef name,
                     LinearOp product) {
  auto type = cast<RankedTensorType>(root.getType());
  bool isTurned = product && product.getTransposed();
  if (isTurned)
    type =
        type.clone(ArrayRef<int64_t>{type.getDimSize(1), type.getDimSize(0)});
  checkpoint.tensors.push_back(
      {name.str(), type, [root, isTurned]() -> FailureOr<TensorData> {
         FailureOr<TensorData> data = decodeConstant(root);
         if (failed(data) || !isTurned)
           return data;
         return transposeMatrix(*data);
       }});
}

static void addLayer(Checkpoint &checkpoint, Layer layer) {
  if (checkpoint.format.empty())
    checkpoint.format = layer.format;
  else if (checkpoint.format != layer.format)
    checkpoint.format = "mixed-precision";
  checkpoint.groups[layer.getScheme()].push_back(layer.name);
  llvm::append_range(checkpoint.tensors, layer.tensors);
}

static void addWeight(Checkpoint &checkpoint, Value root) {
  StringRef name = getWeightName(root);
  // Several ops may read one weight.
  if (name.empty() || !checkpoint.names.insert(name).second)
    return;
  LinearOp product = findProduct(root);
  if (root.getDefiningOp<GetWeightOp>()) {
    if (product)
      checkpoint.ignore.push_back(getLayerName(name));
    return addDense(checkpoint, root, name, product);
  }
  std::string why = "only products have a quantized form";
  if (product)
    if (std::optional<Layer> layer = matchLayer(product, name, why))
      return addLayer(checkpoint, std::move(*layer));
  emitWarning(root.getLoc())
      << "weight '" << name << "' is exported as decoded numbers: " << why;
  if (product)
    checkpoint.ignore.push_back(getLayerName(name));
  addDense(checkpoint, root, name, product);
}

static std::string makeConfig(Checkpoint &checkpoint) {
  llvm::json::Object groups;
  for (auto [index, group] : llvm::enumerate(checkpoint.groups)) {
    llvm::json::Object scheme =
        *llvm::cantFail(llvm::json::parse(group.first)).getAsObject();
    scheme["targets"] = llvm::json::Array(group.second);
    scheme.try_emplace("input_activations", nullptr);
    scheme["output_activations"] = nullptr;
    groups["group_" + std::to_string(index)] = std::move(scheme);
  }
  llvm::json::Object quantization{
      {"quant_method", "compressed-tensors"},
      {"format", checkpoint.format.empty() ? "dense" : checkpoint.format},
      {"quantization_status", "compressed"},
      {"config_groups", std::move(groups)},
      {"ignore", std::move(checkpoint.ignore)},
      {"kv_cache_scheme", nullptr},
      {"global_compression_ratio", nullptr}};
  llvm::json::Object config{{"quantization_config", std::move(quantization)}};
  return llvm::formatv("{0:2}\n", llvm::json::Value(std::move(config))).str();
}

static llvm::Error writeFiles(Checkpoint &checkpoint, StringRef directory,
                              bool &isReported) {
  SmallString<256> weightPath(directory), configPath(directory);
  llvm::sys::path::append(weightPath, "model.safetensors");
  llvm::sys::path::append(configPath, "config.json");
  SafetensorsWriter writer;
  writer.setMetadata("format", "pt");
  for (const StoredTensor &tensor : checkpoint.tensors)
    writer.addTensor(
        tensor.name, getSafetensorsType(tensor.type.getElementType()),
        tensor.type.getShape(), TensorData::getNumBytes(tensor.type),
        [&](llvm::raw_ostream &os) -> llvm::Error {
          FailureOr<TensorData> data = tensor.read();
          if (failed(data)) {
            isReported = true;
            return llvm::createStringError("a tensor has no data");
          }
          os.write(data->getBytes().data(), data->getBytes().size());
          return llvm::Error::success();
        });
  if (llvm::Error error = writer.write(weightPath))
    return error;
  std::string config = makeConfig(checkpoint);
  return llvm::writeToOutput(configPath, [&](llvm::raw_ostream &os) {
    os << config;
    return llvm::Error::success();
  });
}

LogicalResult slim::exportCompressedTensors(ModuleOp module,
                                            StringRef directory) {
  Checkpoint checkpoint;
  module.walk([&](Operation *op) {
    bool isInside = isa<GetWeightOp, ConstantOp>(op) ||
                    (op->getNumResults() == 1 && isWeight(op->getResult(0)));
    if (isInside)
      return;
    for (Value operand : op->getOperands())
      if (isWeight(operand))
        addWeight(checkpoint, operand);
  });
  if (checkpoint.tensors.empty())
    return module.emitError("has no weights to export");

  bool exists = llvm::sys::fs::is_directory(directory);
  auto fail = [&](const Twine &message) {
    return emitError(module.getLoc())
           << "cannot write to '" << directory << "': " << message;
  };
  if (!exists)
    if (std::error_code error = llvm::sys::fs::create_directory(directory))
      return fail(error.message());
  bool isReported = false;
  llvm::Error error = writeFiles(checkpoint, directory, isReported);
  if (!error)
    return success();
  if (!exists)
    llvm::sys::fs::remove(directory);
  std::string message = llvm::toString(std::move(error));
  return isReported ? failure() : fail(message);
}
