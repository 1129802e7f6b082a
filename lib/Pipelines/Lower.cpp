//===- Lower.cpp - From a model in the slim dialect to LLVM IR ------------===//
#include "slim/Pipelines/Lower.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "slim/CodeGen/ModelInterface.h"
#include "slim/Pipelines/CPU.h"

using namespace mlir;
using namespace slim;

/// Gives functions names that no library has: a model's function may be called
/// what libm's or libc's are that the lowering calls.
static LogicalResult renameFunctions(ModuleOp module,
                                     ModelDescription &description) {
  static constexpr StringRef kPrefix = "model.";
  SymbolTable symbols(module);
  for (auto function : llvm::to_vector(module.getOps<func::FuncOp>()))
    if (!function.isDeclaration() &&
        failed(
            symbols.rename(function, (kPrefix + function.getSymName()).str())))
      return failure();
  for (EntryDescription &entry : description.entries)
    entry.symbol = (kPrefix + entry.symbol).str();
  return success();
}

FailureOr<LoweredModel>
slim::lowerToLLVMIR(ModuleOp module, ModelDescription &description,
                    const CPUTargetDescription &target, bool threads,
                    llvm::LLVMContext &context, PassRunner runPasses,
                    TimingScope &timing) {
  if (failed(renameFunctions(module, description)))
    return module.emitError() << "has functions that cannot be renamed";
  CPUPipelineOptions pipeline;
  pipeline.setTarget(target);
  pipeline.threads = threads;
  if (failed(runPasses("slim to linalg",
                       [&](OpPassManager &pm) {
                         LinalgPipelineOptions linalg;
                         linalg.keepAttention = true;
                         linalg.setTarget(target.kernelFeatures,
                                          target.kernelRows);
                         buildSlimToLinalgPipeline(pm, linalg);
                       })) ||
      failed(runPasses("form kernels", [&](OpPassManager &pm) {
        buildFormKernelsPipeline(pm, pipeline);
      })))
    return failure();
  FailureOr<WeightSection> weights = WeightSection::collect(module);
  if (failed(weights))
    return failure();
  description.weightBytes = weights->getNumBytes();
  if (failed(runPasses("kernels to LLVM", [&](OpPassManager &pm) {
        buildKernelsToLLVMPipeline(pm, pipeline);
      })))
    return failure();

  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machine =
      target.createTargetMachine();
  if (!machine)
    return module.emitError() << llvm::toString(machine.takeError());
  LoweredModel lowered;
  lowered.machine = std::move(*machine);
  lowered.weights = std::move(*weights);
  {
    TimingScope scope = timing.nest("LLVM IR");
    lowered.module = translateModuleToLLVMIR(module, context);
  }
  if (!lowered.module)
    return module.emitError()
           << "the LLVM dialect does not translate to LLVM IR";
  lowered.module->setTargetTriple(target.triple);
  lowered.module->setDataLayout(lowered.machine->createDataLayout());
  for (llvm::Function &function : *lowered.module)
    if (!function.isDeclaration()) {
      function.addFnAttr("target-cpu", target.cpu);
      if (!target.features.empty())
        function.addFnAttr("target-features", target.features);
      function.addFnAttr("prefer-vector-width",
                         std::to_string(8 * target.vectorBytes));
    }
  emitModelInterface(*lowered.module, description, target);
  if (llvm::Error error = linkRuntime(*lowered.module))
    return module.emitError() << llvm::toString(std::move(error));
  return lowered;
}
