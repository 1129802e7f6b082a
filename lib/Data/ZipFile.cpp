//===- ZipFile.cpp - Reading .zip archives --------------------------------===//

#include "slim/Data/ZipFile.h"

#include "llvm/Support/CRC.h"
#include "llvm/Support/Endian.h"

#include <algorithm>
#include <optional>
#include <zlib.h>

using namespace llvm;
using namespace slim;

namespace {

/// Signatures and sizes of records.
enum : uint32_t {
  kLocalHeader = 0x04034b50,
  kCentralHeader = 0x02014b50,
  kEnd = 0x06054b50,
  kEnd64 = 0x06064b50,
  kEnd64Locator = 0x07064b50,
};
constexpr size_t kLocalSize = 30, kCentralSize = 46, kEndSize = 22,
                 kEnd64Size = 56, kLocatorSize = 20;
constexpr uint16_t kStored = 0, kDeflated = 8, kZip64Extra = 1;

/// Little-endian numbers at offsets of a record.
uint16_t get16(StringRef record, size_t offset) {
  return support::endian::read16le(record.data() + offset);
}
uint32_t get32(StringRef record, size_t offset) {
  return support::endian::read32le(record.data() + offset);
}
uint64_t get64(StringRef record, size_t offset) {
  return support::endian::read64le(record.data() + offset);
}

/// `size` bytes at `offset`; none where the file is shorter.
std::optional<StringRef> slice(StringRef bytes, uint64_t offset,
                               uint64_t size) {
  if (offset > bytes.size() || size > bytes.size() - offset)
    return std::nullopt;
  return bytes.substr(offset, size);
}

struct Directory {
  uint64_t offset, count;
};

} // namespace

static Error truncated() {
  return createStringError("it is truncated or no .npz file; write it with "
                           "numpy.savez(path, name=array, ...)");
}

/// Where the list of entries is.
static Expected<Directory> findDirectory(StringRef bytes) {
  // The last record, before a comment of up to 64 KiB.
  size_t window = std::min<size_t>(bytes.size(), kEndSize + 0xffff);
  size_t end = bytes.take_back(window).rfind(StringRef("PK\5\6", 4));
  if (end == StringRef::npos || window - end < kEndSize)
    return truncated();
  end += bytes.size() - window;
  StringRef record = bytes.drop_front(end);
  Directory directory{get32(record, 16), get16(record, 10)};
  if (directory.offset != 0xffffffff && directory.count != 0xffff)
    return directory;
  std::optional<StringRef> locator =
      end < kLocatorSize ? std::nullopt
                         : slice(bytes, end - kLocatorSize, kLocatorSize);
  if (!locator || get32(*locator, 0) != kEnd64Locator)
    return truncated();
  std::optional<StringRef> end64 = slice(bytes, get64(*locator, 8), kEnd64Size);
  if (!end64 || get32(*end64, 0) != kEnd64)
    return truncated();
  return Directory{get64(*end64, 48), get64(*end64, 32)};
}

/// Reads one record of the directory at `offset`, which moves behind it.
static Error readEntry(StringRef bytes, uint64_t &offset,
                       ZipFile::Entry &entry) {
  std::optional<StringRef> record = slice(bytes, offset, kCentralSize);
  if (!record || get32(*record, 0) != kCentralHeader)
    return truncated();
  uint16_t nameSize = get16(*record, 28), extraSize = get16(*record, 30),
           commentSize = get16(*record, 32);
  std::optional<StringRef> name = slice(bytes, offset + kCentralSize, nameSize);
  std::optional<StringRef> extra =
      slice(bytes, offset + kCentralSize + nameSize, extraSize);
  if (!name || !extra)
    return truncated();
  offset += kCentralSize + nameSize + extraSize + commentSize;
  entry.name = name->str();
  if (get16(*record, 8) & 1)
    return createStringError("its entry '" + *name + "' is encrypted");
  entry.method = get16(*record, 10);
  if (entry.method != kStored && entry.method != kDeflated)
    return createStringError(
        "its entry '" + *name + "' is compressed by method " +
        Twine(entry.method) + "; write it with numpy.savez");
  entry.checksum = get32(*record, 16);
  uint64_t packedSize = get32(*record, 20), header = get32(*record, 42);
  entry.size = get32(*record, 24);
  // Numbers that do not fit 32 bits follow in an extra field, in this order.
  while (extra->size() >= 4) {
    uint16_t kind = get16(*extra, 0), size = get16(*extra, 2);
    StringRef field = extra->drop_front(4).take_front(size);
    *extra = extra->drop_front(std::min<size_t>(extra->size(), 4 + size));
    if (kind != kZip64Extra)
      continue;
    for (uint64_t *number : {&entry.size, &packedSize, &header}) {
      if (*number != 0xffffffff)
        continue;
      if (field.size() < 8)
        return truncated();
      *number = get64(field, 0);
      field = field.drop_front(8);
    }
  }
  std::optional<StringRef> local = slice(bytes, header, kLocalSize);
  if (!local || get32(*local, 0) != kLocalHeader)
    return truncated();
  uint64_t data = header + kLocalSize + get16(*local, 26) + get16(*local, 28);
  std::optional<StringRef> packed = slice(bytes, data, packedSize);
  if (!packed || (entry.method == kStored && packedSize != entry.size))
    return truncated();
  entry.data = *packed;
  return Error::success();
}

