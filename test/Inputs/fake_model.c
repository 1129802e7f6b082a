/* What slimc generates for a model, written by hand: the other half of the
 * runtime in lib/Runtime, for tests of the runtime and of slim-run.
 *
 *   main    two integer inputs that share their dimensions, one float input
 *   append  cache[n] -> cache[n + 1], with n at the end
 *   types   copies one input of every element type
 *   act     does what its input says, see enum action
 *   pick    not compiled for dynamic shapes; one dimension is named and fixed
 *
 * Macros: ABI_VERSION, REQUIRED_FEATURES, REPORT, SECOND_NAME (an output of
 * main), FIRST_ENTRY_FAILS. */
#include "slim/Runtime/GeneratedCode.h"

#ifndef ABI_VERSION
#define ABI_VERSION SLIM_ABI_VERSION
#endif
#ifndef REQUIRED_FEATURES
#define REQUIRED_FEATURES 0
#endif
#ifndef REPORT
#define REPORT "{\"passes\": []}"
#endif
#ifndef SECOND_NAME
#define SECOND_NAME "mean"
#endif

int omp_get_max_threads(void) __attribute__((weak));

static void *alloc(int64_t size) { return _mlir_memref_to_llvm_alloc(size); }

/*--- main -------------------------------------------------------------------*/

static void run_main(const slim_tensor *in, slim_tensor *out) {
  int64_t count = in[0].shape[0] * in[0].shape[1];
#ifdef FIRST_ENTRY_FAILS
  slim_rt_fail("Gather node 'g1': index is out of range");
#endif
  int64_t *scratch = alloc(8 * count), *sum = alloc(8 * count);
  const int64_t *ids = in[0].data, *mask = in[1].data;
  float *mean = alloc(4 * sizeof(float));
  for (int64_t i = 0; i < count; ++i)
    scratch[i] = ids[i] + mask[i];
  for (int64_t i = 0; i < count; ++i)
    sum[i] = scratch[i];
  for (int64_t i = 0; i < 4; ++i)
    mean[i] = ((const float *)in[2].data)[i] * 0.5f;
  _mlir_memref_to_llvm_free(scratch);
  out[0] = (slim_tensor){sum, SLIM_I64, 2, {in[0].shape[0], in[0].shape[1]}};
  out[1] = (slim_tensor){mean, SLIM_F32, 1, {4}};
}

static const int64_t open2[] = {SLIM_DYNAMIC, SLIM_DYNAMIC};
static const int64_t four[] = {4};
static const char *const batch_seq[] = {"batch", "seq"};
static const slim_tensor_info main_inputs[] = {
    {"input_ids", SLIM_I64, 2, open2, batch_seq},
    {"attention_mask", SLIM_I64, 2, open2, batch_seq},
    {"scale", SLIM_F32, 1, four, 0}};
static const slim_tensor_info main_outputs[] = {
    {"sum/out:0", SLIM_I64, 2, open2, batch_seq},
    {SECOND_NAME, SLIM_F32, 1, four, 0}};

/*--- append -----------------------------------------------------------------*/

static void run_append(const slim_tensor *in, slim_tensor *out) {
  int64_t n = in[0].shape[0];
  const float *old = in[0].data;
  float *cache = alloc(4 * (n + 1));
  for (int64_t i = 0; i < n; ++i)
    cache[i] = old[i];
  cache[n] = (float)n;
  out[0] = (slim_tensor){cache, SLIM_F32, 1, {n + 1}};
}

static const int64_t open1[] = {SLIM_DYNAMIC};
static const char *const unnamed[] = {0};
static const slim_tensor_info append_inputs[] = {
    {"cache", SLIM_F32, 1, open1, unnamed}};
static const slim_tensor_info append_outputs[] = {
    {"cache", SLIM_F32, 1, open1, unnamed}};

/*--- types ------------------------------------------------------------------*/

enum { NUM_TYPES = 15 };
static const int sizes[NUM_TYPES] = {4, 8, 2, 2, 1, 2, 4, 8,
                                     1, 2, 4, 8, 1, 1, 1};

static void run_types(const slim_tensor *in, slim_tensor *out) {
  for (int i = 0; i < NUM_TYPES; ++i) {
    int64_t size = in[i].shape[0] * in[i].shape[1] * sizes[i];
    out[i] = in[i];
    out[i].data = alloc(size);
    for (int64_t j = 0; j < size; ++j)
      ((char *)out[i].data)[j] = ((const char *)in[i].data)[j];
  }
}

