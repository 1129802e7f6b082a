//===- StageProgram.h - The part of a model between stages ------*- C++ -*-===//
//
// Private to this room.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CALIBRATE_STAGEPROGRAM_H
#define SLIM_LIB_CALIBRATE_STAGEPROGRAM_H

#include "Observers.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

namespace slim::calibration {

/// Calls `visit` with all values that `op` and the ops inside it use and that
/// are defined outside of it.
void visitOperands(Operation *op, llvm::function_ref<void(Value)> visit);

/// Ops whose inputs are still to be observed, with the observers' names.
using PendingOps = llvm::MapVector<Operation *, std::string>;

/// A cut through a function: what can be computed without a pending op.
struct StageCut {
  /// The pending ops whose activations can be computed.
  SmallVector<Operation *> stage;
  /// The values on this side of the cut that later stages need. Weights,
  /// constants, arguments and small shape arithmetic are not among them: they
  /// are at hand everywhere.
  llvm::SetVector<Value> boundary;
};
StageCut cutAtPendingOps(func::FuncOp function, const PendingOps &pending);

/// A function that computes values from others.
struct StageProgram {
  OwningOpRef<ModuleOp> module;
  /// What its arguments are, values of the original function.
  SmallVector<Value> inputs;
  /// What its first results are.
  SmallVector<Value> outputs;
  /// Its other results: statistics of `observed`.
  std::vector<Probe> probes;
};

/// Cuts the ops out of `function` that compute `outputs` and the activations of
/// `observed` from arguments and the values in `known`.
FailureOr<StageProgram> buildStageProgram(
    func::FuncOp function, ArrayRef<Value> outputs,
    ArrayRef<std::pair<CompressibleOpInterface, std::string>> observed,
    ArrayRef<std::string> kinds, llvm::function_ref<bool(Value)> isKnown);

} // namespace slim::calibration

#endif // SLIM_LIB_CALIBRATE_STAGEPROGRAM_H
