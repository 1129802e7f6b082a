/*===- Check.c - Are the inputs what the entry point declares? ------------===*/
#include "Internal.h"

typedef struct type_info {
  const char *name;
  int64_t size; /* bytes of an element, also its alignment */
} type_info;

static const type_info types[] = {
    [SLIM_F32] = {"f32", 4},       [SLIM_F64] = {"f64", 8},
    [SLIM_F16] = {"f16", 2},       [SLIM_BF16] = {"bf16", 2},
    [SLIM_I8] = {"i8", 1},         [SLIM_I16] = {"i16", 2},
    [SLIM_I32] = {"i32", 4},       [SLIM_I64] = {"i64", 8},
    [SLIM_U8] = {"u8", 1},         [SLIM_U16] = {"u16", 2},
    [SLIM_U32] = {"u32", 4},       [SLIM_U64] = {"u64", 8},
    [SLIM_BOOL] = {"bool", 1},     [SLIM_F8E4M3FN] = {"f8E4M3FN", 1},
    [SLIM_F8E5M2] = {"f8E5M2", 1},
};

static const char *type_name(int32_t type) {
  if (type < 0 || type >= (int32_t)(sizeof(types) / sizeof(types[0])))
    return "no slim_type";
  return types[type].name;
}

static const char *dim_name(const slim_tensor_info *info, int32_t dim) {
  return info->dim_names ? info->dim_names[dim] : NULL;
}

/* "dimension 1" or "dimension 1 ('seq')"; the buffer has SLIM_RT_ERROR_SIZE
 * bytes. */
static const char *describe_dim(const slim_tensor_info *info, int32_t dim,
                                char *buffer) {
  if (dim_name(info, dim))
    slim_rt_format(buffer, "dimension %d ('%.200s')", (int)dim,
                   dim_name(info, dim));
  else
    slim_rt_format(buffer, "dimension %d", (int)dim);
  return buffer;
}

static slim_status check_type_and_rank(const slim_tensor_info *info,
                                       const slim_tensor *input, char *error) {
  if (input->type != info->type) {
    slim_rt_format(error,
                   "input '%.200s': type is %s (%d) but the model expects %s "
                   "(%d)",
                   info->name, type_name(input->type), (int)input->type,
                   type_name(info->type), (int)info->type);
    return SLIM_ERROR_INVALID_ARGUMENT;
  }
  if (input->rank != info->rank) {
    slim_rt_format(error, "input '%.200s': rank is %d but the model expects %d",
                   info->name, (int)input->rank, (int)info->rank);
    return SLIM_ERROR_INVALID_ARGUMENT;
  }
  return SLIM_OK;
}

static slim_status check_extents(const slim_tensor_info *info,
                                 const slim_tensor *input, char *error) {
  char dim[SLIM_RT_ERROR_SIZE];
  int64_t bytes = types[info->type].size;
  int empty = 0;
  for (int32_t d = 0; d < info->rank; ++d) {
    int64_t extent = input->shape[d];
    if (extent < 0) {
      slim_rt_format(error, "input '%.200s': %s is negative (%lld)", info->name,
                     describe_dim(info, d, dim), (long long)extent);
      return SLIM_ERROR_INVALID_ARGUMENT;
    }
    if (info->shape[d] != SLIM_DYNAMIC && extent != info->shape[d]) {
      slim_rt_format(error,
                     "input '%.200s': %s is %lld but the model expects %lld",
                     info->name, describe_dim(info, d, dim), (long long)extent,
                     (long long)info->shape[d]);
      return SLIM_ERROR_INVALID_ARGUMENT;
    }
    if (extent == 0)
      empty = 1;
    else if (__builtin_mul_overflow(bytes, extent, &bytes)) {
      slim_rt_format(error,
                     "input '%.200s': the shape has more bytes than memory can "
                     "address",
                     info->name);
      return SLIM_ERROR_INVALID_ARGUMENT;
    }
  }
  if (empty)
    return SLIM_OK;
  if (!input->data) {
    slim_rt_format(error, "input '%.200s': data is null", info->name);
    return SLIM_ERROR_INVALID_ARGUMENT;
  }
  if ((uintptr_t)input->data % (uintptr_t)types[info->type].size) {
    slim_rt_format(error,
                   "input '%.200s': data is not aligned to %d bytes, the size "
                   "of %s",
                   info->name, (int)types[info->type].size,
                   type_name(info->type));
    return SLIM_ERROR_INVALID_ARGUMENT;
  }
  return SLIM_OK;
}

/* Compares dimension `d` of input `i` with the first earlier dimension of the
 * same name. */
static slim_status check_equal_names(const slim_entry_info *entry,
                                     const slim_tensor *inputs, int32_t i,
                                     int32_t d, char *error) {
  char dim[SLIM_RT_ERROR_SIZE], other_dim[SLIM_RT_ERROR_SIZE];
  const slim_tensor_info *info = &entry->inputs[i];
  for (int32_t j = 0; j <= i; ++j) {
    const slim_tensor_info *other = &entry->inputs[j];
    int32_t end = j == i ? d : other->rank;
    for (int32_t e = 0; e < end; ++e) {
      if (!dim_name(other, e) ||
          strcmp(dim_name(other, e), dim_name(info, d)) != 0)
        continue;
      if (inputs[j].shape[e] == inputs[i].shape[d])
        return SLIM_OK;
      slim_rt_format(error,
                     "input '%.200s': %s is %lld but %s%.200s%s has %lld",
                     info->name, describe_dim(info, d, dim),
                     (long long)inputs[i].shape[d], i == j ? "" : "input '",
                     i == j ? describe_dim(other, e, other_dim) : other->name,
                     i == j ? "" : "'", (long long)inputs[j].shape[e]);
      return SLIM_ERROR_INVALID_ARGUMENT;
    }
  }
  return SLIM_OK;
}

slim_status slim_rt_check_inputs(const slim_entry_info *entry,
                                 const slim_tensor *inputs, char *error) {
  for (int32_t i = 0; i < entry->num_inputs; ++i) {
    const slim_tensor_info *info = &entry->inputs[i];
    slim_status status = check_type_and_rank(info, &inputs[i], error);
    if (status == SLIM_OK)
      status = check_extents(info, &inputs[i], error);
    for (int32_t d = 0; status == SLIM_OK && d < info->rank; ++d)
      if (dim_name(info, d))
        status = check_equal_names(entry, inputs, i, d, error);
    if (status != SLIM_OK)
      return status;
  }
  return SLIM_OK;
}
