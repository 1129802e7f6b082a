/*===- Session.c - Sessions and runs of a compiled model ------------------===*/
#include "Internal.h"

/* The session whose run is in progress in this thread: allocation and failure
 * in generated code have no session argument. */
static _Thread_local slim_session *current_session;

/* What slim_session_error(NULL) returns. */
static _Thread_local char thread_error[SLIM_RT_ERROR_SIZE];

const slim_model_info *slim_get_model_info(void) { return &slim_rt_model_info; }

/*--- Creation ---------------------------------------------------------------*/

slim_status slim_session_create(slim_session **session) {
  if (!session) {
    slim_rt_format(thread_error, "the pointer to the session is null");
    return SLIM_ERROR_INVALID_ARGUMENT;
  }
  *session = NULL;
  const char *feature = slim_rt_missing_cpu_feature(slim_rt_required_features);
  if (feature) {
    slim_rt_format(
        thread_error,
        "the model was compiled for the processor '%.100s' and needs "
        "%s, which this processor or its operating system lacks",
        slim_rt_model_info.target_cpu, feature);
    return SLIM_ERROR_UNSUPPORTED_CPU;
  }
  slim_session *created = malloc(sizeof(slim_session));
  if (!created) {
    slim_rt_format(thread_error, "out of memory: a session needs %d bytes",
                   (int)sizeof(slim_session));
    return SLIM_ERROR_OUT_OF_MEMORY;
  }
  memset(created, 0, sizeof(slim_session));
  thread_error[0] = '\0';
  *session = created;
  return SLIM_OK;
}

void slim_session_destroy(slim_session *session) {
  if (!session)
    return;
  slim_rt_arena_destroy(&session->arena);
  free(session);
}

const char *slim_session_error(const slim_session *session) {
  return session ? session->error : thread_error;
}

void slim_session_set_num_threads(slim_session *session, int32_t num_threads) {
  if (session)
    session->num_threads = num_threads > 0 ? num_threads : 0;
}

/*--- Runs -------------------------------------------------------------------*/

/* Leaves the run in progress; the error has been written. */
static _Noreturn void leave_run(slim_status status) {
  longjmp(&current_session->leave_run, status);
}

/* Calls the generated code. Kept apart so that nothing of the caller lives in a
 * register across the second return of _setjmp. */
static __attribute__((noinline)) slim_status
call_entry(slim_session *session, slim_rt_entry function,
           const slim_tensor *inputs, slim_tensor *outputs) {
  int status = _setjmp(&session->leave_run);
  if (status == SLIM_OK) {
    current_session = session;
    function(inputs, outputs);
  }
  current_session = NULL;
  return (slim_status)status;
}

static slim_status run_checked(slim_session *session, int32_t entry,
                               const slim_tensor *inputs,
                               slim_tensor *outputs) {
  slim_rt_arena_begin_run(&session->arena, inputs,
                          slim_rt_model_info.entries[entry].num_inputs);
  /* The number of threads is a property of the calling thread in OpenMP, which
   * belongs to the program: put it back. */
  int set_threads =
      session->num_threads && omp_set_num_threads && omp_get_max_threads;
  int previous_threads = set_threads ? omp_get_max_threads() : 0;
  if (set_threads)
    omp_set_num_threads(session->num_threads);
  slim_status status =
      call_entry(session, slim_rt_entries[entry], inputs, outputs);
  if (set_threads)
    omp_set_num_threads(previous_threads);
  return status;
}

slim_status slim_session_run(slim_session *session, int32_t entry,
                             const slim_tensor *inputs, slim_tensor *outputs) {
  if (!session) {
    slim_rt_format(thread_error, "the session is null");
    return SLIM_ERROR_INVALID_ARGUMENT;
  }
  session->error[0] = '\0';
  if (entry < 0 || entry >= slim_rt_model_info.num_entries) {
    slim_rt_format(session->error,
                   "there is no entry point %d, the model has %d of them",
                   (int)entry, (int)slim_rt_model_info.num_entries);
    return SLIM_ERROR_INVALID_ARGUMENT;
  }
  const slim_entry_info *info = &slim_rt_model_info.entries[entry];
  if ((info->num_inputs && !inputs) || (info->num_outputs && !outputs)) {
    slim_rt_format(
        session->error, "the array of %s is null, entry point '%.200s' has %d",
        inputs || !info->num_inputs ? "outputs" : "inputs", info->name,
        (int)(inputs || !info->num_inputs ? info->num_outputs
                                          : info->num_inputs));
    return SLIM_ERROR_INVALID_ARGUMENT;
  }
  slim_status status = slim_rt_check_inputs(info, inputs, session->error);
  if (status == SLIM_OK)
    status = run_checked(session, entry, inputs, outputs);
  if (status != SLIM_OK)
    for (int32_t i = 0; i < info->num_outputs; ++i)
      outputs[i].data = NULL;
  return status;
}

/*--- Called by generated code -----------------------------------------------*/

void *_mlir_memref_to_llvm_aligned_alloc(int64_t alignment, int64_t size) {
  slim_session *session = current_session;
  void *memory = slim_rt_arena_allocate(&session->arena, alignment, size);
  if (memory)
    return memory;
  if (size < 0)
    slim_rt_format(session->error,
                   "out of memory: the shapes of this run give a tensor more "
                   "bytes than memory can address");
  else
    slim_rt_format(session->error, "out of memory: a tensor needs %lld bytes",
                   (long long)size);
  leave_run(SLIM_ERROR_OUT_OF_MEMORY);
}

void *_mlir_memref_to_llvm_alloc(int64_t size) {
  return _mlir_memref_to_llvm_aligned_alloc(1, size);
}

void _mlir_memref_to_llvm_free(void *block) {
  slim_rt_arena_free(&current_session->arena, block);
}

void slim_rt_fail(const char *message) {
  slim_rt_format(current_session->error, "%s", message);
  leave_run(SLIM_ERROR_RUNTIME);
}
