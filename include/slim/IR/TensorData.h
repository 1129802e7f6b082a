//===- TensorData.h - Values of a constant tensor ---------------*- C++ -*-===//
//
// The data of a weight or a constant outside the IR: what decode trees are
// evaluated on and what the compression passes compute with.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_IR_TENSORDATA_H
#define SLIM_IR_TENSORDATA_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "slim/Support/LLVM.h"
#include <memory>
#include <vector>

namespace slim {

/// A static shape, an element type and the elements: row-major, little-endian,
/// each in a whole number of bytes (i1 and sub-byte types take one byte). The
/// bytes are owned, or borrowed from an owner that is kept alive with them (a
/// mapped file, an attribute of the context); copies are cheap and share them.
/// They need not be aligned: read elements through the accessors.
class TensorData {
public:
  TensorData() = default;
  /// Takes ownership of `bytes`, which has getNumBytes(type) elements.
  TensorData(RankedTensorType type, std::vector<char> bytes);
  /// Borrows `bytes`, alive as long as `owner`.
  TensorData(RankedTensorType type, ArrayRef<char> bytes,
             std::shared_ptr<const void> owner);

  RankedTensorType getType() const { return type; }
  Type getElementType() const { return type.getElementType(); }
  int64_t getNumElements() const { return type.getNumElements(); }
  ArrayRef<char> getBytes() const { return bytes; }
  const std::shared_ptr<const void> &getOwner() const { return owner; }

  /// Bytes that one element takes in memory.
  static int64_t getElementBytes(Type elementType);
  static int64_t getNumBytes(RankedTensorType type);

  /// The elements as floats or integers, converted from whatever they are:
  /// integers by value (i1 as 0 and 1), 8-bit and 16-bit floats exactly. As
  /// integers, floats are truncated and saturate; NaN gives 0.
  float getFloat(int64_t index) const;
  double getDouble(int64_t index) const;
  int64_t getInt(int64_t index) const;
  std::vector<float> toFloats() const;
  std::vector<int64_t> toInts() const;

  /// Builds data of `type`, whose element type is a float, rounding each value
  /// to nearest even.
  static TensorData fromFloats(RankedTensorType type, ArrayRef<float> values);
  static TensorData fromDoubles(RankedTensorType type, ArrayRef<double> values);
  /// Builds data of `type`, whose element type is an integer; values are cut to
  /// its width.
  static TensorData fromInts(RankedTensorType type, ArrayRef<int64_t> values);

  /// From and to an attribute. `fromAttr` accepts dense and resource elements;
  /// null data for others. `toAttr` makes a dense attribute, for small data.
  static std::optional<TensorData> fromAttr(ElementsAttr attr);
  DenseElementsAttr toAttr() const;

private:
  RankedTensorType type;
  ArrayRef<char> bytes;
  std::shared_ptr<const void> owner;
};

} // namespace slim

#endif // SLIM_IR_TENSORDATA_H
