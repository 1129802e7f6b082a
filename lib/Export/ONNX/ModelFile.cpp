//===- ModelFile.cpp - An ONNX file, written tensor by tensor -------------===//
//
// A protobuf message is its fields one after another, each with its length in
// front. So the tensors of a model, whose sizes follow from their types, need
// not be in memory together: the message without them is serialized, and each
// tensor is appended to the graph's fields when its turn comes.
// https://protobuf.dev/programming-guides/encoding
//
//===----------------------------------------------------------------------===//
#include "ModelFile.h"

#include "mlir/IR/Diagnostics.h"
#include "onnx/onnx_pb.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/LEB128.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace slim;
using namespace slim::onnxexport;

//===----------------------------------------------------------------------===//
// Element types
//===----------------------------------------------------------------------===//

int32_t slim::onnxexport::getDataType(Type type) {
  // The installed messages may be older than the types that they can carry.
  constexpr int32_t uint4 = 21, int4 = 22;
  if (auto integer = dyn_cast<IntegerType>(type)) {
    bool isUnsigned = integer.isUnsigned();
    switch (integer.getWidth()) {
    case 1:
      return isUnsigned ? 0 : ::onnx::TensorProto::BOOL;
    case 4:
      return isUnsigned ? uint4 : int4;
    case 8:
      return isUnsigned ? ::onnx::TensorProto::UINT8
                        : ::onnx::TensorProto::INT8;
    case 16:
      return isUnsigned ? ::onnx::TensorProto::UINT16
                        : ::onnx::TensorProto::INT16;
    case 32:
      return isUnsigned ? ::onnx::TensorProto::UINT32
                        : ::onnx::TensorProto::INT32;
    case 64:
      return isUnsigned ? ::onnx::TensorProto::UINT64
                        : ::onnx::TensorProto::INT64;
    }
    return 0;
  }
  if (type.isF32())
    return ::onnx::TensorProto::FLOAT;
  if (type.isF64())
    return ::onnx::TensorProto::DOUBLE;
  if (type.isF16())
    return ::onnx::TensorProto::FLOAT16;
  if (type.isBF16())
    return ::onnx::TensorProto::BFLOAT16;
  if (isa<Float8E4M3FNType>(type))
    return 17;
  if (isa<Float8E4M3FNUZType>(type))
    return 18;
  if (isa<Float8E5M2Type>(type))
    return 19;
  if (isa<Float8E5M2FNUZType>(type))
    return 20;
  return 0;
}

uint64_t slim::onnxexport::getPackedBytes(RankedTensorType type) {
  if (type.getElementTypeBitWidth() == 4)
    return llvm::divideCeil<uint64_t>(type.getNumElements(), 2);
  return TensorData::getNumBytes(type);
}

std::vector<char> slim::onnxexport::packElements(const TensorData &data) {
  ArrayRef<char> bytes = data.getBytes();
  if (data.getType().getElementTypeBitWidth() != 4)
    return {bytes.begin(), bytes.end()};
  std::vector<char> packed(getPackedBytes(data.getType()));
  for (size_t i = 0; i < bytes.size(); ++i)
    packed[i / 2] |= (bytes[i] & 15) << (i % 2 * 4);
  return packed;
}

