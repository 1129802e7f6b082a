//===- Layer.h - Quantized layers of compressed-tensors ---------*- C++ -*-===//
//
// The words are those of the package's QuantizationArgs and QuantizationScheme.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_EXPORT_COMPRESSEDTENSORS_LAYER_H
#define SLIM_LIB_EXPORT_COMPRESSEDTENSORS_LAYER_H

#include "slim/IR/SlimOps.h"
#include "slim/IR/TensorData.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"
#include <functional>
#include <string>

namespace slim::compressedtensors {

/// How numbers are quantized: QuantizationArgs.
struct Quantization {
  unsigned numBits = 8;
  bool isFloat = false;
  bool isSymmetric = true;
  bool isDynamic = false;
  std::string strategy;  ///< tensor, channel, group, block, token, ...
  int64_t groupSize = 0; ///< 0 for none
  SmallVector<int64_t, 2> blockStructure; ///< output by input, for "block"
  std::string scaleType; ///< torch's name where it is not a float's

  llvm::json::Object toJSON() const;
};

/// A tensor of the file, whose data are made when it is written.
struct StoredTensor {
  std::string name;
  RankedTensorType type;
  std::function<FailureOr<TensorData>()> read;
};

/// A layer that is stored quantized.
struct Layer {
  std::string name;
  std::string format; ///< pack-quantized, int-quantized, ...
  Quantization weights;
  std::optional<Quantization> inputs;
  SmallVector<StoredTensor, 4> tensors;

  /// The scheme as text; layers with the same one are a group.
  std::string getScheme() const;
};

/// The name of the layer whose weight is called `weightName`.
std::string getLayerName(StringRef weightName);

/// The layer of a product with a compressed weight. None, with the reason in
/// `why`, where the convention has no form for the weight.
std::optional<Layer> matchLayer(LinearOp op, StringRef weightName,
                                std::string &why);

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

/// How many 32-bit words `count` integers of `bits` bits take.
inline int64_t countPackedWords(int64_t count, unsigned bits) {
  return llvm::divideCeilSigned(count * bits, 32);
}

/// Integers of `bits` bits as 32-bit words, the first in the low bits, after
/// 2^(bits - 1) was added to each: one behind the other along dimension `dim`
/// of a matrix, so that those of 3, 5, 6 and 7 bits may lie in two words; the
/// last word is padded.
TensorData packIntegers(const TensorData &data, unsigned bits, unsigned dim);

/// Elements of 4 bits two a byte along rows, the first in the low bits. The
/// number of columns is even.
TensorData packNibbles(const TensorData &data);

/// The transposed matrix.
TensorData transposeMatrix(const TensorData &data);

/// Integers less `offset` in i8.
TensorData toSignedBytes(const TensorData &data, int64_t offset);

} // namespace slim::compressedtensors

#endif // SLIM_LIB_EXPORT_COMPRESSEDTENSORS_LAYER_H
