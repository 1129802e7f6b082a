//===- ObserverNames.h - What calibration calls values ----------*- C++ -*-===//
//
// Calibration and the passes that use its statistics are separate runs: both
// find the names of values here.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_CALIBRATE_OBSERVERNAMES_H
#define SLIM_CALIBRATE_OBSERVERNAMES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "slim/IR/SlimInterfaces.h"
#include <string>
#include <utility>
#include <vector>

namespace slim {

/// The symbol that the values of a decode tree come from; empty if `root` is no
/// weight.
StringRef getWeightName(Value root);

/// The operand of `op` that its weight is multiplied with; null if the op only
/// looks up rows of the weight, or if the operand is no float tensor.
Value getActivation(CompressibleOpInterface op);

/// The ops of the module that multiply an activation by a weight, in order,
/// each with the name of its input: that of the weight, followed by "#1" for
/// the second value that is multiplied with it, "#2" for the third.
std::vector<std::pair<CompressibleOpInterface, std::string>>
nameWeightInputs(ModuleOp module);

/// The arguments and results of ops in the entry block of `function` that are
/// float tensors and no weights or constants, in order, each with its name: "%"
/// and the name of its location (that of an argument in the model), then ":"
/// and its number where the op has several results, then "~1", "~2", ... where
/// the name is taken.
std::vector<std::pair<Value, std::string>>
nameActivations(func::FuncOp function);

} // namespace slim

#endif // SLIM_CALIBRATE_OBSERVERNAMES_H
