//===- WeightStorage.h - How weights are stored -----------------*- C++ -*-===//
#ifndef SLIM_IR_WEIGHTSTORAGE_H
#define SLIM_IR_WEIGHTSTORAGE_H

#include "slim/IR/SlimOps.h"
#include "slim/IR/TensorData.h"

namespace slim {

/// Whether the module knows where the data of `weight` are. A module may be
/// without them, or name a resource that it does not contain.
bool hasWeightData(WeightOp weight);

/// The attribute that stores `data` in a `slim.weight`: dense elements for a
/// few elements, which makes small modules readable, else a resource blob that
/// is called `name`, or similarly where the name is taken.
Attribute buildWeightData(StringRef name, const TensorData &data);

/// The bytes that a tensor takes in a model file, elements below a byte packed;
/// the unit of slim's accounting.
int64_t getStoredBytes(RankedTensorType type);

} // namespace slim

#endif // SLIM_IR_WEIGHTSTORAGE_H
