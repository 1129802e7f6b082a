/*===- CpuFeatures.c - Does this processor run the model? -----------------===
 *
 * Executed before any code of the model, hence compiled for the baseline.
 *
 *===----------------------------------------------------------------------===*/
#include "Internal.h"

#if defined(__x86_64__)

typedef struct cpuid_result {
  uint32_t A, B, C, D;
} cpuid_result;

static cpuid_result cpuid(uint32_t leaf, uint32_t subleaf) {
  cpuid_result r;
  __asm__ volatile("cpuid"
                   : "=a"(r.A), "=b"(r.B), "=c"(r.C), "=d"(r.D)
                   : "a"(leaf), "c"(subleaf));
  return r;
}

/* As cpuid, but zeros for a leaf that the processor does not know (it would
 * answer with the data of another leaf). */
static cpuid_result known_cpuid(uint32_t leaf, uint32_t subleaf) {
  cpuid_result none = {0, 0, 0, 0};
  if (leaf > cpuid(leaf & 0x80000000u, 0).A)
    return none;
  if (leaf == 7 && subleaf > cpuid(7, 0).A)
    return none;
  return cpuid(leaf, subleaf);
}

/* The register states that the operating system saves (XCR0). */
static uint64_t enabled_states(void) {
  const uint32_t osxsave = UINT32_C(1) << 27;
  if (!(cpuid(1, 0).C & osxsave))
    return 0;
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

/* Linux grants the large tile registers on request only. */
static int request_tiles(void) {
  long result;
  register long permission __asm__("rsi") = 18; /* XFEATURE_XTILEDATA */
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(158L /* arch_prctl */),
                     "D"(0x1023L /* ARCH_REQ_XCOMP_PERM */), "r"(permission)
                   : "rcx", "r11", "memory");
  return result == 0;
}

const char *slim_rt_missing_cpu_feature(uint64_t required) {
  uint64_t states = enabled_states();
#define SLIM_X86_FEATURE(ID, INDEX, NAME, LEAF, SUBLEAF, REGISTER, BIT, XCR0)  \
  if (required & SLIM_CPU_X86_##ID) {                                          \
    if ((states & XCR0) != XCR0 ||                                             \
        !(known_cpuid(LEAF, SUBLEAF).REGISTER >> BIT & 1))                     \
      return NAME;                                                             \
    required &= ~(uint64_t)SLIM_CPU_X86_##ID;                                  \
    if (SLIM_CPU_X86_##ID == SLIM_CPU_X86_AMX_TILE && !request_tiles())        \
      return NAME;                                                             \
  }
#include "slim/Runtime/CpuFeatures.def"
  return required ? "an instruction set that its runtime cannot detect" : NULL;
}

#elif defined(__aarch64__)

unsigned long getauxval(unsigned long type);

const char *slim_rt_missing_cpu_feature(uint64_t required) {
#define SLIM_ARM_FEATURE(ID, INDEX, NAME, AUXV, BIT)                           \
  if (required & SLIM_CPU_ARM_##ID) {                                          \
    if (!(getauxval(AUXV) >> BIT & 1))                                         \
      return NAME;                                                             \
    required &= ~(uint64_t)SLIM_CPU_ARM_##ID;                                  \
  }
#include "slim/Runtime/CpuFeatures.def"
  return required ? "an instruction set that its runtime cannot detect" : NULL;
}

#else
#error "the runtime supports x86-64 and AArch64"
#endif
