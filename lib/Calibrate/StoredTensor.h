//===- StoredTensor.h - Values kept between two programs --------*- C++ -*-===//
//
// Private to this room.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CALIBRATE_STOREDTENSOR_H
#define SLIM_LIB_CALIBRATE_STOREDTENSOR_H

#include "slim/Data/ElementType.h"
#include "slim/Support/LLVM.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cstring>

namespace slim::calibration {

/// A value of one sample, between two programs.
class StoredTensor {
public:
  StoredTensor() = default;
  /// Copies what a run has returned; null memory if there is none left.
  static llvm::Expected<StoredTensor> copy(const slim_tensor &tensor) {
    StoredTensor stored;
    stored.tensor = tensor;
    size_t bytes = lookupElementType(tensor.type)->size;
    for (int64_t extent : shapeOf(tensor))
      bytes *= extent;
    stored.memory = llvm::WritableMemoryBuffer::getNewUninitMemBuffer(
        bytes, "", llvm::Align(64));
    if (!stored.memory)
      return llvm::createStringError(
          "out of memory for the values between two stages");
    if (bytes)
      std::memcpy(stored.memory->getBufferStart(), tensor.data, bytes);
    stored.tensor.data = stored.memory->getBufferStart();
    return stored;
  }
  const slim_tensor &get() const { return tensor; }

private:
  slim_tensor tensor = {};
  std::unique_ptr<llvm::WritableMemoryBuffer> memory;
};

} // namespace slim::calibration

#endif // SLIM_LIB_CALIBRATE_STOREDTENSOR_H
