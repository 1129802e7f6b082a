//===- SafetensorsFile.h - Reading and writing .safetensors -----*- C++ -*-===//
//
// The format: the length of a JSON header (8 bytes, little-endian), the header,
// which gives each tensor's type, shape and range of bytes and a map of strings
// as "__metadata__", and the bytes.
// https://github.com/huggingface/safetensors#format
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_DATA_SAFETENSORSFILE_H
#define SLIM_DATA_SAFETENSORSFILE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace slim {

/// A file, mapped into memory.
class SafetensorsFile {
public:
  struct Tensor {
    std::string name;
    std::string dtype; ///< "F32", "I64", ...
    llvm::SmallVector<int64_t> shape;
    llvm::StringRef data; ///< as it lies in the file: of any alignment
  };

  /// Fails, with a message that begins with the path, on anything but a
  /// complete file whose tensors lie inside it and have the size that type and
  /// shape demand.
  static llvm::Expected<SafetensorsFile> open(llvm::StringRef path);

  /// In the order of their data.
  llvm::ArrayRef<Tensor> getTensors() const { return tensors; }
  /// Null if there is none of that name.
  const Tensor *lookup(llvm::StringRef name) const;
  /// An empty string if there is none of that name.
  llvm::StringRef getMetadata(llvm::StringRef key) const;

private:
  std::unique_ptr<llvm::MemoryBuffer> buffer;
  std::vector<Tensor> tensors;
  llvm::StringMap<size_t> indexOfName;
  std::map<std::string, std::string, std::less<>> metadata;
};

/// Collects tensors and writes them to a file. The same calls give the same
/// bytes.
class SafetensorsWriter {
public:
  void setMetadata(llvm::StringRef key, llvm::StringRef value) {
    metadata[key.str()] = value.str();
  }

  /// `data` stay the caller's and are read by `write`.
  void addTensor(llvm::StringRef name, llvm::StringRef dtype,
                 llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<char> data);
  template <typename T>
  void addTensor(llvm::StringRef name, llvm::StringRef dtype,
                 llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<T> data) {
    addTensor(name, dtype, shape,
              llvm::ArrayRef<char>(reinterpret_cast<const char *>(data.data()),
                                   data.size() * sizeof(T)));
  }

  /// The `numBytes` of data are what `write` writes when the file is written.
  using WriteData = std::function<llvm::Error(llvm::raw_ostream &)>;
  void addTensor(llvm::StringRef name, llvm::StringRef dtype,
                 llvm::ArrayRef<int64_t> shape, uint64_t numBytes,
                 WriteData write);

  /// Where the data of each tensor, in the order of the calls, will lie in the
  /// file.
  std::vector<uint64_t> getOffsets() const;

  /// The file gets its name when it is complete.
  llvm::Error write(llvm::StringRef path) const;

private:
  struct Tensor {
    std::string name, dtype;
    llvm::SmallVector<int64_t> shape;
    uint64_t numBytes;
    WriteData write;
  };
  std::string makeHeader() const;

  std::vector<Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

} // namespace slim

#endif // SLIM_DATA_SAFETENSORSFILE_H
