/*===- allocation_counter.c - Counts calls of the allocator ---------*- C -*-===
 *
 * A library to be preloaded: it stands before libc's allocator, passes every
 * call on and counts it, also mmap and munmap, by which a library could go past
 * malloc. Any thread's calls count.
 *
 *===----------------------------------------------------------------------===*/
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc's own names of its allocator. dlsym, the other way to the function that
 * is stood before, allocates itself. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

static _Atomic uint64_t calls;

uint64_t count_allocator_calls(void) { return calls; }

void *malloc(size_t size) {
  ++calls;
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  ++calls;
  return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
  ++calls;
  return __libc_realloc(block, size);
}

void *memalign(size_t alignment, size_t size) {
  ++calls;
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  ++calls;
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
  ++calls;
  *block = __libc_memalign(alignment, size);
  return *block ? 0 : ENOMEM;
}

void free(void *block) {
  ++calls;
  __libc_free(block);
}

void *mmap(void *address, size_t size, int protection, int flags, int file,
           off_t offset) {
  ++calls;
  return (void *)syscall(SYS_mmap, address, size, protection, flags, file,
                         offset);
}

int munmap(void *address, size_t size) {
  ++calls;
  return (int)syscall(SYS_munmap, address, size);
}
