//===- SaveModule.cpp - A module's file and its weights' ------------------===//
//
// The weights' file is in the safetensors format: the length of a JSON header
// (8 bytes, little-endian), the header, which gives each tensor's type, shape
// and range of bytes, and the bytes.
//
//===----------------------------------------------------------------------===//
#include "slim/Pipelines/SaveModule.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "slim/IR/SlimOps.h"
#include "slim/IR/WeightData.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace slim;

/// Weights of fewer elements stay in the module's text.
static constexpr int64_t kInlineElements = 32;

/// safetensors' name of an element type; types that it lacks are bytes.
static StringRef getTypeName(Type type) {
  if (type.isF32())
    return "F32";
  if (type.isF64())
    return "F64";
  if (type.isF16())
    return "F16";
  if (type.isBF16())
    return "BF16";
  if (isa<Float8E4M3FNType>(type))
    return "F8_E4M3";
  if (isa<Float8E5M2Type>(type))
    return "F8_E5M2";
  if (auto integer = dyn_cast<IntegerType>(type)) {
    bool isUnsigned = integer.isUnsigned();
    switch (integer.getWidth()) {
    case 1:
      return "BOOL";
    case 16:
      return isUnsigned ? "U16" : "I16";
    case 32:
      return isUnsigned ? "U32" : "I32";
    case 64:
      return isUnsigned ? "U64" : "I64";
    case 8:
      return isUnsigned ? "U8" : "I8";
    }
  }
  return "U8";
}

namespace {
struct SavedWeight {
  WeightOp op;
  TensorData data;
  uint64_t offset;
};
} // namespace

static std::string makeHeader(MutableArrayRef<SavedWeight> weights) {
  llvm::json::Object header;
  for (SavedWeight &weight : weights) {
    llvm::json::Array shape;
    for (int64_t extent : weight.data.getType().getShape())
      shape.push_back(extent);
    int64_t begin = weight.offset;
    int64_t end = begin + weight.data.getBytes().size();
    header[weight.op.getSymName()] =
        llvm::json::Object{{"dtype", getTypeName(weight.data.getElementType())},
                           {"shape", std::move(shape)},
                           {"data_offsets", llvm::json::Array{begin, end}}};
  }
  std::string text =
      llvm::formatv("{0}", llvm::json::Value(std::move(header))).str();
  // The data begin at a multiple of the largest alignment that is wanted.
  text.resize(llvm::alignTo(text.size() + 8, 64) - 8, ' ');
  return text;
}

llvm::Error slim::saveModule(ModuleOp module, StringRef path) {
  OwningOpRef<ModuleOp> copy = module.clone();
  MLIRContext *context = module.getContext();
  if (path != "-") {
    SmallString<256> weightPath(path);
    llvm::sys::path::replace_extension(weightPath, ".weights.safetensors");
    std::vector<SavedWeight> weights;
    uint64_t size = 0;
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
      if (weight.getTensorType().getNumElements() < kInlineElements)
        continue;
      FailureOr<TensorData> data = readWeightData(weight);
      if (failed(data))
        return llvm::createStringError("a weight has no data to save");
      weights.push_back({weight, *data, size});
      size = llvm::alignTo(size + data->getBytes().size(), 64);
    }
    if (!weights.empty()) {
      std::string header = makeHeader(weights);
      if (llvm::Error error = llvm::writeToOutput(
              weightPath, [&](raw_ostream &os) -> llvm::Error {
                char length[8];
                llvm::support::endian::write64le(length, header.size());
                os.write(length, sizeof(length));
                os << header;
                uint64_t position = 0;
                for (const SavedWeight &weight : weights) {
                  os.write_zeros(weight.offset - position);
                  ArrayRef<char> bytes = weight.data.getBytes();
                  os.write(bytes.data(), bytes.size());
                  position = weight.offset + bytes.size();
                }
                return llvm::Error::success();
              }))
        return error;
      for (SavedWeight &weight : weights)
        weight.op.setDataAttr(
            ExternalAttr::get(context, llvm::sys::path::filename(weightPath),
                              8 + header.size() + weight.offset));
    }
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
