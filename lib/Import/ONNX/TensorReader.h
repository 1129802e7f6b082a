//===- TensorReader.h - Tensors that are part of a model --------*- C++ -*-===//
#ifndef SLIM_LIB_IMPORT_ONNX_TENSORREADER_H
#define SLIM_LIB_IMPORT_ONNX_TENSORREADER_H

#include "ModelReader.h"
#include "slim/IR/TensorData.h"

namespace onnx {
class SparseTensorProto;
class TensorProto;
} // namespace onnx

namespace slim::onnximport {

/// Largest number of elements that a tensor of a model may have by its type, so
/// that what is computed from extents fits 64 bits (see kMaxSpatialAttr).
constexpr int64_t kMaxElements = int64_t(1) << 40;

/// The MLIR type of `TensorProto.DataType` number `dataType`; null for those
/// without one (strings, complex numbers, what is newer than slim).
Type getElementType(int64_t dataType, MLIRContext *context);

/// ONNX's word for the type, for messages.
std::string getDataTypeName(int64_t dataType);

/// A tensor that is part of a model, in slim's layout (see TensorData).
struct StoredTensor {
  TensorData data;
  /// The file that holds exactly these bytes, or empty.
  std::string path;
  uint64_t offset = 0;
  /// What the model calls it; may be empty.
  std::string name;

  RankedTensorType getType() const { return data.getType(); }
  /// The same elements in another shape.
  StoredTensor withShape(ArrayRef<int64_t> shape) const;
};

/// Reads tensors, mapping the files that hold their data.
class TensorReader {
public:
  TensorReader(std::shared_ptr<MappedFile> model, FileTable &files,
               MLIRContext *context)
      : model(std::move(model)), files(files), context(context) {}

  /// Failure leaves the reason in `error`.
  FailureOr<StoredTensor> read(const ::onnx::TensorProto &tensor,
                               std::string &error);
  FailureOr<StoredTensor> read(const ::onnx::SparseTensorProto &tensor,
                               std::string &error);

private:
  FailureOr<StoredTensor> readExternal(const ::onnx::TensorProto &tensor,
                                       RankedTensorType type,
                                       std::string &error);
  FailureOr<StoredTensor> readRange(const std::shared_ptr<MappedFile> &file,
                                    uint64_t offset, uint64_t length,
                                    RankedTensorType type, std::string &error);

  std::shared_ptr<MappedFile> model;
  FileTable &files;
  MLIRContext *context;
};

} // namespace slim::onnximport

#endif // SLIM_LIB_IMPORT_ONNX_TENSORREADER_H
