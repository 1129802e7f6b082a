/*===- Libc.h - The functions of libc that the runtime calls --------*- C -*-===
 *
 * The runtime is compiled to bitcode for every target on one machine, which has
 * the headers of its own libc only. What it needs of libc has one ABI on every
 * Linux target and is declared here by hand. Compile with -ffreestanding, or
 * the compiler compares the declarations with those that it knows.
 *
 *===----------------------------------------------------------------------===*/
#ifndef SLIM_LIB_RUNTIME_LIBC_H
#define SLIM_LIB_RUNTIME_LIBC_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

void *aligned_alloc(size_t alignment, size_t size);
void *malloc(size_t size);
void free(void *block);
void *memset(void *block, int value, size_t size);
int strcmp(const char *a, const char *b);
int vsnprintf(char *buffer, size_t size, const char *format, va_list arguments);

/* Larger than jmp_buf of glibc and musl on every supported architecture (312
 * bytes on AArch64 with glibc). */
typedef struct slim_jmp_buf {
  _Alignas(16) unsigned char bytes[512];
} slim_jmp_buf;

/* They get the address of a slim_jmp_buf; jmp_buf is an array of a structure
 * that only libc knows, and what is passed of it is its address. */
int _setjmp(void *buffer) __attribute__((returns_twice));
void longjmp(void *buffer, int value) __attribute__((noreturn));

/* Present where the model was linked with OpenMP. */
int omp_get_max_threads(void) __attribute__((weak));
void omp_set_num_threads(int count) __attribute__((weak));

#endif /* SLIM_LIB_RUNTIME_LIBC_H */
