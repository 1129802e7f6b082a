//===- SafetensorsFile.cpp - Reading and writing .safetensors -------------===//

#include "slim/Data/SafetensorsFile.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace slim;

/// The data begin at a multiple of it, which suits every element type.
static constexpr uint64_t kAlignment = 64;

/// Bits of an element, 0 for a type that is not known.
static unsigned getElementBits(StringRef dtype) {
  return StringSwitch<unsigned>(dtype)
      .Cases({"F64", "I64", "U64"}, 64)
      .Cases({"F32", "I32", "U32"}, 32)
      .Cases({"F16", "BF16", "I16", "U16"}, 16)
      .Cases({"I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2", "F8_E8M0"}, 8)
      .Case("F4", 4)
      .Default(0);
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

static Error parseTensor(StringRef name, const json::Value &value,
                         StringRef data, SafetensorsFile::Tensor &tensor) {
  auto malformed = [&] {
    return createStringError("tensor '" + name +
                             "' is not described by 'dtype', 'shape' and "
                             "'data_offsets'");
  };
  const json::Object *object = value.getAsObject();
  if (!object)
    return malformed();
  std::optional<StringRef> dtype = object->getString("dtype");
  const json::Array *shape = object->getArray("shape");
  const json::Array *offsets = object->getArray("data_offsets");
  if (!dtype || !shape || !offsets || offsets->size() != 2)
    return malformed();
  tensor.name = name.str();
  tensor.dtype = dtype->str();
  unsigned bits = getElementBits(*dtype);
  if (!bits)
    return createStringError("tensor '" + name + "' has the unknown type '" +
                             *dtype + "'");
  uint64_t count = 1;
  bool overflow = false;
  for (const json::Value &extent : *shape) {
    std::optional<int64_t> number = extent.getAsInteger();
    if (!number || *number < 0)
      return malformed();
    tensor.shape.push_back(*number);
    bool here;
    count = SaturatingMultiply<uint64_t>(count, *number, &here);
    overflow |= here;
  }
  uint64_t size = SaturatingMultiply<uint64_t>(count, bits, &overflow) / 8;
  std::optional<uint64_t> begin = (*offsets)[0].getAsUINT64();
  std::optional<uint64_t> end = (*offsets)[1].getAsUINT64();
  if (!begin || !end || *begin > *end)
    return malformed();
  if (overflow || *end - *begin != size)
    return createStringError("tensor '" + name + "' has " +
                             Twine(*end - *begin) +
                             " bytes, which its type and shape contradict");
  if (*end > data.size())
    return createStringError(
        "it is truncated: tensor '" + name + "' ends at byte " + Twine(*end) +
        " of the data, of which the file has " + Twine(data.size()));
  tensor.data = data.slice(*begin, *end);
  return Error::success();
}

Expected<SafetensorsFile> SafetensorsFile::open(StringRef path) {
  auto error = [&](const Twine &message) {
    return createStringError("'" + path + "': " + message);
  };
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(
      path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createStringError("cannot read '" + path +
                             "': " + buffer.getError().message());
  StringRef bytes = (*buffer)->getBuffer();
  if (bytes.size() < 8)
    return error("it is no safetensors file: it has " + Twine(bytes.size()) +
                 " bytes");
  uint64_t length = support::endian::read64le(bytes.data());
  bytes = bytes.drop_front(8);
  if (!bytes.starts_with("{"))
    return error("it is no safetensors file: no JSON header begins at byte 8");
  if (length > bytes.size())
    return error("it is truncated: the header has " + Twine(length) +
                 " bytes and the file " + Twine(bytes.size()) + " for it");
  Expected<json::Value> header = json::parse(bytes.take_front(length));
  if (!header) {
    consumeError(header.takeError());
    return error("its header is no JSON");
  }
  const json::Object *object = header->getAsObject();
  if (!object)
    return error("its header is no JSON object");

  SafetensorsFile file;
  for (const auto &[key, value] : *object) {
    if (key == "__metadata__") {
      const json::Object *entries = value.getAsObject();
      if (!entries)
        return error("its metadata are no map");
      for (const auto &[name, text] : *entries) {
        std::optional<StringRef> string = text.getAsString();
        if (!string)
          return error("its metadata '" + Twine(StringRef(name)) +
                       "' are no string");
        file.metadata[name.str()] = string->str();
      }
      continue;
    }
    Tensor tensor;
    if (Error failure =
            parseTensor(key, value, bytes.drop_front(length), tensor))
      return error(toString(std::move(failure)));
    file.tensors.push_back(std::move(tensor));
  }
  llvm::sort(file.tensors, [](const Tensor &a, const Tensor &b) {
    return std::pair(a.data.data(), StringRef(a.name)) <
           std::pair(b.data.data(), StringRef(b.name));
  });
  for (auto [index, tensor] : enumerate(file.tensors))
    file.indexOfName[tensor.name] = index;
  file.buffer = std::move(*buffer);
  return file;
}

const SafetensorsFile::Tensor *SafetensorsFile::lookup(StringRef name) const {
  auto found = indexOfName.find(name);
  return found == indexOfName.end() ? nullptr : &tensors[found->second];
}

StringRef SafetensorsFile::getMetadata(StringRef key) const {
  auto found = metadata.find(key);
  return found == metadata.end() ? StringRef() : StringRef(found->second);
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

void SafetensorsWriter::addTensor(StringRef name, StringRef dtype,
                                  ArrayRef<int64_t> shape,
                                  ArrayRef<char> data) {
  addTensor(name, dtype, shape, data.size(), [data](raw_ostream &os) -> Error {
    os.write(data.data(), data.size());
    return Error::success();
  });
}

void SafetensorsWriter::addTensor(StringRef name, StringRef dtype,
                                  ArrayRef<int64_t> shape, uint64_t numBytes,
                                  WriteData write) {
  tensors.push_back({name.str(), dtype.str(),
                     SmallVector<int64_t>(shape.begin(), shape.end()), numBytes,
                     std::move(write)});
}

std::string SafetensorsWriter::makeHeader() const {
  // json::Object has no order of its own: the stream keeps that of the calls.
  std::string header;
  raw_string_ostream text(header);
  json::OStream json(text);
  uint64_t offset = 0;
  json.object([&] {
    if (!metadata.empty())
      json.attributeObject("__metadata__", [&] {
        for (const auto &[key, value] : metadata)
          json.attribute(key, value);
      });
    for (const Tensor &tensor : tensors)
      json.attributeObject(tensor.name, [&] {
        json.attribute("dtype", tensor.dtype);
        json.attributeArray("shape", [&] {
          for (int64_t extent : tensor.shape)
            json.value(extent);
        });
        json.attributeArray("data_offsets", [&] {
          json.value(offset);
          json.value(offset + tensor.numBytes);
        });
        offset += tensor.numBytes;
      });
  });
  header.resize(alignTo(header.size() + 8, kAlignment) - 8, ' ');
  return header;
}

std::vector<uint64_t> SafetensorsWriter::getOffsets() const {
  std::vector<uint64_t> offsets;
  uint64_t offset = 8 + makeHeader().size();
  for (const Tensor &tensor : tensors) {
    offsets.push_back(offset);
    offset += tensor.numBytes;
  }
  return offsets;
}

Error SafetensorsWriter::write(StringRef path) const {
  return writeToOutput(path, [&](raw_ostream &os) -> Error {
    std::string header = makeHeader();
    char length[8];
    support::endian::write64le(length, header.size());
    os.write(length, sizeof(length));
    os << header;
    for (const Tensor &tensor : tensors)
      if (Error error = tensor.write(os)) {
        os.flush(); // while the file that is given up is still open
        return error;
      }
    return Error::success();
  });
}
