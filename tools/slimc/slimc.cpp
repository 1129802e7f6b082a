//===- slimc.cpp - The ahead-of-time compiler -----------------------------===//
#include "mlir/IR/AsmState.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/Timing.h"
#include "slim/InitAll.h"
#include "slim/Pipelines/Compile.h"
#include "slim/Pipelines/ToolSupport.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/WithColor.h"

using namespace slim;
namespace cl = llvm::cl;

static cl::OptionCategory category("slimc options");

static cl::opt<std::string> inputPath(cl::Positional, cl::Required,
                                      cl::desc("MODEL(.onnx|.mlir|.mlirbc)"),
                                      cl::cat(category));
static cl::opt<std::string> outputPath("o", cl::Required,
                                       cl::value_desc("file"),
                                       cl::desc("Where the result goes"),
                                       cl::cat(category));
static cl::opt<EmitKind> emitKind(
    "emit", cl::desc("Form of the result"), cl::cat(category),
    cl::init(EmitKind::SharedLibrary),
    cl::values(
        clEnumValN(EmitKind::Slim, "slim", "module of the slim dialect"),
        clEnumValN(EmitKind::Linalg, "linalg", "linalg on tensors"),
        clEnumValN(EmitKind::LLVM, "llvm", "LLVM IR, weights in a file beside"),
        clEnumValN(EmitKind::Assembly, "asm",
                   "assembly, weights in a file beside"),
        clEnumValN(EmitKind::Object, "obj", "object file"),
        clEnumValN(EmitKind::SharedLibrary, "so", "shared library (default)")));
static cl::opt<std::string>
    compress("compress", cl::value_desc("passes"),
             cl::desc("Pass pipeline that compresses the model, such as "
                      "'prune-nm{n=2 m=4},quantize-int8'"),
             cl::cat(category));
static cl::opt<std::string> target("target", cl::init("cpu"),
                                   cl::desc("Kind of machine: cpu (default)"),
                                   cl::cat(category));
static cl::opt<std::string>
    cpu("mcpu", cl::init("native"),
        cl::desc("CPU to generate code for: native (default), x86-64-v3, "
                 "x86-64-v4, znver5, cortex-a76, ..."),
        cl::cat(category));
static cl::opt<std::string>
    triple("triple", cl::desc("Target triple (default: this machine's)"),
           cl::cat(category));
static cl::list<std::string>
    dims("dim", cl::value_desc("name=value"),
         cl::desc("Fix a named dimension of an ONNX model"), cl::cat(category));
static cl::opt<std::string>
    report("report", cl::value_desc("file"),
           cl::desc("Write what was compressed as JSON"), cl::cat(category));
static cl::opt<std::string>
    linker("linker", cl::value_desc("program"),
           cl::desc("Program that links (default: clang or cc)"),
           cl::cat(category));
static cl::opt<unsigned>
    optLevel("O", cl::Prefix, cl::init(2), cl::value_desc("level"),
             cl::desc("Optimization level of LLVM, 0 to 3 (default: 2)"),
             cl::cat(category));

/// libLLVM registers options of its own tools, among them one of this name.
static void forgetOption(llvm::StringRef name) {
  auto &known = cl::getRegisteredOptions();
  auto entry = known.find(name);
  if (entry != known.end())
    entry->second->removeArgument();
}

static int fail(const llvm::Twine &message) {
  llvm::errs() << "slimc: error: " << message << "\n";
  return 1;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  forgetOption("threads");
  cl::opt<bool> threads("threads", cl::desc("Use several threads (OpenMP)"),
                        cl::cat(category));
  mlir::registerAsmPrinterCLOptions();
  mlir::registerMLIRContextCLOptions();
  mlir::registerPassManagerCLOptions();
  mlir::registerDefaultTimingManagerCLOptions();
  slim::registerAllPasses();
  cl::ParseCommandLineOptions(argc, argv,
                              "slim model compiler: compresses a model and "
                              "compiles it to a shared library\n");

  CompileOptions options;
  if (target != "cpu")
    return fail("unknown target '" + target + "'; supported is cpu");
  if (optLevel > 3)
    return fail("-O" + llvm::Twine(optLevel) + " is no level; 0 to 3 are");
  llvm::Expected<NamedExtents> extents = parseDims(dims);
  if (!extents)
    return fail(llvm::toString(extents.takeError()));
  options.dims = std::move(*extents);
  options.inputPath = inputPath;
  options.outputPath = outputPath;
  options.emit = emitKind;
  options.compress = compress;
  options.triple = triple;
  options.cpu = cpu;
  options.threads = threads;
  options.reportPath = report;
  options.linker = linker;
  options.optLevel = optLevel;
  options.configure = [](mlir::PassManager &pm) {
    return mlir::applyPassManagerCLOptions(pm);
  };

  mlir::DialectRegistry registry;
  slim::registerAllDialects(registry);
  mlir::MLIRContext context(registry);
  context.printOpOnDiagnostic(false);
  mlir::ScopedDiagnosticHandler handler(&context,
                                        [](mlir::Diagnostic &diagnostic) {
                                          printDiagnostic("slimc", diagnostic);
                                          return mlir::success();
                                        });
  mlir::DefaultTimingManager timingManager;
  mlir::applyDefaultTimingManagerCLOptions(timingManager);
  mlir::TimingScope timing = timingManager.getRootScope();
  return mlir::failed(compileModel(options, &context, timing));
}
