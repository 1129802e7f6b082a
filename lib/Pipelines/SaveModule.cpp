//===- SaveModule.cpp - A module's file and its weights' ------------------===//
#include "slim/Pipelines/SaveModule.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "slim/Data/SafetensorsFile.h"
#include "slim/Export/SafetensorsType.h"
#include "slim/IR/SlimOps.h"
#include "slim/IR/WeightData.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace slim;

/// Weights of fewer elements stay in the module's text.
static constexpr int64_t kInlineElements = 32;

/// Writes the data of `weights` to `path` and lets them be there.
static llvm::Error saveWeights(ArrayRef<WeightOp> weights, StringRef path) {
  // A file has no holes: the widest elements first keep all of them aligned.
  SmallVector<WeightOp> ordered;
  for (int64_t size : {8, 4, 2, 1})
    llvm::copy_if(weights, std::back_inserter(ordered), [&](WeightOp weight) {
      Type elementType = weight.getTensorType().getElementType();
      return TensorData::getElementBytes(elementType) == size;
    });
  SafetensorsWriter writer;
  for (WeightOp weight : ordered) {
    RankedTensorType type = weight.getTensorType();
    writer.addTensor(
        weight.getSymName(), getSafetensorsType(type.getElementType()),
        type.getShape(), TensorData::getNumBytes(type),
        [weight](raw_ostream &os) mutable -> llvm::Error {
          FailureOr<TensorData> data = readWeightData(weight);
          if (failed(data))
            return llvm::createStringError("a weight has no data to save");
          os.write(data->getBytes().data(), data->getBytes().size());
          return llvm::Error::success();
        });
  }
  if (llvm::Error error = writer.write(path))
    return error;
  for (auto [weight, offset] : llvm::zip(ordered, writer.getOffsets()))
    weight.setDataAttr(ExternalAttr::get(
        weight.getContext(), llvm::sys::path::filename(path), offset));
  return llvm::Error::success();
}

llvm::Error slim::saveModule(ModuleOp module, StringRef path) {
  OwningOpRef<ModuleOp> copy = module.clone();
  MLIRContext *context = module.getContext();
  if (path != "-") {
    SmallString<256> weightPath(path);
    llvm::sys::path::replace_extension(weightPath, ".weights.safetensors");
    SmallVector<WeightOp> weights;
    for (auto weight : copy->getOps<WeightOp>()) {
      Attribute attr = weight.getDataAttr();
      if (!attr)
        continue;
      if (auto external = dyn_cast<ExternalAttr>(attr)) {
        SmallString<256> source(resolveWeightPath(weight, external));
        llvm::sys::fs::make_absolute(source);
        weight.setDataAttr(
            ExternalAttr::get(context, source, external.getOffset()));
        continue;
      }
      if (weight.getTensorType().getNumElements() >= kInlineElements)
        weights.push_back(weight);
    }
    if (!weights.empty())
      if (llvm::Error error = saveWeights(weights, weightPath))
        return error;
  }
  return llvm::writeToOutput(path, [&](raw_ostream &os) -> llvm::Error {
    if (path.ends_with(".mlirbc")) {
      if (failed(writeBytecodeToFile(*copy, os)))
        return llvm::createStringError("the module has no bytecode form");
    } else {
      copy->print(os);
      os << "\n";
    }
    return llvm::Error::success();
  });
}
