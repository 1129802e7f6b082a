/*===- Arena.c - Memory of a session --------------------------------------===
 *
 * A model allocates the same sizes in every run, so freed blocks wait in lists
 * by size and a run in the steady state asks libc for nothing. When shapes
 * change from run to run, the lists collect blocks that may never be used
 * again. So where memory must grow and the free blocks already exceed what the
 * session ever needed at once, those that no recent run used go back to libc.
 *
 *===----------------------------------------------------------------------===*/
#include "Internal.h"

/* Alignment of every block, and the size of the header before it. */
enum { GRANULE = 64 };

/* A free block that this many runs did not use may go back to libc. */
enum { RECENT_RUNS = 8 };

/* The header in the GRANULE bytes before a block's memory. */
typedef struct slim_rt_block {
  struct slim_rt_block *next, *prev; /* prev is used by live blocks only */
  uint64_t capacity;                 /* bytes of memory, a class size */
  uint64_t last_run;                 /* the last run that allocated it */
  unsigned char padding[GRANULE - 5 * sizeof(void *)];
  /* The last word before the address that was handed out. Where a larger
   * alignment moved that address up, a copy lies there. */
  struct slim_rt_block *self;
} slim_rt_block;
_Static_assert(sizeof(slim_rt_block) == GRANULE, "header has wrong size");

/* The largest request, with room for rounding up to a class and the header. */
static const int64_t largest_size = INT64_MAX / 4;

static unsigned char *memory_of(slim_rt_block *block) {
  return (unsigned char *)block + GRANULE;
}

/* The number of the smallest class that holds `size` bytes; `capacity` receives
 * its size. Classes are m * 2^e granules with m in [8, 16), and 1 to 7 granules
 * below them. */
static unsigned class_of(uint64_t size, uint64_t *capacity) {
  uint64_t granules = size ? (size + GRANULE - 1) / GRANULE : 1;
  unsigned exponent = 0;
  if (granules >= 16) {
    exponent = 60 - (unsigned)__builtin_clzll(granules);
    uint64_t step = (uint64_t)1 << exponent;
    granules = (granules + step - 1) & ~(step - 1);
    if (granules >> exponent == 16)
      ++exponent;
  }
  *capacity = granules * GRANULE;
  return 8 * exponent + (unsigned)(granules >> exponent);
}

static void push_live(slim_rt_arena *arena, slim_rt_block *block) {
  block->prev = NULL;
  block->next = arena->live;
  if (arena->live)
    arena->live->prev = block;
  arena->live = block;
  arena->live_bytes += block->capacity;
  if (arena->live_bytes > arena->peak_live_bytes)
    arena->peak_live_bytes = arena->live_bytes;
}

static void push_free(slim_rt_arena *arena, slim_rt_block *block) {
  uint64_t capacity;
  slim_rt_block **list =
      &arena->free_lists[class_of(block->capacity, &capacity)];
  block->next = *list;
  *list = block;
  arena->free_bytes += block->capacity;
}

/* Gives back the free blocks that no run since `first_kept_run` used. */
static void release_free_blocks(slim_rt_arena *arena, uint64_t first_kept_run) {
  for (unsigned i = 0; i < SLIM_RT_NUM_CLASSES; ++i) {
    slim_rt_block **link = &arena->free_lists[i];
    while (*link) {
      slim_rt_block *block = *link;
      if (block->last_run >= first_kept_run) {
        link = &block->next;
        continue;
      }
      *link = block->next;
      arena->free_bytes -= block->capacity;
      free(block);
    }
  }
}

/* A free block of the class or of one about twice as large at most, or null. */
static slim_rt_block *pop_free(slim_rt_arena *arena, unsigned size_class) {
  for (unsigned i = size_class; i <= size_class + 8 && i < SLIM_RT_NUM_CLASSES;
       ++i) {
    slim_rt_block *block = arena->free_lists[i];
    if (!block)
      continue;
    arena->free_lists[i] = block->next;
    arena->free_bytes -= block->capacity;
    return block;
  }
  return NULL;
}

static slim_rt_block *new_block(slim_rt_arena *arena, uint64_t capacity) {
  if (arena->free_bytes > arena->peak_live_bytes && arena->run > RECENT_RUNS)
    release_free_blocks(arena, arena->run - RECENT_RUNS);
  slim_rt_block *block = aligned_alloc(GRANULE, GRANULE + capacity);
  if (!block && arena->free_bytes) {
    release_free_blocks(arena, UINT64_MAX);
    block = aligned_alloc(GRANULE, GRANULE + capacity);
  }
  if (block)
    block->capacity = capacity;
  return block;
}

void *slim_rt_arena_allocate(slim_rt_arena *arena, int64_t alignment,
                             int64_t size) {
  if (alignment < GRANULE)
    alignment = GRANULE;
  if (size < 0 || size > largest_size || alignment > largest_size ||
      (alignment & (alignment - 1)))
    return NULL;

  /* Room to move the address up to the alignment. */
  uint64_t needed = (uint64_t)size + (uint64_t)(alignment - GRANULE);
  uint64_t capacity;
  unsigned size_class = class_of(needed, &capacity);
  slim_rt_block *block = pop_free(arena, size_class);
  if (!block)
    block = new_block(arena, capacity);
  if (!block)
    return NULL;
  block->last_run = arena->run;
  push_live(arena, block);

  uintptr_t mask = (uintptr_t)alignment - 1;
  unsigned char *memory = memory_of(block);
  memory += (((uintptr_t)memory + mask) & ~mask) - (uintptr_t)memory;
  ((slim_rt_block **)memory)[-1] = block;
  return memory;
}

void slim_rt_arena_free(slim_rt_arena *arena, void *memory) {
  if (!memory)
    return;
  slim_rt_block *block = ((slim_rt_block **)memory)[-1];
  if (block->next)
    block->next->prev = block->prev;
  if (block->prev)
    block->prev->next = block->next;
  else
    arena->live = block->next;
  arena->live_bytes -= block->capacity;
  push_free(arena, block);
}

static int holds_an_input(slim_rt_block *block, const slim_tensor *inputs,
                          int32_t num_inputs) {
  for (int32_t i = 0; i < num_inputs; ++i) {
    uintptr_t offset = (uintptr_t)inputs[i].data - (uintptr_t)memory_of(block);
    if (offset < block->capacity)
      return 1;
  }
  return 0;
}

void slim_rt_arena_begin_run(slim_rt_arena *arena, const slim_tensor *inputs,
                             int32_t num_inputs) {
  ++arena->run;
  slim_rt_block *block = arena->live;
  arena->live = NULL;
  arena->live_bytes = 0;
  while (block) {
    slim_rt_block *next = block->next;
    if (holds_an_input(block, inputs, num_inputs))
      push_live(arena, block);
    else
      push_free(arena, block);
    block = next;
  }
}

void slim_rt_arena_destroy(slim_rt_arena *arena) {
  slim_rt_arena_begin_run(arena, NULL, 0);
  release_free_blocks(arena, UINT64_MAX);
}
