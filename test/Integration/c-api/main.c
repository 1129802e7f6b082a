/* Runs the first entry point of the model that it is linked with on zeros.
 * Build: cc main.c model.so -I include -Wl,-rpath,. */
#include "slim/Runtime/Model.h"
#include <stdio.h>
#include <stdlib.h>

static const int type_size[] = {4, 8, 2, 2, 1, 2, 4, 8, 1, 2, 4, 8, 1, 1, 1};

int main(void) {
  const slim_entry_info *entry = &slim_get_model_info()->entries[0];
  slim_session *session;
  if (slim_session_create(&session) != SLIM_OK) {
    fprintf(stderr, "error: %s\n", slim_session_error(NULL));
    return 1;
  }
  slim_tensor *in = calloc(entry->num_inputs + 1, sizeof(slim_tensor));
  slim_tensor *out = calloc(entry->num_outputs + 1, sizeof(slim_tensor));
  for (int i = 0; i < entry->num_inputs; ++i) {
    const slim_tensor_info *info = &entry->inputs[i];
    int64_t count = 1;
    in[i].type = info->type;
    in[i].rank = info->rank;
    for (int d = 0; d < info->rank; ++d) /* open dimensions become 1 */
      count *= in[i].shape[d] = info->shape[d] < 0 ? 1 : info->shape[d];
    in[i].data = calloc(count + 1, type_size[info->type]);
  }
  if (slim_session_run(session, 0, in, out) != SLIM_OK) {
    fprintf(stderr, "error: %s\n", slim_session_error(session));
    return 1;
  }
  for (int i = 0; i < entry->num_outputs; ++i) {
    printf("%s:", entry->outputs[i].name);
    for (int d = 0; d < out[i].rank; ++d)
      printf(" %lld", (long long)out[i].shape[d]);
    printf("\n");
  }
  slim_session_destroy(session);
  return 0;
}
