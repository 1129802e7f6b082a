//===- NumpyFile.cpp - Reading and writing .npy files ---------------------===//

#include "slim/Data/NumpyFile.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Alignment.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

#include <cstring>
#include <optional>

using namespace llvm;
using namespace slim;

static constexpr StringLiteral magic("\x93NUMPY");

//===----------------------------------------------------------------------===//
// The header, a Python dictionary
//===----------------------------------------------------------------------===//

namespace {

struct Header {
  std::string descr;
  bool fortranOrder = false;
  SmallVector<int64_t> shape;
};

/// Parses the literal {'descr': '<f4', 'fortran_order': False, 'shape': (2,)}
/// with its keys in any order. Only what NumPy writes is accepted.
class HeaderParser {
public:
  explicit HeaderParser(StringRef text) : text(text) {}

  Expected<Header> parse();

private:
  static Error error(const Twine &message) {
    return createStringError("the header " + message);
  }
  bool consume(StringRef token) {
    text = text.ltrim();
    return text.consume_front(token);
  }
  Expected<StringRef> parseString();
  Error parseDescr(std::string &descr);
  Error parseBool(bool &value);
  Error parseShape(SmallVectorImpl<int64_t> &shape);

  StringRef text;
};

} // namespace

Expected<StringRef> HeaderParser::parseString() {
  StringRef quote = consume("'") ? "'" : consume("\"") ? "\"" : "";
  size_t end = quote.empty() ? StringRef::npos : text.find(quote);
  if (end == StringRef::npos)
    return error("is no dictionary as NumPy writes it");
  StringRef string = text.take_front(end);
  text = text.drop_front(end + 1);
  return string;
}

Error HeaderParser::parseDescr(std::string &descr) {
  text = text.ltrim();
  if (text.starts_with("["))
    return createStringError(
        "it holds a structured type; save every field as an array of its own");
  Expected<StringRef> string = parseString();
  if (!string)
    return string.takeError();
  descr = string->str();
  return Error::success();
}

Error HeaderParser::parseBool(bool &value) {
  value = consume("True");
  if (!value && !consume("False"))
    return error("has a 'fortran_order' that is neither True nor False");
  return Error::success();
}

Error HeaderParser::parseShape(SmallVectorImpl<int64_t> &shape) {
  if (!consume("("))
    return error("has a 'shape' that is no tuple");
  while (!consume(")")) {
    int64_t extent;
    text = text.ltrim();
    if (text.consumeInteger(10, extent) || extent < 0)
      return error("has a 'shape' with an extent that is no number from 0 to "
                   "2^63-1");
    shape.push_back(extent);
    if (!consume(",") && !text.ltrim().starts_with(")"))
      return error("has a 'shape' that is no tuple");
  }
  if (shape.size() > SLIM_MAX_RANK)
    return createStringError("it has " + Twine(shape.size()) +
                             " dimensions, more than the " +
                             Twine(SLIM_MAX_RANK) + " of any model");
  return Error::success();
}

Expected<Header> HeaderParser::parse() {
  Header header;
  unsigned seen = 0;
  if (!consume("{"))
    return error("is no dictionary as NumPy writes it");
  while (!consume("}")) {
    Expected<StringRef> key = parseString();
    if (!key)
      return key.takeError();
    unsigned index = StringSwitch<unsigned>(*key)
                         .Case("descr", 0)
                         .Case("fortran_order", 1)
                         .Case("shape", 2)
                         .Default(3);
    if (index == 3 || seen & (1 << index))
      return error("has an unknown or a repeated key '" + *key + "'");
    seen |= 1 << index;
    if (!consume(":"))
      return error("is no dictionary as NumPy writes it");
    if (Error e = index == 0   ? parseDescr(header.descr)
                  : index == 1 ? parseBool(header.fortranOrder)
                               : parseShape(header.shape))
      return std::move(e);
    if (!consume(",") && !text.ltrim().starts_with("}"))
      return error("is no dictionary as NumPy writes it");
  }
  if (seen != 7)
    return error("lacks 'descr', 'fortran_order' or 'shape'");
  if (!text.trim().empty())
    return error("goes on after its dictionary");
  return header;
}

