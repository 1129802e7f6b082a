//===- Compile.cpp - From a model's file to a library ---------------------===//
#include "slim/Pipelines/Compile.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassRegistry.h"
#include "slim/CodeGen/EmitLibrary.h"
#include "slim/CodeGen/ModelDescription.h"
#include "slim/CodeGen/WeightSection.h"
#include "slim/Compress/Report.h"
#include "slim/IR/WeightData.h"
#include "slim/Pipelines/CPU.h"
#include "slim/Pipelines/Lower.h"
#include "slim/Pipelines/SaveModule.h"
#include "slim/Pipelines/ToolSupport.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace slim;

namespace {

class Compilation {
public:
  Compilation(const CompileOptions &options, MLIRContext *context,
              TimingScope &timing)
      : options(options), context(context), timing(timing),
        location(UnknownLoc::get(context)) {}

  LogicalResult run();

private:
  LogicalResult read();
  LogicalResult compress();
  LogicalResult writeReport();
  LogicalResult writeText(StringRef path,
                          llvm::function_ref<void(raw_ostream &)> print);
  LogicalResult lowerAndEmit();
  LogicalResult emit(llvm::Module &llvmModule, llvm::TargetMachine &machine,
                     const WeightSection &weights);
  LogicalResult
  runPasses(StringRef name,
            llvm::function_ref<LogicalResult(OpPassManager &)> build);

  InFlightDiagnostic error() { return mlir::emitError(location); }
  LogicalResult report(llvm::Error failure) {
    if (!failure)
      return success();
    return error() << llvm::toString(std::move(failure));
  }

  const CompileOptions &options;
  MLIRContext *context;
  TimingScope &timing;
  Location location;
  OwningOpRef<ModuleOp> module;
  CPUTargetDescription target;
};

} // namespace

LogicalResult Compilation::runPasses(
    StringRef name, llvm::function_ref<LogicalResult(OpPassManager &)> build) {
  TimingScope scope = timing.nest(name);
  PassManager pm(context);
  if (options.configure && failed(options.configure(pm)))
    return failure();
  pm.enableTiming(scope);
  if (failed(build(pm)))
    return failure();
  return pm.run(*module);
}

LogicalResult Compilation::read() {
  TimingScope scope = timing.nest("import");
  module = readModel(options.inputPath, options.dims, context);
  return success(bool(module));
}

LogicalResult Compilation::compress() {
  if (failed(runPasses("simplify", [](OpPassManager &pm) {
        buildSimplifyPipeline(pm);
        return success();
      })))
    return failure();
  if (options.compress.empty())
    return success();
  std::string messages;
  llvm::raw_string_ostream os(messages);
  LogicalResult result = runPasses("compress", [&](OpPassManager &pm) {
    if (succeeded(parsePassPipeline(options.compress, pm, os)))
      return success();
    StringRef first = StringRef(messages).trim().split('\n').first;
    first.consume_front("MLIR Textual PassPipeline Parser:");
    return LogicalResult(error() << "--compress='" << options.compress
                                 << "' is no pass pipeline: " << first);
  });
  if (failed(result))
    return failure();
  return runPasses("simplify", [](OpPassManager &pm) {
    buildSimplifyPipeline(pm);
    return success();
  });
}

LogicalResult
Compilation::writeText(StringRef path,
                       llvm::function_ref<void(raw_ostream &)> print) {
  return report(llvm::writeToOutput(path, [&](raw_ostream &os) -> llvm::Error {
    print(os);
    return llvm::Error::success();
  }));
}

LogicalResult Compilation::writeReport() {
  if (options.reportPath.empty())
    return success();
  llvm::json::Value value(llvm::json::Object{{"model", options.inputPath},
                                             {"pipeline", options.compress},
                                             {"weights", getReport(*module)}});
  return writeText(options.reportPath, [&](raw_ostream &os) {
    os << llvm::formatv("{0:2}", value) << "\n";
  });
}

