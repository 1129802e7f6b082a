//===- ModelReader.h - An ONNX file as protobuf messages --------*- C++ -*-===//
#ifndef SLIM_LIB_IMPORT_ONNX_MODELREADER_H
#define SLIM_LIB_IMPORT_ONNX_MODELREADER_H

#include "slim/Support/LLVM.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>
#include <string>

namespace onnx {
class ModelProto;
}

namespace slim::onnximport {

/// Keys of `TensorProto.external_data` by which `parseModel` says where in the
/// model's own file the raw data lie that it left out. Tensors that come with
/// these keys gain nothing: the range is checked against the file as any other.
constexpr llvm::StringLiteral kRawOffsetKey = "slim.raw_offset";
constexpr llvm::StringLiteral kRawLengthKey = "slim.raw_length";

/// Raw data of at least this many bytes stay in the file.
constexpr unsigned kMinMappedBytes = 1024;

/// A file mapped into memory, alive as long as anything refers to it.
struct MappedFile {
  std::string path; ///< absolute
  std::unique_ptr<llvm::MemoryBuffer> buffer;
  StringRef getBytes() const { return buffer->getBuffer(); }
};

/// The files of a model, each mapped once: the model itself, external data.
class FileTable {
public:
  /// Maps the file at `path`; null, with the reason in `error`, where that
  /// fails.
  std::shared_ptr<MappedFile> open(StringRef path, std::string &error);

private:
  llvm::StringMap<std::shared_ptr<MappedFile>> files;
};

/// Parses a model. Large raw data of tensors are left out of the messages (see
/// above), so that the cost in memory is that of the graph. Null where the
/// bytes are no ONNX model.
std::unique_ptr<::onnx::ModelProto> parseModel(StringRef bytes);

} // namespace slim::onnximport

#endif // SLIM_LIB_IMPORT_ONNX_MODELREADER_H