Expected<ZipFile> ZipFile::open(StringRef path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(
      path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createStringError("cannot read '" + path +
                             "': " + buffer.getError().message());
  auto error = [&](Error failure) {
    return createStringError("'" + path + "': " + toString(std::move(failure)));
  };
  ZipFile file;
  file.path = path.str();
  StringRef bytes = (*buffer)->getBuffer();
  Expected<Directory> directory = findDirectory(bytes);
  if (!directory)
    return error(directory.takeError());
  uint64_t offset = directory->offset;
  for (uint64_t i = 0; i < directory->count; ++i) {
    Entry entry;
    if (Error failure = readEntry(bytes, offset, entry))
      return error(std::move(failure));
    file.entries.push_back(std::move(entry));
  }
  file.buffer = std::move(*buffer);
  return file;
}

/// Decompresses a raw deflate stream of exactly output.size() bytes.
static bool inflateRaw(StringRef input, MutableArrayRef<char> output) {
  z_stream stream = {};
  // Negative: without zlib's own header and checksum.
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return false;
  constexpr size_t kStep = size_t(1) << 30; // zlib counts in 32 bits
  int status = Z_OK;
  size_t read = 0, written = 0;
  while (status == Z_OK) {
    size_t in = std::min(kStep, input.size() - read);
    size_t out = std::min(kStep, output.size() - written);
    stream.next_in =
        reinterpret_cast<Bytef *>(const_cast<char *>(input.data() + read));
    stream.avail_in = static_cast<uInt>(in);
    stream.next_out = reinterpret_cast<Bytef *>(output.data() + written);
    stream.avail_out = static_cast<uInt>(out);
    status = inflate(&stream, Z_NO_FLUSH);
    read += in - stream.avail_in;
    written += out - stream.avail_out;
  }
  inflateEnd(&stream);
  return status == Z_STREAM_END && written == output.size();
}

Expected<std::unique_ptr<MemoryBuffer>>
ZipFile::read(const Entry &entry) const {
  auto damaged = [&] {
    return createStringError("'" + path + "': its entry '" + entry.name +
                             "' is damaged");
  };
  std::unique_ptr<MemoryBuffer> content;
  if (entry.method == kStored) {
    content = MemoryBuffer::getMemBuffer(entry.data, entry.name,
                                         /*RequiresNullTerminator=*/false);
  } else {
    // Deflate shrinks by a factor of 1032 at most: more is a lie, which would
    // cost memory.
    if (entry.size / 1032 > entry.data.size())
      return damaged();
    std::unique_ptr<WritableMemoryBuffer> output =
        WritableMemoryBuffer::getNewUninitMemBuffer(entry.size, entry.name,
                                                    Align(64));
    if (!output)
      return createStringError("'" + path + "': out of memory for its entry '" +
                               entry.name + "' of " + Twine(entry.size) +
                               " bytes");
    if (!inflateRaw(entry.data, output->getBuffer()))
      return damaged();
    content = std::move(output);
  }
  if (crc32(ArrayRef(content->getBuffer().bytes_begin(),
                     content->getBufferSize())) != entry.checksum)
    return damaged();
  return content;
}
