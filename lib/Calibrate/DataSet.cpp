//===- DataSet.cpp - The data that a model is calibrated on ---------------===//

#include "slim/Calibrate/DataSet.h"
#include "ArrayDataSet.h"
#include "TokenDataSet.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/xxhash.h"

using namespace llvm;
using namespace slim;

DataSet::~DataSet() = default;

Expected<MutableArrayRef<char>> Sample::allocate(size_t input,
                                                 const ElementType &type,
                                                 ArrayRef<int64_t> shape) {
  uint64_t bytes = type.size;
  bool overflow = false;
  for (int64_t extent : shape) {
    bool here;
    bytes = SaturatingMultiply<uint64_t>(bytes, extent, &here);
    overflow |= here;
  }
  std::unique_ptr<WritableMemoryBuffer> memory;
  if (!overflow && bytes < uint64_t(1) << 62)
    memory = WritableMemoryBuffer::getNewUninitMemBuffer(bytes, "", Align(64));
  if (!memory)
    return createStringError("out of memory for a sample of shape " +
                             formatShape(shape));
  if (inputs.size() <= input) {
    inputs.resize(input + 1);
    buffers.resize(input + 1);
  }
  slim_tensor &tensor = inputs[input];
  tensor.data = memory->getBufferStart();
  tensor.type = type.type;
  tensor.rank = shape.size();
  llvm::copy(shape, tensor.shape);
  buffers[input] = std::move(memory);
  return buffers[input]->getBuffer();
}

Expected<std::unique_ptr<DataSet>>
DataSet::open(StringRef path, ArrayRef<DataInput> inputs,
              const DataSetOptions &options) {
  StringRef extension = sys::path::extension(path);
  if (extension == ".npz" || extension == ".safetensors")
    return openArrayDataSet(path, inputs);
  if (extension == ".txt" || extension == ".bin" || extension == ".tokens")
    return openTokenDataSet(path, inputs, options);
  return createStringError(
      "'" + path +
      "' is no file of data that slim reads; it reads .npz and .safetensors "
      "(arrays), .txt (lines of token ids), .bin and .tokens (raw token ids)");
}

Expected<std::string> DataSet::getFingerprint(int64_t count) const {
  std::vector<uint64_t> hashes;
  for (int64_t i = 0; i < count; ++i) {
    Expected<Sample> sample = load(i);
    if (!sample)
      return sample.takeError();
    for (const auto &[tensor, buffer] :
         zip_equal(sample->inputs, sample->buffers)) {
      hashes.push_back(tensor.type);
      hashes.push_back(tensor.rank);
      append_range(hashes, shapeOf(tensor));
      hashes.push_back(xxh3_64bits(
          StringRef(buffer->getBufferStart(), buffer->getBufferSize())));
    }
  }
  XXH128_hash_t hash =
      xxh3_128bits(ArrayRef(reinterpret_cast<const uint8_t *>(hashes.data()),
                            hashes.size() * sizeof(uint64_t)));
  return utohexstr(hash.high64, /*LowerCase=*/true, 16) +
         utohexstr(hash.low64, /*LowerCase=*/true, 16);
}
