/*===- Internal.h - What the files of the runtime share -------------*- C
 * -*-===*/
#ifndef SLIM_LIB_RUNTIME_INTERNAL_H
#define SLIM_LIB_RUNTIME_INTERNAL_H

#include "Libc.h"
#include "slim/Runtime/GeneratedCode.h"

/* Unlike the contract with the generated code, this is internal to the runtime,
 * but its names share the prefix, since both end up in one module. */
#pragma GCC visibility push(hidden)

/*--- Arena.c ----------------------------------------------------------------*/

/* Eight size classes for every power of two, so that a block wastes at most an
 * eighth. */
enum { SLIM_RT_NUM_CLASSES = 8 * 57 };

/* The memory of a session. Blocks are either live or in the free list of their
 * size class, from where later allocations take them. */
typedef struct slim_rt_arena {
  struct slim_rt_block *live; /* doubly linked */
  struct slim_rt_block *free_lists[SLIM_RT_NUM_CLASSES];
  uint64_t live_bytes;
  uint64_t peak_live_bytes;
  uint64_t free_bytes;
  uint64_t run; /* number of the run in progress or the last one */
} slim_rt_arena;

/* Null where memory is exhausted or the size cannot be represented. */
void *slim_rt_arena_allocate(slim_rt_arena *arena, int64_t alignment,
                             int64_t size);
void slim_rt_arena_free(slim_rt_arena *arena, void *block);
/* Frees what the last run left, except blocks in which an input lies. */
void slim_rt_arena_begin_run(slim_rt_arena *arena, const slim_tensor *inputs,
                             int32_t num_inputs);
/* Returns all memory to libc, live blocks included. */
void slim_rt_arena_destroy(slim_rt_arena *arena);

/*--- Error.c ----------------------------------------------------------------*/

enum { SLIM_RT_ERROR_SIZE = 1024 };

/* Writes one line into a buffer of SLIM_RT_ERROR_SIZE bytes: cut if longer,
 * control characters (of a tensor's name, say) replaced. */
void slim_rt_format(char *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*--- Check.c ----------------------------------------------------------------*/

/* Compares the inputs of a run with what the entry point declares. On failure
 * `error` receives the reason. */
slim_status slim_rt_check_inputs(const slim_entry_info *entry,
                                 const slim_tensor *inputs, char *error);

/*--- CpuFeatures.c ----------------------------------------------------------*/

/* The name of one instruction set in `required` that this processor or its
 * operating system lacks, or null. */
const char *slim_rt_missing_cpu_feature(uint64_t required);

/*--- Session.c --------------------------------------------------------------*/

struct slim_session {
  slim_rt_arena arena;
  slim_jmp_buf leave_run; /* set while a run is in progress */
  int32_t num_threads;    /* 0: as OpenMP decides */
  char error[SLIM_RT_ERROR_SIZE];
};

#pragma GCC visibility pop

#endif /* SLIM_LIB_RUNTIME_INTERNAL_H */
