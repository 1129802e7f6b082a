//===- EmbeddedRuntime.cpp - The model runtime as bitcode -----------------===//

#include "slim/Runtime/EmbeddedRuntime.h"
#include "slim/Runtime/GeneratedCode.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace llvm;

// Written by EmbedBytes.cmake.
static const unsigned char x86Bitcode[] = {
#include "SlimRuntime-x86_64.inc"
};
static const unsigned char aarch64Bitcode[] = {
#include "SlimRuntime-aarch64.inc"
};

template <size_t N>
static StringRef asString(const unsigned char (&bytes)[N]) {
  return StringRef(reinterpret_cast<const char *>(bytes), N);
}

StringRef slim::getRuntimeBitcode(const Triple &triple) {
  if (!triple.isOSLinux())
    return {};
  switch (triple.getArch()) {
  case Triple::x86_64:
    return asString(x86Bitcode);
  case Triple::aarch64:
    return asString(aarch64Bitcode);
  default:
    return {};
  }
}

static uint64_t getX86Bit(StringRef feature) {
  return StringSwitch<uint64_t>(feature)
#define SLIM_X86_FEATURE(ID, INDEX, NAME, LEAF, SUBLEAF, REGISTER, BIT, XCR0)  \
  .Case(NAME, SLIM_CPU_X86_##ID)
#include "slim/Runtime/CpuFeatures.def"
      .Default(0);
}

static uint64_t getArmBit(StringRef feature) {
  return StringSwitch<uint64_t>(feature)
#define SLIM_ARM_FEATURE(ID, INDEX, NAME, AUXV, BIT)                           \
  .Case(NAME, SLIM_CPU_ARM_##ID)
#include "slim/Runtime/CpuFeatures.def"
      .Default(0);
}

uint64_t slim::getRequiredCpuFeatures(const Triple &triple,
                                      StringRef features) {
  uint64_t required = 0;
  for (StringRef feature : split(features, ',')) {
    bool enabled = !feature.consume_front("-");
    feature.consume_front("+");
    uint64_t bit = triple.isX86()       ? getX86Bit(feature)
                   : triple.isAArch64() ? getArmBit(feature)
                                        : 0;
    required = enabled ? required | bit : required & ~bit;
  }
  return required;
}
