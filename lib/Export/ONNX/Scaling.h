//===- Scaling.h - Scales as ONNX lays them out -----------------*- C++ -*-===//
#ifndef SLIM_LIB_EXPORT_ONNX_SCALING_H
#define SLIM_LIB_EXPORT_ONNX_SCALING_H

#include "GraphBuilder.h"

namespace slim::onnxexport {

/// The scales of slim's quantize and dequantize ops, which have blocks along
/// all dimensions, as those of QuantizeLinear and DequantizeLinear, which have
/// one for all, one for each position along an axis, or blocks along an axis
/// and one for each position along all others.
struct Scaling {
  /// The axis; negative where one scale is for all.
  int64_t axis = -1;
  /// Extent of a block; 0 where there are none.
  int64_t blockSize = 0;
  /// The shape that ONNX wants; extents may be open for computed scales.
  SmallVector<int64_t> shape;
  /// Whether the scales must be repeated along dimensions to have that shape:
  /// possible for constant ones.
  bool repeats = false;

  SmallVector<Attr> getAttributes() const;
};

/// Whether one scale covers all of dimension `dim`.
bool isWhole(RankedTensorType input, ArrayRef<int64_t> block, int64_t dim);

/// None where ONNX has no such layout: a block over an extent that is open.
std::optional<Scaling> getScaling(RankedTensorType input,
                                  RankedTensorType scale,
                                  ArrayRef<int64_t> block);

/// A scale or a zero point in the layout of `scaling`; integers that ONNX lacks
/// in `elementType`. `input` is the type of what is scaled.
std::string exportScale(GraphBuilder &graph, Value scale,
                        const Scaling &scaling, RankedTensorType input,
                        ArrayRef<int64_t> block, Type elementType);

/// The constant `data`, with an element for each block, as one of `shape`, in
/// which blocks have the extents that `divisors` say.
TensorData repeatBlocks(const TensorData &data, ArrayRef<int64_t> shape,
                        ArrayRef<int64_t> divisors);

/// The same integers in another element type.
TensorData convertIntegers(const TensorData &data, Type elementType);

} // namespace slim::onnxexport

#endif // SLIM_LIB_EXPORT_ONNX_SCALING_H
