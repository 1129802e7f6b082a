//===- CompressedTensors.h - Export of weights for Hugging Face -*- C++ -*-===//
//
// Writes the weights of a module in the convention of the package
// `compressed-tensors`, which vLLM and Transformers load:
// https://github.com/vllm-project/compressed-tensors
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_EXPORT_COMPRESSEDTENSORS_H
#define SLIM_EXPORT_COMPRESSEDTENSORS_H

#include "mlir/IR/BuiltinOps.h"
#include "slim/Support/LLVM.h"

namespace slim {

/// Writes `config.json`, with nothing but the quantization_config that belongs
/// into the model's own, and `model.safetensors` to `directory`, which is made
/// where it does not exist.
///
/// The layers are those of `slim.linear`, named after their weights without a
/// final ".weight"; their matrices are stored output by input. A weight that
/// the convention has no form for is stored as the numbers that it decodes to
/// and its layer is listed under `ignore`; a warning names it and says why.
LogicalResult exportCompressedTensors(ModuleOp module, StringRef directory);

} // namespace slim

#endif // SLIM_EXPORT_COMPRESSEDTENSORS_H