//===----------------------------------------------------------------------===//
// Element types
//===----------------------------------------------------------------------===//

/// The bytes of an element of a type that some tensor can have.
static Expected<unsigned> parseElementSize(StringRef descr) {
  if (unsigned size = StringSwitch<unsigned>(descr)
                          .Case("bfloat16", 2)
                          .Cases({"float8_e4m3fn", "float8_e5m2"}, 1)
                          .Default(0))
    return size;
  StringRef rest = descr;
  bool bigEndian = rest.starts_with(">");
  if (!rest.empty() && StringRef("<>|=").contains(rest.front()))
    rest = rest.drop_front();
  if (rest.starts_with("O"))
    return createStringError("it holds Python objects; convert it with "
                             "numpy.asarray(a, dtype) to a numeric type");
  unsigned size = StringSwitch<unsigned>(rest)
                      .Cases({"b1", "i1", "u1", "f1", "V1"}, 1)
                      .Cases({"i2", "u2", "f2", "V2"}, 2)
                      .Cases({"i4", "u4", "f4"}, 4)
                      .Cases({"i8", "u8", "f8"}, 8)
                      .Default(0);
  if (!size)
    return createStringError("its type '" + descr +
                             "' is none that a model can have");
  if (bigEndian && size > 1)
    return createStringError("its type '" + descr +
                             "' is big-endian; convert it with a.astype('<" +
                             rest + "')");
  return size;
}

