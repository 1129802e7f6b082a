//===- WeightData.h - Reading the data of weights ---------------*- C++ -*-===//
//
// Data of weights stay where they are until they are needed: in an attribute,
// in a resource of the module or in a file, which is mapped into memory.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_IR_WEIGHTDATA_H
#define SLIM_IR_WEIGHTDATA_H

#include "slim/IR/SlimOps.h"
#include "slim/IR/TensorData.h"
#include <string>

namespace slim {

/// Reads the data of `weight`, of its type, without copying them where the
/// attribute allows it. A file is mapped once per context and stays mapped as
/// long as the context or data from it live. Reports an error, which names the
/// file, the range of bytes and a remedy, where the weight has no data, the
/// file is missing or too short, or a resource is absent.
///
/// May be called by several threads.
FailureOr<TensorData> readWeightData(WeightOp weight);

/// The same for any op that stands for a weight of `type` with data attribute
/// `data`, such as the memory that a weight is lowered to.
FailureOr<TensorData> readWeightData(Operation *weight, RankedTensorType type,
                                     Attribute data);

/// Sets the directory that relative paths in `#slim.external` start from. Where
/// none is set (or an empty one) they start from the directory of the file that
/// the weight's location names, if the data are there, and otherwise from the
/// working directory.
void setWeightDirectory(MLIRContext *context, StringRef directory);

/// The path of the file that holds the data of `weight`, resolved as above.
/// `data` is the weight's #slim.external.
std::string resolveWeightPath(Operation *weight, ExternalAttr data);

/// Unmaps the files of the context that no data refer to any longer, so that
/// they may be replaced.
void closeWeightFiles(MLIRContext *context);

} // namespace slim

#endif // SLIM_IR_WEIGHTDATA_H
