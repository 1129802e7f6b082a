//===- EmitLibrary.cpp - From LLVM IR to a shared library -----------------===//
#include "slim/CodeGen/EmitLibrary.h"
#include "MaskedBF16.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"

using namespace slim;
using llvm::SmallString;
using llvm::SmallVector;
using llvm::StringRef;

void slim::optimizeModule(llvm::Module &module, llvm::TargetMachine &machine,
                          unsigned level) {
  llvm::LoopAnalysisManager loopAnalyses;
  llvm::FunctionAnalysisManager functionAnalyses;
  llvm::CGSCCAnalysisManager sccAnalyses;
  llvm::ModuleAnalysisManager moduleAnalyses;
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = level > 1;
  tuning.SLPVectorization = level > 1;
  llvm::PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(moduleAnalyses);
  builder.registerCGSCCAnalyses(sccAnalyses);
  builder.registerFunctionAnalyses(functionAnalyses);
  builder.registerLoopAnalyses(loopAnalyses);
  builder.crossRegisterProxies(loopAnalyses, functionAnalyses, sccAnalyses,
                               moduleAnalyses);
  llvm::OptimizationLevel optimization =
      level == 0   ? llvm::OptimizationLevel::O0
      : level == 1 ? llvm::OptimizationLevel::O1
      : level == 2 ? llvm::OptimizationLevel::O2
                   : llvm::OptimizationLevel::O3;
  llvm::ModulePassManager passes =
      level == 0 ? builder.buildO0DefaultPipeline(optimization)
                 : builder.buildPerModuleDefaultPipeline(optimization);
  if (machine.getTargetTriple().isAArch64())
    passes.addPass(llvm::createModuleToFunctionPassAdaptor(MaskedBF16Pass()));
  passes.run(module, moduleAnalyses);
}

llvm::Expected<SmallVector<char, 0>>
slim::generateMachineCode(llvm::Module &module, llvm::TargetMachine &machine,
                          llvm::CodeGenFileType fileType) {
  SmallVector<char, 0> code;
  // The code generator needs a stream that seeks; memory has one.
  llvm::raw_svector_ostream os(code);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, os, nullptr, fileType))
    return llvm::createStringError("target '" +
                                   machine.getTargetTriple().str() +
                                   "' cannot emit this kind of file");
  passes.run(module);
  return code;
}

llvm::Error slim::emitMachineCode(llvm::Module &module,
                                  llvm::TargetMachine &machine, StringRef path,
                                  llvm::CodeGenFileType fileType) {
  llvm::Expected<SmallVector<char, 0>> code =
      generateMachineCode(module, machine, fileType);
  if (!code)
    return code.takeError();
  // The file appears only when all is there.
  return llvm::writeToOutput(path, [&](llvm::raw_ostream &os) -> llvm::Error {
    os.write(code->data(), code->size());
    return llvm::Error::success();
  });
}

/// The program that links for `triple`, and whether it is told so.
static llvm::Expected<std::string> findDriver(const LinkOptions &options) {
  SmallVector<std::string> candidates;
  if (!options.driver.empty()) {
    candidates.push_back(options.driver);
  } else if (options.triple.getArch() ==
             llvm::Triple(llvm::sys::getDefaultTargetTriple()).getArch()) {
    candidates = {"clang-22", "clang", "cc", "gcc"};
  } else {
    std::string prefix =
        (options.triple.getArchName() + "-linux-gnu-gcc").str();
    candidates = {prefix, prefix + "-12", prefix + "-14"};
  }
  for (const std::string &candidate : candidates)
    if (llvm::ErrorOr<std::string> path =
            llvm::sys::findProgramByName(candidate))
      return *path;
  return llvm::createStringError(
      "no linker driver for '" + options.triple.str() + "' (looked for " +
      llvm::join(candidates, ", ") +
      "); install one, name one with --linker or use --emit=obj");
}

llvm::Error slim::linkSharedLibrary(StringRef object, StringRef path,
                                    const LinkOptions &options) {
  llvm::Expected<std::string> driver = findDriver(options);
  if (!driver)
    return driver.takeError();

  SmallString<256> temporary, messages;
  if (std::error_code error =
          llvm::sys::fs::createUniqueFile(path + ".%%%%%%.tmp", temporary))
    return llvm::createStringError(error, "cannot write '%s'",
                                   path.str().c_str());
  llvm::FileRemover removeTemporary(temporary);
  if (std::error_code error =
          llvm::sys::fs::createTemporaryFile("slim-link", "txt", messages))
    return llvm::createStringError(error, "cannot write a temporary file");
  llvm::FileRemover removeMessages(messages);

  SmallVector<std::string> arguments{*driver,       "-shared",
                                     "-o",          std::string(temporary),
                                     object.str(),  "-Wl,-z,noexecstack",
                                     "-Wl,-z,defs", "-lm"};
  if (options.openMP) {
    // clang's own libomp lies in its library directory.
    SmallString<256> library(*driver);
    llvm::sys::fs::real_path(*driver, library);
    llvm::sys::path::remove_filename(library);
    llvm::sys::path::append(library, "..", "lib");
    arguments.push_back("-L" + std::string(library));
    arguments.push_back("-l:libomp.so.5");
  }
  SmallVector<StringRef> argumentRefs(arguments.begin(), arguments.end());
  std::optional<StringRef> redirects[] = {StringRef(), StringRef(messages),
                                          StringRef(messages)};
  std::string error;
  int status = llvm::sys::ExecuteAndWait(*driver, argumentRefs, std::nullopt,
                                         redirects, 0, 0, &error);
  if (status != 0) {
    if (auto buffer = llvm::MemoryBuffer::getFile(messages))
      error += (*buffer)->getBuffer().rtrim().str();
    return llvm::createStringError("'" + *driver + "' failed: " + error);
  }
  if (std::error_code failed = llvm::sys::fs::rename(temporary, path))
    return llvm::createStringError(failed, "cannot write '%s'",
                                   path.str().c_str());
  removeTemporary.releaseFile();
  // A unique file is private to the user; a library follows the umask.
  llvm::sys::fs::setPermissions(
      path, static_cast<llvm::sys::fs::perms>((llvm::sys::fs::all_read |
                                               llvm::sys::fs::all_write |
                                               llvm::sys::fs::all_exe) &
                                              ~llvm::sys::fs::getUmask()));
  return llvm::Error::success();
}
