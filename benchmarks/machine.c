/*===- machine.c - What the processor can do at most ----------------*- C -*-===
 *
 * usage: machine CPU...
 *
 * Answers each line of standard input with a number:
 *   fp32, bf16, int8   10^9 operations (a multiply and an add are two) per
 *                      second by the widest multiply-add, operands in registers
 *   read               10^9 bytes per second, read once from 256 MiB a thread
 * summed over one thread on each CPU that is named; 0 where the processor lacks
 * the instruction.
 *
 *===----------------------------------------------------------------------===*/
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define REGISTER "v"
#elif defined(__aarch64__)
#include <arm_neon.h>
#define REGISTER "w"
#else
#error "no multiply-add is known for this architecture"
#endif

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif

typedef float vecf __attribute__((vector_size(VECTOR_BYTES)));
typedef int32_t veci __attribute__((vector_size(VECTOR_BYTES)));
typedef uint64_t vecu __attribute__((vector_size(VECTOR_BYTES)));

enum { CHAINS = 12, STEPS = 1 << 20, MAX_THREADS = 256 };
static const size_t buffer_bytes = (size_t)256 << 20;

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

/* CHAINS independent accumulators, more than latency times issue width. The
 * empty assembly keeps each in a register and the loop as it is written. */
#define PEAK(NAME, TYPE, UPDATE, OPERATIONS)                                   \
  static double NAME(void) {                                                   \
    TYPE acc[CHAINS];                                                          \
    memset(acc, 0, sizeof acc);                                                \
    double start = seconds();                                                  \
    for (int step = 0; step < STEPS; ++step) {                                 \
      _Pragma("unroll") for (int i = 0; i < CHAINS; ++i) {                     \
        acc[i] = UPDATE;                                                       \
        __asm__ volatile("" : "+" REGISTER(acc[i]));                           \
      }                                                                        \
    }                                                                          \
    double time = seconds() - start;                                           \
    return 1e-9 * (OPERATIONS) * CHAINS * STEPS / time;                        \
  }

PEAK(peak_fp32, vecf, acc[i] * 0.5f + 1.0f, 2 * VECTOR_BYTES / 4)

#if defined(__AVX512VNNI__)
PEAK(peak_int8, __m512i,
     _mm512_dpbusd_epi32(acc[i], _mm512_set1_epi32(0x01020304),
                         _mm512_set1_epi32(0x04030201)),
     2 * VECTOR_BYTES)
#elif defined(__ARM_FEATURE_DOTPROD)
PEAK(peak_int8, int32x4_t, vdotq_s32(acc[i], vdupq_n_s8(3), vdupq_n_s8(2)),
     2 * VECTOR_BYTES)
#else
static double peak_int8(void) { return 0; }
#endif

#if defined(__AVX512BF16__)
PEAK(peak_bf16, __m512,
     _mm512_dpbf16_ps(acc[i], (__m512bh)_mm512_set1_epi32(0x3f003f00),
                      (__m512bh)_mm512_set1_epi32(0x3f803f80)),
     VECTOR_BYTES)
#else
static double peak_bf16(void) { return 0; }
#endif

static double read_bandwidth(const char *data) {
  const vecu *p = (const vecu *)data,
             *end = (const vecu *)(data + buffer_bytes);
  vecu acc[8];
  memset(acc, 0, sizeof acc);
  double start = seconds();
  for (; p != end; p += 8) {
    _Pragma("unroll") for (int i = 0; i < 8; ++i) {
      acc[i] += p[i];
      __asm__ volatile("" : "+" REGISTER(acc[i]));
    }
  }
  return 1e-9 * buffer_bytes / (seconds() - start);
}

static pthread_barrier_t begin, end;
static char command[16];

typedef struct worker {
  pthread_t thread;
  int cpu;
  double result;
} worker;

static void *work(void *argument) {
  worker *self = argument;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(self->cpu, &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
  char *data = mmap(NULL, buffer_bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) {
    perror("machine: mmap");
    exit(1);
  }
  madvise(data, buffer_bytes, MADV_HUGEPAGE);
  memset(data, 1, buffer_bytes);
  for (;;) {
    pthread_barrier_wait(&begin);
    if (!strcmp(command, "fp32"))
      self->result = peak_fp32();
    else if (!strcmp(command, "int8"))
      self->result = peak_int8();
    else if (!strcmp(command, "bf16"))
      self->result = peak_bf16();
    else
      self->result = read_bandwidth(data);
    pthread_barrier_wait(&end);
  }
  return NULL;
}

int main(int argc, char **argv) {
  int num_threads = argc - 1;
  if (num_threads < 1 || num_threads > MAX_THREADS) {
    fprintf(stderr, "machine: error: name 1 to %d CPUs\n", MAX_THREADS);
    return 1;
  }
  pthread_barrier_init(&begin, NULL, num_threads + 1);
  pthread_barrier_init(&end, NULL, num_threads + 1);
  static worker workers[MAX_THREADS];
  for (int i = 0; i < num_threads; ++i) {
    workers[i].cpu = atoi(argv[i + 1]);
    if (pthread_create(&workers[i].thread, NULL, work, &workers[i])) {
      fprintf(stderr, "machine: error: cannot start a thread\n");
      return 1;
    }
  }
  while (scanf("%15s", command) == 1) {
    pthread_barrier_wait(&begin);
    pthread_barrier_wait(&end);
    double sum = 0;
    for (int i = 0; i < num_threads; ++i)
      sum += workers[i].result;
    printf("%.3f\n", sum);
    fflush(stdout);
  }
  return 0;
}
