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

/*--- Defined by the generated code ------------------------------------------*/

/* One compiled entry point. The runtime has already checked types, ranks, fixed
 * extents and equally named extents of the inputs. The function fills `outputs`
 * completely; their data lie in memory from slim_rt_alloc, in an input's memory
 * or in the library's constants. */
typedef void (*slim_rt_entry)(const slim_tensor *inputs, slim_tensor *outputs);

extern const slim_model_info slim_rt_model_info;
/* slim_rt_model_info.num_entries functions. */
extern const slim_rt_entry slim_rt_entries[];

/* Instruction sets that the code uses, a union of slim_rt_cpu_feature. */
extern const uint64_t slim_rt_required_features;
typedef enum slim_rt_cpu_feature {
  SLIM_CPU_X86_AVX = 1 << 0,
  SLIM_CPU_X86_AVX2 = 1 << 1,
  SLIM_CPU_X86_FMA = 1 << 2,
  SLIM_CPU_X86_F16C = 1 << 3,
  SLIM_CPU_X86_AVX512F = 1 << 4,
  SLIM_CPU_X86_AVX512BW = 1 << 5,
  SLIM_CPU_X86_AVX512DQ = 1 << 6,
  SLIM_CPU_X86_AVX512VL = 1 << 7,
  SLIM_CPU_X86_AVX512VNNI = 1 << 8,
  SLIM_CPU_X86_AVX512BF16 = 1 << 9,
  SLIM_CPU_X86_AMX_TILE = 1 << 10,
  SLIM_CPU_X86_AMX_INT8 = 1 << 11,
  SLIM_CPU_X86_AMX_BF16 = 1 << 12,
  SLIM_CPU_X86_AVXVNNI = 1 << 13,
  SLIM_CPU_X86_BMI2 = 1 << 14,
  SLIM_CPU_ARM_DOTPROD = 1 << 20,
  SLIM_CPU_ARM_I8MM = 1 << 21,
  SLIM_CPU_ARM_BF16 = 1 << 22,
  SLIM_CPU_ARM_FP16 = 1 << 23,
} slim_rt_cpu_feature;

/*--- Offered by the runtime -------------------------------------------------*/

/* Allocation during a run: the names that MLIR's memref lowering calls with
 * use-generic-functions. Alignment is never below 64. A block that is not freed
 * by the end of the run is kept until the next run begins, because outputs may
 * lie in it. Freed blocks are reused by later allocations of this and later
 * runs. Exhaustion ends the run with SLIM_ERROR_OUT_OF_MEMORY. Called by the
 * thread that called slim_session_run only. */
void *_mlir_memref_to_llvm_alloc(int64_t size);
void *_mlir_memref_to_llvm_aligned_alloc(int64_t alignment, int64_t size);
void _mlir_memref_to_llvm_free(void *block);

/* Ends the run with SLIM_ERROR_RUNTIME; `message` is a constant string. Called
 * by the thread that called slim_session_run only. */
void slim_rt_fail(const char *message) __attribute__((noreturn));

#ifdef __cplusplus
}
#endif

#endif /* SLIM_RUNTIME_GENERATEDCODE_H */
