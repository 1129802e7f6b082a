//===- TensorReader.cpp - Tensors that are part of a model ------*- C++ -*-===//
#include "TensorReader.h"

#include "mlir/IR/Builders.h"
#include "onnx/onnx_pb.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"

using namespace slim;
using namespace slim::onnximport;

//===----------------------------------------------------------------------===//
// Element types
//===----------------------------------------------------------------------===//

namespace {
struct DataType {
  const char *name;
  Type (*type)(Builder &);
};
} // namespace

template <int width>
static Type getSigned(Builder &builder) {
  return builder.getIntegerType(width);
}
template <int width>
static Type getUnsigned(Builder &builder) {
  return builder.getIntegerType(width, /*isSigned=*/false);
}
template <typename FloatT>
static Type getFloat(Builder &builder) {
  return FloatT::get(builder.getContext());
}

/// By the numbers of `TensorProto.DataType`, which grow with ONNX's versions
/// (the installed messages may be older than the model).
static const DataType dataTypes[] = {
    {"undefined", nullptr},
    {"float", getFloat<Float32Type>},
    {"uint8", getUnsigned<8>},
    {"int8", getSigned<8>},
    {"uint16", getUnsigned<16>},
    {"int16", getSigned<16>},
    {"int32", getSigned<32>},
    {"int64", getSigned<64>},
    {"string", nullptr},
    {"bool", getSigned<1>},
    {"float16", getFloat<Float16Type>},
    {"double", getFloat<Float64Type>},
    {"uint32", getUnsigned<32>},
    {"uint64", getUnsigned<64>},
    {"complex64", nullptr},
    {"complex128", nullptr},
    {"bfloat16", getFloat<BFloat16Type>},
    {"float8e4m3fn", getFloat<Float8E4M3FNType>},
    {"float8e4m3fnuz", getFloat<Float8E4M3FNUZType>},
    {"float8e5m2", getFloat<Float8E5M2Type>},
    {"float8e5m2fnuz", getFloat<Float8E5M2FNUZType>},
    {"uint4", getUnsigned<4>},
    {"int4", getSigned<4>},
    {"float4e2m1", getFloat<Float4E2M1FNType>},
    {"float8e8m0", getFloat<Float8E8M0FNUType>},
    {"uint2", getUnsigned<2>},
    {"int2", getSigned<2>},
};

Type slim::onnximport::getElementType(int64_t dataType, MLIRContext *context) {
  if (dataType < 0 || dataType >= int64_t(std::size(dataTypes)) ||
      !dataTypes[dataType].type)
    return {};
  Builder builder(context);
  return dataTypes[dataType].type(builder);
}

std::string slim::onnximport::getDataTypeName(int64_t dataType) {
  if (dataType < 0 || dataType >= int64_t(std::size(dataTypes)))
    return ("number " + Twine(dataType)).str();
  return dataTypes[dataType].name;
}

StoredTensor StoredTensor::withShape(ArrayRef<int64_t> shape) const {
  StoredTensor result = *this;
  result.data =
      TensorData(getType().clone(shape), data.getBytes(), data.getOwner());
  return result;
}

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

/// Bytes that `type` takes in ONNX's layout, where sub-byte types are packed.
static uint64_t countPackedBytes(RankedTensorType type) {
  unsigned width = type.getElementTypeBitWidth();
  uint64_t elements = type.getNumElements();
  if (width == 1)
    return elements; // bool
  return llvm::divideCeil(elements * width, 8);
}

/// True if slim's layout is ONNX's.
static bool isLayoutShared(Type elementType) {
  unsigned width = elementType.getIntOrFloatBitWidth();
  return width == 1 || width >= 8;
}

/// From ONNX's layout, in which elements of 2 and 4 bits fill bytes from the
/// low bits up, to one element a byte.
static std::vector<char> unpack(StringRef bytes, RankedTensorType type) {
  unsigned width = type.getElementTypeBitWidth();
  unsigned perByte = 8 / width;
  std::vector<char> elements(type.getNumElements());
  for (size_t i = 0; i < elements.size(); ++i)
    elements[i] =
        (static_cast<uint8_t>(bytes[i / perByte]) >> (i % perByte * width)) &
        ((1u << width) - 1);
  return elements;
}

