//===- TensorData.cpp - Values of a constant tensor -------------*- C++ -*-===//
#include "slim/IR/TensorData.h"

#include "mlir/IR/BuiltinTypeInterfaces.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

using namespace slim;

static_assert(llvm::endianness::native == llvm::endianness::little,
              "tensor data are little-endian and read in place");

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

namespace {

/// How an element type is stored: what is asked for again and again, looked up
/// once a tensor.
struct Codec {
  enum Kind { SignedInt, UnsignedInt, F16, BF16, F32, F64, OtherFloat };

  explicit Codec(Type type)
      : width(type.getIntOrFloatBitWidth()),
        bytes(llvm::divideCeil(width, 8u)) {
    if (auto integer = dyn_cast<IntegerType>(type)) {
      // Truth values are 0 and 1.
      kind = integer.isUnsigned() || width == 1 ? UnsignedInt : SignedInt;
      return;
    }
    semantics = &cast<FloatType>(type).getFloatSemantics();
    kind = type.isF16()    ? F16
           : type.isBF16() ? BF16
           : type.isF32()  ? F32
           : type.isF64()  ? F64
                           : OtherFloat;
  }

  bool isInteger() const { return kind == SignedInt || kind == UnsignedInt; }

  /// The bits of an element of at most 64.
  uint64_t loadBits(const char *data, int64_t index) const {
    uint64_t bits = 0;
    std::memcpy(&bits, data + index * bytes, std::min<unsigned>(bytes, 8));
    return bits & llvm::maskTrailingOnes<uint64_t>(std::min(width, 64u));
  }
  void storeBits(char *data, int64_t index, uint64_t bits) const {
    bits &= llvm::maskTrailingOnes<uint64_t>(std::min(width, 64u));
    std::memset(data + index * bytes, 0, bytes);
    std::memcpy(data + index * bytes, &bits, std::min<unsigned>(bytes, 8));
  }

  APFloat loadAPFloat(const char *data, int64_t index) const {
    SmallVector<uint64_t, 2> words(llvm::divideCeil(bytes, 8u), 0);
    std::memcpy(words.data(), data + index * bytes, bytes);
    return APFloat(*semantics, APInt(width, words));
  }

  int64_t loadInt(const char *data, int64_t index) const {
    uint64_t bits = loadBits(data, index);
    if (kind == SignedInt && width < 64)
      return llvm::SignExtend64(bits, width);
    return static_cast<int64_t>(bits);
  }

  double loadDouble(const char *data, int64_t index) const {
    switch (kind) {
    case SignedInt:
      return static_cast<double>(loadInt(data, index));
    case UnsignedInt:
      return static_cast<double>(loadBits(data, index));
    case F32:
      return llvm::bit_cast<float>(
          static_cast<uint32_t>(loadBits(data, index)));
    case F64:
      return llvm::bit_cast<double>(loadBits(data, index));
    case BF16:
      return llvm::bit_cast<float>(
          static_cast<uint32_t>(loadBits(data, index) << 16));
    case F16:
      return loadHalf(static_cast<uint32_t>(loadBits(data, index)));
    case OtherFloat:
      break;
    }
    APFloat value = loadAPFloat(data, index);
    bool losesInfo;
    value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                  &losesInfo);
    return value.convertToDouble();
  }

  static float loadHalf(uint32_t half) {
    uint32_t sign = (half & 0x8000) << 16, magnitude = half & 0x7fff;
    if (magnitude >= 0x7c00) // infinity and NaN
      return llvm::bit_cast<float>(sign | 0x7f800000 |
                                   (magnitude & 0x3ff) << 13);
    if (magnitude >= 0x400) // normal: rebias the exponent from 15 to 127
      return llvm::bit_cast<float>(sign | ((magnitude << 13) + (112u << 23)));
    float value = static_cast<float>(magnitude) * 0x1p-24f;
    return sign ? -value : value;
  }

