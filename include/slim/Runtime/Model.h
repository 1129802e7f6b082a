/*===- Model.h - The C interface of a compiled model ----------------*- C -*-===
 *
 * Every shared library that slimc writes exports the functions below and
 * nothing else. A program either links the library or opens it with dlopen and
 * looks the functions up by name; it needs no other part of slim.
 *
 *   slim_session *s;
 *   if (slim_session_create(&s) != SLIM_OK) ...
 *   slim_tensor in = {ids, SLIM_I64, 2, {1, 128}}, out;
 *   if (slim_session_run(s, 0, &in, &out) != SLIM_OK)
 *     fprintf(stderr, "%s\n", slim_session_error(s));
 *   ... read out.data, out.shape ...
 *   slim_session_destroy(s);
 *
 *===----------------------------------------------------------------------===*/
#ifndef SLIM_RUNTIME_MODEL_H
#define SLIM_RUNTIME_MODEL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Grows when a structure or a function below changes incompatibly. */
#define SLIM_ABI_VERSION 1

/* The largest number of dimensions of an input or an output. */
#define SLIM_MAX_RANK 16

/* Marks a dimension of slim_tensor_info whose extent is known only when the
 * model runs. */
#define SLIM_DYNAMIC (-1)

typedef enum slim_status {
  SLIM_OK = 0,
  SLIM_ERROR_INVALID_ARGUMENT = 1, /* wrong entry, type, rank or shape */
  SLIM_ERROR_OUT_OF_MEMORY = 2,
  SLIM_ERROR_RUNTIME = 3, /* a check of the model failed on these data */
  SLIM_ERROR_UNSUPPORTED_CPU = 4, /* compiled for instructions absent here */
} slim_status;

/* Element types. bool is one byte, 0 or 1; f16, bf16 and the f8 types are the
 * bit patterns of IEEE binary16, bfloat16 and the OCP 8-bit formats. */
typedef enum slim_type {
  SLIM_F32 = 0,
  SLIM_F64 = 1,
  SLIM_F16 = 2,
  SLIM_BF16 = 3,
  SLIM_I8 = 4,
  SLIM_I16 = 5,
  SLIM_I32 = 6,
  SLIM_I64 = 7,
  SLIM_U8 = 8,
  SLIM_U16 = 9,
  SLIM_U32 = 10,
  SLIM_U64 = 11,
  SLIM_BOOL = 12,
  SLIM_F8E4M3FN = 13,
  SLIM_F8E5M2 = 14,
} slim_type;

/* A dense tensor, row-major and contiguous. Inputs are only read; `data` must
 * have the alignment of its element type, and may be null where the tensor has
 * no elements. Memory of outputs belongs to the session and stays valid until
 * the session's next run or its destruction. An output of the last run may be
 * an input of the next one (the cache of a decoder). */
typedef struct slim_tensor {
  void *data;
  int32_t type; /* a slim_type */
  int32_t rank;
  int64_t shape[SLIM_MAX_RANK];
} slim_tensor;

/* What an entry point expects or returns. */
typedef struct slim_tensor_info {
  const char *name; /* the name in the source model */
  int32_t type;     /* a slim_type */
  int32_t rank;
  const int64_t *shape;         /* `rank` extents; SLIM_DYNAMIC where open */
  const char *const *dim_names; /* `rank` names; null where a dimension has
                                 * none, or null for none at all. Dimensions of
                                 * inputs that share a name must have the same
                                 * extent in one run. */
} slim_tensor_info;

typedef struct slim_entry_info {
  const char *name;
  int32_t num_inputs;
  int32_t num_outputs;
  const slim_tensor_info *inputs;
  const slim_tensor_info *outputs;
} slim_entry_info;

typedef struct slim_model_info {
  uint32_t abi_version; /* SLIM_ABI_VERSION of the compiler */
  int32_t num_entries;
  const slim_entry_info *entries;
  const char *producer;      /* "slim 0.1.0" */
  const char *target_triple; /* "x86_64-unknown-linux-gnu" */
  const char *target_cpu;    /* "znver5" */
  const char *report;        /* JSON: what was compressed, see docs; "{}" if
                              * nothing was */
  int64_t weight_bytes;      /* size of the stored weights */
} slim_model_info;

/* Calls in flight share nothing but constants: several sessions may run in
 * several threads at once, one session in one thread at a time. */
typedef struct slim_session slim_session;

#pragma GCC visibility push(default)

const slim_model_info *slim_get_model_info(void);

/* Fails with SLIM_ERROR_UNSUPPORTED_CPU where the processor lacks an
 * instruction set that the model was compiled for; *session is then null. */
slim_status slim_session_create(slim_session **session);

/* Runs entry point number `entry`. `inputs` and `outputs` have as many elements
 * as the entry declares and do not overlap; `outputs` need not be initialized,
 * and hold null data after a failure. */
slim_status slim_session_run(slim_session *session, int32_t entry,
                             const slim_tensor *inputs, slim_tensor *outputs);

/* The reason for the last failure of this session (or, for null, of the last
 * slim_session_create in this thread), one line without a full stop; empty if
 * nothing failed. Valid until the next call with this session. */
const char *slim_session_error(const slim_session *session);

/* Number of threads of later runs; no effect on a model compiled without
 * --threads. 0 restores the default of OpenMP. */
void slim_session_set_num_threads(slim_session *session, int32_t num_threads);

/* Null is allowed. */
void slim_session_destroy(slim_session *session);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* SLIM_RUNTIME_MODEL_H */
