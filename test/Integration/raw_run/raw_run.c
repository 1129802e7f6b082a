/*===- raw_run.c - Runs a compiled model on raw arrays --------------*- C -*-===
 *
 * usage: raw_run MODEL.so THREADS PREFIX EXTENTS:FILE ...
 *
 * One argument per input of the first entry point, in its order: the extents
 * ("1x128", empty for a scalar) and a file with the elements as they lie in
 * memory. Writes the outputs in the same way to PREFIX0, PREFIX1, ... and their
 * extents to standard output. With allocation_counter.so preloaded, runs on and
 * prints how often the model called the allocator in COUNTED_RUNS runs after
 * WARM_RUNS.
 *
 * In C on the C interface alone, so that it is built for any target that slimc
 * compiles for.
 *
 *===----------------------------------------------------------------------===*/
#include "slim/Runtime/Model.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WARM_RUNS = 3, COUNTED_RUNS = 5 };

/* Bytes of an element by slim_type. */
static const int type_size[] = {4, 8, 2, 2, 1, 2, 4, 8, 1, 2, 4, 8, 1, 1, 1};

static void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("raw_run: error: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
}

static void *look_up(void *library, const char *name) {
  void *symbol = dlsym(library, name);
  if (!symbol)
    fail("%s", dlerror());
  return symbol;
}

static int64_t count_elements(const slim_tensor *tensor) {
  int64_t count = 1;
  for (int i = 0; i < tensor->rank; ++i)
    count *= tensor->shape[i];
  return count;
}

/* Reads the input that `text`, EXTENTS:FILE, describes. */
static slim_tensor read_input(const slim_tensor_info *info, char *text) {
  slim_tensor tensor = {NULL, info->type, 0, {0}};
  char *path = strchr(text, ':');
  if (!path)
    fail("'%s' is not EXTENTS:FILE", text);
  *path++ = '\0';
  for (char *extent = strtok(text, "x"); extent; extent = strtok(NULL, "x")) {
    if (tensor.rank == SLIM_MAX_RANK)
      fail("%s: too many extents", info->name);
    tensor.shape[tensor.rank++] = atoll(extent);
  }
  size_t bytes = count_elements(&tensor) * type_size[tensor.type];
  FILE *file = fopen(path, "rb");
  tensor.data = aligned_alloc(64, (bytes + 63) / 64 * 64 + 64);
  if (!file || !tensor.data || fread(tensor.data, 1, bytes, file) != bytes)
    fail("cannot read %zu bytes from %s", bytes, path);
  fclose(file);
  return tensor;
}

static void write_output(const slim_tensor *tensor, const char *prefix,
                         int number) {
  char path[4096];
  snprintf(path, sizeof path, "%s%d", prefix, number);
  size_t bytes = count_elements(tensor) * type_size[tensor->type];
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(tensor->data, 1, bytes, file) != bytes || fclose(file))
    fail("cannot write %s", path);
  printf("output %d type %d extents", number, (int)tensor->type);
  for (int i = 0; i < tensor->rank; ++i)
    printf(" %" PRId64, tensor->shape[i]);
  printf("\n");
}

int main(int argc, char **argv) {
  if (argc < 4)
    fail("usage: raw_run MODEL.so THREADS PREFIX EXTENTS:FILE ...");
  void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (!library)
    fail("%s", dlerror());
  const slim_model_info *(*get_info)(void) =
      look_up(library, "slim_get_model_info");
  slim_status (*create)(slim_session **) =
      look_up(library, "slim_session_create");
  slim_status (*run)(slim_session *, int32_t, const slim_tensor *,
                     slim_tensor *) = look_up(library, "slim_session_run");
  const char *(*error)(const slim_session *) =
      look_up(library, "slim_session_error");
  void (*set_num_threads)(slim_session *, int32_t) =
      look_up(library, "slim_session_set_num_threads");
  void (*destroy)(slim_session *) = look_up(library, "slim_session_destroy");

  const slim_entry_info *entry = &get_info()->entries[0];
  if (argc - 4 != entry->num_inputs)
    fail("the model has %d inputs", (int)entry->num_inputs);
  slim_tensor *inputs = calloc(entry->num_inputs + 1, sizeof(slim_tensor));
  slim_tensor *outputs = calloc(entry->num_outputs + 1, sizeof(slim_tensor));
  for (int i = 0; i < entry->num_inputs; ++i)
    inputs[i] = read_input(&entry->inputs[i], argv[i + 4]);

  slim_session *session;
  if (create(&session) != SLIM_OK)
    fail("%s", error(NULL));
  set_num_threads(session, atoi(argv[2]));
  if (run(session, 0, inputs, outputs) != SLIM_OK)
    fail("%s", error(session));
  for (int i = 0; i < entry->num_outputs; ++i)
    write_output(&outputs[i], argv[3], i);

  uint64_t (*count_calls)(void) = dlsym(RTLD_DEFAULT, "count_allocator_calls");
  if (count_calls) {
    for (int i = 1; i < WARM_RUNS; ++i)
      run(session, 0, inputs, outputs);
    uint64_t before = count_calls();
    for (int i = 0; i < COUNTED_RUNS; ++i)
      run(session, 0, inputs, outputs);
    uint64_t after = count_calls();
    printf("allocator calls before: %" PRIu64 "\n", before);
    printf("allocator calls in %d runs: %" PRIu64 "\n", COUNTED_RUNS,
           after - before);
  }
  destroy(session);
  return 0;
}
