// A program that only computes: sorting, hashing, a matrix of doubles, pointer chasing; a round is one of each.
#include "bench.h"

static uint32_t state = 1;
static uint32_t next(void) { return state = state * 1664525u + 1013904223u; }

static int by_value(const void* a, const void* b) {
  uint32_t left = *(const uint32_t*)a, right = *(const uint32_t*)b;
  return left < right ? -1 : left > right;
}

static uint32_t sort(void) {
  enum { size = 20000 };
  static uint32_t numbers[size];
  for (int index = 0; index < size; ++index) numbers[index] = next();
  qsort(numbers, size, sizeof *numbers, by_value);
  return numbers[size / 2];
}

static uint32_t hash(void) {
  uint64_t value = 14695981039346656037ull;
  for (int index = 0; index < 1000000; ++index) value = (value ^ (index & 255)) * 1099511628211ull;
  return (uint32_t)value;
}

static uint32_t multiply(void) {
  enum { size = 64 };
  static double a[size][size], b[size][size], c[size][size];
  for (int i = 0; i < size; ++i)
    for (int j = 0; j < size; ++j) a[i][j] = i + j, b[i][j] = i - j, c[i][j] = 0;
  for (int i = 0; i < size; ++i)
    for (int k = 0; k < size; ++k)
      for (int j = 0; j < size; ++j) c[i][j] += a[i][k] * b[k][j];
  return (uint32_t)(int64_t)c[size / 2][size / 3];
}

static uint32_t chase(void) {
  enum { size = 1 << 18 };  // 1 MiB: more pages than a small TLB holds
  static uint32_t links[size];
  if (links[0] == 0)
    for (uint32_t index = 0; index < size; ++index) links[index] = (index * 2654435761u + 12345u) % size;
  uint32_t at = 1;
  for (int step = 0; step < 500000; ++step) at = links[at];
  return at;
}

static int64_t compute(long count) {
  volatile uint32_t sum = 0;
  int64_t start = now();
  while (count--) sum += sort() ^ hash() ^ multiply() ^ chase();
  return now() - start;
}

// Nothing but the CPU's registers: what two CPUs do twice as much of, if anything.
static int64_t spin(long count) {
  int64_t start = now();
  while (count--)
    for (int index = 0; index < 1000; ++index) __asm__ volatile("" : : : "memory");
  return now() - start;
}

const struct Benchmark computations[] = {{"compute", compute}, {"spin", spin}, {NULL, NULL}};
