/*===- GeneratedCode.h - Contract of runtime and compiled code ------*- C -*-===
 *
 * What the code that slimc generates for a model defines for the runtime, and
 * what the runtime offers to it. Internal: the two are linked into one library
 * and every symbol here is hidden in it. Programs that use a model include
 * Model.h.
 *
 *===----------------------------------------------------------------------===*/
#ifndef SLIM_RUNTIME_GENERATEDCODE_H
#define SLIM_RUNTIME_GENERATEDCODE_H

#include "slim/Runtime/Model.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(hidden)

/*--- Defined by the generated code ------------------------------------------*/

/* One compiled entry point. The runtime has already checked types, ranks, fixed
 * extents and equally named extents of the inputs. The function fills `outputs`
 * completely; their data lie in memory from slim_rt_alloc, in an input's memory
 * or in the library's constants. */
typedef void (*slim_rt_entry)(const slim_tensor *inputs, slim_tensor *outputs);

extern const slim_model_info slim_rt_model_info;
/* slim_rt_model_info.num_entries functions. */
extern const slim_rt_entry slim_rt_entries[];

/* Instruction sets that the code uses: a union of the bits of this library's
 * architecture, listed in CpuFeatures.def. The functions of the runtime
 * themselves are compiled for the architecture's baseline, because the check
 * must run where the features are missing. */
extern const uint64_t slim_rt_required_features;
enum {
#define SLIM_X86_FEATURE(ID, INDEX, NAME, LEAF, SUBLEAF, REGISTER, BIT, XCR0)  \
  SLIM_CPU_X86_##ID = 1 << INDEX,
#define SLIM_ARM_FEATURE(ID, INDEX, NAME, AUXV, BIT)                           \
  SLIM_CPU_ARM_##ID = 1 << INDEX,
#include "slim/Runtime/CpuFeatures.def"
};

/*--- Offered by the runtime -------------------------------------------------*/

/* Allocation during a run: the names that MLIR's memref lowering calls with
 * use-generic-functions. Alignment is never below 64. A block that is not freed
 * by the end of the run is kept until the next run begins, because outputs may
 * lie in it (and one run longer where an input of that run lies in it). Freed
 * blocks are reused by later allocations of this and later runs. A size of zero
 * gives a unique block. Exhaustion, as well as a negative size, ends the run
 * with SLIM_ERROR_OUT_OF_MEMORY. Called by the thread that called
 * slim_session_run only, and outside of parallel regions: ending a run leaves
 * the function by longjmp. */
void *_mlir_memref_to_llvm_alloc(int64_t size);
void *_mlir_memref_to_llvm_aligned_alloc(int64_t alignment, int64_t size);
void _mlir_memref_to_llvm_free(void *block);

/* Ends the run with SLIM_ERROR_RUNTIME; `message` is a constant string. Called
 * where allocation may be called. */
void slim_rt_fail(const char *message) __attribute__((noreturn));

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif /* SLIM_RUNTIME_GENERATEDCODE_H */