LogicalResult Compilation::lowerAndEmit() {
  FailureOr<ModelDescription> description = describeModel(*module);
  if (failed(description))
    return failure();
  llvm::json::Array entries = getReport(*module);
  if (!entries.empty()) {
    llvm::json::Value value(llvm::json::Object{
        {"pipeline", options.compress}, {"weights", std::move(entries)}});
    description->report = llvm::formatv("{0}", value).str();
  }
  auto runner = [&](StringRef name,
                    llvm::function_ref<void(OpPassManager &)> build) {
    return runPasses(name, [&](OpPassManager &pm) {
      build(pm);
      return success();
    });
  };
  if (options.emit == EmitKind::Linalg) {
    if (failed(runner("slim to linalg", [&](OpPassManager &pm) {
          LinalgPipelineOptions linalg;
          linalg.setTarget(target.kernelFeatures, target.kernelRows);
          buildSlimToLinalgPipeline(pm, linalg);
        })))
      return failure();
    return writeText(options.outputPath,
                     [&](raw_ostream &os) { module->print(os); });
  }

  llvm::LLVMContext llvmContext;
  FailureOr<LoweredModel> lowered =
      lowerToLLVMIR(*module, *description, target, options.threads, llvmContext,
                    runner, timing);
  if (failed(lowered))
    return failure();
  lowered->module->setModuleIdentifier(options.inputPath);
  return emit(*lowered->module, *lowered->machine, lowered->weights);
}

LogicalResult Compilation::emit(llvm::Module &llvmModule,
                                llvm::TargetMachine &machine,
                                const WeightSection &weights) {
  {
    TimingScope scope = timing.nest("LLVM optimization");
    optimizeModule(llvmModule, machine, options.optLevel);
  }

  // Text refers to a file of weights that stays; an object file contains them.
  bool isText =
      options.emit == EmitKind::LLVM || options.emit == EmitKind::Assembly;
  SmallString<256> blob;
  std::optional<llvm::FileRemover> removeBlob;
  if (weights.needsBlob()) {
    if (isText) {
      blob = options.outputPath;
      blob += ".weights";
    } else {
      if (std::error_code failed =
              llvm::sys::fs::createTemporaryFile("slim", "weights", blob))
        return error() << "cannot write a temporary file: " << failed.message();
      removeBlob.emplace(blob);
    }
    if (failed(report(weights.writeBlob(blob))))
      return failure();
  }
  weights.define(llvmModule, blob);

  if (options.emit == EmitKind::LLVM)
    return writeText(options.outputPath,
                     [&](raw_ostream &os) { llvmModule.print(os, nullptr); });

  TimingScope scope = timing.nest("machine code");
  if (options.emit == EmitKind::Assembly)
    return report(emitMachineCode(llvmModule, machine, options.outputPath,
                                  llvm::CodeGenFileType::AssemblyFile));
  if (options.emit == EmitKind::Object)
    return report(emitMachineCode(llvmModule, machine, options.outputPath,
                                  llvm::CodeGenFileType::ObjectFile));

  SmallString<256> object;
  if (std::error_code failed =
          llvm::sys::fs::createTemporaryFile("slim", "o", object))
    return error() << "cannot write a temporary file: " << failed.message();
  llvm::FileRemover removeObject(object);
  if (failed(report(emitMachineCode(llvmModule, machine, object,
                                    llvm::CodeGenFileType::ObjectFile))))
    return failure();
  scope.stop();

  TimingScope linking = timing.nest("link");
  LinkOptions link;
  link.triple = target.triple;
  link.openMP = options.threads;
  link.driver = options.linker;
  return report(linkSharedLibrary(object, options.outputPath, link));
}

LogicalResult Compilation::run() {
  // What can be wrong in the options is found before the work begins.
  if (options.emit != EmitKind::Slim) {
    llvm::Expected<CPUTargetDescription> description =
        CPUTargetDescription::get(options.triple, options.cpu);
    if (!description)
      return report(description.takeError());
    target = std::move(*description);
  }
  if (llvm::Error error = checkOutputPath(options.outputPath))
    return report(std::move(error));

  if (failed(read()) || failed(compress()) || failed(writeReport()))
    return failure();
  if (options.emit == EmitKind::Slim)
    return report(saveModule(*module, options.outputPath));
  return lowerAndEmit();
}

LogicalResult slim::compileModel(const CompileOptions &options,
                                 MLIRContext *context, TimingScope &timing) {
  return Compilation(options, context, timing).run();
}