static const int64_t open_by_3[] = {SLIM_DYNAMIC, 3};
static const char *const n_dim[] = {"n", 0};
#define TYPES(PREFIX)                                                          \
  {PREFIX "f32", SLIM_F32, 2, open_by_3, n_dim},                               \
      {PREFIX "f64", SLIM_F64, 2, open_by_3, n_dim},                           \
      {PREFIX "f16", SLIM_F16, 2, open_by_3, n_dim},                           \
      {PREFIX "bf16", SLIM_BF16, 2, open_by_3, n_dim},                         \
      {PREFIX "i8", SLIM_I8, 2, open_by_3, n_dim},                             \
      {PREFIX "i16", SLIM_I16, 2, open_by_3, n_dim},                           \
      {PREFIX "i32", SLIM_I32, 2, open_by_3, n_dim},                           \
      {PREFIX "i64", SLIM_I64, 2, open_by_3, n_dim},                           \
      {PREFIX "u8", SLIM_U8, 2, open_by_3, n_dim},                             \
      {PREFIX "u16", SLIM_U16, 2, open_by_3, n_dim},                           \
      {PREFIX "u32", SLIM_U32, 2, open_by_3, n_dim},                           \
      {PREFIX "u64", SLIM_U64, 2, open_by_3, n_dim},                           \
      {PREFIX "bool", SLIM_BOOL, 2, open_by_3, n_dim},                         \
      {PREFIX "f8E4M3FN", SLIM_F8E4M3FN, 2, open_by_3, n_dim}, {               \
    PREFIX "f8E5M2", SLIM_F8E5M2, 2, open_by_3, n_dim                          \
  }
static const slim_tensor_info types_inputs[] = {TYPES("in_")};
static const slim_tensor_info types_outputs[] = {TYPES("out_")};

/*--- act --------------------------------------------------------------------*/

enum action {
  FAIL = 1,
  NEGATIVE_ALLOCATION = 2,
  ABSURD_ALLOCATION = 3,
  ODD_ALLOCATIONS = 4, /* returns the number of those that are not right */
  LEAK = 5,            /* allocates and does not free */
  COUNT_THREADS = 6,
  MEGABYTE = 7, /* allocates and frees a megabyte, 8: two, ... */
};

static float odd_allocations(void) {
  float wrong = 0;
  void *a = alloc(0), *b = alloc(0);
  wrong += !a || !b || a == b || (uintptr_t)a % 64;
  void *c = _mlir_memref_to_llvm_aligned_alloc(4096, 100);
  wrong += (uintptr_t)c % 4096 != 0;
  void *d = _mlir_memref_to_llvm_aligned_alloc(1, 1 << 20);
  for (int i = 0; i < 1 << 20; ++i)
    ((char *)d)[i] = 1;
  wrong += (uintptr_t)d % 64 != 0;
  _mlir_memref_to_llvm_free(c);
  _mlir_memref_to_llvm_free(a);
  _mlir_memref_to_llvm_free(0);
  _mlir_memref_to_llvm_free(d);
  /* Where the alignment moved the address, the same block serves again. */
  void *e = _mlir_memref_to_llvm_aligned_alloc(4096, 100);
  wrong += e != c;
  _mlir_memref_to_llvm_free(e);
  _mlir_memref_to_llvm_free(b);
  return wrong;
}

static void run_act(const slim_tensor *in, slim_tensor *out) {
  int32_t action = *(const int32_t *)in[0].data;
  float *result = alloc(4);
  *result = 0;
  if (action == FAIL)
    slim_rt_fail("Gather node 'g1': index is out of range");
  else if (action == NEGATIVE_ALLOCATION)
    alloc(-8);
  else if (action == ABSURD_ALLOCATION)
    alloc(INT64_MAX);
  else if (action == ODD_ALLOCATIONS)
    *result = odd_allocations();
  else if (action == LEAK)
    alloc(1000);
  else if (action == COUNT_THREADS)
    *result = omp_get_max_threads ? omp_get_max_threads() : 0;
  else if (action >= MEGABYTE)
    _mlir_memref_to_llvm_free(alloc((int64_t)(action - MEGABYTE + 1) << 20));
  out[0] = (slim_tensor){result, SLIM_F32, 0, {0}};
}

static const slim_tensor_info act_inputs[] = {{"action", SLIM_I32, 0, 0, 0}};
static const slim_tensor_info act_outputs[] = {{"result", SLIM_F32, 0, 0, 0}};

/*--- pick -------------------------------------------------------------------*/

static void run_pick(const slim_tensor *in, slim_tensor *out) {
  out[0] = in[0];
}

static const int64_t square[] = {SLIM_DYNAMIC, SLIM_DYNAMIC, 2};
static const char *const square_dims[] = {"side", "side", "pair"};
static const slim_tensor_info pick_inputs[] = {
    {"square", SLIM_U8, 3, square, square_dims}};
static const slim_tensor_info pick_outputs[] = {
    {"same", SLIM_U8, 3, square, square_dims}};

/*--- The contract -----------------------------------------------------------*/

static const slim_entry_info entries[] = {
    {"main", 3, 2, main_inputs, main_outputs},
    {"append", 1, 1, append_inputs, append_outputs},
    {"types", NUM_TYPES, NUM_TYPES, types_inputs, types_outputs},
    {"act", 1, 1, act_inputs, act_outputs},
    {"pick", 1, 1, pick_inputs, pick_outputs}};

const slim_model_info slim_rt_model_info = {
    ABI_VERSION, 5,      entries, "slim test", "any-unknown-linux-gnu",
    "fakecpu",   REPORT, 1234};
const slim_rt_entry slim_rt_entries[] = {run_main, run_append, run_types,
                                         run_act, run_pick};
const uint64_t slim_rt_required_features = REQUIRED_FEATURES;
