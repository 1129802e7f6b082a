//===- BlockProgram.h - A block compiled with open weights ------*- C++ -*-===//
//
// Private to this room.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CALIBRATE_BLOCKPROGRAM_H
#define SLIM_LIB_CALIBRATE_BLOCKPROGRAM_H

#include "BlockCut.h"
#include "slim/Calibrate/Program.h"
#include "slim/IR/TensorData.h"
#include "llvm/ADT/StringMap.h"

namespace slim::calibration {

/// A weight that is an argument of a block's programs.
struct OpenWeight {
  std::string name;
  RankedTensorType type;
  /// As the model stores it, aligned.
  TensorData data;
};

/// The module of one block. Its arguments are `inputs`, then the weights; its
/// results the block's outputs and what it carries.
struct BlockModule {
  OwningOpRef<ModuleOp> module;
  func::FuncOp function;
  /// Arguments of the model, and values that the block before computes.
  SmallVector<Value> inputs;
  /// All f32 weights that are not compressed.
  std::vector<OpenWeight> weights;
};

/// Cuts the block out of `function`; `isKnown` says what the block before has
/// left.
FailureOr<BlockModule>
buildBlockModule(func::FuncOp function, const ModelBlock &block,
                 llvm::function_ref<bool(Value)> isKnown);

/// A module that takes, behind the arguments of `block`, a target for each of
/// its first `outputs` results, and returns the gradient of the squared error
/// of these, summed, with respect to each of the weights numbered `learned`.
FailureOr<OwningOpRef<ModuleOp>>
buildTrainingModule(BlockModule &block, unsigned outputs,
                    ArrayRef<unsigned> learned);

/// Programs by the text of their modules, so that equal ones are compiled once.
class ProgramCache {
public:
  ProgramCache(const ProgramCompiler &compile, unsigned sessions)
      : compile(compile), sessions(sessions) {}

  /// The program of `module`; null if it cannot be compiled, which has been
  /// reported.
  std::shared_ptr<Program> get(ModuleOp module);

private:
  const ProgramCompiler &compile;
  unsigned sessions;
  llvm::StringMap<std::shared_ptr<Program>> programs;
};

} // namespace slim::calibration

#endif // SLIM_LIB_CALIBRATE_BLOCKPROGRAM_H
