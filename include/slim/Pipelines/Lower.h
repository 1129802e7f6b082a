//===- Lower.h - From a model in the slim dialect to LLVM IR ----*- C++ -*-===//
#ifndef SLIM_PIPELINES_LOWER_H
#define SLIM_PIPELINES_LOWER_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Support/Timing.h"
#include "slim/CodeGen/CPU/TargetDescription.h"
#include "slim/CodeGen/ModelDescription.h"
#include "slim/CodeGen/WeightSection.h"
#include "slim/Support/LLVM.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

namespace slim {

struct LoweredModel {
  std::unique_ptr<llvm::TargetMachine> machine;
  /// With the model's C interface and the runtime, not optimized yet.
  std::unique_ptr<llvm::Module> module;
  /// What the module declares and does not define.
  WeightSection weights;
};

/// Runs passes on the module that is lowered; `name` is for timing.
using PassRunner = llvm::function_ref<LogicalResult(
    StringRef name, llvm::function_ref<void(OpPassManager &)> build)>;

/// Lowers `module`, of the slim dialect, for a CPU. `description` describes it
/// and gets the size of the weights. Every failure has been reported.
FailureOr<LoweredModel> lowerToLLVMIR(ModuleOp module,
                                      ModelDescription &description,
                                      const CPUTargetDescription &target,
                                      bool threads, llvm::LLVMContext &context,
                                      PassRunner runPasses,
                                      TimingScope &timing);

} // namespace slim

#endif // SLIM_PIPELINES_LOWER_H
