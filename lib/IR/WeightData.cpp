//===- WeightData.cpp - Reading the data of weights -------------*- C++ -*-===//
#include "slim/IR/WeightData.h"

#include "WeightFiles.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace slim;
using slim::detail::WeightFiles;

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

std::string WeightFiles::getDirectory() const {
  std::lock_guard<std::mutex> lock(mutex);
  return directory;
}

void WeightFiles::setDirectory(StringRef path) {
  std::lock_guard<std::mutex> lock(mutex);
  directory = path.str();
}

llvm::ErrorOr<std::shared_ptr<llvm::MemoryBuffer>>
WeightFiles::open(StringRef path) {
  std::lock_guard<std::mutex> lock(mutex);
  std::shared_ptr<llvm::MemoryBuffer> &file = files[path];
  if (file)
    return file;
  auto map = [&]() -> llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> {
    // A device or a pipe may have no end.
    llvm::sys::fs::file_status status;
    if (std::error_code error = llvm::sys::fs::status(path, status))
      return error;
    if (status.type() != llvm::sys::fs::file_type::regular_file)
      return std::make_error_code(std::errc::invalid_argument);
    return llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                       /*RequiresNullTerminator=*/false);
  };
  auto mapped = map();
  if (!mapped) {
    files.erase(path);
    return mapped.getError();
  }
  file = std::move(*mapped);
  return file;
}

void WeightFiles::close() {
  std::lock_guard<std::mutex> lock(mutex);
  files.clear();
}

static WeightFiles &getFiles(MLIRContext *context) {
  return *context->getOrLoadDialect<SlimDialect>()
              ->getRegisteredInterface<WeightFiles>();
}

void slim::setWeightDirectory(MLIRContext *context, StringRef directory) {
  getFiles(context).setDirectory(directory);
}

void slim::closeWeightFiles(MLIRContext *context) { getFiles(context).close(); }

std::string slim::resolveWeightPath(Operation *weight, ExternalAttr data) {
  StringRef path = data.getPath();
  if (llvm::sys::path::is_absolute(path))
    return path.str();
  SmallString<128> resolved(getFiles(weight->getContext()).getDirectory());
  if (!resolved.empty()) {
    llvm::sys::path::append(resolved, path);
    return resolved.str().str();
  }
  if (auto location = weight->getLoc()->findInstanceOf<FileLineColLoc>()) {
    resolved = llvm::sys::path::parent_path(location.getFilename().getValue());
    llvm::sys::path::append(resolved, path);
    if (llvm::sys::fs::exists(resolved))
      return resolved.str().str();
  }
  return path.str();
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

/// An error about a weight, which `op` declares in one dialect or another.
static InFlightDiagnostic reportError(Operation *op) {
  if (isa<WeightOp>(op))
    return op->emitOpError();
  InFlightDiagnostic diagnostic = op->emitError("weight");
  if (auto name = SymbolTable::getSymbolName(op))
    diagnostic << " '" << name.getValue() << "'";
  diagnostic << " ";
  return diagnostic;
}

static FailureOr<TensorData>
readExternal(Operation *weight, RankedTensorType type, ExternalAttr data) {
  std::string path = resolveWeightPath(weight, data);
  uint64_t begin = data.getOffset();
  uint64_t size = TensorData::getNumBytes(type);
  auto file = getFiles(weight->getContext()).open(path);
  if (!file) {
    InFlightDiagnostic diagnostic =
        reportError(weight)
        << "cannot read " << size << " bytes of data at offset " << begin
        << " of '" << path << "': " << file.getError().message();
    if (!llvm::sys::path::is_absolute(data.getPath()))
      diagnostic.attachNote() << "the path is relative: put the file beside "
                                 "the module, or run where it is";
    return diagnostic;
  }
  ArrayRef<char> bytes((*file)->getBufferStart(), (*file)->getBufferSize());
  if (begin > bytes.size() || size > bytes.size() - begin) {
    InFlightDiagnostic diagnostic =
        reportError(weight)
        << "needs " << size << " bytes of data at offset " << begin << " of '"
        << path << "', which has only " << bytes.size();
    diagnostic.attachNote() << "the file is truncated, or not the one that the "
                               "module was made with: copy it again, or import "
                               "the model again";
    return diagnostic;
  }
  return TensorData(type, bytes.slice(begin, size), *file);
}

FailureOr<TensorData> slim::readWeightData(WeightOp weight) {
  return readWeightData(weight, weight.getTensorType(), weight.getDataAttr());
}

FailureOr<TensorData>
slim::readWeightData(Operation *weight, RankedTensorType type, Attribute data) {
  if (!data)
    return reportError(weight)
           << "has no data: import the model with its weights";
  if (auto external = dyn_cast<ExternalAttr>(data))
    return readExternal(weight, type, external);
  if (auto elements = dyn_cast<ElementsAttr>(data))
    if (std::optional<TensorData> read = TensorData::fromAttr(elements))
      return *read;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(data))
    return reportError(weight)
           << "has its data in resource '" << resource.getRawHandle().getKey()
           << "', which the module does not hold: it was printed without "
              "resources";
  return reportError(weight) << "has data that cannot be read";
}