  void storeFloat(char *data, int64_t index, float value) const {
    uint32_t bits = llvm::bit_cast<uint32_t>(value);
    switch (kind) {
    case F32:
      return storeBits(data, index, bits);
    case F64:
      return storeBits(data, index,
                       llvm::bit_cast<uint64_t>(static_cast<double>(value)));
    case BF16: {
      // NaN keeps its sign and stays a NaN; the others round to even.
      if ((bits & 0x7fffffff) > 0x7f800000)
        return storeBits(data, index, (bits >> 16) | 0x40);
      return storeBits(data, index, (bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }
    default:
      return storeAPFloat(data, index, APFloat(value));
    }
  }

  void storeDouble(char *data, int64_t index, double value) const {
    if (kind == F64)
      return storeBits(data, index, llvm::bit_cast<uint64_t>(value));
    if (kind == F32)
      return storeBits(data, index,
                       llvm::bit_cast<uint32_t>(static_cast<float>(value)));
    storeAPFloat(data, index, APFloat(value));
  }

  void storeAPFloat(char *data, int64_t index, APFloat value) const {
    bool losesInfo;
    value.convert(*semantics, APFloat::rmNearestTiesToEven, &losesInfo);
    APInt raw = value.bitcastToAPInt();
    std::memcpy(data + index * bytes, raw.getRawData(), bytes);
  }

  Kind kind;
  unsigned width;
  unsigned bytes;
  const llvm::fltSemantics *semantics = nullptr;
};

} // namespace

//===----------------------------------------------------------------------===//
// Construction
//===----------------------------------------------------------------------===//

int64_t TensorData::getElementBytes(Type elementType) {
  return llvm::divideCeil(elementType.getIntOrFloatBitWidth(), 8u);
}

int64_t TensorData::getNumBytes(RankedTensorType type) {
  return type.getNumElements() * getElementBytes(type.getElementType());
}

TensorData::TensorData(RankedTensorType type, std::vector<char> bytes)
    : type(type) {
  auto owned = std::make_shared<std::vector<char>>(std::move(bytes));
  this->bytes = *owned;
  owner = std::move(owned);
}

TensorData::TensorData(RankedTensorType type, ArrayRef<char> bytes,
                       std::shared_ptr<const void> owner)
    : type(type), bytes(bytes), owner(std::move(owner)) {}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

float TensorData::getFloat(int64_t index) const {
  return static_cast<float>(getDouble(index));
}

double TensorData::getDouble(int64_t index) const {
  return Codec(getElementType()).loadDouble(bytes.data(), index);
}

/// Truncates toward zero; what an i64 does not hold saturates, NaN gives 0.
static int64_t toInt(double value) {
  if (value != value)
    return 0;
  if (value >= 0x1p63)
    return std::numeric_limits<int64_t>::max();
  if (value < -0x1p63)
    return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(value);
}

int64_t TensorData::getInt(int64_t index) const {
  Codec codec(getElementType());
  if (codec.isInteger())
    return codec.loadInt(bytes.data(), index);
  return toInt(codec.loadDouble(bytes.data(), index));
}

std::vector<float> TensorData::toFloats() const {
  Codec codec(getElementType());
  std::vector<float> values(getNumElements());
  if (codec.kind == Codec::F32) {
    if (!bytes.empty())
      std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  if (codec.bytes == 1) {
    // All values there are.
    std::array<float, 256> table;
    for (int bits = 0; bits < 256; ++bits) {
      char byte = static_cast<char>(bits);
      table[bits] = static_cast<float>(codec.loadDouble(&byte, 0));
    }
    for (auto [value, byte] : llvm::zip_equal(values, bytes))
      value = table[static_cast<uint8_t>(byte)];
    return values;
  }
  for (auto [index, value] : llvm::enumerate(values))
    value = static_cast<float>(codec.loadDouble(bytes.data(), index));
  return values;
}

std::vector<int64_t> TensorData::toInts() const {
  Codec codec(getElementType());
  std::vector<int64_t> values(getNumElements());
  for (auto [index, value] : llvm::enumerate(values))
    value = codec.isInteger() ? codec.loadInt(bytes.data(), index)
                              : toInt(codec.loadDouble(bytes.data(), index));
  return values;
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

TensorData TensorData::fromFloats(RankedTensorType type,
                                  ArrayRef<float> values) {
  Codec codec(type.getElementType());
  std::vector<char> bytes(getNumBytes(type));
  if (codec.kind == Codec::F32 && !values.empty())
    std::memcpy(bytes.data(), values.data(), bytes.size());
  else
    for (auto [index, value] : llvm::enumerate(values))
      codec.storeFloat(bytes.data(), index, value);
  return TensorData(type, std::move(bytes));
}

TensorData TensorData::fromDoubles(RankedTensorType type,
                                   ArrayRef<double> values) {
  Codec codec(type.getElementType());
  std::vector<char> bytes(getNumBytes(type));
  for (auto [index, value] : llvm::enumerate(values))
    codec.storeDouble(bytes.data(), index, value);
  return TensorData(type, std::move(bytes));
}

TensorData TensorData::fromInts(RankedTensorType type,
                                ArrayRef<int64_t> values) {
  Codec codec(type.getElementType());
  std::vector<char> bytes(getNumBytes(type));
  for (auto [index, value] : llvm::enumerate(values))
    codec.storeBits(bytes.data(), index, static_cast<uint64_t>(value));
  return TensorData(type, std::move(bytes));
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

/// Splats are for small tensors; this many bytes are no model's.
constexpr int64_t kMaxSplatBytes = int64_t(1) << 34;

std::optional<TensorData> TensorData::fromAttr(ElementsAttr attr) {
  auto type = dyn_cast<RankedTensorType>(attr.getType());
  if (!type || !type.hasStaticShape() || !type.getElementType().isIntOrFloat())
    return std::nullopt;
  int64_t numBytes = getElementBytes(type.getElementType());
  for (int64_t extent : type.getShape())
    if (llvm::MulOverflow(numBytes, extent, numBytes))
      return std::nullopt;

  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob || static_cast<int64_t>(blob->getData().size()) != numBytes)
      return std::nullopt;
    return TensorData(type, blob->getData(), nullptr);
  }

  auto dense = dyn_cast<DenseIntOrFPElementsAttr>(attr);
  // A splat of any size can be written, but not expanded.
  if (!dense || (dense.isSplat() && numBytes > kMaxSplatBytes))
    return std::nullopt;
  if (type.getElementType().isInteger(1)) {
    // Attributes pack truth values.
    std::vector<char> bytes;
    bytes.reserve(numBytes);
    for (bool value : dense.getValues<bool>())
      bytes.push_back(value);
    return TensorData(type, std::move(bytes));
  }
  ArrayRef<char> raw = dense.getRawData();
  if (!dense.isSplat())
    return TensorData(type, raw, nullptr);
  std::vector<char> bytes;
  bytes.reserve(numBytes);
  for (int64_t i = 0, e = type.getNumElements(); i < e; ++i)
    bytes.insert(bytes.end(), raw.begin(), raw.end());
  return TensorData(type, std::move(bytes));
}

DenseElementsAttr TensorData::toAttr() const {
  if (getElementType().isInteger(1)) {
    SmallVector<bool> values;
    for (char byte : bytes)
      values.push_back(byte != 0);
    return DenseElementsAttr::get(type, values);
  }
  // Equal elements make a splat, which prints short and matches as a constant.
  size_t width = getElementBytes(getElementType());
  if (bytes.size() > width && std::memcmp(bytes.data(), bytes.data() + width,
                                          bytes.size() - width) == 0)
    return DenseElementsAttr::getFromRawBuffer(type, bytes.take_front(width));
  return DenseElementsAttr::getFromRawBuffer(type, bytes);
}
