//===- InProcess.cpp - Compiling modules for this process -----------------===//
#include "slim/Pipelines/InProcess.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/AsmState.h"
#include "mlir/Parser/Parser.h"
#include "slim/CodeGen/EmitLibrary.h"
#include "slim/CodeGen/InProcess.h"
#include "slim/IR/WeightData.h"
#include "slim/InitAll.h"
#include "slim/Pipelines/Lower.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/FileSystem.h"

using namespace mlir;
using namespace slim;

/// LLVM's optimizations repeat little of what the kernels' generator has done;
/// on code that runs a few hundred times they cost more than they bring.
static constexpr unsigned kOptLevel = 1;

namespace {

/// A program and the context that weights lie in which the compiler has packed.
class CompiledProgram : public Program {
public:
  CompiledProgram(std::unique_ptr<MLIRContext> context,
                  std::unique_ptr<InProcessModel> model)
      : context(std::move(context)), model(std::move(model)) {}
  ~CompiledProgram() override {
    // The model reads memory of the context.
    model.reset();
  }

  llvm::Error run(unsigned session, ArrayRef<slim_tensor> inputs,
                  std::vector<slim_tensor> &outputs) override {
    return model->run(session, /*entry=*/0, inputs, outputs);
  }

private:
  std::unique_ptr<MLIRContext> context;
  std::unique_ptr<InProcessModel> model;
};

} // namespace

/// The same data in another context, without a copy where they are large.
static Attribute moveData(WeightOp from, WeightOp to) {
  MLIRContext *context = to.getContext();
  Attribute data = from.getDataAttr();
  if (auto external = dyn_cast<ExternalAttr>(data)) {
    SmallString<256> path(resolveWeightPath(from, external));
    llvm::sys::fs::make_absolute(path);
    return ExternalAttr::get(context, path, external.getOffset());
  }
  std::optional<TensorData> values =
      TensorData::fromAttr(cast<ElementsAttr>(data));
  if (!values)
    return {};
  RankedTensorType type = to.getTensorType();
  if (isa<DenseResourceElementsAttr>(data))
    return DenseResourceElementsAttr::get(
        type, from.getSymName(),
        UnmanagedAsmResourceBlob::allocateWithAlign(values->getBytes(),
                                                    /*align=*/1));
  return TensorData(type, values->getBytes(), values->getOwner()).toAttr();
}

/// Copies `module` to `context`.
static OwningOpRef<ModuleOp> moveModule(ModuleOp module, MLIRContext *context) {
  OwningOpRef<ModuleOp> copy = module.clone();
  for (auto weight : copy->getOps<WeightOp>())
    weight.removeDataAttr();
  std::string bytecode;
  llvm::raw_string_ostream os(bytecode);
  if (failed(writeBytecodeToFile(*copy, os)))
    return {};
  OwningOpRef<ModuleOp> moved =
      parseSourceString<ModuleOp>(bytecode, ParserConfig(context));
  if (!moved)
    return {};
  for (auto [from, to] :
       llvm::zip_equal(module.getOps<WeightOp>(), moved->getOps<WeightOp>()))
    if (from.getDataAttr())
      if (Attribute data = moveData(from, to))
        to.setDataAttr(data);
  return moved;
}

FailureOr<std::unique_ptr<Program>> slim::compileInProcess(ModuleOp module,
                                                           unsigned sessions) {
  DialectRegistry registry;
  registerAllDialects(registry);
  auto context =
      std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  if (module.getContext()->isMultithreadingEnabled())
    context->setThreadPool(module.getContext()->getThreadPool());
  // Places are described in the words of the other context.
  ScopedDiagnosticHandler handler(context.get(), [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      mlir::emitError(module.getLoc())
          << "in the module that calibration runs: " << diagnostic.str();
    return success();
  });

  OwningOpRef<ModuleOp> copy = moveModule(module, context.get());
  if (!copy)
    return module.emitError() << "the module cannot be copied";
  FailureOr<ModelDescription> description = describeModel(*copy);
  if (failed(description))
    return failure();
  llvm::Expected<CPUTargetDescription> target =
      CPUTargetDescription::get(/*triple=*/"", "native");
  if (!target)
    return module.emitError() << llvm::toString(target.takeError());
  auto runPasses = [&](StringRef,
                       llvm::function_ref<void(OpPassManager &)> build) {
    PassManager pm(context.get());
    pm.enableVerifier(false);
    build(pm);
    return pm.run(*copy);
  };
  llvm::LLVMContext llvmContext;
  TimingScope untimed;
  FailureOr<LoweredModel> lowered =
      lowerToLLVMIR(*copy, *description, *target, /*threads=*/false,
                    llvmContext, runPasses, untimed);
  if (failed(lowered))
    return failure();
  copy = {};
  optimizeModule(*lowered->module, *lowered->machine, kOptLevel);
  llvm::Expected<std::unique_ptr<InProcessModel>> model = InProcessModel::load(
      *lowered->module, *lowered->machine, lowered->weights);
  if (!model)
    return module.emitError() << llvm::toString(model.takeError());
  if (llvm::Error error = (*model)->createSessions(sessions))
    return module.emitError() << llvm::toString(std::move(error));
  return std::unique_ptr<Program>(
      std::make_unique<CompiledProgram>(std::move(context), std::move(*model)));
}