void slim::onnxexport::setTensorType(::onnx::TensorProto &tensor,
                                     RankedTensorType type) {
  tensor.set_data_type(getDataType(type.getElementType()));
  for (int64_t extent : type.getShape())
    tensor.add_dims(extent);
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

namespace {

/// Largest message that protobuf reads.
constexpr uint64_t kMaxMessageBytes = (uint64_t(1) << 31) - 1;
/// Tensors below stay in the model: shape inference reads some of them.
constexpr uint64_t kMinExternalBytes = 1024;
/// Data in a file begin at multiples of this, so that they can be mapped.
constexpr uint64_t kDataAlignment = 4096;

constexpr unsigned kModelGraph = 7, kGraphInitializer = 5, kTensorRawData = 9;

/// Tag and length of a field whose value is a run of bytes.
std::string makeFieldHeader(unsigned field, uint64_t length) {
  std::string header;
  llvm::raw_string_ostream os(header);
  llvm::encodeULEB128(field << 3 | 2, os);
  llvm::encodeULEB128(length, os);
  return header;
}

/// Writes one model.
class ModelWriter {
public:
  ModelWriter(::onnx::ModelProto &model, ArrayRef<ModelTensor> tensors,
              StringRef path)
      : model(model), tensors(tensors), path(path) {}

  llvm::Error write(bool external);
  /// Whether the failure of `write` has been reported.
  bool isReported() const { return reported; }

private:
  bool isExternal(const ModelTensor &tensor) const {
    return external && getPackedBytes(tensor.type) >= kMinExternalBytes;
  }
  llvm::Error writeData(const ModelTensor &tensor, llvm::raw_ostream &os);
  llvm::Error writeExternalData(StringRef dataPath);
  llvm::Error writeMessage();

  ::onnx::ModelProto &model;
  ArrayRef<ModelTensor> tensors;
  StringRef path;
  bool external = false;
  bool reported = false;
};

llvm::Error ModelWriter::writeData(const ModelTensor &tensor,
                                   llvm::raw_ostream &os) {
  FailureOr<TensorData> data = tensor.read();
  if (failed(data)) {
    os.flush(); // while the file that is given up is still open
    reported = true;
    return llvm::createStringError("a tensor has no data");
  }
  if (tensor.type.getElementTypeBitWidth() == 4) {
    std::vector<char> packed = packElements(*data);
    os.write(packed.data(), packed.size());
  } else {
    os.write(data->getBytes().data(), data->getBytes().size());
  }
  return llvm::Error::success();
}

llvm::Error ModelWriter::writeMessage() {
  ::onnx::ModelProto rest = model;
  ::onnx::GraphProto graph;
  graph.Swap(rest.mutable_graph());
  rest.clear_graph();
  std::string modelFields = rest.SerializeAsString();
  std::string graphFields = graph.SerializeAsString();

  // What precedes the data of each tensor that is part of the message.
  std::vector<std::string> prefixes;
  uint64_t graphBytes = graphFields.size();
  for (const ModelTensor &tensor : tensors) {
    if (isExternal(tensor))
      continue;
    ::onnx::TensorProto proto;
    proto.set_name(tensor.name);
    setTensorType(proto, tensor.type);
    uint64_t numBytes = getPackedBytes(tensor.type);
    std::string fields =
        proto.SerializeAsString() + makeFieldHeader(kTensorRawData, numBytes);
    std::string prefix =
        makeFieldHeader(kGraphInitializer, fields.size() + numBytes) + fields;
    graphBytes += prefix.size() + numBytes;
    prefixes.push_back(std::move(prefix));
  }
  return llvm::writeToOutput(path, [&](llvm::raw_ostream &os) -> llvm::Error {
    os << modelFields << makeFieldHeader(kModelGraph, graphBytes)
       << graphFields;
    auto prefix = prefixes.begin();
    for (const ModelTensor &tensor : tensors) {
      if (isExternal(tensor))
        continue;
      os << *prefix++;
      if (llvm::Error error = writeData(tensor, os))
        return error;
    }
    return llvm::Error::success();
  });
}

llvm::Error ModelWriter::writeExternalData(StringRef dataPath) {
  return llvm::writeToOutput(
      dataPath, [&](llvm::raw_ostream &os) -> llvm::Error {
        uint64_t offset = 0;
        for (const ModelTensor &tensor : tensors) {
          if (!isExternal(tensor))
            continue;
          uint64_t begin = llvm::alignTo(offset, kDataAlignment);
          os.write_zeros(begin - offset);
          if (llvm::Error error = writeData(tensor, os))
            return error;
          uint64_t numBytes = getPackedBytes(tensor.type);
          offset = begin + numBytes;
          auto *proto = model.mutable_graph()->add_initializer();
          proto->set_name(tensor.name);
          setTensorType(*proto, tensor.type);
          proto->set_data_location(::onnx::TensorProto::EXTERNAL);
          auto addEntry = [&](StringRef key, const llvm::Twine &value) {
            auto *entry = proto->add_external_data();
            entry->set_key(key.str());
            entry->set_value(value.str());
          };
          addEntry("location", llvm::sys::path::filename(dataPath));
          addEntry("offset", llvm::Twine(begin));
          addEntry("length", llvm::Twine(numBytes));
        }
        os.flush();
        // The data get their name only if the model can be written, too.
        return writeMessage();
      });
}

llvm::Error ModelWriter::write(bool wantsExternal) {
  uint64_t total = model.ByteSizeLong();
  for (const ModelTensor &tensor : tensors)
    total += getPackedBytes(tensor.type) + tensor.name.size() + 128;
  external = wantsExternal || total > kMaxMessageBytes;
  return external ? writeExternalData((path + ".data").str()) : writeMessage();
}

} // namespace

LogicalResult slim::onnxexport::writeModel(::onnx::ModelProto &model,
                                           ArrayRef<ModelTensor> tensors,
                                           StringRef path, bool external,
                                           Location loc) {
  ModelWriter writer(model, tensors, path);
  llvm::Error error = writer.write(external);
  if (!error)
    return success();
  std::string message = llvm::toString(std::move(error));
  if (!writer.isReported())
    emitError(loc) << "cannot write '" << path << "': " << message;
  return failure();
}
