//===- ModelReader.cpp - An ONNX file as protobuf messages ------*- C++ -*-===//
//
// An ONNX file is one protobuf message, weights included. Parsing it with the
// message classes would copy every weight, so the wire format is walked first
// and a skeleton written that is the same message without large `raw_data`;
// only the skeleton is parsed.
//
//===----------------------------------------------------------------------===//
#include "ModelReader.h"

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/stubs/logging.h"
#include "google/protobuf/wire_format_lite.h"
#include "onnx/onnx_pb.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"

using namespace slim;
using namespace slim::onnximport;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;
using google::protobuf::io::StringOutputStream;

std::shared_ptr<MappedFile> FileTable::open(StringRef path,
                                            std::string &error) {
  SmallString<256> absolute(path);
  if (std::error_code code = llvm::sys::fs::make_absolute(absolute)) {
    error = code.message();
    return nullptr;
  }
  std::shared_ptr<MappedFile> &file = files[absolute];
  if (file)
    return file;
  if (llvm::sys::fs::is_directory(absolute)) {
    error = "is a directory";
    return nullptr;
  }
  auto buffer = llvm::MemoryBuffer::getFile(absolute, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer) {
    error = buffer.getError().message();
    return nullptr;
  }
  file = std::make_shared<MappedFile>();
  file->path = absolute.str().str();
  file->buffer = std::move(*buffer);
  return file;
}

namespace {
/// The messages on the way to tensors.
enum class Message {
  Other,
  Model,
  Graph,
  Function,
  Node,
  Attribute,
  Tensor,
  SparseTensor
};

/// Copies a message without the large raw data in it.
class SkeletonWriter {
public:
  explicit SkeletonWriter(StringRef bytes)
      : input(reinterpret_cast<const uint8_t *>(bytes.data()),
              static_cast<int>(bytes.size())) {
    input.PushLimit(static_cast<int>(bytes.size()));
  }

  bool copyMessage(Message message, std::string &skeleton) {
    // Nesting is bounded as protobuf's parser bounds it.
    if (++depth > 90)
      return false;
    llvm::scope_exit leave([&] { --depth; });
    StringOutputStream stream(&skeleton);
    CodedOutputStream output(&stream);
    while (uint32_t tag = input.ReadTag()) {
      int field = WireFormatLite::GetTagFieldNumber(tag);
      bool isBytes = WireFormatLite::GetTagWireType(tag) ==
                     WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
      Message child = isBytes ? getChild(message, field) : Message::Other;
      if (child != Message::Other) {
        if (!copyChild(tag, child, output))
          return false;
      } else if (isBytes && message == Message::Tensor &&
                 field == ::onnx::TensorProto::kRawDataFieldNumber) {
        if (!copyRawData(tag, output))
          return false;
      } else if (!WireFormatLite::SkipField(&input, tag, &output)) {
        return false;
      }
    }
    return input.ConsumedEntireMessage() && !output.HadError();
  }

private:
  static Message getChild(Message message, int field) {
    using namespace ::onnx;
    switch (message) {
    case Message::Model:
      if (field == ModelProto::kGraphFieldNumber)
        return Message::Graph;
      if (field == ModelProto::kFunctionsFieldNumber)
        return Message::Function;
      break;
    case Message::Graph:
      if (field == GraphProto::kNodeFieldNumber)
        return Message::Node;
      if (field == GraphProto::kInitializerFieldNumber)
        return Message::Tensor;
      if (field == GraphProto::kSparseInitializerFieldNumber)
        return Message::SparseTensor;
      break;
    case Message::Function:
      if (field == FunctionProto::kNodeFieldNumber)
        return Message::Node;
      break;
    case Message::Node:
      if (field == NodeProto::kAttributeFieldNumber)
        return Message::Attribute;
      break;
    case Message::Attribute:
      if (field == AttributeProto::kTFieldNumber ||
          field == AttributeProto::kTensorsFieldNumber)
        return Message::Tensor;
      if (field == AttributeProto::kGFieldNumber ||
          field == AttributeProto::kGraphsFieldNumber)
        return Message::Graph;
      if (field == AttributeProto::kSparseTensorFieldNumber ||
          field == AttributeProto::kSparseTensorsFieldNumber)
        return Message::SparseTensor;
      break;
    case Message::SparseTensor:
      if (field == SparseTensorProto::kValuesFieldNumber ||
          field == SparseTensorProto::kIndicesFieldNumber)
        return Message::Tensor;
      break;
    case Message::Tensor:
    case Message::Other:
      break;
    }
    return Message::Other;
  }

  /// Reads a length and checks it against what is left of the message.
  bool readLength(int &length) {
    uint32_t value;
    if (!input.ReadVarint32(&value) ||
        value > static_cast<uint32_t>(input.BytesUntilLimit()))
      return false;
    length = static_cast<int>(value);
    return true;
  }

  bool copyChild(uint32_t tag, Message message, CodedOutputStream &output) {
    int length;
    if (!readLength(length))
      return false;
    CodedInputStream::Limit limit = input.PushLimit(length);
    std::string skeleton;
    if (!copyMessage(message, skeleton))
      return false;
    input.PopLimit(limit);
    output.WriteVarint32(tag);
    output.WriteVarint32(static_cast<uint32_t>(skeleton.size()));
    output.WriteString(skeleton);
    return true;
  }

  bool copyRawData(uint32_t tag, CodedOutputStream &output) {
    int length;
    if (!readLength(length))
      return false;
    if (length < static_cast<int>(kMinMappedBytes)) {
      std::string bytes;
      if (!input.ReadString(&bytes, length))
        return false;
      output.WriteVarint32(tag);
      output.WriteVarint32(static_cast<uint32_t>(bytes.size()));
      output.WriteString(bytes);
      return true;
    }
    writeEntry(kRawOffsetKey, input.CurrentPosition(), output);
    writeEntry(kRawLengthKey, length, output);
    return input.Skip(length);
  }

  static void writeEntry(StringRef key, int64_t value,
                         CodedOutputStream &output) {
    ::onnx::StringStringEntryProto entry;
    entry.set_key(key.str());
    entry.set_value(std::to_string(value));
    std::string bytes = entry.SerializeAsString();
    output.WriteVarint32(
        WireFormatLite::MakeTag(::onnx::TensorProto::kExternalDataFieldNumber,
                                WireFormatLite::WIRETYPE_LENGTH_DELIMITED));
    output.WriteVarint32(static_cast<uint32_t>(bytes.size()));
    output.WriteString(bytes);
  }

  CodedInputStream input;
  int depth = 0;
};
} // namespace

std::unique_ptr<::onnx::ModelProto>
slim::onnximport::parseModel(StringRef bytes) {
  // A protobuf message has less than 2 GiB; larger models keep their weights
  // in external data.
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max()))
    return nullptr;
  google::protobuf::LogSilencer silencer;
  std::string skeleton;
  if (!SkeletonWriter(bytes).copyMessage(Message::Model, skeleton))
    return nullptr;
  auto model = std::make_unique<::onnx::ModelProto>();
  if (!model->ParseFromString(skeleton))
    return nullptr;
  return model;
}
