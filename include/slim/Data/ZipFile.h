//===- ZipFile.h - Reading .zip archives ------------------------*- C++ -*-===//
//
// What numpy.savez writes (.npz). The format is PKWARE's APPNOTE.TXT, sections
// 4.3 to 4.5: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_DATA_ZIPFILE_H
#define SLIM_DATA_ZIPFILE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <string>
#include <vector>

namespace slim {

/// An archive, mapped into memory. Entries are stored or deflated, of any size
/// (zip64), and not encrypted.
class ZipFile {
public:
  struct Entry {
    std::string name;
    uint16_t method;
    uint32_t checksum; ///< CRC-32 of the content
    uint64_t size;     ///< of the content
    llvm::StringRef data;
  };

  /// Fails, with a message that begins with the path, on anything but a
  /// complete archive.
  static llvm::Expected<ZipFile> open(llvm::StringRef path);

  llvm::ArrayRef<Entry> getEntries() const { return entries; }

  /// The content of an entry, which refers to the archive where the entry is
  /// stored as it is. Fails where its checksum is wrong.
  llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
  read(const Entry &entry) const;

private:
  std::string path;
  std::unique_ptr<llvm::MemoryBuffer> buffer;
  std::vector<Entry> entries;
};

} // namespace slim

#endif // SLIM_DATA_ZIPFILE_H
