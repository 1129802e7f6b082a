//===- Pack.cpp - Elements packed as compressed-tensors does --------------===//
#include "Layer.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

using namespace slim;
using namespace slim::compressedtensors;

TensorData slim::compressedtensors::packIntegers(const TensorData &data,
                                                 unsigned bits, unsigned dim) {
  SmallVector<int64_t, 2> shape(data.getType().getShape());
  int64_t columns = shape[1];
  int64_t lineWords = shape[dim] = countPackedWords(shape[dim], bits);
  // Of the words along `dim`.
  int64_t stride = dim == 0 ? columns : 1;
  MLIRContext *context = data.getType().getContext();
  auto type = RankedTensorType::get(shape, IntegerType::get(context, 32));
  std::vector<uint32_t> words(type.getNumElements());
  int64_t offset = int64_t(1) << (bits - 1);
  uint32_t mask = llvm::maskTrailingOnes<uint32_t>(bits);
  for (int64_t i = 0, e = data.getNumElements(); i < e; ++i) {
    int64_t row = i / columns, column = i % columns;
    int64_t &packed = dim == 0 ? row : column;
    unsigned shift = packed * bits % 32;
    packed = packed * bits / 32;
    uint64_t code = static_cast<uint32_t>(data.getInt(i) + offset) & mask;
    code <<= shift;
    uint32_t *word = &words[row * shape[1] + column];
    *word |= static_cast<uint32_t>(code);
    // The rest of a code that does not end with the word.
    if (packed + 1 < lineWords)
      word[stride] |= static_cast<uint32_t>(code >> 32);
  }
  std::vector<char> bytes(words.size() * sizeof(uint32_t));
  for (auto [index, word] : llvm::enumerate(words))
    llvm::support::endian::write32le(&bytes[index * sizeof(uint32_t)], word);
  return TensorData(type, std::move(bytes));
}

TensorData slim::compressedtensors::packNibbles(const TensorData &data) {
  ArrayRef<int64_t> shape = data.getType().getShape();
  Type byte =
      IntegerType::get(data.getType().getContext(), 8, IntegerType::Unsigned);
  auto type = RankedTensorType::get({shape[0], shape[1] / 2}, byte);
  std::vector<char> bytes(type.getNumElements());
  for (auto [index, element] : llvm::enumerate(data.getBytes()))
    bytes[index / 2] |= (element & 15) << (index % 2 * 4);
  return TensorData(type, std::move(bytes));
}

TensorData slim::compressedtensors::transposeMatrix(const TensorData &data) {
  ArrayRef<int64_t> shape = data.getType().getShape();
  RankedTensorType type =
      data.getType().clone(ArrayRef<int64_t>{shape[1], shape[0]});
  size_t size = TensorData::getElementBytes(data.getElementType());
  std::vector<char> bytes(data.getBytes().size());
  for (int64_t row = 0; row < shape[0]; ++row)
    for (int64_t column = 0; column < shape[1]; ++column)
      std::copy_n(data.getBytes().data() + (row * shape[1] + column) * size,
                  size, bytes.data() + (column * shape[0] + row) * size);
  return TensorData(type, std::move(bytes));
}

TensorData slim::compressedtensors::toSignedBytes(const TensorData &data,
                                                  int64_t offset) {
  auto type =
      RankedTensorType::get(data.getType().getShape(),
                            IntegerType::get(data.getType().getContext(), 8));
  std::vector<int64_t> values = data.toInts();
  for (int64_t &value : values)
    value -= offset;
  return TensorData::fromInts(type, values);
}