/// Packed bytes to a tensor of its own memory, checked where not every byte is
/// an element.
static FailureOr<StoredTensor> makeOwned(StringRef bytes, RankedTensorType type,
                                         std::string &error) {
  StoredTensor result;
  Type elementType = type.getElementType();
  if (!isLayoutShared(elementType)) {
    result.data = TensorData(type, unpack(bytes, type));
    return result;
  }
  if (elementType.isInteger(1) &&
      llvm::any_of(bytes, [](char byte) { return byte != 0 && byte != 1; })) {
    error = "has a bool that is neither 0 nor 1";
    return failure();
  }
  result.data = TensorData(type, std::vector<char>(bytes.begin(), bytes.end()));
  return result;
}

/// Appends the low `size` bytes of each value (the host is little-endian, as
/// is everything that slim compiles on).
template <typename T, typename Values>
static std::string flatten(const Values &values) {
  std::string bytes;
  bytes.reserve(values.size() * sizeof(T));
  for (auto value : values) {
    T element = static_cast<T>(value);
    bytes.append(reinterpret_cast<const char *>(&element), sizeof(T));
  }
  return bytes;
}

/// The elements in the field that is meant for the data type, as bytes in
/// ONNX's layout.
static std::string getTypedData(const ::onnx::TensorProto &tensor,
                                Type elementType) {
  if (elementType.isF32())
    return flatten<float>(tensor.float_data());
  if (elementType.isF64())
    return flatten<double>(tensor.double_data());
  if (elementType.isSignlessInteger(64))
    return flatten<int64_t>(tensor.int64_data());
  if (elementType.isUnsignedInteger(64))
    return flatten<uint64_t>(tensor.uint64_data());
  if (elementType.isUnsignedInteger(32))
    return flatten<uint32_t>(tensor.uint64_data());
  switch (elementType.getIntOrFloatBitWidth()) {
  case 32:
    return flatten<int32_t>(tensor.int32_data());
  case 16:
    return flatten<int16_t>(tensor.int32_data());
  default: // 8 bits; smaller ones come as packed bytes
    return flatten<int8_t>(tensor.int32_data());
  }
}

//===----------------------------------------------------------------------===//
// TensorReader
//===----------------------------------------------------------------------===//

FailureOr<StoredTensor>
TensorReader::readRange(const std::shared_ptr<MappedFile> &file,
                        uint64_t offset, uint64_t length, RankedTensorType type,
                        std::string &error) {
  StringRef bytes = file->getBytes();
  if (offset > bytes.size() || length > bytes.size() - offset) {
    error = ("has data at offset " + Twine(offset) + " of '" + file->path +
             "', which ends at " + Twine(bytes.size()))
                .str();
    return failure();
  }
  uint64_t expected = countPackedBytes(type);
  if (length != expected) {
    error = ("has " + Twine(length) + " bytes of data, but its type takes " +
             Twine(expected))
                .str();
    return failure();
  }
  bytes = bytes.substr(offset, length);
  FailureOr<StoredTensor> result = StoredTensor();
  Type elementType = type.getElementType();
  if (!isLayoutShared(elementType) || elementType.isInteger(1)) {
    result = makeOwned(bytes, type, error);
    if (failed(result) || !isLayoutShared(elementType))
      return result;
  } else {
    result->data = TensorData(type, ArrayRef(bytes.data(), bytes.size()), file);
  }
  result->path = file->path;
  result->offset = offset;
  return result;
}

FailureOr<StoredTensor>
TensorReader::readExternal(const ::onnx::TensorProto &tensor,
                           RankedTensorType type, std::string &error) {
  std::string location;
  uint64_t offset = 0, length = 0;
  bool hasLength = false, isOwnFile = false;
  for (const auto &entry : tensor.external_data()) {
    StringRef key = entry.key();
    if (key == "location") {
      location = entry.value();
      continue;
    }
    bool isOffset = key == "offset" || key == kRawOffsetKey;
    bool isLength = key == "length" || key == kRawLengthKey;
    if (!isOffset && !isLength)
      continue; // a checksum, or what is newer than slim
    if (StringRef(entry.value()).getAsInteger(10, isOffset ? offset : length)) {
      error = ("has external data of " + key + " '" + entry.value() +
               "', which is not a number")
                  .str();
      return failure();
    }
    hasLength |= isLength;
    isOwnFile |= key == kRawOffsetKey;
  }
  if (isOwnFile)
    return readRange(model, offset, length, type, error);

  // A model may name files beside it only: it is data from somewhere else and
  // must not make slim read whatever it likes.
  if (location.empty() || llvm::sys::path::is_absolute(location) ||
      StringRef(location).contains('\0') ||
      llvm::is_contained(llvm::make_range(llvm::sys::path::begin(location),
                                          llvm::sys::path::end(location)),
                         "..")) {
    error = "has external data in '" + location +
            "', which is not a file in the model's directory";
    return failure();
  }
  SmallString<256> path(llvm::sys::path::parent_path(model->path));
  llvm::sys::path::append(path, location);
  std::string reason;
  std::shared_ptr<MappedFile> file = files.open(path, reason);
  if (!file) {
    error = ("has external data in '" + path + "': " + reason).str();
    return failure();
  }
  if (!hasLength)
    length = countPackedBytes(type);
  return readRange(file, offset, length, type, error);
}

