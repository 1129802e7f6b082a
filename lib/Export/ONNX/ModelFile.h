//===- ModelFile.h - An ONNX file, written tensor by tensor -----*- C++ -*-===//
#ifndef SLIM_LIB_EXPORT_ONNX_MODELFILE_H
#define SLIM_LIB_EXPORT_ONNX_MODELFILE_H

#include "mlir/IR/Location.h"
#include "slim/IR/TensorData.h"
#include <functional>
#include <string>

namespace onnx {
class ModelProto;
class TensorProto;
} // namespace onnx

namespace slim::onnxexport {

/// The number of `TensorProto.DataType` for an element type; 0 for those that
/// opset 21 lacks.
int32_t getDataType(Type elementType);

/// A tensor that is part of the model. Its data are made when the file is
/// written; failure to make them has been reported.
struct ModelTensor {
  std::string name;
  RankedTensorType type; ///< with an element type that ONNX has
  std::function<FailureOr<TensorData>()> read;
};

/// Bytes of a tensor in ONNX's layout, where elements of 4 bits are packed.
uint64_t getPackedBytes(RankedTensorType type);

/// Elements in ONNX's layout. Those of 4 bits fill a byte from the low bits up.
std::vector<char> packElements(const TensorData &data);

/// Fills in type and shape of a tensor.
void setTensorType(::onnx::TensorProto &tensor, RankedTensorType type);

/// Writes `model`, whose graph has no initializers yet, with `tensors` as its
/// initializers to `path`; their data are in `path`.data if `external` is set
/// or the file would exceed what protobuf allows. Reports what fails at `loc`;
/// then neither file is written.
LogicalResult writeModel(::onnx::ModelProto &model,
                         ArrayRef<ModelTensor> tensors, StringRef path,
                         bool external, Location loc);

} // namespace slim::onnxexport

#endif // SLIM_LIB_EXPORT_ONNX_MODELFILE_H
