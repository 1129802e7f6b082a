//===- NumpyFile.h - Reading and writing .npy files -------------*- C++ -*-===//
//
// The format is NEP 1 of NumPy, versions 1.0, 2.0 and 3.0:
// https://numpy.org/neps/nep-0001-npy-format.html
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_DATA_NUMPYFILE_H
#define SLIM_DATA_NUMPYFILE_H

#include "slim/Data/ElementType.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

namespace slim {

/// An array in row-major order.
struct NumpyArray {
  std::string path;
  std::string descr; // type as the file spells it
  unsigned elementSize;
  llvm::SmallVector<int64_t> shape;
  llvm::StringRef data;
  /// What `data` lies in: the mapped file, or a copy where the file's order is
  /// Fortran's or its data are not aligned to `elementSize`.
  std::unique_ptr<llvm::MemoryBuffer> buffer;

  /// Whether the elements can be read as `type`. Types that NumPy does not have
  /// match void of their size as well as their names in ml_dtypes.
  bool holds(const ElementType &type) const;
};

/// Fails on anything but a complete, plain array: the message begins with the
/// path.
llvm::Expected<NumpyArray> readNumpyFile(llvm::StringRef path);

/// The same for the content of such a file; `path` is for messages.
llvm::Expected<NumpyArray>
readNumpyBuffer(std::unique_ptr<llvm::MemoryBuffer> file, llvm::StringRef path);

/// Writes version 1.0, row-major.
void writeNumpyFile(llvm::raw_ostream &os, const slim_tensor &tensor);

} // namespace slim

#endif // SLIM_DATA_NUMPYFILE_H