FailureOr<StoredTensor> TensorReader::read(const ::onnx::TensorProto &tensor,
                                           std::string &error) {
  Type elementType = getElementType(tensor.data_type(), context);
  if (!elementType) {
    error =
        "has unsupported element type " + getDataTypeName(tensor.data_type());
    return failure();
  }
  if (tensor.has_segment()) {
    error = "is one segment of a tensor, which slim does not read";
    return failure();
  }
  SmallVector<int64_t> shape(tensor.dims().begin(), tensor.dims().end());
  int64_t elements = 1;
  for (int64_t extent : shape) {
    if (extent < 0 || llvm::MulOverflow(elements, extent, elements) ||
        elements > kMaxElements) {
      error = ("has dimensions that no tensor has: [" +
               llvm::join(llvm::map_range(shape,
                                          [](int64_t extent) {
                                            return std::to_string(extent);
                                          }),
                          ", ") +
               "]");
      return failure();
    }
  }
  auto type = RankedTensorType::get(shape, elementType);

  bool isExternal = tensor.data_location() == ::onnx::TensorProto::EXTERNAL ||
                    llvm::any_of(tensor.external_data(), [](const auto &entry) {
                      return entry.key() == kRawOffsetKey;
                    });
  FailureOr<StoredTensor> result = StoredTensor();
  if (isExternal) {
    result = readExternal(tensor, type, error);
  } else {
    std::string typed;
    if (!tensor.has_raw_data())
      typed = getTypedData(tensor, elementType);
    StringRef bytes = tensor.has_raw_data() ? tensor.raw_data() : typed;
    uint64_t expected = countPackedBytes(type);
    if (bytes.size() != expected) {
      error = ("has " + Twine(bytes.size()) +
               " bytes of data, but its type takes " + Twine(expected))
                  .str();
      return failure();
    }
    result = makeOwned(bytes, type, error);
  }
  if (succeeded(result))
    result->name = tensor.name();
  return result;
}

FailureOr<StoredTensor>
TensorReader::read(const ::onnx::SparseTensorProto &tensor,
                   std::string &error) {
  FailureOr<StoredTensor> values = read(tensor.values(), error);
  if (failed(values))
    return failure();
  FailureOr<StoredTensor> indices = read(tensor.indices(), error);
  if (failed(indices))
    return failure();
  SmallVector<int64_t> shape(tensor.dims().begin(), tensor.dims().end());
  int64_t elements = 1;
  for (int64_t extent : shape) {
    // It becomes dense in memory.
    if (extent < 0 || llvm::MulOverflow(elements, extent, elements) ||
        elements > (int64_t(1) << 28)) {
      error = "is a sparse tensor too large to be stored densely";
      return failure();
    }
  }
  RankedTensorType indexType = indices->getType();
  int64_t count = values->getType().getNumElements();
  int64_t rank = shape.size();
  bool isLinear = indexType.getRank() == 1 && indexType.getDimSize(0) == count;
  bool isTuples = indexType.getRank() == 2 &&
                  indexType.getDimSize(0) == count &&
                  indexType.getDimSize(1) == rank;
  if (!indexType.getElementType().isInteger(64) || (!isLinear && !isTuples)) {
    error = "is a sparse tensor without one index a value";
    return failure();
  }
  auto type = RankedTensorType::get(shape, values->getType().getElementType());
  int64_t size = TensorData::getElementBytes(type.getElementType());
  std::vector<char> bytes(elements * size);
  for (int64_t i = 0; i < count; ++i) {
    int64_t position = 0;
    for (int64_t dim = 0; dim < (isLinear ? 1 : rank); ++dim) {
      int64_t extent = isLinear ? elements : shape[dim];
      int64_t index = indices->data.getInt(isLinear ? i : i * rank + dim);
      if (index < 0 || index >= extent) {
        error = "is a sparse tensor with an index beyond its shape";
        return failure();
      }
      position = position * extent + index;
    }
    std::copy_n(values->data.getBytes().data() + i * size, size,
                bytes.data() + position * size);
  }
  StoredTensor result;
  result.data = TensorData(type, std::move(bytes));
  result.name = values->name;
  return result;
}