bool NumpyArray::holds(const ElementType &type) const {
  StringRef code = descr;
  if (!code.empty() && StringRef("<>|=").contains(code.front()))
    code = code.drop_front();
  switch (type.type) {
  case SLIM_BF16:
    return code == "V2" || code == "bfloat16";
  case SLIM_F8E4M3FN:
    return code == "V1" || code == "float8_e4m3fn";
  case SLIM_F8E5M2: // ml_dtypes spells it "<f1"
    return code == "V1" || code == "f1" || code == "float8_e5m2";
  default:
    return code == type.descr.drop_front();
  }
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

static std::unique_ptr<WritableMemoryBuffer> allocateCopy(size_t size,
                                                          StringRef path) {
  return WritableMemoryBuffer::getNewUninitMemBuffer(size, path, Align(64));
}

/// Copies an array whose first dimension is contiguous to row-major order.
static void copyToRowMajor(const char *from, char *to, ArrayRef<int64_t> shape,
                           unsigned size, size_t count) {
  SmallVector<size_t> stride, index(shape.size());
  size_t step = size;
  for (int64_t extent : shape) {
    stride.push_back(step);
    step *= extent;
  }
  for (size_t i = 0; i < count; ++i) {
    std::memcpy(to + i * size, from, size);
    for (size_t d = shape.size(); d-- > 0;) {
      from += stride[d];
      if (++index[d] < static_cast<size_t>(shape[d]))
        break;
      from -= stride[d] * index[d];
      index[d] = 0;
    }
  }
}

static Expected<NumpyArray> parseNumpyFile(std::unique_ptr<MemoryBuffer> file,
                                           StringRef path) {
  StringRef rest = file->getBuffer();
  if (!rest.consume_front(magic))
    return createStringError(
        "it is no .npy file; write it with numpy.save(path, array)");
  if (rest.size() < 2)
    return createStringError("it is truncated");
  unsigned major = static_cast<unsigned char>(rest[0]);
  if (major < 1 || major > 3)
    return createStringError("its format version " + Twine(major) +
                             " is not 1, 2 or 3");
  rest = rest.drop_front(2);
  size_t lengthSize = major == 1 ? 2 : 4;
  if (rest.size() < lengthSize)
    return createStringError("it is truncated");
  size_t length = major == 1 ? support::endian::read16le(rest.data())
                             : support::endian::read32le(rest.data());
  rest = rest.drop_front(lengthSize);
  if (length > rest.size())
    return createStringError("it is truncated: the header has " +
                             Twine(length) + " bytes and the file " +
                             Twine(rest.size()) + " for it");

  Expected<Header> header = HeaderParser(rest.take_front(length)).parse();
  if (!header)
    return header.takeError();
  rest = rest.drop_front(length);
  Expected<unsigned> size = parseElementSize(header->descr);
  if (!size)
    return size.takeError();

  uint64_t count = 1;
  bool overflow = false;
  for (int64_t extent : header->shape)
    if (extent != 0) {
      bool overflowsHere;
      count = SaturatingMultiply<uint64_t>(count, extent, &overflowsHere);
      overflow |= overflowsHere;
    }
  bool tooLarge;
  uint64_t bytes = SaturatingMultiply<uint64_t>(count, *size, &tooLarge);
  if (overflow || tooLarge)
    return createStringError("its shape " + formatShape(header->shape) +
                             " has more bytes than memory can address");
  if (is_contained(header->shape, 0))
    count = bytes = 0;
  if (rest.size() < bytes)
    return createStringError(
        "it is truncated: the shape " + formatShape(header->shape) + " needs " +
        Twine(bytes) + " bytes of data and the file has " + Twine(rest.size()));
  if (rest.size() > bytes)
    return createStringError(
        "the shape " + formatShape(header->shape) + " needs " + Twine(bytes) +
        " bytes of data but the file has " + Twine(rest.size()));

  NumpyArray array{path.str(),    header->descr, *size,
                   header->shape, rest,          std::move(file)};
  bool reorder = header->fortranOrder && header->shape.size() > 1;
  if (!reorder && isAddrAligned(Align(*size), rest.data()))
    return array;
  std::unique_ptr<WritableMemoryBuffer> copy = allocateCopy(bytes, path);
  if (!copy)
    return createStringError("out of memory: it needs " + Twine(bytes) +
                             " bytes");
  if (reorder)
    copyToRowMajor(rest.data(), copy->getBufferStart(), array.shape, *size,
                   count);
  else
    llvm::copy(rest, copy->getBufferStart());
  array.data = StringRef(copy->getBufferStart(), bytes);
  array.buffer = std::move(copy);
  return array;
}

Expected<NumpyArray> slim::readNumpyFile(StringRef path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> file = MemoryBuffer::getFile(
      path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file)
    return createStringError("cannot read '" + path +
                             "': " + file.getError().message());
  return readNumpyBuffer(std::move(*file), path);
}

Expected<NumpyArray> slim::readNumpyBuffer(std::unique_ptr<MemoryBuffer> file,
                                           StringRef path) {
  Expected<NumpyArray> array = parseNumpyFile(std::move(file), path);
  if (!array)
    return createStringError("'" + path + "': " + toString(array.takeError()));
  return array;
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

void slim::writeNumpyFile(raw_ostream &os, const slim_tensor &tensor) {
  const ElementType &type = *lookupElementType(tensor.type);
  std::string shape;
  int64_t count = 1;
  for (int64_t extent : shapeOf(tensor)) {
    shape += itostr(extent) + ", ";
    count *= extent;
  }
  if (tensor.rank > 1) // only a tuple of one keeps its last comma
    shape.resize(shape.size() - 2);
  std::string header =
      ("{'descr': '" + type.descr + "', 'fortran_order': False, 'shape': (" +
       StringRef(shape).rtrim() + "), }")
          .str();
  // Data begin at a multiple of 64 bytes, after the line that ends the header.
  size_t prefix = magic.size() + 4;
  header.resize(alignTo(prefix + header.size() + 1, 64) - prefix - 1, ' ');
  header += '\n';

  os << magic << '\1' << '\0';
  char length[2];
  support::endian::write16le(length, static_cast<uint16_t>(header.size()));
  os.write(length, sizeof(length));
  os << header;
  os.write(static_cast<const char *>(tensor.data), count * type.size);
}
