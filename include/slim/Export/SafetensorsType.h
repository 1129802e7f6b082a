//===- SafetensorsType.h - Names of element types ---------------*- C++ -*-===//
#ifndef SLIM_EXPORT_SAFETENSORSTYPE_H
#define SLIM_EXPORT_SAFETENSORSTYPE_H

#include "mlir/IR/BuiltinTypes.h"
#include "slim/Support/LLVM.h"

namespace slim {

/// safetensors' name of an element type; types that it lacks are bytes ("U8").
StringRef getSafetensorsType(Type elementType);

} // namespace slim

#endif // SLIM_EXPORT_SAFETENSORSTYPE_H
