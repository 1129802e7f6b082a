//===- TargetDescription.cpp - What the code is generated for -------------===//
#include "slim/CodeGen/CPU/TargetDescription.h"
#include "slim/Runtime/EmbeddedRuntime.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include <mutex>

using namespace slim;
using llvm::StringRef;

static void initializeTargets() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
    llvm::InitializeAllAsmParsers();
  });
}

static llvm::Expected<const llvm::Target *>
lookupTarget(const llvm::Triple &triple) {
  std::string error;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return llvm::createStringError("unknown target triple '" + triple.str() +
                                   "': " + error);
  return target;
}

/// Bytes of this machine's cache of a level, 2 or 3, as Linux tells ("1024K");
/// `unknown` where it does not. The C library's sysconf gives the sum of all
/// third-level caches on some virtual machines.
static uint64_t getHostCacheBytes(int level, uint64_t unknown) {
  auto file = llvm::MemoryBuffer::getFileAsStream(
      "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(level) +
      "/size");
  uint64_t kibibytes;
  if (!file || !(*file)->getBuffer().trim().ends_with("K") ||
      (*file)->getBuffer().trim().drop_back().getAsInteger(10, kibibytes) ||
      kibibytes == 0)
    return unknown;
  return kibibytes << 10;
}

llvm::Expected<CPUTargetDescription>
CPUTargetDescription::get(StringRef tripleName, StringRef cpuName) {
  initializeTargets();
  CPUTargetDescription description;
  std::string host = llvm::sys::getDefaultTargetTriple();
  description.triple = llvm::Triple(llvm::Triple::normalize(
      tripleName.empty() ? StringRef(host) : tripleName));
  const llvm::Triple &triple = description.triple;
  if (!triple.isOSLinux() || (!triple.isX86_64() && !triple.isAArch64(64)))
    return llvm::createStringError(
        "target '" + triple.str() +
        "' is not supported; choose x86_64-linux-gnu or aarch64-linux-gnu");

  // Server cores of the last years have between 1 and 2 MiB of their own with
  // AVX-512, 512 KiB without.
  description.l2Bytes = 512 << 10;
  description.llcBytes = 32 << 20;
  description.cpu = cpuName.str();
  if (cpuName == "native") {
    if (triple.getArch() != llvm::Triple(host).getArch())
      return llvm::createStringError("CPU 'native' is not one of target '" +
                                     triple.str() + "'; name a CPU of it");
    description.cpu = llvm::sys::getHostCPUName().str();
    // A virtual machine may hide features that the model has.
    llvm::SubtargetFeatures features;
    for (const auto &feature : llvm::sys::getHostCPUFeatures())
      features.AddFeature(feature.first(), feature.second);
    description.features = features.getString();
    description.l2Bytes = getHostCacheBytes(2, description.l2Bytes);
    description.llcBytes = getHostCacheBytes(3, description.llcBytes);
  } else if (cpuName.empty()) {
    description.cpu = triple.isX86_64() ? "x86-64-v3" : "generic";
  }

  llvm::Expected<const llvm::Target *> target = lookupTarget(triple);
  if (!target)
    return target.takeError();
  std::unique_ptr<llvm::MCSubtargetInfo> generic(
      (*target)->createMCSubtargetInfo(triple, "", ""));
  if (!generic || !generic->isCPUStringValid(description.cpu))
    return llvm::createStringError(
        "unknown CPU '" + description.cpu + "' for target '" + triple.str() +
        "'; try native, " +
        (triple.isX86_64() ? "x86-64-v3, x86-64-v4 or znver5"
                           : "generic, cortex-a76 or neoverse-v1"));
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget(
      (*target)->createMCSubtargetInfo(triple, description.cpu,
                                       description.features));
  auto has = [&](StringRef feature) {
    return subtarget->checkFeatures(("+" + feature).str());
  };

  llvm::SubtargetFeatures enabled;
  for (const llvm::SubtargetFeatureKV &feature :
       subtarget->getAllProcessorFeatures())
    enabled.AddFeature(feature.Key, subtarget->hasFeature(feature.Value));
  description.runtimeFeatures =
      getRequiredCpuFeatures(triple, enabled.getString());
  auto offer = [&](StringRef feature, bool available) {
    if (available)
      description.kernelFeatures.push_back(feature.str());
  };
  if (triple.isAArch64(64)) {
    offer("dotprod", has("dotprod"));
    offer("i8mm", has("i8mm"));
    offer("bfdot", has("bf16"));
    offer("tbl", has("neon"));
    // 32 registers of 128 bits.
    description.vectorBytes = 16;
    description.kernelRows = 8;
    description.kernelVectors = 2;
  } else {
    offer("pmaddwd", true);
    offer("pshufb", has("ssse3") && (has("avx2") || !has("avx")));
    if (has("avx512f") && has("avx512vl") && has("avx512bw") &&
        has("avx512dq")) {
      // 32 registers of 512 bits: 28 sums, 2 vectors of the right operand and
      // a splat.
      description.vectorBytes = 64;
      description.kernelRows = 14;
      if (cpuName != "native")
        description.l2Bytes = 1 << 20;
      offer("vnni", has("avx512vnni"));
      offer("vbmi", has("avx512vbmi"));
      offer("vbmi2", has("avx512vbmi2"));
      offer("bf16", has("avx512bf16"));
      description.kernelVectors = 2;
      offer("amx-int8", has("amx-tile") && has("amx-int8"));
      offer("amx-bf16", has("amx-tile") && has("amx-bf16"));
    } else if (has("avx")) {
      // 16 registers: 12 sums, 2 vectors of the right operand, 1 splat.
      description.vectorBytes = 32;
      description.kernelRows = 6;
      description.kernelVectors = 2;
    } else {
      description.vectorBytes = 16;
      description.kernelRows = 6;
      description.kernelVectors = 2;
    }
  }
  return description;
}

llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
CPUTargetDescription::createTargetMachine() const {
  initializeTargets();
  llvm::Expected<const llvm::Target *> target = lookupTarget(triple);
  if (!target)
    return target.takeError();
  llvm::TargetOptions options;
  std::unique_ptr<llvm::TargetMachine> machine((*target)->createTargetMachine(
      triple, cpu, features, options, llvm::Reloc::PIC_, std::nullopt,
      llvm::CodeGenOptLevel::Default));
  if (!machine)
    return llvm::createStringError("LLVM has no code generator for '" +
                                   triple.str() + "'");
  return machine;
}
